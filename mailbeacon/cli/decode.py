"""``mailbeacon decode``: say what a tracking URL says, as JSON.

Follows no link and records nothing.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from mailbeacon import links
from mailbeacon.cli.console import OK, CommandError, Commands, print_json, read_bytes, shown
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.errors import DataError, TokenError
from mailbeacon.model import Kind, Manifest, Target
from mailbeacon.tokens import Hit, TokenSigner

__all__ = ["read_manifest", "register"]

_MAX_MANIFEST = 50_000_000
"""In bytes: some 200,000 links."""
_KINDS = {"o": Kind.OPEN, "c": Kind.CLICK, "u": Kind.LEAVE_PAGE}


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "decode", help="say what a tracking URL says", description="Say what a tracking URL says, as JSON."
    )
    parser.add_argument("url", metavar="URL", help="the address of a pixel or a wrapped link")
    parser.add_argument(
        "--manifest", type=Path, metavar="FILE", help="the campaign's manifest as JSON, which a short link needs"
    )
    add_key_option(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    signer = TokenSigner(read_keys(options.key_file))
    manifest = None if options.manifest is None else read_manifest(options.manifest)
    try:
        found = _said(options.url, signer, manifest)
    except TokenError as error:
        raise CommandError(f"the URL says nothing that can be believed: {error}") from error
    print_json(found, indent=2)
    return OK


def _said(url: str, signer: TokenSigner, manifest: Manifest | None) -> dict[str, object]:
    path = links.parse(url)
    if path.kind == "u":
        action, hit = signer.read_leave(path.token)
        return {"kind": _KINDS[path.kind].value, "action": action.value, **_message(hit)}
    hit = signer.read_hit(path.token)
    found = {"kind": _KINDS[path.kind].value, **_message(hit)}
    if path.kind != "c":
        return found
    is_short = path.link[:1] == "s"
    target = _named(path.link, hit, manifest) if is_short else signer.read_link(path.link, hit.campaign)
    return {**found, "link": target.number, "url": target.url, "channel": target.channel.value}


def _named(name: str, hit: Hit, manifest: Manifest | None) -> Target:
    """Return what a short link stands for.

    Raises:
        CommandError: If that is not known.
    """
    if manifest is None:
        raise CommandError(
            "a short link: its destination stands in the campaign's manifest, to be given with --manifest"
        )
    if manifest.campaign != hit.campaign:
        campaigns = f"{shown(manifest.campaign)!r}, the link of {shown(hit.campaign)!r}"
        raise CommandError(f"the manifest is of the campaign {campaigns}")
    target = manifest.targets.get(name)
    if target is None:
        raise CommandError("a short link that the manifest does not know")
    return target


def read_manifest(path: Path) -> Manifest:
    """Read a campaign's manifest.

    Raises:
        CommandError: If the file holds none.
    """
    name = shown(str(path))
    try:
        return Manifest.from_json(read_bytes(path, _MAX_MANIFEST))
    except DataError as error:
        raise CommandError(f"{name} is not a manifest: {error}") from error


def _message(hit: Hit) -> dict[str, object]:
    return {
        "campaign": hit.campaign,
        "recipient": hit.recipient or "",
        "message_id": hit.message_id,
        "variant": hit.variant,
        "sent_at": hit.sent_at.isoformat() if hit.sent_at else None,
        "opens": hit.opens.name.lower(),
        "clicks": hit.clicks.name.lower(),
        **({"metadata": {**hit.metadata}} if hit.metadata else {}),
    }
