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
from mailbeacon.model import Message

__all__ = ["Opening", "bare_address", "recipients_of", "track"]

_log = logging.getLogger("mailbeacon")
_HTML: Final = "text/html"
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
    """Rewrite the bodies of a copy."""
    if hasattr(mail, "send_to"):
        html, text = _rewritten(beacon, _text(mail.html), _text(mail.body), message)
        mail.alts = dict(mail.alts)
        mail.html, mail.body = html or mail.html, text or mail.body
        return
    alternatives = list(getattr(mail, "alternatives", None) or ())
    body_is_html = getattr(mail, "content_subtype", "plain") == "html"
    place = next((number for number, one in enumerate(alternatives) if _is_html(one)), None)
    html = mail.body if body_is_html else alternatives[place][0] if place is not None else ""
    html, text = _rewritten(beacon, _text(html), "" if body_is_html else _text(mail.body), message)
    mail.body = html if body_is_html else text
    if place is not None and not body_is_html:
        kind, said = type(alternatives[place]), alternatives[place][1]
        alternatives[place] = (html, said) if kind is tuple else kind(html, said)
        mail.alternatives = alternatives


def _is_html(alternative: Any) -> bool:
    return str(alternative[1]).partition(";")[0].strip().lower() == _HTML


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


def _rewritten(beacon: Beacon, html: str, text: str, message: Message) -> tuple[str, str]:
    """Return both bodies rewritten, with the numbers of links running on from one to the other."""
    if html and text and message.campaign:
        made = beacon.compile(html, text, campaign=message.campaign, verify=False)
        return made.render(message), made.render_text(message)
    return (
        beacon.rewrite(html, message).html if html else "",
        beacon.rewrite(text, message, text=True).text if text else "",
    )
