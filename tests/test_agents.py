"""What user agents are: the labelled lists where they are there, single strings and laws everywhere."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.agents import UNKNOWN, Agent, Agents, Rule, RuleTable, read_rules
from mailbeacon.errors import ConfigError
from mailbeacon.model import AgentKind, Hint

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
            pytest.param("A", 0.95, id="curated bots: at least 95 %"),
            pytest.param("B", 0.98, id="scraped bots: at least 98 %"),
        ],
    )
    def test_machines_are_found(self, agents, shared, tier, least):
        assert share(agents, [row for row in rows(shared, "bots") if row["tier"] == tier]) >= least

    def test_real_people_are_not_flagged(self, agents, shared):
        """At most 0.2 % of the user agents seen in real traffic are called machines."""
        assert share(agents, [row for row in rows(shared, "humans") if row["tier"] == "real"]) <= 0.002

    def test_mail_clients_are_not_flagged(self, agents, shared):
        """General bot lists call up to 39 % of mail clients bots; here at most 1 %."""
        assert share(agents, [row for row in rows(shared, "humans") if row["kind"] == "mail_client"]) <= 0.01

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
    found = agents.identify(user_agent)
    assert (found.kind, found.client) == (kind, client)


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
    ],
)
def test_hints_of_the_user_agent(agents, user_agent, hint):
    assert hint in agents.identify(user_agent).hints
    assert agents.identify(CHROME).hints == frozenset()


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
            pytest.param({"client_hints": '"Chromium";v="118"'}, True, id="another Chrome"),
            pytest.param({"client_hints": '"Chromium";v="131", "Not;A Brand";v="99"'}, False, id="the same Chrome"),
        ],
    )
    def test_client_hints_may_contradict(self, agents, headers, contradicts):
        assert (Hint.CONTRADICTION in agents.identify(CHROME, **headers).hints) is contradicts

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

    def cost(size: int) -> float:
        text = (piece * size)[:size]
        best = 1.0
        for _ in range(5):
            start = perf_counter()
            for _ in range(10):
                agents.kind(text)
            best = min(best, perf_counter() - start)
        return best

    assert cost(80_000) < 5 * cost(8_000) + 1e-4


def test_own_rules_come_first():
    """A host's rule wins over the package's, and the version says that there is one."""
    rule = Rule(kind=AgentKind.SCANNER, client="Ours", how="has", pattern="win64", source="us", year=2026)
    agents = Agents([rule])
    assert agents.identify(CHROME).client == "Ours"
    assert agents.version != Agents().version


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
        RuleTable([Rule(kind=AgentKind.CRAWLER, client="", how=how, pattern=pattern, source="us", year=2026)])


def test_every_rule_has_a_source_and_a_year():
    version, rules = read_rules()
    assert version
    assert all(rule.source and 2000 < rule.year < 2100 for rule in rules)


def test_people_come_before_machines():
    """No rule for machines stands before a proxy or a mail client."""
    kinds = [rule.kind for rule in read_rules()[1]]
    last_person = max(place for place, kind in enumerate(kinds) if kind not in MACHINES)
    first_machine = min(place for place, kind in enumerate(kinds) if kind in MACHINES - {AgentKind.PREFETCH})
    assert last_person < first_machine


def test_ua_parser_is_loaded_only_for_a_browser():
    """Neither importing nor asking for a kind nor naming a proxy loads it."""
    code = (
        "import sys; from mailbeacon.agents import Agents; a = Agents(); a.identify('Mozilla/5.0');"
        f"a.kind({CHROME!r}); assert 'ua_parser' not in sys.modules;"
        f"a.identify({CHROME!r}); assert 'ua_parser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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
