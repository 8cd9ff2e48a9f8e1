"""The signer: message, link and action tokens, written and read with one host's keys.

A token is a version letter, the base64url of a compact JSON array, a dot, and the base64url of the first 16 bytes of an
HMAC-SHA256 over all before the dot. Each purpose (hit, link, action) has its own salt, so a token made for one is worth
nothing for another; a link token is signed together with its campaign. The text checked is the text given: the signature
covers it letter by letter, and its own 22 letters are compared as text, so each token has exactly one form.

It does not know URLs (see ``links``), and it does not look at a clock: age is judged where events are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import NamedTuple, NoReturn, SupportsIndex

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError, ForgedToken
from mailbeacon.model import MESSAGE_TOKEN_ROOM, Action, Level, Message, Target
from mailbeacon.model.message import NO_TEXTS
from mailbeacon.settings import check_keys
from mailbeacon.tokens.payloads import (
    read_array,
    read_message,
    read_short,
    read_target,
    to_seconds,
    write_message,
    write_target,
)
from mailbeacon.tokens.sealing import SealedPurpose
from mailbeacon.tokens.signing import Purpose, derive_key

__all__ = ["Hit", "TokenSigner"]

_FULL = Level.FULL
_MOST_HITS = 1024
_ACTION_SALTS = {Action.UNSUBSCRIBE: "action", Action.STOP_TRACKING: "stop-tracking"}
_MOST_CAMPAIGNS = 64


class Hit(NamedTuple):
    """What a message or action token says of an event.

    Attributes:
        campaign: The campaign.
        recipient: ``None`` where nobody may be told apart.
        message_id: The mail's name: the host's own, or a keyed digest.
        variant: The arm of an experiment.
        sent_at: When the mail was sent.
        opens: How much may be known of opens.
        clicks: How much may be known of clicks.
        metadata: The host's own texts.
        key: The number of the key that signed, 0 for the oldest.
    """

    campaign: str
    recipient: str | None
    message_id: str
    variant: str
    sent_at: datetime | None
    opens: Level
    clicks: Level
    metadata: Mapping[str, str]
    key: int


_hit: Callable[[tuple[object, ...]], Hit] = partial(tuple.__new__, Hit)
"""Makes one in half the time: every request and every line of a log passes here."""


class TokenSigner:
    """Sign and read tokens.

    Args:
        secret_keys: The newest last, at least 16 bytes each; the newest signs, all verify.
        namespace: Tells apart installations that share a key.
        allow_addresses: Sign for a recipient that looks like an e-mail address, which anybody can read in the token.
        encrypt: Seal what tokens say of a message, so that nobody else can read it. Links' own tokens are signed only: all
            recipients have the same.

    Raises:
        ConfigError: If there is no key, or one is too short.
        MissingExtra: If tokens are to be sealed, and ``cryptography`` is not installed.
    """

    def __init__(
        self,
        secret_keys: Sequence[bytes | str],
        namespace: str = "",
        *,
        allow_addresses: bool = False,
        encrypt: bool = False,
    ) -> None:
        self._keys = check_keys(secret_keys)
        self._allow_addresses = allow_addresses or encrypt
        self._namespace = namespace.encode()
        self._hit = SealedPurpose(self._keys, self._salt("hit"), seal=encrypt)
        self._link = Purpose(self._keys, self._salt("link"))
        self._actions = {
            action: SealedPurpose(self._keys, self._salt(name), seal=encrypt) for action, name in _ACTION_SALTS.items()
        }
        self._names = self.keyed_hashes("message-id", 12)
        # a mailing signs one campaign and moment again and again: what is the same in all its tokens is written once
        self._last: tuple[str | None, datetime | None, str, str] = (None, None, "", "")
        self._contexts: Cache[str, bytes] = Cache(_MOST_CAMPAIGNS)
        self._hits: Cache[str, Hit] = Cache(_MOST_HITS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._keys!r})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self._keys.__reduce_ex__(protocol)

    def _salt(self, purpose: str) -> bytes:
        return b"mailbeacon.%s.v1%s" % (purpose.encode(), b"." + self._namespace if self._namespace else b"")

    def sign_message(self, message: Message) -> str:
        """Return the token for a message's opens and clicks.

        Raises:
            ConfigError: If a text cannot be written in UTF-8, the recipient looks like an e-mail address and that is not
                allowed, the levels do not go together, or the token would be too long for a link.
        """
        sent_at, recipient = message.sent_at, message.recipient
        if "@" in recipient:
            self._check_address(message)
        if (
            message.id
            or message.variant
            or message.metadata
            or sent_at is None
            or not (message.opens is message.clicks is _FULL)
        ):
            payload = write_message(message)
        else:
            campaign, moment, front, back = self._last
            if campaign is not message.campaign or moment is not sent_at:
                front, back = f"[{encode_basestring(message.campaign)},", f",{to_seconds(sent_at)}]"
                self._last = (message.campaign, sent_at, front, back)
            payload = f"{front}{encode_basestring(recipient)}{back}"
        token = self._hit.sign(payload)
        if len(token) > MESSAGE_TOKEN_ROOM:
            raise ConfigError(
                "recipient, campaign, id, variant and metadata are too long together: "
                f"a token has at most {MESSAGE_TOKEN_ROOM} characters, this one would have {len(token):,}"
            )
        return token

    def _check_address(self, message: Message) -> None:
        if not self._allow_addresses and Level.AGGREGATE not in (message.opens, message.clicks):
            raise ConfigError(
                "recipient looks like an e-mail address, which would stand readable in every link: use the host's own key",
                advice="set allow_addresses=True to allow it",
            )

    def read_message(self, token: str) -> Message:
        """Return the message that :meth:`sign_message` of this or an older version wrote.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this purpose.
        """
        return read_message(read_array(self._hit.body(token)[0]))

    def read_hit(self, token: str) -> Hit:
        """Return the same as :meth:`read_message`, as an event has it; remembered, for a mail is opened and clicked again.

        Raises:
            BadToken: As for :meth:`read_message`.
            ForgedToken: The same.
        """
        return self._hits.get(token) or self._hits.put(token, self._read(self._hit, token))

    def remember(self, tokens: Iterable[str]) -> None:
        """Read many message tokens together, which takes less time, so that :meth:`read_hit` remembers them.

        Args:
            tokens: Some hundred at most; what is wrong with one, or odd, :meth:`read_hit` finds out.
        """
        hits, names, made = self._hits, self._names, dict[str, Hit]()
        for token, body, key in self._hit.bodies([one for one in tokens if one not in hits]):
            short = read_short(body)
            if short is not None:
                campaign, recipient, sent_at = short
                name = names[key].copy()
                name.update(body)  # which is what _digest would write
                made[token] = _hit((campaign, recipient, name.hexdigest(), "", sent_at, _FULL, _FULL, NO_TEXTS, key))
        hits.put_all(made)

    def sign_action(self, message: Message, action: Action = Action.UNSUBSCRIBE) -> str:
        """Return the token that lets a recipient act: each action has a signature of its own, and serves for no other.

        It names the recipient whatever the message's levels are: who is counted with all others can leave too.

        Raises:
            ConfigError: If the message has no recipient, and as for :meth:`sign_message`, but for the length.
        """
        if not message.recipient:
            raise ConfigError("a link to leave needs a recipient: a mail that several people share has none")
        opens, clicks = (Level.NONE if one is Level.AGGREGATE else one for one in (message.opens, message.clicks))
        if (opens, clicks) != (message.opens, message.clicks):
            message = replace(message, opens=opens, clicks=clicks)
        if "@" in message.recipient:
            self._check_address(message)
        return self._actions[action].sign(write_message(message))

    def read_action(self, token: str, action: Action = Action.UNSUBSCRIBE) -> Message:
        """Return the message that :meth:`sign_action` wrote for an action.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this action.
        """
        return read_message(read_array(self._actions[action].body(token)[0]))

    def read_leave(self, token: str) -> tuple[Action, Hit]:
        """Return what an action token lets its recipient do, and the message as an event has it.

        Raises:
            BadToken: As for :meth:`read_action`.
            ForgedToken: If no key of ours signed it for any action.
        """
        for action, purpose in self._actions.items():
            with suppress(ForgedToken):
                return action, self._read(purpose, token)
        raise ForgedToken("not signed with any of our keys for any action, or altered since")

    def _read(self, purpose: Purpose, token: str) -> Hit:
        body, key = purpose.body(token)
        short = read_short(body)
        if short is not None:  # what most tokens hold and no more: no message need be made of it
            campaign, recipient, sent_at = short
            name = self._names[key].copy()
            name.update(body)  # which is what _digest would write
            return _hit((campaign, recipient, name.hexdigest(), "", sent_at, _FULL, _FULL, NO_TEXTS, key))
        message = read_message(read_array(body))
        return Hit(
            message.campaign,
            message.recipient or None,
            message.id or self._name(message, key),
            message.variant,
            message.sent_at,
            message.opens,
            message.clicks,
            message.metadata,
            key,
        )

    def message_id(self, message: Message) -> str:
        """Return the mail's name as its events have it: ``id``, or a keyed digest of campaign, recipient and ``sent_at``.

        The digest hangs on the key that signs the mail, so it stays the same whatever keys come and go; empty where nobody
        may be told apart.
        """
        if Level.AGGREGATE in (message.opens, message.clicks):
            return ""
        return message.id or self._name(message, len(self._keys) - 1)

    def _name(self, message: Message, key: int) -> str:
        if not message.recipient:
            return ""
        seconds = to_seconds(message.sent_at) if message.sent_at is not None else 0
        return self._digest(message.campaign, message.recipient, seconds, key)

    def _digest(self, campaign: str, recipient: str, seconds: int, key: int) -> str:
        made = self._names[key].copy()
        named = f"[{encode_basestring(campaign)},{encode_basestring(recipient)},{seconds:d}]"
        made.update(named.encode("utf-8", "surrogatepass"))
        return made.hexdigest()

    def sign_link(self, target: Target, campaign: str) -> str:
        """Return the token of one link, which works only beside a message token of the same campaign.

        Raises:
            ConfigError: If the campaign is empty, or a text cannot be written in UTF-8.
        """
        if not campaign:
            raise ConfigError("campaign must not be empty where links are wrapped: a link is signed for its campaign")
        return self._link.sign(write_target(target), self._context(campaign))

    def read_link(self, token: str, campaign: str) -> Target:
        """Return the link that :meth:`sign_link` wrote for this campaign.

        Raises:
            BadToken: If the text is not in the form of a token.
            ForgedToken: If no key of ours signed it for this campaign.
        """
        return self.read_signed_link(token, campaign)[0]

    def read_signed_link(self, token: str, campaign: str) -> tuple[Target, int]:
        """Return the same as :meth:`read_link`, with the number of the key that signed, 0 for the oldest.

        Raises:
            BadToken: As for :meth:`read_link`.
            ForgedToken: The same.
        """
        body, key = self._link.body(token, self._context(campaign))
        return read_target(read_array(body)), key

    def _context(self, campaign: str) -> bytes:
        """Return what a link's signature covers before its own text: the campaign, its length first."""
        known = self._contexts.get(campaign)
        if known is not None:
            return known
        try:
            name = campaign.encode()
        except UnicodeEncodeError as error:
            raise ConfigError("campaign holds a lone surrogate, which UTF-8 cannot carry") from error
        return self._contexts.put(campaign, b"%d:%s" % (len(name), name))

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for another purpose, made from the newest key: who holds an old one learns nothing new."""
        return self._derive(purpose, self._keys[-1])

    def _derive(self, purpose: str, key: bytes) -> bytes:
        return derive_key(key, self._salt("derive." + purpose))

    def keyed_hashes(self, purpose: str, size: int = 16) -> list[blake2b]:
        """Return one keyed hash of ``size`` bytes for each key, the oldest first, to be copied before they are fed."""
        return [blake2b(key=self._derive(purpose, key), digest_size=size) for key in self._keys]
