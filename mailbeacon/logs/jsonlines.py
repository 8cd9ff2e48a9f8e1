"""JSON lines: Caddy, Traefik, CloudFront, Cloudflare, Google, and any other by a map of names.

Source: Caddy 2.6.2 as it writes; Traefik, Amazon CloudFront (standard logging v2), Cloudflare Logpush ``http_requests``
and Google Cloud Load Balancing (documentation, 2026).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailbeacon.logs.lines import Format, Line, as_percent, may_be_ours
from mailbeacon.logs.nginx import header_role
from mailbeacon.logs.times import from_epoch

__all__ = ["JSON_FORMATS", "JsonFields", "json_format"]

_LONGEST = 1_000_000
_Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFields:
    """Name the fields of a log of JSON objects, one a line; a point goes one level down, as in ``request.uri``.

    Args:
        time: When: seconds, milliseconds or finer since 1970, or ISO 8601.
        target: The request target, or the whole URL.
        method: If it is not there, a request is a GET.
        status: The reply's.
        address: The client's address; the first that is there.
        user_agent: The user agent.
        headers: Other header fields, by their names in lower case.
        identity: The server's own name for the request.
        query: What follows the target after a question mark, where it stands apart.
    """

    time: str
    target: str
    method: str = ""
    status: str = ""
    address: tuple[str, ...] = ()
    user_agent: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    identity: str = ""
    query: str = ""


def json_format(
    name: str, fields: JsonFields, *, decode: Callable[[str], str] | None = None, notes: tuple[str, ...] = ()
) -> Format:
    """Make the format of a map of names.

    Args:
        name: The format's.
        fields: What stands where.
        decode: Undoes what was done to values before they were put into JSON.
        notes: What whoever reads the figures should know.
    """
    shown = {name for name, _ in fields.headers if header_role(name)} | ({"user-agent"} if fields.user_agent else set())
    return Format(name=name, parse=_Parser(fields, decode), shows=frozenset(shown), notes=notes)


def _found(values: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(values, dict):
            return None
        values = values.get(name)
    return values


def _path(name: str) -> tuple[str, ...]:
    return tuple(name.split(".")) if name else ()


class _Parser:
    """Read lines by a map of names."""

    __slots__ = (
        "_addresses",
        "_agent",
        "_decode",
        "_headers",
        "_identity",
        "_method",
        "_query",
        "_status",
        "_target",
        "_time",
    )

    def __init__(self, fields: JsonFields, decode: Callable[[str], str] | None) -> None:
        self._decode = decode
        self._time, self._target, self._method = _path(fields.time), _path(fields.target), _path(fields.method)
        self._status, self._agent = _path(fields.status), _path(fields.user_agent)
        self._identity, self._query = _path(fields.identity), _path(fields.query)
        self._addresses = [_path(one) for one in fields.address]
        self._headers = [(name, _path(one)) for name, one in fields.headers if header_role(name)]

    def __call__(self, line: str) -> Line | None:
        values = read_object(line)
        return None if values is None else self.said(values)

    def said(self, values: _Values) -> Line | None:
        """Return what an object says of a request that may be ours."""
        target = self._text(values, self._target)
        query = self._text(values, self._query) if self._query else ""
        if not may_be_ours(target):
            if not target and _found(values, self._time) is None:
                raise ValueError("the object has neither time nor target: not of this format")
            return None
        method = self._text(values, self._method) if self._method else "GET"
        address = next((found for one in self._addresses if (found := self._text(values, one))), "")
        fields = ((name, self._text(values, path)) for name, path in self._headers)
        return Line(
            from_epoch(_found(values, self._time)),
            method,
            f"{target}?{query}" if query else target,
            self._text(values, self._status),
            address,
            self._text(values, self._agent) if self._agent else "",
            tuple((name, value) for name, value in fields if value),
            self._text(values, self._identity) if self._identity else "",
        )

    def _text(self, values: _Values, path: tuple[str, ...]) -> str:
        found = _found(values, path)
        if found is None or found == "-":
            return ""
        if isinstance(found, list):
            found = ", ".join(str(one) for one in found)
        text = found if isinstance(found, str) else str(found)
        return self._decode(text) if self._decode is not None else text


def read_object(line: str) -> _Values | None:
    """Return the object of a line; ``None`` where it cannot tell of a request of ours.

    Raises:
        ValueError: If the line is no JSON object.
    """
    if len(line) > _LONGEST:
        raise ValueError("longer than 1 MB")
    start = line.find("{")
    if start < 0 or line[-1:] not in "}\r ,":
        raise ValueError("not a JSON object")
    if (
        "/o" not in line
        and "/c" not in line
        and "/u" not in line
        and "%" not in line
        and line[0] == "{"
        and line[-1] == "}"
    ):
        return None  # a slash may be escaped, a letter need not be
    try:
        values = json.loads(line[start:].rstrip(" ,\r"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ValueError("not a JSON object") from error
    if not isinstance(values, dict):
        raise ValueError("not a JSON object")
    return values


def _caddy(line: str) -> Line | None:
    """Read a line of Caddy, which shows every header field that was sent."""
    values = read_object(line)
    if values is None:
        return None
    request = values.get("request")
    if not isinstance(request, dict):
        if "common_log" in values:
            raise ValueError("Caddy's common_log form is not read: use its default JSON encoder")
        return None
    if values.get("msg") != "handled request" or values.get("status") == 0:
        return None
    target = request.get("uri")
    if not isinstance(target, str) or not may_be_ours(target):
        return None
    headers = request.get("headers")
    fields, agent = [], ""
    for name, texts in headers.items() if isinstance(headers, dict) else ():
        lowered = name.lower()
        text = ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
        if lowered == "user-agent":
            agent = text
        elif header_role(lowered):
            fields.append((lowered, text))
    address = request.get("client_ip") or request.get("remote_ip") or request.get("remote_addr") or ""
    status = values.get("status", "")
    return Line(
        from_epoch(values.get("ts")),
        str(request.get("method", "GET")),
        target,
        str(status),
        str(address),
        agent,
        tuple(fields),
    )


_MOMENT = "moment of both"
_CLOUDFRONT = JsonFields(
    time=_MOMENT, target="cs-uri-stem", method="cs-method", status="sc-status", address=("c-ip",), user_agent="cs(User-Agent)",
    headers=(("referer", "cs(Referer)"), ("x-forwarded-for", "x-forwarded-for")), identity="x-edge-request-id",
    query="cs-uri-query",
)  # fmt: skip


def _cloudfront(line: str, parse: _Parser = _Parser(_CLOUDFRONT, as_percent)) -> Line | None:  # noqa: B008 - made once
    """Read a line of CloudFront's JSON: its moment stands in two fields, or in one that was chosen."""
    values = read_object(line)
    if values is None:
        return None
    for name in ("timestamp(ms)", "timestamp"):
        if name in values:
            moment: object = values[name]
            break
    else:
        moment = f"{values.get('date')}T{values.get('time')}+00:00"
    return parse.said({**values, _MOMENT: moment})


