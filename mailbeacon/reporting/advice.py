"""What to do next, in sentences made from the figures; and what a report says of hits that are remarkable.

Advises only what a figure of the report shows.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.counting import Comparison, Mark, Rates, Sentence, Tally
from mailbeacon.model import Kind
from mailbeacon.reporting.singular import said_of

__all__ = ["GMAIL_LIMIT", "GMAIL_TARGET", "advise", "remarks"]

GMAIL_TARGET, GMAIL_LIMIT = 0.001, 0.003
"""The complaint rates to stay below, and never to reach. Source: Google, Email sender guidelines, 2024."""
_MANY_MACHINES = 0.15
_MANY_BOUNCES = 0.02
"""A list with more bounces than this is old or bought, so mailbox providers take the sender for a spammer."""
_MUCH_UNKNOWN = 0.3
_FEW = 30
"""Of fewer than these nothing is advised."""

_SAID = {
    (Mark.EXPIRED, Kind.OPEN): "{hits} opens of mails older than the sender counts are in no figure.",
    (Mark.EXPIRED, Kind.CLICK): "{hits} clicks in mails older than the sender counts are in no figure.",
    (
        Mark.CLOCK,
        Kind.OPEN,
    ): "{hits} opens are of mails that claim to be sent later than they were opened: is the time of "
    "sending in the right time zone? They are counted.",
    (
        Mark.CLOCK,
        Kind.CLICK,
    ): "{hits} clicks are in mails that claim to be sent later than they were clicked: is the time of "
    "sending in the right time zone? They are counted.",
    (Mark.BEYOND, Kind.OPEN): "{hits} opens beyond those of one message in one day that are recorded are in no figure.",
    (
        Mark.BEYOND,
        Kind.CLICK,
    ): "{hits} clicks beyond those in one message in one day that are recorded are in no figure.",
    (Mark.NAMELESS, Kind.OPEN): "{hits} opens are of no known recipient: they are hits only.",
    (Mark.NAMELESS, Kind.CLICK): "{hits} clicks are of no known recipient: they are hits only.",
    (
        Mark.UNDATED,
        Kind.OPEN,
    ): "{hits} opens are of mails without a time of sending: two mails of one campaign to one person "
    "count as one message there, unless each has its own id.",
    (
        Mark.UNDATED,
        Kind.CLICK,
    ): "{hits} clicks are in mails without a time of sending: two mails of one campaign to one person "
    "count as one message there, unless each has its own id.",
}


def remarks(tally: Tally, minimum: int = 0) -> list[Sentence]:
    """Return what is remarkable of the hits, one sentence for each kind, and how figures with a minimum are to be read.

    Args:
        tally: Whose figures are shown.
        minimum: Of the report.
    """
    said = [said_of(hits, _SAID[mark]) for mark, hits in tally.marks.items() if mark in _SAID]
    if minimum > 1:
        said.insert(
            0,
            Sentence.of(
                "Every number is rounded down to a multiple of {minimum}, and smaller rows are added up or left out, so that "
                "no figure tells of a single person.",
                minimum=minimum,
            ),
        )
    if tally.outcomes.seen_all_the_same:
        said.append(
            said_of(
                tally.outcomes.seen_all_the_same,
                "{number} messages bounced and were opened or clicked by people all the same: they count as delivered too.",
            )
        )
    return said


def advise(tally: Tally, rates: Rates, comparison: Comparison | None, silent: int | None) -> list[Sentence]:
    """Return what to do next; nothing where nothing stands out."""
    return [
        *_of_machines(rates),
        *_of_unknown(tally),
        *_of_outcomes(rates),
        *_of_experiment(comparison),
        *_of_silent(silent),
    ]


def _of_machines(rates: Rates) -> Iterator[Sentence]:
    for raw, said in (
        (rates.raw_clicks, "{percent} % of the clicks were machines: judge by people, not by totals."),
        (rates.raw_opens, "{percent} % of the opens were machines: judge by people, not by totals."),
    ):
        value = raw.machine_hits.value
        if value is not None and value >= _MANY_MACHINES and raw.hits >= _FEW:
            yield Sentence.of(said, percent=round(100 * value))


def _of_unknown(tally: Tally) -> Iterator[Sentence]:
    opens = tally.count(Kind.OPEN).messages
    if opens.possible >= _FEW and opens.unknown / opens.possible >= _MUCH_UNKNOWN:
        yield Sentence.of(
            "Of {percent} % of the possible opens nobody can know whether a person looked: decide by clicks.",
            percent=round(100 * opens.unknown / opens.possible),
        )


def _of_outcomes(rates: Rates) -> Iterator[Sentence]:
    complaints, bounces = rates.outcomes.get("complained"), rates.outcomes.get("bounced")
    if complaints is not None and (complaints.value or 0.0) >= GMAIL_TARGET:
        limit = (complaints.value or 0.0) >= GMAIL_LIMIT
        yield Sentence.of(
            "The complaint rate has reached 0.3 %, from which Gmail turns mail away: send to fewer, and only to who asked."
            if limit
            else "The complaint rate is above 0.1 %, which Gmail asks senders to stay below: make leaving easier."
        )
    if bounces is not None and (bounces.value or 0.0) >= _MANY_BOUNCES:
        yield said_of(
            bounces.numerator,
            "{number} messages bounced for good: take these addresses off the list before the next mail.",
        )


def _of_experiment(comparison: Comparison | None) -> Iterator[Sentence]:
    if comparison is not None and comparison.contrasts[0].points and comparison.contrasts[0].is_clear:
        yield Sentence.of("Send {better} from now on: its lead is no chance.", better=comparison.contrasts[0].better)


def _of_silent(silent: int | None) -> Iterator[Sentence]:
    if silent:
        yield said_of(silent, "{number} subscribers have not been seen for long: ask them whether they want to stay.")
