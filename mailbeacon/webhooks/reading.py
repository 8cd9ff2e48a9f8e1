"""What every provider's file is made of: the request it came with, its fields, and a report in neutral words.

Nothing that comes from outside raises here: a field of another type than expected counts as missing.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_qp
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import unquote_to_bytes

from mailbeacon.errors import WebhookError
from mailbeacon.model import Hint, Kind, Request
from mailbeacon.model.record import Json
from mailbeacon.webhooks.results import Events

__all__ = [
    "MACHINE",
    "PROXY",
    "Fields",
    "Post",
    "Provider",
    "Read",
    "Report",
    "Split",
    "Verifier",
    "Verify",
    "clean",
    "each",
    "epoch",
    "machine_open",
    "one",
    "read_json",
]

MACHINE = frozenset({Hint.PROVIDER_MACHINE})
PROXY = frozenset({Hint.PROVIDER_PROXY})
_NO_HINTS: frozenset[Hint] = frozenset()
_APPLE = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself. Source: Apple's mail clients, seen since 2021."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 8_192
"""Characters of one text that are read."""
_MOST_FIELDS = 50
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,9})?")


def read_json(text: str | bytes) -> Json:
    """Read JSON of any shape.

    Raises:
        WebhookError: If it is none.
    """
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WebhookError("the body is not JSON") from error
    return found


class Post:
    """A request while it is read; its JSON is parsed once.

    Attributes:
        body: The raw bytes.
        headers: Header fields by name in lower case.
        url: As the server gave it, with the query.
        arrived: When it came.
        hook: The URL of the webhook as the provider knows it, where that is signed too.
    """

    def __init__(self, request: Request, arrived: datetime, hook: str = "") -> None:
        self.arrived = arrived
        self.hook = hook
        self.body = request.body
        self.headers = request.fields.lower
        self.url = request.url

    @cached_property
    def json(self) -> Json:
        """The body as JSON.

        Raises:
            WebhookError: If it is none.
        """
        return read_json(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form's fields; none if it is no form."""
        pairs = [pair.partition(b"=") for pair in self.body.split(b"&", _MOST_FIELDS) if pair]
        try:
            return {_unquoted(name): _unquoted(value) for name, _, value in pairs}
        except ValueError:
            return {}

    @cached_property
    def fields(self) -> Fields:
        """The body as a JSON object; without fields if it is none."""
        return Fields(self.json)


class Fields:
    """Read a JSON object whose fields may be missing or of any type."""

    __slots__ = ("values",)

    def __init__(self, value: Json) -> None:
        self.values: Mapping[str, Json] = value if isinstance(value, dict) else {}

    def get(self, name: str) -> Json:
        """Return a field as it is; ``None`` when missing."""
        return self.values.get(name)

    def text(self, *names: str) -> str:
        """Return the first of the named fields that holds text or a whole number, as text without what no store can hold."""
        for name in names:
            value = self.values.get(name)
            if value.__class__ is str and value:
                return clean(str(value))
            if value.__class__ is int:
                return str(value)
        return ""

    def only(self, name: str) -> str:
        """Return a field that is a text, or a list of one text; empty for any other."""
        values = self.items(name)
        return Fields({name: values[0]}).text(name) if len(values) == 1 else self.text(name)

    def flag(self, name: str) -> bool:
        """Check whether a field says yes, in any of the ways providers write it."""
        return str(self.values.get(name)).lower() in ("true", "1")

    def within(self, *names: str) -> Fields:
        """Return the object inside the named fields; one without fields if there is none."""
        found = self
        for name in names:
            found = Fields(found.values.get(name))
        return found

    def items(self, name: str) -> list[Json]:
        """Return a field's list; empty if it is none."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def seconds(self, *names: str, per_second: int = 1) -> datetime | None:
        """Return the moment of a Unix time, a number or its text; ``None`` if there is none."""
        for name in names:
            found = epoch(self.values.get(name), per_second)
            if found is not None:
                return found
        return None

    def iso(self, *names: str) -> datetime | None:
        """Return the moment of an ISO 8601 text, UTC where it names no zone; ``None`` if there is none."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value:
                try:
                    found = datetime.fromisoformat(value.strip())
                    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
                except (ValueError, OverflowError):
                    continue
        return None


def clean(text: str) -> str:
    """Return a provider's text as it may be kept: not too long, without what UTF-8 or a database cannot carry."""
    text = text[:_LONGEST]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "") if "\0" in text else text


