"""Requests and replies as plain data: what an adapter for a web framework fills in and sends back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from mailbeacon.errors import ConfigError
from mailbeacon.model.message import check_aware

__all__ = ["KEPT_HEADERS", "MAX_ADDRESS", "MAX_VALUE", "Headers", "Reply", "Request", "without_query"]

KEPT_HEADERS = (
    "accept",
    "accept-language",
    "dnt",
    "purpose",
    "range",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-gpc",
    "sec-purpose",
    "signature-agent",
    "signature-input",
    "x-moz",
    "x-purpose",
    "x-requested-with",
)
"""The header fields that may be looked at beside the user agent, in lower case: no other says who made a request.

Cookies and anything that could name a person are left out on purpose.
"""
_kept = frozenset(KEPT_HEADERS)
MAX_ADDRESS = 64
"""Characters of an address that are looked at or kept; an IPv6 one with a zone has fewer."""
MAX_VALUE = 512
"""Characters of a user agent or a header field that are looked at or kept."""


@lru_cache(maxsize=1024)
def without_query(url: str) -> str:
    """Return a URL without query and fragment: what stands there may be a reader's own.

    Example:
        >>> without_query("https://shop.example/leave?mail=ann#top")
        'https://shop.example/leave'
    """
    return url.partition("#")[0].partition("?")[0] if "?" in url or "#" in url else url


def _as_text(pairs: Iterable[tuple[object, object]]) -> list[tuple[str, str]]:
    """Return header pairs as text, without those that have no value.

    Raises:
        ConfigError: If they are not pairs.
    """

    def text(value: object) -> str:
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)

    try:
        return [(text(name).lower(), text(value)) for name, value in pairs if value is not None]
    except (TypeError, ValueError) as error:
        raise ConfigError("headers must be a mapping, or pairs of a name and a value") from error


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    try:
        return [*(headers.items() if isinstance(headers, Mapping) else headers)]
    except TypeError as error:
        raise ConfigError(f"headers must be a mapping or pairs, got {type(headers).__name__}") from error


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; values of a repeated name are joined with a comma.

    Attributes:
        lower: The same by names in lower case, for reading only: the fast way.
        kept: The fields of :data:`KEPT_HEADERS`, as they came.
    """

    __slots__ = ("kept", "lower")

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs: Collection[tuple[str, str]] = headers.items() if type(headers) is dict else _pairs(headers)
        values, kept = {}, []
        try:
            for name, value in pairs:  # one loop for both: every request passes here
                lowered = name.lower()
                values[lowered] = text = value + ""
                if lowered in _kept:
                    kept.append((lowered, text))
        except (AttributeError, TypeError, ValueError):  # no value, bytes: as frameworks may hand them over
            pairs = _as_text(pairs)
            values, kept = {}, []
        if len(values) != len(pairs):
            values = _joined(pairs)
            kept = [field for field in values.items() if field[0] in _kept]
        self.lower = values
        self.kept = tuple(kept)

    def __getitem__(self, name: str) -> str:
        return self.lower[name.lower()]

    def get_lower(self, name: str) -> str:
        """Return the value of a name written in lower case, or the empty text."""
        return self.lower.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self.lower)

    def __len__(self) -> int:
        return len(self.lower)

    def __repr__(self) -> str:
        return f"Headers({sorted(self.lower)!r})"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return header fields of which some name comes twice."""
    values: dict[str, str] = {}
    for name, value in pairs:
        lowered = name.lower()
        values[lowered] = f"{values[lowered]}, {value}" if lowered in values else value
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Args:
        url: Absolute or a path, under any mount prefix.
        method: In capitals.
        headers: A mapping or pairs; afterwards :class:`Headers`.
        address: The client's IP address as the host trusts it; empty when it is not known.
        received_at: When it came; ``None`` stands for the moment the beacon's clock gives.
        body: Read by forms that act only.
        headers_known: The names of the header fields that the source can show, where those are not all: an access log
            shows the ones it has a column for, a provider's report perhaps none (the empty set). ``None`` stands for
            all of them, as a web server has them. That a field is missing says something only if it could have been
            shown, so a source must not name one it cannot show.

    Attributes:
        fields: The header fields, in any case: the same as ``headers``, by their type.
        known: The names of ``headers_known`` in lower case.

    Raises:
        ConfigError: If ``received_at`` is naive, or ``headers_known`` is a single text.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=(), repr=False)
    address: str = field(default="", repr=False)
    received_at: datetime | None = None
    body: bytes = field(default=b"", repr=False)
    headers_known: Collection[str] | None = field(default=None, repr=False)
    fields: Headers = field(init=False, repr=False, compare=False)
    known: frozenset[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.url, str):
            raise ConfigError(f"url must be a str, got {type(self.url).__name__}")
        moment, headers, put = self.received_at, self.headers, object.__setattr__
        if moment is not None and (type(moment) is not datetime or moment.tzinfo is not UTC):
            check_aware(moment, "received_at")
        if type(headers) is not Headers:
            headers = Headers(headers or ())
            put(self, "headers", headers)
        put(self, "fields", headers)
        if not self.address:
            put(self, "address", "")
        put(self, "known", None if self.headers_known is None else _names(self.headers_known))

    def dated(self, moment: datetime) -> Request:
        """Return the request with the moment it came, which must have a time zone."""
        copy, put = object.__new__(Request), object.__setattr__
        for name in _SLOTS:
            put(copy, name, moment if name == "received_at" else getattr(self, name))
        return copy


_SLOTS = Request.__slots__


def _names(names: Collection[str]) -> frozenset[str]:
    """Return names of header fields in lower case."""
    if names.__class__ is frozenset:
        return names  # of a reader of logs, who makes it once, in lower case
    if isinstance(names, str):
        raise ConfigError("headers_known must be a collection of names, got a str")
    return frozenset(name.lower() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply: a status, header pairs in order, and a body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
