"""What verdicts say: rule by rule, and what they never say."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mailbeacon.errors import ConfigError, RuleError
from mailbeacon.judging import (
    DEFAULT_RULES,
    RULES_VERSION,
    Classifier,
    Context,
    Needs,
    Windows,
    classify,
    classify_all,
    explain,
    rule,
)
from mailbeacon.judging.weighing import chance, unread, weigh
from mailbeacon.model import Actor, AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind, Signal, Verdict
from mailbeacon.reporting.reasons import reason_text
from tests import making

SENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOWHERE = Network()
HOSTING = Network(operator="Amazon", kind=NetworkKind.HOSTING)
FULL = frozenset({Hint.SEC_FETCH, Hint.SEC_FETCH_USER})
UNSEEN = frozenset({Hint.HEADERS_UNKNOWN, Hint.NO_USER_AGENT})


def act(
    kind: Kind = Kind.CLICK,
    after: float = 7200,
    *,
    link: int | None = 1,
    message: str = "m1",
    recipient: str | None = "u1",
    agent: AgentKind = AgentKind.BROWSER,
    network: Network = NOWHERE,
    client: str = "home",
    agent_id: str = "chrome",
    hints: frozenset[Hint] = frozenset(),
    networks: str = "n8",
) -> Event:
    """Return what a recipient did some seconds after the mail was sent."""
    facts = Facts(
        agent=agent, network=network, network_id=client, agent_id=agent_id, hints=hints, rules="r7", networks=networks
    )
    return making.event(
        id=f"{kind}{after}{link}{message}{client}",
        kind=kind,
        received_at=SENT + timedelta(seconds=after),
        recipient=recipient,
        message_id=message,
        sent_at=SENT,
        link=link if kind is Kind.CLICK else None,
        facts=facts,
    )


def scan(count: int = 8, start: float = 43, **more: object) -> list[Event]:
    return [
        act(after=start + number / 10, link=number, client="scan", agent_id="old", **more)
        for number in range(1, count + 1)
    ]


def names(verdict: Verdict) -> list[str]:
    return [signal.name for signal in verdict.signals]


@pytest.mark.parametrize(
    ("one", "actor", "human"),
    [
        pytest.param(act(Kind.OPEN, agent=AgentKind.PRIVACY_PROXY), Actor.PRIVACY_PROXY, None, id="Apple's proxy"),
        pytest.param(act(Kind.OPEN, agent=AgentKind.IMAGE_PROXY), Actor.IMAGE_PROXY, True, id="Gmail's proxy"),
        pytest.param(act(Kind.OPEN, agent=AgentKind.PREFETCH), Actor.PREFETCH, False, id="Gmail's prefetch"),
        pytest.param(act(Kind.OPEN, agent=AgentKind.MAIL_CLIENT), Actor.HUMAN, True, id="native Apple Mail is not MPP"),
        pytest.param(act(agent=AgentKind.SCANNER), Actor.SCANNER, False, id="a declared scanner alone is a machine"),
        pytest.param(act(agent=AgentKind.SCRIPT, hints=FULL), Actor.SCRIPT, False, id="a script"),
        pytest.param(act(agent=AgentKind.PREVIEW), Actor.PREVIEW, False, id="a link preview"),
        pytest.param(act(agent=AgentKind.CRAWLER), Actor.CRAWLER, False, id="a crawler"),
        pytest.param(act(hints=FULL), Actor.HUMAN, True, id="a full browser on its own"),
        pytest.param(act(after=300), Actor.HUMAN, True, id="a browser's click without more"),
        pytest.param(act(hints=frozenset({Hint.HEADERS_UNKNOWN})), Actor.HUMAN, True, id="a click from an access log"),
        pytest.param(act(Kind.OPEN, agent=AgentKind.UNKNOWN, hints=UNSEEN), Actor.UNKNOWN, None, id="nothing known"),
        pytest.param(act(agent=AgentKind.UNKNOWN, hints=UNSEEN), Actor.UNKNOWN, None, id="a click, nothing known"),
        pytest.param(
            act(Kind.OPEN, agent=AgentKind.UNKNOWN, hints=frozenset({Hint.NO_USER_AGENT})),
            Actor.SCRIPT,
            False,
            id="no user agent where header fields are known",
        ),
        pytest.param(act(hints=FULL | {Hint.HONEYPOT}), Actor.SCANNER, False, id="a hidden link"),
        pytest.param(
            act(Kind.OPEN, agent=AgentKind.IMAGE_PROXY, hints=frozenset({Hint.HEAD})),
            Actor.SCANNER,
            False,
            id="HEAD is never a person",
        ),
        pytest.param(act(hints=FULL | {Hint.PREFETCH}), Actor.PREFETCH, False, id="a prefetch header"),
        pytest.param(
            act(Kind.OPEN, hints=frozenset({Hint.PROVIDER_PROXY})),
            Actor.PRIVACY_PROXY,
            None,
            id="the provider says privacy proxy",
        ),
        pytest.param(
            act(hints=frozenset({Hint.PROVIDER_MACHINE})), Actor.SCANNER, False, id="the provider says machine"
        ),
        pytest.param(act(agent=AgentKind.PRIVACY_PROXY), Actor.SCANNER, False, id="Apple's proxy follows no links"),
        pytest.param(
            act(network=Network(operator="Microsoft", kind=NetworkKind.MAIL)),
            Actor.SCANNER,
            False,
            id="Microsoft's machines on a click: detonation",
        ),
        pytest.param(
            act(Kind.OPEN, network=Network(operator="Microsoft", kind=NetworkKind.HOSTING)),
            Actor.HUMAN,
            True,
            id="Microsoft's machines on an open: Outlook.com",
        ),
        pytest.param(
            act(network=Network(operator="Apple", kind=NetworkKind.RELAY), hints=FULL),
            Actor.HUMAN,
            True,
            id="Safari through Apple's relay",
        ),
        pytest.param(
            act(Kind.UNSUBSCRIBE, agent=AgentKind.SCRIPT, network=HOSTING),
            Actor.HUMAN,
            True,
            id="a one-click unsubscribe comes from a provider's server",
        ),
        pytest.param(act(Kind.DELIVERED), Actor.UNKNOWN, None, id="a delivery is nobody's act"),
    ],
)
def test_one_event_alone(one: Event, actor: Actor, human: bool | None) -> None:
    """What one event says by its own facts, with nothing around it."""
    verdict = classify(one)
    assert (verdict.actor, verdict.is_human) == (actor, human), explain(verdict)


@pytest.mark.parametrize("kind", [Kind.UNSUBSCRIBE, Kind.WITHDRAW])
@pytest.mark.parametrize("agent", [AgentKind.SCRIPT, AgentKind.BROWSER, AgentKind.SCANNER])
def test_that_somebody_left_is_taken_from_the_post_alone_and_claims_nothing_of_a_browser(kind, agent) -> None:
    """A provider's server sends it for the person: neither its program nor its network says who pressed the button."""
    verdict = classify(act(kind, agent=agent, network=HOSTING, hints=FULL))
    assert (verdict.actor, verdict.signals) == (Actor.HUMAN, ())


