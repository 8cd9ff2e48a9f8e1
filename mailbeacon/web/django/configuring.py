"""The beacon of the setting ``MAILBEACON``, made once a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from mailbeacon.beacon import Beacon
from mailbeacon.beacon.configuring import settings_of
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Message, Sink, Verdict
from mailbeacon.store import SpoolSink
from mailbeacon.web.django.signals import event_recorded
from mailbeacon.web.webhooks import ByName, configured

__all__ = ["beacon", "mail_options", "message_for", "receivers"]

_SETTING: Final = "MAILBEACON"
_MAIL: Final = ("EMAIL_BACKEND", "MESSAGE_FOR", "SPLIT")
"""The keys that are the mail back end's, not the beacon's."""
_HOOKS: Final = "WEBHOOKS"


@lru_cache(maxsize=1)
def beacon() -> Beacon:
    """Return the beacon of this process.

    Without a ``SINK``, events go to the app's own table.

    Raises:
        ConfigError: If the setting cannot work, with what may have been meant.
    """
    options = {name: value for name, value in _options().items() if name not in (*_MAIL, _HOOKS)}
    settings = settings_of(options, sink=_own_table, spool=_spool)
    on_event = settings.on_event

    def tell(event: Event, verdict: Verdict) -> None:
        if on_event is not None:
            on_event(event, verdict)
        event_recorded.send(sender=Beacon, event=event, verdict=verdict)

    return Beacon(settings=replace(settings, on_event=tell))


def _own_table(wait: timedelta) -> Sink:
    from mailbeacon.web.django.sinks import ModelSink

    return ModelSink(wait=wait)


def _spool(sink: Sink, folder: str) -> Sink:
    from mailbeacon.web.django.sinks import ModelSink, TableSpool

    return (TableSpool if isinstance(sink, ModelSink) else SpoolSink)(sink, folder)


def receivers() -> ByName:
    """Return the receivers of ``MAILBEACON["WEBHOOKS"]``, made once for this process's beacon.

    Raises:
        ConfigError: If the setting cannot work.
    """
    return _receivers(beacon())


@lru_cache(maxsize=1)
def _receivers(found: Beacon) -> ByName:
    return configured(_options().get(_HOOKS, {}), found, shown=f"{_SETTING}[{_HOOKS!r}]")


def mail_options() -> dict[str, Any]:
    """Return what the setting says of mail: ``EMAIL_BACKEND``, ``MESSAGE_FOR`` and ``SPLIT``."""
    return {name: value for name, value in _options().items() if name in _MAIL}


def message_for() -> Callable[[Any], Message | None] | None:
    """Return the host's function from a mail to its message, where the setting names one.

    Raises:
        ConfigError: If it names none.
    """
    found = mail_options().get("MESSAGE_FOR")
    if isinstance(found, str):
        try:
            found = import_string(found)
        except ImportError as error:
            raise ConfigError("MAILBEACON['MESSAGE_FOR'] must be a function or the dotted path of one") from error
    if found is not None and not callable(found):
        raise ConfigError("MAILBEACON['MESSAGE_FOR'] must be a function or the dotted path of one")
    return found


def _options() -> Mapping[str, Any]:
    found = getattr(django_settings, _SETTING, None)
    if not isinstance(found, Mapping):
        raise ConfigError("the setting MAILBEACON must be a dictionary, with BASE_URL and SECRET_KEYS at least")
    return found


def _forget(*, setting: str, **_: object) -> None:
    """Make the beacon anew where a test overrides the setting."""
    if setting == _SETTING:
        beacon.cache_clear()


setting_changed.connect(_forget)
