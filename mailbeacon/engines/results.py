"""What a run gives: figures, counts of lines, rejects, and a folder that ``mailbeacon report`` reads.

A folder holds ``judged/part-….parquet``: each part has all events of its mails, so that parts are counted one at a time and
their totals add up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailbeacon.counting import Tally
from mailbeacon.engines.parquet import parts_of, read_rows
from mailbeacon.engines.rows import Row, Rows
from mailbeacon.engines.steps import Reject, total
from mailbeacon.errors import DataError
from mailbeacon.logs import Counts
from mailbeacon.model import Event, Verdict

__all__ = ["Outcome", "judged_folder", "read_judged", "read_parts", "tally_of", "write_summary"]

_FOLDER = "judged"
_SUMMARY = "judged.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What judging logs gave.

    Attributes:
        tally: The totals of all events.
        counts: What the lines were.
        rejects: The lines that could not be read, in order of file and number.
    """

    tally: Tally
    counts: Counts
    rejects: list[Reject] = field(default_factory=list, repr=False)


def judged_folder(out: Path) -> Path:
    """Make the folder for judged events, empty.

    Raises:
        OSError: If it cannot be made.
    """
    folder = out / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.suffix in (".parquet", ".part"):
            old.unlink()
    return folder


def write_summary(out: Path, counts: Counts) -> None:
    """Write what the lines were, beside the judged events."""
    values = {
        "v": 1,
        "lines": counts.lines,
        "events": counts.events,
        "errors": counts.errors,
        "unfinished": counts.unfinished,
    }
    (out / _SUMMARY).write_text(json.dumps(values) + "\n", "utf-8")


def read_parts(out: Path) -> Iterator[list[tuple[Event, Verdict | None]]]:
    """Read a folder's judged events, a part of the mails at a time, each event once.

    A line that was written twice, the second time so late that a stream had let go of the first, stands in it twice.

    Raises:
        DataError: If there are none.
    """
    folder = out / _FOLDER if (out / _FOLDER).is_dir() else out
    parts = parts_of(folder)
    if not parts:
        raise DataError(f"{out.name} holds no judged events")
    for files in parts:
        rows, first = Rows(), dict[str, Row]()
        for row in read_rows(files):
            first.setdefault(row[0], row)
        yield [(rows.event(row), rows.verdict(row)) for row in first.values()]


def read_judged(out: Path) -> Iterator[tuple[Event, Verdict | None]]:
    """Read a folder's judged events, one after the other."""
    for part in read_parts(out):
        yield from part


def tally_of(out: Path) -> Tally:
    """Return the totals of a folder of judged events: in memory is one part at a time."""
    return merged(total(part) for part in read_parts(out))


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the totals of parts that hold different mails."""
    found = Tally()
    for one in tallies:
        found = found.merge(one)
    return found
