"""Count what happened near each event: in its message, and from its network. Linear in the events, but for sorting.

Every count is of different things (links, networks, recipients), within windows of time, over the whole set: neither
the order of the input nor an event read twice changes any. Weighs nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from mailbeacon.judging.around import Counts
from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Kind, NetworkKind

__all__ = [
    "CARRIERS",
    "Neighbourhood",
    "Shared",
    "count_company",
    "count_message",
    "count_network",
    "count_order",
    "most",
    "times_near",
]

LEAVES = frozenset({Kind.LEAVE_PAGE, Kind.UNSUBSCRIBE})
CARRIERS = frozenset({NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY, NetworkKind.MAIL, NetworkKind.CDN})
"""Kinds of network where one address is not one client."""


@dataclass(slots=True)
class Shared:
    """Hold the events of one judging, in order of time, with their times in seconds."""

    events: Sequence[Event]
    times: Sequence[float]
    traps: Sequence[bool]
    windows: Windows
    links: Mapping[str, int]
    found: dict[int, dict[str, int]] = field(default_factory=dict)

    def note(self, index: int, name: str, value: int) -> None:
        """Keep the larger of what was counted so far and now."""
        noted = self.found.setdefault(index, {})
        if value > noted.get(name, 0):
            noted[name] = value

    def counts(self, index: int) -> Counts:
        """Give what was noted of one event."""
        return Counts(**self.found.get(index, {}))  # type: ignore[arg-type]  # bools are kept as ints


def most(times: Sequence[float], things: Sequence[object], window: float) -> list[int]:
    """Count, for each event, the most different things in any window of time that holds the event.

    Args:
        times: In order, in seconds.
        things: What is counted, one for each event.
        window: The window's length in seconds.

    Returns:
        One count for each event. Two passes with two pointers, so linear.
    """
    size = len(times)
    if times[-1] - times[0] <= window:
        return [len(set(things))] * size
    ending = []
    held: dict[object, int] = {}
    start = 0
    for moment, thing in zip(times, things, strict=True):
        held[thing] = held.get(thing, 0) + 1
        while moment - times[start] > window:
            gone = things[start]
            held[gone] -= 1
            if not held[gone]:
                del held[gone]
            start += 1
        ending.append(len(held))
    best = [0] * size
    line: deque[int] = deque()
    for index in range(size - 1, -1, -1):
        while line and times[line[0]] - times[index] > window:
            line.popleft()
        while line and ending[line[-1]] <= ending[index]:
            line.pop()
        line.append(index)
        best[index] = ending[line[0]]
    return best


def times_near(moment: float, others: Sequence[float], window: float) -> bool:
    """Tell whether any of ``others`` (in order) is within ``window`` of a moment."""
    place = bisect_left(others, moment - window)
    return place < len(others) and others[place] - moment <= window


def count_message(shared: Shared, follows: Sequence[int]) -> tuple[list[int], list[int]]:
    """Note what the clicks and leave events of one message say of each other.

    Args:
        shared: Where to note it.
        follows: The message's clicks and leave events, in order of time.

    Returns:
        Those that are part of a burst, and those on a hidden link: what their clients did besides is tainted.
    """
    bursts: list[int] = []
    if len(follows) > 1:
        for hand in _hands(shared.events, follows):
            bursts += _count_hand(shared, hand)
        if len(follows) >= shared.windows.networks_count:
            _count_networks(shared, follows, set(bursts))
    return sorted(set(bursts)), [index for index in follows if shared.traps[index]]


def count_company(shared: Shared, indices: Sequence[int], bursts: Sequence[int], trapped: Sequence[int]) -> None:
    """Note the opens and clicks of one message that a burst's client, or one on a hidden link, made besides.

    Args:
        shared: Where to note it.
        indices: All opens, clicks and leave events of the message.
        bursts: Those that are part of a burst.
        trapped: Those on a hidden link.
    """
    windows = shared.windows
    near, far, trap = windows.company_near, windows.company, windows.honeypot
    if bursts:
        for name, window in ((_network, near), (_user_agent, near), (_both, far)):
            _taint(shared, indices, bursts, name, window, "company")
    if trapped:
        for name in (_network, _user_agent):
            _taint(shared, indices, trapped, name, trap, "trap")


def count_order(shared: Shared, follows: Sequence[int], opens: Sequence[int]) -> None:
    """Note pixels fetched only after a click of the same agent, wherever from: a person opens a mail before following its links.

    Args:
        shared: Where to note it.
        follows: The message's clicks and leave events, in order of time.
        opens: Its opens, in order of time.
    """
    window, back = shared.windows.pixel_after.total_seconds(), shared.windows.company.total_seconds()
    clicked: dict[object, list[float]] = {}
    for index in follows:
        clicked.setdefault(_user_agent(shared.events[index]), []).append(shared.times[index])
    opened: dict[object, list[float]] = {}
    for index in opens:
        opened.setdefault(_user_agent(shared.events[index]), []).append(shared.times[index])
    for index in opens:
        client = _user_agent(shared.events[index])
        clicks = clicked.get(client) if client else None
        if clicks:
            moment = shared.times[index]
            first = clicks[min(bisect_left(clicks, moment - window), len(clicks) - 1)]
            looks = opened[client]
            before = bisect_left(looks, first - back)
            if 0 < moment - first <= window and looks[before] > first:
                shared.note(index, "pixel_after", True)


def _taint(
    shared: Shared,
    indices: Sequence[int],
    seeds: Sequence[int],
    name: Callable[[Event], object],
    window: timedelta,
    note: str,
) -> None:
    """Note the events, but for the seeds themselves, that share a name with a seed nearby in time."""
    events, times, span, seen = shared.events, shared.times, window.total_seconds(), set(seeds)
    theirs: dict[object, list[float]] = {}
    for index in sorted(seen):
        key = name(events[index])
        if key:
            theirs.setdefault(key, []).append(times[index])
    for index in indices:
        if index not in seen:
            moments = theirs.get(name(events[index]))
            if moments and times_near(times[index], moments, span):
                shared.note(index, note, True)


def _hands(events: Sequence[Event], follows: Iterable[int]) -> list[list[int]]:
    """Group events by network id, and again by agent id: each group of several may be one client's."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index in follows:
        facts = events[index].facts
        network, agent = facts.network_id, facts.agent_id
        if network or not agent:
            groups.setdefault(("network", network), []).append(index)
        if agent:
            groups.setdefault(("agent", agent), []).append(index)
    return [list(hand) for hand in {tuple(group) for group in groups.values() if len(group) > 1}]


