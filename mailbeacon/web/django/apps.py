"""The app and its system checks."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

__all__ = ["MailbeaconConfig", "check_mail", "check_routes", "check_settings"]


class MailbeaconConfig(AppConfig):
    """The app."""

    name = "mailbeacon.web.django"
    label = "mailbeacon"
    verbose_name = "Mail tracking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        for check in (check_settings, check_mail, check_routes):
            register(check)


def check_settings(**_: Any) -> list[CheckMessage]:
    """Check whether the setting ``MAILBEACON`` works (``mailbeacon.E001``)."""
    from mailbeacon.errors import ConfigError, MissingExtra
    from mailbeacon.web.django.configuring import beacon, receivers

    try:
        beacon()
        receivers()
    except (ConfigError, MissingExtra, OSError) as error:
        return [Error(str(error), id="mailbeacon.E001")]
    return []


def check_mail(**_: Any) -> list[CheckMessage]:
    """Check whether the mail back end has another one behind it (``E002``), and is in use where it has settings (``W002``)."""
    from mailbeacon.errors import ConfigError
    from mailbeacon.web.django.configuring import mail_options, message_for
    from mailbeacon.web.django.mail import PATH, inner_backends, is_test_mail

    try:
        message_for()
        is_in_use = bool(inner_backends()) or is_test_mail()
        unused = [] if is_in_use else sorted(mail_options())
    except ConfigError as error:
        return [Error(str(error), id="mailbeacon.E002")]
    if not unused:
        return []
    said = f"MAILBEACON has {' and '.join(unused)}, but no mail goes through its back end: none is tracked on sending"
    return [Warning(said, hint=f"{PATH!r} in EMAIL_BACKEND, or in MAILERS", id="mailbeacon.W002")]


def check_routes(**_: Any) -> list[CheckMessage]:
    """Check whether the routes are mounted under the path of the base URL (``mailbeacon.W001``)."""
    from urllib.parse import unquote, urlsplit

    from django.urls import Resolver404, resolve

    from mailbeacon.errors import ConfigError
    from mailbeacon.web.django.configuring import beacon

    try:
        path = unquote(urlsplit(beacon().settings.base_url).path)
        is_ours = resolve(f"{path}/o/x.gif").func.__module__ == "mailbeacon.web.django.views"
    except Resolver404:
        is_ours = False
    except (ConfigError, ImportError, OSError):
        return []  # another check says so
    if is_ours:
        return []
    hint = f"path({path.strip('/') + '/'!r}, include('mailbeacon.web.django.urls'))"
    return [
        Warning(
            "the tracking routes are not mounted under the path of MAILBEACON['BASE_URL']: every link would be dead",
            hint=hint,
            id="mailbeacon.W001",
        )
    ]
