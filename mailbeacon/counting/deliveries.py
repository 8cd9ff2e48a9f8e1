"""How many mails were delivered, as typed: one number, or one for each campaign or each variant of one.

Guesses nothing: a campaign without a number would make every rate wrong. What stands here is for command lines, which
are of several frameworks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mailbeacon.counting.gathering import tally
from mailbeacon.counting.tallies import Tally
from mailbeacon.errors import ConfigError

__all__ = ["Delivered", "deliveries_of", "read_delivered", "with_deliveries"]

Delivered = tuple[str | None, int]
"""A campaign (or ``campaign/variant``), ``None`` for all there are, and a number."""
Numbers = int | Mapping[str, int] | Mapping[tuple[str, str], int]


def read_delivered(text: str) -> Delivered:
    """Read ``N``, ``CAMPAIGN=N`` or ``CAMPAIGN/VARIANT=N``.

    Raises:
        ConfigError: If it is none of these.
    """
    campaign, sign, number = text.rpartition("=")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise ConfigError("must be a whole number, or a campaign with one as in spring=1200 or spring/a=600")
    return (campaign if sign else None), int(number)


def deliveries_of(
    given: Sequence[Delivered], seen: Collection[str], spoken: Collection[str], only: str | None
) -> Numbers | None:
    """Return what was typed as :func:`mailbeacon.counting.tally` takes it.

    Args:
        given: What was typed.
        seen: The campaigns that are counted.
        spoken: Those of which a provider's own events tell it.
        only: The campaign that is reported; ``None`` for all.

    Raises:
        ConfigError: If what was typed contradicts itself, or leaves a campaign out.
    """
    if not given:
        return None
    found = dict(given)
    if len(found) < len(given) or (None in found and len(found) > 1):
        raise ConfigError("give one number, or one for each campaign")
    if None in found:
        return found[None]
    named = {campaign: number for campaign, number in found.items() if campaign is not None}
    by_variant = _by_variant(named, seen)
    if by_variant:
        return {place: number for place, number in by_variant.items() if only in (None, place[0])}
    missing = sorted(set(seen) - named.keys() - set(spoken))
    if missing:
        raise ConfigError(f"campaign {missing[0]!r} has no number")
    return {name: number for name, number in named.items() if only in (None, name)}


def with_deliveries(
    counts: Tally, given: Sequence[Delivered], seen: Collection[str], only: str | None = None
) -> tuple[Tally, list[str]]:
    """Return a tally that knows what was delivered, and the sentence that names campaigns without any event.

    Args:
        counts: The tally without these numbers.
        given: What was typed.
        seen: The campaigns that are counted.
        only: The campaign that is reported; ``None`` for all.

    Raises:
        ConfigError: As :func:`deliveries_of`.
    """
    deliveries = deliveries_of(given, seen, counts.reported, only)
    notes = []
    if deliveries is not None and not isinstance(deliveries, int):
        named = {place if isinstance(place, str) else place[0] for place in deliveries}
        silent = ", ".join(sorted(named - set(seen)))
        notes += [f"Delivered, but without any event: {silent}."] if silent else []
    return counts.merge(tally([], [], deliveries=deliveries)), notes


def _by_variant(named: Mapping[str, int], seen: Collection[str]) -> dict[tuple[str, str], int]:
    """Take names for campaign and variant where each is one, and none is a campaign's own."""
    found: dict[tuple[str, str], int] = {}
    for name, number in named.items():
        campaign, sign, variant = name.rpartition("/")
        if not sign or name in seen or campaign not in seen:
            return {}
        found[campaign, variant] = number
    return found
