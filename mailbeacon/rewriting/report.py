"""A rewrite told in lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mailbeacon.model import Link, Skipped, Warned
from mailbeacon.rewriting.sizes import CLIP_BYTES

__all__ = ["lines"]


def lines(
    links: Sequence[Link], skipped: Sequence[Skipped], warnings: Sequence[Warned], before: int, after: int, html: bool
) -> str:
    """Tell what was done with each link, what to look at, and how the size changed."""
    found = [f"{_count(len(links), 'link')} wrapped, {len(skipped)} left alone"]
    for link in links:
        label = f"  «{link.label}»" if link.label else ""
        found.append(f"  {link.number:>3}  {link.line}:{link.column}  {link.place}  {_short(link.url)}{label}")
    found += [
        f"    -  {one.line}:{one.column}  {one.place}  {_short(one.url) or '(empty)'}  [{one.reason}]"
        for one in skipped
    ]
    for warned in warnings:
        place = f"{warned.line}:{warned.column}  " if warned.line else ""
        found.append(f"    !  {place}{warned.detail}  [{warned.kind}]")
    share = f": {after / CLIP_BYTES:.0%} of the {CLIP_BYTES:,} Gmail shows" if html else ""
    found.append(f"{before:,} bytes before, {after:,} after{share}")
    return "\n".join(found)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(text: str, width: int = 76) -> str:
    clean = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return clean if len(clean) <= width else f"{clean[: width - 1]}…"
