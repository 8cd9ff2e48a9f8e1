"""What a sender should look at in a mail before sending it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from mailbeacon.markup import TAG, attributes
from mailbeacon.model import SkipReason, Warned, WarningKind
from mailbeacon.rewriting.plan import Planned, link_source
from mailbeacon.rewriting.result import Raw

__all__ = ["find_warnings"]

_VISIBLE = re.compile(r"\s*(?:https?://|www\.)([^\s/?#<>\"']+)", re.IGNORECASE)
_INNER_TAG = re.compile(r"<[^>]*+>")
_PROVIDER_URL = re.compile(
    r"//[^/?#]*(?:list-manage\.com/track/|awstrack\.me/|mandrillapp\.com/track/|pstmrk\.it/|sendibt\d\.com/)|/ls/click\?",
    re.IGNORECASE,
)
"""Click addresses of mailing providers. Source: mails sent through Mailchimp, SES, Mandrill, Postmark, Brevo, SendGrid (2026)."""
_PROVIDER_MARKS = frozenset({"ses:tags", "data-msys-linkname", "data-msys-sublink", "mc:variant"})

At = Callable[[int, int], tuple[int, int]]


def find_warnings(
    pieces: Sequence[str], changes: Sequence[Raw], left: Sequence[tuple[int, Planned]], at: At
) -> Iterator[Warned]:
    """Go through the links and tell what might surprise a reader or the sender."""
    for piece, start, _, _, _, _, planned in changes:
        if planned:
            yield from _about(link_source(pieces, piece), planned.url, at(piece, start))
    merged = sum(1 for _, one in left if one.reason is SkipReason.MERGE_TAG)
    if merged:
        detail = f"{merged} link{'s hold' if merged > 1 else ' holds'} a merge tag and will not be tracked"
        yield Warned(kind=WarningKind.MERGE_TAG, detail=detail)


def _about(piece: str, url: str, place: tuple[int, int]) -> Iterator[Warned]:
    line, column = place
    tag = TAG.match(piece)
    host = _host(url)
    if tag:
        seen = _VISIBLE.match(_INNER_TAG.sub("", piece[tag.end() :]))
        shown = seen[1].lower() if seen else ""
        if shown and _bare(shown) != _bare(host):
            detail = f"the reader sees an address at {shown}, the link goes to {host}: mail clients may warn of fraud"
            yield Warned(kind=WarningKind.VISIBLE_URL, detail=detail, line=line, column=column)
        if any(one.name in _PROVIDER_MARKS for one in attributes(piece)):
            detail = "a mailing provider's tracking attribute: the provider might wrap the link a second time"
            yield Warned(kind=WarningKind.PROVIDER_TRACKING, detail=detail, line=line, column=column)
    if _PROVIDER_URL.search(url):
        detail = f"the link goes through a mailing provider's own click tracking at {host}"
        yield Warned(kind=WarningKind.PROVIDER_TRACKING, detail=detail, line=line, column=column)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _bare(host: str) -> str:
    return host.rpartition("@")[2].partition(":")[0].removeprefix("www.").rstrip(".,;")
