"""Count what happened near each event: in its message, and from its network. Linear in the events, but for sorting.

Every count is of different things (links, networks, recipients), within windows of time, over the whole set: neither
the order of the input nor an event read twice changes any. Weighs nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub
from typing import NamedTuple

from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Hint, Kind, NetworkKind

__all__ = ["CARRIERS", "Shared", "Spans", "count_message", "count_networks", "most", "times_near"]

CARRIERS = frozenset({NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY, NetworkKind.MAIL, NetworkKind.CDN})
"""Kinds of network where one address is not one client."""
Notes = dict[int, dict[str, int]]
_OPEN, _CLICK, _TRAP = Kind.OPEN, Kind.CLICK, Hint.HONEYPOT


class Spans(NamedTuple):
    """Hold the windows that are counted in, in seconds."""

    burst: float
    volley: float
    same_moment: float
    same_second: float
    coverage: float
    coverage_pace: float
    networks: float
    leave: float
    honeypot: float
    company: float
    company_near: float
    pixel_after: float
    recipients: float

    @classmethod
    def of(cls, windows: Windows) -> Spans:
        """Give those of some windows."""
        return cls(*(getattr(windows, name).total_seconds() for name in cls._fields))

    @property
    def hand(self) -> float:
        """How far apart two of one client's clicks may be and still say something together."""
        return max(self.burst, self.volley, self.same_moment, self.same_second, self.coverage, self.leave)


@dataclass(slots=True)
class Shared:
    """Hold the events of one judging, in order of time, with their times in seconds, and what is noted of them."""

    events: Sequence[Event]
    times: Sequence[float]
    windows: Windows
    spans: Spans
    links: Mapping[str, int]
    found: Notes = field(default_factory=dict)

    def note(self, index: int, name: str, value: int) -> None:
        """Keep the larger of what was counted so far and now."""
        noted = self.found.get(index)
        if noted is None:
            self.found[index] = {name: value}
        elif value > noted.get(name, 0):
            noted[name] = value


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
    if min(map(sub, times[1:], times)) > window:
        return [1] * size
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


def count_message(shared: Shared, indices: Sequence[int]) -> Notes:
    """Say what the opens, clicks and leave events of one message tell of each other.

    Args:
        shared: All events.
        indices: Those of the message, in order of time.

    Returns:
        What was noted, by index.
    """
    events = shared.events
    follows = [index for index in indices if events[index].kind is not _OPEN]
    if not follows:
        return {}
    shared.found = {}
    bursts = _count_follows(shared, follows) if len(follows) > 1 else []
    if len(follows) < len(indices):
        _count_order(shared, follows, [index for index in indices if events[index].kind is _OPEN])
    if len(bursts) < len(indices):
        _count_company(shared, indices, bursts)
    return shared.found


def _count_follows(shared: Shared, follows: Sequence[int]) -> list[int]:
    """Note what the clicks and leave events of one message say of each other; give those of its bursts."""
    bursts: set[int] = set()
    for hand in _hands(shared.events, follows):
        bursts.update(_count_hand(shared, hand))
    if len(follows) >= shared.windows.networks_count:
        _count_networks(shared, follows, bursts)
    return sorted(bursts)


def _count_company(shared: Shared, indices: Sequence[int], bursts: Sequence[int]) -> None:
    """Note what a burst's client, or one on a hidden link, did besides on the same message."""
    spans = shared.spans
    if bursts:
        _taint(shared, indices, bursts, spans.company_near, spans.company, "company")
    trapped = [index for index in indices if _TRAP in shared.events[index].facts.hints]
    if trapped:
        _taint(shared, indices, trapped, spans.honeypot, spans.honeypot, "trap")


def _taint(shared: Shared, indices: Sequence[int], seeds: Sequence[int], near: float, far: float, note: str) -> None:
    """Note the events, but for the seeds themselves, that share network or agent with a seed nearby, or both farther off."""
    events, times, seen = shared.events, shared.times, set(seeds)
    networks: dict[str, list[float]] = {}
    agents: dict[str, list[float]] = {}
    both: dict[tuple[str, str], list[float]] = {}
    for index in seeds:
        facts, moment = events[index].facts, times[index]
        network, agent = facts.network_id, facts.agent_id
        networks.setdefault(network, []).append(moment)
        agents.setdefault(agent, []).append(moment)
        both.setdefault((network, agent), []).append(moment)
    for index in indices:
        if index in seen:
            continue
        facts, moment = events[index].facts, times[index]
        network, agent = facts.network_id, facts.agent_id
        if (
            (network and times_near(moment, networks.get(network, ()), near))
            or (agent and times_near(moment, agents.get(agent, ()), near))
            or (network and agent and times_near(moment, both.get((network, agent), ()), far))
        ):
            shared.note(index, note, True)


def _count_order(shared: Shared, follows: Sequence[int], opens: Sequence[int]) -> None:
    """Note pixels fetched only after a click of the same agent, wherever from: a person opens a mail before following its links."""
    events, times = shared.events, shared.times
    window, back = shared.spans.pixel_after, shared.spans.company
    if times[opens[-1]] <= times[follows[0]] or times[opens[0]] - times[follows[-1]] > window:
        return
    clicked, opened = _by_agent(shared, follows), _by_agent(shared, opens)
    for index in opens:
        agent, moment = events[index].facts.agent_id, times[index]
        clicks = clicked.get(agent)
        if clicks:
            first = clicks[min(bisect_left(clicks, moment - window), len(clicks) - 1)]
            looks = opened[agent]
            if 0 < moment - first <= window and looks[bisect_left(looks, first - back)] > first:
                shared.note(index, "pixel_after", True)


