"""The laws of judging, for any events; and the promised figures on a small scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbeacon.errors import ConfigError
from mailbeacon.judging import (
    DEFAULT_RULES,
    Classifier,
    Context,
    Judged,
    Revision,
    Windows,
    classify,
    classify_all,
    explain,
    rule,
)
from mailbeacon.judging.batch import max_distinct_in_window
from mailbeacon.judging.streaming import stream
from mailbeacon.model import AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind, Verdict
from tests import making
from tests.bench.accuracy import figures, judged
from tests.scenes import Mailing

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
KINDS = (Kind.OPEN, Kind.CLICK, Kind.CLICK, Kind.CLICK, Kind.LEAVE_PAGE, Kind.UNSUBSCRIBE, Kind.DELIVERED, Kind.BOUNCED)
FACTS = st.builds(
    Facts,
    agent=st.sampled_from(AgentKind),
    network=st.builds(Network, operator=st.sampled_from(["", "Amazon", "Google"]), kind=st.sampled_from(NetworkKind)),
    network_id=st.sampled_from(["", "n1", "n2", "n3", "n4"]),
    agent_id=st.sampled_from(["", "a1", "a2"]),
    hints=st.frozensets(st.sampled_from(Hint), max_size=2),
)
EVENTS = st.builds(
    Event,
    id=st.integers(0, 10**6).map(str),
    kind=st.sampled_from(KINDS),
    received_at=st.one_of(st.integers(0, 60), st.integers(0, 5000), st.floats(0, 5)).map(
        lambda seconds: START + timedelta(seconds=seconds)
    ),
    recipient=st.sampled_from(["u1", "u1", "u2", "u3", "u4", None]),
    campaign=st.sampled_from(["spring", "spring", "autumn"]),
    message_id=st.sampled_from(["", "m1", "m1", "m2"]),
    sent_at=st.sampled_from([None, START]),
    link=st.sampled_from([None, 1, 2, 3, 4, 5]),
    facts=FACTS,
)
LISTS = st.lists(EVENTS, min_size=1, max_size=30)


@given(LISTS, st.randoms())
def test_the_order_of_input_does_not_matter(events: list[Event], random: object) -> None:
    places = list(range(len(events)))
    random.shuffle(places)  # type: ignore[attr-defined]
    shuffled = classify_all(events[place] for place in places)
    assert [classify_all(events)[place] for place in places] == shuffled


@given(LISTS)
def test_one_event_with_what_came_before_is_the_last_of_all(events: list[Event]) -> None:
    *earlier, last = events
    assert classify(last, earlier) == classify_all(events)[-1]


@given(LISTS)
def test_events_read_twice_change_nothing(events: list[Event]) -> None:
    assert classify_all(events + events)[: len(events)] == classify_all(events)


@given(LISTS)
def test_nothing_personal_is_looked_at(events: list[Event]) -> None:
    told = [replace(one, address="192.0.2.7", user_agent="UA", headers=(("accept", "x"),)) for one in events]
    assert classify_all(told) == classify_all(events)


@given(LISTS)
def test_confidence_is_a_chance_and_every_verdict_survives_json_and_explains_itself(events: list[Event]) -> None:
    for verdict in classify_all(events):
        assert 0 <= verdict.confidence <= 1
        assert Verdict.from_json(verdict.to_json()) == verdict
        assert explain(verdict).endswith(".")


@given(LISTS, st.sampled_from([0, 1, 30, 600, 5000]))
@settings(max_examples=150)
def test_a_stream_ends_with_what_all_at_once_says(events: list[Event], hold: int) -> None:
    """In order of time; revisions replace what was given."""
    ordered = sorted(events, key=lambda one: one.received_at)
    ordered = [replace(one, id=f"e{place}") for place, one in enumerate(ordered)]
    last: dict[str, Verdict] = {}
    for told in Classifier().stream(ordered, timedelta(seconds=hold)):
        assert isinstance(told, Revision) == (told.event.id in last)
        if isinstance(told, Revision):
            assert told.before == last[told.event.id] != told.verdict
        last[told.event.id] = told.verdict
    assert [last[one.id] for one in ordered] == classify_all(ordered)


@given(LISTS, st.randoms())
def test_a_stream_bears_events_that_are_late_by_no_more_than_the_hold(events: list[Event], random: object) -> None:
    hold = timedelta(seconds=300)
    late = [(one.received_at + hold * random.random(), one) for one in events]  # type: ignore[attr-defined]
    arrived = [replace(one, id=f"e{n}") for n, (_, one) in enumerate(sorted(late, key=lambda pair: pair[0]))]
    last = {told.event.id: told.verdict for told in Classifier().stream(arrived, hold)}
    assert [last[one.id] for one in arrived] == classify_all(arrived)


@pytest.mark.parametrize("hold", [0, 20, 600], ids="a hold of {} s".format)
@pytest.mark.parametrize("late", [pytest.param(False, id="in order"), pytest.param(True, id="late within the hold")])
def test_a_long_stream_ends_with_what_all_at_once_says(hold: int, late: bool) -> None:
    """Long enough that much is forgotten on the way."""
    random = Random(hold)
    events = [told.event for told in Mailing(5).told(1500)]
    clicks = [one for one in events if one.kind is Kind.CLICK][:300]
    # Bursts that go on for as long as the windows reach, so that what is kept at their edge matters.
    events += [
        replace(clicks[0], id=f"x{n}", link=n % 7, received_at=START + timedelta(seconds=random.random() * 9000))
        for n in range(600)
    ]
    waits = [timedelta(seconds=hold * random.random() if late else 0) for _ in events]
    arrived = sorted(
        ((one.received_at + wait, one) for one, wait in zip(events, waits, strict=True)), key=lambda pair: pair[0]
    )
    ordered = [one for _, one in arrived]
    last = {told.event.id: told.verdict for told in Classifier().stream(ordered, timedelta(seconds=hold))}
    assert [last[one.id] for one in ordered] == classify_all(ordered)


@given(LISTS)
def test_with_a_hold_of_the_horizon_nothing_is_revised(events: list[Event]) -> None:
    ordered = sorted(events, key=lambda one: one.received_at)
    assert all(isinstance(told, Judged) for told in Classifier().stream(ordered, Windows().horizon))


def test_a_stream_forgets() -> None:
    """Of a day of events, no more than some horizons' worth wait for their verdict."""
    read = given_ = most_waiting = 0

    def day() -> object:
        nonlocal read
        for second in range(0, 86400, 10):
            read += 1
            yield making.event(second, received_at=START + timedelta(seconds=second))

    for _ in Classifier().stream(day(), timedelta(minutes=1)):  # type: ignore[arg-type]
        given_ += 1
        most_waiting = max(most_waiting, read - given_)
    assert given_ == read == 8640
    assert most_waiting <= (60 + Windows().horizon.total_seconds() / 4) / 10 + 1
    with pytest.raises(ConfigError, match="hold"):
        Classifier().stream([], timedelta(seconds=-1))


