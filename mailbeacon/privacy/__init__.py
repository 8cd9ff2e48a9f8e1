"""What may be known of a recipient, and what is kept of an event: ``levels`` and ``redaction``."""

from mailbeacon.privacy.levels import (
    as_level,
    dated,
    effective_level,
    is_mixed,
    limited,
    opted_out,
    personal,
    shared,
    unlinked,
)
from mailbeacon.privacy.policy import Decision, Policy
from mailbeacon.privacy.redaction import redact, redactor

__all__ = [
    "Decision",
    "Policy",
    "as_level",
    "dated",
    "effective_level",
    "is_mixed",
    "limited",
    "opted_out",
    "personal",
    "redact",
    "redactor",
    "shared",
    "unlinked",
]
