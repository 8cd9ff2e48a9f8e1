"""A Flask extension: configuration, the tracking routes as a blueprint, signals, tracked mail and a command.

Source: Flask, Flask Extension Development, 2026.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from mailbeacon.beacon import Beacon
from mailbeacon.beacon.configuring import settings_of
from mailbeacon.errors import ConfigError, MailbeaconError, MissingExtra
from mailbeacon.model import Event, Message, Verdict
from mailbeacon.web import MAX_BODY
from mailbeacon.web import mailing as _mailing
from mailbeacon.web.webhooks import MOST_READ, ByName, configured, request_of
from mailbeacon.web.wsgi import RequestReader

try:
    import click
    import flask
    from blinker import Namespace
    from flask.cli import AppGroup
except ImportError as missing:
    raise MissingExtra("flask", purpose="the Flask extension") from missing

__all__ = ["Mailbeacon", "State", "event_recorded"]

_log = logging.getLogger("mailbeacon")
_PREFIX: Final = "MAILBEACON_"
_HOOKS: Final = "WEBHOOKS"
_NAME: Final = "mailbeacon"
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
Mail = TypeVar("Mail")

event_recorded = Namespace().signal("event_recorded")
"""Sent with the application after each recorded event: ``event`` and ``verdict``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the extension keeps in ``app.extensions["mailbeacon"]``."""

    beacon: Beacon


class Mailbeacon:
    """Mount the tracking routes in a Flask application, under the path of its base URL.

    The configuration has ``MAILBEACON_BASE_URL``, ``MAILBEACON_SECRET_KEYS`` and any other setting by its name in capitals;
    ``MAILBEACON_SINK`` may name a file or a database, ``MAILBEACON_SPOOL`` the folder of a spool before it. One that does
    not exist is a ``ConfigError``. ``MAILBEACON_WEBHOOKS`` has a provider's name and what
    :func:`mailbeacon.webhooks.receiver` takes for it; it then posts to ``webhooks/<name>`` beside the tracking routes.

    Args:
        app: The application; without it call :meth:`init_app`.
        beacon: A beacon that is there already, in place of the configuration.
    """

    def __init__(self, app: flask.Flask | None = None, *, beacon: Beacon | None = None) -> None:
        self._given = beacon
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Set an application up.

        Raises:
            ConfigError: If the configuration cannot work, or the application is set up already.
        """
        if _NAME in app.extensions:
            raise ConfigError("Mailbeacon is set up for this application already: an application has one beacon")
        options = _configured(app.config)
        hooks = options.pop(_HOOKS, None)
        settings = self._given.settings if self._given else settings_of(options, prefix=_PREFIX)
        on_event = settings.on_event
        if settings.sink is None and on_event is None:
            _log.warning("there is no %sSINK: the signal tells of events, and none is kept", _PREFIX)

        def tell(event: Event, verdict: Verdict) -> None:
            if on_event is not None:
                on_event(event, verdict)
            event_recorded.send(app, event=event, verdict=verdict)

        beacon = Beacon(settings=replace(settings, on_event=tell))
        app.extensions[_NAME] = State(beacon=beacon)
        blueprint = _blueprint(beacon)
        if hooks is not None:
            _add_webhooks(blueprint, configured(hooks, beacon, shown=f"{_PREFIX}{_HOOKS}"))
        app.register_blueprint(blueprint)
        if "csrf" in app.extensions:  # Flask-WTF: providers' one-click requests bring no token of its
            app.extensions["csrf"].exempt(blueprint)
        app.cli.add_command(_commands())

    @property
    def beacon(self) -> Beacon:
        """The beacon of the current application."""
        return _current()

    def track(self, mail: Mail, message: Message) -> Mail:
        """Return a tracked copy of a mail of Flask-Mail or Flask-Mailman, to be sent as always.

        Raises:
            ConfigError: If the mail goes to several people, or the message cannot be signed.
        """
        return _mailing.track(_current(), mail, message)

    def track_on_sending(self, *mails: object, message_for: Callable[[Any], Message | None] | None = None) -> None:
        """Track, as it is sent, each mail that carries a message: ``mail.mailbeacon = mb.Message(…)``.

        Args:
            mails: The ``Mail`` of Flask-Mail; of Flask-Mailman ``app.extensions["mailman"]``, and its ``Mail`` too where its
                ``send_mail`` is used.
            message_for: Gives the message of a mail that carries none, such as another extension's, or ``None`` to leave it
                alone.

        Raises:
            ConfigError: If one is neither's. Sending raises it for a tracked mail to several people.
        """

        def tracked(mail: Any) -> Any:
            message = getattr(mail, _NAME, None)
            if message is None and message_for is not None:
                message = message_for(mail)
            return mail if message is None else self.track(mail, message)

        for one in mails:
            _mailing.Opening(one, tracked)