def _link(event: Event) -> object:
    return event.link if event.link is not None else (event.url or event.kind.value)


def _count_hand(shared: Shared, hand: list[int]) -> list[int]:
    """Note bursts, coverage and pairs of one client; give the events of its bursts."""
    windows, events = shared.windows, shared.events
    links = [_link(events[index]) for index in hand]
    different = len(set(links))
    if different < 2:
        return []
    times = [shared.times[index] for index in hand]
    bursts: list[int] = []
    if different >= windows.burst_links:
        bursts = _count_bursts(shared, hand, times, links)
    if len(bursts) < len(hand):
        _note(shared, hand, most(times, links, windows.same_second.total_seconds()), 2, "pair")
        fine = _fine(shared, hand)
        if len(fine) > 1:
            _note(shared, fine, _most_links(shared, fine, windows.same_moment), 2, "moment")
    bursts += _count_coverage(shared, hand, times, links, different)
    leaves = [events[index].kind in LEAVES for index in hand]
    if True in leaves and False in leaves:
        _note(shared, hand, most(times, leaves, windows.leave.total_seconds()), 2, "leave")
    return bursts


def _count_bursts(shared: Shared, hand: Sequence[int], times: Sequence[float], links: Sequence[object]) -> list[int]:
    """Note where one client followed links in quick succession; give the events that did so faster than a hand can."""
    windows = shared.windows
    counted = most(times, links, windows.burst.total_seconds())
    if max(counted) < windows.burst_links:
        return []
    fine = _fine(shared, hand)
    quick = dict(zip(fine, _most_links(shared, fine, windows.volley), strict=True)) if fine else {}
    bursts = []
    for index, count in zip(hand, counted, strict=True):
        if count >= windows.burst_sure or quick.get(index, 0) >= windows.burst_links:
            shared.note(index, "burst", count)
            bursts.append(index)
        elif count >= windows.burst_links:
            shared.note(index, "tabs", count)
    return bursts


def _fine(shared: Shared, hand: Sequence[int]) -> list[int]:
    """Give the events whose times are finer than seconds: most logs have whole seconds, which hide a person's pace."""
    return [index for index in hand if shared.events[index].received_at.microsecond]


def _most_links(shared: Shared, hand: Sequence[int], window: timedelta) -> list[int]:
    times, links = [shared.times[index] for index in hand], [_link(shared.events[index]) for index in hand]
    return most(times, links, window.total_seconds())


def _note(shared: Shared, hand: Sequence[int], counted: Sequence[int], least: int, name: str) -> None:
    for index, count in zip(hand, counted, strict=True):
        if count >= least:
            shared.note(index, name, True)


