"""What a list's own events say of it: priors, and rented addresses that carry people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailbeacon import fake
from mailbeacon.errors import ConfigError
from mailbeacon.judging import (
    DEFAULT_PRIORS,
    DEFAULT_RULES,
    RULES_VERSION,
    Classifier,
    DeliveryLag,
    Fit,
    Windows,
    classify_all,
    estimate_priors,
)
from mailbeacon.model import Actor, AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind, Signal, Verdict
from tests.bench.traffic import SENT, scene

HOSTING = Network(operator="Amazon", kind=NetworkKind.HOSTING)
FULL = frozenset({Hint.SEC_FETCH, Hint.SEC_FETCH_USER})


def click(
    number: int,
    after: float,
    *,
    client: str = "",
    network: Network = HOSTING,
    hints: frozenset[Hint] = FULL,
    networks: str = "n",
) -> Event:
    facts = Facts(
        agent=AgentKind.BROWSER,
        network=network,
        network_id=client or f"home{number}",
        agent_id=f"a{number}",
        hints=hints,
        rules="r",
        networks=networks,
    )
    return Event(
        id=f"e{number}-{after}",
        kind=Kind.CLICK,
        received_at=SENT + timedelta(seconds=after),
        recipient=f"u{number}",
        campaign="spring",
        message_id=f"m{number}",
        sent_at=SENT,
        link=1,
        facts=facts,
    )


def crowd(people: int, machines: int, **more: Any) -> list[Event]:
    readers = [click(n, 700.5 + 97 * n, network=Network(), **more) for n in range(people)]
    scanners = [click(10_000 + n, 40.5 + 0.7 * n, **more) for n in range(machines)]
    return [*readers, *scanners]


def prior(people: int, machines: int, **more: Any) -> float:
    return estimate_priors(crowd(people, machines, **more))[Kind.CLICK]


def test_the_more_lone_machines_are_found_the_likelier_one_shows_nothing() -> None:
    few, some, many = prior(400, 0), prior(400, 20), prior(400, 200)
    assert few < some < many
    assert all(abs(one - DEFAULT_PRIORS[Kind.CLICK]) <= 0.7 for one in (few, some, many))


def test_of_too_few_events_and_without_network_data_nothing_is_learned() -> None:
    assert prior(199, 20) == DEFAULT_PRIORS[Kind.CLICK] != prior(200, 20)
    assert prior(400, 20, networks="") == DEFAULT_PRIORS[Kind.CLICK]


HIDDEN = frozenset({Hint.HEADERS_UNKNOWN})


@pytest.mark.parametrize(
    ("events", "begun", "missed", "machines"),
    [
        pytest.param(crowd(400, 20), -1.2, 0.1, (20 + 1) * 0.1 / 0.9, id="all headers seen"),
        pytest.param(crowd(400, 12, hints=HIDDEN), -1.2, 0.1, 12 * 0.3 / 0.7 + 0.1 / 0.9, id="three times as many"),
        pytest.param(crowd(400, 20), -1.2, 0.05, (20 + 1) * 0.05 / 0.95, id="another share"),
        pytest.param(crowd(200, 0), -3.0, 0.1, 0.1 / 0.9, id="none was found"),
    ],
)
def test_the_priors_are_those_with_which_the_quiet_ones_add_up_to_the_machines_that_are_missed(
    events: list[Event], begun: float, missed: float, machines: float
) -> None:
    priors = estimate_priors(events, Classifier(priors={Kind.CLICK: begun}), missed=missed)
    assert 0 < abs(priors[Kind.CLICK] - begun) < 0.7
    assert priors[Kind.CLICK] == round(priors[Kind.CLICK], 3)
    quiet = [1 - one.confidence for one in Classifier(priors=priors).classify_all(events) if one.is_human]
    assert sum(quiet) == pytest.approx(machines, rel=0.1)


@pytest.mark.parametrize(("missed", "away"), [(0, -0.7), (0.3, 0.7)])
def test_a_list_may_miss_none_or_three_in_ten_of_its_machines(missed: float, away: float) -> None:
    found = estimate_priors(crowd(400, 200), missed=missed)[Kind.CLICK]
    assert found == pytest.approx(DEFAULT_PRIORS[Kind.CLICK] + away)


def signal(weight: float, family: str, name: str = "x") -> Signal:
    return Signal(name=name, weight=weight, detail="", family=family)


@pytest.mark.parametrize(
    ("signals", "counts"),
    [
        pytest.param([signal(-1.0, "headers")], True, id="for a person"),
        pytest.param([signal(0.0, "headers")], True, id="for nobody"),
        pytest.param([signal(0.5, "headers")], False, id="a little for a machine"),
        pytest.param([signal(0.5, "time")], True, id="a moment"),
        pytest.param([signal(0.5, "time"), signal(0.5, "agent")], False, id="a moment, and more"),
    ],
)
def test_quiet_is_an_event_of_which_nothing_but_its_moment_speaks_for_a_machine(
    signals: list[Signal], counts: bool
) -> None:
    verdict = Verdict(actor=Actor.HUMAN, signals=tuple(signals), version=f"rules {RULES_VERSION}; agents r")
    learned = Fit().take((one, verdict) for one in crowd(200, 0)).priors()
    assert (learned != dict(DEFAULT_PRIORS)) is counts


def opens(number: int) -> list[Event]:
    """Make readers' opens: one in twenty within five minutes."""
    looks = []
    for n in range(number):
        one = click(50_000 + n, 200.5 if n % 20 == 0 else 5000.5 + 61 * n)
        facts = one.facts.changed(agent=AgentKind.IMAGE_PROXY, networks="", network=Network())
        looks.append(one.changed(kind=Kind.OPEN, link=None, facts=facts))
    return looks