@pytest.mark.parametrize(
    "hints", [frozenset(), FULL, frozenset({Hint.HEADERS_UNKNOWN}), frozenset({Hint.NO_SEC_FETCH})]
)
@pytest.mark.parametrize("after", [20, 7200])
def test_a_click_from_rented_servers_is_never_a_person_for_lack_of_evidence(hints: frozenset[Hint], after: int) -> None:
    assert classify(act(network=HOSTING, hints=hints, after=after)).is_human is not True


def test_fewer_headers_known_means_less_sure_of_a_person() -> None:
    full = classify(act(hints=FULL, after=200))
    log = classify(act(hints=frozenset({Hint.HEADERS_UNKNOWN}), after=200))
    assert 0.5 < log.confidence < full.confidence < 0.97


def test_a_burst_is_a_scanner_and_the_persons_own_click_stays_a_persons() -> None:
    own = act(after=900, link=3, client="home", hints=FULL)
    beside = act(after=43.5, link=4, client="elsewhere", agent_id="safari", hints=FULL)
    third = act(after=60, link=5, client="third", agent_id="firefox", hints=FULL)
    verdicts = classify_all([*scan(), own, beside, third])
    assert {verdict.actor for verdict in verdicts[:8]} == {Actor.SCANNER}
    assert "8 links" in verdicts[0].signals[0].detail
    assert [verdict.actor for verdict in verdicts[8:]] == [Actor.HUMAN] * 3


@pytest.mark.parametrize("beside", [-40, -12, 12, 25, 55])
def test_a_burst_does_not_swallow_a_person_with_the_same_user_agent(beside: float) -> None:
    """Everybody on one major version of a browser has the same: the burst is known by its network."""
    burst = [one.changed(facts=one.facts.changed(agent_id="chrome", hints=FULL)) for one in scan(network=HOSTING)]
    own = act(after=43 + beside, link=2, hints=FULL)
    *found, person = classify_all([*burst, own])
    assert {verdict.actor for verdict in found} == {Actor.SCANNER}
    assert person.actor is Actor.HUMAN, explain(person)


def test_nor_does_a_hidden_link_that_a_burst_followed_or_its_pixel() -> None:
    burst = [one.changed(facts=one.facts.changed(agent_id="chrome", hints=FULL)) for one in scan()]
    honeypot = act(after=43.95, link=99, client="scan", hints=FULL | {Hint.HONEYPOT})
    opened = act(Kind.OPEN, after=60)
    clicked = act(after=70, link=2, hints=FULL)
    verdicts = classify_all([*burst, honeypot, opened, clicked])
    assert [verdict.is_human for verdict in verdicts[-2:]] == [True, True]


def test_a_burst_scattered_over_rented_networks_is_one_agents_and_spares_the_person_elsewhere() -> None:
    burst = [act(after=43 + n / 10, link=n, client=f"n{n}", network=HOSTING, hints=FULL) for n in range(1, 9)]
    own = act(after=50, link=2, hints=FULL)
    *found, person = classify_all([*burst, own])
    assert {verdict.actor for verdict in found} == {Actor.SCANNER}
    assert person.is_human is True


def test_a_mailings_readers_are_told_apart_though_its_mails_share_a_name() -> None:
    """A host may give one ``Message.id`` to a whole mailing, or the same to two campaigns."""
    clicks = [
        act(after=900 + n / 10, link=n, recipient=f"u{n}", client=f"home{n}", message="same", hints=FULL)
        for n in range(1, 9)
    ]
    assert all(verdict.is_human for verdict in classify_all(clicks))
    assert [classify(clicks[0], clicks[1:])] == classify_all(clicks[:1])
    campaigns = [
        act(after=900 + 9 * n, link=n // 2, message="same", hints=FULL).changed(
            campaign="spring" if n % 2 else "autumn"
        )
        for n in range(16)
    ]
    judge = Classifier(links={"spring": 8})
    assert judge.classify_all(campaigns[::-1])[::-1] == judge.classify_all(campaigns)
    covering = ["coverage" in names(verdict) for verdict in judge.classify_all(campaigns)]
    assert covering == [False, True] * 8


def test_a_delivery_is_its_recipients() -> None:
    """Whatever campaign the provider calls it by."""
    delivered = act(Kind.DELIVERED, after=7260).changed(campaign="")
    assert "lag-before" in names(classify(act(), [delivered]))
    assert "lag-before" not in names(classify(act(), [delivered.changed(recipient="u2")]))


def test_a_leave_page_is_one_thing_whatever_number_its_link_has() -> None:
    leave = act(Kind.LEAVE_PAGE, after=7200.5).changed(link=1)
    assert "unsubscribe-pair" in names(classify(act(link=1), [leave]))


@pytest.mark.parametrize(
    ("after", "name"),
    [(-301, "lag-instant"), (-299, None), (-60, None), (-0.5, None), (0, "lag-instant"), (3, "lag-soon")],
)
def test_a_click_a_little_before_the_sending_shows_clocks_that_differ(after: float, name: str | None) -> None:
    said = [one for one in names(classify(act(after=after, hints=FULL))) if one.startswith("lag")]
    assert said == ([name] if name else [])
    assert classify(act(after=-60, hints=FULL)).is_human is True


def test_a_named_scanner_is_surer_than_what_only_looks_like_a_sandbox() -> None:
    named = classify(act(agent=AgentKind.SCANNER))
    worn = classify(act(agent=AgentKind.SCANNER, hints=frozenset({Hint.OUTDATED})))
    assert named.actor is worn.actor is Actor.SCANNER
    assert worn.confidence < 0.9 < named.confidence
    assert "names a security scanner" not in explain(worn)
    assert "sandboxes" in explain(worn)


def test_colleagues_who_were_sent_the_mail_on_are_not_called_scanners() -> None:
    """Three people, three links, within half a minute: nobody can tell, so it is unknown."""
    clicks = [act(after=3000 + 11 * n, link=n, client=f"n{n}", agent_id=f"a{n}", hints=FULL) for n in (1, 2, 3)]
    assert {verdict.actor for verdict in classify_all(clicks)} == {Actor.UNKNOWN}


