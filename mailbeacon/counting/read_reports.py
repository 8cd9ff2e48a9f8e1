"""Who has read it, by group: proof for a policy or an announcement, without showing what one person did.

Does not say that somebody has not read: "not seen" is all that can be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from enum import StrEnum

from mailbeacon.counting.pairing import Events, Texts, Verdicts, region_of, seen, texts_of
from mailbeacon.counting.spreadsheets import csv_text
from mailbeacon.counting.suppressing import rounded_number, tells_of_few
from mailbeacon.model import Event, Kind
from mailbeacon.model.message import check_bounds

__all__ = ["OTHERS", "GroupRow", "ReadReport", "ReadState", "ReaderRow", "read_report"]

_Sign = tuple[date, str, Texts]
OTHERS = "other groups"
"""The name of the row that holds the groups too small to show."""


class ReadState(StrEnum):
    """What is known of one recipient."""

    CLICKED = "clicked"
    READ = "read"
    UNKNOWN = "unknown"
    """Only a privacy proxy fetched it, which it does whether or not anyone reads."""
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group's figures, in recipients; ``read`` includes ``clicked``, and the other two are apart.

    But where names were asked for, what recipients did is rounded down to a multiple of the report's minimum, so that a row
    of thirty holds no one of whom alone something is told, and numbers need not add up.

    Attributes:
        group: The group's name.
        recipients: How many it was sent to.
        read: Seen opening or clicking, as people.
        clicked: Of them, seen clicking.
        unknown: Fetched by a privacy proxy only.
        not_seen: Nothing but machines, or nothing at all.
    """

    group: str
    recipients: int
    read: int
    clicked: int
    unknown: int
    not_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderRow:
    """What is known of one recipient: a state, and of the first sign day and region at the finest, and its mail's metadata."""

    recipient: str
    group: str
    state: ReadState
    day: date | None = None
    region: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """The groups that are large enough, and the readers where names were asked for.

    Attributes:
        rows: By group; the small ones together at the end.
        minimum: The least size of a row.
        hidden: Recipients in no row, for all of them together are too few.
        readers: By recipient; empty unless names were asked for.
    """

    rows: tuple[GroupRow, ...]
    minimum: int
    hidden: int = 0
    readers: tuple[ReaderRow, ...] = field(default=(), repr=False)

    def to_csv(self) -> str:
        """Return the rows, or the readers where there are any, as CSV that a spreadsheet takes for text."""
        if self.readers:
            readers = ((one.recipient, one.group, one.state, one.day, one.region) for one in self.readers)
            return csv_text(["recipient", "group", "state", "day", "region"], readers)
        numbers = ((row.group, row.recipients, row.read, row.clicked, row.unknown, row.not_seen) for row in self.rows)
        return csv_text(["group", "recipients", "read", "clicked", "unknown", "not seen"], numbers)


def read_report(
    events: Events,
    verdicts: Verdicts,
    groups: Mapping[str, str],
    *,
    campaign: str | None = None,
    minimum: int = 5,
    names: bool = False,
) -> ReadReport:
    """Count how many of each group have read a mail.

    Args:
        events: In any order.
        verdicts: One for each event.
        groups: The group (department) of every recipient it was sent to, also of those who never opened.
        campaign: Only events of this campaign; ``None`` for all.
        minimum: The least size of a row, and what all numbers but the sizes of groups are rounded down to a multiple of.
            Smaller groups are added up under :data:`OTHERS`, with the smallest shown group where they are too few even
            together, and so is a group whose size would tell what was rounded away: nobody can be found by subtraction.
            1 hides nothing. Where everybody of a group did the same, that is told.
        names: Say it of each recipient too; the minimum then hides nothing, so ask only where that is allowed.

    Raises:
        ConfigError: If ``minimum`` is no whole number from 1, or there is not one verdict for each event.
    """
    check_bounds(minimum=minimum)
    signs: dict[str, dict[ReadState, _Sign]] = {recipient: {} for recipient in groups}
    for recipient, event, human in seen(events, verdicts):
        known = signs.get(recipient)
        if known is not None and human is not False and campaign in (None, event.campaign):
            state = _state(event, human)
            sign = (event.received_at.astimezone(UTC).date(), region_of(event), texts_of(event))
            known[state] = min(known.get(state, sign), sign)
    readers = [_reader(recipient, groups[recipient], signs[recipient]) for recipient in sorted(groups)]
    rows, hidden = _rows(readers, minimum, 1 if names else minimum)
    return ReadReport(rows=rows, minimum=minimum, hidden=hidden, readers=tuple(readers) if names else ())


def _state(event: Event, human: bool | None) -> ReadState:
    if human is None:
        return ReadState.UNKNOWN
    return ReadState.CLICKED if event.kind == Kind.CLICK else ReadState.READ


def _reader(recipient: str, group: str, signs: Mapping[ReadState, _Sign]) -> ReaderRow:
    """Take the strongest state, and the first day a person (or else the proxy) was seen."""
    state = next((state for state in ReadState if state in signs), ReadState.NOT_SEEN)
    people = [sign for found, sign in signs.items() if found != ReadState.UNKNOWN]
    if not people:
        return ReaderRow(recipient=recipient, group=group, state=state)
    day, region, texts = min(people)
    return ReaderRow(recipient=recipient, group=group, state=state, day=day, region=region, metadata=dict(texts))


def _rows(readers: Iterable[ReaderRow], minimum: int, step: int) -> tuple[tuple[GroupRow, ...], int]:
    """Make a row of each large group, and one of all small ones, rounded to a step."""
    found: dict[str, list[ReadState]] = {}
    for reader in readers:
        found.setdefault(reader.group, []).append(reader.state)
    large = {group: states for group, states in found.items() if len(states) >= minimum and not _tells(states, step)}
    small = [state for group, states in found.items() if group not in large for state in states]
    while small and len(small) < minimum and large:
        smallest = min(large, key=lambda group: (len(large[group]), group))
        small += large.pop(smallest)
    rows = [_row(group, large[group], step) for group in sorted(large)]
    if len(small) >= minimum and not _tells(small, step):
        rows.append(_row(OTHERS, small, step))
        small = []
    return tuple(rows), len(small)


def _tells(states: list[ReadState], step: int) -> bool:
    """Check whether the size of a group, which is known, would tell of the few that rounding hides."""
    return tells_of_few(len(states), _parts(states), step)


def _parts(states: list[ReadState]) -> tuple[int, int, int]:
    """Return how many have read, are unknown, and were not seen."""
    unknown, missing = states.count(ReadState.UNKNOWN), states.count(ReadState.NOT_SEEN)
    return len(states) - unknown - missing, unknown, missing


def _row(group: str, states: list[ReadState], step: int) -> GroupRow:
    read, unknown, missing = (rounded_number(part, step) for part in _parts(states))
    clicked = rounded_number(states.count(ReadState.CLICKED), step)
    return GroupRow(group=group, recipients=len(states), read=read, clicked=clicked, unknown=unknown, not_seen=missing)
