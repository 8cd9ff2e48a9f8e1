"""Plain text in, the same text out with wrapped links; no pixel, no line broken or joined."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

from mailbeacon.markup import read_tags
from mailbeacon.model import Channel, Place, SkipReason
from mailbeacon.rewriting.result import Rewrite
from mailbeacon.rewriting.rules import LinkRules, doubtful_tag, says_unsubscribe
from mailbeacon.rewriting.splicing import splice
from mailbeacon.rewriting.steps import LinkDecision, LinkWrapper, Made, PlainChange, Wrap

__all__ = ["find_urls", "rewrite_text"]

_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])https?://[^\s<>\"`\x00-\x1f\x7f。，、；：！？「」『』（）《》【】“”„«»]++", re.IGNORECASE
)
"""From the scheme to what no URL in running text goes on after: white space, quotes, and the marks that end a clause."""
_START = re.compile(r"(?<![A-Za-z0-9+.-])https?://", re.IGNORECASE)
_PUNCTUATION = frozenset(".,;:!?'|\\…’")
_EMPHASIS = frozenset("*_~")
"""What ends a URL only where it stands before it too: tokens and identifiers end in ``_`` as well."""
_LINES_ABOVE = 3
"""Lines above a link that stands alone in which its words are looked for; blank ones often part the two."""
_AFTER = re.compile(r"(?![^\r\n]{0,200}://)[^\r\n.,;:!?]{0,60}+(?!:)")
"""The words after a link that belong to it, as in ``Visit … to unsubscribe.``, and not to another one."""
_CLOSING = {")": "(", "]": "[", "}": "{"}


def rewrite_text(
    text: str,
    wrap: Wrap,
    *,
    rules: LinkRules | None = None,
    first_number: int = 1,
    bound: Mapping[str, SkipReason] | None = None,
) -> Rewrite:
    """Wrap the links of a plain-text part.

    Args:
        text: The text, with whatever line ends it has.
        wrap: Gives the URL for a link's number and destination; an empty text leaves the link alone.
        rules: Which links to wrap.
        first_number: The number of the first wrapped link, so that numbers run on from the HTML part.
        bound: The destinations that the HTML part keeps from being wrapped.
    """
    decided = _decide(text, rules or LinkRules(), bound or {})
    if isinstance(wrap, LinkWrapper):
        wrap = wrap.among(len({one.url for one in decided if one.reason is None}))
    number = first_number
    changes: list[PlainChange] = []
    left: list[tuple[int, LinkDecision]] = []
    for one in decided:
        wrapped = wrap(number, one.url) if one.reason is None else ""
        if not wrapped:
            left.append((0, one))
            continue
        changes.append((one.start, one.end, wrapped, number, one))
        number += 1
    return Rewrite(text, splice(text, changes), Made([text], [0, len(text)], changes, left), channel=Channel.TEXT)


def _decide(text: str, rules: LinkRules, bound: Mapping[str, SkipReason]) -> list[LinkDecision]:
    """Return what is to be done with each URL of a text."""
    decided = []
    lines = _Lines(text)
    tags = read_tags(text)
    for start, end in find_urls(text):
        read = text[start:end]
        url, reason = rules.judge(read)
        if tags and tags.at(start, start + 1):
            reason = SkipReason.MERGE_TAG
        if reason is None:
            reason = bound.get(read)
        if reason is None and not rules.wrap_unsubscribe and says_unsubscribe(lines.lowered(start, read)):
            reason = SkipReason.UNSUBSCRIBE
        doubt = doubtful_tag(read) if reason is None else ""
        decided.append(LinkDecision(start, end, "", read, read, url, reason, Place.TEXT, doubt))
    return decided


class _Lines:
    """What a reader sees around a link: the words of its line, or of the last line above when it stands alone."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", text))]

    def lowered(self, start: int, url: str) -> str:
        line = bisect_right(self.starts, start) - 1
        before = self.text[max(self.starts[line], start - 80) : start]
        above = max(line - _LINES_ABOVE, 0)
        while not before.strip(" \t\r\n<([>*-") and line > above:
            line -= 1
            before = self.text[max(self.starts[line], start - 120) : start]
        found = before.rpartition("://")[2] if "://" in before else before
        after = _AFTER.match(self.text, start + len(url))
        return f"{found} {url}{after[0] if after else ''}".lower()


def find_urls(text: str) -> list[tuple[int, int]]:
    """Find the http and https URLs of a running text, without the punctuation around them.

    A closing bracket belongs to the URL only if it opens inside it, as in ``…/wiki/Bee_(insect)``.
    """
    found = []
    for run in _URL.finditer(text):
        start, stop = run.span()
        while start >= 0:
            close = _first_unopened(text, start, stop)
            end = _trim(text, start, close)
            if end:
                found.append((start, end))
            more = _START.search(text, close, stop)  # a bracket may end one URL and stand before another
            start = more.start() if more else -1
    return found


def _trim(text: str, start: int, end: int) -> int:
    """Return where the URL ends, without trailing punctuation; 0 when nothing is left."""
    ends = _PUNCTUATION | (_EMPHASIS & {text[start - 1]}) if start else _PUNCTUATION
    while end > start and text[end - 1] in ends:
        end -= 1
    return end if end > start + 8 else 0


def _first_unopened(text: str, start: int, stop: int) -> int:
    """Return the place of the first closing bracket that nothing in the URL opens, or its end."""
    depth = dict.fromkeys(_CLOSING.values(), 0)
    for index in range(start, stop):
        sign = text[index]
        if sign in depth:
            depth[sign] += 1
        elif sign in _CLOSING:
            if not depth[_CLOSING[sign]]:
                return index
            depth[_CLOSING[sign]] -= 1
    return stop