def test_what_names_itself_is_called_by_its_name_in_a_burst_too() -> None:
    previews = scan(agent=AgentKind.PREVIEW, network=Network(kind=NetworkKind.SECURITY), hints=frozenset({Hint.HEAD}))
    assert {verdict.actor for verdict in classify_all(previews)} == {Actor.PREVIEW}


def test_a_later_burst_revises_an_earlier_verdict_and_a_later_person_upgrades_only_itself() -> None:
    first, *rest = scan(start=600)
    assert classify(first).is_human is True
    opened = act(Kind.OPEN, after=900, agent=AgentKind.MAIL_CLIENT)
    verdicts = classify_all([first, *rest, opened])
    assert (verdicts[0].is_human, verdicts[-1].is_human) == (False, True)


@pytest.mark.parametrize(
    ("others", "one", "name"),
    [
        pytest.param([act(link=2, after=7200.1)], act(after=7200.6, link=1), "same-second", id="two links at once"),
        pytest.param([act(Kind.LEAVE_PAGE)], act(after=7201), "unsubscribe-pair", id="unsubscribe and read on"),
        pytest.param(
            [act(link=n, client=f"n{n}", agent_id=f"a{n}", after=7200 + 5 * n) for n in (2, 3)],
            act(link=1),
            "many-networks",
            id="three networks for one mail",
        ),
        pytest.param(
            scan(), act(Kind.OPEN, after=52, client="scan", agent_id="old"), "machine-company", id="burst's pixel"
        ),
        pytest.param([act(after=7190)], act(Kind.OPEN), "pixel-after", id="the pixel after the link"),
        pytest.param(
            [act(link=9, hints=frozenset({Hint.HONEYPOT}), after=7190)], act(), "honeypot-near", id="near a honeypot"
        ),
        pytest.param(
            [act(message=f"m{n}", recipient=f"u{n}", after=7200.1 + n / 20) for n in range(2, 11)],
            act(after=7200.1),
            "many-recipients",
            id="many recipients at once",
        ),
        pytest.param([act(Kind.DELIVERED, after=7260)], act(), "lag-before", id="before the delivery"),
        pytest.param(
            [act(link=n, after=7200 + 30 * n) for n in range(2, 13)],
            act(),
            "coverage",
            id="twelve links, patiently",
        ),
    ],
)
def test_what_happens_around_an_event_speaks(others: list[Event], one: Event, name: str) -> None:
    assert name in names(classify(one, others))
    assert name not in names(classify(one))


@pytest.mark.parametrize(
    ("followed", "links", "covers"),
    [
        pytest.param(3, 3, False, id="a reader who opens all three"),
        pytest.param(7, 7, False, id="all seven"),
        pytest.param(8, 8, True, id="all eight"),
        pytest.param(8, 10, True, id="four in five"),
        pytest.param(9, 12, False, id="three in four"),
        pytest.param(6, 20, False, id="a digest of twenty read in tabs"),
        pytest.param(11, 0, False, id="eleven, of nobody knows how many"),
        pytest.param(12, 0, True, id="twelve, of nobody knows how many"),
    ],
)
@pytest.mark.parametrize("pace", [4.5, 30])
def test_coverage_is_nearly_all_links_of_the_mail_as_it_was_sent(
    followed: int, links: int, covers: bool, pace: float
) -> None:
    clicks = [act(link=number, after=3600.5 + pace * number, hints=FULL) for number in range(1, followed + 1)]
    verdicts = Classifier(links={"spring": links} if links else {}).classify_all(clicks)
    assert [
        replace(verdict, version="") for verdict in classify_all(replace(one, links=links or None) for one in clicks)
    ] == [replace(verdict, version="") for verdict in verdicts]
    assert {verdict.is_human for verdict in verdicts} == {not covers}
    said = f"{followed} of the mail's {links} links" if links else f"{followed} different links"
    assert all((said in explain(verdict)) is covers for verdict in verdicts)


def test_an_office_behind_one_address_at_human_pace_is_people() -> None:
    clicks = [
        act(message=f"m{n}", recipient=f"u{n}", after=60 + 2 * n, client="office", hints=FULL) for n in range(200)
    ]
    assert all(verdict.is_human for verdict in classify_all(clicks))


def test_known_proxies_may_serve_many_recipients_at_once() -> None:
    google = Network(operator="Google", kind=NetworkKind.MAIL)
    opens = [
        act(
            Kind.OPEN,
            message=f"m{n}",
            recipient=f"u{n}",
            after=60 + n / 50,
            agent=AgentKind.IMAGE_PROXY,
            network=google,
        )
        for n in range(200)
    ]
    assert {verdict.actor for verdict in classify_all(opens)} == {Actor.IMAGE_PROXY}


def test_events_nobody_can_be_told_apart_in_get_the_rules_for_one_event_only() -> None:
    clicks = [replace(one, recipient=None) for one in scan()]
    assert classify_all(clicks) == [classify(one) for one in clicks]


def test_only_the_strongest_signal_of_a_family_counts() -> None:
    verdict = classify(act(hints=frozenset({Hint.NO_SEC_FETCH, Hint.NO_ACCEPT, Hint.NO_ACCEPT_LANGUAGE})))
    assert [signal.family for signal in verdict.signals].count("headers") == 1


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.CLICK, Kind.LEAVE_PAGE])
@pytest.mark.parametrize("after", [None, 60, 86_400])
@pytest.mark.parametrize("hints", [frozenset(), frozenset({Hint.HEADERS_UNKNOWN}), UNSEEN])
@pytest.mark.parametrize("network", [NOWHERE, Network(operator="Apple", kind=NetworkKind.RELAY)])
def test_of_whom_nothing_is_known_nobody_is_called_a_person(
    kind: Kind, after: float | None, hints: frozenset[Hint], network: Network
) -> None:
    """An event made by hand has the facts ``Facts()``."""
    one = Event(
        id="e", kind=kind, received_at=SENT + timedelta(seconds=after or 0), sent_at=None if after is None else SENT
    )
    assert classify(one.changed(facts=Facts(hints=hints, network=network))).actor is Actor.UNKNOWN


def test_the_version_names_rules_and_data() -> None:
    verdict = classify(act())
    assert all(part in verdict.version for part in (RULES_VERSION, "r7", "n8"))
    other = Classifier(windows=Windows(networks_count=4))
    assert other.version != Classifier().version == Classifier().version


