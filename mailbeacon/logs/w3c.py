"""Logs that begin with a ``#Fields`` line: CloudFront, IIS. And an ALB's, whose fields have fixed places.

Source: Amazon CloudFront standard logs, AWS access logs for Application Load Balancers, IIS W3C extended logging
(documentation, 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from mailbeacon.logs.lines import Format, Line, as_percent, as_slashed, may_be_ours, split_request
from mailbeacon.logs.nginx import header_role
from mailbeacon.logs.times import clf, from_number, iso

__all__ = ["alb", "cloudfront", "iis", "traefik"]

_ALB = re.compile(
    r'(?:http|https|h2|grpcs|ws|wss) (\S+) \S+ (\S+?):\d+ \S+ [-\d.]+ [-\d.]+ [-\d.]+ (\S+) \S+ \d+ \d+ "([^"\\]*(?:\\.[^"\\]*)*)" '
    r'"([^"\\]*(?:\\.[^"\\]*)*)" (.*)\Z',
    re.DOTALL,
)
_ALB_MADE = re.compile(r"\S+ \S+ \S+ \"[^\"]*\" \"[^\"]*\" \"[^\"]*\" \S+ (\d{4}-\d\d-\d\dT[\d:.]+Z) ")


class _Fielded:
    """Read lines whose fields a ``#Fields`` line before them names."""

    def __init__(self, separator: str | None, decode: Callable[[str], str], agent: Callable[[str], str]) -> None:
        self._separator = separator
        self._decode = decode
        self._agent = agent
        self._places: dict[str, int] = {}
        self._headers: list[tuple[str, int]] = []

    def name(self, fields: Sequence[str]) -> None:
        """Take the fields from a list of their names."""
        self._places = {name: place for place, name in enumerate(fields)}
        self._headers = []
        for name, place in self._places.items():
            header = name.lower().removeprefix("cs(").removesuffix(")")
            if header_role(header) and header != "user-agent":
                self._headers.append((header, place))

    def __call__(self, line: str) -> Line | None:
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                self.name(line[8:].split())
            return None
        if not self._places:
            raise ValueError("no #Fields line came before it")
        values = line.rstrip("\r").split(self._separator)
        if len(values) != len(self._places):
            raise ValueError(f"{len(values)} fields, where #Fields names {len(self._places)}")
        get = self._get
        target = get(values, "cs-uri-stem")
        if not may_be_ours(target):
            return None
        query = get(values, "cs-uri-query")
        return Line(
            self._moment(values),
            get(values, "cs-method") or "GET",
            f"{target}?{query}" if query else target,
            get(values, "sc-status"),
            get(values, "c-ip"),
            self._agent(get(values, "cs(User-Agent)") or get(values, "cs-user-agent")),
            tuple((name, value) for name, place in self._headers if (value := self._text(values[place]))),
            get(values, "x-edge-request-id"),
        )

    def _get(self, values: Sequence[str], name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else self._text(values[place])

    def _text(self, value: str) -> str:
        return "" if value == "-" else self._decode(value)

    def _moment(self, values: Sequence[str]) -> datetime:
        for name in ("timestamp(ms)", "timestamp"):
            if name in self._places:
                return from_number(values[self._places[name]])
        return iso(f"{values[self._places['date']]}T{values[self._places['time']]}+00:00")


def _twice(agent: str) -> str:
    """Return a user agent of CloudFront: until about 2019 it was encoded twice, so that no blank is left in it."""
    return as_percent(agent) if "%20" in agent and " " not in agent else agent


def cloudfront(fields: str = "") -> Format:
    """Make the format of CloudFront's standard logs.

    Args:
        fields: The names of the fields, where the log has no ``#Fields`` line of its own (``plain`` and ``raw``).
    """
    return _fielded("cloudfront", "\t", as_percent, _twice, fields)


def iis(fields: str = "") -> Format:
    """Make the format of IIS's W3C logs, in UTC; ``+`` in a user agent stands for a blank."""
    return _fielded("iis", None, str, lambda agent: agent.replace("+", " "), fields)


def _fielded(
    name: str, separator: str | None, decode: Callable[[str], str], agent: Callable[[str], str], fields: str
) -> Format:
    def made() -> Format:
        parser = _Fielded(separator, decode, agent)
        if fields:
            parser.name(fields.split())
        # what the fields will be is known at the first line; a field that is then missing is one no line can show
        shows = {"user-agent", "referer"} if not fields or "cs(Referer)" in fields else {"user-agent"}
        return Format(name=name, parse=parser, shows=frozenset(shows), fresh=made)

    return made()


def alb() -> Format:
    """Make the format of an Application Load Balancer's logs, which hold no Referer."""
    return Format(name="alb", parse=_alb, shows=frozenset({"user-agent"}))


def _alb(line: str) -> Line | None:
    found = _ALB.match(line) if len(line) <= 65_536 else None
    if found is None:
        raise ValueError("not a line of an Application Load Balancer")
    time, address, status, request, agent, rest = found.groups()
    if not may_be_ours(request):
        return None
    asked = split_request(as_slashed(request))
    if asked is None:
        return None
    made = _ALB_MADE.match(rest)
    moment = iso(made[1]) if made else iso(time)
    return Line(moment, *asked, status, address, as_slashed(agent))


_TRAEFIK = re.compile(
    r'(\S+) - .*? \[(\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([A-Z]+) (\S+) (HTTP/[\d.]+)" (\S+) \S+ '
    r'(".*") \d+ "[^"]*" "[^"]*" \d+ms\s*\Z',
    re.DOTALL,
)


def traefik() -> Format:
    """Make Traefik's ``common`` format, in which nothing is escaped: what cannot be told apart is left unknown."""
    notes = ("Traefik logs no header field unless accesslog.fields.headers keeps it",)
    return Format(name="traefik", parse=_traefik, shows=frozenset(), notes=notes)


def _traefik(line: str) -> Line | None:
    found = _TRAEFIK.match(line) if len(line) <= 65_536 else None
    if found is None:
        raise ValueError("not a line of Traefik's common format")
    address, time, method, target, _, status, quoted = found.groups()
    if not may_be_ours(target):
        return None
    agent = ""
    if quoted.count('"') == 4:
        referer, _, agent = quoted[1:-1].partition('" "')
        agent = "" if agent == "-" else agent
        fields = (("referer", referer),) if referer not in ("", "-") else ()
        return Line(clf(time), method, target, status, address, agent, fields)
    return Line(clf(time), method, target, status, address, "")
