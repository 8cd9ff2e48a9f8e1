"""A stream of events, by a judge that says which events bear on each: what is asked again, when, and what is forgotten."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mailbeacon.judging import Classifier, Judged, Revision
from mailbeacon.judging.streaming import stream
from mailbeacon.model import Actor, AgentKind, Event, Facts, Kind, Verdict
from tests import making

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOLD, HORIZON, REACH = timedelta(seconds=48), timedelta(seconds=100), timedelta(seconds=10)
PACE = 25
"""A quarter of the horizon, in seconds."""


def click(second: float, mail: str = "m", recipient: str | None = "u", network: str = "") -> Event:
    return making.event(
        id=f"{mail}{second:g}",
        kind=Kind.CLICK,
        received_at=START + timedelta(seconds=second),
        recipient=recipient,
        message_id=mail,
        facts=Facts(agent=AgentKind.BROWSER, network_id=network),
    )


def names(events: list[Event]) -> list[Verdict]:
    """Judge by naming the events of the same mail within the horizon, and those from the same network within reach."""
    return [Verdict(actor=Actor.UNKNOWN, version=" ".join(_bear_on(one, events))) for one in events]


def _bear_on(one: Event, events: list[Event]) -> Iterator[str]:
    for other in sorted(events, key=lambda event: event.id):
        apart = abs(other.received_at - one.received_at)
        mail = other.mail == one.mail and one.message_id and apart <= HORIZON
        network = one.facts.network_id == other.facts.network_id != "" and apart <= REACH
        if other is one or (one.recipient is not None and other.recipient is not None and (mail or network)):
            yield other.id


def told(events: list[Event], hold: timedelta = timedelta(0)) -> list[tuple[str, ...]]:
    return [
        (one.event.id, one.verdict.version, *([one.before.version] if isinstance(one, Revision) else []))
        for one in stream(events, hold, HORIZON, names, REACH)
    ]


def test_each_new_event_of_a_mail_revises_the_verdicts_it_bears_on() -> None:
    assert told([click(0), click(30), click(60)]) == [
        ("m0", "m0"),
        ("m30", "m0 m30"),
        ("m0", "m0 m30", "m0"),
        ("m60", "m0 m30 m60"),
        ("m0", "m0 m30 m60", "m0 m30"),
        ("m30", "m0 m30 m60", "m0 m30"),
    ]


def test_what_bears_on_nothing_that_was_given_revises_nothing() -> None:
    apart = [click(0), click(30, "n"), click(60, recipient="v"), click(90, recipient=None), click(120, recipient=None)]
    assert [len(one) for one in told(apart)] == [2] * 5
    assert told([click(0), click(101)]) == [("m0", "m0"), ("m101", "m101")]
    assert told([click(0), click(100)])[1:] == [("m100", "m0 m100"), ("m0", "m0 m100", "m0")]


def test_events_from_one_network_bear_on_each_other_within_its_reach() -> None:
    others = [click(24, "a", "u", "x"), click(34, "b", "v", "x"), click(35, "c", "w", "x"), click(60, "d")]
    assert told([click(0, "e"), *others]) == [
        ("e0", "e0"),
        ("a24", "a24"),
        ("b34", "a24 b34 c35"),
        ("c35", "b34 c35"),
        ("a24", "a24 b34", "a24"),
        ("d60", "d60"),
    ]


def test_where_no_reach_is_given_it_is_the_horizon() -> None:
    events = [click(0, "a", "u", "x"), click(100, "b", "v", "x")]
    asked: list[int] = []

    def judge(some: list[Event]) -> list[Verdict]:
        asked.append(len(some))
        return names(some)

    assert [type(one) for one in stream(events, timedelta(0), HORIZON, judge)] == [Judged, Judged]
    assert asked == [1, 2]


@pytest.mark.parametrize(
    ("hold", "second", "given"),
    [
        pytest.param(0, PACE - 1, 0, id="before a quarter of the horizon"),
        pytest.param(0, PACE, 1, id="after it"),
        pytest.param(40, PACE, 0, id="while the hold lasts"),
        pytest.param(40, 40, 0, id="as long as one may come that is as late as the hold"),
        pytest.param(40, 41, 1, id="after the hold"),
        pytest.param(400, 400, 0, id="a long hold"),
        pytest.param(400, 499, 1, id="within a quarter of it"),
    ],
)
def test_a_verdict_is_given_once_its_hold_is_over_and_some_time_went_by(hold: int, second: int, given: int) -> None:
    """Seen when the next event is read."""
    done: list[Judged | Revision] = []
    seen: list[int] = []

    def read() -> Iterator[Event]:
        yield click(0)
        yield click(second, "later")
        seen.append(len(done))
        yield click(second, "last")

    for one in stream(read(), timedelta(seconds=hold), HORIZON, names, REACH):
        done.append(one)  # noqa: PERF402 - what is read looks at it
    assert seen == [given]


def test_one_as_late_as_the_hold_still_revises_what_lies_a_horizon_before_it_in_the_light_of_what_came_before_that() -> (
    None
):
    """The three lie at the very edge of what is kept."""
    clock = 2 * HORIZON.seconds + HOLD.seconds
    events = [click(0), click(100), click(clock, "tick"), click(200), click(clock + PACE, "tick")]
    last = {name: version for name, version, *_ in told(events, HOLD)}
    assert last["m100"] == "m0 m100 m200"
    assert last == dict(zip([one.id for one in events], [one.version for one in names(events)], strict=True))


def test_judged_again_is_only_what_something_new_bears_on() -> None:
    """None of another mail or network, of a network beyond its reach, or of those that have no name."""
    asked: list[set[str]] = []

    def judge(events: list[Event]) -> list[Verdict]:
        asked.append({one.id for one in events})
        return names(events)

    before = [
        click(0, "a"),
        click(1, "b"),
        click(20, "c", "v", "x"),
        click(21, "d"),
        click(22, ""),
        click(23, "i", None),
    ]
    after = [
        click(25, "e", "w", "y"),
        click(27, ""),
        click(28, "f", "v", "y"),
        click(29, "a"),
        click(31, "b"),
        click(35, "h", "w", "x"),
    ]
    list(stream([*before, *after, click(55, "g")], timedelta(0), HORIZON, judge, REACH))
    assert asked == [
        {"a0", "b1", "c20", "d21", "22", "i23"},
        {"e25", "27", "f28", "a0", "a29", "b1", "b31", "h35"},
        {"g55"},
    ]


def test_one_later_than_the_hold_is_judged_and_revises_nothing_whose_neighbours_may_be_forgotten() -> None:
    for more in ([], [click(240, "tick")]):  # at the end of the stream, and before it
        found = told([click(0), click(60), click(200, "tick"), click(50), *more])
        assert [one for one in found if one[0].startswith("m")] == [
            ("m0", "m0"),
            ("m60", "m0 m60"),
            ("m0", "m0 m60", "m0"),
            ("m50", "m0 m50 m60"),
        ]


@pytest.mark.parametrize("hold", [0, 20, 600])
def test_a_stream_tells_a_machine_by_the_other_recipients_it_reads_for(hold: int) -> None:
    crowd = [click(3600 + n / 16, f"m{n}", f"u{n}", "x").changed(sent_at=START) for n in range(12)]
    events = [click(0, "first"), *crowd, *(click(3601 + 400 * n, f"n{n}") for n in range(6))]
    judge = Classifier()
    last = {one.event.id: one.verdict for one in judge.stream(events, timedelta(seconds=hold))}
    assert [last[one.id] for one in events] == judge.classify_all(events)
    assert {last[one.id].signals[0].name for one in crowd} == {"many-recipients"}


def test_a_stream_keeps_no_more_of_a_long_log_than_of_a_short_one() -> None:
    """Neither events nor the names of mails and networks that are long past."""

    def most(count: int) -> int:
        events = (click(n, f"m{n}", f"u{n}", f"x{n}") for n in range(count))
        tracemalloc.start()
        try:
            for _ in stream(events, HOLD, HORIZON, lambda some: [same] * len(some), REACH):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    same = Verdict(actor=Actor.UNKNOWN)
    most(500)
    assert most(4000) < 1.2 * most(1000)