@pytest.mark.parametrize("other", [{"kinds": {Kind.OPEN}}, {"named": True}, {"needs": Needs.FACTS}, {"weight": 2.0}])
def test_rules_that_judge_differently_have_another_version(other: dict[str, Any]) -> None:
    def odd(event: Event, context: Context) -> str:
        return "odd"

    given: dict[str, Any] = {"family": "host", "weight": 1.0, "source": "a test, 2026"}
    versions = {Classifier([rule(**options)(odd)]).version for options in (given, {**given, **other})}
    assert len(versions) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"weight": True}, {"kinds": "click"}, {"kinds": ()}, {"needs": "around-ish"}, {"actor": "scanner"}, {"named": 1}],
    ids=repr,
)
def test_a_rule_that_could_never_be_asked_is_refused(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"family": "host", "weight": 1.0, "source": "a test, 2026"}
    with pytest.raises(ConfigError, match="odd"):
        rule(**{**given, "name": "odd", **wrong})(lambda event, context: "")


def test_borders_of_the_host_s_own_are_not_called_even_evidence() -> None:
    judge = Classifier(windows=Windows(human_below=0.05, machine_above=0.99))
    verdict = judge.classify(act(network=HOSTING, after=200))
    assert verdict.leans == "machine"
    assert "leans toward a machine (92 %)" in explain(verdict)


def test_a_far_burst_changes_no_other_click_whatever_the_counts() -> None:
    """Also where a burst takes more links than are called sure."""
    judge = Classifier(windows=Windows(hand=timedelta(milliseconds=500)))
    far = [act(after=n * 0.3, link=n + 1) for n in range(6)]
    late = [act(after=36_000 + n * 0.45, link=n + 1) for n in range(5)]
    assert judge.classify_all(far + late)[6:] == judge.classify_all(late)


def test_a_host_adds_a_rule_that_sees_the_whole_event_and_its_neighbours() -> None:
    @rule(family="host", weight=8.0, source="our own logs, 2026")
    def probe(event: Event, context: Context) -> str:
        return f"probe beside {len(context.message) - 1}" if event.link == 99 else ""

    judge = Classifier([*DEFAULT_RULES, probe])
    found = judge.classify(act(link=99), [act(link=1)])
    assert (found.actor, found.signals[0].detail) == (Actor.SCANNER, "probe beside 1")
    assert judge.classify(act(link=98)).actor is Actor.HUMAN
    with pytest.raises(ConfigError, match="share the name"):
        Classifier([*DEFAULT_RULES, probe, probe])


def test_a_rule_that_fails_or_gives_no_text_is_named() -> None:
    @rule(family="host", weight=8.0, source="our own logs, 2026")
    def no_text(event: Event, context: Context) -> str:
        return True  # type: ignore[return-value]

    @rule(family="host", weight=8.0, source="our own logs, 2026")
    def fails(event: Event, context: Context) -> str:
        raise KeyError(event.recipient)

    with pytest.raises(RuleError, match="'no-text' must give a text, got bool"):
        Classifier([no_text]).classify(act())
    with pytest.raises(RuleError, match="'fails' failed: KeyError") as caught:
        Classifier([fails]).classify(act())
    assert caught.value.rule == "fails"
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"burst": timedelta(seconds=-1)}, id="a negative time"),
        pytest.param({"sending_skew": timedelta(seconds=-1)}, id="a negative difference of clocks"),
        pytest.param({"networks_count": 1}, id="many of one"),
        pytest.param({"soon": timedelta(hours=1)}, id="times out of order"),
        pytest.param({"human_below": 0.7}, id="borders out of order"),
    ],
)
def test_windows_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Windows(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        pytest.param(classify_all(scan(network=HOSTING))[0], ("scanner", "8 links", "Amazon"), id="a burst"),
        pytest.param(
            classify(act(Kind.OPEN, 300, networks="")), ("person", "rests on what is usual"), id="nothing seen"
        ),
        pytest.param(classify(act(Kind.OPEN, agent=AgentKind.PRIVACY_PROXY)), ("Apple", "cannot be known"), id="Apple"),
        pytest.param(Verdict(actor=Actor.UNKNOWN, confidence=0.52), ("cannot be told",), id="unknown"),
        pytest.param(classify(act(Kind.DELIVERED)), ("not a reader's act",), id="a delivery"),
    ],
)
def test_verdicts_explain_themselves_in_one_paragraph(verdict: Verdict, said: tuple[str, ...]) -> None:
    text = explain(verdict)
    assert "\n" not in text
    assert all(words in text for words in said), text


def test_every_rule_has_a_source_with_a_year_and_says_what_it_looks_for() -> None:
    assert all("20" in one.source and one.about for one in DEFAULT_RULES)


def test_a_report_has_words_for_every_rule() -> None:
    """A name whose hyphens are taken out is what is left where there are none."""
    nameless = {one.name for one in DEFAULT_RULES if reason_text(one.name) == one.name.replace("-", " ")}
    assert nameless <= {"no-user-agent"}  # which says it by itself


def test_the_reference_page_is_the_rules_own() -> None:
    """``docs/reference/rules.md`` is what ``python docs/rules_page.py`` writes."""
    page = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "rules_page.py"))
    assert page["PAGE"].read_text("utf-8") == page["render"]()


def tabs(pace: float, count: int = 3, after: float = 7200.05, **more: object) -> list[Event]:
    said = {"hints": FULL, **more}
    return [act(after=after + number * pace, link=number, **said) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("clicks", "human"),
    [
        pytest.param(tabs(0.8), {True}, id="three tabs, hours later"),
        pytest.param(tabs(0.8, after=300.05), {True}, id="three tabs, minutes after the sending"),
        pytest.param(tabs(0.6, count=5), {True}, id="five tabs in 2.4 s"),
        pytest.param(tabs(0.6, count=5, after=300.05), {True}, id="five tabs in 2.4 s, minutes after the sending"),
        pytest.param(tabs(4.5, count=6), {True}, id="six tabs, one by one"),
        pytest.param(tabs(0.1), {False}, id="three links faster than a hand"),
        pytest.param(tabs(0.25, count=7), {False}, id="seven links within two seconds"),
        pytest.param(tabs(0, after=7200), {True}, id="three links in a log with whole seconds"),
        pytest.param(tabs(0, count=4, after=7200), {False}, id="four links in one second of a log"),
        pytest.param(tabs(0.1, count=2, hints=frozenset()), {None}, id="two links at the same moment, hours later"),
        pytest.param(tabs(0.1, count=2, after=300.05, hints=frozenset()), {False}, id="minutes after the sending"),
    ],
)
def test_tabs_that_a_hand_can_open_are_no_burst(clicks: list[Event], human: set[bool | None]) -> None:
    assert {verdict.is_human for verdict in classify_all(clicks)} == human


