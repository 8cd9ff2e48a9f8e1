"""The proof: html5lib reads the document before and after, and nothing may differ but the listed links and the one pixel.

Why it is needed. The scanner works on tokens, a browser on a tree, and the tree decides what a token is: in
``<svg><style><a href="…">`` the style is an element of SVG and the link a link, while in ``<style><a href="…">`` all of it is
text; in ``<p><table><a href="…">`` the link is moved before the table; an image put before ``</body>`` can land inside a
formatting element that html5lib opens again. The scanner leaves alone what it cannot be sure of; the proof is for what
nobody thought of. It parses twice, so it is made once for a campaign and never for a recipient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailbeacon.model import HONEYPOT_LINK
from mailbeacon.rewriting import Rewrite, pixel_tag

if TYPE_CHECKING:
    from mailbeacon.outline import Outline

__all__ = ["parse", "prove"]

_SAMPLE_TOKEN = "a0.sampleA"


def parse(html: str) -> Outline:
    """Return a document as a browser sees it.

    Raises:
        RewriteError: If it is too large or deep for html5lib.
    """
    from mailbeacon import outline  # only where it is needed: html5lib is slow to import

    return outline.parse(html)


def prove(done: Rewrite, pixel: str, slot: str = "", before: Outline | None = None) -> None:
    """Parse both documents with html5lib and raise unless nothing but the listed links and the pixel differs.

    Raises:
        RewriteError: Naming the first node that differs, or that the document is too large or deep for the proof.
    """
    from mailbeacon import outline

    def filled(text: str) -> str:
        return text.replace(slot, _SAMPLE_TOKEN) if slot else text

    # a honeypot stands where the pixel does, so what is proved for one holds for both
    after = filled(done.applied(lambda edit: edit.number != HONEYPOT_LINK, covered=True))
    changed = [(one.read, filled(url)) for one, url in done.wrapped()]
    inserted = filled(pixel) if any(edit.new == pixel_tag(pixel) for edit in done.edits) else None
    outline.compare(before or done.covered, after, changed=changed, pixel=inserted)
