"""Sinks and a history in memory: for tests, demonstrations and single processes. Nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from datetime import date, datetime
from threading import Lock

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store.changes import EventChange, applied
from mailbeacon.store.checks import check_bounds

__all__ = ["CallbackSink", "MemoryHistory", "MemorySink"]


class MemorySink:
    """Keep events in memory, in the order they came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[Event, Verdict | None]] = {}
        self._days: dict[str, date] = {}

    def __repr__(self) -> str:
        return f"MemorySink({len(self._kept)} events)"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event; an id that is known already is left as it is."""
        with self._lock:
            self._kept.setdefault(event.id, (event, verdict))

    def record_many(self, pairs: Iterable[tuple[Event, Verdict | None]]) -> None:
        """Keep several events."""
        for event, verdict in pairs:
            self.record(event, verdict)

    def events(self) -> Iterator[tuple[Event, Verdict | None]]:
        """Return what is kept now, the oldest first."""
        with self._lock:
            return iter(list(self._kept.values()))

    def of_recipient(self, recipient: str) -> Iterator[tuple[Event, Verdict | None]]:
        """Return the events of one recipient."""
        return (pair for pair in self.events() if pair[0].recipient == recipient)

    def erase(self, recipient: str) -> int:
        """Forget a recipient's events and last open, and return how many events they were."""
        with self._lock:
            self._days.pop(recipient, None)
        return self._keep_only(lambda event: event.recipient != recipient)

    def drop_before(self, moment: datetime) -> int:
        """Forget the events received before a moment, and return how many they were."""
        return self._keep_only(lambda event: event.received_at >= moment)

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop the events received before a moment, and return how many.

        Args:
            before: The moment.
            change: Gives the event itself, another to keep in its place, or ``None`` to drop it.
            kinds: Only events of these kinds; empty for all.
        """
        with self._lock:
            made = {
                name: (applied(event, before, change, kinds), verdict) for name, (event, verdict) in self._kept.items()
            }
            done = sum(new != self._kept[name][0] for name, (new, _) in made.items())
            self._kept = {name: (new, verdict) for name, (new, verdict) in made.items() if new is not None}
        return done

    def drop_last_opens(self, before: date) -> int:
        """Forget the last opens on days before one, and return how many they were."""
        with self._lock:
            kept = {name: day for name, day in self._days.items() if day >= before}
            done, self._days = len(self._days) - len(kept), kept
        return done

    def _keep_only(self, wanted: Callable[[Event], bool]) -> int:
        with self._lock:
            before = len(self._kept)
            self._kept = {name: pair for name, pair in self._kept.items() if wanted(pair[0])}
            return before - len(self._kept)

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep the day of a person's last open, in place of an earlier one (level DATE)."""
        with self._lock:
            self._days[recipient] = max(day, self._days.get(recipient, day))

    def last_opens(self) -> Iterator[tuple[str, date]]:
        """Return each recipient with the day of the last open, of those whose level is DATE."""
        with self._lock:
            return iter(list(self._days.items()))

    def __len__(self) -> int:
        return len(self._kept)


class CallbackSink:
    """Hand each event to a function of the host, such as one that puts it on a queue.

    Args:
        function: Called with event and verdict, in the thread that answers the request: it should be quick.
    """

    def __init__(self, function: Callable[[Event, Verdict | None], object]) -> None:
        if not callable(function):
            raise ConfigError(f"function must be callable, got {type(function).__name__}")
        self._function = function

    def __repr__(self) -> str:
        return f"CallbackSink({self._function!r})"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Call the function; what it raises is the caller's to handle."""
        self._function(event, verdict)


class MemoryHistory:
    """Remember recent events by message and by network id, forgetting the ones not asked for longest.

    Args:
        messages: How many messages are remembered at most; when there are more, half of them are forgotten.
        networks: How many network ids are remembered at most, likewise.
        per_message: How many events of each message, the latest.
        per_network: How many events of each network id, the latest.

    Raises:
        ConfigError: If a bound is below 1.
    """

    def __init__(
        self, *, messages: int = 20_000, networks: int = 20_000, per_message: int = 100, per_network: int = 50
    ) -> None:
        check_bounds(messages=messages, networks=networks, per_message=per_message, per_network=per_network)
        self._lock = Lock()
        self._messages = _Shelf(messages, per_message)
        self._networks = _Shelf(networks, per_network)

    def __repr__(self) -> str:
        return f"MemoryHistory({len(self._messages)} messages)"

    def recent(self, event: Event) -> tuple[Event, ...]:
        """Return the remembered events of the same mail or the same network id, each once, without ``event``."""
        with self._lock:
            of_message = self._messages.read(event.message_id and event.mail)
            of_network = self._networks.read(event.facts.network_id)
        found = {known.id: known for known in of_message}
        for known in of_network:
            found[known.id] = known
        found.pop(event.id, None)
        return tuple(found.values())

    def add(self, event: Event) -> None:
        """Remember an event."""
        with self._lock:
            self._messages.write(event.message_id and event.mail, event)
            self._networks.write(event.facts.network_id, event)

    def of_recipient(self, recipient: str) -> Iterator[tuple[Event, None]]:
        """Return the remembered events of one recipient, without verdicts."""
        with self._lock:
            found = {event.id: event for shelf in self._shelves for event in shelf if event.recipient == recipient}
        return ((event, None) for event in found.values())

    def erase(self, recipient: str) -> int:
        """Forget a recipient's events, and return how many they were."""
        found = len([*self.of_recipient(recipient)])
        with self._lock:
            for shelf in self._shelves:
                shelf.replace(lambda event: None if event.recipient == recipient else event)
        return found

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop remembered events, as :meth:`MemorySink.rework` does."""
        with self._lock:
            return max(shelf.replace(lambda event: applied(event, before, change, kinds)) for shelf in self._shelves)

    @property
    def _shelves(self) -> tuple[_Shelf, _Shelf]:
        return self._messages, self._networks


class _Shelf:
    """The latest events of the keys used last, which stand last; an empty key holds nothing.

    They stand in lists, for most keys have but one or two events, and a deque takes half a kilobyte for the first.
    """

    __slots__ = ("_depth", "_queues")

    def __init__(self, keys: int, depth: int) -> None:
        self._depth = depth
        self._queues: Cache[Hashable, list[Event]] = Cache(keys)

    def read(self, key: Hashable) -> tuple[Event, ...]:
        queue = self._queues.pop(key, None)
        return () if queue is None else tuple(self._queues.put(key, queue))

    def __len__(self) -> int:
        return len(self._queues)

    def __iter__(self) -> Iterator[Event]:
        return (event for queue in self._queues.values() for event in queue)

    def replace(self, change: EventChange) -> int:
        """Change or drop events in place, under the keys they are under, and return how many."""
        done = 0
        for queue in self._queues.values():
            new = [change(event) for event in queue]
            done += sum(one != other for one, other in zip(new, queue, strict=True))
            queue[:] = [event for event in new if event is not None]
        return done

    def write(self, key: Hashable, event: Event) -> None:
        if not key:
            return
        queue = self._queues.pop(key, None) or []
        if len(queue) == self._depth:
            del queue[0]
        self._queues.put(key, queue).append(event)
