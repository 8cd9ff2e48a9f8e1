"""What may be known of a recipient, and what is kept of an event: ``levels`` and ``redaction``."""

from mailbeacon.privacy.levels import check_level, effective_level, opted_out, unlinked
from mailbeacon.privacy.redaction import redact, redactor

__all__ = ["check_level", "effective_level", "opted_out", "redact", "redactor", "unlinked"]
