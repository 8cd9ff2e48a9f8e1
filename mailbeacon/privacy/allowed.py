"""How much of one event may be recorded now: the strictest of what was signed and what holds today.

Records nothing and answers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailbeacon.model import Event, Kind, Level, Message
from mailbeacon.privacy.levels import effective_level, opted_out
from mailbeacon.settings import Settings, failed

__all__ = ["level_now"]

_FULL, _NONE = Level.FULL, Level.NONE
_OPEN = Kind.OPEN


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
        level = effective_level(level, settings.default_level, settings.ceiling)
        if settings.consent is not None and level is not _NONE:
            try:
                level = effective_level(level, settings.consent(_message(event), event.kind))
            except Exception as error:
                failed(settings, "consent, which counts as none,", error)
                return _NONE
    if event.kind is _OPEN:
        return level
    if "sec-gpc" in fields and opted_out(fields["sec-gpc"]):
        return _NONE
    return _NONE if settings.honor_dnt and "dnt" in fields and opted_out(fields["dnt"]) else level


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
