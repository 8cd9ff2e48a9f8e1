"""Which rule sees what, and in which words: one table for agents, hints, networks and times, one for what is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailbeacon.judging import DEFAULT_RULES, Classifier
from mailbeacon.model import Actor, AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULES = {one.name: one for one in DEFAULT_RULES}
JUDGE = Classifier()
GOOGLE, NOBODY = Network(operator="Google", kind=NetworkKind.MAIL), Network()
RENTED = Network(operator="Hetzner", kind=NetworkKind.HOSTING)


def hit(kind=Kind.CLICK, *, sent_at=None, hints=(), **facts):
    facts = {"agent": AgentKind.BROWSER, "rules": "r"} | facts
    return Event(id="e", kind=kind, received_at=NINE, sent_at=sent_at, facts=Facts(hints=frozenset(hints), **facts))


def told(*events):
    """Return what was seen of the first of some events, in words, by the rule's name."""
    return {one.name: one.detail for one in JUDGE.classify_all(events)[0].signals}


def seen(*events):
    return " ".join(told(*events))


# What the request says


@pytest.mark.parametrize(
    ("agent", "client", "of_open", "of_click"),
    [
        (AgentKind.PRIVACY_PROXY, "", "agent-privacy-proxy", "proxy-follows"),
        (AgentKind.IMAGE_PROXY, "", "agent-image-proxy", "proxy-follows"),
        (AgentKind.PREFETCH, "", "agent-prefetch", "agent-prefetch"),
        (AgentKind.MAIL_CLIENT, "Thunderbird", "agent-mail-client", ""),
        (AgentKind.BROWSER, "Firefox", "", ""),
        (AgentKind.SCANNER, "x", "agent-scanner", "agent-scanner"),
        (AgentKind.PREVIEW, "x", "agent-preview", "agent-preview"),
        (AgentKind.CRAWLER, "", "agent-crawler-generic", "agent-crawler-generic"),
        (AgentKind.CRAWLER, "x", "agent-crawler", "agent-crawler"),
        (AgentKind.SCRIPT, "", "agent-script-generic", "agent-script-generic"),
        (AgentKind.SCRIPT, "x", "agent-script", "agent-script"),
        (AgentKind.UNKNOWN, "", "", "agent-unknown"),
    ],
)
def test_each_kind_of_agent_is_seen_by_its_own_rule_alone(agent, client, of_open, of_click):
    assert (seen(hit(Kind.OPEN, agent=agent, client=client)), seen(hit(agent=agent, client=client))) == (
        of_open,
        of_click,
    )


@pytest.mark.parametrize(
    ("hints", "rules", "name"),
    [
        pytest.param((), "r", "agent-unknown", id="an agent nobody knows, whose fields are known"),
        pytest.param((), "", "nothing-known", id="no agent was looked up"),
        pytest.param((Hint.HEADERS_UNKNOWN,), "r", "nothing-known", id="no field is known"),
        pytest.param((Hint.HEADERS_UNKNOWN, Hint.NO_USER_AGENT), "r", "nothing-known", id="no field and no agent"),
        pytest.param((Hint.NO_USER_AGENT,), "r", "no-user-agent", id="no agent, and fields are known"),
        pytest.param((Hint.HEADERS_UNKNOWN, Hint.RANGE), "r", "range", id="one field is known"),
    ],
)
def test_of_an_agent_that_says_nothing_it_counts_what_else_is_known(hints, rules, name):
    assert name in told(hit(agent=AgentKind.UNKNOWN, hints=hints, rules=rules))
    others = {"agent-unknown", "nothing-known", "no-user-agent", "range"} - {name}
    assert len(others & {*told(hit(agent=AgentKind.UNKNOWN, hints=hints, rules=rules))}) <= (name == "no-user-agent")


@pytest.mark.parametrize("hint", [Hint.CONTRADICTION, Hint.OUTDATED])
def test_a_scanners_agent_that_is_worn_out_is_a_sandboxs(hint):
    names = {signal.name for signal in _all(hit(agent=AgentKind.SCANNER, hints=[hint]))}
    assert names == {"agent-sandbox", hint.value}
    assert {signal.name for signal in _all(hit(agent=AgentKind.SCANNER))} == {"agent-scanner"}


