"""The URLs of tracking: how they are put together, read back, and which destinations may stand behind them.

Knows the form of a URL, not what a token says (see ``tokens``). Reads no request and follows no link.
"""

from __future__ import annotations

import json
import re
import unicodedata
from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from mailbeacon.errors import BadToken, ConfigError
from mailbeacon.model import Channel, Link, Manifest, SkipReason, Target

__all__ = [
    "MAX_URL_LENGTH",
    "Path",
    "Routes",
    "ascii_host",
    "carried",
    "check_destination",
    "leave_fields",
    "location",
    "manifest_of",
    "parse",
    "short_name",
    "split",
    "token_in",
]

MAX_URL_LENGTH = 2_000
"""A wrapped URL is at most this long, in characters. Source: the shortest limit of mail clients still in use, Outlook's 2,083."""
_MAX_REQUEST = 16_384
_MAX_LINE = 998

_PLAIN = re.compile(
    r"[hH][tT][tT][pP][sS]?://(?>[a-zA-Z0-9-]{1,49}+[.]){0,4}+[a-zA-Z0-9-]{1,49}+(?>:[0-9]{1,5}+)?+"
    r"(?>[/?#][!#-;=?-\[\]_a-z~|{}]*+)?+\Z"
)
"""A destination that needs no second look, and is its own ASCII form.

Both cases are written out: ``re.IGNORECASE`` takes nine times as long, and lets signs that are not ASCII pass for letters.
"""
_ABSOLUTE = re.compile(r"([hH][tT][tT][pP][sS]?)://([^/?#]*+)(.*)\Z", re.DOTALL)
_AUTHORITY = re.compile(r"(?:(.*)@)?(\[[0-9a-fA-F:.]+\]|[^@:\[\]]+)(:[0-9]{0,5})?\Z", re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_BAD_HOST = re.compile(r"[\s\"#%/:<>?@\[\\\]^`{|}]")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
"""Full stops that count as dots in a host. Source: RFC 3490 (2003), section 3.1, kept by UTS 46."""
_UNSEEN = dict.fromkeys(
    (0xAD, 0x34F, *range(0x180B, 0x1810), 0x200B, *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), 0xFEFF)
)
"""Signs a host is read without, such as the one that makes a heart red. Source: UTS 46, status "ignored"."""
_UNFOLDED = frozenset("\u00df\u03c2")
"""Letters that case folding would turn to others, and browsers keep: ß and ς. Source: UTS 46, non-transitional."""
_SAFE = "!#$%&'()*+,-./:;=?@[]^_`{|}~"
_TOKEN = r"(?:a[A-Za-z0-9_-]++\.[A-Za-z0-9_-]{22}|b[A-Za-z0-9_-]++)"
_OURS = re.compile(
    rf"/(?:o/{_TOKEN}\.gif|c/{_TOKEN}/(?:{_TOKEN}|s[A-Za-z0-9_-]{{14}})|u/{_TOKEN})(?:[?#].*)?\Z", re.DOTALL
)
"""What follows our base URL in a tracking URL, by its form: a page of the host's, such as ``/u/ann``, has no token."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_TAIL = re.compile(r"(?<![^0-9A-Za-z])[^0-9A-Za-z]++\Z")
"""What is no letter, at the end; looked for only where it begins, so that the search stays linear."""


class Path(NamedTuple):
    """Hold the parts of a tracking URL.

    Attributes:
        kind: ``o`` for an open, ``c`` for a click, ``u`` for leaving.
        token: The message or action token, not yet verified.
        link: The link token of a click, not yet verified.
    """

    kind: Literal["o", "c", "u"]
    token: str
    link: str = ""


class Routes:
    """Put tracking URLs together under one base URL."""

    __slots__ = ("_front", "base_url", "click_head", "open_head", "open_tail")

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._front = _plain_front(base_url)
        self.open_head = f"{base_url}/o/"
        self.open_tail = ".gif"
        self.click_head = f"{base_url}/c/"

    def open(self, token: str) -> str:
        """Give the URL of a message's pixel."""
        return f"{self.open_head}{token}{self.open_tail}"

    def click(self, token: str, link: str) -> str:
        """Give the URL of a message's wrapped link."""
        return f"{self.click_head}{token}/{link}"

    def leave(self, token: str) -> str:
        """Give the URL where a recipient can leave."""
        return f"{self.base_url}/u/{token}"

    def owns(self, url: str) -> bool:
        """Tell whether a URL stands under our base URL, in the form of an open, a click or a leave."""
        plain = _plain_front(url)
        return plain.startswith(self._front) and _OURS.match(plain, len(self._front)) is not None


def leave_fields(url: str) -> dict[str, str]:
    """Return the header fields that offer one-click unsubscribing at a URL.

    Raises:
        ConfigError: If it is too long for a line of mail: a field folded inside a URL is lost to most readers.

    Source: RFC 8058 (2017), section 3.1; RFC 5322 (2008), section 2.1.1, for the 998 octets of a line.
    """
    fields = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if len(f"List-Unsubscribe: <{url}>") > _MAX_LINE:
        raise ConfigError("the link to leave is too long for a line of mail: use a shorter recipient, id or metadata")
    return fields


def _plain_front(url: str) -> str:
    """Give a URL with scheme and host in lower case and without the port that goes without saying."""
    found = _ABSOLUTE.match(url)
    if not found:
        return url
    scheme, authority, rest = found.groups()
    scheme = scheme.lower()
    return f"{scheme}://{authority.lower().removesuffix(_DEFAULT_PORTS[scheme])}{rest}"


