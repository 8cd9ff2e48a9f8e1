"""Whose mail it was: how the host's own name for a mail travels through a provider, and is found again.

``Beacon.metadata`` gives a mail's signed token without its dot, so that it fits where only letters, digits, ``_`` and ``-``
may stand. Nothing is believed that the host's keys did not sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from mailbeacon.errors import TokenError
from mailbeacon.links import token_in
from mailbeacon.model.record import Json
from mailbeacon.tokens import Hit, TokenSigner

__all__ = ["hit_in"]

_NAMES = frozenset({"mailbeacon", "x-mailbeacon"})
_FORM = re.compile(r"[a-z][A-Za-z0-9_.-]{22,16383}")
_MOST_TRIED = 8
_MOST_PIECES = 20


def hit_in(places: Iterable[Json], signer: TokenSigner) -> Hit | None:
    """Return what the host's metadata say of a mail; ``None`` where they are not there or not signed by the host.

    Args:
        places: Where metadata may be: objects, lists of header fields or of tags, texts.
        signer: Holds the host's keys.
    """
    for text in islice(_found(places), _MOST_TRIED):
        try:
            return signer.read_hit(token_in(text))
        except TokenError:
            continue
    return None


def _found(places: Iterable[Json], depth: int = 0) -> Iterator[str]:
    for place in places:
        if isinstance(place, str):
            yield from _in_text(place.strip(), depth)
        elif isinstance(place, dict):
            yield from _in_object(place)
        elif isinstance(place, list):
            yield from _in_list(place)


def _in_text(text: str, depth: int) -> Iterator[str]:
    if _FORM.fullmatch(text):
        yield text
    elif text[:1] in ("{", "[") and not depth:
        try:
            inside = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _found([inside], depth + 1)


def _in_object(values: Mapping[str, Json]) -> Iterator[str]:
    """Look for the host's own field, whose value may go on in numbered ones, each perhaps in a list of its own."""
    value = values.get("mailbeacon")
    if value is None:
        value = next((values[name] for name in values if name.lower() in _NAMES), None)
    text = _single(value)
    if not text:
        return
    for number in range(2, _MOST_PIECES):
        more = _single(values.get(f"mailbeacon_{number}"))
        if not more:
            break
        text += more
    if _FORM.fullmatch(text):
        yield text


def _single(value: Json) -> str:
    if isinstance(value, list) and value:
        value = value[0]
    return value.strip() if isinstance(value, str) else ""


def _in_list(values: list[Json]) -> Iterator[str]:
    """Look through a list of header fields, each with a name and a value, or of tags."""
    for value in values:
        if isinstance(value, str):
            if _FORM.fullmatch(value.strip()):
                yield value.strip()
        elif isinstance(value, dict):
            name = value.get("name", value.get("key"))
            if isinstance(name, str) and name.lower() in _NAMES:
                yield from _in_text(_single(value.get("value")), 1)
