"""Tokens: what a tracking URL says, signed so that nobody else can say it.

A token is a version letter, the base64url of a compact JSON array, a dot, and the base64url of the first 16 bytes of an
HMAC-SHA256 over all before the dot. Each purpose (hit, link, action) has its own salt, so a token made for one is worth
nothing for another; a link token is signed together with its campaign. The text checked is the text given: the signature
covers it letter by letter, and its own 22 letters are compared as text, so each token has exactly one form.

Key derivation and the shape of the algorithm are itsdangerous'; this module keeps the keyed hash states, for a mailing
signs millions. It does not know URLs (see ``links``), and it does not look at a clock: age is judged where events are.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import blake2b, sha256
from hmac import compare_digest
from json.encoder import encode_basestring
from json.scanner import make_scanner
from typing import Any, Protocol

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

from mailbeacon.errors import BadToken, ConfigError, ForgedToken
from mailbeacon.model import MESSAGE_TOKEN_ROOM, Channel, Level, Message, Target
from mailbeacon.model.drafts import draft_of
from mailbeacon.model.message import message_name
from mailbeacon.settings import check_keys

__all__ = ["MAX_TOKEN_LENGTH", "KeyedHash", "TokenSigner"]

MAX_TOKEN_LENGTH = 16_384
"""Longer texts are refused before any work."""

_SIGNATURE_BYTES = 16
_SIGNATURE_LENGTH = 22
_BLOCK = 64
"""The block size of SHA-256 in bytes. Source: FIPS 180-4 (2015), and RFC 2104 (1997) for its use in HMAC."""
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_FULL = Level.FULL
_MOST_HITS = 1024
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""The seconds of the calendar of ``datetime``, from the year 1 to 9999."""
_MESSAGE_DEFAULTS = ("", "", 0, "", "", "33")
_MessageDraft = draft_of(Message)
_DIGITS = {str(digit): Level(digit) if digit in set(Level) else Level.NONE for digit in range(10)}
_LEVELS = {one + two: (opens, clicks) for one, opens in _DIGITS.items() for two, clicks in _DIGITS.items()}
"""The levels by their two digits in a token: one of a later version, which this one cannot honour, counts as NONE."""
_parse: Callable[[str, int], tuple[Any, int]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # its stub is wrong


Hit = tuple[str, str | None, str, str, datetime | None, Level, Level]
"""What a message token says of an event: campaign, recipient, ``message_id``, variant, ``sent_at``, and the levels."""


class _Hash(Protocol):
    """What of a hashlib object is used; hashlib gives its objects no public type."""

    def copy(self) -> _Hash: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class KeyedHash(SigningAlgorithm):
    """Compute HMAC-SHA256 from hash states that were keyed once.

    Copying two states costs less than half of hashing the key into them again.
    Source: RFC 2104 (1997), section 4, describes the precomputation.
    """

    def __init__(self) -> None:
        self._states = lru_cache(maxsize=64)(_keyed_states)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Give the 32 bytes of HMAC-SHA256."""
        inner, outer = self._states(key)
        inner, outer = inner.copy(), outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return outer.digest()


def _keyed_states(key: bytes) -> tuple[_Hash, _Hash]:
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))


class _Purpose:
    """Sign and verify under one salt, with every key."""

    __slots__ = ("_states",)

    def __init__(self, keys: Sequence[bytes], salt: bytes) -> None:
        self._states = [_keyed_states(_derive(key, salt)) for key in reversed(keys)]

    def sign(self, payload: str, context: bytes = b"") -> str:
        """Give the token of a payload, with the newest key."""
        try:
            body = b"a" + b2a_base64(payload.encode(), newline=False).rstrip(b"=").translate(_TO_URL)
        except UnicodeEncodeError as error:
            raise ConfigError("a text in the token holds a lone surrogate, which UTF-8 cannot carry") from error
        inner, outer = self._states[0]
        inner, outer = inner.copy(), outer.copy()
        inner.update(context + body if context else body)
        outer.update(inner.digest())
        signature = b2a_base64(outer.digest()[:_SIGNATURE_BYTES], newline=False)[:_SIGNATURE_LENGTH]
        return (body + b"." + signature.translate(_TO_URL)).decode("ascii")

    def body(self, token: str, context: bytes = b"") -> bytes:
        """Give the payload of a token that one of our keys signed.

        Raises:
            BadToken: If the text is not in the form of a token of version 1.
            ForgedToken: If no key of ours signed it.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise BadToken(f"longer than {MAX_TOKEN_LENGTH:,} characters, so not a token")
        body, _, given = token.encode("utf-8", "replace").rpartition(b".")
        if body[:1] != b"a" or len(given) != _SIGNATURE_LENGTH:
            raise BadToken("not in the form of a token of version 1")
        signed = context + body if context else body
        for inner_state, outer_state in self._states:
            inner, outer = inner_state.copy(), outer_state.copy()
            inner.update(signed)
            outer.update(inner.digest())
            expected = b2a_base64(outer.digest()[:_SIGNATURE_BYTES])[:_SIGNATURE_LENGTH].translate(_TO_URL)
            if compare_digest(expected, given):
                return a2b_base64(body[1:].translate(_FROM_URL) + b"==")
        raise ForgedToken("not signed with any of our keys, or altered since")


class TokenSigner:
    """Sign and read tokens.

    Args:
        secret_keys: The newest last, at least 16 bytes each; the newest signs, all verify.
        namespace: Tells apart installations that share a key.
        allow_addresses: Sign for a recipient that looks like an e-mail address, which anybody can read in the token.

    Raises:
        ConfigError: If there is no key, or one is too short.
    """

    def __init__(self, secret_keys: Sequence[bytes], namespace: str = "", *, allow_addresses: bool = True) -> None:
        self._keys = check_keys(secret_keys)
        self._allow_addresses = allow_addresses
        self._namespace = namespace.encode()
        self._hit = _Purpose(self._keys, self._salt("hit"))
        self._link = _Purpose(self._keys, self._salt("link"))
        self._action = _Purpose(self._keys, self._salt("action"))
        # a mailing signs one campaign and moment again and again: what is the same in all its tokens is written once
        self._last: tuple[str | None, datetime | None, str, str] = (None, None, "", "")
        self._context = lru_cache(maxsize=64)(_campaign_context)
        self._derived = lru_cache(maxsize=64)(self._derive_oldest)
        self._digest = lru_cache(maxsize=64)(self._keyed)
        self._hits: dict[str, Hit] = {}
        self._target = lru_cache(maxsize=4096)(self._read_target)
        self._moments = lru_cache(maxsize=64)(partial(datetime.fromtimestamp, tz=UTC))

    def _salt(self, purpose: str) -> bytes:
        return b"mailbeacon.%s.v1%s" % (purpose.encode(), b"." + self._namespace if self._namespace else b"")

    def sign_message(self, message: Message) -> str:
        """Give the token for a message's opens and clicks.

        Raises:
            ConfigError: If a text cannot be written in UTF-8, a level is not available, the recipient looks like an e-mail
                address and that is not allowed, or the token would be too long for a link.
        """
        sent_at, recipient = message.sent_at, message.recipient
        if "@" in recipient:
            self._check_address()
        if message.id or message.variant or sent_at is None or not (message.opens is message.clicks is _FULL):
            payload = _payload(message)
        else:
            campaign, moment, front, back = self._last
            if campaign is not message.campaign or moment is not sent_at:
                front, back = f"[{encode_basestring(message.campaign)},", f",{_seconds(sent_at)}]"
                self._last = (message.campaign, sent_at, front, back)
            payload = f"{front}{encode_basestring(recipient)}{back}"
        token = self._hit.sign(payload)
        if len(token) > MESSAGE_TOKEN_ROOM:
            raise ConfigError(
                f"recipient, campaign, id and variant are too long: a token has at most {MESSAGE_TOKEN_ROOM} signs"
            )
        return token

    def _check_address(self) -> None:
        if not self._allow_addresses:
            raise ConfigError(
                "recipient looks like an e-mail address, which would stand readable in every link: "
                "use the host's own key, or set allow_addresses=True"
            )

    def read_message(self, token: str) -> Message:
        """Read what :meth:`sign_message` of this or an older version wrote.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this purpose.
        """
        return _message(_array(self._hit.body(token)))

    def read_hit(self, token: str) -> Hit:
        """Read the same as :meth:`read_message`, as an event has it; remembered, for a mail is often opened and clicked.

        Raises:
            BadToken: As for :meth:`read_message`.
            ForgedToken: The same.
        """
        known = self._hits.get(token)
        if known is not None:
            return known
        body = self._hit.body(token)
        try:
            found = self._read_plain(body) or _hit(_message(_array(body)))
        except (TypeError, ValueError, OverflowError, OSError, RecursionError, StopIteration):
            found = _hit(_message(_array(body)))
        if len(self._hits) >= _MOST_HITS:
            self._hits = {}
        self._hits[token] = found
        return found

    def _read_plain(self, body: bytes) -> Hit | None:
        """Read what most tokens hold and no more, in a third of the time; whatever it stumbles on needs a closer look."""
        values, _ = _parse(body.decode(), 0)
        if len(values) != 3:
            return None
        campaign, recipient, seconds = values
        if not (recipient and seconds):
            return None
        name = message_name(campaign, recipient, seconds)
        return campaign, recipient, name, "", self._moments(seconds), _FULL, _FULL

    def sign_action(self, message: Message) -> str:
        """Give the token that lets a recipient act, such as to unsubscribe.

        Raises:
            ConfigError: As for :meth:`sign_message`, but for the length.
        """
        if "@" in message.recipient:
            self._check_address()
        return self._action.sign(_payload(message))

    def read_action(self, token: str) -> Message:
        """Read what :meth:`sign_action` wrote.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this purpose.
        """
        return _message(_array(self._action.body(token)))

    def sign_link(self, target: Target, campaign: str) -> str:
        """Give the token of one link, which works only beside a message token of the same campaign.

        Raises:
            ConfigError: If the campaign is empty, or a text cannot be written in UTF-8.
        """
        if not campaign:
            raise ConfigError("campaign must not be empty where links are wrapped: a link is signed for its campaign")
        channel = "" if target.channel is Channel.HTML else f",{encode_basestring(target.channel)}"
        payload = f"[{target.number:d},{encode_basestring(target.url)}{channel}]"
        return self._link.sign(payload, self._context(campaign))

    def read_link(self, token: str, campaign: str) -> Target:
        """Read what :meth:`sign_link` wrote for this campaign; remembered, for all its recipients have the same links.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this campaign.
        """
        return self._target(token, campaign)

    def _read_target(self, token: str, campaign: str) -> Target:
        values = _array(self._link.body(token, self._context(campaign)))
        try:
            number, url, channel = values if len(values) == 3 else (*values, Channel.HTML)
            return Target(number=number, url=url, channel=Channel(channel))
        except (TypeError, ValueError) as error:
            raise BadToken("the signed content is not a link's") from error

    def derive(self, purpose: str) -> bytes:
        """Give a 32-byte key for another purpose, made from the oldest key so that adding a key changes nothing."""
        return self._derived(purpose)

    def _derive_oldest(self, purpose: str) -> bytes:
        return _derive(self._keys[0], self._salt("derive." + purpose))

    def digest(self, purpose: str, data: bytes, size: int = 16) -> str:
        """Give a keyed digest of ``size`` bytes, in hexadecimal."""
        made = self.hash_of(purpose, size).copy()
        made.update(data)
        return made.hexdigest()

    def hash_of(self, purpose: str, size: int = 16) -> blake2b:
        """Give the keyed hash of :meth:`digest`, to be copied by those who digest much."""
        return self._digest(purpose, size)

    def _keyed(self, purpose: str, size: int) -> blake2b:
        return blake2b(key=self.derive(purpose), digest_size=size)


def _derive(key: bytes, salt: bytes) -> bytes:
    return Signer(key, salt=salt, key_derivation="hmac", digest_method=sha256, algorithm=KeyedHash()).derive_key()


def _payload(message: Message) -> str:
    """Write the array of a message, without the defaults at its end."""
    sent_at = message.sent_at
    seconds = _seconds(sent_at) if sent_at is not None else 0
    front = f"[{encode_basestring(message.campaign)},{encode_basestring(message.recipient)}"
    if not (message.opens is message.clicks is Level.FULL):
        return _levelled(message, f"{front},{seconds}")
    if message.variant:
        return f"{front},{seconds},{encode_basestring(message.id)},{encode_basestring(message.variant)}]"
    if message.id:
        return f"{front},{seconds},{encode_basestring(message.id)}]"
    return f"{front},{seconds}]" if seconds else f"{front}]"


def _seconds(sent_at: datetime) -> int:
    """Give the second of sending as a token says it: 0 stands for none, and what no calendar has could not be read back."""
    seconds = int(sent_at.timestamp())
    if seconds not in _SECONDS or not seconds:
        raise ConfigError("sent_at must lie in the years 1 to 9999 (UTC), and not at the epoch itself")
    return seconds


def _levelled(message: Message, front: str) -> str:
    """Write the array of a message of which less than everything may be known."""
    opens, clicks = message.opens, message.clicks
    if Level.AGGREGATE not in (opens, clicks):
        ids = f"{encode_basestring(message.id)},{encode_basestring(message.variant)}"
        return f'{front},{ids},"{opens:d}{clicks:d}"]'
    if max(opens, clicks) > Level.AGGREGATE:
        raise ConfigError(f"one token cannot be AGGREGATE and {max(opens, clicks).name}: that would name the recipient")
    return f'[{encode_basestring(message.campaign)},"",0,"","","{opens:d}{clicks:d}"]'


def _message(values: list[Any]) -> Message:
    try:
        campaign, recipient, seconds, name, variant, levels = (*values, *_MESSAGE_DEFAULTS[len(values) :])  # type: ignore[misc]
        opens, clicks = _LEVELS[levels]
        sent_at = datetime.fromtimestamp(seconds, UTC) if seconds else None
        if not (recipient and recipient.__class__ is campaign.__class__ is name.__class__ is variant.__class__ is str):
            return Message(
                recipient=recipient,
                campaign=campaign,
                id=name,
                variant=variant,
                sent_at=sent_at,
                opens=opens,
                clicks=clicks,
            )
    except (TypeError, ValueError, KeyError, OverflowError, OSError) as error:
        raise BadToken("the signed content is not a message's") from error
    draft = _MessageDraft()
    draft.recipient = recipient
    draft.campaign = campaign
    draft.id = name
    draft.variant = variant
    draft.sent_at = sent_at
    draft.opens = opens
    draft.clicks = clicks
    draft.__class__ = Message
    message: Message = draft
    return message


def _hit(message: Message) -> Hit:
    recipient, name, sent_at = message.recipient or None, message.message_id, message.sent_at
    return message.campaign, recipient, name, message.variant, sent_at, message.opens, message.clicks


def _array(body: bytes) -> list[Any]:
    try:
        values, _ = _parse(body.decode(), 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise BadToken("the signed content cannot be read") from error
    if not isinstance(values, list):
        raise BadToken("the signed content is not a list")
    return values


def _campaign_context(campaign: str) -> bytes:
    """Give what a link's signature covers before its own text: the campaign, its length first."""
    try:
        name = campaign.encode()
    except UnicodeEncodeError as error:
        raise ConfigError("campaign holds a lone surrogate, which UTF-8 cannot carry") from error
    return b"%d:%s" % (len(name), name)
