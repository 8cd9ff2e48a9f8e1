"""What is counted around an event, at the borders of each window: as a rule of the host's own sees it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from mailbeacon.judging import DEFAULT_RULES, Classifier, Context, Needs, Windows, rule
from mailbeacon.judging.batch import Batch, Spans, max_distinct_in_window, times_near
from mailbeacon.model import AgentKind, Channel, Event, Facts, Hint, Kind, Network, NetworkKind

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
JUDGE = Classifier()
COUNTED = [one.name for one in fields(Context) if one.name not in ("windows", "lag", "delivered", "message", "network")]
HOSTING = Network(operator="Amazon", kind=NetworkKind.HOSTING)
SAFE_LINKS = Network(operator="Microsoft Safe Links", kind=NetworkKind.MAIL)


@rule(family="witness", weight=0.0, source="a test, 2026", kinds=[*Kind], needs=Needs.CONTEXT)
def witness(event, context):
    found = {name: getattr(context, name) for name in COUNTED}
    return " ".join(f"{name}={int(value)}" for name, value in found.items() if value)


def hit(at, link=1, *, kind=Kind.CLICK, mail="m1", who="u1", net="home", agent="chrome", facts=None, **values):
    """Make an event so many seconds after nine o'clock, and a bit, so that its time is no whole second's."""
    facts = Facts(network_id=net, agent_id=agent, **({"agent": AgentKind.BROWSER, "rules": "r"} | (facts or {})))
    moment = NINE + timedelta(seconds=at, microseconds=values.pop("micro", 1))
    name = f"{kind}-{at}-{link}-{mail}-{who}-{net}-{agent}"
    fields = {"campaign": "spring", "message_id": mail, "recipient": who, "facts": facts} | values
    return Event(id=name, kind=kind, received_at=moment, link=link if kind is Kind.CLICK else None, **fields)


def opened(at, **values):
    return hit(at, kind=Kind.OPEN, **values)


def counted(*events, links=None, **windows):
    """Return what was counted around each event, as text."""
    judge = Classifier([*DEFAULT_RULES, witness], windows=Windows(**windows), links=links)
    found = [
        next((one.detail for one in verdict.signals if one.name == "witness"), "")
        for verdict in judge.classify_all(events)
    ]
    again = [
        next((one.detail for one in verdict.signals if one.name == "witness"), "")
        for verdict in judge.classify_all(events[::-1])
    ]
    assert found == again[::-1]
    return found


def clicks(*times, **values):
    return [hit(at, number, **values) for number, at in enumerate(times, 1)]


# One client on one mail


@pytest.mark.parametrize(
    ("times", "each"),
    [
        pytest.param((0, 0.3, 0.699), "burst=3", id="three within twice a hand's time"),
        pytest.param((0, 0.3, 0.71), "tabs=3 pair=1", id="three in more than that"),
        pytest.param((0, 0.33, 0.66, 1.0), "burst=4", id="four within a second"),
        pytest.param((0, 0.4, 0.8, 1.2), "tabs=4 pair=1", id="four in more than that"),
        pytest.param((0, 0.3, 0.75, 1.1, 1.5, 1.8, 2.0), "burst=7", id="seven within two seconds"),
        pytest.param((0, 0.4, 0.8, 1.2, 1.6, 2.0), "tabs=6 pair=1", id="six in two seconds, evenly"),
        pytest.param((0, 0.249), "moment=1 pair=1", id="two within a quarter of a second"),
        pytest.param((0, 0.26), "pair=1", id="two in more than that"),
        pytest.param((0, 1.0), "pair=1", id="two within a second"),
        pytest.param((0, 1.01), "", id="two in more than that, and no third"),
        pytest.param((0, 1.5, 2.0), "tabs=3 pair=1", id="three within two seconds, two of them close"),
        pytest.param((0, 1.01, 2.02), "", id="three in more than two seconds"),
    ],
)
def test_how_fast_one_client_follows_links(times, each):
    found = counted(*clicks(*times))
    assert [" ".join(sorted(one.split())) for one in found][-1] == " ".join(sorted(each.split()))
    assert "burst" not in each or set(found) == {each}


@pytest.mark.parametrize(
    ("times", "each"),
    [
        pytest.param((0, 0, 0), "tabs=3 pair=1", id="three in one second may be two seconds apart"),
        pytest.param((0, 0, 0, 0), "burst=4", id="four in one second are within a second"),
        pytest.param((0, 0), "pair=1", id="two in one second"),
        pytest.param((0, 1), "", id="two in two seconds may be two seconds apart"),
        pytest.param((0, 1, 2), "", id="three in three seconds"),
        pytest.param((0, 0, 0, 0, 1, 1, 1), "burst=7", id="seven in two seconds"),
        pytest.param((0, 0, 0, 1, 1, 1), "tabs=6 pair=1", id="six in two seconds"),
    ],
)
def test_whole_seconds_say_up_to_a_second_less(times, each):
    found = counted(*clicks(*times, micro=0))
    assert {" ".join(sorted(one.split())) for one in found} == {" ".join(sorted(each.split()))}


def test_times_say_less_where_most_of_them_are_whole_seconds():
    assert counted(hit(0, 1, micro=0), hit(0.1, 2)) == ["moment=1 pair=1"] * 2
    assert counted(hit(0, 1, micro=0), hit(0.5, 2), hit(1, 3, micro=0)) == ["tabs=3"] * 3
    assert counted(hit(0, 1, micro=0), hit(0.5, 2), hit(1, 3)) == ["tabs=3 pair=1"] * 3


def test_one_link_read_twice_and_links_of_other_mails_are_no_burst():
    assert counted(hit(0), hit(0.1), hit(0.2), hit(0.3)) == [""] * 4
    assert counted(hit(0), hit(0.1, 2, mail="m2"), hit(0.2, 3, mail="m3")) == [""] * 3
    assert counted(hit(0), hit(0.1, 2, who="u2"), hit(0.2, 3, who="u3")) == [""] * 3
    assert counted(hit(0), hit(0.1, 2, net="b"), hit(0.2, 3, net="c"), hit(0.3, net="d", agent="x")) == [
        "scattered=3"
    ] * 3 + [""]


def test_without_an_address_the_agent_is_the_client():
    assert counted(*clicks(0, 0.3, 0.6, net="")) == ["burst=3"] * 3
    apart = [hit(0, 1, net="", agent="a"), hit(0.3, 2, net="", agent="b"), hit(0.6, 3, net="", agent="c")]
    assert counted(*apart) == [""] * 3
    assert counted(*[hit(at, at * 10, agent=str(at)) for at in (0.1, 0.2, 0.3)]) == ["burst=3"] * 3


@pytest.mark.parametrize(("agent", "seen"), [(AgentKind.PREFETCH, ""), (AgentKind.SCANNER, "company=1 near=1")])
def test_what_fetches_ahead_for_a_reader_is_no_bad_company(agent, seen):
    assert counted(hit(0, facts={"agent": agent}), hit(9, 2)) == ["", seen]


def test_links_that_were_followed_before_one_by_one_are_tabs_opened_again():
    def again(pause):
        before = [hit(9 * n, n + 1) for n in range(4)]
        return counted(*before, *[hit(27 + pause + n / 10, n + 1) for n in range(4)])[4:]

    assert again(60) == [""] * 4
    assert again(570) == [""] * 4
    assert set(again(601)) == {"burst=4"}


def test_tabs_are_opened_again_after_more_than_two_seconds_and_within_ten_minutes():
    def again(seconds):
        later = [hit(seconds + n / 8, n + 1, micro=500_000) for n in range(3)]
        return ["burst=3" in one for one in counted(hit(0, 1, micro=500_000), *later)[1:]]

    assert again(2) == again(600.125) == [True] * 3
    assert again(2.125) == again(600) == [False, True, True]


def test_a_hand_that_needs_no_time_makes_three_links_within_any_of_the_windows_a_burst():
    assert counted(*clicks(0, 1, 2), hand=timedelta(0)) == ["burst=3"] * 3
    assert counted(*clicks(0, 2), hand=timedelta(0)) == ["", ""]


def test_the_page_of_leaving_and_a_link_within_two_seconds_belong_together():
    leave = {"kind": Kind.LEAVE_PAGE}
    assert counted(hit(0), hit(2, **leave)) == ["leave=1"] * 2
    assert counted(hit(0), hit(2.01, **leave)) == [""] * 2
    assert counted(hit(0), hit(2, 2)) == counted(hit(0, **leave), hit(2, **leave)) == [""] * 2
    assert counted(hit(0, micro=0), hit(1, micro=0, **leave)) == ["leave=1"] * 2
    assert counted(hit(0, micro=0), hit(2, micro=0, **leave)) == [""] * 2


@pytest.mark.parametrize(
    ("number", "links", "each"),
    [
        pytest.param(8, 10, "covered=8 links=10", id="eight of ten"),
        pytest.param(7, 8, "", id="fewer than eight"),
        pytest.param(8, 11, "", id="less than four in five"),
        pytest.param(9, 11, "covered=9 links=11", id="four in five"),
        pytest.param(8, 7, "", id="more than there are, of so few"),
        pytest.param(11, 0, "", id="eleven of nobody knows how many"),
        pytest.param(12, 0, "covered=12", id="twelve of nobody knows how many"),
        pytest.param(10, 8, "covered=10 links=10", id="more than there are"),
    ],
)
def test_nearly_all_links_of_a_mail_are_four_in_five_of_at_least_eight(number, links, each):
    patient = [10.0 * n for n in range(number)]
    assert set(counted(*clicks(*patient, links=links or None))) == {each}
    assert set(counted(*clicks(*patient), links={"spring": links, "autumn": 3})) == {each}
    assert set(counted(*clicks(*patient), links={"autumn": 8})) == ({f"covered={number}"} if number > 11 else {""})


def test_nearly_all_links_count_within_a_quarter_of_an_hour_and_one_part_of_the_mail():
    spread = [900 / 7 * n for n in range(8)]
    assert set(counted(*clicks(*spread, links=8))) == {"covered=8 links=8"}
    assert set(counted(*clicks(*[at * 1.001 for at in spread], links=8))) == {""}
    parts = [hit(at, n, links=8, channel=Channel.TEXT if n > 4 else Channel.HTML) for n, at in enumerate(spread, 1)]
    assert set(counted(*parts)) == {""}
    assert set(counted(*clicks(*spread, links=8, channel=Channel.TEXT))) == {"covered=8 links=8"}
    hasty = counted(*clicks(0, 1.5, *spread[2:], links=8))
    assert {one.replace(" pair=1", "") for one in hasty} == {"covered=8 links=8"}
    assert set(counted(*[hit(at) for at in spread])) == {""}
    beside = [hit(at, 1, net=net, agent=net, links=8) for net, at in (("a", 5), ("b", 10))]
    assert "networks" not in " ".join(counted(*clicks(*spread, links=8), *beside)), "who covers a mail is none of many"


def test_one_agent_on_several_networks_follows_links_faster_than_a_hand():
    def followed(nets="aab", agents="xxx", **values):
        return set(counted(*[hit(n / 4, n, net=net, agent=agents[n], **values) for n, net in enumerate(nets)]))

    assert followed(nets="abc") == {"scattered=3"}
    assert followed() == {"moment=1 pair=1 scattered=3", "scattered=3"}
    assert followed(nets="ab", agents="xx") <= {"", "moment=1 pair=1", "pair=1"}
    assert "scattered=3" not in followed(agents="xxy")
    assert followed(nets="abc", agents=["", "", ""]) == {""}
    assert followed(nets="abc", facts={"network": Network(kind=NetworkKind.RELAY)}) == {""}
    whole = [hit(0, n, net=net, agent="x", micro=0) for n, net in enumerate("abc")]
    assert "scattered" not in " ".join(counted(*whole)), "they may be a second apart"
    assert set(counted(*whole, hit(0, 9, net="d", agent="x", micro=0))) == {"scattered=4"}
    early = [hit(n / 4, n, net=net, agent="y") for n, net in enumerate("de")]
    assert (
        counted(*early, *[hit(9 + n / 4, n, net=net, agent="x") for n, net in enumerate("abc")])[2:]
        == ["scattered=3"] * 3
    )


def test_what_is_of_a_burst_is_not_scattered_and_what_is_scattered_beside_one_is():
    bursts = [one for net in "abc" for one in scan(net=net, agent="x")]
    assert set(counted(*bursts)) == {"burst=8"}
    beside = [hit(2 + n / 4, n, net=net, agent="x") for n, net in enumerate("def")]
    assert counted(*scan(net="a", agent="y"), *beside)[-3:] == ["scattered=3"] * 3


# Who else was there


def scan(start=0.0, net="scan", agent="old", **values):
    return [hit(start + n / 10, n + 1, net=net, agent=agent, **values) for n in range(8)]


@pytest.mark.parametrize(("after", "seen"), [(300, True), (300.1, False), (-300, True), (-300.1, False)])
@pytest.mark.parametrize("make", [opened, hit])
def test_a_machines_client_has_been_there_five_minutes_before_and_after(make, after, seen):
    one = make(after + (0.7 if after > 0 else 0), link=99, net="scan", agent="old")
    assert counted(*scan(), one)[-1] == ("company=1" if seen else "")


@pytest.mark.parametrize(("after", "seen"), [(30, "near=1"), (30.1, "trails=1"), (-30, "near=1"), (-30.1, "")])
def test_what_shares_the_network_alone_is_near_for_half_a_minute(after, seen):
    one = opened(after + (0.7 if after > 0 else 0), net="scan", agent="chrome")
    assert counted(*scan(), one)[-1] == seen
    assert counted(*scan(), opened(after, net="other", agent="old"))[-1] == ("trails=1" if after > 0 else "")


@pytest.mark.parametrize(("after", "seen"), [(30, "company=1"), (30.1, "trails=1")])
def test_without_an_address_an_agent_is_a_machines_client_for_half_a_minute(after, seen):
    assert counted(*scan(net=""), opened(after + 0.7, net="", agent="old"))[-1] == seen
    assert counted(*scan(net="", agent=""), opened(after, net="", agent=""))[-1] == "trails=1"


@pytest.mark.parametrize(("after", "seen"), [(300, "honeypot=1"), (301, "")])
def test_who_followed_a_hidden_link_is_known_by_it_nearby(after, seen):
    honeypot = hit(0, 9, net="scan", agent="old", facts={"hints": frozenset({Hint.HONEYPOT})})
    assert counted(honeypot, opened(after, net="scan", agent="old"))[-1] == seen
    assert counted(honeypot, opened(after, net="other", agent="x"))[-1] == ""
    assert counted(honeypot, opened(min(after, 30), net="other", agent="old"))[-1] == "near=1"


@pytest.mark.parametrize(("after", "seen"), [(0.1, "opened=1"), (300, "opened=1"), (300.1, "")])
@pytest.mark.parametrize("agent", [AgentKind.MAIL_CLIENT, AgentKind.IMAGE_PROXY])
def test_a_mail_program_opened_the_mail_within_five_minutes_before_a_click(agent, after, seen):
    assert counted(opened(0, net="proxy", facts={"agent": agent}), hit(after))[-1] == seen
    assert "opened" not in " ".join(counted(hit(0), opened(1, net="proxy", facts={"agent": agent})))


@pytest.mark.parametrize("agent", [AgentKind.BROWSER, AgentKind.PRIVACY_PROXY, AgentKind.PREFETCH, AgentKind.SCANNER])
def test_what_any_scanner_may_call_itself_and_what_nobody_looked_at_has_opened_nothing(agent):
    assert "opened" not in counted(opened(0, net="other", agent="x", facts={"agent": agent}), hit(20))[-1]


def test_a_machines_click_after_an_open_stays_a_machines():
    looked = opened(-1, net="other", agent="x", facts={"agent": AgentKind.MAIL_CLIENT})
    assert set(counted(looked, *scan())[1:]) == {"burst=8"}
    assert counted(looked, *scan(), hit(9, 99, net="scan", agent="old"))[-1] == "company=1 near=1"


@pytest.mark.parametrize(("after", "seen"), [(300, "scanned=1"), (301, "")])
def test_a_recipients_scanner_was_seen_within_five_minutes_of_a_click(after, seen):
    assert counted(*scan(), hit(after + 0.7, 9, sent_at=NINE))[-1] == seen
    assert counted(*scan(), hit(after + 0.7, 9))[-1] == "", "where no sending is known no moment says anything"


@pytest.mark.parametrize(("after", "seen"), [(120, "trails=1"), (121, "")])
def test_a_pixel_trails_a_machines_click_for_two_minutes(after, seen):
    assert counted(*scan(), opened(after + 0.7, net="other", agent="x"))[-1] == seen
    named = opened(after + 0.7, net="other", agent="x", facts={"agent": AgentKind.IMAGE_PROXY})
    assert counted(*scan(), named)[-1] == ""


@pytest.mark.parametrize(("after", "seen"), [(300, "detonated=1"), (301, "")])
def test_a_providers_machines_open_what_they_visit_within_five_minutes(after, seen):
    visit = hit(0, facts={"network": SAFE_LINKS}, net="a", agent="x")
    assert counted(visit, opened(after, facts={"network": SAFE_LINKS}, net="b", agent="y"))[-1] == seen
    other = Network(operator="Google", kind=NetworkKind.MAIL)
    assert counted(visit, opened(9, facts={"network": other}, net="b", agent="y"))[-1] == "trails=1"


@pytest.mark.parametrize(("after", "seen"), [(120, "pixel_after=1"), (121, ""), (-1, "")])
def test_a_pixel_after_the_agents_click_is_late_for_two_minutes(after, seen):
    assert counted(hit(0), opened(after, net="other"))[-1] == seen
    assert counted(hit(0), opened(after, net="other", agent="x"))[-1] == ""
    assert counted(opened(-299), hit(0), opened(after))[-1] == ""
    if after > 0:
        assert counted(opened(-301), hit(0), opened(after))[-1] == seen
    assert counted(hit(0), opened(0), opened(max(after, 0), net="other"))[-1] == "", (
        "a pixel at the same moment is none after"
    )
    webmail = hit(0, facts={"hints": frozenset({Hint.WEBMAIL_REFERER})})
    assert counted(webmail, opened(after))[-1] == ""


def test_of_several_clicks_the_first_within_two_minutes_before_the_pixel_counts():
    assert counted(hit(-100), hit(10, 2), opened(0))[-1] == "pixel_after=1"
    assert counted(hit(-200), hit(-50, 2), opened(0))[-1] == "pixel_after=1"
    assert counted(hit(-200), hit(10, 2), opened(0))[-1] == ""


@pytest.mark.parametrize(("after", "seen"), [(600, "mail_client=1"), (601, ""), (-600, "mail_client=1"), (-601, "")])
def test_a_mail_client_at_the_same_rented_address_counts_for_ten_minutes(after, seen):
    client = {"agent": AgentKind.MAIL_CLIENT, "network": HOSTING}
    click = hit(after, facts={"network": HOSTING}, agent="y")
    assert counted(opened(0, facts=client, agent="x"), click)[-1] == seen
    assert counted(opened(0, facts=client | {"network": Network()}, agent="x"), click)[-1] == ""
    assert counted(opened(0, facts=client, agent="x", net="else"), click)[-1] == ""


@pytest.mark.parametrize(
    ("number", "span", "micro", "seen"),
    [(10, 1.0, 1, 10), (10, 1.01, 1, 0), (9, 0.5, 1, 0), (12, 1.0, 1, 12), (10, 0, 0, 10), (10, 1.0, 0, 0)],
)
def test_ten_recipients_of_one_network_within_a_second_are_a_machines_pace(number, span, micro, seen):
    step = span / (number - 1)
    times = [n * step for n in range(number)] if micro else [span * (n == number - 1) for n in range(number)]
    events = [opened(at, who=f"u{n}", mail=f"m{n}", micro=micro) for n, at in enumerate(times)]
    assert set(counted(*events)) == {f"recipients={seen}" if seen else ""}
    assert set(counted(*[opened(at, who="u1", mail=f"m{n}", micro=micro) for n, at in enumerate(times)])) == {""}
    for carrier in (NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY, NetworkKind.MAIL, NetworkKind.CDN):
        through = {"network": Network(kind=carrier)}
        assert set(counted(*[opened(at, who=f"u{n}", mail=f"m{n}", facts=through) for n, at in enumerate(times)])) == {
            ""
        }


def crowd(times, links=(1, 2, 3), nets="abc", agents="xyz", **values):
    return [
        hit(at, link, net=net, agent=agent, **values)
        for at, link, net, agent in zip(times, links, nets, agents, strict=True)
    ]


@pytest.mark.parametrize(
    ("events", "each"),
    [
        pytest.param(crowd((0, 15, 30)), "networks=3", id="three within half a minute"),
        pytest.param(crowd((0, 15, 30.1)), "", id="three in more"),
        pytest.param(crowd((0, 5, 10), links=(1, 1, 1)), "networks=3", id="one link within ten seconds"),
        pytest.param(crowd((0, 5, 10.1), links=(1, 1, 1)), "", id="one link in more"),
        pytest.param(crowd((0, 15, 30), links=(1, 1, 2)), "", id="a link from two networks says nothing"),
        pytest.param(crowd((0, 15, 30), agents="xyy"), "", id="two agents"),
        pytest.param(crowd((0, 15, 30), nets="abb"), "", id="two networks"),
        pytest.param(
            crowd((0, 15, 30), facts={"network": Network(kind=NetworkKind.RELAY)}), "", id="networks that carry many"
        ),
        pytest.param(crowd((0, 15, 29), micro=0), "networks=3", id="whole seconds within half a minute"),
        pytest.param(crowd((0, 15, 30), micro=0), "", id="whole seconds that may be more"),
    ],
)
def test_three_networks_with_as_many_agents_and_links_at_nearly_one_time(events, each):
    assert set(counted(*events)) == {each}


def test_kinds_of_network_are_kept_apart():
    rented = [
        hit(at, link, net=net, agent=net, facts={"network": HOSTING}) for at, link, net in ((0, 1, "a"), (5, 2, "b"))
    ]
    assert counted(*rented, hit(9, 3, net="c", agent="c")) == [""] * 3
    assert counted(*rented, hit(9, 3, net="c", agent="c", facts={"network": HOSTING})) == ["networks=3"] * 3


@pytest.mark.parametrize(("after", "seen"), [(30, "gateway=1"), (30.1, ""), (-30, "gateway=1")])
def test_a_link_followed_through_a_gateway_may_be_looked_at_from_elsewhere(after, seen):
    through = hit(0, facts={"hints": frozenset({Hint.GATEWAY_REFERER})})
    assert counted(through, hit(after, net="other", agent="x")) == ["", seen]
    assert counted(through, hit(after, 2, net="other", agent="x"))[-1] == ""
    assert counted(through, hit(after, agent="x"))[-1] == "", "from the same network it may be the reader again"


# In words


def signals(*events, of=-1, **options):
    """Return what the rules saw of one of some events, in words; each family's strongest alone."""
    verdict = Classifier(**options).classify_all(events)[of]
    return {one.name: one.detail for one in verdict.signals}


