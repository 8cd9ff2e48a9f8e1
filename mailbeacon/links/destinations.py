"""Where a link may lead: what may be signed, and the form in which a redirect names it.

Follows no link.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from mailbeacon.errors import ConfigError
from mailbeacon.model import SkipReason

__all__ = ["ascii_host", "check_destination", "destination_forms", "location", "with_plain_host"]

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
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def check_destination(url: str) -> SkipReason | None:
    """Return why a destination must not be signed, or ``None`` when it may.

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
    """Return the ASCII form of a destination, for the ``Location`` field: IDNA host, the rest percent-encoded as UTF-8.

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
    """Return an authority in ASCII.

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
    """Return a host name in ASCII, each label mapped as browsers do.

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


def with_plain_host(url: str) -> str:
    """Return a URL with scheme and host in lower case and without the port that goes without saying."""
    found = _ABSOLUTE.match(url)
    if not found:
        return url
    scheme, authority, rest = found.groups()
    scheme = scheme.lower()
    return f"{scheme}://{authority.lower().removesuffix(_DEFAULT_PORTS[scheme])}{rest}"


def destination_forms(url: str) -> tuple[str, ...]:
    """Return the forms of a destination that a block list may know it by, each once.

    The first is where a browser ends up: the ASCII form with its host in lower case, without a dot at its end and the port
    that goes without saying. Then follow the ``Location`` and the text that was signed, where they differ.

    Raises:
        ConfigError: If the destination is not one that may be redirected to.

    Example:
        >>> destination_forms("https://ＥＶＩＬ.example./x")
        ('https://evil.example/x', 'https://evil.example./x', 'https://ＥＶＩＬ.example./x')
    """
    ascii_form = location(url)
    scheme, _, rest = with_plain_host(ascii_form).partition("://")
    end = next((at for at, sign in enumerate(rest) if sign in "/?#"), len(rest))
    found = _AUTHORITY.match(rest[:end])
    if found is None:
        return (ascii_form,)
    user, host, port = found.groups(default="")
    plain = f"{scheme}://{user + '@' if found[1] is not None else ''}{host.rstrip('.')}{port}{rest[end:]}"
    return tuple(dict.fromkeys((plain, ascii_form, url)))
