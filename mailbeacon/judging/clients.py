"""What one client did with one mail: bursts, tabs, coverage of its links, and pairs.

A client is a network's, within one mail; or an agent's, where no address is known. Where times are whole seconds, as in most
logs, an event came up to a second later than they say, so nothing counts here that this could explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from operator import sub

from mailbeacon.judging.batch import CARRIERS, Batch, links_of, max_distinct_in_window, slack_of
from mailbeacon.judging.windows import Windows
from mailbeacon.model import Channel, Event, Kind, NetworkKind

__all__ = ["count_client", "count_scattered", "group_by_client", "hand_counts"]

_CLICK = Kind.CLICK
_CHANNELS = tuple(Channel)
_LEAST_TABS = 3
_MANY, _NEARLY_ALL = 8, 0.8
"""Coverage: of fewer links people often follow all; of many hardly anybody follows four in five."""


def group_by_client(events: Sequence[Event], indices: Sequence[int]) -> list[list[int]]:
    """Group one mail's events by client: by network; or by agent, where no address is known."""
    groups: dict[str | tuple[str], list[int]] = {}
    for index in indices:
        facts = events[index].facts
        client = facts.network_id or (facts.agent_id,)
        if client in groups:
            groups[client].append(index)
        else:
            groups[client] = [index]
    return list(groups.values())


def hand_counts(windows: Windows) -> list[tuple[float, int]]:
    """Return windows of time in seconds, each with the number of links that no hand can follow within it."""
    hand = windows.hand.total_seconds()
    spans = sorted({2 * hand, windows.same_second.total_seconds(), windows.burst.total_seconds()})
    return [(span, max(_LEAST_TABS, 1 + ceil(span / hand - 1e-9)) if hand else _LEAST_TABS) for span in spans]


def count_client(batch: Batch, client: Sequence[int]) -> set[int]:
    """Note what one client's clicks say of each other; return those of its bursts, its coverage, and of tabs opened again."""
    times, spans = batch.times_of(client), batch.spans
    near = max(spans.burst, spans.leave)
    if times[-1] - times[0] > near and min(map(sub, times[1:], times)) > near:
        return _count_coverage(batch, client) if len(client) >= _MANY else set()
    links = links_of(batch.events, client)
    if len(set(links)) < 2:
        return set()
    slack = slack_of(batch, client)
    settled = _count_bursts(batch, client, times, links, slack)
    if len(client) - len(settled) > 1:
        rest = [place for place, index in enumerate(client) if index not in settled]
        own, own_times, own_links = (_at(rest, values) for values in (client, times, links))
        _count_pairs(batch, own, own_times, own_links, slack)
    leaves = [batch.events[index].kind is not _CLICK for index in client]
    if True in leaves and False in leaves:
        counted = max_distinct_in_window(times, leaves, spans.leave - slack)
        _note_from(batch, client, counted, 2, "leave")
    return settled | _count_coverage(batch, client) if len(client) >= _MANY else settled


def _at(places: Sequence[int], values: Sequence) -> list:  # type: ignore[type-arg]
    return [values[place] for place in places]


def _count_pairs(
    batch: Batch, client: Sequence[int], times: Sequence[float], links: Sequence[object], slack: float
) -> None:
    spans = batch.spans
    pairs = max_distinct_in_window(times, links, spans.same_second - slack)
    _note_from(batch, client, pairs, 2, "pair")
    if not slack:
        moments = max_distinct_in_window(times, links, spans.same_moment)
        _note_from(batch, client, moments, 2, "moment")
    tabs = max_distinct_in_window(times, links, spans.burst - slack)
    for index, count in zip(client, tabs, strict=True):
        if count >= _LEAST_TABS:
            batch.note(index, "tabs", count)


def _count_bursts(
    batch: Batch, client: Sequence[int], times: Sequence[float], links: Sequence[object], slack: float
) -> set[int]:
    """Note where one client followed links faster than a hand can.

    Returns:
        Those events; and the events that are none of a burst, for the client had followed the same links before, one by one:
        so does a browser that opens its tabs again.
    """
    counts: dict[int, int] = {}
    for span, least in reversed(batch.limits):  # the longest window's count is the most
        if least <= len(client) > len(counts):
            for index, count in zip(client, max_distinct_in_window(times, links, span - slack), strict=True):
                if count >= least:
                    counts.setdefault(index, count)
    near, far = batch.spans.burst, batch.spans.address
    again: set[int] = set()
    if times[-1] - times[0] > near:
        before: dict[object, float] = {}
        for index, moment, link in zip(client, times, links, strict=True):
            if near < moment - before.get(link, moment) <= far:
                again.add(index)
            if index not in counts:
                before[link] = moment
    for index, count in counts.items():
        if index not in again:
            batch.note(index, "burst", count)
    return again.union(counts)


def _note_from(batch: Batch, client: Sequence[int], counted: Sequence[int], least: int, name: str) -> None:
    for index, count in zip(client, counted, strict=True):
        if count >= least:
            batch.note(index, name, True)


def _count_coverage(batch: Batch, client: Sequence[int]) -> set[int]:
    """Note where one client followed nearly all links of one part of the mail; return those events."""
    found: set[int] = set()
    for channel in _CHANNELS:
        clicks = [
            index for index in client if batch.events[index].kind is _CLICK and batch.events[index].channel is channel
        ]
        least, links = enough_of(batch, clicks)
        if not least:
            continue
        times, different = batch.times_of(clicks), links_of(batch.events, clicks)
        counted = max_distinct_in_window(times, different, batch.spans.coverage)
        for index, count in zip(clicks, counted, strict=True):
            if count >= least:
                batch.note(index, "covered", count)
                batch.note(index, "links", max(links, count) if links else 0)
                found.add(index)
    return found


def enough_of(batch: Batch, clicks: Sequence[int]) -> tuple[int, int]:
    """Return how many links are nearly all that a mail's part has, and how many it has (0: not known).

    The first is 0 where so few were followed, or there are so few, that it says nothing.
    """
    windows = batch.windows
    if len(clicks) < _MANY:
        return 0, 0
    links = max(batch.events[index].links or 0 for index in clicks)
    links = links or batch.links.get(batch.events[clicks[0]].campaign, 0)
    if not links:
        return windows.many_links, 0
    return (max(_MANY, ceil(_NEARLY_ALL * links)) if links >= _MANY else 0), links


def count_scattered(batch: Batch, indices: Sequence[int]) -> set[int]:
    """Note where one agent followed links from several networks of one kind, faster than a hand can; return those events.

    Everybody on one system and one version of a browser has the same agent, and whoever holds a copy of a mail can send any.
    So this only lowers a verdict; and where one address is not one client it says nothing.
    """
    groups: dict[tuple[str, NetworkKind], list[int]] = {}
    for index in indices:
        facts = batch.events[index].facts
        if facts.agent_id and facts.network_id and facts.network.kind not in CARRIERS:
            groups.setdefault((facts.agent_id, facts.network.kind), []).append(index)
    found: set[int] = set()
    for group in groups.values():
        if len(group) < _LEAST_TABS or len({batch.events[index].facts.network_id for index in group}) < 2:
            continue
        times, links = batch.times_of(group), links_of(batch.events, group)
        slack = slack_of(batch, group)
        for span, least in batch.limits:
            if len(group) < least:
                break
            for index, count in zip(group, max_distinct_in_window(times, links, span - slack), strict=True):
                if count >= least:
                    batch.note(index, "scattered", count)
                    found.add(index)
    return found
