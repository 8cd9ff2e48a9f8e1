"""Time zones by their names."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailbeacon.errors import ConfigError

__all__ = ["zone_named"]


def zone_named(zone: tzinfo | str) -> tzinfo:
    """Return a time zone.

    Args:
        zone: A zone, or a name such as ``Europe/Berlin``.

    Raises:
        ConfigError: If there is none of this name.
    """
    if isinstance(zone, tzinfo):
        return zone
    if zone == "UTC":
        return UTC
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise ConfigError(f"no such time zone: {str(zone)[:40]!r}") from error
