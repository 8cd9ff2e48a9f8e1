"""Header fields that stand on one line, whatever writes the mail.

The standard library folds a long URL into an encoded word, which no mail program reads as a link. A mail's line holds 998
octets, and a URL is folded nowhere.
Source: RFC 5322 (2008), section 2.1.1; RFC 2047 (1996), section 5: no encoded word stands inside a URL of such a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.policy import EmailPolicy
from typing import TYPE_CHECKING

from mailbeacon import mime
from mailbeacon.links import FieldText

if TYPE_CHECKING:
    from email.message import Message as Email
    from email.policy import Policy

__all__ = ["insert", "put"]


class _Legacy:
    """A value that a legacy ``Message`` writes as it is: there a text would be folded, and an object encodes itself."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self._value}{policy.linesep}"

    def encode(self, **_: object) -> str:
        return self._value

    def __str__(self) -> str:
        return self._value


def put(email: Email[str, str], fields: Mapping[str, str]) -> None:
    """Set fields of an email object, in place of those it has of these names."""
    for name, value in fields.items():
        del email[name]
        modern = isinstance(email.policy, EmailPolicy)
        email[name] = FieldText(name, value) if modern else _Legacy(name, value)  # type: ignore[assignment]


def insert(raw: bytes, root: mime.Part, fields: Mapping[str, str]) -> list[mime.Change]:
    """Return the changes that put fields at the end of a mail's header, in place of those it has of these names.

    Raises:
        ConfigError: If one cannot be written.
    """
    if not fields:
        return []
    names = {name.lower() for name in fields}
    newline = b"\r\n" if raw.find(b"\r\n", 0, root.body) >= 0 else b"\n"
    end = root.fields[-1].end if root.fields else 0
    lines = b"".join(mime.field(name, value, newline) for name, value in fields.items())
    if end and raw[end - 1 : end] not in (b"\n", b"\r"):
        lines = newline + lines
    return [*((one.start, one.end, b"") for one in root.fields if one.name in names), (end, end, lines)]
