"""Close what one process counted where others counted other pieces of the same events: one mail may have hits in several.

Only such mails must be put together before they can be closed. So each process tells the others the names of its mails, and
hands over the totals of those that nobody else has, and the few that are left. A name is a digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, tzinfo

from mailbeacon.counting.buckets import NAME_BYTES, Page, PageKey
from mailbeacon.counting.tallies import Tally
from mailbeacon.counting.traits import Traits
from mailbeacon.counting.zones import zone_named

__all__ = ["MailNames", "closed_alone", "closed_up", "names_of"]

MailNames = Mapping[str, bytes]
"""The names of mails by campaign, one behind the other."""


def names_of(tally: Tally) -> MailNames:
    """Return the names of the mails of an open tally."""
    return {campaign: b"".join(names) for campaign, names in _names(tally._pages).items()}  # noqa: SLF001 - a tally's own


def closed_alone(tally: Tally, others: Iterable[MailNames], *, zone: tzinfo | str = UTC) -> Tally:
    """Return the totals of the mails that no other tally has, and the others as they are.

    Args:
        tally: An open tally; it is used up.
        others: What :func:`names_of` gives of the others.
        zone: As of :meth:`Tally.closed`.
    """
    pages, traits = tally._pages, Traits(tally._traits)  # noqa: SLF001 - a tally's own
    shared = set(_shared(_names(pages), list(others)))
    left: dict[PageKey, Page] = {}
    for key, page in pages.items():
        rest = Page()
        rest.mails = {name: page.mails.pop(name) for name in shared & page.mails.keys()}
        rest.states = {name: page.states.pop(name) for name in shared & page.states.keys()}
        if rest.mails or rest.states:
            left[key] = rest
    return closed_up(tally, zone=zone).merge(Tally(left, {}, traits))


def closed_up(tally: Tally, *, zone: tzinfo | str = UTC) -> Tally:
    """Return the totals of a tally that nobody needs any more: its mails go as its totals come.

    Args:
        tally: A tally; it is used up.
        zone: As of :meth:`Tally.closed`.
    """
    return tally._closed(zone_named(zone), tally._pages)  # noqa: SLF001 - a tally's own


def _names(pages: Mapping[PageKey, Page]) -> dict[str, set[bytes]]:
    """Return the names of mails by campaign: a mail may stand in two pages of one, where the provider knows no variant."""
    found: dict[str, set[bytes]] = {}
    for key, page in pages.items():
        found.setdefault(key.campaign, set()).update(page.mails, page.states)
    return found


def _shared(mine: Mapping[str, set[bytes]], others: list[MailNames]) -> Iterator[bytes]:
    for campaign, known in mine.items():
        for other in others:
            names = other.get(campaign, b"")
            pieces = (names[at : at + NAME_BYTES] for at in range(0, len(names), NAME_BYTES))
            yield from filter(known.__contains__, pieces)
