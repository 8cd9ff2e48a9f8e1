"""Compile a newsletter once for a campaign: rewrite it with a slot where the recipient's token goes, and prove it."""

from __future__ import annotations

from dataclasses import dataclass

from mailbeacon.errors import ConfigError
from mailbeacon.markup import read_tags
from mailbeacon.model import HONEYPOT_LINK, Channel
from mailbeacon.rewriting import Planner, Position, rewrite_html, rewrite_text
from mailbeacon.template.linkers import Linker
from mailbeacon.template.proving import parse, prove
from mailbeacon.template.template import Issuer, Template

__all__ = ["Instructions", "compile_template"]

_TYPICAL_TOKEN = 72
"""The length of a message token with ordinary names, in characters, for the projected size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What a newsletter is compiled with.

    Attributes:
        planner: Which links are wrapped.
        position: Where the pixel goes.
        honeypot: Where the link no reader sees leads; empty for none.
        verify: Whether html5lib must prove that nothing else changed.
        first_number: The number of the first wrapped link.
        with_pixel: Whether there is a pixel, and a honeypot: a mail of several bodies has one.
    """

    planner: Planner
    position: Position = "auto"
    honeypot: str = ""
    verify: bool = True
    first_number: int = 1
    with_pixel: bool = True


def compile_template(html: str, text: str, instructions: Instructions, *, linker: Linker, issuer: Issuer) -> Template:
    """Compile a newsletter for the campaign of a linker.

    Raises:
        ConfigError: If the campaign is empty.
        RewriteError: If html5lib sees any difference but the listed links and the one pixel, or if the document is too
            much for it (then ``verify=False`` leaves the proof out).
    """
    if not linker.campaign:
        raise ConfigError("campaign must not be empty: links are signed for their campaign")
    slot = _slot(html, text)
    pixel = linker.routes.open(slot) if instructions.with_pixel else ""
    wrap = linker.wrap(slot)
    done = rewrite_html(
        read_tags(html) or html,
        wrap,
        pixel=pixel,
        position=instructions.position,
        planner=instructions.planner,
        first_number=instructions.first_number,
        honeypot=wrap(HONEYPOT_LINK, instructions.honeypot)
        if instructions.honeypot and instructions.with_pixel
        else "",
    )
    plain = rewrite_text(
        text,
        linker.wrap(slot, Channel.TEXT),
        rules=instructions.planner.rules,
        first_number=instructions.first_number + len(done.links),
        bound=done.bound,
    )
    seen = parse(done.covered) if instructions.verify else None
    if seen:
        prove(done, pixel, slot, before=seen)
    labelled = done.labelled(seen) if seen else (done.links, done.skipped)
    return Template(linker.campaign, done, plain, slot=slot, issuer=issuer, labelled=labelled)


def _slot(*texts: str) -> str:
    """Return a text of a token's usual length that stands in none of the given."""
    number = 0
    while True:
        slot = f"mailbeacon-slot-{number}".ljust(_TYPICAL_TOKEN, "~")
        if not any(slot in text for text in texts):
            return slot
        number += 1
