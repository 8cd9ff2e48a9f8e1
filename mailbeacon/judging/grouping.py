"""Which events belong together: those of one message, and those from one network. Counts nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from mailbeacon.model import Event

__all__ = ["Chains", "Mail", "Neighbourhood", "mail_of", "related_to"]

Mail = tuple[str, str | None, str]
"""What tells mails apart: the message's name, its recipient, and the campaign. One name may serve a whole mailing."""


def mail_of(event: Event) -> Mail:
    """Say which mail an event is about."""
    return event.message_id, event.recipient, event.campaign


def related_to(event: Event, earlier: Iterable[Event]) -> list[Event]:
    """Give the events that may bear on another: of its message, and of its network."""
    message, recipient, network = event.message_id, event.recipient, event.facts.network_id
    return [
        other
        for other in earlier
        if (message and other.message_id == message and other.recipient == recipient)
        or (network and other.facts.network_id == network)
    ]


class Chains:
    """Tie together the indices that share a name.

    Each index only knows the one before it: a million small lists would cost more than the counting, in making them and
    in every walk of the garbage collector.

    Attributes:
        last: The last index of each name.
        before: For each index the one before it that has the same name; -1 where there is none.
    """

    __slots__ = ("before", "last")

    def __init__(self, size: int) -> None:
        self.last: dict[Hashable, int] = {}
        self.before = [-1] * size

    def group(self, name: Hashable) -> list[int]:
        """Give all indices of a name, in order."""
        before, index = self.before, self.last[name]
        found = []
        while index >= 0:
            found.append(index)
            index = before[index]
        found.reverse()
        return found


class Neighbourhood:
    """Give a host's rules the events near an event. What it gives grows with them, and so does its time."""

    __slots__ = ("_horizon", "_messages", "_networks")

    def __init__(self, events: Iterable[Event], horizon: timedelta) -> None:
        self._horizon = horizon
        self._messages: dict[Mail, list[Event]] = {}
        self._networks: dict[str, list[Event]] = {}
        for event in sorted(events, key=attrgetter("received_at", "id")):
            if event.recipient is not None:
                self._messages.setdefault(mail_of(event), []).append(event)
                self._networks.setdefault(event.facts.network_id, []).append(event)

    def message(self, event: Event) -> tuple[Event, ...]:
        """Give the events of an event's message within the horizon, that event too; none where there is no name."""
        return self._near(self._messages.get(mail_of(event), ()), event) if event.message_id else ()

    def network(self, event: Event) -> tuple[Event, ...]:
        """Give the events with an event's network id; the same otherwise."""
        name = event.facts.network_id
        return self._near(self._networks.get(name, ()), event) if name else ()

    def _near(self, group: Sequence[Event], event: Event) -> tuple[Event, ...]:
        if event.recipient is None:
            return ()
        moment: datetime = event.received_at
        start = bisect_left(group, moment - self._horizon, key=_moment)
        return tuple(group[start : bisect_right(group, moment + self._horizon, key=_moment)])


_moment = attrgetter("received_at")