@pytest.mark.parametrize(
    ("events", "name", "words"),
    [
        (
            [hit(0), hit(1, kind=Kind.LEAVE_PAGE)],
            "unsubscribe-pair",
            "the same client fetched the unsubscribe page and a content link together",
        ),
        (
            [*scan(), opened(9, net="scan", agent="old")],
            "machine-company",
            "the same client made a machine's click on this mail nearby in time",
        ),
        (
            [*scan(), opened(9, net="scan")],
            "machine-near",
            "what looks like a machine's click on this mail, nearby in time, shares its network or its user agent",
        ),
        (
            [hit(0, 9, facts={"hints": frozenset({Hint.HONEYPOT})}), opened(9)],
            "honeypot-near",
            "the same client followed a link of this mail that no person can see",
        ),
        (
            [
                hit(0, facts={"network": SAFE_LINKS}, net="a"),
                opened(9, facts={"network": SAFE_LINKS}, net="b", agent="y"),
            ],
            "detonation",
            "the mail provider's machines that followed a link of this mail opened it too",
        ),
        (
            [opened(0, facts={"agent": AgentKind.MAIL_CLIENT, "network": HOSTING}), hit(9, facts={"network": HOSTING})],
            "mail-client-beside",
            "a mail client opened the mail from the same address",
        ),
        (
            [hit(0), opened(9, net="other")],
            "pixel-after",
            "the same user agent followed a link first and fetched the pixel afterwards",
        ),
        (
            [
                hit(n / 10, net=net, agent=net, facts={"hints": frozenset({Hint.OUTDATED})})
                for n, net in enumerate("abc")
            ],
            "many-networks-worn",
            "3 networks followed links of this mail at nearly one time, here with an outdated browser",
        ),
        (crowd((0, 15, 30)), "many-networks", "3 networks followed links of this mail at nearly one time"),
        (
            [hit(0), hit(0.1, 2, net="b"), hit(0.2, 3, net="c")],
            "scattered",
            "one user agent followed 3 links of the mail from several networks, faster than a hand can",
        ),
        (
            [hit(n / 10, who=f"u{n}", mail=f"m{n}") for n in range(10)],
            "many-recipients",
            "the same network followed links of 10 recipients' mails at a machine's pace",
        ),
        (
            [opened(n / 10, who=f"u{n}", mail=f"m{n}") for n in range(10)],
            "many-recipients-open",
            "the same network made hits on 10 recipients' mails at a machine's pace",
        ),
    ],
)
def test_what_others_did_is_said_in_words(events, name, words):
    assert signals(*events).get(name) == words
    assert name not in signals(events[-1])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (2, "2 seconds"),
        (1.5, "1.5 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "121 seconds"),
    ],
)
def test_a_window_is_said_in_seconds_or_whole_minutes(seconds, words):
    windows = Windows(burst=timedelta(seconds=seconds), hand=timedelta(milliseconds=10))
    found = signals(hit(0), hit(0.3, 2), hit(0.6, 3), windows=windows)
    assert found["tabs"] == f"the same client followed 3 links of the mail within {words}"


