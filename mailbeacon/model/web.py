"""Requests and replies as plain data: what an adapter for a web framework fills in and sends back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from mailbeacon.errors import ConfigError
from mailbeacon.model.message import check_aware

__all__ = ["KEPT_HEADERS", "Headers", "Reply", "Request"]

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


def _as_text(pairs: Iterable[tuple[object, object]]) -> list[tuple[str, str]]:
    """Give header pairs as text, without those that have no value.

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
    """Hold header fields by name, in any case; values of a repeated name are joined with a comma.

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
        """Give the value of a name written in lower case, or the empty text."""
        return self.lower.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self.lower)

    def __len__(self) -> int:
        return len(self.lower)

    def __repr__(self) -> str:
        return f"Headers({sorted(self.lower)!r})"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give header fields of which some name comes twice."""
    values: dict[str, str] = {}
    for name, value in pairs:
        lowered = name.lower()
        values[lowered] = f"{values[lowered]}, {value}" if lowered in values else value
    return values


class _Fields:
    """Hold a request's fields while it is made."""

    __slots__ = ("address", "body", "fields", "headers", "headers_known", "method", "received_at", "url")

    fields: Headers
    url: str
    method: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    address: str
    received_at: datetime | None
    body: bytes
    headers_known: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Request(_Fields):
    """Hold one HTTP request.

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
        headers_known: The names in lower case.

    Raises:
        ConfigError: If ``received_at`` is naive, or ``headers_known`` is a single text.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=(), repr=False)
    address: str = field(default="", repr=False)
    received_at: datetime | None = None
    body: bytes = field(default=b"", repr=False)
    headers_known: frozenset[str] | None = field(default=None, repr=False)

    def __new__(
        cls,
        *,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        address: str | None = "",
        received_at: datetime | None = None,
        body: bytes = b"",
        headers_known: Collection[str] | None = None,
    ) -> Self:
        """Make a request: filled in while it is open, then frozen, as a message is; every request passes here."""
        if not isinstance(url, str):
            raise ConfigError(f"url must be a str, got {type(url).__name__}")
        if received_at is not None and (type(received_at) is not datetime or received_at.tzinfo is not UTC):
            check_aware(received_at, "received_at")
        self: Any = _Fields()
        self.url = url
        self.method = method
        self.fields = self.headers = headers if type(headers) is Headers else Headers(headers or ())
        self.address = address or ""
        self.received_at = received_at
        self.body = body
        self.headers_known = None if headers_known is None else _names(headers_known)
        self.__class__ = cls
        return self  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        known = self.headers_known
        return _again, (self.url, self.method, self.headers, self.address, self.received_at, self.body, known)


def _names(names: Collection[str]) -> frozenset[str]:
    """Return names of header fields in lower case."""
    if names.__class__ is frozenset:
        return names  # of a reader of logs, who makes it once, in lower case
    if isinstance(names, str):
        raise ConfigError("headers_known must be a collection of names, got a str")
    return frozenset(name.lower() for name in names)


def _again(
    url: str,
    method: str,
    headers: Headers,
    address: str,
    received_at: datetime | None,
    body: bytes,
    headers_known: frozenset[str] | None = None,
) -> Request:
    """Make a request of a pickle's values."""
    return Request(
        url=url,
        method=method,
        headers=headers,
        address=address,
        received_at=received_at,
        body=body,
        headers_known=headers_known,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Hold one HTTP reply: a status, header pairs in order, and a body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
