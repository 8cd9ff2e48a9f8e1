"""Text formats: fields with literals between, made into an expression once.

A free field runs to the literal that follows it. Where its escaping keeps that literal out of the value, one expression
reads every line, in linear time, and a simpler one those without an escaped quote, in half of it. Where it does not (`|`
between free fields, say), another tries where the first fails, on lines that hold few enough of the literal for the search
to stay short; what fits none is an error, and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from mailbeacon.errors import ConfigError
from mailbeacon.logs.lines import Format, Line, make_line, split_request
from mailbeacon.logs.times import Times

__all__ = ["Field", "Undo", "text_format"]

Undo = Callable[[str], str]
_LONGEST = 65_536
"""Characters of a line; longer ones are what a crash leaves."""
_MOST_SPARE = 12
"""How many more of a literal than the format has a line may hold for the second expression to be tried."""
_QUOTED = r'[^"\\]*(?:\\.[^"\\]*)*'
_PLAIN = r"([A-Z]{1,20}) ([^ ]+) HTTP/\d(?:\.\d)?"
_AGENT = "header user-agent"
_NEEDED = frozenset({"request", "target", "path"})


class Field(NamedTuple):
    """One field of a text format.

    Attributes:
        role: ``address``, ``request``, ``method``, ``target``, ``path``, ``query``, ``status``, ``identity``,
            ``time KIND ARGUMENT``, ``header NAME``, or nothing where the field says nothing to us.
        form: An expression for its form; empty for free text.
        name: As the format has it, for errors.
        raw: Whether it is written without any escaping.
        undo: Gives its value as it was sent, where that is not as for the other fields.
    """

    role: str
    form: str = ""
    name: str = ""
    raw: bool = False
    undo: Undo | None = None


def text_format(
    name: str, parts: Sequence[str | Field], undo: Undo, *, definition: str = "", zone: tzinfo | None = None
) -> Format:
    """Make a format of its literals and fields, in order.

    Args:
        name: The format's.
        parts: Literals as text, and fields between.
        undo: Gives a free field's value as it was sent.
        definition: What the host gave.
        zone: Of times without an offset.

    Raises:
        ConfigError: If the format has no time or no target, or its fields cannot be told apart.
    """
    parts = [part for part in parts if part != ""]
    fields = [part for part in parts if isinstance(part, Field)]
    _check(parts, fields)
    times = Times([_time(field) for field in fields if field.role.startswith("time ")], zone)
    headers = (field.role.partition(" ")[2] for field in fields if field.role.startswith("header "))
    notes = ("the format has no time zone, so UTC is taken: give zone",) if times.needs_zone and zone is None else ()
    return Format(
        name=name,
        parse=_Parser(parts, times, undo).parse,
        shows=frozenset(headers),
        notes=notes,
        definition=definition,
    )


def _time(field: Field) -> tuple[str, str]:
    _, kind, argument = f"{field.role} ".split(" ", 2)
    return kind, argument.strip()


def _check(parts: Sequence[str | Field], fields: Sequence[Field]) -> None:
    roles = {field.role for field in fields}
    if not roles & _NEEDED:
        raise ConfigError(
            "the log format has no request target ($request or $request_uri, %r or %U): nothing could be read"
        )
    for before, after in pairwise(parts):
        if isinstance(before, Field) and isinstance(after, Field) and not (before.form and after.form):
            raise ConfigError(
                f"nothing stands between {before.name} and {after.name} in the log format: they cannot be told apart"
            )
    for place, part in enumerate(parts):
        if isinstance(part, Field) and part.raw and not part.form and place < len(parts) - 1:
            raise ConfigError(
                f"{part.name} is written without escaping and is not the last field: a visitor could write any line there"
            )


def _expression(parts: Sequence[str | Field], value: str, *, loose: bool) -> str:
    """Write the expression of a whole line.

    Args:
        parts: The format's.
        value: The expression of a value in quotes.
        loose: Whether a free field may hold the literal that follows it.
    """
    made = []
    for place, part in enumerate(parts):
        if isinstance(part, str):
            made.append(re.escape(part))
            continue
        after = parts[place + 1] if place + 1 < len(parts) else ""
        before = parts[place - 1] if place else ""
        quoted = isinstance(after, str) and after[:1] == '"' and isinstance(before, str) and before[-1:] == '"'
        if part.role == "time clf" and after[:1] == "]":
            form = r"[^]]*"  # the reader of times insists on its form; to do so here takes as long as all the rest
        elif part.form:
            form = part.form
        elif quoted:
            form = value
        elif not after:
            form = ".*"
        elif isinstance(after, Field):
            form = r"\S*?"
        else:
            form = ".*?" if loose else rf"[^{re.escape(after[0])}]*"
        if part.role == "request":
            form = (
                "-?" if loose and not quoted else form
            )  # else what belongs to its neighbour could be taken for a request
            made.append(f"(?:{_PLAIN}|({form}))")  # taken apart at once where it is as it nearly always is
        else:
            made.append(f"({form})" if part.role else f"(?:{form})")
    return "".join(made) + r"\s*\Z()"


class _Parser:
    """Read lines of one text format: what the expression found, as a line has it."""

    __slots__ = (
        "_agent_undo", "_fields", "_literals", "_loose", "_method", "_moment", "_odd", "_path", "_pick", "_plain", "_query",
        "_strict", "_target", "_times", "_told", "_undo", "_when",
    )  # fmt: skip

    def __init__(self, parts: Sequence[str | Field], times: Times, undo: Undo) -> None:
        self._plain = re.compile(_expression(parts, '[^"]*', loose=False), re.DOTALL).match
        strict, self._loose = (re.compile(_expression(parts, _QUOTED, loose=one), re.DOTALL) for one in (False, True))
        self._strict = strict.match
        literals = [part for part in parts if isinstance(part, str)]
        self._literals = {sign: sum(one.count(sign) for one in literals) for sign in {one[0] for one in literals}}
        places: dict[str, int] = {}
        undone: dict[str, Undo] = {}
        self._when = []
        place = 1
        for field in parts:
            if isinstance(field, str) or not field.role:
                continue
            if field.role.startswith("time "):
                self._when.append(place)
            elif field.role not in places:
                places[field.role], undone[field.role] = place, field.undo or undo
            place += 3 if field.role == "request" else 1
        self._undo, self._agent_undo = undo, undone.get(_AGENT, undo)
        self._fields = [
            (role[7:], places[role], undone[role]) for role in places if role.startswith("header ") and role != _AGENT
        ]
        empty = place  # the last group of every expression: what a format does not have
        request = places.get("request", 0)
        method, url = (request, request + 1) if request else (empty, empty)
        self._odd = request and request + 2
        self._method, self._target, self._path, self._query = (
            places.get(one, 0) for one in ("method", "target", "path", "query")
        )
        others = (places.get(one, empty) for one in ("status", "address", _AGENT, "identity"))
        self._pick = itemgetter(method, url, self._when[times.main], *others)
        self._times, self._moment = times, times.plain()
        self._told: tuple[str, datetime] | None = None

    def parse(self, line: str) -> Line | None:
        """Return what a line says, or ``None`` where its request cannot be ours.

        Raises:
            ValueError: If it is not in the format.
        """
        found = (self._strict(line) if '\\"' in line else self._plain(line)) or self._second(line)
        method, url, when, status, address, agent, identity = self._pick(found)
        if not url:
            asked = self._asked(found)
            if asked is None:
                return None
            method, url = asked
        elif "\\" in url:
            url = self._undo(url)
        if "/o/" not in url and "/c/" not in url and "/u/" not in url and "%" not in url:
            return None
        fields = ()
        for name, place, undo in self._fields:
            value = found[place]
            if value != "-" and (value := undo(value)):
                fields += ((name, value),)  # type: ignore[assignment]  # it grows
        told = self._told
        if told is None or told[0] != when or self._moment is None:
            told = self._told = (when, self._read(found, when))  # a busy log has many lines of one second
        if address == "-":
            address = ""
        if identity == "-":
            identity = ""
        return make_line((told[1], method, url, status, address, self._agent_undo(agent), fields, identity))

    def _read(self, found: re.Match[str], when: str) -> datetime:
        if self._moment is not None:
            return self._moment(when)
        return self._times.read([found[one] for one in self._when])

    def _second(self, line: str) -> re.Match[str]:
        found = None
        if len(line) <= _LONGEST and all(
            line.count(sign) <= least + _MOST_SPARE for sign, least in self._literals.items()
        ):
            found = self._loose.match(line)
        if found is None:
            raise ValueError("not a line of this format" if len(line) <= _LONGEST else "longer than 64 KB")
        return found

    def _asked(self, found: re.Match[str]) -> tuple[str, str] | None:
        """Return method and target where the request line is an odd one, or none."""
        if self._odd:
            return split_request(self._undo(found[self._odd]))
        if self._target:
            url = self._undo(found[self._target])
        else:
            url = self._undo(found[self._path])
            if self._query and found[self._query] not in ("", "-"):
                url += f"?{self._undo(found[self._query]).removeprefix('?')}"
        method = found[self._method] if self._method else "GET"
        return (method, url) if method.isalpha() and method.isupper() else None
