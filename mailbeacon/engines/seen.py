"""What a stream has counted already, so that a line which comes again very late counts once where no folder keeps events.

Eight bytes an event, in a temporary file from some 100,000 on; memory holds where in it each stretch of time is. A line's time
stands in the line, so only stretches with its moment are looked through.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from tempfile import SpooledTemporaryFile
from types import TracebackType

from mailbeacon.engines.steps import Judged
from mailbeacon.model import Kind

__all__ = ["Seen"]

_IN_MEMORY = 1 << 20
_ACTS = Kind.UNSUBSCRIBE, Kind.WITHDRAW


class Seen:
    """Remember the ids of judged events; a context that removes its file."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed at the end of the context
        self._stretches: list[tuple[datetime, datetime, int, int]] = []
        self._acts: set[int] = set()
        self._last: datetime | None = None

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def new(self, judged: list[Judged]) -> list[Judged]:
        """Return those that were not there before, and remember them: acts of a reader whenever they were, others late ones only.

        Args:
            judged: A batch of a stream, in order of time.
        """
        if not judged:
            return judged
        found = [pair for pair in judged if pair[0].kind not in _ACTS or self._is_new_act(pair[0].id)]
        if self._last is not None and found and found[0][0].received_at <= self._last:
            late = [pair for pair in found if pair[0].received_at <= self._last]
            known = self._known({hash(event.id) for event, _ in late}, late[0][0].received_at, late[-1][0].received_at)
            found = [pair for pair in found if hash(pair[0].id) not in known]
        if found:
            self._keep(found)
        return found

    def _is_new_act(self, name: str) -> bool:
        """Check whether something a reader did by a button is told for the first time: its id is the same on any day."""
        before = len(self._acts)
        self._acts.add(hash(name))
        return len(self._acts) > before

    def _known(self, names: set[int], first: datetime, last: datetime) -> set[int]:
        """Return which of some events of a time were there before."""
        known: set[int] = set()
        for begin, end, place, size in self._stretches:
            if begin <= last and first <= end:
                self._file.seek(place)
                known.update(names.intersection(array("q", self._file.read(size))))
        return known

    def _keep(self, found: list[Judged]) -> None:
        place = self._file.seek(0, 2)
        names = array("q", [hash(event.id) for event, _ in found])
        size = self._file.write(names.tobytes())
        first, last = found[0][0].received_at, found[-1][0].received_at
        self._stretches.append((first, last, place, size))
        self._last = last if self._last is None else max(self._last, last)
