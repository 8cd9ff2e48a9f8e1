"""What a template language changes about a document: links that are not its own, and where a pixel is sure to be rendered.

Takes the decisions made on the document as HTML reads it, and returns what is left of them; see ``markup.templating``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from mailbeacon.markup import COVER, Scan, SpanKind, TemplateTags, url_text
from mailbeacon.model import SkipReason
from mailbeacon.rewriting.decisions import link_source
from mailbeacon.rewriting.pixel import Spot, spot_at
from mailbeacon.rewriting.rules import LinkRules, says_unsubscribe
from mailbeacon.rewriting.steps import Decided, LinkDecision

__all__ = ["cut_alike", "decide_in_template", "rendered_spot"]

_EXTENDS = re.compile(r"\{%[-+~]?\s*+extends\b|@extends\b|\{extends\s")
_BLOCK = re.compile(
    r"(?:\{%[-+~]?\s*+block\s++|@section\(\s*+[\"']|\{block\s++(?:name=)?[\"']?)([\w.-]++)(?![\"']\s*+,)"
    r"|\{%[-+~]?\s*+endblock\b|@(?:endsection|stop|show|append|overwrite)\b|\{/block\}"
)
"""The begin of a block of Django's, Jinja's or Twig's, of Blade's or of Smarty's, with its name, or the end of one."""
_NOT_BODY = frozenset(
    {"title", "subject", "head", "style", "styles", "css", "extra_head", "extrahead", "preheader", "preview"}
)
_CONTENT = re.compile(r"<(?:p|div|table|tr|td|a|img|h[1-6]|span|br|ul|ol|li|center|section)[\s/>]", re.IGNORECASE)


def cut_alike(source: str, found: Scan) -> list[str]:
    """Return the pieces of a document whose covered form was cut."""
    return [source[start:end] for start, end in pairwise(found.starts)]


def decide_in_template(
    decided: Decided, found: Scan, pieces: Sequence[str], tags: TemplateTags, rules: LinkRules
) -> Decided:
    """Return the decisions about a template's links: none in a tag or a message to translate, and each one told.

    Args:
        decided: The decisions about the document as HTML reads it.
        found: Its pieces, covered.
        pieces: The pieces of the document itself.
        tags: Its template tags.
        rules: Which links to wrap.
    """
    known: dict[int, list[LinkDecision]] = {}
    for index, links in decided:
        covered = COVER in found.pieces[index]
        hides = covered and not rules.wrap_unsubscribe and says_unsubscribe(link_source(pieces, index).lower())
        for one in links:
            start = found.starts[index]
            kind = tags.at(start + one.start, start + one.end)
            if kind:
                raw = pieces[index][one.start : one.end]
                one = replace(one, raw=raw, read=url_text(raw), reason=one.reason or SkipReason.MERGE_TAG)
                one = replace(one, reason=SkipReason.MERGE_TAG) if kind is SpanKind.TAG else one
            elif hides and one.reason is None:
                one = replace(one, reason=SkipReason.UNSUBSCRIBE)
            known.setdefault(index, []).append(one)
    return [(index, sorted(known[index], key=attrgetter("start"))) for index in sorted(known)]


def rendered_spot(spot: Spot, found: Scan, tags: TemplateTags) -> Spot:
    """Return where an image is rendered whatever the template's conditions say.

    Args:
        spot: Where it would stand in a document that is no template.
        found: The pieces, covered.
        tags: The template tags.
    """
    if _EXTENDS.search(tags.source):
        end = _last_block(found, tags)
        if end is None:
            return Spot(
                -1, note="no pixel: a template that extends another shows only its blocks, and none holds content"
            )
        return end
    if spot.piece < 0:
        return spot
    place = found.starts[spot.piece] + spot.at
    outermost, _ = next(tags.open_blocks([place]))
    region = next((span for span in tags.spans if span.start < place < span.end), None)
    first = outermost or region
    if first is None:
        return spot
    before = spot_at(first.start, found)
    if before:
        return before._replace(note=spot.note)
    tag = tags.source[first.start : first.end][:60]
    return spot._replace(note=f"the pixel stands inside {tag}: a mail that leaves this part out has none")


def _last_block(found: Scan, tags: TemplateTags) -> Spot | None:
    """Return the end of the last outermost block that holds what a reader sees."""
    opened: list[tuple[int, str]] = []
    best = None
    for span in tags.spans:
        match = _BLOCK.match(tags.source, span.start) if span.kind is SpanKind.TAG else None
        if match and match[1]:
            opened.append((span.end, match[1]))
        elif match and opened:
            begin, name = opened.pop()
            if not opened and name.lower() not in _NOT_BODY and _CONTENT.search(tags.covered, begin, span.start):
                best = spot_at(span.start, found) or best
    return best
