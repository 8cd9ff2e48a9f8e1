"""The labels of a document's links: what a reader sees of each, as html5lib reads the document.

Finds no link itself: those of the rewriting are matched with html5lib's by address, in the order of the source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mailbeacon.markup import COVER, trim_url
from mailbeacon.model import Link, Place, Skipped

if TYPE_CHECKING:
    from mailbeacon.outline import SeenLink

__all__ = ["labelled"]

_COVERED = re.compile(f"{COVER}++")


def labelled(
    links: Sequence[Link], skipped: Sequence[Skipped], read: Sequence[str], seen: Sequence[SeenLink]
) -> tuple[tuple[Link, ...], tuple[Skipped, ...]]:
    """Return the links with what a reader sees of each.

    Args:
        links: The wrapped links, in order.
        skipped: The links left alone, in order.
        read: What each of the wrapped links' values says in the source.
        seen: The document's links as html5lib sees them.
    """
    waiting: dict[str, list[str]] = {}
    for found in reversed(seen):
        waiting.setdefault(trim_url(found.href), []).append(found.label)

    def label(url: str) -> str:
        labels = waiting.get(url)
        found = (labels.pop() if len(labels) > 1 else labels[0]) if labels else ""
        return _COVERED.sub("…", found) if COVER in found else found

    order = [(link.line, link.column, True, at) for at, link in enumerate(links)]
    order += [(link.line, link.column, False, at) for at, link in enumerate(skipped)]
    named_links, named_skipped = list(links), list(skipped)
    for _, _, wrapped, at in sorted(order):
        if wrapped:
            named_links[at] = replace(links[at], label=label(read[at]))
        elif skipped[at].place is not Place.OTHER:  # html5lib sees no link there
            named_skipped[at] = replace(skipped[at], label=label(skipped[at].url))
    return tuple(named_links), tuple(named_skipped)
