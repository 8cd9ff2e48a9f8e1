"""How many mails were delivered, as typed: one number, or one for each campaign.

Guesses nothing: a campaign without a number would make every rate wrong.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping, Sequence

from mailbeacon.cli.console import USAGE, Refused, shown
from mailbeacon.model import Event, Kind

__all__ = ["Delivered", "delivered", "numbers"]

Delivered = tuple[str | None, int]
"""A campaign, ``None`` for all there are, and a number."""

_SENT = frozenset({Kind.SENT, Kind.DELIVERED})


def delivered(text: str) -> Delivered:
    """Read ``N`` or ``CAMPAIGN=N``."""
    campaign, sign, number = text.rpartition("=")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise ArgumentTypeError("must be a whole number, or a campaign with one as in spring=1200")
    return (campaign if sign else None), int(number)


def numbers(given: Sequence[Delivered], events: Iterable[Event], only: str | None) -> int | Mapping[str, int] | None:
    """Give what was typed as :func:`mailbeacon.counting.tally` takes it.

    Args:
        given: What was typed.
        events: Those that are counted.
        only: The campaign that is reported; ``None`` for all.

    Raises:
        Refused: If what was typed contradicts itself, or leaves a campaign out.
    """
    if not given:
        return None
    found = dict(given)
    if len(found) < len(given) or (None in found and len(found) > 1):
        raise Refused("argument --delivered: give one number, or one for each campaign", USAGE)
    if None in found:
        return found[None]
    named = {campaign: number for campaign, number in found.items() if campaign is not None}
    seen: set[str] = set()
    for event in events:
        seen.add(event.campaign)
        if event.kind in _SENT:
            named.setdefault(event.campaign, -1)  # the provider's own events tell it
    missing = sorted(seen - named.keys())
    if missing:
        raise Refused(f"argument --delivered: campaign {shown(missing[0])!r} has no number", USAGE)
    return {name: number for name, number in named.items() if number >= 0 and only in (None, name)}
