"""The JSON of a tally: versioned, compact, and the same text for equal tallies.

Form of version 2: ``{"v": 2, "traits": [[kind, actor, link, url, channel, client, system, device, country, region, city],
…], "pages": [{"campaign", "variant", "groups": [[kind, group], …], "mails": {mail: [[trait, minute, hits], …]},
"states": {mail: [[kind, …], last bounce, last delivery]}, "shared": [[trait, minute, hits], …], "marks": [[mark, kind,
hits], …], "reasons": [[kind, actor, signal, hits], …], "versions": […], "period": [first, last]}, …], "totals": […],
"deliveries": [[campaign or null, variant or null, number], …]}``; a trait is named by its place in ``traits``, a minute
counts from 1970, and -1 is a moment that was not kept. Version 1 had one group a page, mails by name, kinds without
minutes, and ``expired`` in place of marks.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from mailbeacon.counting.buckets import NAME_BYTES, Numbers, Page, PageKey, State
from mailbeacon.counting.figures import Mark
from mailbeacon.counting.totals import Totals
from mailbeacon.counting.totals_json import read_count, read_totals, write_totals
from mailbeacon.counting.traits import LATE, Entries, Trait, Traits, fold, pack, unpack
from mailbeacon.errors import DataError
from mailbeacon.model import Actor, Channel, Kind, check_version, read_json, read_text, read_whole
from mailbeacon.model.web import without_query

__all__ = ["VERSION", "read_tally", "write_tally"]

VERSION = 2


def write_tally(
    pages: Mapping[PageKey, Page], numbers: Numbers, traits: Traits, totals: Mapping[PageKey, Totals]
) -> str:
    """Write pages, totals and numbers of deliveries as JSON."""
    opened = {
        key: ({name: unpack(fold(mail, traits)) for name, mail in page.mails.items()}, page.shared)
        for key, page in pages.items()
    }
    used = {place for _, shared in opened.values() for place, _ in shared}
    used.update(place for mails, _ in opened.values() for entries in mails.values() for place, _ in entries)
    order = sorted(used, key=traits.__getitem__)
    places = {place: number for number, place in enumerate(order)}
    value = {
        "v": VERSION,
        "traits": [traits[place] for place in order],
        "pages": [{**_key(key), **_page(pages[key], opened[key][0], places)} for key in sorted(pages)],
        "totals": [{**_key(key), **write_totals(totals[key])} for key in sorted(totals)],
        "deliveries": sorted(([*place, number] for place, number in numbers.items()), key=repr),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _key(key: PageKey) -> dict[str, object]:
    return {"campaign": key.campaign, "variant": key.variant, "groups": [list(pair) for pair in key.groups]}


def _page(page: Page, mails: Mapping[bytes, Entries], places: Mapping[int, int]) -> dict[str, object]:
    return {
        "mails": {_text(mail): _entries(mails[mail], places) for mail in sorted(mails)},
        "states": {
            _text(mail): [sorted(state.kinds), state.bounced, state.delivered]
            for mail, state in sorted(page.states.items())
        },
        "shared": _entries(page.shared, places),
        "marks": sorted([*mark, hits] for mark, hits in page.marks.items()),
        "reasons": sorted([*reason, hits] for reason, hits in page.reasons.items()),
        "versions": sorted(page.versions),
        "period": [page.first, page.last],
    }


def _text(mail: bytes) -> str:
    return b2a_base64(mail, newline=False).decode("ascii")


def _entries(entries: Entries, places: Mapping[int, int]) -> list[list[int]]:
    return sorted([places[place], -1 if minute == LATE else minute, hits] for (place, minute), hits in entries.items())


def read_tally(text: str | bytes) -> tuple[dict[PageKey, Page], Numbers, Traits, dict[PageKey, Totals]]:
    """Read what :func:`write_tally` wrote, now or in version 1.

    Raises:
        DataError: If it is not such JSON, or of a newer version.
    """
    value: dict[str, Any] = dict(read_json(text, "Tally"))
    check_version(value, "Tally", VERSION)
    old = value.get("v", 1) == 1
    try:
        found = Traits()
        places = [found.place(_read_trait(*values)) for values in value["traits"]]
        pages = {_read_key(page): _read_page(page, places, found, old=old) for page in value["pages"]}
        numbers = {
            (_name(campaign), _name(variant)): read_count(number) for campaign, variant, number in value["deliveries"]
        }
        totals = {_read_key(page): read_totals(page) for page in value.get("totals", ())}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, Base64Error) as error:
        raise DataError(f"the values are not those of Tally: {type(error).__name__}") from error
    return pages, numbers, found, totals


def _read_key(page: Mapping[str, Any]) -> PageKey:
    groups = page["groups"] if "groups" in page else [["group", page["group"]]] if page.get("group") else []
    pairs = tuple(sorted((read_text(kind), read_text(group)) for kind, group in groups))
    return PageKey(read_text(page["campaign"]), read_text(page["variant"]), pairs)


def _read_page(value: Mapping[str, Any], places: list[int], traits: Traits, *, old: bool) -> Page:
    page = Page()
    name: Callable[[str], bytes] = _old_name if old else _read_name
    page.mails = {
        name(mail): fold(pack(_read_entries(entries, places)), traits) for mail, entries in value["mails"].items()
    }
    page.shared = _read_entries(value["shared"], places)
    page.reasons = {
        (Kind(kind), Actor(actor), read_text(signal)): read_count(hits, 1)
        for kind, actor, signal, hits in value["reasons"]
    }
    page.versions = set(map(read_text, value["versions"]))
    if old:
        page.states = {name(mail): _old_state(kinds) for mail, kinds in value["states"].items()}
        page.marks = {(Mark.EXPIRED, Kind(kind)): read_count(hits, 1) for kind, hits in value["expired"].items()}
        minutes = [minute for _, minute in _moments(page) if minute != LATE]
        page.first, page.last = min(minutes, default=-1), max(minutes, default=-1)
        return page
    page.states = {
        name(mail): State(frozenset(map(Kind, kinds)), _minute(bounced), _minute(delivered))
        for mail, (kinds, bounced, delivered) in value["states"].items()
    }
    page.marks = {(Mark(mark), Kind(kind)): read_count(hits, 1) for mark, kind, hits in value["marks"]}
    page.first, page.last = map(_minute, value["period"])
    return page


def _moments(page: Page) -> Iterable[tuple[int, int]]:
    yield from page.shared
    for mail in page.mails.values():
        yield from unpack(mail)


def _read_name(text: str) -> bytes:
    found = a2b_base64(text.encode("ascii"), strict_mode=True)
    if len(found) != NAME_BYTES:
        raise ValueError("expected the name of a mail")
    return found


def _old_name(text: str) -> bytes:
    return blake2b(read_text(text).encode("utf-8", "surrogatepass"), digest_size=NAME_BYTES).digest()


def _old_state(kinds: Iterable[str]) -> State:
    """Read a state without its minutes: a bounce came last, as version 1 took it."""
    found = frozenset(map(Kind, kinds))
    return State(found, 0 if Kind.BOUNCED in found else -1, 0 if Kind.DELIVERED in found else -1)


def _read_trait(kind: str, actor: str, link: object, url: object, channel: object, *names: object) -> Trait:
    where = [*map(read_text, names), "", ""][:6]  # version 1 had neither region nor city
    if len(where) < 6 or len(names) > 6:
        raise ValueError("expected a trait")
    part = Channel(found) if (found := read_text(channel)) else ""
    return Trait(Kind(kind), Actor(actor), read_whole(link), without_query(read_text(url)), part, *where)


def _read_entries(rows: list[list[object]], places: list[int]) -> Entries:
    found: Entries = {}
    for place, minute, hits in rows:
        moment = _minute(minute)
        key = places[read_count(place)], LATE if moment < 0 else moment
        found[key] = found.get(key, 0) + read_count(hits, 1)
    return found


def _minute(value: object) -> int:
    found = read_whole(value)
    if not -1 <= found < LATE:
        raise ValueError("expected a minute")
    return found


def _name(value: object) -> str | None:
    return None if value is None else read_text(value)
