"""What is kept of an event, and whose word on that is final."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import privacy
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Facts, Hint, Kind, Level, Message
from mailbeacon.privacy import levels as levels_module
from tests.making import NOW, event

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.71 Safari/537.36"
SECRET = b"a secret of the host"
KEEPS = ["drop", "truncate", "hash", "keep"]


def personal(**values: object) -> Event:
    """Return a click with all that is personal about it."""
    whole = {"recipient": "u-17", "kind": Kind.CLICK, "received_at": NOW, "facts": Facts(network_id="n")}
    raw = {"address": "192.0.2.77", "user_agent": CHROME, "headers": (("accept", "*/*"),)}
    return event(**{**whole, **raw, **values})


def test_by_default_address_user_agent_and_headers_are_dropped_and_all_else_stays():
    whole = personal()
    assert privacy.redact(whole) == replace(whole, address="", user_agent="", headers=())


def test_an_event_without_anything_personal_is_given_back_itself():
    bare = personal(address="", user_agent="", headers=())
    assert privacy.redact(bare) is bare


@pytest.mark.parametrize("url", ["", "https://shop.example/a", "https://shop.example/a?who=ann#top"])
def test_an_event_forgets_what_redaction_drops(url):
    whole = personal(url=url)
    meant = privacy.redact(whole)
    assert privacy.forget(whole) is whole
    assert whole == meant


@pytest.mark.parametrize("address", KEEPS)
@pytest.mark.parametrize("headers", ["drop", "keep"])
def test_a_redactor_redacts_as_it_was_told(address, headers):
    told = {"address": address, "user_agent": "truncate", "headers": headers, "secret": SECRET}
    assert privacy.redactor(**told)(personal()) == privacy.redact(personal(), **told)
    assert privacy.redactor()(personal()) == privacy.redact(personal())


@pytest.mark.parametrize(
    ("address", "coarse"),
    [
        pytest.param("192.0.2.77", "192.0.2.0/24", id="IPv4 to its /24"),
        pytest.param("2001:db8:1:2:3::4", "2001:db8:1::/48", id="IPv6 to its /48"),
        pytest.param("::ffff:192.0.2.77", "192.0.2.0/24", id="IPv4 inside IPv6 is IPv4"),
        pytest.param(
            "2002:cb00:714d::1", "2002:cb00:7100::/40", id="6to4, which holds an IPv4 address, to that one's /24"
        ),
        pytest.param("fe80::1%eth0", "fe80::/48", id="a zone is left out"),
        pytest.param("the host's own name", "", id="what is no address is dropped"),
        pytest.param("192.0.2.76/30", "", id="a network finer than a /24 is dropped"),
        pytest.param("", "", id="nothing stays nothing"),
    ],
)
def test_a_truncated_address_is_its_network(address, coarse):
    assert privacy.redact(personal(address=address), address="truncate").address == coarse


@pytest.mark.parametrize("how", ["truncate", "hash"])
@pytest.mark.parametrize(
    ("given", "bare"),
    [("192.0.2.77:5500", "192.0.2.77"), ("[2001:db8::7]:443", "2001:db8::7"), ("[2001:db8::7%eth0]", "2001:db8::7")],
)
def test_a_port_beside_an_address_changes_nothing_of_what_is_kept(given, bare, how):
    """As a server writes it that a host's own view took it from; each connection has another port."""
    kept, same = (privacy.redact(personal(address=one), address=how, secret=SECRET).address for one in (given, bare))
    assert kept == same != ""


def test_a_truncated_user_agent_keeps_names_and_first_numbers():
    kept = privacy.redact(personal(), user_agent="truncate").user_agent
    assert kept == "Mozilla/5 (X11; Linux x86_64) AppleWebKit/537 (KHTML, like Gecko) Chrome/120 Safari/537"
    assert len(privacy.redact(personal(user_agent="x" * 9000), user_agent="truncate").user_agent) == 512
    assert len(privacy.redact(personal(user_agent="x" * 9000), user_agent="keep").user_agent) == 512


def test_a_hashed_address_depends_on_the_key_and_not_on_how_the_address_is_written():
    def hashed(address: str, secret: bytes = SECRET) -> str:
        return privacy.redact(personal(address=address), address="hash", secret=secret).address

    assert hashed("192.0.2.77") == hashed("::ffff:192.0.2.77") != hashed("192.0.2.78")
    assert hashed("192.0.2.77") != hashed("192.0.2.77", b"another")
    assert hashed("192.0.2.77", b"long" * 40) != hashed("192.0.2.77", b"long" * 40 + b"er")
    assert "192" not in hashed("192.0.2.77")[:8]