@pytest.mark.parametrize("hint", [hint for hint in Hint if hint.value in RULES and hint is not Hint.SIGNED_AGENT])
def test_a_hint_is_seen_by_the_rule_of_its_name_which_says_what_it_looks_for(hint):
    one = RULES[hint.value]
    for kind in (Kind.OPEN, Kind.CLICK, Kind.LEAVE_PAGE):
        for others in ([], [Hint.SEC_FETCH]):
            words = [signal.detail for signal in _all(hit(kind, hints=[hint, *others])) if signal.name == hint.value]
            assert words == ([_looked_for(one)] if kind in one.kinds else [])
    assert hint.value not in told(hit())


def _all(event):
    """Return the signals of one event with each rule a family of its own, so that none stands in another's way."""
    alone = [one for one in DEFAULT_RULES if one.actor is not Actor.UNKNOWN]
    found = []
    for one in alone:
        found += Classifier([one]).classify(event).signals
    return found


def _looked_for(one):
    words = one.about.removeprefix("See that ").removesuffix(".")
    assert one.about == f"See that {words}."
    return words.partition(" (where")[0]


@pytest.mark.parametrize(
    ("kind", "name"), [(Kind.OPEN, "provider-machine-open"), (Kind.CLICK, "provider-machine-click")]
)
def test_a_providers_word_is_of_opens_or_of_clicks(kind, name):
    assert [one for one in told(hit(kind, hints=[Hint.PROVIDER_MACHINE])) if one.startswith("provider")] == [name]


# Where it came from, and when


@pytest.mark.parametrize(
    ("kind", "network", "facts", "said"),
    [
        (Kind.CLICK, RENTED, {}, {"hosting-click": "it came from rented servers (Hetzner)"}),
        (Kind.CLICK, Network(kind=NetworkKind.HOSTING), {}, {"hosting-click": "it came from rented servers"}),
        (Kind.OPEN, RENTED, {}, {"hosting-open": "it came from rented servers (Hetzner)"}),
        (Kind.OPEN, Network(operator="Microsoft Azure", kind=NetworkKind.HOSTING), {}, {}),
        (
            Kind.CLICK,
            RENTED,
            {"hints": [Hint.SEC_FETCH_USER]},
            {"hosting-gesture": "it came from rented servers (Hetzner), where browsers that people use are rare"},
        ),
        (
            Kind.CLICK,
            GOOGLE,
            {},
            {
                "mail-network-click": "a mail provider's own machines (Google) followed the link, where a person's browser would"
            },
        ),
        (
            Kind.OPEN,
            Network(operator="Fastmail", kind=NetworkKind.MAIL),
            {},
            {
                "mail-network-open": "a mail provider's own machines (Fastmail) loaded it, as they do when a person opens a mail"
            },
        ),
        (Kind.OPEN, GOOGLE, {"agent": AgentKind.MAIL_CLIENT}, {}),
        (
            Kind.OPEN,
            GOOGLE,
            {},
            {
                "nameless-open": "it came from a mail provider's network (Google) without the name its image proxy always gives"
            },
        ),
        (
            Kind.OPEN,
            Network(operator="Proofpoint", kind=NetworkKind.SECURITY),
            {},
            {"security-network": "it came from a security vendor's network (Proofpoint)"},
        ),
        (
            Kind.CLICK,
            Network(kind=NetworkKind.RELAY),
            {},
            {"people-network": "it came through a relay or an office's proxy, which carry people"},
        ),
        (
            Kind.OPEN,
            RENTED,
            {"agent": AgentKind.MAIL_CLIENT},
            {"hosting-mail-client": "it came from rented servers (Hetzner), where mail clients are rare"},
        ),
        (Kind.CLICK, NOBODY, {}, {}),
    ],
)
def test_where_a_request_came_from_is_said_with_the_operators_name(kind, network, facts, said):
    about_networks = {one.name for one in DEFAULT_RULES if one.family == "network"} | {"nameless-open"}
    found = told(hit(kind, network=network, **facts))
    assert {name: words for name, words in found.items() if name in about_networks} == said