def passing(count: int, mails: int) -> Iterator[Event]:
    """Yield clicks a second apart on some mails, from some networks."""
    for second in range(count):
        yield making.event(
            second,
            f"u{second % mails}",
            kind=Kind.CLICK,
            received_at=START + timedelta(seconds=second),
            message_id=f"m{second % mails}",
            link=second % 7,
            facts=Facts(agent=AgentKind.BROWSER, network_id=f"n{second % 90}", agent_id="a"),
        )


@pytest.mark.parametrize("hold", [0, 30, 600, 3600])
def test_verdicts_come_soon_after_their_hold(hold: int) -> None:
    """A quarter of the hold or the horizon, whichever is longer; not only when much has gathered."""
    clock = START

    def read() -> Iterator[Event]:
        nonlocal clock
        for one in passing(20_000, 900):
            clock = one.received_at
            yield one

    held, pace = timedelta(seconds=hold), max(timedelta(seconds=hold), Windows().horizon) / 4
    before_the_end = START + timedelta(seconds=19_999)
    waits = [
        clock - told.event.received_at
        for told in Classifier().stream(read(), held)
        if isinstance(told, Judged) and clock < before_the_end
    ]
    assert len(waits) > 15_000
    assert held <= min(waits)
    assert max(waits) <= held + pace + timedelta(seconds=1)


