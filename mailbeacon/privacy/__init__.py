"""What may be known of a recipient, and what is kept of an event: ``levels`` and ``redaction``."""

from mailbeacon.privacy.allowed import level_now, metadata_now
from mailbeacon.privacy.digests import DailyKeys
from mailbeacon.privacy.levels import (
    as_aggregate,
    as_level,
    dated,
    effective_level,
    is_mixed,
    keeps_metadata,
    limited,
    marked,
    opted_out,
    personal,
    shared,
    without_client_ids,
    without_metadata,
)
from mailbeacon.privacy.notices import notice
from mailbeacon.privacy.policy import Decision, Policy
from mailbeacon.privacy.pseudonyms import Pseudonymizer
from mailbeacon.privacy.redaction import forget, redact, redactor
from mailbeacon.privacy.rights import Done, Retention, erase_person, export_person, retain

__all__ = [
    "DailyKeys",
    "Decision",
    "Done",
    "Policy",
    "Pseudonymizer",
    "Retention",
    "as_aggregate",
    "as_level",
    "dated",
    "effective_level",
    "erase_person",
    "export_person",
    "forget",
    "is_mixed",
    "keeps_metadata",
    "level_now",
    "limited",
    "marked",
    "metadata_now",
    "notice",
    "opted_out",
    "personal",
    "redact",
    "redactor",
    "retain",
    "shared",
    "without_client_ids",
    "without_metadata",
]
