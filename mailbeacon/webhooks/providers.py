"""The providers there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from mailbeacon.webhooks import (
    azure,
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    scaleway,
    sendgrid,
    ses,
    sparkpost,
    unisender,
)
from mailbeacon.webhooks.reading import Provider

__all__ = ["PROVIDERS"]

_MODULES = (
    ses,
    sendgrid,
    mailgun,
    postmark,
    sparkpost,
    brevo,
    mailjet,
    mandrill,
    resend,
    mailersend,
    mailtrap,
    postal,
    unisender,
    scaleway,
    azure,
)
PROVIDERS: Mapping[str, Provider] = {module.PROVIDER.name: module.PROVIDER for module in _MODULES}
"""In the order of the reference."""
