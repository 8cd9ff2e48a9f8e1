"""After the readers: serve the mail to the user's own browser, and show each event as it is judged."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import counted, shown
from mailbeacon.cli.demo.server import Server
from mailbeacon.cli.demo.stage import CAMPAIGN, Stage
from mailbeacon.judging import explain
from mailbeacon.model import Event, Kind, Link, Message, Verdict
from mailbeacon.settings import utc_now
from mailbeacon.store import SqliteSink
from mailbeacon.web.wsgi import application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["READER", "serve"]

READER = "you"
"""The recipient of the mail that the user's browser opens."""
_WAIT_SECONDS = 0.5
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "script-src 'none'; object-src 'none'; frame-src 'none'; form-action 'none'"),
]
"""As a mail program would show it: no script, no form, no frame."""


def serve(stage: Stage, server: Server, thread: Thread, events: Path) -> None:
    """Serve the mail until Ctrl-C.

    Args:
        stage: Its template is rendered once more, for the user.
        server: Already running.
        thread: The server's.
        events: The SQLite file that goes on.
    """
    with SqliteSink(events) as sink:
        screen = _Screen(stage.template.links)
        settings = replace(
            stage.beacon.settings, sink=sink, clock=utc_now, trusted_proxies=(), history=None, on_event=screen.show
        )
        mail = stage.template.render(Message(recipient=READER, campaign=CAMPAIGN))
        server.set_app(_site(mail.encode("utf-8", "replace"), application(Beacon(settings=settings))))
        print(f"\nThe mail is at {server.url}/ : open it in a browser and click. Ctrl-C ends.\n", flush=True)
        with suppress(KeyboardInterrupt):
            while thread.is_alive():
                thread.join(_WAIT_SECONDS)
        print(_ended(_stored(events, screen.shown), len(screen.shown), events))


def _stored(events: Path, shown_ids: Collection[str]) -> int:
    """Count what is in the file that is there now: what went into one that has been removed is not kept."""
    with suppress(Exception):  # whatever ails the file, nothing in it can be read
        if events.exists():
            with SqliteSink(events) as sink:
                return sum(event.id in shown_ids for event, _ in sink.events(on_broken=str))
    return 0


def _ended(kept: int, recorded: int, events: Path) -> str:
    lost = f"; {recorded - kept:,} could not be kept" if recorded > kept else ""
    return f"\nEnded. {counted(kept, 'event')} of yours went into {shown(str(events))} too{lost}."


def _site(mail: bytes, tracking: WSGIApplication) -> WSGIApplication:
    """Return an application with the mail at the root and the tracking routes elsewhere."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in ("", "/"):
            return tracking(environ, start_response)
        start_response("200 OK", [*_HEADERS, ("Content-Length", str(len(mail)))])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else mail]

    return answer


class _Screen:
    """Show events one at a time, though they come in several threads."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.shown: set[str] = set()
        self._labels = {link.number: link.label for link in links}
        self._lock = Lock()

    def show(self, event: Event, verdict: Verdict) -> None:
        """Print an event with its verdict and the reasons."""
        what = event.kind.value
        if event.kind is Kind.CLICK:
            what += f" on {shown(self._labels.get(event.link or 0) or event.url)}"
        said = textwrap.fill(explain(verdict), 96, initial_indent="    ", subsequent_indent="    ")
        with self._lock:
            self.shown.add(event.id)
            print(f"{event.received_at.astimezone():%H:%M:%S}  {what}\n{said}", flush=True)
