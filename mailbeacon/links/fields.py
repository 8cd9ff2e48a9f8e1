"""The header fields of a mail that offer one-click unsubscribing, as texts that stay on one line whoever writes the mail.

The standard library folds a long URL into an encoded word, which no mail program reads as a link.
Source: RFC 5322 (2008), section 2.1.1, for the 998 octets of a line; RFC 2047 (1996), section 5: no encoded word in a URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailbeacon.errors import ConfigError
from mailbeacon.model.mail import MAX_LINE

if TYPE_CHECKING:
    from email.policy import Policy

__all__ = ["FieldText", "leave_fields"]


class FieldText(str):
    """A field's value that a modern ``EmailMessage`` writes as it is: its policies let a value with a name fold itself.

    Args:
        name: The field's.
        value: What stands in it.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> FieldText:
        """Make the value of a field."""
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: Policy) -> str:
        """Return the line, as the standard library asks for it."""
        return f"{self.name}: {self}{policy.linesep}"

    def __reduce__(self) -> tuple[object, ...]:
        return FieldText, (self.name, str(self))


def leave_fields(url: str) -> dict[str, str]:
    """Return the header fields that offer one-click unsubscribing at a URL.

    Raises:
        ConfigError: If it is too long for a line of mail: a field folded inside a URL is lost to most readers.

    Source: RFC 8058 (2017), section 3.1.
    """
    fields = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if any(len(f"{name}: {value}") > MAX_LINE for name, value in fields.items()):
        raise ConfigError("the link to leave is too long for a line of mail: use a shorter recipient, id or metadata")
    return {name: FieldText(name, value) for name, value in fields.items()}
