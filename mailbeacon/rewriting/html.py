"""HTML in, the same HTML out with wrapped links and one pixel: nothing else changes by a single character.

The steps, each a function from data to data in a file of its own: scan (``markup``) → frame → decisions (→ templates) →
pixel's place → splice. What was done is told by ``result``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailbeacon.errors import RewriteError
from mailbeacon.markup import Scan, TemplateTags, scan
from mailbeacon.model import SkipReason, Warned, WarningKind
from mailbeacon.rewriting.decisions import Planner, decide_links
from mailbeacon.rewriting.frame import read_frame
from mailbeacon.rewriting.pixel import Position, find_spot, holds_pixel, honeypot_tag, pixel_tag
from mailbeacon.rewriting.result import Rewrite
from mailbeacon.rewriting.rules import LinkRules
from mailbeacon.rewriting.sizes import utf8_length
from mailbeacon.rewriting.splicing import insert, splice, wrap_links
from mailbeacon.rewriting.steps import Made, Wrap
from mailbeacon.rewriting.templates import cut_alike, decide_in_template, rendered_spot

__all__ = ["rewrite_html"]

_AMP_NOTE = Warned(kind=WarningKind.AMP, detail="an AMP document is left as it is: an img would make it invalid")


def rewrite_html(
    html: str | TemplateTags,
    wrap: Wrap | None,
    *,
    pixel: str = "",
    position: Position = "auto",
    planner: Planner | None = None,
    first_number: int = 1,
    honeypot: str = "",
    bound: Mapping[str, SkipReason] | None = None,
) -> Rewrite:
    """Put wrapped links and a pixel into a document.

    Args:
        html: A document or a fragment, or a template whose tags were read; outside the edits the result equals it to the
            character. Tags are not looked for here: what is sent has none, and looking costs as much as all the rest.
        wrap: Gives the URL for a link's number and destination; ``None`` leaves all links alone.
        pixel: The pixel's URL; empty for none.
        position: Where the pixel goes: ``top`` is right after ``<body>``, ``bottom`` before its end, ``auto`` is the top
            once the rewritten document passes 100 KB.
        planner: Which links to wrap; keep one for many documents, for it remembers what it has seen.
        first_number: The number of the first wrapped link.
        honeypot: The URL of a link no reader sees, to tell scanners by; empty for none.
        bound: The destinations that another part of the mail keeps from being wrapped.

    Raises:
        RewriteError: If the document cannot be cut without loss, or is MJML.
    """
    planner = planner or Planner(LinkRules())
    tags = None
    if isinstance(html, TemplateTags):
        tags, html = html, html.source
    found = scan(tags.covered if tags else html)
    pieces = cut_alike(html, found) if tags else found.pieces
    frame = read_frame(found)
    if frame.is_mjml:
        raise RewriteError("MJML must be compiled to HTML first: rewrite and compile take what mjml makes of it")
    if frame.is_amp:
        return Rewrite(html, html, _left_as_amp(found, pieces, planner))
    if wrap:
        decided, plans = decide_links(found, frame.base, planner, bound)
        if tags:
            plans = decide_in_template(plans, found, pieces, tags, planner.rules)
        changes, left, grown = wrap_links(found.starts, plans, wrap, first_number)
    else:
        decided, changes, left, grown, bound = [], [], [], 0, None
    note = ""
    if pixel or honeypot:
        image, link = pixel_tag(pixel) if pixel else "", honeypot_tag(honeypot) if honeypot else ""
        spot = find_spot(found, frame, position, utf8_length(html) + grown + len(image) + len(link))
        if tags:
            spot = rendered_spot(spot, found, tags)
        piece, at, note = spot
        if piece >= 0 and pixel and holds_pixel(html, pixel, planner.rules.owns):
            note = "no pixel: the document holds one of ours already"
        elif piece >= 0:
            insert(changes, found.starts[piece] + at, image, link)
    notes = (Warned(kind=WarningKind.PIXEL, detail=note),) if note else ()
    made = Made(pieces, found.starts, changes, left, notes, decided, bound or {}, tags, wrap is not None)
    return Rewrite(html, splice(html, changes), made)


def _left_as_amp(found: Scan, pieces: Sequence[str], planner: Planner) -> Made:
    """Return how an AMP document is left as it is."""
    left = [
        (index, one if one.reason else replace(one, reason=SkipReason.AMP))
        for index, links in decide_links(found, "", planner)[1]
        for one in links
    ]
    return Made(pieces, found.starts, (), left, (_AMP_NOTE,), is_html=True)
