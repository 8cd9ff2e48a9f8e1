"""What happened: events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar

from mailbeacon.model.facts import Facts
from mailbeacon.model.message import check_aware
from mailbeacon.model.record import Record, read_text, word_reader
from mailbeacon.model.words import Channel, Kind, Level

__all__ = ["Event", "Mail"]

Mail = tuple[str, str, str | None]
"""What one mail is: campaign, message id and recipient."""


def _headers(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    found = tuple((name, value) for name, value in pairs)
    if not all(name.__class__ is value.__class__ is str for name, value in found):
        raise TypeError("expected texts")
    return found


def _level(value: object) -> Level:
    """Return a level; one that only a newer version knows is NONE."""
    if value.__class__ is not int:
        raise TypeError("expected a whole number")
    return Level(value) if value in Level._value2member_map_ else Level.NONE


def _metadata(values: Mapping[str, object]) -> dict[str, str]:
    return {name: read_text(value) for name, value in values.items()}


_NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Record):
    """One thing that happened to one mail.

    Attributes:
        id: A digest that is the same whenever the same source is read again.
        kind: What happened.
        received_at: When, with a time zone.
        recipient: The host's name for the recipient; ``None`` when nobody may be told apart.
        campaign: The campaign of the message token.
        message_id: The mail's name: :attr:`Message.id`, or a keyed digest of campaign, recipient and ``sent_at``.
        variant: The arm of an experiment.
        sent_at: When the mail was sent, from the token.
        expired: Whether the token was older than the host counts.
        link: The link's number, from 1; ``None`` when no link was clicked.
        links: How many destinations the wrapped links of the same part of the mail have; ``None`` when it is not known.
        url: The link's destination; after redaction without query and fragment, unless the host keeps them.
        url_id: A keyed digest of the whole destination, which tells links apart whatever is left of it.
        channel: The part of the mail the link stood in.
        method: The HTTP method.
        level: How much may be known, by what was signed and what the host says.
        metadata: The host's own texts, from the token.
        facts: What is known of who did it.
        address: The client's address; empty after redaction.
        user_agent: The user agent; empty after redaction.
        headers: The header fields of the allow-list; empty after redaction.
        source: Where the event came from: ``request``, ``log``, or a provider's name.
        unrecorded: How many more hits of the mail this row stands for, beyond those that are recorded in a day.
    """

    id: str
    kind: Kind
    received_at: datetime
    recipient: str | None = field(default=None, repr=False)
    campaign: str = ""
    message_id: str = field(default="", repr=False)
    variant: str = ""
    sent_at: datetime | None = None
    expired: bool = False
    link: int | None = None
    links: int | None = None
    url: str = field(default="", repr=False)
    url_id: str = ""
    channel: Channel = Channel.HTML
    method: str = ""
    level: Level = Level.FULL
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    facts: Facts = _NO_FACTS
    address: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    source: str = "request"
    unrecorded: int = 0

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {
        "received_at": datetime.fromisoformat,
        "sent_at": datetime.fromisoformat,
        "channel": word_reader(Channel, Channel.HTML),
        "level": _level,
        "metadata": _metadata,
        "headers": _headers,
    }
    _absent: ClassVar[Mapping[str, object]] = {"channel": Channel.HTML, "level": Level.FULL, "source": "request"}

    def __post_init__(self) -> None:
        check_aware(self.received_at, "received_at")
        if self.sent_at is not None:
            check_aware(self.sent_at, "sent_at")

    @property
    def mail(self) -> Mail:
        """What one mail is, everywhere: campaign, message id and recipient, for one id may serve a whole mailing."""
        return self.campaign, self.message_id, self.recipient

    def changed(self, **changes: object) -> Event:
        """Return a copy with other values: ``dataclasses.replace`` without the checks, in a fraction of the time."""
        copy = OpenEvent()
        for name in OpenEvent.__slots__:
            setattr(copy, name, getattr(self, name))
        for name, value in changes.items():
            setattr(copy, name, value)
        return copy.close()


class OpenEvent(Record):
    """An event while it is made: the same slots, which may still be written to.

    It becomes the event by taking its class, after which nothing can be set. A frozen class sets each of its fields by a
    call, which takes five times as long as an assignment, and every request and every line of a log makes one.
    """

    __slots__ = tuple(one.name for one in fields(Event))

    def close(self) -> Event:
        """Return the event that this one becomes; every slot must be filled, with values that were checked."""
        event: Any = self
        event.__class__ = Event
        return event  # type: ignore[no-any-return]
