"""Amazon's SNS, which carries the reports of SES, and of Scaleway in the same form.

Checks a message's signature, its topic and where its certificate is said to be. Fetches nothing: neither certificates
nor the address that confirms a subscription, which are the host's to fetch.
Source: Amazon SNS developer guide, verifying the signatures of messages, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError, WebhookError
from mailbeacon.model.record import Json
from mailbeacon.webhooks.reading import Fields, Post, SetUp, Verifier, Verify, one, read_json
from mailbeacon.webhooks.results import Events, reply
from mailbeacon.webhooks.signatures import certified_rsa, need_cryptography, rsa_holds, unbase64

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ["AMAZON", "SCALEWAY", "Sns", "envelope", "enveloped", "sns_verifier", "subscription"]

AMAZON = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?")
"""The hosts that Amazon's certificates and subscriptions are at. Source: aws/aws-js-sns-message-validator, 2024."""
SCALEWAY = re.compile(r"sns\.mnq\.[a-z0-9-]{3,}\.scaleway\.com")
"""The hosts of Scaleway's Topics. Source: Scaleway's documentation of Topics and Events, 2026."""
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""The fields that a type's signature covers, in this order, where they are there."""
_MOST_CERTIFICATES = 16


class Sns:
    """What proves that an SNS message is the host's own.

    Args:
        certificate: Gives the certificate (PEM) at a URL that was checked to be Amazon's: a callable that fetches it, a
            mapping, or the one PEM itself. Fetch without following redirects. It is asked once for each URL.
        topics: The ARNs of the host's own topics. Anybody can have a topic, and Amazon signs for all of them.
        on_subscribe: Is given the checked URL that confirms a subscription, to open it or not.

    Raises:
        ConfigError: If there is no topic.
    """

    __slots__ = ("certificate", "on_subscribe", "topics")

    def __init__(
        self,
        *,
        certificate: Callable[[str], str | bytes] | Mapping[str, str | bytes] | str | bytes,
        topics: Sequence[str],
        on_subscribe: Callable[[str], object] | None = None,
    ) -> None:
        self.certificate = certificate
        self.topics = frozenset([topics] if isinstance(topics, str) else topics)
        self.on_subscribe = on_subscribe
        if not self.topics:
            raise ConfigError("topics must name your own topics: Amazon signs for anybody's")

    def pem(self, url: str) -> str | bytes:
        """Return the certificate at a URL.

        Raises:
            WebhookError: If the host's callable failed, so that the message must come again.
        """
        if isinstance(self.certificate, str | bytes):
            return self.certificate
        if isinstance(self.certificate, Mapping):
            return self.certificate.get(url, "")
        try:
            return self.certificate(url)
        except Exception as error:
            raise WebhookError("the certificate could not be had", status=503) from error


def _at(url: str, hosts: re.Pattern[str]) -> bool:
    """Check whether a URL is https, at one of the hosts, and names no port or user."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \\")
    return plain and parts.scheme == "https" and hosts.fullmatch(parts.netloc) is not None


def sns_verifier(hosts: re.Pattern[str]) -> Verifier:
    """Make the check of messages whose certificates are at some hosts."""

    def verifier(key: object) -> Verify:
        if not isinstance(key, Sns):
            raise ConfigError(f"key must be webhooks.Sns(certificate=…, topics=…), got {type(key).__name__}")
        need_cryptography()
        return _Signed(key, hosts)

    return verifier


class _Signed:
    """Check SNS messages with one host's settings."""

    def __init__(self, own: Sns, hosts: re.Pattern[str]) -> None:
        self._own = own
        self._hosts = hosts
        self._keys: Cache[str, RSAPublicKey] = Cache(_MOST_CERTIFICATES)

    def __call__(self, post: Post) -> bool:
        message = post.fields
        url = message.text("SigningCertURL", "SigningCertUrl")
        names = _SIGNED.get(message.text("Type"))
        version = message.text("SignatureVersion")
        if names is None or version not in ("1", "2") or message.text("TopicArn") not in self._own.topics:
            return False
        if not _at(url, self._hosts) or not urlsplit(url).path.endswith(".pem"):
            return False
        key = self._keys.get(url) or certified_rsa(self._own.pem(url))
        data = _covered(message.values, names)
        if key is None or not rsa_holds(key, unbase64(message.text("Signature")), data, sha1=version == "1"):
            return False
        self._keys.put(url, key)
        return True


def _covered(values: Mapping[str, Json], names: Iterable[str]) -> bytes:
    """Return what the signature is of: each field's name and value as parsed, a line each."""
    lines = [f"{name}\n{values[name]}\n" for name in names if isinstance(values.get(name), str)]
    return "".join(lines).encode("utf-8", "surrogatepass")


def subscription(hosts: re.Pattern[str]) -> SetUp:
    """Return what answers a post that asks to confirm a subscription; its address must be at one of the hosts."""

    def set_up(post: Post) -> Events | None:
        if not isinstance(post.json, dict) or post.fields.text("Type") != "SubscriptionConfirmation":
            return None
        url = post.fields.text("SubscribeURL")
        return Events(subscribe_url=url if _at(url, hosts) else "", reply=reply())

    return set_up


def enveloped(post: Post) -> Iterable[Json]:
    """Return the event inside an SNS message, or the body itself where it came without one (raw delivery).

    A message that is no JSON is a notice in words, such as that a topic was validated.
    """
    events = one(post)
    if "TopicArn" not in post.fields.values or "Type" not in post.fields.values:
        return events
    text = post.fields.text("Message") if post.fields.text("Type") == "Notification" else ""
    full = post.fields.get("Message")
    if not text.lstrip().startswith("{"):
        return []
    inside = read_json(str(full))
    return [inside] if isinstance(inside, dict) and inside else []


def envelope(post: Post) -> Fields:
    """Return the fields of the SNS message around an event; none where it came without one."""
    return post.fields if "TopicArn" in post.fields.values else Fields(None)