def test_of_two_counts_the_larger_is_kept():
    batch = Batch(events=[], times=[], windows=Windows(), spans=Spans(Windows()), links={}, limits=[])
    for value in (3, 5, 4):
        batch.note(7, "burst", value)
    batch.note(7, "tabs", 1)
    assert batch.notes == {7: {"burst": 5, "tabs": 1}}


def test_nothing_is_near_what_is_farther_than_the_window():
    assert max_distinct_in_window([0, 10, 20], "abc", 9) == max_distinct_in_window([0, 0, 0], "abc", -1) == [1, 1, 1]
    assert max_distinct_in_window([0, 10, 20], "abc", 10) == [2, 2, 2]
    assert max_distinct_in_window([0, 10, 20, 90], "aba ", 20) == [2, 2, 2, 1]
    assert max_distinct_in_window([5.0], "a", 0) == [1]
    assert times_near(5, [1, 8], 3)
    assert times_near(5, [2], 3)
    assert not times_near(5, [1, 8.1], 3)
    assert not times_near(5, [], 3)


# What does not count


def burst_of(agent, nets="abc"):
    return [hit(n / 4, n, net=net, agent=agent) for n, net in enumerate(nets)]


def opens_of_many(**values):
    return [opened(n / 16, mail=f"m{n}", who=f"u{n}", net="x", **values) for n in range(12)]