def bursts(number: int, after: float = 40.5) -> list[Event]:
    return [
        click(70_000 + n, after + 0.1 * link, client=f"scan{n}", network=Network(), networks="").changed(link=link)
        for n in range(number)
        for link in range(1, 5)
    ]


def quiet(number: int, after: float, start: int = 0) -> list[Event]:
    return [click(start + n, after, network=Network(), networks="") for n in range(number)]


def moments(*events: list[Event]) -> dict[DeliveryLag, float]:
    given = [event for some in events for event in some]
    return Fit().take(zip(given, classify_all(given), strict=True)).moments()


LATE, SOON = quiet(300, 9000.5), quiet(40, 100.5, 1000)


def test_without_network_data_moments_tell_how_many_lone_clicks_are_machines() -> None:
    """Where bursts come within minutes, so do the lone machines: more than readers who look then can explain."""
    found = moments(LATE, SOON, opens(400), bursts(30, 100.5))
    assert found[DeliveryLag.MINUTES] > 1
    readers_own = moments(LATE, quiet(15, 100.5, 1000), opens(400), bursts(30, 40.5))
    assert readers_own[DeliveryLag.MINUTES] == 0 < found[DeliveryLag.MINUTES], "as many as readers look then"
    assert DeliveryLag.LATE not in found


def test_readers_who_are_slow_to_follow_links_explain_fewer_quick_clicks() -> None:
    """Where opens come five to ten minutes after the sending and quiet clicks do not, readers come later than opens say."""
    looks = [*opens(400), *[one.changed(received_at=SENT + timedelta(seconds=400.5)) for one in opens(400)[::20]]]
    as_opens = moments(LATE, quiet(20, 100.5, 1000), quiet(20, 400.5, 2000), looks, bursts(30))
    slow = moments(LATE, quiet(20, 100.5, 1000), looks, bursts(30, 100.5))
    quick = moments(LATE, quiet(20, 100.5, 1000), quiet(20, 400.5, 2000), looks, bursts(30, 100.5))
    assert as_opens[DeliveryLag.MINUTES] == 0 <= quick[DeliveryLag.MINUTES] < slow[DeliveryLag.MINUTES]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((quiet(150, 9000.5), SOON, opens(400), bursts(30)), id="quiet clicks"),
        pytest.param((LATE, SOON, opens(199), bursts(30)), id="opens by mail programs"),
        pytest.param((LATE, SOON, opens(400), bursts(19)), id="mails that a machine visited"),
    ],
)
def test_of_too_few_nothing_is_learned_of_moments(events: tuple[list[Event], ...]) -> None:
    assert moments(*events) == {}


