"""Giving what is in a spool to its sink: each once, and none that is refused holding up the others for ever."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Final

from mailbeacon.errors import DataError, StoreError
from mailbeacon.model import Sink
from mailbeacon.model.protocols import day_keeper
from mailbeacon.store.checks import PATIENT_SECONDS
from mailbeacon.store.days import Day, Item, item_line, item_of, last_days
from mailbeacon.store.files import append_whole, lock, open_private
from mailbeacon.store.lines import Pair, Written
from mailbeacon.store.spool_files import Segment

__all__ = ["REFUSED", "Handover", "named", "title"]

_log = logging.getLogger("mailbeacon")
REFUSED: Final = "refused.jsonl"
"""The file of what cannot be read, or is never taken."""
_GIVE_UP_AFTER: Final = 3
"""How many refusals, with nothing taken, mean that the sink is away."""
_TRIES: Final = 20
"""How often an event or a day is refused, while others are taken, before it is put aside."""


class Handover:
    """What reads a spool's lines and hands events and days to a sink, for one thread at a time.

    Args:
        sink: Where they go.
        folder: Where what is never taken is put aside.
    """

    def __init__(self, sink: Sink, folder: Path) -> None:
        self._sink = sink
        self._folder = folder
        self._tries: dict[Hashable, int] = {}
        self._had: set[Hashable] = set()

    @property
    def ahead(self) -> int:
        """How much the sink has that stands behind one it refused."""
        return len(self._had)

    def read(self, segment: Segment, most: int) -> list[tuple[Item, int]]:
        """Return the next lines of a file that the sink needs, each with its end; those that cannot be read are put aside."""
        found: list[tuple[Item, int]] = []
        for line, end in segment.unsent():
            try:
                item = item_of(line)
            except DataError as error:
                if found:
                    break  # it is the first of the next batch
                _log.error("%s: a line that cannot be read is in %s: %s", segment.path, REFUSED, error)
                self.put_aside(line)
                segment.advance(end)
                continue
            if item:
                found.append((item, end))
            if len(found) == most + self.ahead:
                break
        return found

    def give(self, rows: Sequence[Item]) -> int:
        """Hand events and days to the sink; return how many of them, from the first on, it needs not be given again."""
        if rows and not self._tries and not self._had:
            try:
                if self._gave_together(rows):
                    return len(rows)
            except Exception as error:
                _log.warning("the sink did not take %d records at once: %s", len(rows), named(error))
        return self._give_singly(rows)

    def _gave_together(self, rows: Sequence[Item]) -> bool:
        """Hand over the events at once, then of each person the latest day; return whether the sink can take many."""
        days = [row for row in rows if isinstance(row, Day)]
        if not days:
            return self._gave_events(rows)  # type: ignore[arg-type]  # a copy would cost each batch
        events = [row for row in rows if not isinstance(row, Day)]
        if events and not self._gave_events(events):
            return False
        self._had.update(map(_key, events))  # they are not given again if a day is refused
        many: Callable[[Sequence[Day]], object] | None = getattr(self._sink, "put_last_opens", None)
        if many is not None:
            many(last_days(days))
        else:
            for day in last_days(days):
                day_keeper(self._sink).put_last_open(*day)
        self._had.clear()
        return True

    def _gave_events(self, rows: Sequence[Written]) -> bool:
        """Hand events over at once, with their JSON where the sink wants it; return whether the sink can take many."""
        whole: Callable[[Sequence[Written]], object] | None = getattr(self._sink, "record_written", None)
        many: Callable[[Sequence[Pair]], object] | None = getattr(self._sink, "record_many", None)
        if whole is not None:
            whole(rows)
        elif many is not None:
            many([row[:2] for row in rows])
        return (whole or many) is not None

    def _give_singly(self, rows: Sequence[Item]) -> int:
        """Hand over one after another: one that is refused while others are taken does not hold them up for ever."""
        refused: list[Item] = []
        took_one = False
        for row in rows:
            key = _key(row)
            if key in self._had:
                continue
            try:
                self._give_one(row)
            except Exception as error:
                if not refused:
                    _log.warning("the sink refused %s, which is tried again: %s", title(row), named(error))
                refused.append(row)
                if not took_one and len(refused) >= _GIVE_UP_AFTER:
                    break  # it is away
            else:
                took_one = True
                self._had.add(key)
                self._tries.pop(key, None)
        if took_one:  # it is there, so a refusal is about the one
            for row in refused:
                self._blame(row)
        taken = 0
        while taken < len(rows) and _key(rows[taken]) in self._had:
            taken += 1
        for row in rows[:taken]:
            self._had.discard(_key(row))
        return taken

    def _give_one(self, row: Item) -> None:
        if isinstance(row, Day):
            day_keeper(self._sink).put_last_open(*row)
        else:
            self._sink.record(row[0], row[1])  # type: ignore[arg-type]

    def _blame(self, row: Item) -> None:
        """Count a refusal against an event or a day; after some, put it aside."""
        key = _key(row)
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if tries >= _TRIES:
            del self._tries[key]
            self.put_aside(item_line(row).rstrip(b"\n"))
            self._had.add(key)
            _log.error("the sink refused %s %d times: it is in %s of the spool", title(row), tries, REFUSED)

    def put_aside(self, line: bytes) -> None:
        """Keep a line that cannot be read or handed over in the file of refused ones."""
        path = self._folder / REFUSED
        descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
        try:
            with lock(descriptor, path, seconds=PATIENT_SECONDS):
                append_whole(descriptor, line + b"\n")
        finally:
            os.close(descriptor)


def title(row: Item) -> str:
    """Return what an event or a day is called in a log, without its recipient."""
    return "the day of a last open" if isinstance(row, Day) else f"event {row[0].id}"


def _key(row: Item) -> Hashable:
    return row if isinstance(row, Day) else row[0].id


def named(error: BaseException) -> str:
    """Return what may be said of an error in a log: our own errors hold no recipient, others' may."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
