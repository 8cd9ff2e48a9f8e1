"""``mailbeacon webhook``: say what a provider's saved post says, a line of JSON for each report.

Checks no signature, keeps nothing, and shows no address.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import INPUT, OK, CommandError, Commands, complain, counted, print_json, read_bytes
from mailbeacon.cli.keyring import VARIABLE, add_key_option, read_keys
from mailbeacon.errors import WebhookError
from mailbeacon.judging import classify
from mailbeacon.model import Event, Kind, Request
from mailbeacon.settings import utc_now
from mailbeacon.webhooks import MOST_BYTES, PROVIDERS
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report
from mailbeacon.webhooks.translating import READERS_KINDS, Translator

__all__ = ["register"]

_NO_KEY = b"reads nobody's metadata"
_BASE = "https://t.example.com"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "webhook",
        help="say what a provider's saved post says",
        description="Say what a provider's saved post says, a line of JSON for each report.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the body of the post, as it came")
    parser.add_argument("--provider", choices=tuple(PROVIDERS), required=True, help="who posted it")
    add_key_option(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    provider, now = PROVIDERS[options.provider], utc_now()
    keys = read_keys(options.key_file) if options.key_file or os.environ.get(VARIABLE) else [_NO_KEY]
    reader = Translator(Beacon(_BASE, secret_keys=keys), provider.name, kinds=frozenset(Kind), recipient_of=None)
    post = Post(Request(url="", method="POST", body=read_bytes(options.file, MOST_BYTES)), now)
    broken = 0
    for said in _reports(provider, post):
        found = _shown(said, reader, now) if isinstance(said, Report) else {"unreadable": said}
        broken += "unreadable" in found
        print_json(found)
    return complain(f"{counted(broken, 'event')} could not be read", INPUT) if broken else OK


def _reports(provider: Provider, post: Post) -> Iterator[Report | str]:
    """Yield each report of a body, or what is wrong with one.

    Raises:
        CommandError: If the body is none of this provider's.
    """
    try:
        events = list(provider.split(post))
    except WebhookError as error:
        raise CommandError(f"not a post of {provider.title}: {error}") from error
    for raw in events:
        if isinstance(raw, dict):
            yield from provider.read(Fields(raw), post)
        else:
            yield "not an object"


def _shown(report: Report, reader: Translator, now: datetime) -> dict[str, object]:
    """Return what is shown of a report; whose mail it was only where our keys signed that."""
    if report.kind is None:
        return {"kind": None, "says": "nothing of a mail"}
    said: dict[str, object] = {
        "kind": report.kind.value,
        "at": report.at and report.at.isoformat(),
        "message": report.message or None,
    }
    flags: dict[str, object] = {"flags": sorted(report.hints)} if report.hints else {}
    try:
        found = reader.event(report, now)
    except WebhookError as error:
        return {**said, "unreadable": str(error)}
    if not isinstance(found, Event):
        return {**said, "ours": False, "url": report.url or None, **flags}
    mail = {"campaign": found.campaign, "recipient": found.recipient, "message_id": found.message_id}
    values: dict[str, object] = {
        **said,
        "ours": True,
        **mail,
        "variant": found.variant,
        "url": found.url or None,
        **flags,
    }
    return {**values, "actor": classify(found).actor.value} if found.kind in READERS_KINDS else values
