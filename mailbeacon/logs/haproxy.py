"""HAProxy: ``option httplog`` with its captures, and ``log-format`` lines of aliases.

Source: HAProxy 2.6 configuration manual, section 8 (2022); the escapes as HAProxy 2.6.12 writes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial

from mailbeacon.errors import ConfigError
from mailbeacon.logs.lines import Format, Line, Parse, as_json_text, may_be_ours, split_request
from mailbeacon.logs.nginx import header_role, joined
from mailbeacon.logs.patterns import Field, text_format
from mailbeacon.logs.times import clf

__all__ = ["haproxy_format", "httplog"]

_HTTPLOG = re.compile(
    r"(?:.*? )?(\S+?):\d+ \[(\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] \S+ \S+ "
    r"[-+/\d]+ (-?\d+) [+\d]+ \S+ \S+ \S{4} [\d/+]+ [\d/]+ "
    r'(?:\{([^{}]*)\} )?(?:\{([^{}]*)\} )?"([^"]*)"?\s*\Z',
    re.DOTALL,
)
_ESCAPED = re.compile(rb"#([0-9A-F]{2})")
_CAPTURE = re.compile(
    r"^\s*(?:http-request\s+capture\s+req\.hdr\(([^),]+)[^\n]*|capture\s+request\s+header\s+(\S+)[^\n]*)$", re.MULTILINE
)
_HEADER = re.compile(r"capture\.req\.hdr\((\d+)\)|req\.f?hdr\(([^),]+)\)")
_ALIAS = re.compile(r"%(?:\{([^}]*)\})?(?:\[([^\]]*)\]|([A-Za-z]+))")
_NUMBER = r"[-+\d]*"
_DATE = r"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d"
_WITH_MS = ("time clf", rf"{_DATE}\.\d{{3}}")
_KNOWN = {
    "ci": ("address", r"\S*?"), "cp": ("", r"\d*"), "tr": _WITH_MS, "t": _WITH_MS,
    "T": ("time clf", rf"{_DATE} [+-]\d{{4}}"), "Ts": ("time sec", r"\d+"), "trg": ("time clf", rf"{_DATE} [+-]\d{{4}}"),
    "ms": ("time msec_frac", r"\d{3}"), "r": ("request", ""), "HM": ("method", r"[A-Z]+|<BADREQ>"), "HU": ("target", ""),
    "HPO": ("path", ""), "HP": ("path", ""), "HQ": ("query", r"(?:\?.*?)?"), "HV": ("", r"\S*"), "ST": ("status", r"-?\d+"),
    "B": ("", _NUMBER), "U": ("", _NUMBER), "ft": ("", r"\S+"), "f": ("", r"\S+"), "b": ("", r"\S+"), "s": ("", r"\S+"),
    "ID": ("identity", r"\S*"), "si": ("", r"\S*"), "sp": ("", _NUMBER), "fi": ("", r"\S*"), "fp": ("", _NUMBER),
    **dict.fromkeys(("TR", "Tw", "Tc", "Tr", "Ta", "Tt", "Tq", "ac", "fc", "bc", "sc", "rc", "sq", "bq", "rt"), ("", _NUMBER)),
    "tsc": ("", r"\S*"), "CC": ("", ""), "CS": ("", ""), "hr": ("", r"(?:\{[^{}]*\})?"), "hs": ("", r"(?:\{[^{}]*\})?"),
}  # fmt: skip


def as_hashed(text: str) -> str:
    """Return a value that HAProxy wrote, without ``#HH``; ``-`` stands for none."""
    if "#" not in text:
        return "" if text == "-" else text
    found = _ESCAPED.sub(lambda one: bytes.fromhex(one[1].decode()), text.encode("utf-8", "surrogateescape"))
    return found.decode("utf-8", "surrogateescape")


def httplog(captures: Sequence[str] = (), *, zone: tzinfo | None = None, definition: str = "") -> Format:
    """Make the format of ``option httplog``.

    Args:
        captures: The names of the request headers that are captured, in the order of the configuration.
        zone: The machine's: the times have no offset.
        definition: What the host gave.
    """
    names = tuple(name.strip().lower() for name in captures)
    notes: tuple[str, ...] = ("HAProxy's times have no zone, so UTC is taken: give zone",) if zone is None else ()
    if "user-agent" not in names:
        notes += ("which captures hold which header is not in the log: give captures, else no user agent is known",)
    shows = frozenset(name for name in names if header_role(name))
    parse = partial(_parse, names=names, zone=zone)
    return Format(name="haproxy", parse=parse, shows=shows, notes=notes, definition=definition)


