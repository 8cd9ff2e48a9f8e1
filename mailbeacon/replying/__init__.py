"""Replies to requests: the pixel, the redirect, the plain pages, and the event each request stands for."""

from mailbeacon.replying.allowed import level_now
from mailbeacon.replying.answering import Decode, Observe, Redact, Responder, deliver, marked, respond
from mailbeacon.replying.keeping import failed, judged, keep, lost
from mailbeacon.replying.limiting import HitLimit
from mailbeacon.replying.replies import PIXEL

__all__ = [
    "PIXEL",
    "Decode",
    "HitLimit",
    "Observe",
    "Redact",
    "Responder",
    "deliver",
    "failed",
    "judged",
    "keep",
    "level_now",
    "lost",
    "marked",
    "respond",
]
