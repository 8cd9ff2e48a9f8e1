"""nginx: any ``log_format``, with its three ways of escaping.

Source: ngx_http_log_module and ngx_http_core_module (documentation, 2026); the escapes as nginx 1.22.1 writes them.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from mailbeacon.errors import ConfigError
from mailbeacon.logs.lines import Format, as_json_text, as_plain, as_slashed
from mailbeacon.logs.patterns import Field, text_format
from mailbeacon.model import KEPT_HEADERS

__all__ = ["ADDRESS_HEADERS", "CLF", "COMBINED", "MAIN", "header_role", "joined", "nginx_format"]

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
MAIN = f'{COMBINED} "$http_x_forwarded_for"'
"""What the official container image has as ``main``."""

CLF = r"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
"""A time of the common log format."""
_NUMBER = r"[-\d.,: ]*"
_NUMBERS = (
    *("body_bytes_sent", "bytes_sent", "connection", "connection_requests", "gzip_ratio", "remote_port", "server_port"),
    *("request_length", "request_time", "upstream_connect_time", "upstream_header_time", "upstream_response_time"),
    "upstream_status",
)
_KNOWN = {
    "remote_addr": ("address", r"[^ ]*"),
    "time_local": ("time clf", CLF),
    "time_iso8601": ("time iso", r"[-\dT:+Z]{20,25}"),
    "msec": ("time msec", r"\d+\.\d{3}"),
    "request": ("request", ""),
    "request_method": ("method", r"[A-Za-z]*"),
    "request_uri": ("target", ""),
    "uri": ("path", ""),
    "document_uri": ("path", ""),
    "args": ("query", ""),
    "query_string": ("query", ""),
    "status": ("status", r"\d{3}"),
    "request_id": ("identity", r"[0-9a-f]*"),
    "proxy_add_x_forwarded_for": ("header x-forwarded-for", ""),
    "scheme": ("", r"[a-z]*"),
    "server_protocol": ("", r"[A-Z]*(?:/[\d.]+)?"),
    "pipe": ("", r"[p.]"),
    **dict.fromkeys(_NUMBERS, ("", _NUMBER)),
}
"""What each variable says, and its form where it has a fixed one. All others are free text that says nothing to us."""
ADDRESS_HEADERS = frozenset(
    {
        "cf-connecting-ip",
        "fastly-client-ip",
        "forwarded",
        "true-client-ip",
        "x-client-ip",
        "x-forwarded-for",
        "x-real-ip",
    }
)
"""The header fields in which proxies say whose request they pass on; which of them is believed, the settings say."""
_OURS = frozenset({*KEPT_HEADERS, "user-agent", *ADDRESS_HEADERS})
_CONFIGURED = re.compile(r"\s*log_format\s+(\S+)\s+(?:escape=(\w+)\s+)?(.*)", re.DOTALL)
_PIECE = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_UNDO = {"default": as_slashed, "json": as_json_text, "none": as_plain}


def header_role(name: str) -> str:
    """Return the role of a header field, by its name in lower case: none where it says nothing to us."""
    return f"header {name}" if name in _OURS else ""


def joined(text: str) -> str:
    """Return a configuration's string of one or several quoted pieces, joined, without the quotes and their escapes."""
    pieces = [one or other for one, other in _PIECE.findall(text)]
    return "".join(re.sub(r"\\(['\"\\])", r"\1", piece) for piece in pieces)


def nginx_format(text: str, *, name: str = "nginx", zone: tzinfo | None = None) -> Format:
    """Make the format of a ``log_format`` line, as it stands in the configuration, or of its string alone.

    Args:
        text: With ``$variables``.
        name: What to call it.
        zone: Of times without an offset.

    Raises:
        ConfigError: If no line could be read safely.
    """
    found = _CONFIGURED.match(text)
    escape = "default"
    pattern = text
    if found:
        escape = found[2] or escape
        pattern = joined(found[3])
    if escape not in _UNDO:
        raise ConfigError(f"escape must be default, json or none, got {escape!r}")
    if not pattern.strip():
        raise ConfigError("the log_format holds no quoted format")
    parts: list[str | Field] = []
    end = 0
    for one in _VARIABLE.finditer(pattern):
        parts += [pattern[end : one.start()], _field(one[1] or one[2], raw=escape == "none")]
        end = one.end()
    parts.append(pattern[end:].rstrip())
    return text_format(name, parts, _UNDO[escape], definition=text, zone=zone)


def _field(variable: str, *, raw: bool) -> Field:
    role, form = _KNOWN.get(variable, ("", ""))
    if variable.startswith("http_"):
        role = header_role(variable[5:].replace("_", "-"))
    return Field(role, form, f"${variable}", raw=raw and not form)
