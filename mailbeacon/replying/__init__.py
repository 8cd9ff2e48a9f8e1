"""Replies to requests: the pixel, the redirect, the plain pages, and the event each request stands for."""

from mailbeacon.renamed import renamed
from mailbeacon.replying.answering import Decode, Observe, Redact, Responder, deliver, respond
from mailbeacon.replying.keeping import hand, judged, keep, lost
from mailbeacon.replying.limiting import HitLimit
from mailbeacon.replying.replies import PIXEL
from mailbeacon.settings import failed

__all__ = [
    "PIXEL",
    "Decode",
    "HitLimit",
    "Observe",
    "Redact",
    "Responder",
    "deliver",
    "failed",
    "hand",
    "judged",
    "keep",
    "lost",
    "respond",
]

__getattr__ = renamed(__name__, {"level_now": "mailbeacon.privacy.level_now", "marked": "mailbeacon.privacy.marked"})
"""Rules on levels are all in one place."""