def test_a_gateway_that_visits_what_a_person_follows_does_not_cost_the_person() -> None:
    """Three links, each visited from another address too, within half a minute and with no network data."""
    own = [act(after=300.5 + 9 * number, link=number, hints=FULL) for number in (1, 2, 3)]
    beside = [
        act(after=302.5 + 9 * number, link=number, client=f"gate{number}", agent_id="old") for number in (1, 2, 3)
    ]
    assert all(verdict.is_human for verdict in classify_all([*own, *beside])[:3])


SAFE = FULL | {Hint.GATEWAY_REFERER}
BLIND = frozenset({Hint.HEADERS_UNKNOWN})


@pytest.mark.parametrize(
    ("client", "link", "gone", "doubted"),
    [
        pytest.param("gate", 1, 12, True, id="the gateway's own look, from elsewhere"),
        pytest.param("gate", 1, -20, True, id="before the person"),
        pytest.param("gate", 1, 31, False, id="later"),
        pytest.param("gate", 2, 12, False, id="another link"),
        pytest.param("home", 1, 12, False, id="from the person's own address"),
    ],
)
def test_who_follows_a_link_beside_a_click_through_a_gateway_is_unknown(
    client: str, link: int, gone: float, doubted: bool
) -> None:
    """A log without network data shows nothing else of Safe Links' visit."""
    own = act(hints=SAFE, networks="")
    beside = act(after=7200.5 + gone, link=link, client=client, agent_id="edge", hints=BLIND, networks="")
    person, other = classify_all([own, beside])
    assert person.is_human is True
    assert ("gateway-beside" in names(other), other.is_human) == (doubted, None if doubted else True)


@pytest.mark.parametrize("hints", [FULL, BLIND], ids=["header fields", "log"])
def test_a_late_lone_click_from_rented_servers_is_nobody_s_to_tell_and_an_early_one_or_several_a_machine_s(
    hints: frozenset[Hint],
) -> None:
    """People come through VPNs and desktops in the cloud, hours later and alone."""
    late = act(network=HOSTING, hints=hints)
    assert classify(late).is_human is None
    assert classify(act(network=HOSTING, hints=hints, after=60)).is_human is False
    scattered = [act(network=HOSTING, hints=hints, after=7200.5 + n / 10, link=n, client=f"c{n}") for n in range(1, 5)]
    assert {verdict.is_human for verdict in classify_all(scattered)} == {False}


def test_a_log_s_client_without_a_user_agent_on_rented_servers_is_a_machine() -> None:
    one = act(agent=AgentKind.UNKNOWN, hints=UNSEEN, network=HOSTING)
    assert classify(one).is_human is False
    assert classify(one.changed(facts=one.facts.changed(network=NOWHERE))).is_human is None


@pytest.mark.parametrize("kind", [Kind.CLICK, Kind.OPEN])
def test_that_no_list_has_a_network_speaks_for_a_person_only_where_one_was_asked(kind: Kind) -> None:
    asked, unasked = classify(act(kind, after=300)), classify(act(kind, after=300, networks=""))
    assert "ordinary-network" in names(asked)
    assert "ordinary-network" not in names(unasked)
    assert asked.confidence > unasked.confidence


@pytest.mark.parametrize(
    ("after", "late"),
    [pytest.param(599.9, False, id="just before"), pytest.param(600, True, id="at the border"), (600.1, True)],
)
def test_ten_minutes_after_the_sending_is_late(after: float, late: bool) -> None:
    assert ("lag-late" in names(classify(act(after=after)))) is late


@pytest.mark.parametrize(
    ("delivered", "word"),
    [pytest.param(False, "sending", id="a token's"), pytest.param(True, "delivery", id="a report's")],
)
def test_a_lag_is_counted_from_what_is_known_and_says_so(delivered: bool, word: str) -> None:
    others = [act(Kind.DELIVERED, after=0.0)] if delivered else []
    said = explain(classify(act(after=2.2), others))
    assert f"within an instant of the {word}" in said


@pytest.mark.parametrize("spread", [pytest.param(1, id="at once"), pytest.param(20, id="one by one")])
def test_whoever_holds_a_copy_of_a_mail_cannot_make_its_reader_a_machine(spread: float) -> None:
    """Forwarded or archived: a hidden link hit, and twelve links from twelve networks, with the reader's own common agent."""
    own = [act(Kind.OPEN, after=7190), act(after=7200, link=1, hints=FULL), act(after=7230, link=2, hints=FULL)]
    forged = [act(after=7206, link=99, client="far", hints=FULL | {Hint.HONEYPOT})]
    forged += [act(after=7201 + n * spread / 10, link=n, client=f"far{n}", hints=FULL) for n in range(1, 13)]
    verdicts = classify_all([*own, *forged])[:3]
    assert all(verdict.is_human is not False for verdict in verdicts)
    assert all(verdict.is_human for verdict in classify_all(own))


def test_with_a_mail_of_one_s_own_nothing_of_another_s_changes() -> None:
    own = [act(Kind.OPEN, after=7190), act(after=7200, hints=FULL)]
    others = [
        one.changed(message_id="m2", recipient="u2", facts=one.facts.changed(network_id="far"))
        for one in [*scan(20, start=7195), act(after=7199, link=99, hints=FULL | {Hint.HONEYPOT})]
    ]
    assert classify_all([*own, *others])[:2] == classify_all(own)


def test_destinations_are_told_apart_after_their_queries_are_gone() -> None:
    """Links of no document have the number 0, and redaction leaves one page of three destinations."""
    clicks = [act(link=0, after=7200.05 + n / 10).changed(url="https://x.example/", url_id=f"d{n}") for n in range(3)]
    assert all("burst" in names(verdict) for verdict in classify_all(clicks))


@pytest.mark.parametrize(
    ("agent", "network", "actor"),
    [
        pytest.param(AgentKind.BROWSER, NetworkKind.MAIL, Actor.IMAGE_PROXY, id="a browser's user agent"),
        pytest.param(AgentKind.MAIL_CLIENT, NetworkKind.MAIL, Actor.HUMAN, id="a mail client's own"),
        pytest.param(AgentKind.PRIVACY_PROXY, NetworkKind.MAIL, Actor.PRIVACY_PROXY, id="Apple's proxy"),
        pytest.param(AgentKind.BROWSER, NetworkKind.UNKNOWN, Actor.HUMAN, id="not from a provider"),
    ],
)
def test_a_mail_providers_machines_open_for_people(agent: AgentKind, network: NetworkKind, actor: Actor) -> None:
    """Outlook.com and Fastmail load images themselves, and give a browser's user agent."""
    one = act(Kind.OPEN, agent=agent, network=Network(operator="Fastmail", kind=network))
    assert classify(one).actor is actor


