"""A rewrite told in lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mailbeacon.model import Link, Skipped, Warned
from mailbeacon.rewriting.sizes import CLIP_BYTES

__all__ = ["report_lines"]


def report_lines(
    links: Sequence[Link], skipped: Sequence[Skipped], warnings: Sequence[Warned], before: int, after: int, html: bool
) -> str:
    """Return what was done with each link, what to look at, and how the size changed, in lines."""
    found = [f"{_count(len(links), 'link')} wrapped, {len(skipped)} left alone"]
    found += [
        f"  {one.number:>3}  {one.line}:{one.column}  {one.place}  {_short(one.url)}{_label(one)}" for one in links
    ]
    for one in skipped:
        url = _short(one.url) or "(empty)"
        found.append(f"    -  {one.line}:{one.column}  {one.place}  {url}{_label(one)}  [{one.reason}]")
    for warned in warnings:
        place = f"{warned.line}:{warned.column}  " if warned.line else ""
        found.append(f"    !  {place}{warned.detail}  [{warned.kind}]")
    share = f": {after / CLIP_BYTES:.0%} of the {CLIP_BYTES:,} Gmail shows" if html else ""
    found.append(f"{before:,} bytes before, {after:,} after{share}")
    return "\n".join(found)


def _label(link: Link | Skipped) -> str:
    return f"  «{_short(link.label)}»" if link.label else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(text: str, width: int = 76) -> str:
    clean = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return clean if len(clean) <= width else f"{clean[: width - 1]}…"
