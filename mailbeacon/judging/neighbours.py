"""Count what happened near each event: in its message, and from its network. Linear in the events, but for sorting.

Every count is of different things (links, networks, recipients), within windows of time, over the whole set: neither
the order of the input nor an event read twice changes any. Weighs nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Sequence, Set
from operator import attrgetter
from typing import NamedTuple

from mailbeacon.judging.crowds import crowd
from mailbeacon.judging.hands import AgentHand, agent_hand, count_hand, hands_of
from mailbeacon.judging.shared import Notes, Shared, links_of, most, times_near
from mailbeacon.model import Facts, Hint, Kind, NetworkKind

__all__ = ["CARRIERS", "count_message", "count_networks"]

CARRIERS = frozenset({NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY, NetworkKind.MAIL, NetworkKind.CDN})
"""Kinds of network where one address is not one client."""
_OPEN, _TRAP = Kind.OPEN, Hint.HONEYPOT


def count_message(shared: Shared, indices: Sequence[int], *, trapped: bool) -> Notes:
    """Say what the opens, clicks and leave events of one message tell of each other.

    Args:
        shared: All events.
        indices: Those of the message, in order of time.
        trapped: Whether a hit on a hidden link is among them.

    Returns:
        What was noted, by index.
    """
    events = shared.events
    follows: list[int] = []
    opens: list[int] = []
    for index in indices:
        (opens if events[index].kind is _OPEN else follows).append(index)
    shared.found = {}
    if not follows:
        return shared.found
    bursts = _count_follows(shared, follows) if len(follows) > 1 else _NO_BURSTS
    if opens:
        _count_order(shared, follows, opens, bursts.settled)
    spans, settled = shared.spans, bursts.settled
    seeds = sorted(settled | bursts.scattered) if settled or bursts.scattered else []
    if 0 < len(seeds) < len(indices):
        _taint(shared, indices, seeds, settled, spans.company_near, spans.company, "company")
    if trapped:
        hits = [index for index in indices if _TRAP in events[index].facts.hints]
        _taint(shared, indices, hits, settled, spans.honeypot, spans.honeypot, "trap")
    return shared.found


class _Bursts(NamedTuple):
    """Hold the events of one message's bursts: those from one network, and those one agent made from several.

    Everybody on one system and one major version of a browser has the same user agent. So what made a burst from one
    network is known by its network, and its agent tells nothing of others.
    """

    settled: Set[int]
    scattered: Set[int]


_NO_BURSTS = _Bursts(frozenset(), frozenset())


def _count_follows(shared: Shared, follows: Sequence[int]) -> _Bursts:
    """Note what the clicks and leave events of one message say of each other; give those of its bursts."""
    settled: set[int] = set()
    scattered: set[int] = set()
    networks, agents = hands_of(shared.events, follows)
    for hand in networks:
        settled.update(count_hand(shared, hand))
    for hand in agents:
        rest = [index for index in hand if index not in settled]
        if len(rest) > 1:
            scattered.update(count_hand(shared, rest))
    if len(follows) >= shared.windows.networks_count:
        _count_networks(shared, follows, settled | scattered)
    return _Bursts(settled, scattered)


def _taint(
    shared: Shared,
    indices: Sequence[int],
    seeds: Sequence[int],
    settled: Container[int],
    near: float,
    far: float,
    note: str,
) -> None:
    """Note what a burst's client, or one on a hidden link, did besides on the same message.

    Those are the events, but for the seeds themselves, that share network or agent with a seed nearby, or both farther off.
    The agent of a ``settled`` seed does not count by itself.
    """
    events, times, seen = shared.events, shared.times, set(seeds)
    networks: dict[str, list[float]] = {}
    agents: dict[AgentHand, list[float]] = {}
    both: dict[tuple[str, str], list[float]] = {}
    for index in seeds:
        facts, moment = events[index].facts, times[index]
        network = facts.network_id
        networks.setdefault(network, []).append(moment)
        both.setdefault((network, facts.agent_id), []).append(moment)
        if index not in settled:
            agents.setdefault(agent_hand(facts), []).append(moment)
    for index in indices:
        if index in seen:
            continue
        facts, moment = events[index].facts, times[index]
        network, agent = facts.network_id, facts.agent_id
        if (
            (network and times_near(moment, networks.get(network, ()), near))
            or (agent and times_near(moment, agents.get(agent_hand(facts), ()), near))
            or (network and agent and times_near(moment, both.get((network, agent), ()), far))
        ):
            shared.note(index, note, True)


def _count_order(shared: Shared, follows: Sequence[int], opens: Sequence[int], settled: Container[int]) -> None:
    """Note pixels fetched only after a click of the same agent: a person opens a mail before following its links.

    From wherever the pixel is fetched; but of a ``settled`` click's agent, from the click's network only.
    """
    times = shared.times
    window, back = shared.spans.pixel_after, shared.spans.company
    if times[opens[-1]] <= times[follows[0]] or times[opens[0]] - times[follows[-1]] > window:
        return
    anywhere = [index for index in follows if index not in settled], attrgetter("agent_id")
    there = [index for index in follows if index in settled], attrgetter("agent_id", "network_id")
    for clicks, client in (anywhere, there):
        clicked, looked = _by_client(shared, clicks, client), _by_client(shared, opens, client)
        for index in opens:
            who = client(shared.events[index].facts)
            if who in clicked and _is_late(times[index], clicked[who], looked[who], window, back):
                shared.note(index, "pixel_after", True)


def _is_late(moment: float, clicks: Sequence[float], looks: Sequence[float], window: float, back: float) -> bool:
    """Tell whether a client fetched the pixel soon after a click of its own, and had not fetched it before that."""
    first = clicks[min(bisect_left(clicks, moment - window), len(clicks) - 1)]
    return 0 < moment - first <= window and looks[bisect_left(looks, first - back)] > first


def _by_client(shared: Shared, indices: Iterable[int], client: Callable[[Facts], object]) -> dict[object, list[float]]:
    """Give the times of each client's events, but for those without an agent id."""
    found: dict[object, list[float]] = {}
    for index in indices:
        facts = shared.events[index].facts
        if facts.agent_id:
            found.setdefault(client(facts), []).append(shared.times[index])
    return found


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
        links = most(times, links_of(events, own), window)
        networks = most(times, [events[index].facts.network_id for index in own], window)
        for index, count, different in zip(own, networks, links, strict=True):
            if min(count, different) >= least:
                shared.note(index, "networks", count)


def _without_echoes(shared: Shared, group: Sequence[int], window: float) -> list[int]:
    """Leave out clicks on a link that another network followed too within the window."""
    links: dict[object, list[int]] = {}
    for index, link in zip(group, links_of(shared.events, group), strict=True):
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
        recipients = [shared.events[index].recipient for index in indices]
        counted = crowd(times, recipients, window, least)
        found |= {index: {"recipients": number} for index, number in zip(indices, counted, strict=False) if number}
    return found
