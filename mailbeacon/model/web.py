"""Requests and replies as plain data: what an adapter for a web framework fills in and sends back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

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
    "x-moz",
    "x-purpose",
    "x-requested-with",
)
"""The header fields that may be looked at beside the user agent, in lower case: no other says who made a request.

Cookies and anything that could name a person are left out on purpose.
"""
_kept = frozenset(KEPT_HEADERS)


def _as_text(pairs: Iterable[tuple[object, object]]) -> list[tuple[str, str]]:
    """Give header pairs as text, without those that have no value."""

    def text(value: object) -> str:
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)

    return [(text(name).lower(), text(value)) for name, value in pairs if value is not None]


class Headers(Mapping[str, str]):
    """Hold header fields by name, in any case; values of a repeated name are joined with a comma."""

    __slots__ = ("_kept", "_values")

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = [*(headers.items() if isinstance(headers, (dict, Mapping)) else headers)]
        try:
            values = {name.lower(): value + "" for name, value in pairs}
        except (AttributeError, TypeError):  # a field without a value, bytes: as frameworks may hand them over
            pairs = _as_text(pairs)
            values = dict(pairs)
        self._values = values if len(values) == len(pairs) else _joined(pairs)
        self._kept: tuple[tuple[str, str], ...] | None = None

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get_lower(self, name: str) -> str:
        """Give the value of a name written in lower case, or the empty text: the fast way."""
        return self._values.get(name, "")

    def kept(self) -> tuple[tuple[str, str], ...]:
        """Give the fields of :data:`KEPT_HEADERS`, as they came."""
        kept = self._kept
        if kept is None:
            kept = self._kept = tuple([field for field in self._values.items() if field[0] in _kept])
        return kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({sorted(self._values)!r})"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give header fields of which some name comes twice."""
    values: dict[str, str] = {}
    for name, value in pairs:
        lowered = name.lower()
        values[lowered] = f"{values[lowered]}, {value}" if lowered in values else value
    return values


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Request:
    """Hold one HTTP request.

    Args:
        url: Absolute or a path, under any mount prefix.
        method: In capitals.
        headers: A mapping or pairs; afterwards :class:`Headers`.
        address: The client's IP address as the host trusts it; empty when it is not known.
        received_at: When it came; ``None`` stands for the moment the beacon's clock gives.
        body: Read by forms that act only.

    Raises:
        ConfigError: If ``received_at`` is naive.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=(), repr=False)
    address: str = field(default="", repr=False)
    received_at: datetime | None = None
    body: bytes = field(default=b"", repr=False)

    def __init__(
        self,
        *,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        address: str | None = "",
        received_at: datetime | None = None,
        body: bytes = b"",
    ) -> None:
        if not isinstance(url, str):
            raise ConfigError(f"url must be a str, got {type(url).__name__}")
        if received_at is not None and (received_at.__class__ is not datetime or received_at.tzinfo is not UTC):
            check_aware(received_at, "received_at")
        put = object.__setattr__  # written out, as in Message: every request passes here
        put(self, "url", url)
        put(self, "method", method)
        put(self, "headers", headers if headers.__class__ is Headers else Headers(headers or ()))
        put(self, "address", address or "")
        put(self, "received_at", received_at)
        put(self, "body", body)

    @property
    def fields(self) -> Headers:
        """The header fields, in any case."""
        return self.headers  # type: ignore[return-value]  # made so when the request is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Hold one HTTP reply: a status, header pairs in order, and a body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
