"""What user agents are: the labelled lists where they are there, single strings and laws everywhere."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.agents import UNKNOWN, Agent, AgentRule, Agents, RuleTable, read_rules
from mailbeacon.errors import ConfigError
from mailbeacon.model import AgentKind, Hint
from tests.linear import takes_more

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 14; SM-A536B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/132.0.6834.163 Mobile Safari/537.36"
)
MACHINES = {AgentKind.SCANNER, AgentKind.PREVIEW, AgentKind.CRAWLER, AgentKind.SCRIPT, AgentKind.PREFETCH}
LABELS = {
    "mpp_prefetch": AgentKind.PRIVACY_PROXY,
    "image_proxy_human": AgentKind.IMAGE_PROXY,
    "gmail_prefetch": AgentKind.PREFETCH,
    "security_scanner": AgentKind.SCANNER,
    "link_preview": AgentKind.PREVIEW,
    "script": AgentKind.SCRIPT,
    "mail_client_human": AgentKind.MAIL_CLIENT,
}


@pytest.fixture(scope="module")
def agents() -> Agents:
    return Agents()


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "data" / f"{name}_ua.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def share(agents: Agents, found: list[dict[str, str]]) -> float:
    return sum(agents.kind(row["ua"]) in MACHINES for row in found) / len(found)


class TestLabelledLists:
    @pytest.mark.parametrize(
        ("tier", "least"),
        [
            pytest.param("A", 0.984, id="curated bots: at least 98.4 %"),
            pytest.param("B", 0.987, id="scraped bots: at least 98.7 %"),
        ],
    )
    def test_machines_are_found(self, agents, shared, tier, least):
        assert share(agents, [row for row in rows(shared, "bots") if row["tier"] == tier]) >= least

    def test_real_people_are_not_flagged(self, agents, shared):
        """None of the user agents seen in real traffic is called a machine."""
        assert share(agents, [row for row in rows(shared, "humans") if row["tier"] == "real"]) == 0

    def test_mail_clients_are_not_flagged(self, agents, shared):
        """General bot lists call up to 39 % of mail clients bots; here none."""
        assert share(agents, [row for row in rows(shared, "humans") if row["kind"] == "mail_client"]) == 0

    def test_every_row_of_the_mail_list_is_right(self, agents, shared):
        """All but OneOutlook, which some report as a scanner."""
        found = [row for row in rows(shared, "email") if "OneOutlook" not in row["ua"]]
        wrong = [row["ua"] for row in found if agents.kind(row["ua"]) is not LABELS[row["label"]]]
        assert wrong == []


@pytest.mark.parametrize(
    ("user_agent", "kind", "client"),
    [
        pytest.param("Mozilla/5.0", AgentKind.PRIVACY_PROXY, "Apple Mail Privacy Protection", id="Apple's proxy"),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            AgentKind.MAIL_CLIENT,
            "Apple Mail",
            id="native Apple Mail is not Apple's proxy (peers 27)",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X19 Build/PPR1) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/80.0.3987.99 Mobile Safari/537.36",
            AgentKind.BROWSER,
            "Chrome",
            id="a Cubot phone is no bot (peers 26)",
        ),
        pytest.param("AcmeBot/1.0 (+https://acme.example)", AgentKind.CRAWLER, "", id="a bot nobody knows (peers 26)"),
        pytest.param(
            CHROME.replace(
                "Chrome/131.0.0.0 Safari/537.36", "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
            ),
            AgentKind.PREFETCH,
            "Gmail",
            id="Gmail's prefetch",
        ),
        pytest.param(
            CHROME.replace("Chrome/131.0.0.0 Safari/537.36", "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246"),
            AgentKind.BROWSER,
            "Edge",
            id="the same without its end is an old Edge",
        ),
        pytest.param(CHROME, AgentKind.BROWSER, "Chrome", id="Chrome"),
        pytest.param(CHROME + " Edg/131.0.0.0", AgentKind.BROWSER, "Edge", id="Edge"),
        pytest.param("Acme/1.0", AgentKind.SCRIPT, "", id="neither browser nor device"),
        pytest.param("Acme/1 CFNetwork/1 Darwin/22", AgentKind.UNKNOWN, "", id="an app nobody knows"),
        pytest.param("  ", AgentKind.UNKNOWN, "", id="blanks"),
    ],
)
def test_kinds_and_names(agents, user_agent, kind, client):
    """A user agent is of one kind and has one name, whatever else it claims to be."""
    found = agents.identify(user_agent)
    assert (found.kind, found.client) == (kind, client)


PHONE = (
    "Mozilla/5.0 (Linux; Android 9; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
ELECTRON = CHROME.replace("Chrome/131.0.0.0", "{} Chrome/118.0.5993.159 Electron/27.1.0")
TV = "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager"


@pytest.mark.parametrize(
    "user_agent",
    [
        *(
            pytest.param(PHONE.format(model), id=f"a phone named {model}")
            for model in (
                "Robot 3 Build/NRD90M",
                "Bot_X",
                "Spider X5 Pro",
                "INE-LX1; Index One",
                "Lava probe",
                "D-Link DSL",
                "TP-LINK Neffos C5 Build/MRA58K",
                "MeiZu Check",
                "i-mobile i-STYLE.net X",
                "BLIND TEST phone",
            )
        ),
        *(
            pytest.param(f"{WEBVIEW} {app}", id=f"in the app {app}")
            for app in (
                "Snapchat/12.90.0.46 (SM-S911B; Android 14#1; gzip; )",
                "Amazon.com/26.20.0.100 (Android/10/x)",
                "UberDriver/4.4",
                "Flipp/60.0 agent/android",
                "de.spiegel.android/5.2 www.spiegel.de",
                "hideproxy/1.0",
            )
        ),
        *(
            pytest.param(f"{IPHONE} {app}", id=f"on a phone, in the app {app}")
            for app in ("WhatsApp/2.23.20.79", "QRScanner/2.1", "com.zhiliaoapp.musically.net/2", "Feedly/95.0")
        ),
        *(
            pytest.param(ELECTRON.format(app), id=f"on a desktop, in the app {app}")
            for app in ("Notion/3.0.0", "WhatsApp/2.24")
        ),
        *(
            pytest.param(f"Mozilla/5.0 (Linux; {form}", id=f"a phone named like a machine, with {name}")
            for name, form in {
                "UC Browser": "U; Android 13; en-US; FOSSiBOT F102 Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.5.5.1313 Mobile Safari/537.36",
                "Yandex Browser": "arm_64; Android 13; FOSSiBOT F102) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/120.0.0.0 YaBrowser/24.1.0.0 SA/3 Mobile Safari/537.36",
                "Telegram": "Android 13; FOSSiBOT F102) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile "
                "Safari/537.36 Telegram-Android/11.14.1 (Fossibot F102; Android 13; SDK 33; HIGH)",
                "Instagram": "Android 13; FOSSiBOT F102 Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
                "Chrome/120.0.0.0 Mobile Safari/537.36 Instagram 300.0.0.29.110 Android (33/13; 420dpi; Fossibot; F102)",
            }.items()
        ),
        pytest.param(f"{WEBVIEW.removesuffix(' ')}Snapchat12.01.0.33 (SM-G990W; Android 12#3; gzip; )", id="Snapchat"),
        pytest.param(
            "Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 "
            "(screen 600x800; rotate)",
            id="Kindle",
        ),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Servo/1.0 Firefox/128.0", id="Servo"),
        pytest.param("Mozilla/5.0 (Linux; x86_64) LibWeb+LibJS/1.0 Ladybird/1.0", id="Ladybird"),
        pytest.param("Barcelona 332.0.0.28.109 Android (34/14; 420dpi; Google; Pixel 7; en_US)", id="Threads"),
        pytest.param(f"{CHROME},gzip(gfe)", id="what Google's front end adds"),
        pytest.param(f"{CHROME} LBBROWSER", id="a browser that signs with its name"),
        pytest.param(TV, id="a television"),
        pytest.param(
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 "
            "ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.300",
            id="OpenHarmony",
        ),
        pytest.param(
            "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; SLCC2; InfoPath.3; Check_Unit; rv:11.0) like Gecko",
            id="Internet Explorer 11 with add-ons",
        ),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:6.0) Goanna/20231103 PaleMoon/32.5.0", id="Pale Moon"),
        pytest.param("Lynx/2.9.0dev.10 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.1", id="Lynx"),
        pytest.param("Links (2.28; Linux 6.1.0-13-amd64 x86_64; GNU C 12.2; text)", id="Links"),
        pytest.param("ELinks/0.16.1.1 (textmode; Linux 6.1.0 x86_64; 190x47-2)", id="ELinks"),
        pytest.param("w3m/0.5.3+git20230121", id="w3m"),
        pytest.param("Dillo/3.0.5", id="Dillo"),
        pytest.param("NetSurf/3.10 (Linux; aarch64)", id="NetSurf"),
        pytest.param(
            "UCWEB/2.0 (MIDP-2.0; U; Adr 9; en-US; SM-J730F) U2/1.0.0 UCBrowser/10.9.8.1006 U2/1.0.0", id="UC Browser"
        ),
        pytest.param("BlackBerry8520/5.0.0.681 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/600", id="BlackBerry"),
        pytest.param("Nokia6230i/2.0 (03.80) Profile/MIDP-2.0 Configuration/CLDC-1.1", id="Nokia"),
        pytest.param("MOT-V177/0.1.75 UP.Browser/6.2.3.9.c.12 (GUI) MMP/2.0 UP.Link/6.3.1.13.0", id="Motorola"),
    ],
)
def test_what_people_browse_with_is_a_browser(agents, user_agent):
    assert agents.identify(user_agent).kind is AgentKind.BROWSER


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param(
            f"{PHONE.format('Nexus 5X')} (compatible; NewsCrawl/2.0; +http://x.example)", id="behind the browser"
        ),
        pytest.param(PHONE.format("AcmeBot/1.0"), id="in place of the device"),
        pytest.param(f"{WEBVIEW} AcmeSpider/2.0", id="in place of an app"),
        pytest.param(f"{IPHONE} (compatible; AcmeBot/1.0)", id="in place of an app on a phone"),
        pytest.param(ELECTRON.format("browser/2020.2") + " PingdomTMS/2020.2", id="behind an app made with Electron"),
        pytest.param(f"{CHROME} Pagetester", id="a lone word behind the browser"),
        pytest.param(
            "Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; rv:11.0; BingPreview/1.0b) like Gecko", id="BingPreview"
        ),
        pytest.param("Viber/21.0.0.1", id="Viber's preview"),
        pytest.param("WhatsApp/2.23.20.0 A", id="WhatsApp's preview"),
        pytest.param(f"{CHROME} (StatusCake)", id="StatusCake"),
        pytest.param(f"{CHROME} (via SmartBear AlertSite)", id="AlertSite"),
        pytest.param(f"{CHROME} SpeedCurve/1.0", id="SpeedCurve"),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) splash Version/9.0 Safari/538.1",
            id="Splash",
        ),
        pytest.param("Podcasts/1650.20 CFNetwork/1333.0.4 Darwin/21.5.0", id="a feed's fetcher"),
        pytest.param(
            "GoogleTagManager/5.06 (Linux; U; Android 13; ru-ru; SM-A137F)", id="an app that fetches for itself"
        ),
        pytest.param(
            IPHONE.replace("Mobile/15E148", "Version/17.1 Mobile/PANBOT Safari/604.1"), id="a name in place of a build"
        ),
    ],
)
def test_what_a_machine_adds_to_a_browsers_form_is_seen(agents, user_agent):
    assert agents.identify(user_agent).kind in MACHINES


@pytest.mark.parametrize(
    "user_agent",
    [
        "Claws Mail 4.1.1",
        "ZimbraDesktop/10.0",
        "Trojita/0.7",
        "Entourage/13.3",
        "Windows-Live-Mail/16.4",
        "Mutt/2.2.9",
        "Alpine/2.26",
        "Roundcube Webmail/1.6.4",
        "MobileMail/1 CFNetwork/1485 Darwin/23.1.0",
        "YahooMail/13012 CFNetwork/1410.0.3 Darwin/22.6.0",
        "MailMate/5937 CFNetwork/1404.0.5 Darwin/22.3.0",
        "Mimestream/1.1.4 CFNetwork/1485 Darwin/23.1.0",
        "Edison%20Mail/2023 CFNetwork/1410 Darwin/22.6.0",
        "Acme-Mail/1.0 (X11)",
        "Microsoft Office/12.0 (Windows NT 6.1; Microsoft Office Outlook 12.0.6739; Pro)",
        f"{IPHONE} Mail.Ru/14.85",
        f"{IPHONE} QQMail/6.4.9",
        ELECTRON.format("HEY/1.2.16"),
        ELECTRON.format("Superhuman/2023"),
        ELECTRON.format("Kiwi for Gmail/3.0"),
    ],
)
def test_mail_clients_are_known(agents, user_agent):
    assert agents.identify(user_agent).kind is AgentKind.MAIL_CLIENT


def test_a_browser_that_ua_parser_has_no_name_for_has_its_rules_name(agents):
    assert agents.identify("Dillo/3.0.5").client == "Dillo"


@pytest.mark.parametrize(
    ("user_agent", "hint"),
    [
        pytest.param(
            "Mozilla/5.0 (Apple Mac OS X v10.9.3; Trident/7.0; rv:11.0) like Gecko",
            Hint.CONTRADICTION,
            id="IE on a Mac",
        ),
        pytest.param(CHROME.replace("NT 10.0", "NT 11.0"), Hint.CONTRADICTION, id="a Windows that never was"),
        pytest.param(
            CHROME.replace("Windows NT 10.0", "Windows NT 10.0; Macintosh"), Hint.CONTRADICTION, id="two systems"
        ),
        pytest.param(CHROME.replace("NT 10.0", "NT 5.1"), Hint.OUTDATED, id="Windows XP"),
        pytest.param(CHROME.replace("131", "65"), Hint.OUTDATED, id="a Chrome years old"),
        pytest.param(CHROME.replace("131", "119"), Hint.OUTDATED, id="a Chrome three years old"),
    ],
)
def test_hints_of_the_user_agent(agents, user_agent, hint):
    assert hint in agents.identify(user_agent).hints
    assert agents.identify(CHROME).hints == frozenset()


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param(CHROME.replace("131", "109"), id="the last Chrome for Windows 7 and 8"),
        pytest.param(CHROME.replace("131", "116"), id="the last Chrome for macOS 10.13"),
        pytest.param(CHROME.replace("131", "120"), id="a Chrome not yet three years old"),
        pytest.param(PHONE.format("K").replace("Chrome/99", "Chrome/70"), id="a phone that gets no newer one"),
        pytest.param(
            CHROME.replace("Windows NT 10.0; Win64; x64", "X11; CrOS x86_64 14541.0.0").replace("131", "103"),
            id="a Chromebook that gets no newer one",
        ),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Goanna/6.5 Firefox/102.0 PaleMoon/33.0", id="Pale Moon"
        ),
    ],
)
def test_browsers_people_cannot_renew_are_not_outdated(agents, user_agent):
    assert agents.identify(user_agent).hints == frozenset()


def test_a_scanner_without_a_name_says_why_and_one_with_a_name_need_not(agents):
    """What only looks like a sandbox's is out of date or contradicts itself: judging tells it from a named scanner by that."""
    worn = {Hint.OUTDATED, Hint.CONTRADICTION}
    for user_agent in (
        "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
        "Mozilla/5.0 (Windows; U; Win98; en-GB; rv:1.8.1.16) Gecko/20080702 Firefox/2.0.0.16",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9; Trident/7.0; rv:11.0) like Gecko",
    ):
        found = agents.identify(user_agent)
        assert (found.kind, found.client) == (AgentKind.SCANNER, "")
        assert found.hints & worn
    named = agents.identify("Mozilla/5.0 (Windows NT 6.0; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b")
    assert (named.kind, named.hints) == (AgentKind.SCANNER, frozenset())


