"""The errors of the package, and nothing else.

::

    MailbeaconError
    ├── ConfigError      the host asked for something that cannot work
    │   └── RuleError    a rule of the host's own failed
    ├── DataError        stored JSON that this version cannot read
    ├── StoreError       a file or database that cannot be opened, written or waited for now
    ├── TokenError       a tracking URL that says nothing we may believe
    │   ├── BadToken     not in the form of a token
    │   └── ForgedToken  in the form of a token, but not signed by us
    ├── RewriteError     a document or mail that cannot be rewritten safely
    │   └── SignedMail   a change would break the mail's signature
    ├── LogLineError     an access-log line that cannot be read
    └── WebhookError     a provider's post that cannot be read
        └── ForgedWebhook  one that its provider did not sign
    MissingExtra         (an ImportError) an optional dependency is not installed

No message holds a token, an address or a recipient: errors end up in logs.
"""

from __future__ import annotations

__all__ = [
    "BadToken",
    "ConfigError",
    "DataError",
    "ForgedToken",
    "ForgedWebhook",
    "LogLineError",
    "MailbeaconError",
    "MissingExtra",
    "RewriteError",
    "RuleError",
    "SignedMail",
    "StoreError",
    "TokenError",
    "WebhookError",
]


class MailbeaconError(Exception):
    """Any error this package raises on purpose, but for :class:`MissingExtra`."""


class ConfigError(MailbeaconError, ValueError):
    """What the host asked for cannot work.

    Attributes:
        why: The message without the advice to a program that may follow it.
    """

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.why = message


class RuleError(ConfigError):
    """A rule failed on an event; the cause is what it raised.

    Attributes:
        rule: The rule's name.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"the rule {rule!r} {what}")
        self.rule = rule


class DataError(MailbeaconError, ValueError):
    """Stored data cannot be read: it is broken, or of a newer version.

    Attributes:
        number: The number of the line or row, from 1; 0 when it is not one of a file's.
        file: The file's name; empty when it is not about a whole file.
        why: The message without the file's name.
    """

    def __init__(self, message: str, *, number: int = 0, file: str = "") -> None:
        super().__init__(f"{file}: {message}" if file else message)
        self.number = number
        self.file = file
        self.why = message


class StoreError(MailbeaconError, OSError):
    """A store cannot be opened, written or waited for now; the message names its file or database."""


class TokenError(MailbeaconError, ValueError):
    """A tracking URL holds nothing that may be believed."""


class BadToken(TokenError):
    """A text is not in the form of a token."""


class ForgedToken(TokenError):
    """A token was not signed with any of our keys, or was altered."""


class RewriteError(MailbeaconError, ValueError):
    """A document or mail cannot be rewritten safely; nothing was changed.

    Attributes:
        where: The path of the first node concerned, such as ``html/body/p[2]``; empty when there is none.
        why: The message without the advice to a program that may follow it.
        option: The argument that allows it all the same, such as ``shared``; empty when there is none.
    """

    def __init__(self, message: str, *, where: str = "", advice: str = "", option: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.where = where
        self.why = message
        self.option = option


class SignedMail(RewriteError):
    """A mail is signed or encrypted, so that any change would break it."""


class LogLineError(MailbeaconError, ValueError):
    """A line of an access log cannot be read.

    Attributes:
        number: The line's number, from 1; 0 when it is not known.
        file: The file's name; empty when it is not known.
    """

    def __init__(self, message: str, *, number: int = 0, file: str = "") -> None:
        super().__init__(message)
        self.number = number
        self.file = file


class WebhookError(MailbeaconError, ValueError):
    """What a provider posted cannot be read.

    Attributes:
        status: The HTTP status that answers it: 200 where sending it again would change nothing.
    """

    def __init__(self, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


class ForgedWebhook(WebhookError):
    """A post is not signed with any of the host's keys, or was altered."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message, status=status)


class MissingExtra(ImportError):
    """An optional dependency is missing; the message has the pip line that brings it.

    Attributes:
        extra: The extra's name, as in ``pip install "mailbeacon[extra]"``.
    """

    def __init__(self, extra: str, *, purpose: str) -> None:
        super().__init__(f'{purpose} needs an optional dependency: pip install "mailbeacon[{extra}]"')
        self.extra = extra