RENTED = {"network": HOSTING}
HONEYPOT = {"hints": frozenset({Hint.HONEYPOT})}


@pytest.mark.parametrize(
    ("events", "seen"),
    [
        pytest.param([opened(0, net="r", facts=RENTED), hit(30, net="r", agent="x", facts=RENTED)], "", id="a browser"),
        pytest.param(
            [
                opened(0, net="", facts=RENTED | {"agent": AgentKind.MAIL_CLIENT}),
                hit(30, net="", agent="x", facts=RENTED),
            ],
            "",
            id="a mail client of which no address is known",
        ),
        pytest.param(crowd((0, 15, 30), nets=("a", "b", "")), "", id="a third network that is not known"),
        pytest.param([*burst_of("x"), hit(20, 9, net="d", agent="x")], "near=1", id="the agent of a scattered burst"),
        pytest.param([*burst_of("x"), hit(20, 9, net="a", agent="y")], "", id="a network of a scattered burst"),
        pytest.param(burst_of("x", ["a", "", "b"]), "", id="a scattered burst of which one address is not known"),
        pytest.param(
            [hit(0, net="scan", agent="old", facts={"agent": AgentKind.SCANNER}), hit(20, 2, agent="old")],
            "",
            id="the agent of a machine that is known by its network",
        ),
        pytest.param(
            [hit(0, 9, net="scan", agent="o", facts=HONEYPOT), hit(20, 2, agent="o")], "near=1", id="of a honeypot"
        ),
        pytest.param(
            [hit(0, 9, net="scan", agent="", facts=HONEYPOT), hit(20, 2, agent="")], "", id="no agent, of a honeypot"
        ),
        pytest.param([hit(0, agent=""), opened(9, agent="")], "", id="a pixel after a click, both of no known agent"),
        pytest.param(
            [*clicks(*(100.0 * n for n in range(7)), links=8), hit(700, kind=Kind.LEAVE_PAGE, links=8)],
            "",
            id="the page of leaving is no link of the mail's",
        ),
        pytest.param(opens_of_many(), "recipients=12", id="one network's opens for many"),
        pytest.param(opens_of_many(facts={"agent": AgentKind.IMAGE_PROXY}), "", id="a proxy's opens for many"),
        pytest.param([one.changed(kind=Kind.UNSUBSCRIBE) for one in opens_of_many()], "", id="many that leave"),
    ],
)
def test_what_is_noted_of_the_last_of_some_events(events, seen):
    assert counted(*events)[-1] == seen