def test_a_lone_click_when_a_lists_machines_come_is_unknown_and_with_its_mail_opened_a_persons() -> None:
    events = [*LATE, *SOON, *opens(400), *bursts(30, 100.5)]
    verdicts = classify_all(events, fit=True)
    assert {verdict.is_human for verdict in verdicts[:300]} == {True}
    assert {(verdict.is_human, verdict.leans) for verdict in verdicts[300:340]} == {(None, "machine")}
    assert {verdict.is_human for verdict in verdicts[-120:]} == {False}
    judge = Fit().take(zip(events, classify_all(events), strict=True)).classifier()
    one = SOON[0]
    facts = one.facts.changed(agent=AgentKind.MAIL_CLIENT)
    look = one.changed(id="look", kind=Kind.OPEN, link=None, received_at=SENT + timedelta(seconds=60.5), facts=facts)
    assert judge.classify(one, [look]).is_human is True
    assert judge.classify(one).is_human is None
    assert "when this list's machines come" in judge.classify(one).signals[0].detail


def test_a_lists_own_moments_take_the_place_of_what_the_package_thinks_of_them() -> None:
    one = quiet(1, 40.5)[0]
    assert Classifier().classify(one).is_human is None
    own = Classifier(moments={DeliveryLag.MINUTES: 1.0})
    assert own.classify(one).is_human is True
    assert own.version != Classifier(moments={DeliveryLag.MINUTES: 2.0}).version != Classifier().version
    assert Classifier(moments={}).version == RULES_VERSION
    assert own.changed(priors=own.priors).version == own.version


def test_one_call_judges_a_list_by_its_own_figures() -> None:
    events = crowd(400, 200) + OFFICE
    fitted = Fit().take(zip(events, classify_all(events), strict=True)).classifier()
    assert fitted.priors == estimate_priors(events) != dict(DEFAULT_PRIORS)
    found = classify_all(iter(events), fit=True)
    assert found == fitted.classify_all(events) != classify_all(events)
    assert {verdict.is_human for verdict in found[-len(OFFICE) :]} == {True}
    assert classify_all(events[::-1], fit=True)[::-1] == found


def test_a_classifier_of_ones_own_keeps_what_it_has_when_it_is_fitted() -> None:
    judge = Classifier(DEFAULT_RULES[:-1], windows=Windows(burst=timedelta(seconds=3)), links={"a": 9}, people=["here"])
    fitted = Fit(judge).take(zip(OFFICE, judge.classify_all(OFFICE), strict=True)).classifier()
    assert (fitted.rules, fitted.windows) == (judge.rules, judge.windows)
    asked = Classifier(judge.rules, windows=judge.windows, links={"a": 9}, people=["here", "office"])
    assert fitted.version == asked.version


def test_opens_keep_their_prior() -> None:
    opens = [event.changed(kind=Kind.OPEN) for event in crowd(400, 200)]
    assert estimate_priors(opens) == dict(DEFAULT_PRIORS)


