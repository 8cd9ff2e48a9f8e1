"""German: the second language of the page."""

from __future__ import annotations

from mailbeacon.reporting.texts import Texts

__all__ = ["GERMAN"]

GERMAN = Texts(
    language="de",
    thousands=".",
    point=",",
    day="%d.%m.%Y",
    minute="%d.%m.%Y %H:%M",
    weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
)
"""German, with its numbers and days."""
