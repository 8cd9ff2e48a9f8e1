"""One mail to one recipient: what a token says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, NoReturn, Self

from mailbeacon.errors import ConfigError
from mailbeacon.model.words import Level

__all__ = ["MAX_METADATA_BYTES", "NO_TEXTS", "Message", "check_aware", "check_bounds", "write_metadata"]

MAX_METADATA_BYTES = 256
"""The most bytes a message's metadata may take as JSON: it stands in every link of the mail."""


def check_aware(moment: datetime, name: str) -> None:
    """Raise if a time has no zone: a naive datetime means another moment on every machine.

    Raises:
        ConfigError: If ``moment`` is naive, or not a datetime.
    """
    if not isinstance(moment, datetime):
        raise ConfigError(f"{name} must be a datetime, got {type(moment).__name__}")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ConfigError(f"{name} must carry a time zone, got a naive datetime")


def check_bounds(**bounds: object) -> None:
    """Raise unless all bounds are at least 1.

    Raises:
        ConfigError: If one is smaller, or not a whole number.
    """
    for name, value in bounds.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigError(f"{name} must be a whole number from 1, got {value!r:.40}")


def write_metadata(metadata: Mapping[str, str]) -> str:
    """Return metadata as compact JSON, by name, so that the same texts always make the same token."""
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class _Texts(dict[str, str]):
    """Metadata that stay as they were checked; in all else a ``dict``, which JSON, ``copy`` and ``asdict`` know."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a message's metadata cannot be changed: make another message, with dataclasses.replace")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return _Texts, ({**self},)


NO_TEXTS = _Texts()


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Message:
    """One mail to one recipient.

    Args:
        recipient: The host's own name for the recipient, such as a user's key; not an e-mail address.
        campaign: The newsletter or mailing; needed wherever links are wrapped, for a link works only within its campaign.
        id: The host's own name for this mail; without one, campaign, recipient and ``sent_at`` tell mails apart.
        variant: The arm of an experiment the recipient was put in, such as ``"b"``.
        sent_at: When it was sent, to the second; without it nothing that depends on the time since sending is known.
        opens: How much may be known of its opens.
        clicks: How much may be known of its clicks.
        metadata: A few short texts of the host's own that come back in ``event.metadata``, such as ``{"order": "8841"}``; at
            most 256 bytes of JSON, readable in every link unless tokens are sealed, and left out at AGGREGATE.

    Raises:
        ConfigError: For a text that is not text, an empty recipient, a naive ``sent_at``, or metadata that is too long or
            holds anything but texts.
    """

    recipient: str = field(repr=False)
    campaign: str = ""
    id: str = field(default="", repr=False)
    variant: str = ""
    sent_at: datetime | None = None
    opens: Level = Level.FULL
    clicks: Level = Level.FULL
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

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
        metadata: Mapping[str, str] | None = None,
    ) -> Self:
        """Make a message, in half the time of a generated ``__init__``: a mailing makes millions."""
        if not (recipient.__class__ is campaign.__class__ is id.__class__ is variant.__class__ is str):
            _check_texts(recipient=recipient, campaign=campaign, id=id, variant=variant)
        if opens.__class__ is not Level or clicks.__class__ is not Level:
            opens, clicks = _level(opens, "opens"), _level(clicks, "clicks")
        if not recipient and max(opens, clicks) is not Level.AGGREGATE:
            raise ConfigError("recipient must not be empty")
        if sent_at is not None and (sent_at.__class__ is not datetime or sent_at.tzinfo is not UTC):
            check_aware(sent_at, "sent_at")
        made: Any = OpenMessage()
        made.recipient = recipient
        made.campaign = campaign
        made.id = id
        made.variant = variant
        made.sent_at = sent_at
        made.opens = opens
        made.clicks = clicks
        made.metadata = _texts(metadata) if metadata else NO_TEXTS
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[object, ...]:
        return _again, ({name: getattr(self, name) for name in OpenMessage.__slots__},)


class OpenMessage:
    """A message while it is made: the same slots, which may still be written to, as those of an event are."""

    __slots__ = tuple(one.name for one in fields(Message))


def _again(values: dict[str, Any]) -> Message:
    """Return a message of a pickle's values."""
    return Message(**values)


def _check_texts(**values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, str):
            raise ConfigError(f"{name} must be a str, got {type(value).__name__}")


def _level(value: int, name: str) -> Level:
    try:
        return Level(value)
    except ValueError as error:
        raise ConfigError(f"{name} must be a Level, got {value!r:.40}") from error


def _texts(metadata: object) -> _Texts:
    """Return a copy of metadata that nobody can change, once it is known that it can be signed."""
    if not isinstance(metadata, Mapping):
        raise ConfigError(f"metadata must be a mapping of texts to texts, got {type(metadata).__name__}")
    found = _Texts(metadata)
    for name, value in found.items():
        for text in (name, value):
            if not isinstance(text, str):
                raise ConfigError(f"metadata must hold texts alone, got {type(text).__name__}")
    size = len(write_metadata(found).encode("utf-8", "surrogatepass"))
    if size > MAX_METADATA_BYTES:
        raise ConfigError(f"metadata must have at most {MAX_METADATA_BYTES} bytes as JSON, got {size:,}")
    return found