@pytest.mark.parametrize("missed", [-0.1, 0.31])
def test_a_share_that_cannot_be_is_refused(missed: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and"):
        Fit(missed=missed)


def test_in_which_order_events_are_taken_changes_nothing_and_other_rules_verdicts_are_left_out() -> None:
    pairs = list(zip(events := crowd(300, 30), classify_all(events), strict=True))
    assert Fit().take(pairs).priors() == Fit().take(pairs[::-1]).priors()
    other = Classifier(priors={Kind.CLICK: 3.0})
    assert Fit().take(zip(events, other.classify_all(events), strict=True)).priors() == dict(DEFAULT_PRIORS)


OFFICE = [click(number, 3600.5 + 1500 * number, client="office") for number in range(4)]


def fit(events: list[Event]) -> Fit:
    return Fit().take(zip(events, classify_all(events), strict=True))


def test_several_recipients_in_no_hurry_speak_for_a_rented_address() -> None:
    """Prisma Access, Windows 365 and other desktops and proxies in the cloud: unknown one by one, people together."""
    assert {verdict.is_human for verdict in classify_all(OFFICE)} == {None}
    people = fit(OFFICE).people()
    assert people == {"office"}
    judge = Classifier(people=people)
    assert {verdict.is_human for verdict in judge.classify_all(OFFICE)} == {True}
    assert judge.classify(OFFICE[0]).is_human is True
    assert judge.version != Classifier().version
    elsewhere = click(9, 9000.5, client="elsewhere")
    assert judge.classify(elsewhere).is_human is None


@pytest.mark.parametrize("kind", sorted(set(NetworkKind) - {NetworkKind.HOSTING}))
def test_that_an_address_carries_people_changes_nothing_where_it_is_not_rented(kind: NetworkKind) -> None:
    one = click(1, 40.5, client="office", network=Network(operator="x", kind=kind))
    plain, told = Classifier().classify(one), Classifier(people={"office"}).classify(one)
    assert (told.actor, told.confidence, told.signals) == (plain.actor, plain.confidence, plain.signals)


@pytest.mark.parametrize(
    "after", [(3600.5, 5400.5, 7200.5), (3600.5, 3660.5, 7200.5)], ids=["an hour in all", "two a minute apart"]
)
def test_three_recipients_within_an_hour_a_minute_apart_are_enough(after: tuple[float, ...]) -> None:
    assert fit([click(n, moment, client="office") for n, moment in enumerate(after)]).people() == {"office"}


@pytest.mark.parametrize(("weight", "people"), [(0.0, {"office"}), (-2.0, {"office"}), (0.5, set())])
def test_an_address_is_a_machine_s_where_more_than_its_network_speaks_for_one(weight: float, people: set[str]) -> None:
    signals = (signal(1.5, "network"), signal(-0.3, "time", "lag-late"), signal(weight, "headers"))
    verdict = Verdict(actor=Actor.UNKNOWN, signals=signals, version=f"rules {RULES_VERSION}; agents r")
    assert Fit().take((one, verdict) for one in OFFICE).people() == people


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(OFFICE[:2], id="two recipients"),
        pytest.param([*OFFICE[:2], OFFICE[2].changed(recipient=None)], id="a third that has no name"),
        pytest.param([click(n, 3600.5 + 1500 * n) for n in range(4)], id="an address each"),
        pytest.param([one.changed(facts=one.facts.changed(network_id="")) for one in OFFICE], id="no address"),
        pytest.param([one.changed(kind=Kind.OPEN) for one in OFFICE], id="opens alone"),
        pytest.param([click(n, 3600.5 + 1500 * n, client="office", network=Network()) for n in range(4)], id="at home"),
        pytest.param([click(1, 3600.5 + 1500 * n, client="office") for n in range(4)], id="one recipient"),
        pytest.param([click(n, 3600.5 + 400 * n, client="office") for n in range(4)], id="within an hour"),
        pytest.param([*OFFICE, click(9, 3620.5, client="office")], id="two within a minute"),
        pytest.param([*OFFICE, click(9, 60.5, client="office")], id="one soon after the sending"),
        pytest.param([*OFFICE, click(9, 9000.5, client="office", hints=frozenset({Hint.HEAD}))], id="a machine too"),
    ],
)
def test_who_may_be_a_machine_speaks_for_no_address(events: list[Event]) -> None:
    assert fit(events).people() == frozenset()


@pytest.mark.parametrize("audience", [fake.CONSUMER, fake.BUSINESS, fake.MISTAKEN], ids=lambda one: one.name)
def test_made_up_machines_make_no_address_people_s(audience: fake.Audience) -> None:
    told = scene(audience, 4000, 8)
    machines = {one.event.facts.network_id for one in told if one.machine}
    assert fit([one.event for one in told]).people().isdisjoint(machines)
