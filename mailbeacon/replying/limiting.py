"""A bound on the rows that one mail's link can make: whoever has the link can ask for it for ever."""

from __future__ import annotations

from datetime import UTC

from mailbeacon.caches import Cache
from mailbeacon.model import Event, Kind, Mail

__all__ = ["HitLimit"]

_LIMITED = (Kind.OPEN, Kind.CLICK)
_MOST_MAILS = 16_384


class HitLimit:
    """What bounds the rows of one mail in a day.

    Beyond the limit a row is kept each time the number of hits has doubled, and stands for those since the last one.

    Args:
        most: The most hits of one mail recorded one by one in a day (UTC).

    Example:
        >>> from datetime import datetime
        >>> at = datetime(2026, 4, 1, 9, tzinfo=UTC)
        >>> hit = Event(id="e", kind=Kind.OPEN, received_at=at, recipient="u-17")
        >>> limit = HitLimit(2)
        >>> rows = [limit.admit(hit) for _ in range(9)]
        >>> [row.unrecorded if row else None for row in rows]
        [0, 0, None, 1, None, None, None, 3, None]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Cache[tuple[Mail, int], int] = Cache(_MOST_MAILS)

    def admit(self, event: Event) -> Event | None:
        """Return the event to record, if one is: itself, or a row that stands for more."""
        if event.recipient is None or event.kind not in _LIMITED:
            return event
        key = event.mail, event.received_at.astimezone(UTC).toordinal()
        count = self._counts.put(key, self._counts.get(key, 0) + 1)
        if count <= self._most:
            return event
        times, rest = divmod(count, self._most)
        return None if rest or times & (times - 1) else event.changed(unrecorded=count // 2 - 1)