def test_where_networks_were_asked_an_ordinary_one_speaks_for_a_person():
    cloud = Network(operator="Microsoft Azure", kind=NetworkKind.HOSTING)
    ordinary = "it came from no network that is known for its machines"
    assert told(hit(networks="n")) == {"ordinary-network": ordinary}
    assert told(hit()) == {}
    loads = told(hit(Kind.OPEN, networks="n", network=cloud))
    assert loads == {"ordinary-network": "it came from a network whose machines load images for people"}
    assert "ordinary-network" not in told(hit(networks="n", network=cloud))
    assert "ordinary-network" not in told(hit(Kind.OPEN, networks="n", network=RENTED))
    assert "ordinary-network" not in told(hit(agent=AgentKind.SCRIPT, networks="n"))


@pytest.mark.parametrize(
    ("seconds", "networks", "said"),
    [
        (29, "", False),
        (45, "", True),
        (299, "", True),
        (300, "", False),
        (60, "n", False),
    ],
)
def test_where_no_networks_were_asked_a_lone_click_within_minutes_is_less_surely_a_persons(seconds, networks, said):
    made = hit(sent_at=NINE - timedelta(seconds=seconds, microseconds=1), networks=networks)
    assert ("unasked-network" in told(made)) is said
    assert JUDGE.classify(made).is_human is True
    if said:
        assert told(made)["unasked-network"] == (
            "it came within minutes of the sending, alone, and no network data was asked"
        )


LOOK = hit(Kind.OPEN, agent=AgentKind.MAIL_CLIENT, network_id="a").changed(
    id="o", received_at=NINE - timedelta(seconds=20), recipient="u", message_id="m"
)


@pytest.mark.parametrize(
    ("seconds", "facts", "events", "said"),
    [
        pytest.param(29.9, {}, (), False, id="before most come"),
        pytest.param(30, {}, (), True, id="half a minute"),
        pytest.param(44.9, {}, (), True, id="three quarters"),
        pytest.param(45, {}, (), False, id="after half of them"),
        pytest.param(35, {"networks": "n"}, (), False, id="network data was asked"),
        pytest.param(35, {}, (LOOK,), False, id="a mail program had opened it"),
    ],
)
def test_without_network_data_a_lone_click_when_most_scanners_come_is_unknown(seconds, facts, events, said):
    sent_at = NINE - timedelta(seconds=seconds, microseconds=1)
    one = hit(sent_at=sent_at, **facts).changed(recipient="u", message_id="m")
    assert ("busy-moment" in told(one, *events)) is said
    verdict = JUDGE.classify_all([one, *events])[0]
    assert (verdict.is_human, verdict.leans) == ((None, "machine") if said else (True, ""))
    if said:
        assert told(one)["busy-moment"] == (
            "it came when most scanners come, 30 seconds to 45 seconds after the sending, and no mail program had opened the mail"
        )


@pytest.mark.parametrize(
    "network", [NOBODY, Network(kind=NetworkKind.RELAY), Network(kind=NetworkKind.CORPORATE_PROXY)]
)
def test_a_click_on_a_mail_that_was_just_opened_is_more_surely_a_persons(network):
    one = hit(network=network).changed(recipient="u", message_id="m")
    assert told(one, LOOK)["opened-before"] == "a mail program had opened the mail within 5 minutes before"
    assert JUDGE.classify_all([one, LOOK])[0].confidence > JUDGE.classify(one).confidence


@pytest.mark.parametrize("network", [RENTED, GOOGLE, Network(kind=NetworkKind.SECURITY)])
def test_a_servers_click_is_nobodys_who_opened_the_mail_elsewhere(network):
    """Some gateways look at a link when its reader follows it."""
    one = hit(network=network).changed(recipient="u", message_id="m")
    assert "opened-before" not in told(one, LOOK)


