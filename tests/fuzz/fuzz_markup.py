"""Fuzz the scanner and the rewriting of HTML with atheris: ``python tests/fuzz/fuzz_markup.py -max_total_time=600``.

An image opens misnested formatting elements again, and what follows it may then stand inside them. The proof refuses a
pixel before such a thing if a reader could see it; the document must pass without a pixel. What else the fuzzing finds
belongs among the cases of ``test_markup_cases.py``. Give folders of documents as further arguments to start from. Input
whose first byte is odd is a row of fragments, any other is text.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

with atheris.instrument_imports(include=["mailbeacon.markup", "mailbeacon.rewriting"]):
    import mailbeacon as mb
    from mailbeacon.rewriting import LinkRules, Planner, rewrite_html

from fragments import FRAGMENTS, number_links  # noqa: E402 - found beside the tests

from mailbeacon.errors import RewriteError  # noqa: E402
from mailbeacon.markup import TAG, scan, tag_name  # noqa: E402
from mailbeacon.markup.scanner import _TRICKY_NAMES, Scan, _Walk  # noqa: E402
from mailbeacon.model import WarningKind  # noqa: E402
from mailbeacon.template import prove  # noqa: E402
from tests.linear import quickest  # noqa: E402

PIXEL = "https://t.example/o/T.gif"
PLANNER = Planner(LinkRules())
MOST_SECONDS = 0.05
"""For any document, and as much again for each thousand characters; a tenth of it without the instruments."""
MOST_CHARACTERS = 4_096
NAMES = frozenset({"a", "area", "html", "base", "body", "/html", "/body"})
"""The tags that either cut must find; others may be a part of a piece."""
MISNESTED = re.compile(
    "<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[^a-z].*</(?:body|html)", re.I | re.S
)
"""What must stand in a document whose pixel is refused, if it closes all it begins: formatting, and text after the body."""
REFUSED = "unchecked"
"""What the proof says of a document it has no means to check."""


def one(raw: bytes) -> None:
    """Check the laws on any bytes at all."""
    source = document(raw)
    found = scan(source)
    assert "".join(found.pieces) == source
    if "<" in source:
        walked = _Walk(source).run()
        assert "".join(walked.pieces) == source
        if not any(f"<{name}" in source.lower() for name in _TRICKY_NAMES):
            assert wanted(found) == wanted(walked)
    if any(piece[:5].lower() == "<mjml" for piece in found.pieces):
        return  # refused, and said so
    assert seconds(source) < limit(source)
    done = rewrite_html(source, wrap, pixel=PIXEL, planner=PLANNER)
    assert done.restore() == source
    if not proven(source, PIXEL):
        warned = any(one.kind is WarningKind.PIXEL for one in done.warnings)
        assert warned or MISNESTED.search(source)
        assert proven(source, "")


def proven(source: str, pixel: str) -> bool:
    """Check whether html5lib finds no other change than the listed, or refuses to look."""
    try:
        prove(rewrite_html(source, wrap, pixel=pixel, planner=PLANNER), pixel)
    except RewriteError as error:
        return REFUSED in str(error)
    return True


def document(raw: bytes) -> str:
    """Return the document that some bytes stand for."""
    if raw[:1] and raw[0] % 2:
        return number_links("".join(FRAGMENTS[byte % len(FRAGMENTS)] for byte in raw[1:]))[:MOST_CHARACTERS]
    return number_links(raw[1:].decode("utf-8", "replace"))[:MOST_CHARACTERS]


def wrap(number: int, url: str) -> str:
    """Return a wrapped URL that tells the number."""
    return f"https://t.example/c/T/{number}"


def wanted(found: Scan) -> list[tuple[int, str]]:
    """Return the tags that may matter, with their places."""
    tags, at = [], 0
    marked = {*found.links, *found.frame}
    for index, piece in enumerate(found.pieces):
        match = TAG.match(piece) if index in marked else None
        if match and (tag_name(piece) in NAMES or tag_name(piece).startswith("v:")):
            tags.append((at, match[0]))
        at += len(piece)
    return tags


def limit(source: str) -> float:
    """Return how long work on a document may take: so much for each character."""
    return MOST_SECONDS * (1 + len(source) / 1_000)


def seconds(source: str) -> float:
    """Measure compiling, warnings included, and a text's: the best of a few, so that a busy machine is no finding."""

    def work() -> None:
        beacon = mb.Beacon("https://t.example/m", secret_keys=["a key for fuzzing only, 0123"], wrap_visible_urls=False)
        template = beacon.compile(source, source, campaign="spring", verify=False)
        assert template.source("{{ a token }}", opens=mb.Level.NONE, clicks=mb.Level.NONE) == source
        beacon.unwrap(source)

    return quickest(work, limit(source))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
