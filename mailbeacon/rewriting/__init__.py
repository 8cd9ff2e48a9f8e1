"""HTML or text in, the same out with a pixel and wrapped links: the stage between composing and sending.

Nothing is re-serialised: edits replace attribute values in the source. Signs nothing: the caller's ``wrap`` gives the URLs.
"""

from mailbeacon.rewriting.decisions import Planner
from mailbeacon.rewriting.html import rewrite_html
from mailbeacon.rewriting.pixel import Position, honeypot_tag, pixel_tag
from mailbeacon.rewriting.result import Rewrite
from mailbeacon.rewriting.rules import LinkRules
from mailbeacon.rewriting.sizes import CLIP_BYTES, TOP_BYTES, utf8_length
from mailbeacon.rewriting.steps import LinkWrapper, Wrap
from mailbeacon.rewriting.text import rewrite_text
from mailbeacon.rewriting.unwrapping import unwrap
from mailbeacon.rewriting.warnings import join_warnings

__all__ = [
    "CLIP_BYTES",
    "TOP_BYTES",
    "LinkRules",
    "LinkWrapper",
    "Planner",
    "Position",
    "Rewrite",
    "Wrap",
    "honeypot_tag",
    "join_warnings",
    "pixel_tag",
    "rewrite_html",
    "rewrite_text",
    "unwrap",
    "utf8_length",
]
