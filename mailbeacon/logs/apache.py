"""Apache: any ``LogFormat``; and Fastly, whose default strings are the same without escaping.

Source: mod_log_config (documentation, 2026); the escapes as Apache 2.4.71 writes them.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from mailbeacon.errors import ConfigError
from mailbeacon.logs.lines import Format, as_plain, as_slashed
from mailbeacon.logs.nginx import CLF, header_role
from mailbeacon.logs.patterns import Field, text_format

__all__ = ["COMMON", "VHOST", "apache_format"]

COMMON = '%h %l %u %t "%r" %>s %b'
VHOST = '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"'
"""Debian's ``vhost_combined``."""

_DIRECTIVE = re.compile(r"%([!\d,]*)([<>]?)(?:\{([^}]*)\})?(\^[a-z]{2}|[a-zA-Z%])")
_CONFIGURED = re.compile(r'\s*LogFormat\s+"((?:[^"\\]|\\.)*)"', re.IGNORECASE | re.DOTALL)
_NUMBER = r"[-\d]+"
_KNOWN = {
    "h": ("address", r"[^ ]*"),
    "a": ("address", r"[^ ]*"),
    "r": ("request", ""),
    "m": ("method", r"[^\s|]*?"),
    "U": ("path", ""),
    "q": ("query", r"(?:\?.*?)?"),
    "s": ("status", r"[-\d]{1,3}"),
    "b": ("", _NUMBER),
    "B": ("", _NUMBER),
    "O": ("", _NUMBER),
    "I": ("", _NUMBER),
    "D": ("", _NUMBER),
    "T": ("", _NUMBER),
    "p": ("", r"\d*"),
    "H": ("", r"[^\s|\"]*"),
    "X": ("", r"[X+-]"),
    "l": ("", r"\S*"),
}
_STRFTIME = {
    "Y": r"\d{4}", "m": r"\d\d", "d": r"\d\d", "H": r"\d\d", "M": r"\d\d", "S": r"\d\d", "y": r"\d\d", "b": "[A-Z][a-z]{2}",
    "z": r"[+-]\d{4}", "e": r"[ \d]\d", "a": "[A-Z][a-z]{2}", "j": r"\d{3}",
}  # fmt: skip
_WHOLE = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "D": "%m/%d/%y"}
_TIMES = {
    "sec": ("time sec", r"\d+"),
    "msec": ("time msec_epoch", r"\d+"),
    "usec": ("time usec", r"\d+"),
    "msec_frac": ("time msec_frac", r"\d{3}"),
    "usec_frac": ("time usec_frac", r"\d{6}"),
}


def apache_format(text: str, *, name: str = "apache", zone: tzinfo | None = None, escaped: bool = True) -> Format:
    """Make the format of a ``LogFormat`` line, as it stands in the configuration, or of its string alone.

    Args:
        text: With ``%`` directives.
        name: What to call it.
        zone: Of times without an offset.
        escaped: Whether quotes inside values are escaped, as Apache does and Fastly does not.

    Raises:
        ConfigError: If no line could be read safely.
    """
    found = _CONFIGURED.match(text)
    pattern = re.sub(r'\\(["\\])', r"\1", found[1]) if found else text
    parts: list[str | Field] = []
    end = 0
    for one in _DIRECTIVE.finditer(pattern):
        _add(parts, pattern[end : one.start()])
        _add(parts, "%" if one[4] == "%" else _field(one, escaped=escaped))
        end = one.end()
    _add(parts, pattern[end:].rstrip())
    return text_format(name, parts, as_slashed if escaped else as_plain, definition=text, zone=zone)


def _add(parts: list[str | Field], part: str | Field) -> None:
    r"""Add a part; ``\t`` and ``\n`` in a format are a tab and a new line, and a clock has brackets of its own."""
    if isinstance(part, Field):
        if part.role == "time clf":
            parts += ["[", part, "]"]
            return
        parts.append(part)
    elif part:
        text = part.replace(r"\t", "\t").replace(r"\n", "\n")
        if parts and isinstance(parts[-1], str):
            parts[-1] += text
        else:
            parts.append(text)


def _field(one: re.Match[str], *, escaped: bool) -> Field:
    condition, _, argument, letter = one.groups()
    whole = one[0]
    if letter == "t":
        return _time(argument or "", whole)
    if letter == "i":
        role = header_role((argument or "").lower())
        return Field(role, "", whole, raw=not escaped)
    if letter == "a" and argument == "c":
        return Field("", r"\S*", whole)
    if letter == "T":
        return Field("", _NUMBER, whole)
    role, form = _KNOWN.get(letter, ("", ""))
    return Field(role, rf"(?:{form}|-)" if condition and form else form, whole)


def _time(argument: str, whole: str) -> Field:
    """Return the field of ``%t`` or ``%{…}t``."""
    argument = argument.removeprefix("begin:").removeprefix("end:")
    if not argument:
        return Field("time clf", CLF, whole)
    if argument in _TIMES:
        return Field(*_TIMES[argument], whole)
    for letter, meant in _WHOLE.items():
        argument = argument.replace(f"%{letter}", meant)
    if argument == "%z":
        return Field("time zone", _STRFTIME["z"], whole)
    if argument == "%s":
        return Field("time sec", r"\d+", whole)
    form = re.sub(r"%(.)|(.)", lambda sign: _letter(sign[1], whole) if sign[1] else re.escape(sign[2]), argument)
    return Field(f"time strftime {argument}", form, whole)


def _letter(letter: str, whole: str) -> str:
    if letter not in _STRFTIME:
        raise ConfigError(f"{whole} in the log format holds %{letter}, which cannot be read back")
    return _STRFTIME[letter]
