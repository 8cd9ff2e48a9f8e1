"""Providers' webhooks: what they post becomes the same events that pixel and links give, with the providers' own flags.

``receiver`` checks who sent it, reads it, and answers; one file for each provider holds what its words mean. Sends
nothing, fetches nothing, and takes no address for a recipient.
"""

from __future__ import annotations

from mailbeacon.webhooks import anymail
from mailbeacon.webhooks.postal import PostalKey
from mailbeacon.webhooks.providers import PROVIDERS
from mailbeacon.webhooks.receiving import MOST_BYTES, Receiver, receiver
from mailbeacon.webhooks.results import Events, Passed, Rejected
from mailbeacon.webhooks.sns import Sns
from mailbeacon.webhooks.translating import DELIVERY_KINDS

__all__ = [
    "DELIVERY_KINDS",
    "MOST_BYTES",
    "PROVIDERS",
    "Events",
    "Passed",
    "PostalKey",
    "Receiver",
    "Rejected",
    "Sns",
    "anymail",
    "receiver",
]