def test_a_pixel_is_the_machines_that_followed_a_link_before_from_wherever_it_comes() -> None:
    clicked, loaded = act(client="one"), act(Kind.OPEN, after=7205, client="two")
    assert "pixel-after" in names(classify(loaded, [clicked]))
    assert "pixel-after" not in names(classify(replace(loaded, facts=replace(loaded.facts, agent_id="x")), [clicked]))


@pytest.mark.parametrize(("after", "seen"), [(0, False), (1, True), (110, True), (130, False)])
def test_a_pixel_is_late_within_two_minutes_of_a_link(after: float, seen: bool) -> None:
    """And never at the moment of the link itself, which says nothing of the order."""
    verdict = classify(act(Kind.OPEN, after=7200 + after), [act(after=7200)])
    assert ("pixel-after" in names(verdict)) == seen


def test_what_was_seen_in_the_mail_and_from_the_network_adds_up() -> None:
    others = [act(message=f"m{n}", recipient=f"u{n}", after=7200.1 + n / 20) for n in range(2, 11)]
    found = names(classify(act(after=7200.1), [*others, act(link=2, after=7200.6)]))
    assert {"many-recipients", "same-second"} <= set(found)


def test_rented_servers_at_google_are_no_image_proxy() -> None:
    google = Network(operator="Google Cloud", kind=NetworkKind.HOSTING)
    assert "hosting-open" in names(classify(act(Kind.OPEN, network=google)))


# weighing, apart from what the package's rules see


def made(name: str, weight: float, actor: Actor = Actor.SCANNER, *, named: bool = False, family: str = "") -> Any:
    fields = {"family": family or name, "source": "this test", "name": name, "actor": actor, "named": named}
    return rule(weight=weight, **fields)(lambda *_: ""), f"saw {name}"


def weighed(prior: float, *found: Any, **borders: float) -> Verdict:
    return weigh(prior, found, replace(Windows(), **borders), "v7")


def test_what_is_no_act_of_a_reader_is_unknown_without_any_confidence() -> None:
    assert unread("v7") == Verdict(actor=Actor.UNKNOWN, confidence=0.0, version="v7")


def test_of_a_family_the_strongest_counts_and_what_names_the_actor_outranks_what_only_notices() -> None:
    found = weighed(
        0.0,
        made("loud", 4.0),
        made("weak", 1.0, Actor.PREVIEW, family="agent"),
        made("same", 0.5, Actor.SCRIPT, named=True),
        made("strong", 2.0, Actor.CRAWLER, family="agent"),
    )
    assert [(one.name, one.weight, one.detail) for one in found.signals] == [
        ("loud", 4.0, "saw loud"),
        ("strong", 2.0, "saw strong"),
        ("same", 0.5, "saw same"),
    ]
    assert (found.actor, found.version, found.leans) == (Actor.SCRIPT, "v7", "")
    assert found.confidence == round(chance(6.5), 4)
    assert weighed(0.0, made("loud", 4.0, Actor.PREFETCH), made("low", 3.0)).actor is Actor.PREFETCH
    assert weighed(5.0, made("a person", -1.0, Actor.HUMAN)).actor is Actor.SCANNER  # by the prior alone
    assert weighed(5.0, made("weak", 1.0, Actor.PREVIEW)).actor is Actor.PREVIEW


def test_a_person_comes_through_what_names_itself_and_speaks_for_no_machine() -> None:
    proxy = made("proxy", -1.0, Actor.PRIVACY_PROXY, named=True)
    assert weighed(-4.0, made("first", -3.0, Actor.HUMAN), proxy).actor is Actor.PRIVACY_PROXY
    for other in (
        made("noticed", -1.0, Actor.PRIVACY_PROXY),
        made("against", 0.5, Actor.PRIVACY_PROXY, named=True),
        made("machine", -1.0, Actor.SCANNER, named=True),
    ):
        found = weighed(-6.0, other)
        assert found.actor is Actor.HUMAN
        assert found.confidence == round(1 - chance(-6.0 + other[0].weight), 4)
    assert weighed(-6.0, made("nothing", 0.0, Actor.PRIVACY_PROXY, named=True)).actor is Actor.PRIVACY_PROXY


def test_at_a_border_it_is_a_machine_or_a_person_and_between_them_unknown() -> None:
    machine, person = {"machine_above": 0.5, "human_below": 0.25}, {"machine_above": 0.75, "human_below": 0.5}
    assert weighed(0.0, **machine).actor is Actor.SCANNER
    assert weighed(0.0, **person).actor is Actor.HUMAN
    for prior, leans in ((-0.1, "person"), (0.0, "person"), (0.1, "machine")):
        found = weighed(prior, machine_above=0.75, human_below=0.25)
        assert (found.actor, found.leans) == (Actor.UNKNOWN, leans)
        assert found.confidence == round(chance(abs(prior)), 4)


def test_a_doubt_keeps_from_a_person_and_never_makes_a_machine() -> None:
    borders = {"machine_above": 0.75, "human_below": 0.25}
    small, large = made("small", 1.0, Actor.UNKNOWN), made("large", 2.0, Actor.UNKNOWN)
    firm = made("firm", 1.0, Actor.UNKNOWN, named=True)
    kept = made("kept", -1.5, Actor.HUMAN)
    found = weighed(0.0, small, kept, large, **borders)
    assert (found.actor, found.version) == (Actor.UNKNOWN, "v7")
    assert [one.name for one in found.signals] == ["large", "kept"]
    assert (found.confidence, found.leans) == (round(chance(0.5), 4), "machine")
    assert weighed(0.5, large, **borders).confidence == 0.75  # and no further into the machines
    assert weighed(-5.0, kept, small, **borders).actor is Actor.HUMAN  # too much speaks for a person
    assert weighed(-5.0, kept, small, **borders).confidence == round(1 - chance(-5.5), 4)
    held = weighed(-5.0, kept, firm, **borders)
    assert (held.actor, held.confidence, held.leans) == (Actor.UNKNOWN, 0.75, "person")
    sure = weighed(0.0, made("sure", 3.0, Actor.SCRIPT), large, **borders)
    assert (sure.actor, [one.name for one in sure.signals]) == (Actor.SCRIPT, ["sure"])
    assert weighed(0.0, small, machine_above=0.5, human_below=0.25).signals == ()
    assert weighed(-1.0, small, machine_above=0.75, human_below=0.5).actor is Actor.HUMAN


