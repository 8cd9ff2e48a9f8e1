"""``mailbeacon rewrite``: one document or mail for one recipient, to standard output; what was done, to standard error."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import OK, USAGE, Commands, Refused, shown
from mailbeacon.cli.documents import File, Form, check_bodies, read_document, read_file
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.model import Message, WarningKind
from mailbeacon.rewriting.report import lines

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "rewrite",
        help="put a pixel and wrapped links into a document or mail",
        description="Put a pixel and wrapped links into an HTML document or a whole mail, or wrapped links into a plain "
        "text. The result goes to standard output, what was done with each link to standard error.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="HTML, plain text, or a mail (.eml)")
    parser.add_argument(
        "--base-url", required=True, metavar="URL", help="where the tracking routes are, as https://t.example.com/m"
    )
    parser.add_argument("--campaign", metavar="C", help="the campaign's name (default: the file's)")
    parser.add_argument(
        "--recipient", default="preview", metavar="R", help="your own name for the recipient (default: preview)"
    )
    parser.add_argument(
        "--strip-signatures", action="store_true", help="leave out a mail's DKIM and ARC fields, which would not hold"
    )
    add_key_option(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    beacon = Beacon(options.base_url, secret_keys=read_keys(options.key_file))
    campaign = shown(options.file.stem) if options.campaign is None else options.campaign
    message = Message(recipient=options.recipient, campaign=campaign, sent_at=beacon.settings.clock())
    try:
        beacon.sign(message)
    except ConfigError as error:
        raise Refused(_for_users(str(error)), USAGE) from error
    file = read_file(options.file)
    if file.form is Form.MAIL:
        data, report = _mail(beacon, file, message, strip_signatures=options.strip_signatures)
    else:
        document = read_document(file)
        done = beacon.rewrite(document.text, message, text=document.form is Form.TEXT)
        data = document.encode(done.html)
        report = lines(*done.labelled(), done.warnings, len(file.data), len(data), html=document.form is Form.HTML)
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    print(report, file=sys.stderr)
    return OK


def _mail(beacon: Beacon, file: File, message: Message, *, strip_signatures: bool) -> tuple[bytes, str]:
    """Give the tracked mail, and what was done."""
    try:
        check_bodies(file)
        done = beacon.compose_with_report(file.data, message, strip_signatures=strip_signatures)
    except RewriteError as error:
        raise Refused(_for_users(str(error))) from error
    if any(warned.kind is WarningKind.NO_BODY for warned in done.warnings):
        raise Refused(f"{file.name} has no HTML or text body that can be read")
    return done.data, lines(done.links, done.skipped, done.warnings, len(file.data), len(done.data), html=False)


def _for_users(message: str) -> str:
    """Give a message's advice to programs as advice to whoever types commands."""
    message = message.replace("pass strip_signatures=True", "give --strip-signatures")
    for advice in (", or pass shared=True", ", or set allow_addresses=True"):
        message = message.replace(advice, "")
    return message
