"""How much may be known of a recipient: levels, and the signs by which a browser says no.

Does not keep what people agreed to, and takes nothing out of an event (see ``redaction``).
"""

from __future__ import annotations

from mailbeacon.errors import ConfigError
from mailbeacon.model import Facts, Level

__all__ = ["check_level", "effective_level", "opted_out", "unlinked"]


def check_level(level: Level, what: str) -> Level:
    """Give a level back if this version can honour it.

    Args:
        level: What a host or a token asks for.
        what: Who asks, for the error.

    Raises:
        ConfigError: If it is not a level, or one that is not available yet.
    """
    try:
        found = Level(level)
    except ValueError as error:
        raise ConfigError(f"{what} must be a Level") from error
    if found is not Level.FULL and found is not Level.NONE:
        raise ConfigError(f"{what} {found.name} is not available in this version: use FULL or NONE")
    return found


def effective_level(signed: Level, default: Level = Level.FULL, today: Level = Level.FULL) -> Level:
    """Give the strictest of what was signed into a mail and what holds today.

    Args:
        signed: The level in the mail's token.
        default: The host's level for everybody.
        today: What the recipient allows now.

    Raises:
        ConfigError: If one of them is DATE, or the host's own is AGGREGATE, which this version cannot honour.
    """
    if signed is default is today is Level.FULL:
        return Level.FULL
    return min(
        signed if signed is Level.AGGREGATE else check_level(signed, "the signed level"),
        check_level(default, "default_level"),
        check_level(today, "the consent of today"),
    )


def opted_out(value: str) -> bool:
    """Tell whether a ``Sec-GPC`` or ``DNT`` field says no; one ``1`` among several values is enough.

    Source: Global Privacy Control, W3C draft (2024), section 3; Tracking Preference Expression, W3C note (2019).
    """
    return bool(value) and any(part.strip() == "1" for part in value.split(","))


def unlinked(facts: Facts) -> Facts:
    """Take from facts what tells one reader from another, for an event of a mail whose readers may not be told apart."""
    return facts.changed(network_id="", agent_id="")