JSON_FORMATS: Mapping[str, Callable[[], Format]] = {
    "caddy": lambda: Format(name="caddy", parse=_caddy, shows=None),
    "traefik-json": lambda: json_format(
        "traefik-json",
        JsonFields(
            time="StartUTC", target="RequestPath", method="RequestMethod", status="DownstreamStatus",
            address=("ClientHost",), user_agent="request_User-Agent",
            headers=(("referer", "request_Referer"), ("x-forwarded-for", "request_X-Forwarded-For")),
        ),
        notes=("Traefik logs no header field unless accesslog.fields.headers keeps it",),
    ),
    "cloudflare": lambda: json_format(
        "cloudflare",
        JsonFields(
            time="EdgeStartTimestamp", target="ClientRequestURI", method="ClientRequestMethod", status="EdgeResponseStatus",
            address=("ClientIP",), user_agent="ClientRequestUserAgent", identity="RayID",
            headers=(("referer", "ClientRequestReferer"), ("x-requested-with", "ClientXRequestedWith")),
        ),
    ),
    "google": lambda: json_format(
        "google",
        JsonFields(
            time="timestamp", target="httpRequest.requestUrl", method="httpRequest.requestMethod",
            status="httpRequest.status", address=("httpRequest.remoteIp",), user_agent="httpRequest.userAgent",
            headers=(("referer", "httpRequest.referer"),), identity="insertId",
        ),
        notes=("Google's load balancer logs a sample where logConfig.sampleRate is below 1: counts are then too low",),
    ),
    "cloudfront-json": lambda: Format(
        name="cloudfront-json", parse=_cloudfront, shows=frozenset({"user-agent", "referer", "x-forwarded-for"}),
    ),
    "fastly-json": lambda: json_format(
        "fastly-json",
        JsonFields(
            time="timestamp", target="url", method="request_method", status="response_status", address=("client_ip",),
            user_agent="request_user_agent", headers=(("referer", "request_referer"),),
        ),
    ),
}  # fmt: skip
"""The formats of JSON lines, by name."""
