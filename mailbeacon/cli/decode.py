"""``mailbeacon decode``: say what a tracking URL says, as JSON.

Follows no link and records nothing.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from mailbeacon import links
from mailbeacon.cli.console import OK, Commands, Refused
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.errors import TokenError
from mailbeacon.model import Kind, Message
from mailbeacon.tokens import TokenSigner

__all__ = ["register"]

_KINDS = {"o": Kind.OPEN, "c": Kind.CLICK, "u": Kind.LEAVE_PAGE}


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "decode", help="say what a tracking URL says", description="Say what a tracking URL says, as JSON."
    )
    parser.add_argument("url", metavar="URL", help="the address of a pixel or a wrapped link")
    add_key_option(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    signer = TokenSigner(read_keys(options.key_file))
    try:
        found = _said(options.url, signer)
    except TokenError as error:
        raise Refused(f"the URL says nothing that can be believed: {error}") from error
    wide = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(found, indent=2, ensure_ascii=not wide))
    return OK


def _said(url: str, signer: TokenSigner) -> dict[str, object]:
    path = links.parse(url)
    message = signer.read_action(path.token) if path.kind == "u" else signer.read_message(path.token)
    found = {"kind": _KINDS[path.kind].value, **_message(message)}
    if path.kind != "c":
        return found
    if path.link[:1] == "s":
        raise Refused("a short link: its destination stands in the campaign's manifest, not in the URL")
    target = signer.read_link(path.link, message.campaign)
    return {**found, "link": target.number, "url": target.url, "channel": target.channel.value}


def _message(message: Message) -> dict[str, object]:
    return {
        "campaign": message.campaign,
        "recipient": message.recipient,
        "message_id": message.message_id,
        "variant": message.variant,
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "opens": message.opens.name.lower(),
        "clicks": message.clicks.name.lower(),
    }