def _unquoted(raw: bytes) -> str:
    """Decode a part of a form.

    What a form writes with ``%`` quoted-printable writes with ``=``, and its decoder is twenty times as fast as the one for
    URLs: 2 ms for a thousand events. Where the text has anything that a form's encoder does not write, that one decodes.

    Raises:
        ValueError: If it is not UTF-8.
    """
    plain = raw.replace(b"+", b" ")
    found = a2b_qp(plain.replace(b"%", b"="))
    if _is_odd(plain) or len(plain) - len(found) != 2 * plain.count(b"%"):
        found = unquote_to_bytes(plain)
    return found.decode()


def _is_odd(plain: bytes) -> bool:
    return b"=" in plain or b"\n" in plain or b"\r" in plain


def epoch(value: Json, per_second: int = 1) -> datetime | None:
    """Return the moment of a Unix time, a number or its text; ``None`` for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if value.__class__ is not int and value.__class__ is not float:
        return None
    try:
        return _EPOCH + timedelta(seconds=value / per_second)
    except (OverflowError, ValueError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider reports of one mail, in words that are the same for all providers.

    Attributes:
        kind: What happened; ``None`` for what is known to say nothing of a mail, UNKNOWN for what is not known at all.
        at: When; ``None`` when it cannot be read.
        id: The provider's own id of this report; empty when it has none.
        address: The recipient's address, perhaps with a name.
        shared: Whether one message went to several addresses, so that its metadata name no one of them.
        message: The provider's name for the message.
        campaign: The provider's campaign or only tag.
        carried: Where the host's metadata may be: objects, lists of headers or tags, texts.
        url: The link clicked.
        user_agent: The reader's user agent.
        ip: The reader's IP address.
        hints: What the provider's flags say.
    """

    kind: Kind | None
    at: datetime | None
    id: str = ""
    address: str = field(default="", repr=False)
    shared: bool = False
    message: str = ""
    campaign: str = ""
    carried: tuple[Json, ...] = field(default=(), repr=False)
    url: str = ""
    user_agent: str = field(default="", repr=False)
    ip: str = field(default="", repr=False)
    hints: frozenset[Hint] = _NO_HINTS


Split = Callable[[Post], Iterable[Json]]
"""Returns the events of a body.

Raises ``WebhookError`` if the body is not in the provider's form.
"""
Read = Callable[[Fields, Post], Iterable[Report]]
"""Returns the reports of one event."""
Verify = Callable[[Post], bool]
"""Check whether a request was signed with one key."""
Verifier = Callable[[object], Verify]
"""Make the check for a key; raises ``ConfigError`` for what is no key."""


SetUp = Callable[[Post], Events | None]
"""Answer what a provider asks once, when the webhook is made; ``None`` for a post of events."""


def _nothing(_: Post) -> None:
    """Know no such question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What is known of one provider's webhooks: tables for the reference, functions for the receiver.

    Attributes:
        name: As ``receiver`` takes it.
        title: The provider's own name.
        kinds: The provider's word for what happened → the kind; ``None`` for what says nothing of a mail.
        finer: The words that refine some of them, mostly how hard a bounce is.
        finer_field: The field they stand in.
        flags: What marks a machine or a privacy proxy → the hint.
        carried: Where the host's metadata come back.
        signed: What is signed, and how, or what stands in for a signature.
        source: Where all this is from.
        split: Gives the events of a body.
        read: Gives the reports of one event.
        verifier: Makes the check of signatures; ``None`` where the provider signs nothing.
        token_header: A header field of the provider's own that may hold the password.
        password_in_query: Whether a parameter of the webhook's URL may be the password.
        signs_url: Whether the signature covers the webhook's own URL, which the host must name then.
        set_up: Gives the answer to what is asked once, when the webhook is made; ``None`` for any other post.
    """

    name: str
    title: str
    kinds: Mapping[str, Kind | None]
    finer: Mapping[str, Kind | None] = field(default_factory=dict)
    finer_field: str = ""
    flags: Mapping[str, Hint] = field(default_factory=dict)
    carried: str
    signed: str
    source: str
    split: Split
    read: Read
    verifier: Verifier | None = None
    token_header: str = ""
    password_in_query: bool = False
    signs_url: bool = False
    set_up: SetUp = _nothing


def each(post: Post) -> Iterable[Json]:
    """Return the events of a body that is a list, or one event alone."""
    if isinstance(post.json, list):
        return post.json
    return one(post)


def one(post: Post) -> Iterable[Json]:
    """Return the event of a body that is one; none of an empty object, which is a ping."""
    if not isinstance(post.json, dict):
        raise WebhookError("the body is not an object")
    return [post.json] if post.json else []


def machine_open(user_agent: str) -> frozenset[Hint]:
    """Return what a flag for any automatic open means: Apple's proxy where the agent is Apple's, else a machine."""
    return PROXY if user_agent.strip() == _APPLE else MACHINE