def test_a_burst_that_comes_again_is_one_again():
    """Followed before were its links in a burst, and not one by one."""
    assert counted(*[hit(at + n / 8, n + 1) for at in (0, 60) for n in range(4)]) == ["burst=4"] * 8


def test_links_without_a_number_are_told_apart_by_where_they_lead():
    urls = [f"https://x.example/{n}" for n in range(3)]
    assert counted(*[hit(n / 4, None, url=url) for n, url in enumerate(urls)]) == ["burst=3"] * 3
    assert counted(*[hit(n / 4, None, url=urls[0]) for n in range(3)]) == [""] * 3


def test_a_rule_of_the_hosts_sees_no_event_of_nobody_beside_one_of_somebody():
    @rule(family="host", weight=0.1, source="a test, 2026")
    def around(event, context):
        return f"{len(context.message)} {len(context.network)}"

    judge = Classifier([around])
    events = [hit(0), hit(9, 2), hit(18, 3, who="u2", mail="m2"), hit(27, 4, who=None, mail=""), hit(36, 5, who=None)]
    found = [verdict.signals[0].detail for verdict in judge.classify_all(events)]
    assert found == ["2 3", "2 3", "1 3", "0 0", "0 0"], "itself among them"


def test_hits_of_a_mail_without_a_name_are_no_burst_of_it():
    assert counted(*clicks(0, 0.1, 0.2, mail="")) == [""] * 3


def test_a_verdict_names_the_data_it_rests_on_or_a_dash_for_none():
    versions = [JUDGE.classify(hit(0, facts={"rules": a, "networks": n})).version for a, n in (("", ""), ("7", "n8"))]
    assert versions == [f"rules {JUDGE.version}; agents -; networks -", f"rules {JUDGE.version}; agents 7; networks n8"]