def _by_agent(shared: Shared, indices: Iterable[int]) -> dict[str, list[float]]:
    """Give the times of the events of each agent id, but for those without."""
    found: dict[str, list[float]] = {}
    for index in indices:
        agent = shared.events[index].facts.agent_id
        if agent:
            found.setdefault(agent, []).append(shared.times[index])
    return found


def _hands(events: Sequence[Event], follows: Sequence[int]) -> list[list[int]]:
    """Group events by network id, and again by agent id: each group of several may be one client's."""
    first = events[follows[0]].facts
    network, agent = first.network_id, first.agent_id
    if all(events[index].facts.network_id == network and events[index].facts.agent_id == agent for index in follows):
        return [list(follows)]
    networks: dict[str, list[int]] = {}
    agents: dict[str, list[int]] = {}
    for index in follows:
        facts = events[index].facts
        network, agent = facts.network_id, facts.agent_id
        if network or not agent:
            networks.setdefault(network, []).append(index)
        if agent:
            agents.setdefault(agent, []).append(index)
    hands = [group for group in networks.values() if len(group) > 1]
    return hands + [group for group in agents.values() if len(group) > 1 and group not in hands]


def _links(events: Sequence[Event], indices: Iterable[int]) -> list[object]:
    """Say what each event followed: a link's number, else where it leads, else what kind of event it is."""
    found: list[object] = []
    for index in indices:
        event = events[index]
        found.append(event.link if event.link is not None else (event.url or event.kind.value))
    return found


def _count_hand(shared: Shared, hand: list[int]) -> list[int]:
    """Note bursts, coverage and pairs of one client; give the events of its bursts."""
    events, spans = shared.events, shared.spans
    times = [shared.times[index] for index in hand]
    if min(map(sub, times[1:], times)) > spans.hand:
        return []
    links = _links(events, hand)
    different = len(set(links))
    if different < 2:
        return []
    bursts: list[int] = []
    if different >= shared.windows.burst_links:
        bursts = _count_bursts(shared, hand, times, links)
    if len(bursts) < len(hand):
        _note(shared, hand, most(times, links, spans.same_second), 2, "pair")
        fine = _fine(shared, hand)
        if len(fine) > 1:
            _note(shared, fine, _most_links(shared, fine, spans.same_moment), 2, "moment")
    bursts += _count_coverage(shared, hand, times, links, different)
    leaves = [events[index].kind is not _CLICK for index in hand]
    if True in leaves and False in leaves:
        _note(shared, hand, most(times, leaves, spans.leave), 2, "leave")
    return bursts


def _count_bursts(shared: Shared, hand: Sequence[int], times: Sequence[float], links: Sequence[object]) -> list[int]:
    """Note where one client followed links in quick succession; give the events that did so faster than a hand can."""
    windows, spans = shared.windows, shared.spans
    counted = most(times, links, spans.burst)
    if max(counted) < windows.burst_links:
        return []
    fine = _fine(shared, hand) if min(counted) < windows.burst_sure else []
    quick = dict(zip(fine, _most_links(shared, fine, spans.volley), strict=True)) if fine else {}
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


def _most_links(shared: Shared, hand: Sequence[int], span: float) -> list[int]:
    return most([shared.times[index] for index in hand], _links(shared.events, hand), span)


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
    slow = shared.spans.coverage
    quick = min(slow, shared.spans.coverage_pace * least)
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
    window, least = shared.spans.networks, windows.networks_count
    for group in groups.values():
        if len({events[index].facts.network_id for index in group}) < least:
            continue
        own = _without_echoes(shared, group, window)
        if len(own) < least:
            continue
        times = [shared.times[index] for index in own]
        links = most(times, _links(events, own), window)
        networks = most(times, [events[index].facts.network_id for index in own], window)
        for index, count, different in zip(own, networks, links, strict=True):
            if min(count, different) >= least:
                shared.note(index, "networks", count)


def _without_echoes(shared: Shared, group: Sequence[int], window: float) -> list[int]:
    """Leave out clicks on a link that another network followed too within the window."""
    links: dict[object, list[int]] = {}
    for index, link in zip(group, _links(shared.events, group), strict=True):
        links.setdefault(link, []).append(index)
    own = []
    for same in links.values():
        networks = [shared.events[index].facts.network_id for index in same]
        counted = most([shared.times[index] for index in same], networks, window)
        own += [index for index, count in zip(same, counted, strict=True) if count == 1]
    return sorted(own)


def count_networks(shared: Shared, groups: Iterable[Sequence[int]]) -> Notes:
    """Say where one network, not known to carry many people, makes hits for many recipients at a machine's pace.

    Args:
        shared: All events.
        groups: Those of each network that may, in order of time.

    Returns:
        What was noted, by index.
    """
    least, window = shared.windows.recipients_count, shared.spans.recipients
    found: Notes = {}
    for indices in groups:
        times = [shared.times[index] for index in indices]
        if any(later - moment <= window for moment, later in zip(times, times[least - 1 :], strict=False)):
            counted = most(times, [shared.events[index].recipient for index in indices], window)
            found |= {index: {"recipients": n} for index, n in zip(indices, counted, strict=True) if n >= least}
    return found
