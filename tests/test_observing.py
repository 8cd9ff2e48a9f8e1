"""From requests to facts: hints, digests that nobody can follow, places of readers only."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.agents import AgentRule, Agents
from mailbeacon.errors import ConfigError
from mailbeacon.model import KEPT_HEADERS, AgentKind, Facts, Hint, Kind, Network, NetworkKind, Request
from mailbeacon.networks import Location
from mailbeacon.observing import Observer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
BROWSER = {
    "Host": "t.example.com",
    "User-Agent": CHROME,
    "Accept": "*/*",
    "Accept-Language": "de",
    "Sec-Fetch-Site": "none",
}
OBSERVER = Observer(secret=b"0123456789abcdef")


LOG = ("User-Agent", "Referer")
"""What the common formats of access logs have a column for."""


def facts(
    headers=BROWSER, *, method="GET", address="84.1.2.3", at=NOON, kind=Kind.CLICK, observer=OBSERVER, known=None
) -> Facts:
    request = Request(
        url="/o/x.gif", method=method, headers=headers, address=address, received_at=at, headers_known=known
    )
    return observer.observe(request, kind)


@pytest.mark.parametrize(
    ("method", "headers", "hints"),
    [
        pytest.param("GET", {}, {Hint.SEC_FETCH}, id="a browser's click"),
        pytest.param("HEAD", {}, {Hint.SEC_FETCH, Hint.HEAD}, id="HEAD"),
        pytest.param("POST", {}, {Hint.SEC_FETCH, Hint.OTHER_METHOD}, id="a POST where there is no form"),
        pytest.param("OPTIONS", {}, {Hint.SEC_FETCH, Hint.OTHER_METHOD}, id="another method"),
        pytest.param("GET", {"Sec-Purpose": "prefetch;prerender"}, {Hint.SEC_FETCH, Hint.PREFETCH}, id="Sec-Purpose"),
        pytest.param("GET", {"X-Moz": "Prefetch"}, {Hint.SEC_FETCH, Hint.PREFETCH}, id="X-Moz"),
        pytest.param("GET", {"X-Purpose": "preview"}, {Hint.SEC_FETCH, Hint.PREFETCH}, id="X-Purpose"),
        pytest.param("GET", {"Purpose": "other"}, {Hint.SEC_FETCH}, id="another purpose"),
        pytest.param("GET", {"Range": "bytes=0-1"}, {Hint.SEC_FETCH, Hint.RANGE}, id="Range"),
        pytest.param("GET", {"Sec-GPC": "1", "DNT": "1"}, {Hint.SEC_FETCH, Hint.GPC, Hint.DNT}, id="GPC and DNT"),
        pytest.param("GET", {"Sec-GPC": "0", "DNT": "0"}, {Hint.SEC_FETCH}, id="GPC and DNT off"),
        pytest.param("GET", {"Sec-Fetch-User": "?1"}, {Hint.SEC_FETCH, Hint.SEC_FETCH_USER}, id="a gesture"),
        pytest.param("GET", {"Sec-Fetch-Site": ""}, {Hint.NO_SEC_FETCH}, id="a Chrome without Sec-Fetch"),
        pytest.param("GET", {"Accept": ""}, {Hint.SEC_FETCH, Hint.NO_ACCEPT}, id="no Accept"),
        pytest.param("GET", {"Accept-Language": ""}, {Hint.SEC_FETCH, Hint.NO_ACCEPT_LANGUAGE}, id="no language"),
        pytest.param("GET", {"User-Agent": ""}, {Hint.SEC_FETCH, Hint.NO_USER_AGENT}, id="no user agent"),
        pytest.param("GET", {"User-Agent": " "}, {Hint.SEC_FETCH, Hint.NO_USER_AGENT}, id="a blank user agent"),
        pytest.param("GET", {"User-Agent": "-"}, {Hint.SEC_FETCH, Hint.NO_USER_AGENT}, id="a log's dash"),
        pytest.param(
            "GET", {"Sec-CH-UA-Platform": '"Linux"'}, {Hint.SEC_FETCH, Hint.CONTRADICTION}, id="client hints contradict"
        ),
        pytest.param(
            "GET",
            {"Referer": "https://eur01.safelinks.protection.outlook.com/?url=x"},
            {Hint.SEC_FETCH, Hint.GATEWAY_REFERER},
            id="from a gateway",
        ),
        pytest.param(
            "GET", {"Referer": "http://mail.google.com/"}, {Hint.SEC_FETCH, Hint.WEBMAIL_REFERER}, id="from webmail"
        ),
        pytest.param(
            "GET", {"Referer": "https://evil.example/mail.google.com/"}, {Hint.SEC_FETCH}, id="only the host counts"
        ),
    ],
)
def test_hints(method, headers, hints):
    """Each hint follows from the method and the header fields alone."""
    assert facts(BROWSER | headers, method=method).hints == hints


@pytest.mark.parametrize("agent", ["", "-", " - "])
@pytest.mark.parametrize("referer", ["", "-"])
def test_in_a_log_a_user_agent_that_is_empty_or_a_dash_is_none(agent, referer):
    absent = facts({}, known=LOG)
    assert absent.hints == {Hint.HEADERS_UNKNOWN, Hint.NO_USER_AGENT}
    assert facts({"User-Agent": agent, "Referer": referer}, known=LOG) == absent
    assert facts({"User-Agent": agent}, known=LOG) == absent


def test_the_same_client_has_the_same_facts_as_one_object():
    observer = Observer(secret=b"0123456789abcdef")
    first = facts(observer=observer)
    assert facts(dict(BROWSER), at=NOON + timedelta(hours=1), observer=observer) is first
    for other in (
        facts(address="84.1.2.4", observer=observer),
        facts(at=NOON + timedelta(days=1), observer=observer),
        facts(method="HEAD", observer=observer),
        facts(BROWSER | {"DNT": "1"}, observer=observer),
        facts(BROWSER | {"User-Agent": CHROME.replace("131", "130")}, observer=observer),
    ):
        assert other != first


def test_newer_network_data_is_used_at_once():
    class Newer:
        version = "1"

        def lookup(self, address):
            return Network(operator=f"of {self.version}")

    networks = Newer()
    observer = Observer(networks, secret=b"0123456789abcdef")
    assert facts(observer=observer).network.operator == "of 1"
    networks.version = "2"
    assert (facts(observer=observer).network.operator, facts(observer=observer).networks) == ("of 2", "2")


def test_what_is_remembered_is_bounded_in_number_and_in_size():
    observer = Observer(secret=b"0123456789abcdef")
    for number in range(5_000):
        facts(address=f"84.1.{number // 250}.{number % 250}", observer=observer)
    assert len(observer._known) <= 4096
    before = len(observer._known)
    facts(BROWSER | {"Accept": "x" * 5_000}, observer=observer)
    facts(address="9" * 5_000, observer=observer)
    assert len(observer._known) == before


@pytest.mark.parametrize(
    "written",
    ["84.1.2.3:51234", " 84.1.2.3", '"84.1.2.3"', "::ffff:84.1.2.3", "[::ffff:84.1.2.3]:443", "::ffff:84.1.2.3%eth0"],
)
def test_an_address_as_hosts_write_it_has_its_network_and_digest(written):
    """With a port, as some servers' own views give it, nothing is lost in silence."""
    assert facts(address=written) == facts(address="84.1.2.3")
    assert facts(address=written).network_id
    aws = facts(address="3.5.140.1:443").network
    assert aws == facts(address="3.5.140.1").network != Network()