@pytest.mark.parametrize("hold", [0, 30, 600, 3600])
@pytest.mark.parametrize(
    ("mails", "most_often"), [pytest.param(20_000, 1.5, id="a click a mail"), pytest.param(900, 6, id="many on a mail")]
)
def test_a_stream_judges_an_event_a_few_times_and_forgets_it(hold: int, mails: int, most_often: float) -> None:
    """Held are the hold, two horizons and the pace at which verdicts come."""
    sizes: list[int] = []

    def judge(events: list[Event]) -> list[Verdict]:
        sizes.append(len(events))
        moments = [one.received_at for one in events]
        assert not moments or max(moments) - min(moments) <= span
        return classifier.classify_all(events)

    classifier, horizon = Classifier(), Windows().horizon
    held = timedelta(seconds=hold)
    span = held + 2 * horizon + max(held, horizon) / 4
    told = list(stream(passing(20_000, mails), held, horizon, judge, Windows().recipients))
    assert sum(sizes) <= most_often * 20_000
    assert {one.event.id for one in told} == {f"e{number}" for number in range(20_000)}


@given(LISTS, st.sampled_from([0, 30, 600]))
def test_a_stream_ends_so_too_with_a_rule_that_looks_at_the_neighbours(events: list[Event], hold: int) -> None:
    @rule(family="host", weight=1.5, source="nobody, 2026")
    def crowd(event: Event, context: Context) -> str:
        return f"{len(context.message)} {len(context.network)}" if len(context.network) > 2 else ""

    judge = Classifier([*DEFAULT_RULES, crowd])
    ordered = sorted(events, key=lambda one: one.received_at)
    ordered = [replace(one, id=f"e{place}") for place, one in enumerate(ordered)]
    last = {told.event.id: told.verdict for told in judge.stream(ordered, timedelta(seconds=hold))}
    assert [last[one.id] for one in ordered] == judge.classify_all(ordered)


@given(LISTS)
def test_a_rule_that_sees_nothing_changes_nothing(events: list[Event]) -> None:
    """With a rule that may look at the event itself nothing is remembered, and all the same is found."""

    @rule(family="host", weight=1.0, source="nobody, 2026")
    def blind(event: Event, context: Context) -> str:
        return ""

    found = Classifier([*DEFAULT_RULES, blind]).classify_all(events)
    assert [replace(verdict, version="") for verdict in found] == [
        replace(verdict, version="") for verdict in classify_all(events)
    ]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=25), st.integers(0, 12))
def test_counting_by_two_pointers_is_counting_by_hand(pairs: list[tuple[int, int]], window: int) -> None:
    pairs.sort()
    times, things = [float(time) for time, _ in pairs], [thing for _, thing in pairs]
    slow = [
        max(
            len({thing for time, thing in pairs if start <= time <= start + window})
            for start in times
            if start <= moment <= start + window
        )
        for moment in times
    ]
    assert max_distinct_in_window(times, things, window) == slow


@pytest.mark.parametrize("one_agent", [pytest.param(False, id="many"), pytest.param(True, id="one user agent")])
@pytest.mark.parametrize("networks", [pytest.param(True, id="network data"), pytest.param(False, id="none")])
def test_the_promised_figures_hold_on_a_small_scene(networks: bool, one_agent: bool) -> None:
    found = figures(judged(7, 12_000, networks=networks, one_agent=one_agent))
    assert found["people's clicks kept"] >= 0.99
    assert found["bursts not called people"] >= (0.98 if networks else 0.95)
    assert found["Apple's proxy and Gmail's prefetch"] == 1
    assert found["machine opens called people"] <= 0.03
