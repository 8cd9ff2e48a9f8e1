"""The four documents that speed is measured on: S, M, L and XL of the shared corpus; and how they differ by recipient."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["SIZES", "documents", "personal", "unlike"]

SIZES = ("S", "M", "L", "XL")


def documents(shared: Path, *sizes: str) -> dict[str, str]:
    """Give the documents by their size's name, all four when none is named, line ends as they are."""
    folder = shared / "corpus" / "bench"
    return {size: (folder / f"{size}.html").read_bytes().decode("utf-8") for size in sizes or SIZES}


def personal(html: str, number: int) -> str:
    """Give a document as a host fills it in for one recipient: a greeting at its begin, and an address near its end."""
    places = [found.end() for found in re.finditer(r"<(?:td|p|div|span|font|b)\b[^<>]*>", html, re.IGNORECASE)]
    body = html.lower().index("<body")
    first, last = next(place for place in places if place > body), places[-1]
    return f"{html[:first]}Dear Reader {number}, {html[first:last]}Sent to reader-{number}. {html[last:]}"


def unlike(html: str, number: int) -> str:
    """Give a document that begins like no other, so that nothing of another can be used for it as a whole."""
    return f"<!--{number:08}-->{html}"
