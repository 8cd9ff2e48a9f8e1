"""One mail to one recipient: what a token says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, Self

from mailbeacon.errors import ConfigError
from mailbeacon.model.words import Level

__all__ = ["Message", "check_aware", "message_name"]

_unkeyed = blake2b(digest_size=12)


def check_aware(moment: datetime, name: str) -> None:
    """Insist on a time zone: a naive datetime means another moment on every machine.

    Raises:
        ConfigError: If ``moment`` is naive, or not a datetime.
    """
    if not isinstance(moment, datetime):
        raise ConfigError(f"{name} must be a datetime, got {type(moment).__name__}")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ConfigError(f"{name} must carry a time zone, got a naive datetime")


class _Fields:
    """Hold a message's fields while it is made."""

    __slots__ = ("campaign", "clicks", "id", "opens", "recipient", "sent_at", "variant")

    recipient: str
    campaign: str
    id: str
    variant: str
    sent_at: datetime | None
    opens: Level
    clicks: Level


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Message(_Fields):
    """Name one mail to one recipient.

    Args:
        recipient: The host's own name for the recipient, such as a user's key; not an e-mail address.
        campaign: The newsletter or mailing; needed wherever links are wrapped, for a link works only within its campaign.
        id: The host's own name for this mail; without one, campaign, recipient and ``sent_at`` tell mails apart.
        variant: The arm of an experiment the recipient was put in, such as ``"b"``.
        sent_at: When it was sent, to the second; without it nothing that depends on the time since sending is known.
        opens: How much may be known of its opens.
        clicks: How much may be known of its clicks.

    Raises:
        ConfigError: For a text that is not text, an empty recipient, or a naive ``sent_at``.
    """

    recipient: str
    campaign: str = ""
    id: str = ""
    variant: str = ""
    sent_at: datetime | None = None
    opens: Level = Level.FULL
    clicks: Level = Level.FULL

    def __new__(
        cls,
        *,
        recipient: str,
        campaign: str = "",
        id: str = "",  # noqa: A002 - the field's own name
        variant: str = "",
        sent_at: datetime | None = None,
        opens: Level = Level.FULL,
        clicks: Level = Level.FULL,
    ) -> Self:
        """Make a message: filled in while it is open, then frozen, in half the time of a generated ``__init__``."""
        self: Any = object.__new__(_Fields)
        self.recipient = recipient
        self.campaign = campaign
        self.id = id
        self.variant = variant
        self.sent_at = sent_at
        self.opens = opens
        self.clicks = clicks
        self.__class__ = cls
        if not (recipient.__class__ is campaign.__class__ is id.__class__ is variant.__class__ is str):
            cls._check_texts(self)
        if opens.__class__ is not Level or clicks.__class__ is not Level:
            cls._check_levels(self)
        if not recipient and max(self.opens, self.clicks) is not Level.AGGREGATE:
            raise ConfigError("recipient must not be empty")
        if sent_at is not None and (sent_at.__class__ is not datetime or sent_at.tzinfo is not UTC):
            check_aware(sent_at, "sent_at")
        return self  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _again, (self.recipient, self.campaign, self.id, self.variant, self.sent_at, self.opens, self.clicks)

    def _check_texts(self) -> None:
        for name in ("recipient", "campaign", "id", "variant"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise ConfigError(f"{name} must be a str, got {type(value).__name__}")

    def _check_levels(self) -> None:
        for name in ("opens", "clicks"):
            try:
                object.__setattr__(self, name, Level(getattr(self, name)))
            except ValueError as error:
                raise ConfigError(f"{name} must be a Level, got {getattr(self, name)!r}") from error

    @property
    def message_id(self) -> str:
        """The mail's name in events: ``id``, or a digest of campaign, recipient and ``sent_at``."""
        if self.id or not self.recipient:
            return self.id
        seconds = int(self.sent_at.timestamp()) if self.sent_at else 0
        return message_name(self.campaign, self.recipient, seconds)


def message_name(campaign: str, recipient: str, seconds: int) -> str:
    """Name a mail that the host has not named: a digest of its campaign, recipient and Unix time of sending, or 0."""
    made = _unkeyed.copy()
    named = f"[{encode_basestring(campaign)},{encode_basestring(recipient)},{seconds:d}]"
    made.update(named.encode("utf-8", "surrogatepass"))
    return made.hexdigest()


def _again(
    recipient: str, campaign: str, name: str, variant: str, sent_at: datetime | None, opens: Level, clicks: Level
) -> Message:
    """Make a message of a pickle's values."""
    return Message(
        recipient=recipient,
        campaign=campaign,
        id=name,
        variant=variant,
        sent_at=sent_at,
        opens=opens,
        clicks=clicks,
    )
