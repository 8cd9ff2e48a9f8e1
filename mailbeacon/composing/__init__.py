"""A whole mail in, a tracked mail out: once for one recipient, or compiled once for many.

Finds and replaces bodies only; what a body becomes is up to the functions the caller gives. Sends nothing.
"""

from mailbeacon.composing.compiled import MailTemplate, compile_mail
from mailbeacon.composing.shapes import CompileBodies, Composed, Leaving, LinkReport, RewriteBodies, Rewritten, Slots
from mailbeacon.composing.whole import compose, compose_bytes

__all__ = [
    "CompileBodies",
    "Composed",
    "Leaving",
    "LinkReport",
    "MailTemplate",
    "RewriteBodies",
    "Rewritten",
    "Slots",
    "compile_mail",
    "compose",
    "compose_bytes",
]
