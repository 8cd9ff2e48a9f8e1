"""What rewriting finds in a mail: links, what was skipped and why, warnings, edits, and the manifest of short links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from mailbeacon.errors import ConfigError
from mailbeacon.model.record import Record
from mailbeacon.model.words import Channel

__all__ = [
    "HONEYPOT_LINK",
    "MESSAGE_TOKEN_ROOM",
    "Edit",
    "Link",
    "Manifest",
    "Place",
    "SkipReason",
    "Skipped",
    "Target",
    "Warned",
    "WarningKind",
]


HONEYPOT_LINK = -1
"""The number of the link no reader sees: a click on it is a scanner's."""
MAX_LINE = 998
"""The most octets a line of mail may have, without its line end. Source: RFC 5322 (2008), section 2.1.1."""
MESSAGE_TOKEN_ROOM = 500
"""Characters a message token may have, and what is set aside for it when a wrapped URL's length is judged: so all recipients
get the same links."""


class Place(StrEnum):
    """Where in a document a link stands."""

    ANCHOR = "a"
    AREA = "area"
    SVG = "svg a"
    OUTLOOK = "outlook comment"
    VML = "vml"
    TEXT = "text"
    OTHER = "other element"


class SkipReason(StrEnum):
    """Why a link was left alone."""

    NOT_HTTP = "not-http"
    ANCHOR = "anchor"
    EMPTY = "empty"
    RELATIVE = "relative"
    MERGE_TAG = "merge-tag"
    OPT_OUT = "opt-out"
    OURS = "ours"
    UNSUBSCRIBE = "unsubscribe"
    EXCLUDED = "excluded"
    TOO_LONG = "too-long"
    AMBIGUOUS = "ambiguous"
    UNSAFE = "unsafe"
    AMP = "amp"
    VISIBLE_URL = "visible-url"
    NO_LINK = "no-link"
    """The element is no link in HTML, such as the ``button`` of Inky's."""


class WarningKind(StrEnum):
    """What the sender should look at."""

    VISIBLE_URL = "visible-url"
    CLIPPED = "clipped"
    PROVIDER_TRACKING = "provider-tracking"
    MERGE_TAG = "merge-tag"
    SCOPE = "scope"
    PIXEL = "pixel"
    AMP = "amp"
    NO_BODY = "no-body"
    NO_LEAVE = "no-leave"
    """A mail with header fields for leaving has no visible link to leave."""
    UNREADABLE = "unreadable"
    """A body of unknown charset or transfer encoding was left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Record):
    """What a link token says.

    Attributes:
        number: The link's number in the mail.
        url: The destination.
        channel: The part of the mail.
        links: How many destinations the wrapped links of that part have; 0 when it is not known.
    """

    number: int
    url: str
    channel: Channel = Channel.HTML
    links: int = 0

    _absent: ClassVar[Mapping[str, object]] = {"channel": Channel.HTML}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Record):
    """One wrapped link.

    Attributes:
        number: From 1, in the order of the document, and on through the text part.
        url: The destination.
        place: The kind of element or part it stands in.
        channel: The part of the mail.
        label: What the reader sees: text, or an image's alternative text; empty before compiling.
        line: The line of the attribute's value in the source, from 1.
        column: The column there, in characters, from 1.
    """

    number: int
    url: str
    place: Place = Place.ANCHOR
    channel: Channel = Channel.HTML
    label: str = ""
    line: int = 0
    column: int = 0

    _absent: ClassVar[Mapping[str, object]] = {"place": Place.ANCHOR, "channel": Channel.HTML}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Record):
    """One link that was left alone, and why; ``label`` is what the reader sees, empty before compiling."""

    url: str
    reason: SkipReason
    place: Place = Place.ANCHOR
    label: str = ""
    line: int = 0
    column: int = 0

    _absent: ClassVar[Mapping[str, object]] = {"place": Place.ANCHOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Record):
    """One thing the sender should look at; ``count`` says how many links it is about."""

    kind: WarningKind
    detail: str
    count: int = 1
    line: int = 0
    column: int = 0

    _absent: ClassVar[Mapping[str, object]] = {"count": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change: ``source[start:end]``, which was ``old``, became ``new``; ``number`` is the link's, 0 for the pixel."""

    start: int
    end: int
    old: str
    new: str = field(repr=False)  # it holds a token
    number: int = 0


def _targets(values: Mapping[str, Mapping[str, object]]) -> dict[str, Target]:
    return {name: Target.from_dict(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Record):
    """The destinations of a campaign's short links, by short name.

    Attributes:
        campaign: The campaign it belongs to.
        targets: From the short link token to what it stands for.
    """

    campaign: str
    targets: Mapping[str, Target] = field(default_factory=dict)

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {"targets": _targets}

    def merge(self, other: Manifest) -> Manifest:
        """Return a manifest that knows the links of both, whatever the order.

        Raises:
            ConfigError: If the campaigns differ.
        """
        if other.campaign != self.campaign:
            raise ConfigError("manifests of different campaigns do not merge")
        return Manifest(campaign=self.campaign, targets={**self.targets, **other.targets})
