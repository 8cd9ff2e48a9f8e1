"""``mailbeacon rewrite``: one document or mail for one recipient, to standard output; what was done, to standard error."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import OK, USAGE, CommandError, Commands, shown, write
from mailbeacon.cli.documents import File, Form, check_bodies, read_document, read_file
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.model import Link, Message, Skipped, Warned, WarningKind
from mailbeacon.rewriting.report import report_lines

__all__ = ["register"]

_ADVICE = {
    "strip_signatures": ("give --strip-signatures to leave such fields out",),
    "shared": ("see with --preview what would be done",),
}
"""What whoever types a command can do, by the argument that a program would pass."""


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
    parser.add_argument(
        "--preview",
        action="store_true",
        help="write no document, and to standard output what would be done; also for a mail to several recipients",
    )
    parser.add_argument("--json", action="store_true", help="say what was done with each link as JSON")
    add_key_option(parser)
    parser.set_defaults(run=_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What became of a file.

    Attributes:
        data: The result.
        links: The wrapped links.
        skipped: The links left alone.
        warnings: What the sender should look at.
        html: Whether it is HTML, of which Gmail shows so much.
    """

    data: bytes
    links: Sequence[Link]
    skipped: Sequence[Skipped]
    warnings: Sequence[Warned]
    html: bool = False

    def report(self, before: int, *, as_json: bool) -> str:
        """Return what was done, for people or for programs."""
        if not as_json:
            return report_lines(self.links, self.skipped, self.warnings, before, len(self.data), html=self.html)
        found = {
            "links": [one.to_dict() for one in self.links],
            "skipped": [one.to_dict() for one in self.skipped],
            "warnings": [one.to_dict() for one in self.warnings],
            "bytes_before": before,
            "bytes_after": len(self.data),
        }
        return json.dumps(found, ensure_ascii=False, indent=1)


def _run(options: Namespace) -> int:
    beacon = Beacon(options.base_url, secret_keys=read_keys(options.key_file))
    campaign = shown(options.file.stem) if options.campaign is None else options.campaign
    message = Message(recipient=options.recipient, campaign=campaign, sent_at=beacon.settings.clock())
    try:
        beacon.sign(message)
    except ConfigError as error:
        raise CommandError(error.why, USAGE) from error
    file = read_file(options.file)
    if file.form is Form.MAIL:
        done = _mail(beacon, file, message, strip_signatures=options.strip_signatures, shared=options.preview)
    else:
        done = _document(beacon, file, message)
    report = done.report(len(file.data), as_json=options.json)
    if options.preview:
        print(report)
        return OK
    write([done.data])
    print(report, file=sys.stderr)
    return OK


def _document(beacon: Beacon, file: File, message: Message) -> _Done:
    document = read_document(file)
    done = beacon.rewrite(document.text, message, text=document.form is Form.TEXT)
    links, skipped = done.labelled()
    return _Done(
        data=document.encode(done.html),
        links=links,
        skipped=skipped,
        warnings=done.warnings,
        html=document.form is Form.HTML,
    )


def _mail(beacon: Beacon, file: File, message: Message, *, strip_signatures: bool, shared: bool) -> _Done:
    try:
        check_bodies(file)
        done = beacon.compose_with_report(file.data, message, strip_signatures=strip_signatures, shared=shared)
    except RewriteError as error:
        raise CommandError("; ".join([error.why, *_ADVICE.get(error.option, ())])) from error
    if any(warned.kind is WarningKind.NO_BODY for warned in done.warnings):
        raise CommandError(f"{file.name} has no HTML or text body that can be read")
    return _Done(data=done.data, links=done.links, skipped=done.skipped, warnings=done.warnings)