def parse(url: str) -> Path:
    """Take a tracking URL apart, from its end, under any mount prefix.

    The query and fragment are ignored. One percent-decoding and the punctuation that mail gateways hang on are forgiven;
    a token itself is not changed.

    Args:
        url: Absolute or a path.

    Raises:
        BadToken: If it is not in the form of one, or longer than 16 KB.
    """
    return Path(*split(url))


def split(url: str) -> tuple[Literal["o", "c", "u"], str, str]:
    """Do the same as :func:`parse`, and give a plain tuple, which is made faster: every request passes here."""
    if len(url) > _MAX_REQUEST:
        raise BadToken(f"longer than {_MAX_REQUEST:,} characters, so not a tracking URL")
    path = url
    if "?" in url or "#" in url:
        path = url.partition("?")[0].partition("#")[0]
    if "%" in path:
        path = unquote(path, errors="replace")
    if not path[-1:].isalnum() or not path.isascii():
        path = _TAIL.sub("", path)
    head, _, last = path.rpartition("/")
    before, _, second = head.rpartition("/")
    if second == "o" and last[-4:] == ".gif":
        return "o", last[:-4], ""
    if second == "u" and last:
        return "u", last, ""
    if second and last and before[-2:] in ("/c", "c"):
        return "c", second, last
    raise BadToken("not in the form of a tracking URL")


def check_destination(url: str) -> SkipReason | None:
    """Tell why a destination must not be signed, or ``None`` when it may.

    Args:
        url: As a browser would read it: references decoded, white space at the ends and line breaks gone.
    """
    if _PLAIN.match(url):
        return None
    found = _ABSOLUTE.match(url)
    if not found or _FORBIDDEN.search(url):
        return SkipReason.UNSAFE
    try:
        _host(found[2])
    except ValueError:
        return SkipReason.UNSAFE
    return None


def location(url: str) -> str:
    """Give the ASCII form of a destination, for the ``Location`` field: IDNA host, the rest percent-encoded as UTF-8.

    What is ASCII already stays as it was signed.

    Raises:
        ConfigError: If the destination is not one that :func:`check_destination` lets pass.
    """
    if _PLAIN.match(url):
        return url
    found = _ABSOLUTE.match(url)
    if not found or _FORBIDDEN.search(url):
        raise ConfigError("not a destination that may be redirected to")
    scheme, authority, rest = found.groups()
    try:
        return f"{scheme}://{_host(authority)}{quote(rest, safe=_SAFE)}"
    except ValueError as error:
        raise ConfigError("not a destination that may be redirected to") from error


def _host(authority: str) -> str:
    """Give an authority in ASCII.

    Raises:
        ValueError: If it is not a host with, perhaps, a user and a port.
    """
    found = _AUTHORITY.match(authority)
    if not found:
        raise ValueError("not a host")
    user, host, port = found.groups(default="")
    if not host.startswith("["):
        host = ascii_host(host)
    return f"{quote(user, safe=_SAFE)}@{host}{port}" if found[1] is not None else f"{host}{port}"


def ascii_host(host: str) -> str:
    """Give a host name in ASCII, each label mapped as browsers do.

    Raises:
        ValueError: If it is no host name.

    Source: UTS 46 (Unicode 15.1, 2023), non-transitional: case folding and NFKC, then Punycode (RFC 3492) per label.
    """
    mapped = host
    if not host.isascii():
        whole = unicodedata.normalize("NFKC", host.translate(_UNSEEN).replace("\u1e9e", "\u00df"))
        folded = "".join([sign if sign in _UNFOLDED else sign.casefold() for sign in whole])
        mapped = unicodedata.normalize("NFKC", folded).translate(_DOTS)
    labels = [
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in mapped.split(".")
    ]
    found = ".".join(labels)
    if not found.strip(".") or _BAD_HOST.search(found) or any(len(label) > 63 for label in labels) or len(found) > 253:
        raise ValueError("not a host")
    if "" in labels[:-1]:
        raise ValueError("an empty label")
    return found


def manifest_of(campaign: str, links: Iterable[Link]) -> Manifest:
    """Give the destinations of a campaign's links by their short names."""
    targets = [Target(number=link.number, url=link.url, channel=link.channel) for link in links]
    named = {short_name(target.number, target.url, target.channel): target for target in targets}
    return Manifest(campaign=campaign, targets=named)


def short_name(number: int, url: str, channel: Channel = Channel.HTML) -> str:
    """Give the short link token of a link: a content hash, the same whenever the campaign is compiled again."""
    content = json.dumps([number, url, channel], ensure_ascii=True, separators=(",", ":"))
    digest = sha256(content.encode()).digest()[:10]
    return "s" + b2a_base64(digest, newline=False).decode("ascii").rstrip("=\n").translate(str.maketrans("+/", "-_"))


_CARRIED = "mailbeacon"
_SIGNATURE_LENGTH = 22


def carried(token: str, longest: int = 0) -> dict[str, str]:
    """Give a message token as metadata for a provider: without its dot, for some let only letters, digits, ``_`` and ``-`` pass.

    Args:
        token: A message token.
        longest: Characters of one value; a longer one goes on in ``mailbeacon_2`` and so on. 0 for any number.
    """
    text = token.replace(".", "")
    pieces = [text[at : at + longest] for at in range(0, len(text), longest)] if longest > 0 else [text]
    return {_CARRIED if not number else f"{_CARRIED}_{number + 1}": piece for number, piece in enumerate(pieces)}


def token_in(text: str) -> str:
    """Give back the token that :func:`carried` wrote, in one piece: a sealed one has no dot, a signed one before its signature."""
    return text if text[:1] != "a" or "." in text else f"{text[:-_SIGNATURE_LENGTH]}.{text[-_SIGNATURE_LENGTH:]}"
