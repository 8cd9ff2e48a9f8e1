"""Email tracking that can be trusted.

Signs tokens, rewrites mail without changing anything else, decodes what comes back, says who it was with reasons, and
counts honestly. A host owns storage and transport; everything here is a function or an object it composes.

Each name is imported when it is first used, so that a program which only reads events does not pay for rewriting.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbeacon import errors
    from mailbeacon.beacon import Beacon
    from mailbeacon.composing import Composed, MailTemplate
    from mailbeacon.counting import Tally, tally
    from mailbeacon.judging import Classifier, classify, classify_all, explain
    from mailbeacon.model import (
        Action,
        Actor,
        Answer,
        Channel,
        Consent,
        Edit,
        Event,
        Facts,
        Hint,
        History,
        Kind,
        Leave,
        Level,
        Link,
        Manifest,
        Message,
        Network,
        Purpose,
        Reply,
        Request,
        Signal,
        Sink,
        Skipped,
        SkipReason,
        Verdict,
        Warned,
    )
    from mailbeacon.rewriting import Rewrite
    from mailbeacon.settings import Settings
    from mailbeacon.template import Template

__all__ = [
    "Action",
    "Actor",
    "Answer",
    "Beacon",
    "Channel",
    "Classifier",
    "Composed",
    "Consent",
    "Edit",
    "Event",
    "Facts",
    "Hint",
    "History",
    "Kind",
    "Leave",
    "Level",
    "Link",
    "MailTemplate",
    "Manifest",
    "Message",
    "Network",
    "Purpose",
    "Reply",
    "Request",
    "Rewrite",
    "Settings",
    "Signal",
    "Sink",
    "SkipReason",
    "Skipped",
    "Tally",
    "Template",
    "Verdict",
    "Warned",
    "classify",
    "classify_all",
    "errors",
    "explain",
    "tally",
]

__version__ = "0.2.0"

_HOMES = {
    "beacon": ("Beacon",),
    "composing": ("Composed", "MailTemplate"),
    "counting": ("Tally", "tally"),
    "judging": ("Classifier", "classify", "classify_all", "explain"),
    "rewriting": ("Rewrite",),
    "settings": ("Settings",),
    "template": ("Template",),
}
"""Where the names live that do not live in ``model``."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "errors":
        return import_module("mailbeacon.errors")
    home = next((module for module, names in _HOMES.items() if name in names), "model")
    found = getattr(import_module(f"mailbeacon.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