def _parse(line: str, *, names: tuple[str, ...], zone: tzinfo | None) -> Line | None:
    found = _HTTPLOG.match(line) if len(line) <= 65_536 else None
    if found is None:
        raise ValueError("not a line of option httplog")
    address, time, status, first, _, request = found.groups()
    if not may_be_ours(request):
        return None
    asked = split_request(as_hashed(request))
    if asked is None:
        return None
    values = {}
    if names and first is not None:
        texts = first.split("|")
        if len(texts) != len(names):
            raise ValueError(f"{len(texts)} captures, where {len(names)} names were given")
        values = {name: as_hashed(text) for name, text in zip(names, texts, strict=True)}
    fields = tuple(
        (name, value) for name, value in values.items() if value and name != "user-agent" and header_role(name)
    )
    return Line(clf(time, zone), *asked, status, address, values.get("user-agent", ""), fields)


def haproxy_format(text: str, *, zone: tzinfo | None = None) -> Format:
    """Make the format of pasted configuration: ``capture request header`` lines, or a ``log-format`` line.

    Raises:
        ConfigError: If no line could be read safely.
    """
    captures = tuple(one or other for one, other in _CAPTURE.findall(text))
    line = next((line for line in text.splitlines() if line.strip().startswith("log-format")), "")
    if not line and ("%" not in text or captures):
        return httplog(captures, zone=zone, definition=text)
    pattern = _pattern(line or text)
    parts: list[str | Field] = []
    end = 0
    for one in _ALIAS.finditer(pattern):
        parts.append(pattern[end : one.start()])
        parts += _fields(one, captures)
        end = one.end()
    parts.append(pattern[end:].rstrip())
    made = text_format("haproxy", _merged(parts), as_hashed, definition=text, zone=zone)
    return replace(made, parse=partial(_unless_bad, parse=made.parse))


def _unless_bad(line: str, *, parse: Parse) -> Line | None:
    """Read a line of a log-format, unless it tells of what was no request: its fields are then written otherwise."""
    return None if "<BADREQ>" in line else parse(line)


def _pattern(text: str) -> str:
    """Return a log-format's string: quoted, or with back-slashes before blanks."""
    text = text.strip().removeprefix("log-format").strip()
    if text[:1] == '"' and text[-1:] == '"':
        return joined(text)
    return re.sub(r"\\(.)", r"\1", text)


def _merged(parts: Sequence[str | Field]) -> list[str | Field]:
    merged: list[str | Field] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return merged


def _fields(one: re.Match[str], captures: Sequence[str]) -> list[str | Field]:
    flags, sample, alias = one.groups()
    if sample is not None:
        return [_sample(sample, one[0], captures)]
    if alias == "hr" and captures:
        return _captured(captures, one[0])
    if alias not in _KNOWN:
        raise ConfigError(f"%{alias} in the log-format is not known")
    field = Field(*_KNOWN[alias], one[0])
    return ['"', field, '"'] if flags and "+Q" in flags else [field]


def _captured(captures: Sequence[str], whole: str) -> list[str | Field]:
    """Return the fields of ``{first|second}``."""
    parts: list[str | Field] = []
    for name in captures:
        parts += ["|", Field(header_role(name.lower()), r"[^|{}]*", whole)]
    return ["{", *parts[1:], "}"]


def _sample(sample: str, whole: str, captures: Sequence[str]) -> Field:
    """Return the field of ``%[…]``: written without escaping, but for what ``json()`` does."""
    found = _HEADER.match(sample)
    name = ""
    if found:
        number = found[1]
        name = captures[int(number)] if number and int(number) < len(captures) else found[2] or ""
    is_json = ",json(" in sample
    undo = as_json_text if is_json else None
    return Field(header_role(name.lower()), "", whole, raw=not is_json, undo=undo)
