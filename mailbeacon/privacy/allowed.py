"""How much of one event may be recorded now: the strictest of what was signed and what holds today.

Records nothing and answers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailbeacon.model import Event, Kind, Level, Message
from mailbeacon.privacy.levels import effective_level, keeps_metadata, opted_out
from mailbeacon.settings import Settings, failed

__all__ = ["level_now", "metadata_now"]

_FULL, _NONE = Level.FULL, Level.NONE
_OPEN, _CLICK = Kind.OPEN, Kind.CLICK


def level_now(event: Event, fields: Mapping[str, str], settings: Settings) -> Level:
    """Return how much of an event may be recorded; in doubt, nothing.

    Args:
        event: With the level that was signed.
        fields: The request's header fields by their names in lower case: they may say that the reader wants no clicks
            recorded.
        settings: Hold the levels for everybody, and the host's own answer.
    """
    level = event.level
    if settings.consent is not None or not (level is settings.default_level is settings.ceiling is _FULL):
        level = _limit(event, event.kind, settings)
    if event.kind is _OPEN:
        return level
    if "sec-gpc" in fields and opted_out(fields["sec-gpc"]):
        return _NONE
    return _NONE if settings.honor_dnt and "dnt" in fields and opted_out(fields["dnt"]) else level


def metadata_now(event: Event, settings: Settings) -> Mapping[str, str]:
    """Return the host's texts that an event may have which is kept whatever was agreed to: none at AGGREGATE.

    Args:
        event: Of a recipient who leaves, or of a provider; its mail was signed at a higher level.
        settings: Asked for opens and for clicks, as its level is no event's of this kind.
    """
    if not event.metadata:
        return event.metadata
    opens, clicks = _limit(event, _OPEN, settings), _limit(event, _CLICK, settings)
    return event.metadata if keeps_metadata(opens, clicks) else {}


def _limit(event: Event, kind: Kind, settings: Settings) -> Level:
    """Return the strictest of what was signed, the host's levels for everybody, and its answer for such an event."""
    level = effective_level(event.level, settings.default_level, settings.ceiling)
    if settings.consent is None or level is _NONE:
        return level
    try:
        return effective_level(level, settings.consent(_message(event), kind))
    except Exception as error:
        failed(settings, "consent, which counts as none,", error)
        return _NONE


def _message(event: Event) -> Message:
    """Return the message of an event, for the host's consent callback; its ``id`` is the mail's name in events."""
    return Message(
        recipient=event.recipient or "",
        campaign=event.campaign,
        id=event.message_id,
        variant=event.variant,
        sent_at=event.sent_at,
        opens=event.level,
        clicks=event.level,
        metadata=event.metadata,
    )
