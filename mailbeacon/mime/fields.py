"""Header fields of a mail: where they are in the raw bytes, and what their parameters say.

Does not decode field values for people, and writes none; see ``headers`` for that.

Source: RFC 5322 (2008) for fields, RFC 2045 (1996) for parameters, RFC 2231 (1997) for split and encoded parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailbeacon.errors import RewriteError

__all__ = ["Field", "Parameter", "main_value", "parameter_values", "parameters", "read_fields", "unfolded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where a header field is: ``raw[start:value]`` is the name and colon, ``raw[value:end]`` the rest.

    Attributes:
        name: The name in lower case.
        start: The first byte of the name.
        value: The first byte after the colon.
        end: The first byte of what follows, past the line end of the last folded line.
    """

    name: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Where one written parameter is: ``raw[start:end]`` is ``name=value`` as it stands, quotes and all.

    Attributes:
        name: The name in lower case, with the stars of RFC 2231.
        value: The value without quotes, one character a byte.
        start: The first byte of the name.
        end: The first byte past the value.
    """

    name: str
    value: str
    start: int
    end: int


_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n|\Z)")
_LINES_AHEAD = 20
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_BEFORE_MAIL = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*+(?>>?From [^\r\n]*+[\r\n]++)*+")
_USUAL = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|message-id|mime-version|content-[a-z-]++|received|return-path|reply-to|sender|dkim-signature"
    rb"|list-[a-z-]++|x-[a-z-]++)[ \t]*+:",
    re.IGNORECASE,
)
"""Fields that only a header holds at the begin of a line."""
_NAME = re.compile(rb"([!-9;-~]*+)[ \t]*+:")
_PARAMETER = re.compile(rb';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?>[^"\\]|\\.)*+)"?|([^;"]*+))', re.DOTALL)
_SEGMENT = re.compile(r"([^*]++)(?:\*([0-9]{1,9}))?(\*)?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def read_fields(raw: bytes, start: int, boundaries: Mapping[bytes, int]) -> tuple[tuple[Field, ...], int]:
    """Find the header fields that begin at ``start``.

    The header ends at an empty line, which belongs to it, or before the first line that is no field: a mail may
    lack the empty line. A line that is one of ``boundaries`` ends it too. ``From `` of an mbox is passed over, and so are a
    byte order mark and empty lines before a mail's first field.

    Returns:
        The fields, and the offset of the body.

    Raises:
        RewriteError: If a line that is no field stands among the fields: some mail programs would read on behind it, some
            would take the rest for text, so that nobody can say what the parts are.
    """
    found: list[Field] = []
    at = start or _first_field(raw)
    while line := _LINE.match(raw, at):
        end = line.end()
        text = line[0].rstrip(b"\r\n")
        if not text:
            if raw[at - 1 : at] == b"\r" and line[0] == b"\r\n" and _goes_on(raw, end):  # CR CR LF
                raise _stray(raw, at - 1, "ends in CR CR LF")
            return tuple(found), end
        if text.startswith(b"--") and _is_boundary(text[2:], boundaries):
            break
        if text[0] in b" \t":
            if found:
                last = found[-1]
                found[-1] = Field(name=last.name, start=last.start, value=last.value, end=end)
        elif named := _NAME.match(text):
            found.append(Field(name=named[1].decode().lower(), start=at, value=at + named.end(), end=end))
        elif not (text.startswith((b"From ", b">From ")) and (not found or _goes_on(raw, end))):
            if (found or not start) and (_goes_on(raw, end) or (not found and _begins_later(raw, end))):
                raise _stray(raw, at)
            break
        at = end
    return tuple(found), at


def _first_field(raw: bytes) -> int:
    """Return where a mail's first field is, behind what harmlessly precedes it; 0 where no field follows that."""
    before = _BEFORE_MAIL.match(raw)
    at = before.end() if before else 0
    return at if _NAME.match(raw, at) else 0


