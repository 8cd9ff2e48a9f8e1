"""What a sender should look at in a mail before sending it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from mailbeacon.links import ascii_host
from mailbeacon.markup import TAG, attributes
from mailbeacon.model import Place, SkipReason, Warned, WarningKind
from mailbeacon.rewriting.decisions import link_source
from mailbeacon.rewriting.rules import shown_host
from mailbeacon.rewriting.steps import Change, LinkDecision, Made

__all__ = ["find_warnings", "join_warnings"]

_MOST_TEXT = 2_048
"""Characters after a link's value in which its text is looked for."""
_MOST_PIECES = 64
"""Pieces from a link's on in which its text is looked for."""
_PROVIDER_URL = re.compile(
    r"//[^/?#]*(?:list-manage\.com/track/|awstrack\.me/|mandrillapp\.com/track/|pstmrk\.it/|sendibt\d\.com/)|/ls/click\?",
    re.IGNORECASE,
)
"""Click addresses of mailing providers. Source: mails sent through Mailchimp, SES, Mandrill, Postmark, Brevo, SendGrid (2026)."""
_PROVIDER_MARKS = frozenset({"ses:tags", "data-msys-linkname", "data-msys-sublink", "mc:variant", "clicktracking"})
_PROVIDER_TAG = re.compile(
    r"\{\{\s*(?:ses:openTracker|TrackView\b[^{}]{0,40}|tracking_pixel)\s*\}\}|\{\{\s*TrackLink\b|@TrackLink\b"
    r"|(?<!\{)\{tracking_pixel\}|\[USERTRACK\]|[%\[]open[-_]track(?:ing)?[%\]]"
)
"""Merge tags that mailing programs turn into a pixel or wrapped links of their own. Source: the documentation or code of
Amazon SES, listmonk, Mautic and phpList, and the tag of SendGrid's examples (2026)."""

At = Callable[[int], tuple[int, int]]


def find_warnings(made: Made, changes: Sequence[Change], at: At) -> Iterator[Warned]:
    """Yield what might surprise a reader or the sender.

    Args:
        made: The rewritten document.
        changes: Its changes.
        at: Gives the line and column of a place in the source.
    """
    pieces = made.pieces
    for change in changes:
        one = change.link
        if one:
            index = bisect_right(made.starts, change.start) - 1
            tag = "" if one.place is Place.TEXT else _tag_around(pieces, index, one.start)
            yield from _about(tag, one, change.new, at(change.start))
            if one.doubt:
                line, column = at(change.start)
                detail = f"{one.doubt} in the address may be a merge tag: signed as it is, for it may be meant"
                yield Warned(kind=WarningKind.MERGE_TAG, detail=detail, line=line, column=column)
    found = next((match[0] for piece in pieces if (match := _PROVIDER_TAG.search(piece))), "")
    if found:
        detail = f"{found} makes the mailing program track this mail too: opens or links would be counted twice"
        yield Warned(kind=WarningKind.PROVIDER_TRACKING, detail=detail)
    merged = sum(1 for _, one in made.left if one.reason is SkipReason.MERGE_TAG)
    if merged:
        yield _merge_tags(merged)


def join_warnings(*parts: Iterable[Warned], known: int = 0) -> tuple[Warned, ...]:
    """Return the warnings of a mail's parts, with one count of the links that hold a merge tag.

    Args:
        parts: The warnings of each part.
        known: How many of these links are the library's own, which need no warning.
    """
    found = [warned for part in parts for warned in part]
    counts = [warned for warned in found if warned.kind is WarningKind.MERGE_TAG and not warned.line]
    merged = sum(warned.count for warned in counts) - known
    others = [warned for warned in found if warned not in counts]
    return (*others, _merge_tags(merged)) if merged else tuple(others)


def _merge_tags(count: int) -> Warned:
    detail = f"{count} link{'s hold' if count > 1 else ' holds'} a merge tag and will not be tracked"
    return Warned(kind=WarningKind.MERGE_TAG, detail=detail, count=count)


def _tag_around(pieces: Sequence[str], index: int, start: int) -> str:
    """Return a link's tag and the text after it; one piece may be a comment with any number of links."""
    piece = pieces[index]
    begin = piece.rfind("<", 0, start)
    source = piece[begin : start + _MOST_TEXT] if begin > 0 else piece
    return link_source([source, *pieces[index + 1 : index + _MOST_PIECES]], 0)


def _about(source: str, link: LinkDecision, new: str, place: tuple[int, int]) -> Iterator[Warned]:
    line, column = place
    tag = TAG.match(source)
    host = _host(link.url)
    if tag:
        shown = "" if link.place is Place.AREA else shown_host(source[tag.end() :])
        detail = _mismatch(shown, host, _host(new.strip('"')))
        if detail:
            yield Warned(kind=WarningKind.VISIBLE_URL, detail=detail, line=line, column=column)
        if any(one.name in _PROVIDER_MARKS for one in attributes(source)):
            detail = "a mailing provider's tracking attribute: the provider might wrap the link a second time"
            yield Warned(kind=WarningKind.PROVIDER_TRACKING, detail=detail, line=line, column=column)
    if _PROVIDER_URL.search(link.url):
        detail = f"the link goes through a mailing provider's own click tracking at {host}"
        yield Warned(kind=WarningKind.PROVIDER_TRACKING, detail=detail, line=line, column=column)


def _mismatch(shown: str, destination: str, wrapped: str) -> str:
    """Return in what way a reader's mail client may find that the link does not lead where its text says."""
    if not shown:
        return ""
    if _bare(shown) != _bare(destination):
        return f"the reader sees an address at {shown}, the link goes to {destination}: mail clients may warn of fraud"
    if not _are_related(_bare(shown), wrapped):
        return (
            f"the reader sees an address at {shown}, the wrapped link goes to {wrapped}: mail clients may warn of fraud"
        )
    return ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _bare(host: str) -> str:
    """Return a host in ASCII, without user, port and ``www.``."""
    host = host.rpartition("@")[2].partition(":")[0].rstrip(".,;!)]…’”»")
    try:
        return ascii_host(host).removeprefix("www.")
    except ValueError:
        return host


def _are_related(shown: str, wrapped: str) -> bool:
    """Check whether one host is the other's, or a part of it: ``t.shop.example`` is for ``shop.example``."""
    return shown == wrapped or wrapped.endswith(f".{shown}") or shown.endswith(f".{wrapped}")