class TestHeadersBeside:
    def test_android_apps_name_themselves(self, agents):
        found = agents.identify(WEBVIEW, requested_with="com.samsung.android.email.provider")
        assert (found.kind, found.client, found.system) == (AgentKind.MAIL_CLIENT, "Samsung Email", "Android")

    def test_an_app_nobody_knows_changes_nothing(self, agents):
        assert agents.identify(CHROME, requested_with="XMLHttpRequest") == agents.identify(CHROME)

    def test_headless_chrome_gives_itself_away(self, agents):
        brands = '"HeadlessChrome";v="131", "Chromium";v="131"'
        assert agents.identify(CHROME, client_hints=brands).kind is AgentKind.SCRIPT

    @pytest.mark.parametrize(
        ("headers", "contradicts"),
        [
            pytest.param({"platform": '"Linux"'}, True, id="another system"),
            pytest.param({"platform": '"Windows"'}, False, id="the same system"),
            pytest.param({"platform": '"Android"'}, True, id="a phone's system beside Windows"),
            pytest.param({"client_hints": '"Chromium";v="118"'}, True, id="another Chrome"),
            pytest.param({"client_hints": '"Chromium";v="131", "Not;A Brand";v="99"'}, False, id="the same Chrome"),
        ],
    )
    def test_client_hints_may_contradict(self, agents, headers, contradicts):
        assert (Hint.CONTRADICTION in agents.identify(CHROME, **headers).hints) is contradicts

    def test_a_phone_may_ask_for_desktop_sites(self, agents):
        """Chrome for Android then calls itself a Linux; headsets always do."""
        linux = CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")
        assert agents.identify(linux, platform='"Android"').hints == frozenset()

    def test_brave_is_named_by_its_brand(self, agents):
        assert agents.identify(CHROME, client_hints='"Brave";v="131", "Chromium";v="131"').client == "Brave"