def test_the_same_text_as_address_and_as_user_agent_gives_two_digests():
    found = privacy.redact(personal(address="x", user_agent="x"), address="hash", user_agent="hash", secret=SECRET)
    assert found.address != found.user_agent


def test_what_the_host_keeps_is_kept():
    whole = personal()
    assert privacy.redact(whole, address="keep", user_agent="keep", headers="keep") == whole


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"address": "forget"}, id="address by an unknown word"),
        pytest.param({"user_agent": "blur"}, id="user agent by an unknown word"),
        pytest.param({"headers": "hash"}, id="headers cannot be hashed"),
        pytest.param({"address": "hash"}, id="hash without a secret"),
    ],
)
def test_a_wish_that_cannot_be_met_is_a_config_error_that_holds_no_address(options):
    with pytest.raises(ConfigError) as caught:
        privacy.redact(personal(), **options)
    assert "192.0.2" not in str(caught.value)


addresses = st.one_of(st.ip_addresses().map(str), st.text(max_size=40))


@given(
    address=addresses,
    user_agent=st.one_of(st.text(max_size=80), st.from_regex(r"[A-z]+/[\d._]+ [\d._]+", fullmatch=True)),
    how=st.tuples(st.sampled_from(KEEPS), st.sampled_from(KEEPS), st.sampled_from(["drop", "keep"])),
)
def test_law_redacting_twice_is_redacting_once_and_touches_nothing_else(address, user_agent, how):
    options = dict(zip(("address", "user_agent", "headers"), how, strict=True), secret=SECRET)
    whole = personal(address=address, user_agent=user_agent)
    once = privacy.redact(whole, **options)
    assert privacy.redact(once, **options) == once
    assert replace(once, address=address, user_agent=user_agent, headers=whole.headers) == whole


@given(st.ip_addresses())
def test_law_a_truncated_or_hashed_address_does_not_hold_the_address(address):
    coarse = privacy.redact(personal(address=str(address)), address="truncate").address
    hashed = privacy.redact(personal(address=str(address)), address="hash", secret=SECRET).address
    mapped = getattr(address, "ipv4_mapped", None) or address
    assert mapped in ipaddress.ip_network(coarse)
    bits = 24 if mapped.version == 4 else 48 if mapped.sixtofour is None else 40
    assert ipaddress.ip_network(coarse).prefixlen == bits
    assert hashed.startswith("hash:")
    assert str(address) not in hashed


@pytest.mark.parametrize(
    ("signed", "default", "today", "found"),
    [
        pytest.param(Level.FULL, Level.FULL, Level.FULL, Level.FULL, id="all allow"),
        pytest.param(Level.NONE, Level.FULL, Level.FULL, Level.NONE, id="what was signed forbids"),
        pytest.param(Level.FULL, Level.NONE, Level.FULL, Level.NONE, id="the host forbids for everybody"),
        pytest.param(Level.FULL, Level.FULL, Level.NONE, Level.NONE, id="consent was withdrawn since"),
    ],
)
def test_the_strictest_level_wins(signed, default, today, found):
    assert privacy.effective_level(signed, default, today) is found


def test_facts_without_client_ids_tell_no_reader_from_another_and_keep_all_else():
    facts = Facts(client="Thunderbird", network_id="n", agent_id="a", hints=frozenset({Hint.RANGE}), country="DE")
    assert privacy.without_client_ids(facts) == replace(facts, network_id="", agent_id="")


@pytest.mark.parametrize(
    ("value", "out"),
    [("1", True), (" 1 ", True), ("0, 1", True), ("0,1", True), ("0", False), ("", False), ("11", False)],
)
def test_a_privacy_signal_says_no_with_a_one(value, out):
    assert privacy.opted_out(value) is out


def test_of_a_destination_only_the_page_is_kept_unless_the_host_keeps_all():
    """Its query often says who it was meant for; what tells links apart stays."""
    whole = personal(url="https://shop.example/leave?mail=ann@x.example#top", url_id="9f", link=3)
    assert privacy.redact(whole) == privacy.redact(privacy.redact(whole))
    kept = privacy.redact(whole)
    assert (kept.url, kept.url_id, kept.link) == ("https://shop.example/leave", "9f", 3)
    assert privacy.redact(personal(url="https://shop.example/#a?b", address="")).url == "https://shop.example/"
    assert privacy.redact(whole, url="keep").url == whole.url
    assert privacy.redactor(url="keep")(whole).url == whole.url
    assert privacy.redactor(headers="keep")(whole).url == "https://shop.example/leave"


def test_what_is_kept_whole_is_cut():
    """A request may bring sixty thousand characters of anything."""
    long = personal(address="9" * 60_000, user_agent="x" * 60_000, headers=(("accept", "a" * 60_000),))
    kept = privacy.redact(long, address="keep", user_agent="keep", headers="keep")
    assert (len(kept.address), len(kept.user_agent), len(kept.headers[0][1])) == (64, 512, 512)


