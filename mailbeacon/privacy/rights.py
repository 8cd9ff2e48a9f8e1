"""What a person may ask for, and what a host promised: a copy of all that is kept, erasure, and keeping no longer than said.

Works on every store that offers the methods for it; the package's own do. It reaches no backup, no log of a web server,
no report that was made, and no provider's copy.
Source: Regulation (EU) 2016/679, articles 5(1)(e), 15, 17 and 20.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Event, Json, Kind, Level, Verdict, check_aware
from mailbeacon.privacy.levels import limited, without_client_ids

__all__ = ["Done", "Retention", "erase_person", "export_person", "retain"]

_PATIENCE = timedelta(seconds=30)
_DID = {
    Kind.OPEN: "opened",
    Kind.CLICK: "clicked a link in",
    Kind.UNSUBSCRIBE: "unsubscribed by",
    Kind.WITHDRAW: "stopped the tracking by",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done in one store.

    Attributes:
        store: The store's class.
        what: ``events``, ``last opens``, ``consents``, or ``consents kept``.
        count: How many.
    """

    store: str
    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A rule for how long something is kept.

    Args:
        after: Counted from when the event was received.
        kinds: Of which kinds of event; empty for all, and then for the last opens too.
        drop: The whole ``event``, or only the ``recipient`` and all that tells one reader from another: what is left counts
            with its campaign.

    Raises:
        ConfigError: For a time that is none, or another word.
    """

    after: timedelta
    kinds: tuple[Kind, ...] = ()
    drop: Literal["event", "recipient"] = "event"

    def __post_init__(self) -> None:
        if not isinstance(self.after, timedelta) or self.after < timedelta(0):
            raise ConfigError("after must be a timedelta of zero or more")
        if self.drop not in ("event", "recipient"):
            raise ConfigError(f"drop must be event or recipient, got {self.drop!r:.40}")
        try:
            object.__setattr__(self, "kinds", tuple(Kind(kind) for kind in self.kinds))
        except (TypeError, ValueError) as error:
            raise ConfigError("kinds must be kinds of events") from error


def export_person(recipient: str, *stores: object) -> str:
    """Return all that stores keep of a person, as JSON that a person can read.

    Args:
        recipient: The host's own name for the person, as messages have it.
        stores: Sinks, histories and consents. What several of them keep of one event stands there once.

    Raises:
        ConfigError: For a store that cannot tell what it keeps of one person.
    """
    _check(stores, "of_recipient", "history")
    pairs: dict[str, tuple[Event, Verdict | None]] = {}
    opens: list[Json] = []
    consents: list[Json] = []
    for store in stores:
        for event, verdict in _call(store, "of_recipient", recipient) or ():
            if verdict is not None or event.id not in pairs:
                pairs[event.id] = event, verdict
        opens += [day.isoformat() for day in _last_opens(store, recipient)]
        consents += [_plain(answer.to_dict()) for answer in _call(store, "history", recipient) or ()]
    events = [_described(*pair) for pair in sorted(pairs.values(), key=lambda pair: pair[0].received_at)]
    whole = {
        "recipient": recipient,
        "events": events,
        "last_open": max(map(str, opens), default=None),
        "consents": consents,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def erase_person(recipient: str, *stores: object, proof: Literal["keep", "erase"] = "keep") -> tuple[Done, ...]:
    """Take all that stores keep of a person out of them.

    Args:
        recipient: The host's own name for the person, as messages have it.
        stores: Sinks, histories and consents; what waits in a spool or queue among them is handed over first, so name
            what is behind them too. Each store does its part as a whole or not at all.
        proof: What becomes of the records of consent: a host may have to show them.

    Raises:
        ConfigError: For a store that cannot; then none was touched.
        StoreError: If what waits cannot be handed over now, or a store cannot be written.
    """
    if proof not in ("keep", "erase"):
        raise ConfigError(f"proof must be keep or erase, got {proof!r:.40}")
    _check(stores, "erase", "flush")
    done: list[Done] = []
    _hand_over(stores)
    for store in (one for one in stores if hasattr(one, "erase")):
        name = type(store).__name__
        if not hasattr(store, "current"):
            days = len(_last_opens(store, recipient))
            done += [Done(store=name, what="last opens", count=days)] if days else []
            done.append(Done(store=name, what="events", count=_call(store, "erase", recipient)))
        elif proof == "keep":
            done.append(Done(store=name, what="consents kept", count=len([*_call(store, "history", recipient)])))
        else:
            done.append(Done(store=name, what="consents", count=_call(store, "erase", recipient)))
    return tuple(done)


def retain(rules: Iterable[Retention], now: datetime, *stores: object) -> tuple[Done, ...]:
    """Take out of stores what is older than the rules allow; doing it twice is doing it once.

    Args:
        rules: In any order; each is applied.
        now: The moment to count from.
        stores: Sinks and histories; each rule is carried out in each as a whole or not at all.

    Raises:
        ConfigError: For a store that cannot; then none was touched.
        StoreError: As for :func:`erase_person`.
    """
    check_aware(now, "now")
    _check(stores, "rework", "flush")
    rules = [*rules]
    done: list[Done] = []
    _hand_over(stores)
    for store in (one for one in stores if hasattr(one, "rework")):
        name = type(store).__name__
        for rule in rules:
            before = _before(now, rule.after)
            change = _dropped if rule.drop == "event" else _unnamed
            done.append(Done(store=name, what="events", count=_call(store, "rework", before, change, rule.kinds)))
            if not rule.kinds and hasattr(store, "drop_last_opens"):
                done.append(Done(store=name, what="last opens", count=_call(store, "drop_last_opens", before.date())))
    return tuple(done)


def _before(now: datetime, after: timedelta) -> datetime:
    """Return the moment that lies so far back; the beginning of all times where the calendar does not go so far."""
    try:
        return now - after
    except OverflowError:
        return datetime(1, 1, 2, tzinfo=UTC)


def _dropped(_: Event) -> None:
    """Drop an event."""


def _unnamed(event: Event) -> Event:
    """Return an event without all that says whose it was."""
    if event.recipient is None:
        return event
    less = limited(event, Level.AGGREGATE)
    return less.changed(facts=without_client_ids(less.facts))


def _described(event: Event, verdict: Verdict | None) -> dict[str, Json]:
    """Return what is kept of an event, a sentence first."""
    mail = f"the mail {event.message_id!r} of the campaign {event.campaign!r}" if event.message_id else "a mail"
    by = f", taken to be {verdict.actor.value.replace('_', ' ')}" if verdict else ""
    what = f"{event.received_at:%Y-%m-%d %H:%M %Z}: {_DID.get(event.kind, event.kind.value)} {mail}{by}"
    return {"what": what, "event": _plain(event.to_dict()), "verdict": _plain(verdict.to_dict()) if verdict else None}


def _plain(values: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if name != "v"}


def _last_opens(store: object, recipient: str) -> list[date]:
    """Return the day of a recipient's last open, where a store keeps one."""
    name = _as_kept(recipient)
    return [day for found, day in _call(store, "last_opens") or () if _as_kept(found) == name]


def _as_kept(name: str) -> str:
    """Return a name as databases keep it: none has a lone surrogate, and some no NUL."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _check(stores: Sequence[object], *methods: str) -> None:
    """Raise unless each store has one of the methods, before any is touched."""
    for store in stores:
        if not any(callable(getattr(store, name, None)) for name in methods):
            raise ConfigError(f"{type(store).__name__} has no method {methods[0]}")


def _hand_over(stores: Sequence[object]) -> None:
    """Flush spools and queues, so that what waits in them reaches the stores behind."""
    for store in stores:
        if _call(store, "flush", _PATIENCE) is False:
            raise StoreError(f"{type(store).__name__}: events still wait to be handed over")


def _call(store: object, name: str, *values: object):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Call a method of a store that may not have it."""
    found: Callable[..., object] | None = getattr(store, name, None)
    return found(*values) if found else None
