"""``mailbeacon rewrite``: one document for one recipient, to standard output; what was done, to standard error."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import OK, Commands, Refused
from mailbeacon.cli.documents import Form, read_document
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.model import Message

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "rewrite",
        help="put a pixel and wrapped links into a document",
        description="Put a pixel and wrapped links into an HTML document, or wrapped links into a plain text. The result "
        "goes to standard output, what was done with each link to standard error.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="HTML or plain text")
    parser.add_argument(
        "--base-url", required=True, metavar="URL", help="where the tracking routes are, as https://t.example.com/m"
    )
    parser.add_argument("--campaign", metavar="C", help="the campaign's name (default: the file's)")
    parser.add_argument(
        "--recipient", default="preview", metavar="R", help="your own name for the recipient (default: preview)"
    )
    add_key_option(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    beacon = Beacon(options.base_url, secret_keys=read_keys(options.key_file))
    campaign = options.file.stem if options.campaign is None else options.campaign
    message = Message(recipient=options.recipient, campaign=campaign, sent_at=beacon.settings.clock())
    beacon.sign(message)
    document = read_document(options.file)
    if document.form is Form.MAIL:
        raise Refused("a whole mail cannot be rewritten here: give its HTML or its plain text")
    done = beacon.rewrite(document.text, message, text=document.form is Form.TEXT)
    sys.stdout.flush()
    sys.stdout.buffer.write(document.encode(done.html))
    sys.stdout.buffer.flush()
    print(done.report(), file=sys.stderr)
    return OK
