"""Sign made-up posts as each provider signs its own, and make the keys for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mailbeacon.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["CERTIFICATE_URL", "SIGNED", "Body", "WebhookKeys", "signed", "webhook_keys"]

CERTIFICATE_URL = {
    "ses": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-made-up.pem",
    "scaleway": "https://sns.mnq.fr-par.scaleway.com/made-up.pem",
}
_RSA_BITS = 2048
_NOT_AFTER = timedelta(days=3_650)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKeys:
    """Both halves of a provider's made-up key; they are the same where the provider shares one with the host.

    Attributes:
        private: What :func:`mailbeacon.fake.webhooks` signs with.
        public: What the receiver is given; for ``ses`` and ``scaleway`` the certificate, as PEM.
    """

    private: str = field(repr=False)
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is to be signed.

    Attributes:
        values: The body's JSON.
        name: The provider's name for the post.
        at: When it is sent.
        url: Where it is sent to.
    """

    values: object
    name: str
    at: datetime
    url: str

    @property
    def raw(self) -> bytes:
        """The JSON as bytes."""
        return json.dumps(self.values, ensure_ascii=False).encode()

    @property
    def seconds(self) -> str:
        """The Unix time, as text."""
        return str(int(self.at.timestamp()))


Signed = tuple[bytes, dict[str, str]]
"""The body's bytes, and header fields."""


def _password(body: Body, key: str) -> Signed:
    user = key if ":" in key else f"mailbeacon:{key}"
    return body.raw, {"Authorization": "Basic " + b64encode(user.encode()).decode()}


def _hex(header: str) -> Callable[[Body, str], Signed]:
    def sign(body: Body, key: str) -> Signed:
        return body.raw, {header: hmac.digest(key.encode(), body.raw, "sha256").hex()}

    return sign


def _mailgun(body: Body, key: str) -> Signed:
    values = dict(body.values) if isinstance(body.values, dict) else {}
    part = dict(values.get("signature", {}))
    data = f"{part.get('timestamp')}{part.get('token')}".encode()
    values["signature"] = {**part, "signature": hmac.digest(key.encode(), data, "sha256").hex()}
    return json.dumps(values).encode(), {}


def _mandrill(body: Body, key: str) -> Signed:
    events = body.raw.decode()
    data = f"{body.url}mandrill_events{events}".encode()
    signature = b64encode(hmac.digest(key.encode(), data, "sha1")).decode()
    return urlencode({"mandrill_events": events}).encode(), {"X-Mandrill-Signature": signature}


def _svix(body: Body, key: str) -> Signed:
    data = f"{body.name}.{body.seconds}.".encode() + body.raw
    signature = b64encode(hmac.digest(b64decode(key.removeprefix("whsec_")), data, "sha256")).decode()
    return body.raw, {"svix-id": body.name, "svix-timestamp": body.seconds, "svix-signature": f"v1,{signature}"}


def _unisender(body: Body, key: str) -> Signed:
    values = body.values if isinstance(body.values, dict) else {}
    plain = json.dumps({"auth": key, **values}).encode()
    digest = hashlib.md5(plain, usedforsecurity=False).hexdigest()
    return json.dumps({"auth": digest, **values}).encode(), {}


def _sendgrid(body: Body, key: str) -> Signed:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    private: EllipticCurvePrivateKey = _loaded(key)  # type: ignore[assignment]  # of the kind that webhook_keys made
    signature = private.sign(body.seconds.encode() + body.raw, ECDSA(SHA256()))
    field = "X-Twilio-Email-Event-Webhook-"
    return body.raw, {f"{field}Signature": b64encode(signature).decode(), f"{field}Timestamp": body.seconds}


def _postal(body: Body, key: str) -> Signed:
    headers = {"X-Postal-Signature": _rsa(key, body.raw, sha1=True), "X-Postal-Signature-256": _rsa(key, body.raw)}
    return body.raw, headers


def _sns(body: Body, key: str) -> Signed:
    values = dict(body.values) if isinstance(body.values, dict) else {}
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    data = "".join(f"{name}\n{values[name]}\n" for name in names)
    values |= {"SignatureVersion": "2", "Signature": _rsa(key, data.encode())}
    return json.dumps(values).encode(), {"x-amz-sns-message-type": "Notification"}


def _rsa(key: str, data: bytes, *, sha1: bool = False) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    private: RSAPrivateKey = _loaded(key)  # type: ignore[assignment]  # of the kind that webhook_keys made
    return b64encode(private.sign(data, PKCS1v15(), SHA1() if sha1 else SHA256())).decode()


def _loaded(key: str) -> object:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # checking an RSA key takes longer than signing with it, and each post is signed
    return load_pem_private_key(key.encode(), None, unsafe_skip_rsa_key_validation=True)


SIGNED: Mapping[str, Callable[[Body, str], Signed]] = {
    "ses": _sns,
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "mandrill": _mandrill,
    "resend": _svix,
    "mailersend": _hex("Signature"),
    "mailtrap": _hex("Mailtrap-Signature"),
    "postal": _postal,
    "unisender": _unisender,
    "scaleway": _sns,
}
"""How each provider signs; the others send a password."""
_PUBLIC_KEYS = ("ses", "sendgrid", "postal", "scaleway")


def signed(provider: str, body: Body, key: str) -> Signed:
    """Return a post's bytes and header fields, signed; with no key, unsigned.

    Raises:
        ConfigError: If the key is none for this provider.
        MissingExtra: If ``cryptography`` is needed and not installed.
    """
    sign = SIGNED.get(provider, _password)
    if not key:
        plain = {"mandrill": lambda: urlencode({"mandrill_events": body.raw.decode()}).encode()}
        return plain.get(provider, lambda: body.raw)(), {"svix-id": body.name} if provider == "resend" else {}
    try:
        return sign(body, key)
    except ImportError as error:
        raise MissingExtra("webhooks", purpose="signing as this provider does") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"key must be one that webhook_keys({provider!r}) makes") from error


def webhook_keys(provider: str) -> WebhookKeys:
    """Make a key for a provider's made-up posts; a public one is new each time.

    Raises:
        MissingExtra: If ``cryptography`` is needed and not installed.
    """
    if provider not in _PUBLIC_KEYS:
        secret = "made-up-key-no-secret" if provider != "resend" else "whsec_bWFkZS11cC1rZXktbm8tc2VjcmV0"
        return WebhookKeys(private=secret, public=secret)
    try:
        from cryptography.hazmat.primitives import serialization as forms
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
    except ImportError as error:
        raise MissingExtra("webhooks", purpose="making a public key") from error
    if provider == "sendgrid":
        private: EllipticCurvePrivateKey | RSAPrivateKey = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(65537, _RSA_BITS)
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()).decode()
    der = private.public_key().public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    public = _certificate(private) if provider in CERTIFICATE_URL else b64encode(der).decode()  # type: ignore[arg-type]
    return WebhookKeys(private=pem, public=public)


def _certificate(key: RSAPrivateKey) -> str:
    """Return a certificate that the key signed itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made-up")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
    dated = made.not_valid_before(start).not_valid_after(start + _NOT_AFTER)
    return dated.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