@pytest.mark.parametrize(("networks", "said"), [("", True), ("n", False)])
def test_without_network_data_a_pixel_soon_after_a_machines_click_may_be_its(networks, said):
    named = {"recipient": "u", "message_id": "m"}
    pixel = hit(Kind.OPEN, networks=networks, network_id="b").changed(**named)
    visit = hit(hints=[Hint.HEAD], network_id="a").changed(id="v", received_at=NINE - timedelta(seconds=9), **named)
    assert ("unasked-pixel" in told(pixel, visit)) is said
    assert JUDGE.classify_all([pixel, visit])[0].is_human is (None if said else True)
    assert JUDGE.classify(pixel).is_human is True


def test_tabs_are_no_lone_click_and_an_open_none_at_all():
    """Whoever opens three tabs within minutes in a log without network data stays a person."""
    assert "unasked-network" not in told(*clicks(0, 0.9, 1.8, sent_at=NINE - timedelta(minutes=2)))
    assert "unasked-network" not in told(hit(Kind.OPEN, sent_at=NINE - timedelta(minutes=2)))


def test_two_fields_that_are_gone_say_more_than_one():
    bare = (Hint.NO_SEC_FETCH, Hint.NO_ACCEPT_LANGUAGE)
    assert seen(hit(hints=bare)) == "bare-headers"
    assert [seen(hit(hints=[one])) for one in bare] == ["no-sec-fetch", "no-accept-language"]
    assert seen(hit(Kind.OPEN, hints=bare)) == ""


@pytest.mark.parametrize("operator", ["Google", "Yahoo", "google llc"])
def test_an_image_proxy_is_believed_from_its_providers_network_alone(operator):
    own = Network(operator=operator, kind=NetworkKind.HOSTING)
    assert "image-proxy" in told(hit(Kind.OPEN, agent=AgentKind.IMAGE_PROXY, network=own))
    assert "image-proxy" not in told(hit(Kind.OPEN, agent=AgentKind.IMAGE_PROXY, network=RENTED))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "lag-instant: it came within an instant of the {}"),
        (1, "lag-instant: it came within an instant of the {}"),
        (3, "lag-soon: it came within seconds of the {}"),
        (5, "lag-quick: it came soon after the {}, when whoever waits for a mail comes and hardly a scanner yet"),
        (20, "lag-early: it came soon after the {}"),
        (30, {}),
        (299, {}),
        (300, "lag-later: it came some minutes after the {}"),
        (599, "lag-later: it came some minutes after the {}"),
    ],
)
def test_how_long_after_the_delivery_or_the_sending_is_said_so(seconds, said):
    moment = NINE - timedelta(seconds=seconds)
    words = dict([said.split(": ")]) if said else {}
    assert lags(hit(sent_at=moment)) == {name: text.format("sending") for name, text in words.items()}
    assert lags(*delivered(moment)) == {name: text.format("delivery") for name, text in words.items()}


def lags(*events):
    return {name: text for name, text in told(*events).items() if name.startswith("lag")}


def delivered(moment, received_at=NINE):
    """Return a click on a mail that was sent four minutes before nine, and the mail's delivery."""
    named = {"recipient": "u", "message_id": "m"}
    return (
        hit(sent_at=NINE - timedelta(minutes=4)).changed(received_at=received_at, **named),
        Event(id="d", kind=Kind.DELIVERED, received_at=moment, **named),
    )


