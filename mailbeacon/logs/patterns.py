"""Text formats: fields with literals between, made into an expression once.

A free field runs to the literal that follows it. Where its escaping keeps that literal out of the value, one expression
reads every line, in linear time, and a simpler one those without an escaped quote, in half of it. Where it does not (`|`
between free fields, say), another tries where the first fails, on lines that hold few enough of the literal for the search
to stay short; what fits none is an error, and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.logs.lines import Fields, Format, Line, Said, make_line, split_request
from mailbeacon.logs.times import Times

__all__ = ["Field", "Undo", "text_format"]

Undo = Callable[[str], str]
_LONGEST = 65_536
"""Characters of a line; longer ones are what a crash leaves."""
_MOST_SPARE = 12
"""How many more of a literal than the format has a line may hold for the second expression to be tried."""
_QUOTED = r'[^"\\]*(?:\\.[^"\\]*)*'
_PLAIN = r"([A-Z]{1,20}) ([^ ]+) HTTP/\d(?:\.\d)?"
_AGENT = "user-agent"
_MOST_CLIENTS = 4096
_LONGEST_KEPT = 2_000
"""Characters of a line's header fields that are remembered at most."""
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
        parse=_Parser(parts, times, undo),
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
        "_client", "_headers", "_known", "_literals", "_loose", "_method", "_moment", "_odd", "_path", "_pick", "_plain",
        "_query", "_strict", "_target", "_times", "_undo", "_when",
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
        self._undo = undo
        self._headers = [(role[7:], undone[role]) for role in places if role.startswith("header ")]
        empty = place  # the last group of every expression: what a format does not have
        request = places.get("request", 0)
        method, url = (request, request + 1) if request else (empty, empty)
        self._odd = request and request + 2
        self._method, self._target, self._path, self._query = (
            places.get(one, 0) for one in ("method", "target", "path", "query")
        )
        others = (places.get(one, empty) for one in ("status", "address", "identity"))
        self._pick = itemgetter(method, url, self._when[times.main], *others)
        headers = [places[f"header {name}"] for name, _ in self._headers]
        self._client = itemgetter(*headers, *[empty] * (2 - len(headers)))  # two at least, so that it gives a tuple
        self._known: Cache[tuple[str, ...], tuple[str, Fields]] = Cache(_MOST_CLIENTS)
        self._times, self._moment = times, times.plain()

    def __call__(self, line: str) -> Line | None:
        """Return what a line says, or ``None`` where its request cannot be ours.

        Raises:
            ValueError: If it is not in the format.
        """
        for said in self.each((line,)):
            if isinstance(said, ValueError):
                raise said
            return said and make_line(said)
        return None

    def each(self, lines: Iterable[str]) -> Iterator[Said | ValueError | None]:
        """Yield what lines say, one after the other, or the error of each that is not in the format."""
        plain, strict, pick, client, known = self._plain, self._strict, self._pick, self._client, self._known
        read_moment, before, moment = self._moment, "", None
        for line in lines:
            try:
                found = plain(line) if "\\" not in line or '\\"' not in line else strict(line)
                if found is None:
                    found = self._second(line)
                method, url, when, status, address, identity = pick(found)
                if not url:
                    method, url = self._asked(found) or ("", "")
                elif "\\" in url:
                    url = self._undo(url)
                if "/o/" not in url and "/c/" not in url and "/u/" not in url and "%" not in url:
                    yield None
                    continue
                raw = client(found)
                user_agent, fields = known.get(raw) or self._undone(raw)
                if read_moment is None:
                    moment = self._times.read([found[one] for one in self._when])
                elif when != before or moment is None:
                    moment, before = read_moment(when), when  # a busy log has many lines of one second
            except ValueError as error:
                yield error
                continue
            address = "" if address == "-" else address
            yield moment, method, url, status, address, user_agent, fields, "" if identity == "-" else identity

    def _undone(self, raw: tuple[str, ...]) -> tuple[str, Fields]:
        """Return user agent and other header fields as they were sent; remembered, for few clients send most requests."""
        user_agent, fields = "", []
        for (name, undo), value in zip(self._headers, raw, strict=False):
            if name == _AGENT:
                user_agent = undo(value)
            elif value != "-" and (value := undo(value)):
                fields.append((name, value))
        found = user_agent, tuple(fields)
        return found if sum(map(len, raw)) > _LONGEST_KEPT else self._known.put(raw, found)

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
