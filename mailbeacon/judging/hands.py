"""What one client did with one message: bursts, coverage of all links, and pairs.

A client is known by its network, or by its agent where that is scattered over several; each group of events that may be
one client's is called a hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub

from mailbeacon.judging.shared import Shared, links_of, most
from mailbeacon.model import Event, Facts, Kind, NetworkKind

__all__ = ["AgentHand", "agent_hand", "count_hand", "hands_of"]

_CLICK = Kind.CLICK
AgentHand = tuple[str, NetworkKind]


def agent_hand(facts: Facts) -> AgentHand:
    """Say whose hand an event may be by its agent: within one kind of network, for few scanners rent in several."""
    return facts.agent_id, facts.network.kind


def hands_of(events: Sequence[Event], follows: Sequence[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Group events by network id, and again by agent id: each group of several may be one client's."""
    known = [events[index].facts for index in follows]
    clients = {(facts.network_id, facts.agent_id) for facts in known}
    if len(clients) == 1 and known[0].network_id:
        return [list(follows)], []
    networks: dict[str, list[int]] = {}
    agents: dict[AgentHand, list[int]] = {}
    for index, facts in zip(follows, known, strict=True):
        network, agent = facts.network_id, facts.agent_id
        if network or not agent:
            networks.setdefault(network, []).append(index)
        if agent:
            agents.setdefault(agent_hand(facts), []).append(index)
    hands = [group for group in networks.values() if len(group) > 1]
    return hands, [group for group in agents.values() if len(group) > 1 and group not in hands]


def count_hand(shared: Shared, hand: list[int]) -> list[int]:
    """Note bursts, coverage and pairs of one client; give the events of its bursts."""
    events, spans = shared.events, shared.spans
    times = [shared.times[index] for index in hand]
    closest = min(map(sub, times[1:], times))
    if closest > spans.hand:
        return []
    links = links_of(events, hand)
    different = len(set(links))
    windows = shared.windows
    least = shared.links.get(events[hand[0]].campaign, 0) or windows.many_links
    covers = different >= least >= windows.coverage_links
    if different < 2 or (closest > spans.quick and not covers):
        return []
    bursts: list[int] = []
    if different >= windows.burst_links:
        bursts = _count_bursts(shared, hand, times, links)
    if len(bursts) < len(hand):
        _note(shared, hand, most(times, links, spans.same_second), 2, "pair")
        fine = _fine(shared, hand)
        if len(fine) > 1:
            _note(shared, fine, _most_links(shared, fine, spans.same_moment), 2, "moment")
    if covers:
        bursts += _count_coverage(shared, hand, times, links, least)
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
    sure = max(windows.burst_sure, windows.burst_links)
    fine = _fine(shared, hand) if min(counted) < sure else []
    quick = dict(zip(fine, _most_links(shared, fine, spans.volley), strict=True)) if fine else {}
    bursts = []
    for index, count in zip(hand, counted, strict=True):
        if count >= sure or quick.get(index, 0) >= windows.burst_links:
            shared.note(index, "burst", count)
            bursts.append(index)
        elif count >= windows.burst_links:
            shared.note(index, "tabs", count)
    return bursts


def _fine(shared: Shared, hand: Sequence[int]) -> list[int]:
    """Give the events whose times are finer than seconds: most logs have whole seconds, which hide a person's pace."""
    return [index for index in hand if shared.events[index].received_at.microsecond]


def _most_links(shared: Shared, hand: Sequence[int], span: float) -> list[int]:
    return most([shared.times[index] for index in hand], links_of(shared.events, hand), span)


def _note(shared: Shared, hand: Sequence[int], counted: Sequence[int], least: int, name: str) -> None:
    for index, count in zip(hand, counted, strict=True):
        if count >= least:
            shared.note(index, name, True)


def _count_coverage(
    shared: Shared, hand: Sequence[int], times: Sequence[float], links: Sequence[object], least: int
) -> list[int]:
    """Note where one client followed as many links as the mail has; give the events that did so at no person's pace."""
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