def test_a_days_key_hashes_an_address_otherwise_the_next_day():
    keys = privacy.DailyKeys()
    redact = privacy.redactor(address="hash", secret=keys)
    today, later = personal(), personal(received_at=NOW + timedelta(days=1))
    assert redact(today).address == redact(today).address != redact(later).address
    assert privacy.redactor(address="hash", secret=privacy.DailyKeys())(today).address != redact(today).address


def test_processes_share_the_days_keys_in_a_folder_and_old_ones_go(tmp_path):
    one, other = privacy.DailyKeys(tmp_path), privacy.DailyKeys(tmp_path)
    days = [date(2026, 3, day) for day in (1, 2, 3)]
    made = [one(day) for day in days]
    assert len({*made}) == 3
    assert [one(day) for day in days] == made
    assert [other(day) for day in days[1:]] == made[1:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-03-02.key", "2026-03-03.key"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(other(days[0])) == 32
    with pytest.raises(ConfigError, match="folder"):
        privacy.DailyKeys(tmp_path / "missing")


@pytest.mark.parametrize("level", [Level.AGGREGATE, Level.DATE])
def test_metadata_is_left_out_where_readers_may_not_be_told_apart(level):
    """An order's number names its buyer as well as any recipient does."""
    assert privacy.limited(personal(metadata={"order": "8841"}), level).metadata == {}
    assert privacy.dated(personal(metadata={"order": "8841"})).metadata == {}


# what is left of an event, and what is signed, at a level


@pytest.mark.parametrize("level", [Level.NONE, Level.AGGREGATE, Level.DATE])
def test_below_full_only_what_the_level_allows_is_left_of_an_event(level):
    whole = Event(
        id="e1",
        kind=Kind.CLICK,
        received_at=NOW,
        recipient="u-17",
        campaign="spring",
        message_id="m-1",
        variant="b",
        sent_at=NOW,
        address="192.0.2.1",
        user_agent=CHROME,
        headers=(("accept", "*/*"),),
        metadata={"order": "8841"},
        link=3,
    )
    less = replace(whole, level=level, address="", user_agent="", headers=(), metadata={})
    if level is not Level.DATE:
        less = replace(less, recipient=None, message_id="", variant="", sent_at=None)
    assert privacy.limited(whole, level) == less
    assert privacy.limited(whole, Level.FULL) == whole


def test_of_an_event_only_its_day_is_left_by_the_clock_of_utc():
    late = datetime(2026, 3, 2, 23, 30, 5, 7, tzinfo=timezone(-timedelta(hours=5)))
    whole = Event(
        id="e1", kind=Kind.CLICK, received_at=late, recipient="u-17", campaign="spring", message_id="m-1", source="own"
    )
    day = datetime(2026, 3, 3, tzinfo=UTC)
    left = Event(id="e1", kind=Kind.OPEN, received_at=day, recipient="u-17", level=Level.DATE, source="own")
    assert privacy.dated(whole) == left


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (True, Level.FULL),
        (False, Level.NONE),
        (2, Level.DATE),
        (9, Level.NONE),
        ("yes", Level.NONE),
        (None, Level.NONE),
    ],
)
def test_an_answer_stands_for_a_level_and_an_unknown_one_for_none(answer, level):
    assert privacy.effective_level(Level.FULL, answer) is level


@pytest.mark.parametrize("opens", Level)
@pytest.mark.parametrize("clicks", Level)
def test_a_mail_is_signed_for_its_recipient_and_beside_that_for_all(opens, clicks):
    """A token that names nobody goes beside the recipient's own only where one level needs it."""
    message = Message(recipient="u-17", campaign="spring", opens=Level.FULL, clicks=Level.DATE)
    levels = (opens, clicks)
    mixed = Level.AGGREGATE in levels and Level.NONE not in levels and opens is not clicks
    named = tuple(Level.NONE if mixed and level is Level.AGGREGATE else level for level in levels)
    signed = levels_module.personal(message, opens, clicks)
    assert signed == replace(message, opens=named[0], clicks=named[1])
    assert levels_module.personal(signed, *named) is signed
    both = replace(message, opens=min(opens, Level.AGGREGATE), clicks=min(clicks, Level.AGGREGATE))
    assert levels_module.as_aggregate(replace(message, opens=opens, clicks=clicks)) == both
    if Level.AGGREGATE in levels:
        told = tuple(level if level is Level.AGGREGATE else Level.NONE for level in levels)
        shared = Message(recipient="", campaign="spring", opens=told[0], clicks=told[1])
        assert levels_module.shared("spring", opens, clicks) == shared
    else:
        with pytest.raises(ConfigError, match="AGGREGATE"):
            levels_module.shared("spring", opens, clicks)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://x.example/a?mail=ann", "https://x.example/a"),
        ("https://x.example/a#ann", "https://x.example/a"),
        ("https://x.example/a#b?mail=ann", "https://x.example/a"),
        ("https://x.example/a?b#ann", "https://x.example/a"),
        ("https://x.example/a", "https://x.example/a"),
    ],
)
@pytest.mark.parametrize("address", ["drop", "truncate"])
def test_query_or_fragment_alone_is_taken_off_a_destination_too(url, page, address):
    assert privacy.redact(personal(url=url), address=address).url == page
    assert privacy.redact(personal(url=url, address="", user_agent="", headers=())).url == page


