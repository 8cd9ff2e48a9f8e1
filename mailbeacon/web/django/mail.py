"""A mail back end that tracks what goes through it, and lets any other send it.

With ``EMAIL_BACKEND`` (Django 5.2): this one there, and the one that sends in ``MAILBEACON["EMAIL_BACKEND"]``. With
``MAILERS`` (Django 6.1): this one with ``"OPTIONS": {"mailer": "…"}``, the name of the one that sends.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings as django_settings
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from mailbeacon.errors import ConfigError
from mailbeacon.model import Message
from mailbeacon.web.django.configuring import beacon, mail_options, message_for
from mailbeacon.web.mailing import bare_address, recipients_of, track

__all__ = ["PATH", "EmailBackend", "inner_backends", "is_test_mail"]

PATH: Final = "mailbeacon.web.django.mail.EmailBackend"
_MARK: Final = "mailbeacon"
_LOCMEM: Final = "django.core.mail.backends.locmem.EmailBackend"


class EmailBackend(BaseEmailBackend):
    """Send tracked copies through another back end.

    A mail that carries a message (``mail.mailbeacon = mb.Message(…)``), or for which ``MAILBEACON["MESSAGE_FOR"]`` gives
    one, is tracked; all others go out as they are. A mail to several people may carry a mapping from address to message;
    with ``MAILBEACON["SPLIT"]`` each of them gets a copy of their own, and nobody else's address.
    """

    def __init__(self, *args: Any, mailer: str = "", alias: str | None = None, **options: Any) -> None:
        if mailer:
            super().__init__(alias=alias)
            self._inner: Any = django_mail.mailers[mailer]  # Django 6.1
        else:
            super().__init__()
            self._inner = import_string(_legacy_backend())(*args, **options)

    def open(self) -> bool | None:
        """Open the other back end's connection."""
        found: bool | None = self._inner.open()
        return found

    def close(self) -> None:
        """Close it."""
        self._inner.close()

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Send mails over one connection, and return how many went out; a mail that was split counts once.

        Raises:
            ConfigError: If a tracked mail goes to several people and is not to be split.
        """
        prepared = [(mail, list(_copies(mail))) for mail in email_messages or ()]
        is_ours = bool(prepared) and self._inner.open()
        try:
            return sum(self._is_sent(mail, copies) for mail, copies in prepared)
        finally:
            if is_ours:
                self._inner.close()

    def _is_sent(self, mail: Any, copies: list[Any]) -> bool:
        count = self._inner.send_messages(copies)
        for one in copies:
            if one is not mail and hasattr(one, "anymail_status"):
                mail.anymail_status = one.anymail_status
        return bool(count)


def inner_backends() -> list[str]:
    """Return the back ends behind this one, as the settings name them; none where it is not in use.

    Raises:
        ConfigError: If it is in use without another, or with itself.
    """
    mailers: Mapping[str, Mapping[str, Any]] | None = getattr(django_settings, "MAILERS", None)
    if not mailers:
        return [_legacy_backend()] if getattr(django_settings, "EMAIL_BACKEND", "") == PATH else []
    found = []
    for name, one in mailers.items():
        if one.get("BACKEND") != PATH:
            continue
        inner = (one.get("OPTIONS") or {}).get("mailer", "")
        if inner not in mailers or mailers[inner].get("BACKEND") == PATH:
            raise ConfigError(f"MAILERS[{name!r}] needs the name of another mailer in OPTIONS: {{'mailer': …}}")
        found.append(str(inner))
    return found


def is_test_mail() -> bool:
    """Check whether mail goes nowhere, as in Django's own tests, where its back end takes the place of a site's."""
    mailers = getattr(django_settings, "MAILERS", None) or {}
    found = {one.get("BACKEND") for one in mailers.values()} or {getattr(django_settings, "EMAIL_BACKEND", "")}
    return found == {_LOCMEM}


def _legacy_backend() -> str:
    found = mail_options().get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    if not isinstance(found, str) or found == PATH:
        raise ConfigError("MAILBEACON['EMAIL_BACKEND'] must be the dotted path of the back end that sends")
    return found


def _copies(mail: Any) -> Iterator[Any]:
    """Return what is to be sent for a mail: tracked copies, or itself."""
    carried = getattr(mail, _MARK, None)
    if isinstance(carried, Mapping):
        yield from _each(mail, carried)
        return
    asked = message_for()
    if carried is None and asked is not None:
        if mail_options().get("SPLIT") and len(recipients_of(mail)) > 1:
            for one in _split(mail, recipients_of(mail)):
                yield _tracked(one, asked(one))
            return
        carried = asked(mail)
    yield _tracked(mail, carried)


def _tracked(mail: Any, message: Message | None) -> Any:
    if message is None:
        return mail
    if not isinstance(message, Message):
        raise ConfigError(f"a mail's message must be a mailbeacon.Message, got {type(message).__name__}")
    return track(beacon(), mail, message)


def _each(mail: Any, messages: Mapping[str, Message]) -> Iterator[Any]:
    """Return a copy for each recipient; those who have no message get it untracked."""
    if len(recipients_of(mail)) > 1 and not mail_options().get("SPLIT"):
        raise ConfigError(
            "a mail with several messages needs MAILBEACON['SPLIT'] = True: each gets a copy of their own"
        )
    for one in _split(mail, recipients_of(mail)):
        address = one.to[0]
        yield _tracked(one, messages.get(address) or messages.get(bare_address(address)))


def _split(mail: Any, people: Sequence[str]) -> Iterator[Any]:
    for address in dict.fromkeys(people):
        copied = copy.copy(mail)
        copied.to, copied.cc, copied.bcc = [address], [], []
        yield copied
