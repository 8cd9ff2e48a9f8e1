"""The data that the stages hand each other: frozen, slotted, keyword-only; no logic beyond its own form.

Does not sign, scan, judge or count, and imports nothing of the package but ``errors``.
"""

from mailbeacon.model.event import Event, Facts, Mail, Network
from mailbeacon.model.mail import (
    HONEYPOT_LINK,
    MESSAGE_TOKEN_ROOM,
    Edit,
    Link,
    Manifest,
    Place,
    Skipped,
    SkipReason,
    Target,
    Warned,
    WarningKind,
)
from mailbeacon.model.message import Message, check_aware
from mailbeacon.model.protocols import (
    AgentTable,
    Clock,
    Consent,
    History,
    Judge,
    KnownAgent,
    LastOpens,
    Located,
    Locator,
    Manifests,
    MayRedirect,
    Networks,
    OnEvent,
    Sink,
)
from mailbeacon.model.record import Json, Record, check_version, read_json, read_text, read_whole
from mailbeacon.model.verdict import Answer, Signal, Verdict
from mailbeacon.model.web import KEPT_HEADERS, Headers, Reply, Request
from mailbeacon.model.words import Actor, AgentKind, Channel, Hint, Kind, Level, NetworkKind

__all__ = [
    "HONEYPOT_LINK",
    "KEPT_HEADERS",
    "MESSAGE_TOKEN_ROOM",
    "Actor",
    "AgentKind",
    "AgentTable",
    "Answer",
    "Channel",
    "Clock",
    "Consent",
    "Edit",
    "Event",
    "Facts",
    "Headers",
    "Hint",
    "History",
    "Json",
    "Judge",
    "Kind",
    "KnownAgent",
    "LastOpens",
    "Level",
    "Link",
    "Located",
    "Locator",
    "Mail",
    "Manifest",
    "Manifests",
    "MayRedirect",
    "Message",
    "Network",
    "NetworkKind",
    "Networks",
    "OnEvent",
    "Place",
    "Record",
    "Reply",
    "Request",
    "Signal",
    "Sink",
    "SkipReason",
    "Skipped",
    "Target",
    "Verdict",
    "Warned",
    "WarningKind",
    "check_aware",
    "check_version",
    "read_json",
    "read_text",
    "read_whole",
]
