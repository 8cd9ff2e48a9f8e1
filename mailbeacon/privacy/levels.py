"""How much may be known of a recipient: levels, the signs by which a browser says no, and what an event keeps at a level.

Does not keep what people agreed to (see ``policy`` and ``store``), and signs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from mailbeacon.errors import ConfigError
from mailbeacon.model import HONEYPOT_LINK, Event, Facts, Hint, Kind, Level, Message

__all__ = [
    "as_aggregate",
    "as_level",
    "dated",
    "effective_level",
    "is_mixed",
    "keeps_metadata",
    "limited",
    "marked",
    "opted_out",
    "personal",
    "shared",
    "without_client_ids",
    "without_metadata",
]

_FULL, _AGGREGATE = Level.FULL, Level.AGGREGATE


def as_level(answer: object) -> Level:
    """Return the level an answer stands for: ``True`` is FULL, ``False`` NONE, and what this version does not know is NONE."""
    if isinstance(answer, Level):
        return answer
    if isinstance(answer, bool):
        return _FULL if answer else Level.NONE
    try:
        return Level(answer)  # type: ignore[arg-type]
    except ValueError:
        return Level.NONE


def effective_level(signed: object, *others: object) -> Level:
    """Return the strictest of what was signed into a mail and what else holds; what is no level counts as NONE.

    Args:
        signed: The level in the mail's token.
        others: The host's level for everybody, what the recipient allows now, and so on.
    """
    return min(map(as_level, (signed, *others)))


def opted_out(value: str) -> bool:
    """Check whether a ``Sec-GPC`` or ``DNT`` field says no; one ``1`` among several values is enough.

    Source: Global Privacy Control, W3C draft (2024), section 3; Tracking Preference Expression, W3C note (2019).
    """
    return bool(value) and any(part.strip() == "1" for part in value.split(","))


def keeps_metadata(opens: Level, clicks: Level) -> bool:
    """Check whether a mail may have metadata, in its tokens and in any event: not where opens and clicks count with all others."""
    return max(opens, clicks) > _AGGREGATE


def without_metadata(message: Message, opens: Level, clicks: Level) -> Message:
    """Return the message to sign for a mail at these levels: without metadata where it may have none."""
    if message.metadata and not keeps_metadata(opens, clicks):
        return replace(message, metadata={})
    return message


def without_client_ids(facts: Facts) -> Facts:
    """Take from facts what tells one reader from another, for an event of a mail whose readers may not be told apart."""
    return facts.changed(network_id="", agent_id="")


def marked(facts: Facts, event: Event) -> Facts:
    """Return what of the observed facts an event may have.

    An event that followed the link no reader sees gets the hint that tells so. Below level FULL, or where a mail has no
    one recipient, whatever tells one reader from another is taken out.
    """
    if event.link == HONEYPOT_LINK:
        facts = facts.changed(hints=facts.hints | {Hint.HONEYPOT})
    return facts if event.level is _FULL and event.recipient is not None else without_client_ids(facts)


def limited(event: Event, level: Level) -> Event:
    """Return an event as it may be looked at and kept at a level.

    At AGGREGATE nothing is left that says whose it was, or which of a reader's events belong together, whatever the host
    keeps of addresses. At DATE the recipient stays until :func:`dated` leaves only the day.
    """
    if level is _FULL:
        return event
    whose: dict[str, object] = {"metadata": {}}
    if level is not Level.DATE:
        whose |= {"recipient": None, "message_id": "", "variant": "", "sent_at": None}
    return event.changed(level=level, address="", user_agent="", headers=(), **whose)


def dated(event: Event) -> Event:
    """Return what may be kept of an event at level DATE: that its recipient opened something on a day (UTC)."""
    day = event.received_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Event(
        id=event.id, kind=Kind.OPEN, received_at=day, recipient=event.recipient, level=Level.DATE, source=event.source
    )


def as_aggregate(message: Message) -> Message:
    """Return the message of a mail several people share: counted with the campaign, at most."""
    opens, clicks = min(message.opens, _AGGREGATE), min(message.clicks, _AGGREGATE)
    return (
        message if (opens, clicks) == (message.opens, message.clicks) else replace(message, opens=opens, clicks=clicks)
    )


def is_mixed(opens: Level, clicks: Level) -> bool:
    """Check whether a mail needs two tokens: one that names its recipient, and one shared by the whole campaign."""
    return min(opens, clicks) is not Level.NONE and _AGGREGATE in (opens, clicks) and opens is not clicks


def personal(message: Message, opens: Level, clicks: Level) -> Message:
    """Return the message to sign at these levels; where two tokens are needed, the one that names the recipient."""
    if opens is clicks is message.opens is message.clicks and not message.metadata:
        return message
    message = without_metadata(message, opens, clicks)
    if is_mixed(opens, clicks):
        opens, clicks = (Level.NONE if level is _AGGREGATE else level for level in (opens, clicks))
    if (message.opens, message.clicks) == (opens, clicks):
        return message
    return replace(message, opens=opens, clicks=clicks)


def shared(campaign: str, opens: Level, clicks: Level) -> Message:
    """Return the message to sign for the token that a whole campaign shares beside the personal ones.

    Raises:
        ConfigError: If neither level is AGGREGATE.
    """
    if _AGGREGATE not in (opens, clicks):
        raise ConfigError("a token shared by the campaign needs a level AGGREGATE")
    opens, clicks = (level if level is _AGGREGATE else Level.NONE for level in (opens, clicks))
    return Message(recipient="", campaign=campaign, opens=opens, clicks=clicks)