def _count_coverage(
    shared: Shared, hand: Sequence[int], times: Sequence[float], links: Sequence[object], different: int
) -> list[int]:
    """Note where one client followed all links of the mail; give the events that did so at no person's pace."""
    windows = shared.windows
    known = shared.links.get(shared.events[hand[0]].campaign, 0)
    least = known or windows.many_links
    if least < windows.coverage_links or different < least:
        return []
    slow = windows.coverage.total_seconds()
    quick = min(slow, windows.coverage_pace.total_seconds() * least)
    fast = []
    for index, count in zip(hand, most(times, links, quick), strict=True):
        if count >= least:
            shared.note(index, "covered", count)
            fast.append(index)
    if len(fast) < len(hand):
        for index, count in zip(hand, most(times, links, slow), strict=True):
            if count >= least:
                shared.note(index, "covered_slowly", count)
    return fast


def _count_networks(shared: Shared, follows: Sequence[int], bursts: set[int]) -> None:
    """Note clicks from many networks on as many links at nearly one time.

    Bursts are left out, and kinds of network are kept apart: a person's click beside a scanner's stays a person's. So it
    does where a gateway visits, from elsewhere, what the person follows: a link followed from two networks says nothing.
    """
    events, windows = shared.events, shared.windows
    groups: dict[NetworkKind, list[int]] = {}
    for index in follows:
        facts = events[index].facts
        if index not in bursts and facts.network_id and facts.network.kind not in CARRIERS:
            groups.setdefault(facts.network.kind, []).append(index)
    window, least = windows.networks.total_seconds(), windows.networks_count
    for group in groups.values():
        if len({_network(events[index]) for index in group}) < least:
            continue
        own = _without_echoes(shared, group, window)
        if len(own) < least:
            continue
        times = [shared.times[index] for index in own]
        links = most(times, [_link(events[index]) for index in own], window)
        networks = most(times, [_network(events[index]) for index in own], window)
        for index, count, different in zip(own, networks, links, strict=True):
            if min(count, different) >= least:
                shared.note(index, "networks", count)


def _without_echoes(shared: Shared, group: Sequence[int], window: float) -> list[int]:
    """Leave out clicks on a link that another network followed too within the window."""
    links: dict[object, list[int]] = {}
    for index in group:
        links.setdefault(_link(shared.events[index]), []).append(index)
    own = []
    for same in links.values():
        networks = [_network(shared.events[index]) for index in same]
        counted = most([shared.times[index] for index in same], networks, window)
        own += [index for index, count in zip(same, counted, strict=True) if count == 1]
    return sorted(own)


def _network(event: Event) -> object:
    return event.facts.network_id


def _user_agent(event: Event) -> object:
    return event.facts.agent_id


def _both(event: Event) -> object:
    facts = event.facts
    return (facts.network_id, facts.agent_id) if facts.network_id and facts.agent_id else None


def count_network(shared: Shared, indices: Sequence[int]) -> None:
    """Note where one network, not known to carry many people, makes hits for many recipients at a machine's pace."""
    least, window = shared.windows.recipients_count, shared.windows.recipients.total_seconds()
    times = [shared.times[index] for index in indices]
    if all(later - moment > window for moment, later in zip(times, times[least - 1 :], strict=False)):
        return
    counted = most(times, [shared.events[index].recipient for index in indices], window)
    for index, count in zip(indices, counted, strict=True):
        if count >= least:
            shared.note(index, "recipients", count)


class Neighbourhood:
    """Give a host's rules the events near an event. What it gives grows with them, and so does its time."""

    __slots__ = ("_horizon", "messages", "networks")

    def __init__(self, events: Iterable[Event], horizon: timedelta) -> None:
        self._horizon = horizon
        self.messages: dict[str, list[Event]] = {}
        self.networks: dict[str, list[Event]] = {}
        for event in sorted(events, key=attrgetter("received_at", "id")):
            if event.recipient is not None:
                self.messages.setdefault(event.message_id, []).append(event)
                self.networks.setdefault(event.facts.network_id, []).append(event)

    def near(self, groups: Mapping[str, list[Event]], name: str, event: Event) -> tuple[Event, ...]:
        """Give the events of a group within the horizon of an event, that event too; none for a nameless group."""
        group = groups.get(name, ()) if name and event.recipient is not None else ()
        moment: datetime = event.received_at
        start = bisect_left(group, moment - self._horizon, key=_moment)
        return tuple(group[start : bisect_right(group, moment + self._horizon, key=_moment)])


_moment = attrgetter("received_at")
