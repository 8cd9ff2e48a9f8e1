"""What one line of an access log says, and how the ways of escaping are undone.

Reads no file, and knows no server.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

__all__ = [
    "Fields",
    "Format",
    "Line",
    "Parse",
    "Said",
    "as_json_text",
    "as_percent",
    "as_plain",
    "as_slashed",
    "each",
    "make_line",
    "may_be_ours",
    "split_request",
]


Fields = tuple[tuple[str, str], ...]


class Line(NamedTuple):
    """What a line says of a request that may be ours.

    Attributes:
        moment: When, with a time zone.
        method: In capitals.
        target: The request target as it was sent.
        status: The reply's status as digits; empty where the log has none.
        address: The peer's address; empty where the log has none.
        user_agent: Empty where none was sent, or the log has none.
        fields: Other header fields that the log shows, by names in lower case; empty ones are left out.
        identity: The server's own name for the request, where the log has one: the same line twice is then one request.
    """

    moment: datetime
    method: str
    target: str
    status: str
    address: str
    user_agent: str
    fields: Fields = ()
    identity: str = ""


make_line: Callable[[tuple[object, ...]], Line] = partial(tuple.__new__, Line)
"""Makes a line of a tuple in half the time."""

Parse = Callable[[str], Line | None]
Said = tuple[datetime, str, str, str, str, str, Fields, str]
"""A line's parts as a plain tuple, which is made and taken apart in half the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A form of log line.

    Attributes:
        name: Such as ``nginx`` or ``caddy``; what :func:`mailbeacon.logs.guess` says it found.
        parse: Reads a line without its end. ``None`` where it is no request that could be ours; ``ValueError`` where it is
            not in this form.
        shows: The header fields the log has a column for, in lower case; ``None`` for all that were sent.
        fresh: Makes the format anew for each file, where lines say how the next are to be read (``#Fields``); such a file
            is read from its beginning.
        notes: What whoever reads the figures should know: an assumed zone, a log that is sampled.
        definition: What the format was made of, so that another process makes the same.

    ``whole_seconds=`` of 0.2.0 is taken with a warning until 0.4, and does nothing: judging sees it from the times.
    """

    name: str
    parse: Parse = field(repr=False)
    shows: frozenset[str] | None = frozenset()
    fresh: Callable[[], Format] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    definition: str = ""
    whole_seconds: InitVar[bool | None] = None

    def __post_init__(self, whole_seconds: bool | None) -> None:
        if whole_seconds is not None:
            said = "Format(whole_seconds=...) does nothing and goes with 0.4: leave it out"
            warnings.warn(said, DeprecationWarning, stacklevel=3)


_SLASHED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"b": b"\b"}
_JSON = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_JSON_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b"}
_PROTOCOL = re.compile(r"HTTP/\d(?:\.\d)?\Z")
_METHOD = re.compile(r"[A-Z]{1,20}\Z")


def each(parse: Parse, lines: Iterable[str]) -> Iterator[Said | ValueError | None]:
    """Yield what lines say, one after the other, or the error of each that is not in the format.

    A parser that can do so faster than line by line has a method ``each`` of its own.
    """
    for line in lines:
        try:
            yield parse(line)
        except ValueError as error:
            yield error


def as_plain(text: str) -> str:
    """Return a value that was written as it is; ``-`` stands for none."""
    return "" if text == "-" else text


def as_slashed(text: str) -> str:
    r"""Return a value that nginx or Apache wrote, without ``\xHH``, ``\"``, ``\\`` and the like; ``-`` stands for none.

    nginx writes a back-slash always as ``\x5C``, so that what Apache writes cannot be meant.
    """
    if "\\" not in text:
        return "" if text == "-" else text
    found = _SLASHED.sub(_sign, text.encode("utf-8", "surrogateescape"))
    return found.decode("utf-8", "surrogateescape")


def _sign(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else _LETTERS.get(found[2], found[2])


def as_json_text(text: str) -> str:
    """Return a value that stood in JSON quotes, also where raw bytes stand beside the escapes."""
    if "\\" not in text:
        return text
    found = _JSON.sub(lambda one: chr(int(one[1], 16)) if one[1] else _JSON_LETTERS.get(one[2], one[2]), text)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if "\\u" in text else found


def as_percent(text: str) -> str:
    """Return a value without its percent-encoding; ``-`` stands for none."""
    if "%" not in text:
        return "" if text == "-" else text
    return unquote(text, errors="surrogateescape")


def may_be_ours(target: str) -> bool:
    """Check whether a target has anything of a tracking URL; most lines of a shared log have not."""
    return "/o/" in target or "/c/" in target or "/u/" in target or "%" in target


def split_request(request: str) -> tuple[str, str] | None:
    """Return the method and target of a request line; ``None`` where it is none, as when somebody speaks TLS to port 80."""
    method, _, rest = request.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if target and _PROTOCOL.match(protocol) and _METHOD.match(method):
        return method, target
    return None
