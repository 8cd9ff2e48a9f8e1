"""Write made-up hits as access-log lines, or as JSON lines with the truth.

Does not read logs. A combined log keeps neither header fields nor parts of a second, as real ones do.
Source: nginx ``log_format combined`` and Apache ``LogFormat combined`` (documentation, 2026); Caddy's JSON access log
(2.8, 2024); Amazon CloudFront standard logs (documentation, 2026).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal
from urllib.parse import quote

from mailbeacon.errors import ConfigError
from mailbeacon.fake.hits import Hit
from mailbeacon.model import Request

__all__ = ["FORMATS", "Format", "log_lines"]

Format = Literal["nginx", "apache", "caddy", "cloudfront", "jsonl"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PIXEL_BYTES = 43
_SAFE = "!$&'()*+,-./:;=?@_~"
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def log_lines(hits: Iterable[Hit], format: Format = "nginx", *, host: str = "t.example.com") -> Iterator[str]:  # noqa: A002
    """Write each hit as a line, without the line's end.

    Args:
        hits: In the order of the log.
        format: ``nginx`` or ``apache`` (their combined formats), ``caddy``, ``cloudfront``, or ``jsonl``, which holds the
            whole request and the truth.
        host: The server's name, for the formats that have it.

    Raises:
        ConfigError: If there is no such format.
    """
    if format not in _WRITERS:
        raise ConfigError(f"there is no format {format!r}, only {', '.join(_WRITERS)}")
    return _lines(hits, _WRITERS[format], _HEADS.get(format, ()), host)


def _lines(
    hits: Iterable[Hit], write: Callable[[Hit, datetime, str], str], head: Iterable[str], host: str
) -> Iterator[str]:
    yield from head
    for hit in hits:
        moment = hit.request.received_at
        if moment is None:
            raise ConfigError("a hit's request must have received_at set")
        yield write(hit, moment.astimezone(UTC), host)


def _size(hit: Hit) -> int:
    return _PIXEL_BYTES if hit.status == 200 and hit.request.method == "GET" else 0


def _combined(hit: Hit, moment: datetime, nothing: str, quoted: Callable[[str], str]) -> str:
    request, fields = hit.request, hit.request.fields
    time = f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
    referer, agent = (quoted(fields.get_lower(name)) or "-" for name in ("referer", "user-agent"))
    size = _size(hit) or nothing
    first = f"{request.address or '-'} - - [{time}]"
    return f'{first} "{request.method} {request.url} HTTP/1.1" {hit.status} {size} "{referer}" "{agent}"'


def _nginx(hit: Hit, moment: datetime, host: str) -> str:  # noqa: ARG001 - the shape of a writer
    return _combined(hit, moment, "0", _nginx_quoted)


def _apache(hit: Hit, moment: datetime, host: str) -> str:  # noqa: ARG001 - the shape of a writer
    return _combined(hit, moment, "-", _apache_quoted)


def _nginx_quoted(text: str) -> str:
    return "".join(
        sign if " " <= sign <= "~" and sign not in '"\\' else "".join(f"\\x{byte:02X}" for byte in sign.encode())
        for sign in text
    )


def _apache_quoted(text: str) -> str:
    return "".join(
        f"\\{sign}"
        if sign in '"\\'
        else sign
        if " " <= sign <= "~"
        else "".join(f"\\x{byte:02x}" for byte in sign.encode())
        for sign in text
    )


def _caddy(hit: Hit, moment: datetime, host: str) -> str:
    request = hit.request
    return _dump(
        {
            "level": "info",
            "ts": round(moment.timestamp(), 3),
            "logger": "http.log.access.log0",
            "msg": "handled request",
            "request": {
                "remote_ip": request.address,
                "remote_port": "443",
                "client_ip": request.address,
                "proto": "HTTP/2.0",
                "method": request.method,
                "host": host,
                "uri": request.url,
                "headers": {_title(name): [value] for name, value in request.fields.items()},
                "tls": {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2", "server_name": host},
            },
            "bytes_read": 0,
            "user_id": "",
            "duration": 0.0005,
            "size": _size(hit),
            "status": hit.status,
            "resp_headers": {"Server": ["Caddy"]},
        }
    )


def _cloudfront(hit: Hit, moment: datetime, host: str) -> str:
    request, fields = hit.request, hit.request.fields
    path, _, query = request.url.partition("?")
    known = f"{request.url}{moment.isoformat()}{request.address}"
    values = {
        "date": f"{moment:%Y-%m-%d}",
        "time": f"{moment:%H:%M:%S}",
        "x-edge-location": "FRA56-P4",
        "sc-bytes": str(_size(hit) + 300),
        "c-ip": request.address,
        "cs-method": request.method,
        "cs(Host)": "d111111abcdef8.cloudfront.net",
        "cs-uri-stem": path,
        "sc-status": str(hit.status),
        "cs(Referer)": quote(fields.get_lower("referer"), safe=_SAFE),
        "cs(User-Agent)": quote(fields.get_lower("user-agent"), safe=_SAFE),
        "cs-uri-query": query,
        "x-edge-result-type": "Miss",
        "x-edge-request-id": blake2b(known.encode(), digest_size=24).hexdigest(),
        "x-host-header": host,
        "cs-protocol": "https",
        "cs-bytes": "250",
        "time-taken": "0.001",
        "ssl-protocol": "TLSv1.3",
        "ssl-cipher": "TLS_AES_128_GCM_SHA256",
        "x-edge-response-result-type": "Miss",
        "cs-protocol-version": "HTTP/2.0",
        "c-port": "443",
        "time-to-first-byte": "0.001",
        "x-edge-detailed-result-type": "Miss",
        "sc-content-len": str(_size(hit)),
    }
    return "\t".join(values.get(name) or "-" for name in _CLOUDFRONT)


def _jsonl(hit: Hit, moment: datetime, host: str) -> str:  # noqa: ARG001 - the shape of a writer
    request: Request = hit.request
    return _dump(
        {
            "received_at": moment.isoformat(timespec="milliseconds"),
            "method": request.method,
            "url": request.url,
            "address": request.address,
            "headers": dict(request.fields),
            "status": hit.status,
            "truth": {
                "actor": hit.truth.actor.value,
                "behaviour": hit.truth.behaviour,
                "is_human": hit.truth.is_human,
            },
        }
    )


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
_CLOUDFRONT = _FIELDS.split()

_WRITERS: Mapping[str, Callable[[Hit, datetime, str], str]] = {
    "nginx": _nginx,
    "apache": _apache,
    "caddy": _caddy,
    "cloudfront": _cloudfront,
    "jsonl": _jsonl,
}
FORMATS: tuple[str, ...] = tuple(_WRITERS)
"""The formats :func:`lines` writes."""
_HEADS: Mapping[str, tuple[str, ...]] = {"cloudfront": ("#Version: 1.0", f"#Fields: {_FIELDS}")}
