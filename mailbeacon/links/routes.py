"""The URLs of tracking: how they are put together, and read back under any mount prefix.

Knows the form of a URL, not what a token says (see ``tokens``), nor where a link may lead (see ``destinations``).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import unquote

from mailbeacon.errors import BadToken
from mailbeacon.links.destinations import with_plain_host
from mailbeacon.links.metadata import SIGNATURE_LENGTH

__all__ = ["MAX_URL_LENGTH", "Path", "Routes", "parse", "route_of", "split"]

MAX_URL_LENGTH = 2_000
"""A wrapped URL is at most this long, in characters. Source: the shortest limit of mail clients still in use, Outlook's 2,083."""
_MAX_REQUEST = 16_384
_MOST_ESCAPES = 256
"""A path with more is not decoded: a gateway escapes a few characters of a token, and decoding is what costs."""
_ROUTE = re.compile(r"(?:.*/)?([ocu])/", re.DOTALL)
_TOKEN = rf"(?:a[A-Za-z0-9_-]++\.[A-Za-z0-9_-]{{{SIGNATURE_LENGTH}}}|b[A-Za-z0-9_-]++)"
_OURS = re.compile(
    rf"/(?:o/{_TOKEN}\.gif|c/{_TOKEN}/(?:{_TOKEN}|s[A-Za-z0-9_-]{{14}})|u/{_TOKEN})(?:[?#].*)?\Z", re.DOTALL
)
"""What follows our base URL in a tracking URL, by its form: a page of the host's, such as ``/u/ann``, has no token."""
_TAIL = re.compile(r"(?<![^0-9A-Za-z])[^0-9A-Za-z]++\Z")
"""What is no letter, at the end; looked for only where it begins, so that the search stays linear."""


class Path(NamedTuple):
    """The parts of a tracking URL.

    Attributes:
        kind: ``o`` for an open, ``c`` for a click, ``u`` for leaving.
        token: The message or action token, not yet verified.
        link: The link token of a click, not yet verified.
    """

    kind: Literal["o", "c", "u"]
    token: str
    link: str = ""


class Routes:
    """What puts tracking URLs together under one base URL."""

    __slots__ = ("_front", "base_url", "click_head", "open_head", "open_tail")

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._front = with_plain_host(base_url)
        self.open_head = f"{base_url}/o/"
        self.open_tail = ".gif"
        self.click_head = f"{base_url}/c/"

    def open(self, token: str) -> str:
        """Return the URL of a message's pixel."""
        return f"{self.open_head}{token}{self.open_tail}"

    def click(self, token: str, link: str) -> str:
        """Return the URL of a message's wrapped link."""
        return f"{self.click_head}{token}/{link}"

    def leave(self, token: str) -> str:
        """Return the URL where a recipient can leave."""
        return f"{self.base_url}/u/{token}"

    def owns(self, url: str) -> bool:
        """Check whether a URL stands under our base URL, in the form of an open, a click or a leave."""
        plain = with_plain_host(url)
        return plain.startswith(self._front) and _OURS.match(plain, len(self._front)) is not None


def parse(url: str) -> Path:
    """Return the parts of a tracking URL, read from its end, under any mount prefix.

    The query and fragment are ignored. One percent-decoding and the punctuation that mail gateways hang on are forgiven;
    a token itself is not changed.

    Args:
        url: Absolute or a path.

    Raises:
        BadToken: If it is not in the form of one, or longer than 16 KB.
    """
    return Path(*split(url))


def split(url: str) -> tuple[Literal["o", "c", "u"], str, str]:
    """Return the same as :func:`parse`, as a plain tuple, which is made faster: every request passes here."""
    if len(url) > _MAX_REQUEST:
        raise BadToken(f"longer than {_MAX_REQUEST:,} characters, so not a tracking URL")
    path = _path(url) if "%" in url or "?" in url or "#" in url else url
    head, _, last = path.rpartition("/")
    if last[-4:] == ".gif" and head[-2:] == "/o":
        return "o", last[:-4], ""
    if not last[-1:].isalnum() or not path.isascii():
        head, _, last = _TAIL.sub("", path).rpartition("/")
    before, _, second = head.rpartition("/")
    if second == "o" and last[-4:] == ".gif":
        return "o", last[:-4], ""
    if second == "u" and last:
        return "u", last, ""
    if second and last and before[-2:] in ("/c", "c"):
        return "c", second, last
    raise BadToken("not in the form of a tracking URL")


def _path(url: str) -> str:
    """Return a URL's path, percent-decoded once unless it is all escapes: gateways escape a few characters of a token."""
    path = url.partition("?")[0].partition("#")[0] if "?" in url or "#" in url else url
    return unquote(path, errors="replace") if "%" in path and path.count("%") <= _MOST_ESCAPES else path


def route_of(url: str) -> Literal["o", "c", "u", ""]:
    """Return the route a URL is meant for, whatever its tokens are worth; empty for none."""
    found = _ROUTE.match(_path(url[:_MAX_REQUEST]))
    return found[1] if found else ""  # type: ignore[return-value]  # the expression has these letters alone
