"""``mailbeacon fake``: made-up readers' traffic as a log, or how right the verdicts on it are.

Sends nothing. The same command line gives the same bytes: chance comes from the seed, the time of sending is fixed, and
tokens are signed with a key that is no secret.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mailbeacon.beacon import Beacon
from mailbeacon.cli.arguments import moment, recipients
from mailbeacon.cli.console import OK, CommandError, Commands, Progress, shown, write
from mailbeacon.cli.keyring import read_keys
from mailbeacon.cli.newsletter import compiled, load
from mailbeacon.errors import ConfigError
from mailbeacon.judging import classify_all

if TYPE_CHECKING:
    from mailbeacon.fake import Hit

__all__ = ["AUDIENCES", "BASE_URL", "FORMATS", "KEY", "SENT_AT", "register"]

AUDIENCES: Final = ("consumer", "business", "internal")
FORMATS: Final = ("nginx", "apache", "caddy", "cloudfront", "jsonl")
KEY: Final = "made-up-traffic-key-no-secret"
"""What signs the tokens where no file of keys is given: never to be used for real mail."""
BASE_URL: Final = "https://t.example.com/m"
SENT_AT: Final = datetime(2026, 11, 17, 9, tzinfo=UTC)
"""When the mails are said to be sent: the same in every run, so that a seed gives the same report."""


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "fake",
        help="write a log of made-up readers, or judge it",
        description="Write the access log that a newsletter would bring: made-up readers, proxies and scanners, one line "
        "for each request, to standard output. Nothing is sent. The same options give the same log.",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="NEWSLETTER", help="HTML, or a mail (.eml); else a sample"
    )
    _add_scene(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format",
        choices=FORMATS,
        help="of the log; jsonl holds the truth beside each request (default: nginx)",
    )
    form.add_argument(
        "--score", action="store_true", help="judge the traffic, and print how right the verdicts are in place of a log"
    )
    form.add_argument(
        "--judged",
        type=Path,
        metavar="LINES",
        help="read the jsonl another tool has added its verdicts to, and print how right they are",
    )
    parser.set_defaults(run=_run)


def _add_scene(parser: ArgumentParser) -> None:
    parser.add_argument("--audience", choices=AUDIENCES, default=AUDIENCES[0], help="who gets it (default: consumer)")
    parser.add_argument(
        "--recipients", type=recipients, default=1_000, metavar="N", help="how many recipients (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same traffic (default: 1)")
    parser.add_argument(
        "--base-url", default=BASE_URL, metavar="URL", help=f"the tracking routes (default: {BASE_URL})"
    )
    parser.add_argument("--campaign", metavar="C", help="the campaign's name (default: the file's)")
    parser.add_argument(
        "--sent-at",
        type=moment,
        default=SENT_AT,
        metavar="DATE",
        help=f"when it was sent (default: {SENT_AT:%Y-%m-%dT%H:%MZ})",
    )
    parser.add_argument(
        "--key-file", type=Path, metavar="F", help=f"a file of keys to sign with (default: the key {KEY})"
    )


def _run(options: Namespace) -> int:
    from mailbeacon import fake

    if options.judged is not None:
        try:
            with options.judged.open(encoding="utf-8", errors="replace") as lines:
                print(fake.assess_lines(lines).text())
        except (ConfigError, OSError) as error:
            raise CommandError(
                f"{shown(str(options.judged))}: {error if isinstance(error, ConfigError) else error.strerror}"
            ) from error
        return OK
    newsletter = load(options.file)
    keys = [KEY] if options.key_file is None else read_keys(options.key_file)
    beacon = Beacon(options.base_url, secret_keys=keys)
    named = shown(options.file.stem) if options.file is not None else "sample"
    template = compiled(beacon, newsletter, named if options.campaign is None else options.campaign)
    hits = fake.simulate(
        beacon,
        template,
        fake.audience(options.audience),
        recipients=options.recipients,
        seed=options.seed,
        sent_at=options.sent_at,
    )
    if options.score:
        print(_assess(_watched(hits), beacon))
        return OK
    lines = fake.log_lines(
        hits if sys.stdout.isatty() else _watched(hits),
        options.format or FORMATS[0],
        host=urlsplit(beacon.settings.base_url).hostname or "",
    )
    write(f"{line}\n".encode("utf-8", "backslashreplace") for line in lines)
    return OK


def _assess(hits: Iterable[Hit], beacon: Beacon) -> str:
    """Judge what the hits make known, and compare it with the truth."""
    from mailbeacon import fake

    pairs = list(fake.to_events(hits, beacon))
    events = [event for event, _ in pairs]
    return fake.assess(events, classify_all(events), (truth for _, truth in pairs)).text()


def _watched(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Pass hits on, and show how far it is."""
    progress = Progress()
    try:
        for number, hit in enumerate(hits, 1):
            if not number % 1_000:
                progress.show(f"{number:,} requests, {hit.request.received_at:%a %d %b %H:%M} in the readers' world")
            yield hit
    finally:
        progress.clear()
