"""The parts of a mail: where each one's header and body are in the raw bytes.

Decodes nothing and changes nothing. What follows no rule is read as mail programs read it: a final boundary may be
missing, an outer boundary ends what is open inside, line ends may be mixed. A message inside the mail is one part.

Source: RFC 2046 (1996), multipart syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mailbeacon.errors import RewriteError
from mailbeacon.mime.fields import Field, main_value, parameter_values, read_fields

__all__ = ["MAX_DEPTH", "MAX_PARTS", "Part", "find_field", "read_parts", "walk"]

MAX_DEPTH = 50
"""How deep multiparts may be nested. Real mail stays under ten."""
MAX_PARTS = 10_000
"""How many parts a mail may have."""

_DASHES = re.compile(rb"[\r\n]--([^\r\n]*+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where a part is: ``raw[start:body]`` is its header with the empty line, ``raw[body:end]`` its body.

    Attributes:
        fields: Its header fields.
        start: The first byte of the header.
        body: The first byte of the body.
        end: The first byte past the body; the line end before a boundary belongs to the boundary.
        content_type: Such as ``text/html``; ``text/plain`` where nothing valid is said.
        parameters: Those of the content type, by name in lower case, one character a byte.
        encoding: The transfer encoding in lower case; empty where none is given.
        disposition: ``inline``, ``attachment`` or another word in lower case; empty where none is given.
        filename: Whether it is named as a file.
        parts: The parts of a multipart, in order; empty for any other, and where no boundary is found.
    """

    fields: tuple[Field, ...]
    start: int
    body: int
    end: int
    content_type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    disposition: str = ""
    filename: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(slots=True)
class _Open:
    """A part whose end is not known yet."""

    fields: tuple[Field, ...]
    start: int
    body: int
    content_type: str
    parameters: dict[str, str]
    boundary: bytes
    parts: list[Part]


def read_parts(raw: bytes) -> Part:
    """Find the parts of a mail in one pass over its bytes.

    Raises:
        RewriteError: If there are more than :data:`MAX_PARTS` parts or more than :data:`MAX_DEPTH` levels, or if the parts
            found are not in order: a fault of the regular expressions of this Python.
    """
    root = _scanned(raw)
    if not (root.start == 0 and root.end == len(raw) and all(map(_is_in_order, walk(root)))):
        raise RewriteError(
            "the parts found do not join to the mail, so nothing was changed: a fault of this Python's re"
        )
    return root


def _is_in_order(part: Part) -> bool:
    """Check whether the fields, the body and the inner parts of a part follow one another without an overlap."""
    places = [part.start]
    for found in part.fields:
        places += (found.start, found.value, found.end)
    places.append(part.body)
    for inner in part.parts:
        places += (inner.start, inner.end)
    places.append(part.end)
    return places == sorted(places)


def _scanned(raw: bytes) -> Part:
    boundaries: dict[bytes, int] = {}
    opened = [_opened(raw, 0, "text/plain", boundaries)]
    count = 1
    _enter(opened, boundaries)
    at = max(opened[0].body - 1, 0)
    while line := _DASHES.search(raw, at):
        at = line.end()
        text = line[1].rstrip(b" \t")
        level, last = boundaries.get(text), False
        if level is None and text.endswith(b"--"):
            level, last = boundaries.get(text[:-2]), True
        if level is None:
            continue
        _close_above(raw, opened, level, boundaries, _before_line_end(raw, line.start()))
        if last:
            del boundaries[opened[level].boundary]
            continue
        count += 1
        if count > MAX_PARTS:
            raise RewriteError(f"the mail has more than {MAX_PARTS} parts")
        inner = "message/rfc822" if opened[level].content_type == "multipart/digest" else "text/plain"
        opened.append(_opened(raw, _after_line_end(raw, at), inner, boundaries))
        _enter(opened, boundaries)
        at = max(at, opened[-1].body - 1)
    _close_above(raw, opened, 0, boundaries, len(raw))
    return _closed(raw, opened[0], len(raw))


def _opened(raw: bytes, start: int, default: str, boundaries: Mapping[bytes, int]) -> _Open:
    """Read the header of the part that begins at ``start``."""
    fields, body = read_fields(raw, start, boundaries)
    content_type, values = default, {}
    for found in fields:
        if found.name == "content-type":
            said = main_value(raw, found)
            content_type = said if said.count("/") == 1 else "text/plain"
            values = parameter_values(raw, found)
            break
    boundary = values.get("boundary", "").rstrip().encode("latin-1") if content_type.startswith("multipart/") else b""
    return _Open(fields, start, body, content_type, values, boundary, [])


def _enter(opened: list[_Open], boundaries: dict[bytes, int]) -> None:
    """Look for the boundary of the part opened last; the same boundary further out is found first."""
    if boundary := opened[-1].boundary:
        if len(opened) > MAX_DEPTH:
            raise RewriteError(f"the mail has multiparts nested more than {MAX_DEPTH} deep")
        boundaries.setdefault(boundary, len(opened) - 1)


def _close_above(raw: bytes, opened: list[_Open], level: int, boundaries: dict[bytes, int], end: int) -> None:
    """End every part inside the one at ``level``; between two boundaries in a row there is none."""
    while len(opened) > level + 1:
        done = opened.pop()
        if boundaries.get(done.boundary) == len(opened):
            del boundaries[done.boundary]
        if end >= done.start:
            opened[-1].parts.append(_closed(raw, done, end))


def _closed(raw: bytes, part: _Open, end: int) -> Part:
    disposition, filename = "", "name" in part.parameters
    encoding = find_field(part.fields, "content-transfer-encoding")
    if placed := find_field(part.fields, "content-disposition"):
        disposition = main_value(raw, placed)
        filename = filename or "filename" in parameter_values(raw, placed)
    return Part(
        fields=part.fields,
        start=part.start,
        body=part.body,
        end=max(end, part.body, part.parts[-1].end if part.parts else 0),
        content_type=part.content_type,
        parameters=part.parameters,
        encoding=main_value(raw, encoding) if encoding else "",
        disposition=disposition,
        filename=filename,
        parts=tuple(part.parts),
    )


def _before_line_end(raw: bytes, at: int) -> int:
    """Return the start of the line end whose last byte is at ``at``."""
    return at - 1 if at and raw[at - 1 : at + 1] == b"\r\n" else at


def _after_line_end(raw: bytes, at: int) -> int:
    return at + 2 if raw[at : at + 2] == b"\r\n" else min(at + 1, len(raw))


def find_field(fields: tuple[Field, ...], name: str) -> Field | None:
    """Return the first field of a name, written in lower case."""
    for found in fields:
        if found.name == name:
            return found
    return None


def walk(part: Part) -> Iterator[Part]:
    """Return a part and all parts inside it, in the order of the mail."""
    waiting = [part]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.parts))
