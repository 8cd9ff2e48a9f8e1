"""Giving a spool's events to its sink: each once, and none that is refused holding up the others for ever."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mailbeacon.errors import StoreError
from mailbeacon.model import Sink
from mailbeacon.store.checks import PATIENT_SECONDS
from mailbeacon.store.files import append_whole, lock, open_private
from mailbeacon.store.lines import Pair, Written, line_of

__all__ = ["REFUSED", "Handover", "named"]

_log = logging.getLogger("mailbeacon")
REFUSED: Final = "refused.jsonl"
"""The file of what cannot be read, or is never taken."""
_GIVE_UP_AFTER: Final = 3
"""How many refusals, with nothing taken, mean that the sink is away."""
_TRIES: Final = 20
"""How often an event is refused, while others are taken, before it is put aside."""


class Handover:
    """What hands events to a sink, for one thread at a time.

    Args:
        sink: Where they go.
        folder: Where what is never taken is put aside.
    """

    def __init__(self, sink: Sink, folder: Path) -> None:
        self._sink = sink
        self._folder = folder
        self._tries: dict[str, int] = {}
        self._had: set[str] = set()

    @property
    def ahead(self) -> int:
        """How many events the sink has that stand behind one it refused."""
        return len(self._had)

    def give(self, rows: Sequence[Written]) -> int:
        """Hand events to the sink; return how many of them, from the first on, it needs not be given again."""
        if rows and not self._tries and not self._had:
            try:
                if self._gave_together(rows):
                    return len(rows)
            except Exception as error:
                _log.warning("the sink did not take %d events at once: %s", len(rows), named(error))
        return self._give_singly(rows)

    def _gave_together(self, rows: Sequence[Written]) -> bool:
        """Hand events over at once, with their JSON where the sink wants it; return whether the sink can take many."""
        whole: Callable[[Sequence[Written]], object] | None = getattr(self._sink, "record_written", None)
        many: Callable[[Sequence[Pair]], object] | None = getattr(self._sink, "record_many", None)
        if whole is not None:
            whole(rows)
        elif many is not None:
            many([row[:2] for row in rows])
        return (whole or many) is not None

    def _give_singly(self, rows: Sequence[Written]) -> int:
        """Hand over events one by one: one that is refused while others are taken does not hold them up for ever."""
        refused: list[Written] = []
        took_one = False
        for row in rows:
            event, verdict = row[:2]
            if event.id in self._had:
                continue
            try:
                self._sink.record(event, verdict)  # type: ignore[arg-type]
            except Exception as error:
                if not refused:
                    _log.warning("the sink refused event %s, which is tried again: %s", event.id, named(error))
                refused.append(row)
                if not took_one and len(refused) >= _GIVE_UP_AFTER:
                    break  # it is away
            else:
                took_one = True
                self._had.add(event.id)
                self._tries.pop(event.id, None)
        if took_one:  # it is there, so a refusal is about the event
            for row in refused:
                self._blame(row)
        taken = 0
        while taken < len(rows) and rows[taken][0].id in self._had:
            taken += 1
        for row in rows[:taken]:
            self._had.discard(row[0].id)
        return taken

    def _blame(self, row: Written) -> None:
        """Count a refusal against an event; after some, put it aside."""
        event = row[0]
        tries = self._tries[event.id] = self._tries.get(event.id, 0) + 1
        if tries >= _TRIES:
            del self._tries[event.id]
            self.put_aside(line_of(row).rstrip(b"\n"))
            self._had.add(event.id)
            _log.error("the sink refused event %s %d times: it is in %s of the spool", event.id, tries, REFUSED)

    def put_aside(self, line: bytes) -> None:
        """Keep a line that cannot be read or handed over in the file of refused ones."""
        path = self._folder / REFUSED
        descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
        try:
            with lock(descriptor, path, seconds=PATIENT_SECONDS):
                append_whole(descriptor, line + b"\n")
        finally:
            os.close(descriptor)


def named(error: BaseException) -> str:
    """Return what may be said of an error in a log: our own errors hold no recipient, others' may."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
