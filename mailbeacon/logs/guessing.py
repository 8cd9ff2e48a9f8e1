"""Which format a log has: by name, by a pasted line of configuration, or by its first lines.

Reads no file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo

from mailbeacon.errors import ConfigError
from mailbeacon.logs import w3c
from mailbeacon.logs.apache import COMMON, VHOST, apache_format
from mailbeacon.logs.haproxy import haproxy_format, httplog
from mailbeacon.logs.jsonlines import JSON_FORMATS, JsonFields, json_format
from mailbeacon.logs.lines import Format
from mailbeacon.logs.nginx import COMBINED, MAIN, nginx_format

__all__ = ["NAMES", "format_of", "guess"]

_Make = Callable[[tzinfo | None], Format]
_BY_NAME: Mapping[str, _Make] = {
    "combined": lambda zone: nginx_format(COMBINED, name="combined", zone=zone),
    "nginx": lambda zone: nginx_format(COMBINED, name="nginx", zone=zone),
    "nginx-main": lambda zone: nginx_format(MAIN, name="nginx-main", zone=zone),
    "apache": lambda zone: nginx_format(COMBINED, name="apache", zone=zone),
    "apache-vhost": lambda zone: apache_format(VHOST, name="apache-vhost", zone=zone),
    "common": lambda zone: apache_format(COMMON, name="common", zone=zone),
    "haproxy": lambda zone: httplog(zone=zone),
    "traefik": lambda _: w3c.traefik(),
    "cloudfront": lambda _: w3c.cloudfront(),
    "alb": lambda _: w3c.alb(),
    "iis": lambda _: w3c.iis(),
    "fastly": lambda zone: apache_format(COMMON, name="fastly", zone=zone, escaped=False),
    **{name: lambda _, make=make: make() for name, make in JSON_FORMATS.items()},  # type: ignore[misc]
}
NAMES: tuple[str, ...] = tuple(_BY_NAME)
"""The formats that have a name."""

_TEXTS = ("alb", "traefik", "haproxy", "apache-vhost", "nginx-main", "combined", "common")
"""The text formats in the order they are tried: what begins like another but has more comes before it."""
_JSON_SIGNS: Mapping[str, frozenset[str]] = {
    "caddy": frozenset({"request", "msg"}),
    "traefik-json": frozenset({"RequestPath"}),
    "cloudflare": frozenset({"ClientRequestURI"}),
    "google": frozenset({"httpRequest"}),
    "cloudfront-json": frozenset({"cs-uri-stem"}),
    "fastly-json": frozenset({"client_ip", "request_user_agent"}),
}


def format_of(given: str | JsonFields | Format, *, zone: tzinfo | None = None) -> Format:
    """Return the format that the host named or pasted.

    Args:
        given: A name of :data:`NAMES`; a ``log_format`` line of nginx, a ``LogFormat`` line of Apache, HAProxy's ``capture
            request header`` lines or its ``log-format`` line, or a ``#Fields:`` line; or a map of JSON names.
        zone: Of times without an offset.

    Raises:
        ConfigError: If there is no such format, or no line of it could be read safely.
    """
    if isinstance(given, Format):
        return given
    if isinstance(given, JsonFields):
        return json_format("json", given)
    text = given.strip()
    if text in _BY_NAME:
        return _BY_NAME[text](zone)
    if text.startswith("#Fields:"):
        fields = text[8:].strip()
        return w3c.cloudfront(fields) if "x-edge" in fields or "timestamp" in fields else w3c.iis(fields)
    if "capture request header" in text or "capture.req" in text or "log-format" in text or "%ci" in text:
        return haproxy_format(text, zone=zone)
    if text.lower().startswith("logformat") or "%" in text:
        return apache_format(text, zone=zone)
    if "$" in text:
        return nginx_format(text, zone=zone)
    raise ConfigError(
        f"there is no format {text!r:.60}: name one of {', '.join(NAMES)}, or paste a line of configuration"
    )


def guess(lines: Iterable[str], *, zone: tzinfo | None = None) -> Format:
    """Return the format that most of some first lines have.

    Of no line at all, as in a log that was just rotated, it is one named ``empty``, which reads as ``combined``.

    Args:
        lines: Without their ends, from the beginning of a log.
        zone: Of times without an offset.

    Raises:
        ConfigError: If no format that has a name fits.
    """
    known = [line for line in lines if line.strip()]
    if not known:
        return nginx_format(COMBINED, name="empty", zone=zone)
    for line in known[:4]:
        if line.startswith("#Fields:"):
            return w3c.cloudfront() if "x-edge" in line or "\t" in line else w3c.iis()
    name = _json_name(known) or _text_name(known, zone)
    if name is None:
        raise ConfigError(
            "the first lines are of no format that has a name: give one, or paste the line of configuration"
        )
    return _BY_NAME[name](zone)


def _json_name(lines: Sequence[str]) -> str | None:
    for line in lines:
        if not line.startswith("{"):
            continue
        try:
            values = json.loads(line)
        except ValueError:
            continue
        for name, signs in _JSON_SIGNS.items():
            if signs <= values.keys():
                return name
    return None


def _text_name(lines: Sequence[str], zone: tzinfo | None) -> str | None:
    best, most = None, 0
    for name in _TEXTS:
        parse = _BY_NAME[name](zone).parse
        read = sum(_reads(parse, line) for line in lines)
        if read > most:
            best, most = name, read
    return best


def _reads(parse: Callable[[str], object], line: str) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True