def _goes_on(raw: bytes, at: int) -> bool:
    """Check whether a field that every mail program knows stands between a place and the next empty line or boundary."""
    for _ in range(_LINES_AHEAD):
        line = _LINE.match(raw, at)
        if not line or not line[0].rstrip(b"\r\n") or line[0].startswith(b"--"):
            return False
        if _USUAL.match(line[0]):
            return True
        at = line.end()
    return False


def _begins_later(raw: bytes, at: int) -> bool:
    """Check whether a whole header stands behind the next empty line: then what precedes it is a banner, and no mail."""
    while (line := _LINE.match(raw, at)) and line[0]:
        at = line.end()
        if not line[0].strip():
            break
    usual = 0
    for _ in range(_LINES_AHEAD):
        line = _LINE.match(raw, at)
        if not line or not line[0].strip():
            break
        usual += _USUAL.match(line[0]) is not None
        at = line.end()
    return usual > 1


def _stray(raw: bytes, at: int, what: str = "is no header field") -> RewriteError:
    number = len(_NEWLINE.findall(raw, 0, at)) + 1
    return RewriteError(f"line {number} of the mail {what}, and fields follow it: mend that line first")


def _is_boundary(text: bytes, boundaries: Mapping[bytes, int]) -> bool:
    text = text.rstrip(b" \t")
    return text in boundaries or (text.endswith(b"--") and text[:-2] in boundaries)


def unfolded(raw: bytes, field: Field) -> bytes:
    """Return a field's value on one line, without the blanks around it."""
    return raw[field.value : field.end].replace(b"\r", b"").replace(b"\n", b"").strip()


def main_value(raw: bytes, field: Field) -> str:
    """Return what stands before the first parameter, in lower case and without comments: ``text/html``."""
    text = unfolded(raw, field).partition(b";")[0].decode("latin-1")
    return text.partition("(")[0].strip().strip('"').lower()


def parameters(raw: bytes, field: Field) -> Iterator[Parameter]:
    """Return a field's parameters as they are written, one at a time."""
    for match in _PARAMETER.finditer(raw, field.value, field.end):
        quoted, bare = match[2], match[3]
        if quoted is not None:
            value, end = _ESCAPED.sub(r"\1", _one_line(quoted)), match.start() + len(match[0].rstrip(b"\r\n"))
        else:
            bare = _without_comment(bare)
            value, end = _one_line(bare), match.start() + len(raw[match.start() : match.start(3) + len(bare)].rstrip())
        yield Parameter(name=match[1].decode("latin-1").lower(), value=value, start=match.start(1), end=end)


def _without_comment(written: bytes) -> bytes:
    """Cut a bare value before a comment, as in ``us-ascii (plain)``."""
    at = written.find(b"(")
    return written[:at].rstrip() if at > 0 and written[at - 1 : at].isspace() else written.rstrip()


def _one_line(data: bytes) -> str:
    return data.decode("latin-1").replace("\r", "").replace("\n", "")


def parameter_values(raw: bytes, field: Field) -> dict[str, str]:
    """Return the parameters by name, those of RFC 2231 put together; the first of a name wins, a plain one before others.

    The values are one character a byte: the charset an encoded value announces is not applied.
    """
    plain: dict[str, str] = {}
    split: dict[str, dict[int, str]] = {}
    for parameter in parameters(raw, field):
        segment = _SEGMENT.fullmatch(parameter.name)
        if segment is None or not (segment[2] or segment[3]):
            plain.setdefault(parameter.name, parameter.value)
            continue
        number, value = int(segment[2] or 0), parameter.value
        if segment[3]:
            value = value.split("'", 2)[-1] if number == 0 else value
            value = unquote_to_bytes(value.encode("latin-1")).decode("latin-1")
        split.setdefault(segment[1], {}).setdefault(number, value)
    joined = {name: "".join(text for _, text in sorted(found.items())) for name, found in split.items()}
    return {**joined, **plain}
