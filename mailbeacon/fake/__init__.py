"""Made-up tracking traffic with the truth about it: readers, proxies, scanners, and what they leave in a log.

For the tests of newsletter tools, and for measuring how right verdicts are. Sends nothing anywhere but where it is told
to, and makes no claim about real people: ``docs/reference/fake.md`` says which shares are known and which inferred.
"""

from mailbeacon.fake.assessment import Assessment, assess
from mailbeacon.fake.audiences import BUSINESS, CONSUMER, INTERNAL, Audience, Layer, audience
from mailbeacon.fake.behaviours import EVENINGS, OFFICE_HOURS, Behaviour, Habits, Scene
from mailbeacon.fake.chance import Choices, Rng
from mailbeacon.fake.clients import Browser, Client
from mailbeacon.fake.converting import to_events
from mailbeacon.fake.hits import FORGED, LEAVE, PIXEL, GroundTruth, Hit, Visit
from mailbeacon.fake.judgements import assess_lines
from mailbeacon.fake.machines import Forger, Replayer, Scanner, Stray
from mailbeacon.fake.mistaken import GATEWAYS, MISTAKEN, Play
from mailbeacon.fake.playing import Clock, play
from mailbeacon.fake.posting import webhooks
from mailbeacon.fake.readers import AppleReader, GmailPrefetch, Reader, SafeLinksReader, Sharer
from mailbeacon.fake.reports import TOPIC
from mailbeacon.fake.scenes import MailingOptions, recipient_name, simulate
from mailbeacon.fake.signing import CERTIFICATE_URL, WebhookKeys, webhook_keys
from mailbeacon.fake.writing import FORMATS, log_lines
from mailbeacon.renamed import renamed

__all__ = [
    "BUSINESS",
    "CERTIFICATE_URL",
    "CONSUMER",
    "EVENINGS",
    "FORGED",
    "FORMATS",
    "GATEWAYS",
    "INTERNAL",
    "LEAVE",
    "MISTAKEN",
    "OFFICE_HOURS",
    "PIXEL",
    "TOPIC",
    "AppleReader",
    "Assessment",
    "Audience",
    "Behaviour",
    "Browser",
    "Choices",
    "Client",
    "Clock",
    "Forger",
    "GmailPrefetch",
    "GroundTruth",
    "Habits",
    "Hit",
    "Layer",
    "MailingOptions",
    "Play",
    "Reader",
    "Replayer",
    "Rng",
    "SafeLinksReader",
    "Scanner",
    "Scene",
    "Sharer",
    "Stray",
    "Visit",
    "WebhookKeys",
    "assess",
    "assess_lines",
    "audience",
    "log_lines",
    "play",
    "recipient_name",
    "simulate",
    "to_events",
    "webhook_keys",
    "webhooks",
]

__getattr__ = renamed(
    __name__, {"Score": "Assessment", "lines": "log_lines", "score": "assess", "score_lines": "assess_lines"}
)
"""Leads have scores, and files have lines."""
