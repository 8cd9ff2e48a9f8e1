"""The tokenizer of HTML as regular expressions: where tags, comments and raw text begin and end.

Every expression follows the WHATWG tokenizer with scripting off (HTML Living Standard, section 13.2.5, as of 2026). Each
alternative is possessive and runs to its own end or to the end of the input, so a scan is linear whatever the input.
Names match in ASCII only: a long s is not an s. Does not know which tags matter (see ``scanner``).
"""

from __future__ import annotations

import re

__all__ = ["ATTRIBUTE", "COMMENT", "NAME", "PIECES", "RAW_END", "RAW_NAMES", "SCRIPT_TURN", "STEP", "TAG"]

_WS = r"\t\n\f\r "
_NAME_END = rf"(?=[{_WS}/>])"
_VALUE = rf"""(?:"[^"]*+"|'[^']*+'|[^{_WS}>"'][^{_WS}>]*+|(?=>))"""
_ANY_ATTRIBUTES = rf"(?>[{_WS}/]++|[^{_WS}/>][^{_WS}/>=]*+(?:[{_WS}]*+=[{_WS}]*+{_VALUE}|(?![{_WS}]*+=)))*+>"
_PLAIN_ATTRIBUTES = rf"""(?>[^"'>=]++(?<![{_WS}/])="[^"]*+")*+[^"'>=]*+>"""
"""What most mail writes, double quotes right after each ``=``: tried first, for its speed, and reads the same."""
_REST = rf"(?:{_PLAIN_ATTRIBUTES}|{_ANY_ATTRIBUTES})"
_TAG_NAME = rf"[a-zA-Z][^{_WS}/>]*+"
_TAG = rf"/?{_TAG_NAME}{_REST}"
_COMMENT = r"!--(?:-?>|(?>[^-]++|-(?!-!?>))*+--!?>)"
_BOGUS = r"(?:(?:!(?!--)|\?)[^>]*+|/(?![a-zA-Z])[^>]++|/)>"
_TEXT = r"(?![a-zA-Z!?/])"
_UNCLOSED = r".++"


def _any_case(name: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in name)


def _raw(name: str) -> str:
    """Match a raw-text element up to its end tag, or to the end of the input."""
    return rf"{_any_case(name)}{_NAME_END}{_REST}(?>[^<]++|<(?!/{_any_case(name)}{_NAME_END}))*+"


_COMMON_RAW = ("style", "title")
_NOT_RAW = rf"(?!{'|'.join(_any_case(name) + _NAME_END for name in _COMMON_RAW)})"
_EASY = r' [a-zA-Z0-9:_-]++="[^"]*+"'
_EASY_END = rf"(?>{_EASY})*+ ?+/?+>"
for _ in range(3):
    _EASY_END = rf"(?:>|{_EASY}{_EASY_END}| ?+/>)"
"""What follows most names in most mail: tried first, for its speed, and reads the same. A round of a loop costs as much as an
attribute, so the first three are read without."""
_COMMON = (
    rf"[aAbBhH][a-zA-Z]*+{_EASY_END}|/[a-zA-Z][a-zA-Z0-9]*+>"
    r'|title>[^<]*+</title>|style(?: type="text/css"|)>[^<]*+</style>'
)
"""What begins most pieces of most mail, raw text up to its end: tried first, for its speed, and reads the same."""
_DULL = (
    rf"(?><(?:/[ac-gi-zAC-GI-Z][a-zA-Z0-9]*+>|[tT][aAbBdDhHrR][a-zA-Z]*+{_EASY_END}|[pPbBiIuU]{_EASY_END}"
    r"|(?:[sS](?:[pPmMuU]|[tT][rR])|[bBhH][rR1-6]|[iI][mMnN]|[cCdDeElLuU][a-zA-Z]|[fF][oO]|[mM][eE])[a-zA-Z]*+"
    rf"{_EASY_END}|/(?![bB][oO]|[hH][tT])[a-zA-Z][a-zA-Z0-9]*+>|!-- ?+[^\s\[>-][^-]*+-->)[^<]*+)*+"
)
"""Tags without interest, in the form most mail writes them, and comments that are no condition of Outlook's; any other form
begins a piece of its own. The most frequent stand first, and two signs tell most names."""

PIECES = re.compile(
    rf"<(?:{_COMMON}|{_NOT_RAW}{_TAG_NAME}{_REST}|/{_TAG_NAME}{_REST}|{'|'.join(map(_raw, _COMMON_RAW))}"
    rf"|{_COMMENT}|{_BOGUS}|{_TEXT}|{_UNCLOSED})[^<]*+{_DULL}",
    re.DOTALL,
)
"""Cut a document without foreign or rare raw text into pieces: a tag or comment, and all after it without interest."""

STEP = re.compile(rf"<(?:{_TAG}|{_COMMENT}|{_BOGUS}|{_TEXT}|{_UNCLOSED})[^<]*+", re.DOTALL)
"""One token and the text after it, in the data state."""

TAG = re.compile(rf"<{_TAG}", re.DOTALL)
"""One start or end tag that is closed."""

COMMENT = re.compile(rf"<{_COMMENT}", re.DOTALL)
"""One comment that is closed."""

NAME = re.compile(rf"<(/?)({_TAG_NAME})")
"""The slash and name of a tag."""

ATTRIBUTE = re.compile(
    rf"""[{_WS}/]*+([^{_WS}/>][^{_WS}/>=]*+)(?>[{_WS}]*+=[{_WS}]*+(?:"([^"]*+)"|'([^']*+)'|([^{_WS}>"'][^{_WS}>]*+|(?=>))))?+"""
)
"""One attribute, from where the last one ended: its name, and its value in double, single or no quotes."""

RAW_NAMES = frozenset(
    {"style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "script", "plaintext"},
)
"""The elements whose content is not markup. Source: HTML Living Standard, section 13.2.6.4, scripting off."""

RAW_END = {name: re.compile(rf"</{_any_case(name)}{_NAME_END}") for name in RAW_NAMES - {"plaintext"}}
"""Where each of them ends."""

SCRIPT_TURN = re.compile(rf"(-->)|<!--(-*+>)?|<(/?){_any_case('script')}{_NAME_END}")
"""What changes the state inside a script: the end or start of an escape, or a script tag. Source: section 13.2.5.15 on."""
