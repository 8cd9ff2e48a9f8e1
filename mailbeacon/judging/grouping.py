"""Which events may bear on one, for single events and for a host's own rules. Counts nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar

from mailbeacon.model import Event, Mail

__all__ = ["Neighbourhood", "groups_of", "related_to"]

K = TypeVar("K")


def groups_of(names: Iterable[K | None]) -> Collection[list[int]]:
    """Return the places of each name that stands there more than once, in order; an empty one is none.

    Most stand there once, so a list is made for the second only: the garbage collector walks lists.
    """
    first: dict[K, int] = {}
    several: dict[K, list[int]] = {}
    place_of = first.setdefault
    for place, name in enumerate(names):
        if name:
            before = place_of(name, place)
            if before != place:
                group = several.get(name)
                if group is None:
                    several[name] = [before, place]
                else:
                    group.append(place)
    return several.values()


def related_to(event: Event, earlier: Iterable[Event]) -> list[Event]:
    """Return the events that may bear on another: of its mail, and of its network.

    Of its mail whatever the campaign, for a provider that reports a delivery may not know it.
    """
    message, recipient, network = event.message_id, event.recipient, event.facts.network_id
    return [
        other
        for other in earlier
        if (message and other.message_id == message and other.recipient == recipient)
        or (network and other.facts.network_id == network)
    ]


class Neighbourhood:
    """The events near each event, for a host's rules. What it returns grows with them, and so does its time."""

    __slots__ = ("_horizon", "_messages", "_networks")

    def __init__(self, events: Iterable[Event], horizon: timedelta) -> None:
        self._horizon = horizon
        self._messages: dict[Mail, list[Event]] = {}
        self._networks: dict[str, list[Event]] = {}
        for event in sorted(events, key=attrgetter("received_at", "id")):
            if event.recipient is not None:
                self._messages.setdefault(event.mail, []).append(event)
                self._networks.setdefault(event.facts.network_id, []).append(event)

    def message(self, event: Event) -> tuple[Event, ...]:
        """Return the events of an event's message within the horizon, that event too; none where there is no name."""
        return self._near(self._messages.get(event.mail, ()), event) if event.message_id else ()

    def network(self, event: Event) -> tuple[Event, ...]:
        """Return the events with an event's network id; the same otherwise."""
        name = event.facts.network_id
        return self._near(self._networks.get(name, ()), event) if name else ()

    def _near(self, group: Sequence[Event], event: Event) -> tuple[Event, ...]:
        if event.recipient is None:
            return ()
        moment: datetime = event.received_at
        start = bisect_left(group, moment - self._horizon, key=_moment)
        return tuple(group[start : bisect_right(group, moment + self._horizon, key=_moment)])


_moment = attrgetter("received_at")