@pytest.mark.parametrize(
    "wrong",
    [
        {"family": ""},
        {"source": ""},
        {"weight": 20.5},
        {"weight": -20.5},
        {"weight": True},
        {"weight": "1"},
        {"actor": Actor.UNKNOWN, "weight": 0.0},
        {"actor": Actor.UNKNOWN, "weight": -1.0},
    ],
)
def test_a_rule_that_could_not_be_weighed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        rule(**{"family": "f", "source": "s", "name": "n", "weight": 1.0, **wrong})(lambda *_: "")


def test_a_rule_may_weigh_twenty_either_way_and_a_doubt_as_little_as_it_likes() -> None:
    for weight, actor in ((20, Actor.SCANNER), (-20, Actor.HUMAN), (0.1, Actor.UNKNOWN)):
        found, _ = made("n", weight, actor)
        assert (found.weight, found.actor) == (weight, actor)


def test_a_rule_has_its_functions_name_in_hyphens_or_needs_one() -> None:
    def _of_a_host_(*_: object) -> str:
        return ""

    assert rule(family="f", weight=1.0, source="s")(_of_a_host_).name == "of-a-host"
    with pytest.raises(ConfigError, match="name"):
        rule(family="f", weight=1.0, source="s")(partial(_of_a_host_))


# the classifier itself


def test_only_the_package_s_own_rules_and_numbers_have_the_package_s_version() -> None:
    assert Classifier().version == RULES_VERSION
    others = [
        Classifier(windows=Windows(burst=timedelta(seconds=3))),
        Classifier(priors={Kind.CLICK: -1.0}),
        Classifier(priors={Kind.CLICK: -1.1}),
        Classifier(links={"spring": 9}),
        Classifier(links={"spring": 10}),
        Classifier(links={"\ud800": 10}),
        Classifier(DEFAULT_RULES[1:]),
    ]
    versions = [one.version for one in others]
    assert len({*versions}) == len(versions)
    assert all(re.fullmatch(re.escape(RULES_VERSION) + r"\+[0-9a-f]{8}", version) for version in versions)


def test_a_verdict_names_the_data_it_was_made_with_or_a_dash() -> None:
    assert classify(act()).version == f"rules {RULES_VERSION}; agents r7; networks n8"
    assert classify(act().changed(facts=Facts())).version == f"rules {RULES_VERSION}; agents -; networks -"


def test_two_networks_are_not_one_crowd() -> None:
    def opens(network: str, numbers: range) -> list[Event]:
        return [act(Kind.OPEN, n / 100, message=f"m{n}", recipient=f"u{n}", client=network) for n in numbers]

    apart = [*opens("a", range(5)), *opens("b", range(5, 10))]
    together = [*opens("a", range(5)), *opens("a", range(5, 10))]
    assert {"many-recipients-open" in names(verdict) for verdict in classify_all(apart)} == {False}
    assert {"many-recipients-open" in names(verdict) for verdict in classify_all(together)} == {True}
    both = [*opens("a", range(10)), *opens("b", range(10, 20))]
    assert {"many-recipients-open" in names(verdict) for verdict in classify_all(both)} == {True}


def test_a_host_s_rule_sees_the_network_s_events_too() -> None:
    @rule(family="host", weight=1.0, source="a test, 2026")
    def neighbours(one: Event, context: Context) -> str:
        return f"{len(context.message)} of the mail, {len(context.network)} of the network"

    events = [act(after=9000), act(Kind.OPEN, 9001), act(after=9002, message="m2", recipient="u2")]
    far = act(after=9000 + Windows().horizon.total_seconds() + 1)
    found = Classifier([neighbours]).classify_all([*events, far])
    assert [verdict.signals[0].detail for verdict in found] == [
        "2 of the mail, 3 of the network",
        "3 of the mail, 4 of the network",
        "1 of the mail, 4 of the network",
        "2 of the mail, 3 of the network",
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Classifier([print]), "a rule must be a Rule, got builtin_function_or_method: is @rule"),
        (lambda: Classifier(links={"spring": "9"}), "links must hold whole numbers, got '9' for campaign 'spring'"),
        (
            lambda: Classifier([*DEFAULT_RULES, DEFAULT_RULES[3]]),
            f"two rules share the name {DEFAULT_RULES[3].name!r}",
        ),
        (
            lambda: classify_all([(act(), None)]),
            "events must be Events; of what a sink gives, the first of each pair",
        ),
        (
            lambda: list(Classifier().stream([], timedelta(seconds=-1))),
            "hold must not be negative, got -1 day, 23:59:59",
        ),
    ],
)
def test_what_a_classifier_cannot_do_is_said_so_that_one_can_mend_it(make: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        make()


def test_a_host_s_rule_sees_its_neighbours_in_order_of_time_and_none_of_what_has_no_name() -> None:
    @rule(family="host", weight=1.0, source="a test, 2026")
    def neighbours(one: Event, context: Context) -> str:
        return "/".join([" ".join(other.id for other in group) for group in (context.message, context.network)])

    def seen(*events: Event) -> list[str]:
        return [verdict.signals[0].detail for verdict in Classifier([neighbours]).classify_all(events)]

    times = [act(after=after).changed(id=name) for after, name in ((9003, "a"), (9001, "c"), (9001, "b"), (9002, "d"))]
    assert seen(*times) == ["b c d a/b c d a"] * 4
    assert seen(*[one.changed(message_id="") for one in times]) == ["/b c d a"] * 4
    assert seen(*[one.changed(facts=Facts()) for one in times]) == ["b c d a/"] * 4
    assert seen(*[one.changed(recipient=None) for one in times]) == ["/"] * 4


# in words


FOR, AGAINST = (
    Signal(name="for", weight=2.0, detail="it  ran\nfast"),
    Signal(name="against", weight=-0.5, detail="it read"),
)
MORE, EVEN = Signal(name="more", weight=0.5, detail=""), Signal(name="even", weight=0.0, detail="it was there")


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (
            Verdict(actor=Actor.SCANNER, confidence=0.95, signals=(FOR, MORE, AGAINST, EVEN), version="rules 1"),
            "Almost certainly a security scanner (95 % sure). Why: it ran fast; more. Against that: it read; it was there. "
            "Judged with rules 1.",
        ),
        (
            Verdict(actor=Actor.HUMAN, confidence=0.8, signals=(FOR, AGAINST)),
            "Very likely a person (80 % sure). Why: it read. Against that: it ran fast.",
        ),
        (
            Verdict(actor=Actor.SCRIPT, confidence=0.7949, signals=(FOR,)),
            "Probably a script (79 % sure). Why: it ran fast.",
        ),
        (
            Verdict(actor=Actor.HUMAN, confidence=0.77),
            "Probably a person (77 % sure). Nothing was seen that speaks for a machine or for a person, so this rests on what "
            "is usual.",
        ),
        (
            Verdict(actor=Actor.HUMAN, confidence=0.999, signals=(AGAINST,)),
            "Almost certainly a person (99 % sure). Why: it read.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.55, signals=(FOR, AGAINST), leans="machine"),
            "It cannot be told whether this was a person or a machine; it leans toward a machine (55 %). For a machine: it ran "
            "fast. For a person: it read.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.51, signals=(AGAINST,), leans="person"),
            "It cannot be told whether this was a person or a machine; it leans toward a person (51 %). For a person: it read.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.504, signals=(FOR,), leans="person"),
            "It cannot be told whether this was a person or a machine. For a machine: it ran fast.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.6, signals=(FOR,)),
            "It cannot be told whether this was a person or a machine. For a machine: it ran fast.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.0, signals=(EVEN,)),
            "It cannot be told who this was. Why: it was there.",
        ),
        (
            Verdict(actor=Actor.UNKNOWN, confidence=0.0, version="rules 1"),
            "Nobody's visit: this kind of event is not a reader's act, so there is nobody to name. Judged with rules 1.",
        ),
        (
            Verdict(actor=Actor.PRIVACY_PROXY, confidence=0.9, signals=(AGAINST,)),
            "Very likely Apple's privacy proxy; whether a person looked cannot be known (90 % sure). Why: it read.",
        ),
    ],
)
def test_a_verdict_in_words(verdict: Verdict, text: str) -> None:
    """Each verdict is explained to the letter."""
    assert explain(verdict) == text


