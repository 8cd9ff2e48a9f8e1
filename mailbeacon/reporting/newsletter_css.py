"""Style sheets of a newsletter made harmless: what would load anything, or reach out of the frame, is left out.

A declaration or rule is left out as a whole. Linear: each character is looked at once by the tokenizer and once by the
search for what is harmful.
"""

from __future__ import annotations

import re

__all__ = ["clean_declarations", "clean_sheet"]

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_TOKEN = re.compile(r"""(?i:"[^"\n]*+"?+|'[^'\n]*+'?+|url\([^)]*+\)?+|[;{}]|[^;{}"'uU]++|.)""", re.DOTALL)
_HARMFUL = re.compile(
    r"url\s*\(|image-set|@import|@font-face|@namespace|expression\s*\(|javascript:|\\|behavior\s*:|-moz-binding"
    r"|:host|::slotted|::part|<",
    re.IGNORECASE,
)


def clean_declarations(text: str) -> str:
    """Return the declarations of a style attribute that load nothing."""
    if not _HARMFUL.search(text):
        return text
    kept = [part for part, _ in _parts(_COMMENT.sub("", text)) if not _HARMFUL.search(part)]
    return ";".join(filter(None, map(str.strip, kept)))


def clean_sheet(text: str) -> str:
    """Return the rules of a style sheet that load nothing; one that hides letters behind back-slashes is left out."""
    if "\\" in text:
        return ""
    kept: list[str] = []
    skipped = 0
    for part, end in _parts(_COMMENT.sub("", text)):
        if skipped:
            skipped += (end == "{") - (end == "}")
        elif not _HARMFUL.search(part):
            kept.append(part + end)
        elif end == "{":
            skipped = 1
        elif end == "}":
            kept.append(end)
    found = "".join(kept)
    return "" if _HARMFUL.search(found) else found


def _parts(text: str) -> list[tuple[str, str]]:
    """Cut a sheet at its semicolons and braces, but for those in strings and addresses; each part with what ends it."""
    found: list[tuple[str, str]] = []
    part: list[str] = []
    for token in _TOKEN.findall(text):
        if token in (";", "{", "}"):
            found.append(("".join(part), token))
            part = []
        else:
            part.append(token)
    if part:
        found.append(("".join(part), ""))
    return found