def _configured(config: Mapping[str, Any]) -> dict[str, object]:
    return {name.removeprefix(_PREFIX): value for name, value in config.items() if name.startswith(_PREFIX)}


def _current() -> Beacon:
    state = flask.current_app.extensions.get(_NAME)
    if not isinstance(state, State):
        raise ConfigError("Mailbeacon is not set up for this application: call init_app")
    return state.beacon


def _blueprint(beacon: Beacon) -> flask.Blueprint:
    blueprint = flask.Blueprint(_NAME, __name__, url_prefix=unquote(urlsplit(beacon.settings.base_url).path) or None)
    reader = RequestReader(beacon.settings)

    def answer(rest: str) -> flask.Response:  # noqa: ARG001 - the beacon reads the URL itself
        reply = beacon.handle(reader.read(flask.request.environ, lambda _: _body(MAX_BODY)))
        # of an empty body Flask would tell the length, which for a HEAD is another than the GET's
        return flask.Response(reply.body or None, status=reply.status, headers=reply.headers)

    for rule in ("/o/<path:rest>", "/c/<path:rest>", "/u/<path:rest>"):
        blueprint.add_url_rule(
            rule, "answer", answer, methods=_METHODS, provide_automatic_options=False, strict_slashes=False
        )
    return blueprint


def _add_webhooks(blueprint: flask.Blueprint, hooks: ByName) -> None:
    def receive(name: str) -> flask.Response:  # noqa: ARG001 - the receivers read the URL themselves
        reply = hooks.answer(request_of(flask.request.environ, _body(MOST_READ)))
        return flask.Response(reply.body, status=reply.status, headers=reply.headers)

    blueprint.add_url_rule(
        "/webhooks/<name>", "webhook", receive, methods=_METHODS, provide_automatic_options=False, strict_slashes=False
    )


def _body(most: int) -> bytes:
    """Return the raw body as far as it is taken; what the host has read before is kept by Flask."""
    length = flask.request.content_length
    if length is not None and length < most:
        return flask.request.get_data()
    return flask.request.stream.read(most)


def _commands() -> AppGroup:
    group = AppGroup(_NAME, help="Mail tracking.")

    @group.command("report")
    @click.option("--campaign", default="", help="Only this campaign.")
    @click.option("--html", "page", default="", help="Write the page to this file instead of the text to the screen.")
    @click.option(
        "--delivered", multiple=True, metavar="N", help="How many mails were delivered: N, or CAMPAIGN=N for each."
    )
    def report(campaign: str, page: str, delivered: tuple[str, ...]) -> None:
        """Count what the sink holds."""
        from mailbeacon.web.figures import report_of, write_page

        beacon = _current()
        try:
            text = report_of(
                beacon.settings.sink, campaign, judge=beacon.judge, as_page=bool(page), delivered=delivered
            )
            if page:
                write_page(Path(page), text)
        except (MailbeaconError, OSError) as error:
            raise click.UsageError(str(error)) from error
        if not page:
            click.echo(text)

    return group