def test_only_a_verdict_is_explained() -> None:
    with pytest.raises(ConfigError, match="a Verdict is needed, got str"):
        explain("human")  # type: ignore[arg-type]


def test_a_rule_without_words_is_about_nothing_and_one_with_them_about_its_first_line() -> None:
    @rule(family="host", weight=1.0, source="a test, 2026")
    def __bare__(one: Event, context: Context) -> str:
        return ""

    @rule(family="host", weight=1.0, source="a test, 2026")
    def told(one: Event, context: Context) -> str:
        """See a thing.

        And much more.
        """
        return ""

    assert (__bare__.name, __bare__.about, told.about) == ("bare", "", "See a thing.")


# windows and borders


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({}, 420 + 964),
        ({"burst": 3600}, 420 + 60 + 7800 + 7200),
        ({"leave": 3600}, 420 + 60 + 7800 + 7200),
        ({"same_second": 3600}, 420 + 60 + 7800 + 7200),
        ({"same_moment": 3600}, 420 + 60 + 7800 + 7200),
        ({"hand": 3600}, 420 + 60 + 15000 + 14400),
        ({"coverage": 3600}, 420 + 60 + 3600 + 4),
        ({"networks": 3600}, 420 + 7200 + 900 + 4),
        ({"same_link": 3600}, 420 + 7200 + 900 + 4),
        ({"address": 3600}, 420 + 60 + 3604 + 4),
        ({"address": 3600, "burst": 0, "leave": 0, "hand": 0, "same_second": 0, "same_moment": 0}, 420 + 60 + 3600),
        ({"address": 9, "coverage": 8, "delivery": 0, "networks": 0, "same_link": 0, "burst": 0, "leave": 0}, 420 + 13),
        ({"delivery": 7200}, 420 + 7200),
        ({"company": 3600}, 3720 + 964),
        ({"company_near": 3600}, 3600 + 964),
        ({"pixel_after": 3600}, 3900 + 964),
    ],
)
def test_how_far_apart_events_bear_on_each_other_follows_from_the_windows(
    changed: dict[str, int], seconds: int
) -> None:
    windows = Windows(**{name: timedelta(seconds=value) for name, value in changed.items()})  # type: ignore[arg-type]
    assert windows.horizon == timedelta(seconds=seconds)


def test_windows_may_be_as_small_as_nothing_and_borders_may_meet() -> None:
    nothing = timedelta(0)
    assert Windows(instant=nothing, soon=nothing, early=nothing, late=nothing, hand=nothing).instant == nothing
    assert Windows(networks_count=2, many_links=2, recipients_count=2).many_links == 2
    for borders in ((0, 1), (0, 0), (1, 1), (0.5, 0.5)):
        assert Windows(human_below=borders[0], machine_above=borders[1]).machine_above == borders[1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"burst": 2}, "burst must be a timedelta, got 2"),
        ({"burst": timedelta(seconds=-1)}, "burst must not be negative, got -1 day, 23:59:59"),
        ({"many_links": 1}, "many_links must be at least 2, got 1"),
        ({"many_links": 2.5}, "many_links must be a int, got 2.5"),
        ({"soon": timedelta(seconds=31)}, "instant, soon, early and late must be in this order"),
        ({"human_below": 0.7}, "human_below and machine_above must be in this order, between 0 and 1"),
        ({"machine_above": 1.5}, "human_below and machine_above must be in this order, between 0 and 1"),
        ({"human_below": -0.1}, "human_below and machine_above must be in this order, between 0 and 1"),
    ],
)
def test_a_window_that_cannot_work_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        Windows(**wrong)


def test_who_is_called_a_person_by_a_host_s_wide_border_is_one_with_little_confidence() -> None:
    found = weigh(0.2, [], Windows(human_below=0.6, machine_above=0.7), "v")
    assert (found.actor, found.confidence) == (Actor.HUMAN, round(1 - chance(0.2), 4))
    assert unread("v") == Verdict(actor=Actor.UNKNOWN, confidence=0.0, version="v")


@pytest.mark.parametrize("weight", [-0.5, 0.0])
def test_a_machine_is_named_by_rules_that_speak_for_machines_alone(weight: float) -> None:
    @rule(family="one", weight=9.0, source="a test, 2026", actor=Actor.IMAGE_PROXY, named=True)
    def proxy(one: Event, context: Context) -> str:
        return "x"

    @rule(family="two", weight=weight, source="a test, 2026", actor=Actor.SCRIPT, named=True)
    def script(one: Event, context: Context) -> str:
        return "y"

    assert weigh(0.0, [(proxy, "x"), (script, "y")], Windows(), "v").actor is Actor.SCANNER