@given(st.text(max_size=2000), st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
def test_nothing_makes_it_fail(user_agent, requested_with, client_hints, platform):
    """Any text is answered, alone as beside other headers, and the kind is the same in both ways of asking."""
    agents = SHARED
    found = agents.identify(user_agent, requested_with=requested_with, client_hints=client_hints, platform=platform)
    assert isinstance(found, Agent)
    assert agents.identify(user_agent).kind is (agents.kind(user_agent) if user_agent.strip() else UNKNOWN.kind)


@given(st.text(alphabet="abcdefgh", min_size=5, max_size=12))
def test_no_free_text_gets_into_the_answer(word):
    """A name in the answer comes from our own lists: whatever a user agent says of itself does not get into facts."""
    found = SHARED.identify(f"Zq{word}Bot/7.7 (by {word}@example.org)")
    assert word not in repr(found)


@given(st.text(max_size=100))
def test_only_the_first_512_characters_count(tail):
    start = CHROME + " " * (512 - len(CHROME))
    assert SHARED.identify(start + tail) == SHARED.identify(start)


SHARED = Agents()


@pytest.mark.parametrize(
    "piece", ["(", "[", "a", "a.", "msie 9.0;", "x@", "trident/ mac os x ", "http:", "bot", "(khtml, like gecko; ", "-"]
)
def test_hostile_texts_cost_no_more_with_their_length(agents, piece):
    """Eight kilobytes and eighty cost the same, for only the beginning is looked at."""

    short, long = ((piece * n)[:n] for n in (8_000, 80_000))
    assert not takes_more(lambda text: [agents.kind(text) for _ in range(10)], short, long, times=5, beside=1e-4)


def test_own_rules_come_first():
    """A host's rule wins over the package's, and the version says that there is one."""
    rule = AgentRule(kind=AgentKind.SCANNER, client="Ours", how="has", pattern="win64", source="us", year=2026)
    agents = Agents([rule])
    assert agents.identify(CHROME).client == "Ours"
    assert agents.version != Agents().version


def test_own_rules_see_the_device_too():
    rule = AgentRule(kind=AgentKind.SCRIPT, client="Ours", how="has", pattern="test rig", source="us", year=2026)
    assert Agents([rule]).identify(PHONE.format("Test Rig 4")).kind is AgentKind.SCRIPT


def test_the_version_tells_own_rules_apart():
    """Not only how many there are."""
    rules = [
        AgentRule(kind=AgentKind.SCANNER, client=client, how="has", pattern=pattern, source="us", year=2026)
        for client, pattern in (("Ours", "a"), ("Ours", "b"), ("Theirs", "a"))
    ]
    assert len({Agents([one]).version for one in rules} | {Agents().version, Agents(rules).version}) == 5
    assert Agents(rules[:1]).version == Agents(rules[:1]).version


@pytest.mark.parametrize(
    ("how", "pattern"),
    [
        pytest.param("near", "x", id="an unknown how"),
        pytest.param("re", "x", id="a pattern without what must be there"),
        pytest.param("re", "x :: (", id="a pattern that cannot be read"),
    ],
)
def test_a_bad_rule_is_a_config_error(how, pattern):
    with pytest.raises(ConfigError, match="rule for user agents"):
        RuleTable([AgentRule(kind=AgentKind.CRAWLER, client="", how=how, pattern=pattern, source="us", year=2026)])


def test_every_rule_has_a_source_and_a_year():
    version, rules = read_rules()
    assert version
    assert all(rule.source and 2000 < rule.year < 2100 for rule in rules)


def test_people_come_before_machines():
    """No rule for machines stands before a proxy, a mail client or an app by name.

    Apps by their form stand after all machines with a name, for a crawler may take their form.
    """
    rules = read_rules()[1]
    machines = MACHINES - {AgentKind.PREFETCH}
    last_person = max(place for place, rule in enumerate(rules) if rule.kind not in MACHINES and not _by_form(rule))
    first_machine = min(place for place, rule in enumerate(rules) if rule.kind in machines)
    assert last_person < first_machine
    first_form = min(place for place, rule in enumerate(rules) if _by_form(rule))
    assert first_form > max(place for place, rule in enumerate(rules) if rule.kind in machines and rule.client)


def _by_form(rule: AgentRule) -> bool:
    return rule.kind is AgentKind.BROWSER and not rule.client


def test_ua_parser_is_loaded_only_for_a_browser():
    """Neither importing nor asking for a kind nor naming a proxy loads it."""
    code = (
        "import sys; from mailbeacon.agents import Agents; a = Agents(); a.identify('Mozilla/5.0');"
        f"a.kind({CHROME!r}); assert 'ua_parser' not in sys.modules;"
        f"a.identify({CHROME!r}); assert 'ua_parser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("user_agent", "kind", "client"),
    [
        ("hey.com/imageproxy 1.0", AgentKind.IMAGE_PROXY, "HEY"),
        ("SeznamEmailProxy/2.0.1", AgentKind.IMAGE_PROXY, "Seznam Email"),
        ("FastmailUA/1.0", AgentKind.IMAGE_PROXY, "Fastmail"),
        ("GardenMailProxy/1.4 (+https://garden.example/proxy)", AgentKind.IMAGE_PROXY, ""),
        ("Mozilla/5.0 (compatible; ExampleImageProxy/3.0; +https://mail.example/)", AgentKind.IMAGE_PROXY, ""),
        (f"{CHROME} Honorlock", AgentKind.BROWSER, "Chrome"),
        (f"{CHROME} Proctorio", AgentKind.BROWSER, "Chrome"),
        ("swcd (unknown version) CFNetwork/1410.0.3 Darwin/22.6.0", AgentKind.SCRIPT, "Apple"),
    ],
)
def test_mail_services_proxies_and_people_s_tools_are_no_crawlers(user_agent, kind, client):
    agent = Agents().identify(user_agent)
    assert (agent.kind, agent.client) == (kind, client)


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("Google-Ads-Overview", "Googlebot"),
        (
            "Google-Ads-Overview Mozilla/5.0 (Linux; U; Android 6.0.1; generic) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/41.0.2272.118 Version/4.0 Mobile Safari/537.36",
            "Googlebot",
        ),
        (f"{CHROME} Google-Ads-Overview", "Googlebot"),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile "
            "Safari/537.36 Google-Ads-Conversions",
            "Googlebot",
        ),
        ("Mozilla/5.0 (compatible; MSIE or Firefox mutant; not on Windows server;) Daum 4.1", "Daum"),
        (
            "Mozilla/4.0 (compatible; MSIE or Firefox mutant; not on Windows server; + http://tab.search.daum.net)",
            "Daum",
        ),
    ],
)
def test_agents_before_a_browsers_string_and_mutants_of_old_browsers_are_crawlers(user_agent, client):
    agent = Agents().identify(user_agent)
    assert (agent.kind, agent.client) == (AgentKind.CRAWLER, client)


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (
            "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.8.1.11) Gecko/20071127 Firefox/2.0.0.11",
            AgentKind.SCANNER,
        ),
        ("Mozilla/5.0 (Apple Mac OS X v10.9.3; Trident/7.0; rv:11.0) like Gecko", AgentKind.SCANNER),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", AgentKind.SCANNER),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", AgentKind.SCRIPT),
        ("Mozilla/4.0 (compatible;)", AgentKind.CRAWLER),
    ],
)
def test_browsers_long_given_up_and_halves_of_their_strings_are_machines(user_agent, kind):
    assert Agents().identify(user_agent).kind is kind


def test_the_reference_page_is_current():
    """``docs/reference/agents.md`` is what ``python docs/agents_page.py`` writes."""
    path = Path(__file__).resolve().parent.parent / "docs" / "agents_page.py"
    spec = importlib.util.spec_from_file_location("agents_page", path)
    assert spec is not None
    assert spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert page.PAGE.read_text("utf-8") == page.render()


def test_answers_are_remembered_in_bounds_and_long_user_agents_by_their_first_512_characters():
    agents = Agents(remember=50)
    first = agents.identify(CHROME)
    assert agents.identify(CHROME) is first
    for number in range(200):
        assert agents.identify(f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0")
        assert len(agents._seen) <= 50
    assert agents.identify(CHROME) == first
    long = CHROME + " x" * 5_000
    assert agents.identify(long) is agents.identify(long + "y") is agents.identify(long[:512])
    assert max(map(len, agents._seen)) <= 512
    for tail in ("", "y"):
        agents.identify(long + tail, requested_with="a" * 200, client_hints="b" * 500, platform="c" * 80)
    assert [tuple(map(len, told)) for told in agents._hinted] == [(512, 100, 300, 40)]
