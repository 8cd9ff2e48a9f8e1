"""Short link tokens: a name in place of the destination, which the campaign's manifest gives."""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256

from mailbeacon.model import Channel, Link, Manifest, Target

__all__ = ["manifest_of", "short_name"]


def manifest_of(campaign: str, links: Iterable[Link]) -> Manifest:
    """Return the destinations of a campaign's links by their short names."""
    links = [*links]
    counts = {channel: len({link.url for link in links if link.channel is channel}) for channel in Channel}
    targets = [
        Target(number=link.number, url=link.url, channel=link.channel, links=counts[link.channel]) for link in links
    ]
    named = {short_name(target.number, target.url, target.channel): target for target in targets}
    return Manifest(campaign=campaign, targets=named)


def short_name(number: int, url: str, channel: Channel = Channel.HTML) -> str:
    """Return the short link token of a link: a content hash, the same whenever the campaign is compiled again."""
    content = json.dumps([number, url, channel], ensure_ascii=True, separators=(",", ":"))
    digest = sha256(content.encode()).digest()[:10]
    return "s" + b2a_base64(digest, newline=False).decode("ascii").rstrip("=\n").translate(str.maketrans("+/", "-_"))
