"""Email tracking that can be trusted.

Signs tokens, rewrites mail without changing anything else, decodes what comes back, says who it was with reasons, and counts
honestly. A host owns storage and transport; everything here is a function or an object it composes.
"""

from mailbeacon import errors
from mailbeacon.beacon import Beacon
from mailbeacon.counting import Tally, tally
from mailbeacon.judging import classify, classify_all, explain
from mailbeacon.model import (
    Actor,
    Answer,
    Channel,
    Event,
    Facts,
    Kind,
    Level,
    Link,
    Manifest,
    Message,
    Network,
    Reply,
    Request,
    Signal,
    Skipped,
    Verdict,
)
from mailbeacon.rewriting import Rewrite
from mailbeacon.settings import Settings
from mailbeacon.template import Template

__all__ = [
    "Actor",
    "Answer",
    "Beacon",
    "Channel",
    "Event",
    "Facts",
    "Kind",
    "Level",
    "Link",
    "Manifest",
    "Message",
    "Network",
    "Reply",
    "Request",
    "Rewrite",
    "Settings",
    "Signal",
    "Skipped",
    "Tally",
    "Template",
    "Verdict",
    "classify",
    "classify_all",
    "errors",
    "explain",
    "tally",
]

__version__ = "0.1.0"