def test_a_user_agent_is_known_by_what_is_looked_at_of_it():
    """What stands behind the cut makes no other client, and no other entry in memory."""
    observer, long = Observer(secret=b"0123456789abcdef"), CHROME + " x" * 400
    first = facts(BROWSER | {"User-Agent": long}, observer=observer)
    assert facts(BROWSER | {"User-Agent": long + "y"}, observer=observer) is first
    assert len(observer._known) == 1


def test_a_form_may_post():
    assert Hint.OTHER_METHOD not in facts(method="POST", kind=Kind.UNSUBSCRIBE).hints


MISSING = {Hint.NO_ACCEPT, Hint.NO_ACCEPT_LANGUAGE, Hint.NO_SEC_FETCH}


@pytest.mark.parametrize(
    ("headers", "known", "hints"),
    [
        pytest.param({"User-Agent": CHROME}, None, MISSING, id="a server sees all: what is missing was not sent"),
        pytest.param({"User-Agent": CHROME}, LOG, {Hint.HEADERS_UNKNOWN}, id="the combined format"),
        pytest.param({}, (), {Hint.HEADERS_UNKNOWN}, id="a provider's report without header fields"),
        pytest.param(
            {"User-Agent": CHROME, "Host": "t.example.com", "Cookie": "a=b", "X-Forwarded-For": "84.1.2.3"},
            (*LOG, "Host", "Cookie", "X-Forwarded-For"),
            {Hint.HEADERS_UNKNOWN},
            id="a log with more columns",
        ),
        pytest.param(
            {"User-Agent": CHROME},
            (*LOG, "Accept-Language"),
            {Hint.HEADERS_UNKNOWN, Hint.NO_ACCEPT_LANGUAGE},
            id="a log that would show the language",
        ),
        pytest.param(
            {"User-Agent": CHROME},
            (*LOG, "Sec-Fetch-Mode"),
            {Hint.HEADERS_UNKNOWN, Hint.NO_SEC_FETCH},
            id="a log that would show Sec-Fetch",
        ),
        pytest.param(
            {"User-Agent": CHROME, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"},
            (*LOG, "Sec-Fetch-Mode", "Sec-Fetch-User"),
            {Hint.HEADERS_UNKNOWN, Hint.SEC_FETCH, Hint.SEC_FETCH_USER},
            id="a log that shows it",
        ),
        pytest.param(
            {"User-Agent": CHROME, "Referer": "https://mail.google.com/"},
            LOG,
            {Hint.HEADERS_UNKNOWN, Hint.WEBMAIL_REFERER},
            id="from web mail",
        ),
    ],
)
def test_only_what_the_source_can_show_may_be_missed(headers, known, hints):
    """Which fields those are is said by the source, and not guessed from the fields that are there."""
    assert facts(headers, known=known).hints == hints


def test_names_of_known_fields_are_kept_in_lower_case_through_copies_and_pickles():
    request = Request(url="/", headers_known=["Accept", "USER-AGENT"])
    assert request.known == {"accept", "user-agent"}
    assert pickle.loads(pickle.dumps(request)) == replace(request) == request
    with pytest.raises(ConfigError, match="collection of names"):
        Request(url="/", headers_known="accept")


def test_old_browsers_need_no_sec_fetch():
    """Safari sends Sec-Fetch since 16.4 only."""
    old = CHROME.replace("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
    old = old.replace("Chrome/131.0.0.0", "Version/15.6")
    bare = {key: value for key, value in BROWSER.items() if key != "Sec-Fetch-Site"}
    assert facts(bare | {"User-Agent": old}).hints == frozenset()


IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Safari/604.1"
IPAD = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Safari/605.1.15"


@pytest.mark.parametrize(
    ("user_agent", "missing"),
    [
        pytest.param(IOS.format("15_8_2", "CriOS/131.0.6778.73 Mobile/15E148"), False, id="Chrome on iOS 15"),
        pytest.param(IOS.format("16_3", "FxiOS/131.0 Mobile/15E148"), False, id="Firefox on iOS 16.3"),
        pytest.param(IOS.format("15_8", "Version/15.0 EdgiOS/119.0.2151.65 Mobile/15E148"), False, id="Edge on iOS 15"),
        pytest.param(
            IPAD.format("CriOS/131 Version/11.1.1"), False, id="Chrome on a tablet that asks for desktop sites"
        ),
        pytest.param(IOS.format("16_4", "CriOS/131.0.6778.73 Mobile/15E148"), True, id="Chrome on iOS 16.4"),
        pytest.param(IOS.format("18_1", "Version/18.1 Mobile/15E148"), True, id="Safari on iOS 18"),
        pytest.param(IOS.format("15_8", "Version/15.6.6 Mobile/15E148"), False, id="Safari on iOS 15"),
        pytest.param(CHROME, True, id="Chrome on Windows"),
    ],
)
def test_on_apples_phones_the_system_decides_whether_sec_fetch_is_missing(user_agent, missing):
    """Every browser there has Apple's engine, so its own version says nothing; and a hint must be sure."""
    bare = {key: value for key, value in BROWSER.items() if key != "Sec-Fetch-Site"}
    assert (Hint.NO_SEC_FETCH in facts(bare | {"User-Agent": user_agent}).hints) is missing


def test_a_hosts_own_agents_are_asked_and_named():
    rule = AgentRule(kind=AgentKind.SCRIPT, client="Our robot", how="has", pattern="our robot", source="us", year=2026)
    agents = Agents([rule])
    found = facts(BROWSER | {"User-Agent": f"{CHROME} Our Robot"}, observer=Observer(agents=agents))
    assert (found.agent, found.client, found.rules) == (AgentKind.SCRIPT, "Our robot", agents.version)


def test_facts_of_a_click():
    """A browser's click has program, system, device and network, and the versions of what found them."""
    found = facts(address="10.0.0.1")
    assert (found.agent, found.client, found.client_version) == (AgentKind.BROWSER, "Chrome", "131")
    assert (found.system, found.device, found.network.kind) == ("Windows", "desktop", NetworkKind.LOCAL)
    assert found.rules
    assert found.networks


class TestDigests:
    def test_same_day_same_digest(self):
        late = facts(at=NOON + timedelta(hours=11))
        assert (late.network_id, late.agent_id) == (facts().network_id, facts().agent_id)

    def test_they_change_with_the_utc_day(self):
        """Midnight is UTC's, whatever zone the moment is written in."""
        evening = datetime(2026, 11, 23, 23, tzinfo=timezone(timedelta(hours=-5)))
        assert facts(at=evening).network_id != facts().network_id
        assert facts(at=evening).agent_id != facts().agent_id
        assert facts(at=evening).network_id == facts(at=NOON + timedelta(days=1)).network_id

    def test_ipv4_counts_whole_and_ipv6_by_its_64(self):
        assert facts(address="84.1.2.3").network_id != facts(address="84.1.2.4").network_id
        for form in ("::ffff:84.1.2.3", "::FFFF:5401:0203", "84.1.2.3%eth0"):
            assert facts(address=form).network_id == facts(address="84.1.2.3").network_id
        assert facts(address="2001:db8::1").network_id == facts(address="2001:db8::ffff%eth0").network_id
        assert facts(address="2001:db8::1").network_id != facts(address="2001:db8:0:1::1").network_id

    @pytest.mark.parametrize("address", ["", "nonsense", "1.2.3.4\0", "ü"])
    def test_what_is_no_address_has_none(self, address):
        assert facts(address=address).network_id == ""

    def test_another_secret_another_digest(self):
        other = Observer(secret=b"another secret of sixteen")
        assert facts(observer=other).network_id != facts().network_id

    def test_without_a_secret_they_cannot_be_compared(self):
        """A known key would let anyone try all addresses: no secret means a random one."""
        assert facts(observer=Observer()).network_id != facts(observer=Observer()).network_id
        alone = Observer()
        assert facts(observer=alone).network_id == facts(observer=alone).network_id

    def test_many_days_are_forgotten(self):
        first = facts().network_id
        for day in range(200):
            facts(at=NOON + timedelta(days=day))
        assert facts().network_id == first
        assert len(OBSERVER._days) <= 64


class Everywhere:
    """A place database that knows every address."""

    def locate(self, address: str) -> Location:
        return Location("DE", "Hesse", "Frankfurt")


@pytest.mark.parametrize(
    ("user_agent", "address", "country"),
    [
        pytest.param(CHROME, "84.1.2.3", "DE", id="a reader at home"),
        pytest.param("Mozilla/5.0", "84.1.2.3", "", id="Apple's proxy"),
        pytest.param("YahooMailProxy; https://x", "84.1.2.3", "", id="an image proxy"),
        pytest.param("Barracuda Sentinel (EE)", "84.1.2.3", "", id="a scanner"),
        pytest.param(CHROME, "172.225.1.1", "", id="a relay"),
        pytest.param(CHROME, "5.9.1.1", "", id="a rented server"),
        pytest.param(CHROME, "165.225.1.1", "", id="an office's proxy"),
    ],
)
def test_only_a_readers_place_counts(user_agent, address, country):
    observer = Observer(geo=Everywhere())
    found = facts(BROWSER | {"User-Agent": user_agent}, address=address, observer=observer)
    assert found.country == country
    assert bool(found.city) is bool(country)


def test_received_at_must_be_set():
    with pytest.raises(ConfigError, match="received_at"):
        facts(at=None)


@given(
    st.sampled_from(["GET", "HEAD", "POST", "X"]),
    st.dictionaries(st.sampled_from([*KEPT_HEADERS, "user-agent", "host"]), st.text(max_size=80)),
    st.text(max_size=40) | st.ip_addresses().map(str),
    st.sampled_from(list(Kind)),
)
def test_any_request_gives_facts_that_survive_json(method, headers, address, kind):
    found = facts(headers, method=method, address=address, kind=kind)
    assert Facts.from_json(found.to_json()) == found


@given(st.from_regex(r"Zq[a-z]{8}", fullmatch=True), st.ip_addresses().map(str))
def test_facts_hold_nothing_personal(word, address):
    """Neither the address nor a piece of the user agent or of a header gets into the facts."""
    headers = BROWSER | {"User-Agent": f"{word}Bot/1.0 ({word}; +{word})", "Referer": f"https://{word}/{word}"}
    found = facts(headers, address=address).to_json()
    assert word.lower() not in found.lower()
    assert len(address) < 5 or address not in found


@pytest.mark.parametrize("field", ["Sec-GPC", "DNT"])
def test_a_doubled_wish_is_a_hint_as_it_is_a_wish(field):
    """A proxy may repeat the field, and the redirect's own rule already takes one 1 for enough."""
    headers = [(field, "1"), (field, "1"), ("User-Agent", "x")]
    request = Request(url="/c/", headers=headers, received_at=datetime(2026, 3, 2, tzinfo=UTC))
    hint = Hint.GPC if field == "Sec-GPC" else Hint.DNT
    assert hint in Observer(secret=b"a secret").observe(request, Kind.CLICK).hints
