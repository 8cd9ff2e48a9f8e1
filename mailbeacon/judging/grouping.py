"""Which events may bear on one, for single events and for a host's own rules. Counts nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar

from mailbeacon.model import Event, Mail

__all__ = ["Neighbourhood", "clicked", "groups_of", "related_to"]

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


def clicked(events: Sequence[Event], opens: Iterable[int], follows: Iterable[int]) -> Iterator[list[int]]:
    """Return the events of each mail that has several, if it was more than opened: opens alone say nothing of each other.

    Args:
        events: All of them, in order of time.
        opens: The places of the opens.
        follows: The places of clicks, and of what else is done by a link of the mail.
    """
    found: dict[str, list[int]] = {}
    for place in follows:
        found.setdefault(events[place].message_id, []).append(place)
    found.pop("", None)
    for place in opens:
        same = found.get(events[place].message_id)
        if same is not None:
            same.append(place)
    for group in found.values():
        if len(group) > 1:
            mails: dict[Mail, list[int]] = {}  # one id may serve a whole mailing
            for place in sorted(group):
                mails.setdefault(events[place].mail, []).append(place)
            yield from (mail for mail in mails.values() if len(mail) > 1)


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
