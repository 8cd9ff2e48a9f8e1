"""Tracked copies of the mail objects of frameworks: Django's, Flask-Mail's, Flask-Mailman's.

Rewrites their bodies before the mail is put together, so that back ends which never build it, as those of providers' APIs,
send the tracked one too. Knows the objects by their shape, and imports no framework.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from email.utils import getaddresses
from typing import Any, Final, TypeVar

from mailbeacon.beacon import Beacon
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.model import Message, SkipReason

__all__ = ["Opening", "bare_address", "recipients_of", "track"]

_log = logging.getLogger("mailbeacon")
_HTML: Final = "text/html"
_TEXT: Final = "text/plain"
_AMP: Final = "text/x-amp-html"
_BODY: Final = -1
Mail = TypeVar("Mail")


def track(beacon: Beacon, mail: Mail, message: Message) -> Mail:
    """Return a tracked copy of a framework's mail; the one given is never touched.

    A body that cannot be rewritten safely goes out as it is, and the log says so: the reader comes first.

    Args:
        beacon: Signs the links.
        mail: An ``EmailMessage`` of Django or Flask-Mailman, or a ``Message`` of Flask-Mail, to one person.
        message: Whose mail it is.

    Raises:
        ConfigError: If the mail goes to several people, or the message cannot be signed.
    """
    people = {bare_address(one) for one in recipients_of(mail)}
    if len(people) > 1:
        raise ConfigError(
            f"the mail goes to {len(people)} people, and a tracked one belongs to one: send each a mail of their own"
        )
    copied: Any = copy.copy(mail)
    try:
        _rewrite_in(copied, beacon, message)
    except RewriteError as error:
        _log.error("a mail goes out untracked, for it cannot be rewritten safely: %s", error)
        return mail
    found: Mail = copied
    return found


def recipients_of(mail: object) -> list[str]:
    """Return all addresses a mail goes to, hidden ones too.

    Raises:
        ConfigError: If it is no mail of a framework.
    """
    found = getattr(mail, "recipients", None) if hasattr(mail, "body") else None
    if callable(found):  # Django, Flask-Mailman
        return list(found())
    if hasattr(mail, "send_to"):  # Flask-Mail
        return sorted(mail.send_to)
    raise ConfigError(f"mail must be a message of Django, Flask-Mail or Flask-Mailman, got {type(mail).__name__}")


def bare_address(recipient: str) -> str:
    """Return the address of a recipient who may be written with a name; the text itself where it is not one address."""
    found = getaddresses([recipient])
    return found[0][1] or recipient if len(found) == 1 else recipient


class Opening:
    """Open the connections of Flask-Mail or Flask-Mailman so that each mail sent over one is tracked.

    Args:
        mail: The object that opens them, of which the method is replaced.
        tracked: Gives what is sent in place of a mail.

    Raises:
        ConfigError: If it is neither's.
    """

    def __init__(self, mail: Any, tracked: Callable[[Any], Any]) -> None:
        name = next((one for one in ("connect", "get_connection") if callable(getattr(mail, one, None))), None)
        if name is None:
            raise ConfigError(f"mail must be the Mail of Flask-Mail or Flask-Mailman, got {type(mail).__name__}")
        self._open, self._tracked = getattr(mail, name), tracked
        setattr(mail, name, self)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Open a connection."""
        connection = self._open(*arguments, **options)
        if hasattr(connection, "send_messages"):  # Flask-Mailman
            send_many = connection.send_messages
            connection.send_messages = lambda mails: send_many([self._tracked(mail) for mail in mails])
        else:
            send_one = connection.send
            connection.send = lambda message, *rest, **more: send_one(self._tracked(message), *rest, **more)
        return connection


def _rewrite_in(mail: Any, beacon: Beacon, message: Message) -> None:
    """Rewrite the bodies of a copy, of which a mail program shows one: all HTML with a pixel, then all text."""
    bodies = _bodies(mail)
    rewriter = beacon.outgoing.rewriters(message, shared=False)
    number = 1
    bound: dict[str, SkipReason] = {}
    new = {}
    for kind, rewrite in ((_HTML, rewriter.html), (_TEXT, rewriter.text)):
        for place, (said, body) in bodies.items():
            if said == kind and (source := _text(body)):
                done = rewrite(source, first_number=number, bound=bound)
                number += len(done.links)
                bound |= done.bound
                new[place] = done.text
    if any(said == _AMP for said, _ in bodies.values()):
        _log.info("the AMP part of a mail is left as it is: opens and clicks there are not seen")
    _put(mail, new)


def _bodies(mail: Any) -> dict[int | str, tuple[str, object]]:
    """Return the type and the content of a mail's body and of each alternative, by place."""
    found: dict[int | str, tuple[str, object]] = {
        _BODY: (f"text/{getattr(mail, 'content_subtype', 'plain')}", mail.body)
    }
    if hasattr(mail, "send_to"):  # Flask-Mail
        return found | {kind: (f"text/{kind}".lower(), content) for kind, content in mail.alts.items()}
    for place, one in enumerate(getattr(mail, "alternatives", None) or ()):
        found[place] = (str(one[1]).partition(";")[0].strip().lower(), one[0])
    return found


def _put(mail: Any, new: dict[int | str, str]) -> None:
    """Put what was rewritten in its place, and leave what the mail shares with the one it was copied from alone."""
    mail.body = new.pop(_BODY, mail.body)
    if hasattr(mail, "send_to"):
        mail.alts = {**mail.alts, **new}
    elif new:
        mail.alternatives = [_with_text(one, new.get(place)) for place, one in enumerate(mail.alternatives)]


def _with_text(alternative: Any, text: str | None) -> Any:
    """Return an alternative with another text, in a tuple of its own kind."""
    if text is None:
        return alternative
    kind = type(alternative)
    return (text, alternative[1]) if kind is tuple else kind(text, alternative[1])


def _text(body: object) -> str:
    """Return a body as text; a framework takes bytes for UTF-8, and a translation for what it says.

    Raises:
        RewriteError: If bytes are not UTF-8.
    """
    if not isinstance(body, bytes):
        return str(body or "")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise RewriteError("a body of bytes is not UTF-8") from error
