"""The text of an attribute: read as a browser reads it, written so that a browser reads it back."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import escape as _escape

__all__ = ["attribute_text", "escape_attribute", "trim_url", "url_text"]

_REFERENCE = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]++)|([0-9]++));?+|([a-zA-Z][a-zA-Z0-9]*+)(;|=)?)")
_C1 = dict(
    zip(
        range(0x80, 0xA0),
        "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ",
        strict=True,
    )
)
"""Numbers that mean the windows-1252 letter. Source: HTML Living Standard, section 13.2.5.80."""
_BLANK = "\t\n\f\r "
_DROPPED = str.maketrans("", "", "\t\n\r")


@cache
def _names() -> dict[str, str]:
    from html.entities import html5

    return html5


def attribute_text(raw: str) -> str:
    """Decode the character references of an attribute's value, by the rules for attributes.

    A name without its semicolon stays as it is before ``=`` or a letter, so ``?a=1&copy=2`` keeps its parameter.

    Source: HTML Living Standard, section 13.2.5.73, named character reference state.
    """
    if "\0" in raw:
        raw = raw.replace("\0", "\ufffd")
    return _REFERENCE.sub(_reference, raw) if "&" in raw else raw


def _reference(found: re.Match[str]) -> str:
    hexadecimal, decimal, name, after = found.groups()
    if name is None:
        return _character(int(hexadecimal[-9:], 16) if hexadecimal else int(decimal[-10:]), hexadecimal or decimal)
    if after == ";":
        return _names().get(name + ";", found[0])
    if after == "=":
        return found[0]
    return _names().get(name, found[0])


def _character(number: int, digits: str) -> str:
    if len(digits.lstrip("0")) > 8 or number > 0x10FFFF or number == 0 or 0xD800 <= number <= 0xDFFF:
        return "\ufffd"
    return _C1.get(number) or chr(number)


def url_text(raw: str) -> str:
    """Return the URL an attribute's value stands for: decoded, trimmed, without tabs and line breaks."""
    return trim_url(attribute_text(raw))


def trim_url(text: str) -> str:
    """Return a decoded URL without white space at its ends, and without tabs and line breaks.

    Source: URL Standard (WHATWG, 2026), section 4.4.
    """
    if text.isprintable() and " " not in text:
        return text
    return text.strip(_BLANK).translate(_DROPPED)


def escape_attribute(value: str) -> str:
    """Write a text so that it can stand in an attribute in either quotes."""
    return str(_escape(value))
