"""What a list's own events say of it: priors, and rented addresses that carry people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbeacon import fake
from mailbeacon.errors import ConfigError
from mailbeacon.judging import DEFAULT_PRIORS, Classifier, Fit, classify_all, estimate_priors
from mailbeacon.model import AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind
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


def crowd(people: int, machines: int, **more: str) -> list[Event]:
    readers = [click(n, 700.5 + 97 * n, network=Network(), **more) for n in range(people)]
    scanners = [click(10_000 + n, 40.5 + 0.7 * n, **more) for n in range(machines)]
    return [*readers, *scanners]


def prior(people: int, machines: int, **more: str) -> float:
    return estimate_priors(crowd(people, machines, **more))[Kind.CLICK]


def test_the_more_lone_machines_are_found_the_likelier_one_shows_nothing() -> None:
    few, some, many = prior(400, 0), prior(400, 20), prior(400, 200)
    assert few < some < many
    assert all(abs(one - DEFAULT_PRIORS[Kind.CLICK]) <= 0.7 for one in (few, some, many))


def test_of_too_few_events_and_without_network_data_nothing_is_learned() -> None:
    assert prior(199, 20) == DEFAULT_PRIORS[Kind.CLICK] != prior(200, 20)
    assert prior(400, 20, networks="") == DEFAULT_PRIORS[Kind.CLICK]


def test_the_priors_are_those_with_which_the_quiet_ones_add_up_to_the_machines_that_are_missed() -> None:
    events = crowd(400, 20)
    judge = Classifier(priors=estimate_priors(events))
    quiet = [1 - one.confidence for one in judge.classify_all(events) if one.is_human]
    assert sum(quiet) == pytest.approx((20 + 1) * 0.1 / 0.9, rel=0.05)


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


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(OFFICE[:2], id="two recipients"),
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
