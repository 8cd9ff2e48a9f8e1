"""The JSON of a tally: versioned, compact, and the same text for equal tallies.

Form of version 1: ``{"v": 1, "traits": [[kind, actor, link, url, channel, client, system, device, country], …],
"pages": [{"campaign", "variant", "group", "mails": {mail: [[trait, minute, hits], …]}, "states": {mail: [kind, …]},
"shared": [[trait, minute, hits], …], "expired": {kind: hits}, "reasons": [[kind, actor, signal, hits], …],
"versions": […]}, …], "deliveries": [[campaign or null, variant or null, number], …]}``; a trait is named by its
place in ``traits``, a minute counts from 1970, and -1 is a moment that was not kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mailbeacon.counting.ledger import Entries, Numbers, Page, PageKey, Trait
from mailbeacon.errors import DataError
from mailbeacon.model import Actor, Channel, Kind, check_version, read_json, read_text, read_whole

__all__ = ["read_tally", "write_tally"]

_VERSION = 1
_MINUTES = range(-62_135_596_800 // 60, 253_402_300_800 // 60)
"""From the year 1 to 9999: the calendar of ``datetime``."""


def write_tally(pages: Mapping[PageKey, Page], numbers: Numbers) -> str:
    """Write pages and numbers of deliveries as JSON."""
    places: dict[Trait, int] = {}
    found = {trait for page in pages.values() for trait, _ in page.shared}
    found.update(trait for page in pages.values() for entries in page.mails.values() for trait, _ in entries)
    places.update((trait, place) for place, trait in enumerate(sorted(found)))
    value = {
        "v": _VERSION,
        "traits": list(places),
        "pages": [{**key._asdict(), **_page(pages[key], places)} for key in sorted(pages)],
        "deliveries": sorted(([*place, number] for place, number in numbers.items()), key=repr),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _page(page: Page, places: Mapping[Trait, int]) -> dict[str, object]:
    return {
        "mails": {mail: _entries(page.mails[mail], places) for mail in sorted(page.mails)},
        "states": {mail: sorted(page.states[mail]) for mail in sorted(page.states)},
        "shared": _entries(page.shared, places),
        "expired": dict(sorted(page.expired.items())),
        "reasons": sorted([*reason, hits] for reason, hits in page.reasons.items()),
        "versions": sorted(page.versions),
    }


def _entries(entries: Entries, places: Mapping[Trait, int]) -> list[list[int]]:
    return sorted([places[trait], minute, hits] for (trait, minute), hits in entries.items())


def read_tally(text: str | bytes) -> tuple[dict[PageKey, Page], Numbers]:
    """Read what :func:`write_tally` wrote.

    Raises:
        DataError: If it is not such JSON, or of a newer version.
    """
    value: dict[str, Any] = dict(read_json(text, "Tally"))
    check_version(value, "Tally", _VERSION)
    try:
        traits = [_read_trait(*values) for values in value["traits"]]
        pages = {
            PageKey(*(read_text(page[name]) for name in PageKey._fields)): _read_page(page, traits.__getitem__)
            for page in value["pages"]
        }
        numbers = {
            (_name(campaign), _name(variant)): _count(number, 0) for campaign, variant, number in value["deliveries"]
        }
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(f"the values are not those of Tally: {type(error).__name__}") from error
    return pages, numbers


def _read_page(value: Mapping[str, Any], trait: Callable[[int], Trait]) -> Page:
    page = Page()
    page.mails = {mail: _read_entries(entries, trait) for mail, entries in value["mails"].items()}
    page.states = {mail: frozenset(map(Kind, kinds)) for mail, kinds in value["states"].items()}
    page.shared = _read_entries(value["shared"], trait)
    page.expired = {Kind(kind): _count(hits) for kind, hits in value["expired"].items()}
    page.reasons = {
        (Kind(kind), Actor(actor), read_text(signal)): _count(hits) for kind, actor, signal, hits in value["reasons"]
    }
    page.versions = set(map(read_text, value["versions"]))
    return page


def _read_trait(kind: str, actor: str, link: object, url: object, channel: str, *names: object) -> Trait:
    return Trait(Kind(kind), Actor(actor), read_whole(link), read_text(url), Channel(channel), *map(read_text, names))


def _read_entries(rows: list[list[object]], trait: Callable[[int], Trait]) -> Entries:
    return {(trait(_count(place, 0)), _minute(minute)): _count(hits) for place, minute, hits in rows}


def _minute(value: object) -> int:
    found = read_whole(value)
    if found not in _MINUTES:
        raise ValueError("expected a minute")
    return found


def _count(value: object, least: int = 1) -> int:
    found = read_whole(value)
    if found < least:
        raise ValueError(f"expected a number from {least}")
    return found


def _name(value: object) -> str | None:
    return None if value is None else read_text(value)