def kept(address="192.0.2.77", user_agent=CHROME, headers=(("accept", "*/*"),), **how):
    """Return address, user agent and header fields as they are kept."""
    found = privacy.redact(personal(address=address, user_agent=user_agent, headers=headers), secret=SECRET, **how)
    return found.address, found.user_agent, found.headers


def test_each_of_address_user_agent_and_headers_is_kept_as_was_said_of_it_alone():
    fields = (("accept", "*/*"),)
    assert kept(address="192.0.2.77", user_agent=CHROME) == ("", "", ())
    assert privacy.redact(personal(), address="keep").changed(url="") == personal(user_agent="", headers=()).changed(
        url=""
    )
    assert privacy.redact(personal(), user_agent="keep").changed(url="") == personal(address="", headers=()).changed(
        url=""
    )
    assert privacy.redact(personal(), headers="keep").changed(url="") == personal(address="", user_agent="").changed(
        url=""
    )
    assert privacy.redact(personal(address="", headers=())).user_agent == ""
    assert privacy.redact(personal(address="", user_agent="")).headers == ()
    assert privacy.redact(personal(user_agent="", headers=())).address == ""
    assert privacy.redactor(address="keep", headers="keep")(personal()) == personal(user_agent="")
    assert privacy.redactor(user_agent="keep")(personal()).headers != fields


@pytest.mark.parametrize("how", ["drop", "truncate", "hash", "keep"])
def test_what_is_not_there_is_kept_as_nothing(how):
    found = privacy.redact(
        personal(address="", user_agent=""), address=how, user_agent=how, headers="keep", secret=SECRET
    )
    assert (found.address, found.user_agent) == ("", "")


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.0/25", ""),
        ("2001:db8::/48", "2001:db8::/48"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8::/49", ""),
        ("192.0.2.1/24", ""),
        ("a/b", ""),
    ],
)
def test_a_network_stays_where_it_is_as_coarse_as_a_truncated_address(address, left):
    assert privacy.redact(personal(address=address), address="truncate").address == left


def test_digests_are_frozen_and_hang_on_the_whole_key_and_the_purpose():
    def hashed(secret=SECRET, **values):
        found = privacy.redact(personal(**values), address="hash", user_agent="hash", secret=secret)
        return found.address, found.user_agent

    assert hashed() == ("hash:8aa2d456207cff94580fd5a476cf6a1f", "hash:991a3f5d9d9f1b462ec052aa31ebd8f1")
    assert hashed(address="fe80::1%eth0") == hashed(address=" fe80::1 ")
    assert hashed(address="\ud800", user_agent="\ud800") != hashed(address="\ud801", user_agent="\ud801")
    whole = bytes(range(64))
    assert hashed(whole) == ("hash:17f35b9dbc232680c4d2765520e86534", "hash:9bd50d456623c0534e39136bd8131350")
    assert (
        len({hashed(whole[:-1] + last) for last in (b"a", b"b")})
        == len({hashed(whole + last) for last in (b"a", b"b")})
        == 2
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"address": "forget"}, "address must be drop, truncate, hash or keep, got 'forget'"),
        ({"user_agent": "blur"}, "user_agent must be drop, truncate, hash or keep, got 'blur'"),
        ({"headers": "hash"}, "headers must be drop or keep, got 'hash'"),
        ({"user_agent": "hash"}, "hash needs a secret: without a key, all addresses can be tried"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named(options, said):
    with pytest.raises(ConfigError, match=said):
        privacy.redact(personal(), **options)


def test_a_days_key_is_asked_for_the_day_of_utc_and_only_where_something_is_hashed():
    asked = []

    def key(day):
        asked.append(day)
        return SECRET

    late = personal(received_at=datetime(2026, 3, 2, 23, 30, tzinfo=timezone(-timedelta(hours=5))))
    assert privacy.redact(late, address="truncate", user_agent="keep", secret=key).address == "192.0.2.0/24"
    assert asked == []
    privacy.redact(late, user_agent="hash", secret=key)
    assert asked == [date(2026, 3, 3)]