@pytest.mark.parametrize(
    ("seconds", "of_sending", "of_delivery"),
    [
        pytest.param(-601, "lag-instant", "", id="a delivery farther off says nothing"),
        pytest.param(-600, "lag-instant", "lag-before", id="ten minutes before"),
        pytest.param(-301, "lag-instant", "lag-before", id="before, and no clock is as wrong"),
        pytest.param(-300, "", "lag-before", id="before a sending, by clocks that differ"),
        pytest.param(-3, "", "lag-before", id="before the delivery"),
        pytest.param(-2, "", "lag-instant", id="before a delivery, by clocks that differ"),
        pytest.param(0, "lag-instant", "lag-instant", id="at once"),
        pytest.param(2, "lag-instant", "lag-instant", id="two seconds"),
        pytest.param(3, "lag-soon", "lag-soon", id="three seconds"),
        pytest.param(4, "lag-soon", "lag-soon", id="four seconds"),
        pytest.param(5, "lag-quick", "lag-quick", id="five seconds"),
        pytest.param(19, "lag-quick", "lag-quick", id="under twenty seconds"),
        pytest.param(20, "lag-early", "lag-early", id="twenty seconds"),
        pytest.param(29, "lag-early", "lag-early", id="under half a minute"),
        pytest.param(30, "", "", id="half a minute"),
        pytest.param(299, "", "", id="under five minutes"),
        pytest.param(300, "lag-later", "lag-later", id="five minutes"),
        pytest.param(600, "lag-late", "lag-late", id="ten minutes"),
        pytest.param(601, "lag-late", "", id="a delivery longer ago says nothing"),
    ],
)
def test_each_span_after_delivery_or_sending_begins_at_its_border(seconds, of_sending, of_delivery):
    moment = NINE + timedelta(microseconds=500)
    start = moment - timedelta(seconds=seconds)
    assert list(lags(hit(sent_at=start).changed(received_at=moment))) == ([of_sending] if of_sending else [])
    assert list(lags(*delivered(start, moment))) == ([of_delivery] if of_delivery else [])


@pytest.mark.parametrize(("seconds", "name"), [(1, "lag-instant"), (2, "lag-soon"), (3, "lag-soon"), (4, "lag-quick")])
def test_a_time_in_whole_seconds_may_be_a_second_later_than_it_says(seconds, name):
    start = NINE - timedelta(seconds=seconds)
    assert list(lags(hit(sent_at=start))) == list(lags(*delivered(start))) == [name]


def test_minutes_after_the_sending_a_click_from_rented_servers_is_no_reader_s_for_its_moment():
    start = NINE - timedelta(minutes=7)
    assert list(lags(hit(sent_at=start))) == ["lag-later"]
    assert not lags(hit(sent_at=start, network=RENTED))
    assert list(lags(hit(sent_at=NINE - timedelta(minutes=10), network=RENTED))) == ["lag-late"]


@pytest.mark.parametrize(("seconds", "least"), [(1.5, 0.9), (7.5, 0.9)])
def test_at_once_it_is_a_machine_and_some_seconds_later_whoever_waited_for_the_mail(seconds, least):
    one = hit(sent_at=NINE - timedelta(seconds=seconds)).changed(received_at=NINE + timedelta(microseconds=1))
    verdict = JUDGE.classify(one)
    assert verdict.is_human is (seconds > 5)
    assert verdict.confidence >= least


# What was counted


def clicks(*times, **values):
    named = {"recipient": "u", "message_id": "m", "campaign": "spring"}
    return [
        hit(network_id="n", agent_id="a").changed(
            id=str(at), link=number, received_at=NINE + timedelta(seconds=at, microseconds=1), **named, **values
        )
        for number, at in enumerate(times, 1)
    ]


@pytest.mark.parametrize(
    ("times", "links", "said"),
    [
        ((0, 0.3, 0.6), None, "burst: the same client followed 3 links of the mail faster than a hand can"),
        ((0, 0.4, 0.8, 1.2), None, "tabs: the same client followed 4 links of the mail within 2 seconds"),
        ((0, 0.1), None, "same-moment: the same client followed another link at the same moment"),
        ((0, 0.9), None, "same-second: the same client followed another link within a second"),
        (range(0, 80, 10), 8, "coverage: the same client followed 8 of the mail's 8 links within 15 minutes"),
        (
            range(0, 120, 10),
            None,
            "coverage: the same client followed 12 different links of the mail within 15 minutes",
        ),
    ],
)
def test_what_was_counted_is_said_with_its_numbers(times, links, said):
    assert said.split(": ") in [[*pair] for pair in told(*clicks(*times, links=links)).items()]
