"""What the events of one mail tell of each other. Linear in the events, but for sorting.

Every count is of different things (links, networks, user agents), within windows of time, over the whole mail: neither the
order of the input nor an event read twice changes any. It goes in two steps, for the second rests on verdicts: first what
shows a machine at work, then who was in a machine's company. Weighs nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from mailbeacon.judging.batch import (
    CARRIERS,
    Batch,
    Notes,
    count_near,
    links_of,
    max_distinct_in_window,
    slack_of,
    times_near,
)
from mailbeacon.judging.clients import count_client, count_scattered, group_by_client
from mailbeacon.judging.crowds import crowd
from mailbeacon.model import AgentKind, Event, Hint, Kind, NetworkKind

__all__ = ["PROGRAMS", "Mail", "count_company", "count_mail", "count_networks"]

_OPEN, _HOSTING, _MAIL = Kind.OPEN, NetworkKind.HOSTING, NetworkKind.MAIL
_MAIL_CLIENT = AgentKind.MAIL_CLIENT
_GATEWAY_REFERER, _WEBMAIL_REFERER, _HONEYPOT = Hint.GATEWAY_REFERER, Hint.WEBMAIL_REFERER, Hint.HONEYPOT
PROGRAMS = frozenset({AgentKind.MAIL_CLIENT, AgentKind.IMAGE_PROXY})
"""Who opens a mail in its own name: scanners pose as browsers. Source: Mautic issue 16263, 2025."""
_NAMED = PROGRAMS | {AgentKind.PRIVACY_PROXY, AgentKind.PREFETCH}
_KNOWN_BY = frozenset({"company", "honeypot", "near", "detonated"})
"""What says more of an open than that it came after a machine's click."""
_DETONATES = "Microsoft Safe Links"
"""The operator whose machines visit links, and load the pixel then. Source: opencollective issue 3656; warmbly issue 410."""


class Mail(NamedTuple):
    """One mail's opens, and its clicks and leave pages, by index; and those that one agent made from several networks."""

    opens: Sequence[int]
    follows: Sequence[int]
    scattered: Collection[int]


def count_mail(batch: Batch, indices: Sequence[int]) -> Mail:
    """Note what one mail's clicks tell of each other, and what its opens tell of its clicks."""
    events = batch.events
    opens: list[int] = []
    follows: list[int] = []
    for index in indices:
        (opens if events[index].kind is _OPEN else follows).append(index)
    scattered = _count_follows(batch, follows) if len(follows) > 1 else ()
    if opens and follows:
        _count_mail_clients(batch, opens, follows)
    return Mail(opens, follows, scattered)


def _count_follows(batch: Batch, follows: Sequence[int]) -> Collection[int]:
    """Note what one mail's clicks tell of each other; return those that one agent made from several networks."""
    events = batch.events
    clients = group_by_client(events, follows)
    bursts: set[int] = set()
    for client in clients:
        if len(client) > 1:
            bursts |= count_client(batch, client)
    scattered: Collection[int] = ()
    if len(clients) > 1:
        rest = [index for index in follows if index not in bursts] if bursts else follows
        if len({events[index].facts.network_id for index in rest}) > 1:
            scattered = count_scattered(batch, rest)
            _count_scatter(batch, [index for index in rest if index not in scattered])
    _count_gateways(batch, follows)
    return scattered


def _count_mail_clients(batch: Batch, opens: Sequence[int], follows: Sequence[int]) -> None:
    """Note clicks from rented servers where a mail client opened the mail too: a desktop there is a person's."""
    looked: dict[str, list[float]] = {}
    for index in opens:
        facts = batch.events[index].facts
        if facts.agent is _MAIL_CLIENT and facts.network.kind is _HOSTING and facts.network_id:
            looked.setdefault(facts.network_id, []).append(batch.times[index])
    if not looked:
        return
    window = batch.spans.address
    for index in follows:
        times = looked.get(batch.events[index].facts.network_id, ())
        if times and times_near(batch.times[index], times, window):
            batch.note(index, "mail_client", True)


def _count_gateways(batch: Batch, follows: Sequence[int]) -> None:
    """Note who followed a link as somebody else did through the link a gateway had rewritten: gateways look at it then."""
    events, times = batch.events, batch.times
    if True not in [_GATEWAY_REFERER in events[index].facts.hints for index in follows]:
        return
    through: dict[object, list[float]] = {}
    others: list[tuple[int, object, str]] = []
    for index, link in zip(follows, links_of(events, follows), strict=True):
        facts = events[index].facts
        if _GATEWAY_REFERER in facts.hints:
            for name in (link, (link, facts.network_id)):
                through.setdefault(name, []).append(times[index])
        else:
            others.append((index, link, facts.network_id))
    window = batch.spans.company_near
    for index, link, network in others:
        near = count_near(times[index], through.get(link, ()), window)
        if near > count_near(times[index], through.get((link, network), ()), window):
            batch.note(index, "gateway", True)


def _count_scatter(batch: Batch, follows: Sequence[int]) -> None:
    """Note clicks from many networks, with as many user agents, on as many links or on the very same link, at nearly one time.

    Kinds of network are kept apart, so that a person's click beside a scanner's stays a person's. So it does where a gateway
    visits, from elsewhere, what the person follows: a link followed from two networks says nothing.
    """
    if len(follows) < batch.windows.networks_count:
        return
    groups: dict[NetworkKind, list[int]] = {}
    for index in follows:
        facts = batch.events[index].facts
        if facts.network_id and facts.network.kind not in CARRIERS:
            groups.setdefault(facts.network.kind, []).append(index)
    least, window = batch.windows.networks_count, batch.spans.networks
    for group in groups.values():
        if len({batch.events[index].facts.network_id for index in group}) < least:
            continue
        own = _without_echoes(batch, group, window)
        _note_networks(batch, own, window)  # on as many links, for none is of two networks
        for same in _by_link(batch, group):
            _note_networks(batch, same, batch.spans.same_link)


def _note_networks(batch: Batch, group: Sequence[int], window: float) -> None:
    least = batch.windows.networks_count
    if len(group) < least:
        return
    events = batch.events
    slack = slack_of(batch, group)
    times, seen = batch.times_of(group), [events[index].facts for index in group]
    columns = ([facts.network_id for facts in seen], [facts.agent_id for facts in seen])
    counted = [max_distinct_in_window(times, column, window - slack) for column in columns]
    for index, *counts in zip(group, *counted, strict=True):
        if min(counts) >= least:
            batch.note(index, "networks", min(counts))


def _by_link(batch: Batch, group: Sequence[int]) -> Iterable[list[int]]:
    links: dict[object, list[int]] = {}
    for index, link in zip(group, links_of(batch.events, group), strict=True):
        links.setdefault(link, []).append(index)
    return links.values()


def _without_echoes(batch: Batch, group: Sequence[int], window: float) -> list[int]:
    """Return the clicks on links that no other network followed too within the window."""
    own = []
    for same in _by_link(batch, group):
        networks = [batch.events[index].facts.network_id for index in same]
        counted = max_distinct_in_window(batch.times_of(same), networks, window)
        own += [index for index, count in zip(same, counted, strict=True) if count == 1]
    return sorted(own)


def count_company(batch: Batch, mail: Mail, machines: Sequence[int]) -> None:
    """Note who was in the company of a machine, and pixels that were fetched only after a click.

    Args:
        batch: All events.
        mail: What :func:`count_mail` gave.
        machines: The clicks judged a machine's by now, in order of time.
    """
    opens, quiet, scattered = mail
    if machines:
        seen = set(machines)
        quiet = [index for index in mail.follows if index not in seen]
    if (machines or scattered) and (opens or quiet):
        _count_beside(batch, opens, quiet, machines, scattered)
    if opens and batch.times[opens[-1]] > batch.times[mail.follows[0]]:
        _count_order(batch, quiet, opens)
    if opens and batch.times[opens[0]] < batch.times[mail.follows[-1]]:
        _count_opened(batch, quiet, opens)


class _Visits:
    """When machines were at one mail: by client, by network, and by agent where that says something.

    What shares network and agent is one client's, as surely as can be told. Of a machine that is known by its network the
    agent says nothing: everybody on one version of a browser has it. So agents are of those alone that one made from several
    networks, and of who followed a hidden link by itself.
    """

    __slots__ = ("agents", "clients", "detonations", "honeypots", "networks")

    def __init__(self, batch: Batch, machines: Sequence[int], scattered: Collection[int]) -> None:
        self.clients: dict[tuple[str, str], list[float]] = {}
        self.honeypots: dict[tuple[str, str], list[float]] = {}
        self.networks: dict[str, list[float]] = {}
        self.agents: dict[tuple[str, NetworkKind], list[float]] = {}
        self.detonations: list[float] = []
        known = set(scattered)
        for index in machines:
            event, moment = batch.events[index], batch.times[index]
            facts = event.facts
            network = facts.network_id
            client = network, facts.agent_id
            self.clients.setdefault(client, []).append(moment)
            if network and index not in scattered:
                self.networks.setdefault(network, []).append(moment)
            if _HONEYPOT in facts.hints:
                self.honeypots.setdefault(client, []).append(moment)
                if "burst" not in batch.notes.get(index, {}):
                    known.add(index)
            if _detonates(event):
                self.detonations.append(moment)
        for index in sorted(known):
            facts = batch.events[index].facts
            if facts.agent_id:
                self.agents.setdefault((facts.agent_id, facts.network.kind), []).append(batch.times[index])


def _count_beside(
    batch: Batch, opens: Sequence[int], quiet: Sequence[int], machines: Sequence[int], scattered: Collection[int]
) -> None:
    """Note what else came to a mail that a machine visits.

    What the machine's own client did besides, some minutes before and after; and what shares only the network with it nearby,
    or only the agent. Opens by a mail provider's machines that followed a link of the mail, too. What shares nothing: a click
    is hardly another scanner's then; a pixel that no mail program and no proxy fetched soon after may be the machine's.
    """
    spans, seen, visits = batch.spans, _Visits(batch, machines, scattered), batch.times_of(machines)
    near = spans.company_near
    for index in (*opens, *quiet):
        event, moment = batch.events[index], batch.times[index]
        facts = event.facts
        network, agent = facts.network_id, facts.agent_id
        client = network, agent
        if client in seen.clients and (network or agent):
            window = spans.company if network else near  # a user agent alone is a client for a shorter time
            if seen.honeypots and times_near(moment, seen.honeypots.get(client, ()), window):
                batch.note(index, "honeypot", True)
            elif times_near(moment, seen.clients[client], window):
                batch.note(index, "company", True)
        if index not in scattered and (
            (network in seen.networks and times_near(moment, seen.networks[network], near))
            or (seen.agents and times_near(moment, seen.agents.get((agent, facts.network.kind), ()), near))
        ):
            batch.note(index, "near", True)
        if event.kind is not _OPEN:
            if event.sent_at is not None and times_near(moment, visits, spans.company):
                batch.note(index, "scanned", True)
            continue
        if seen.detonations and _detonates(event) and times_near(moment, seen.detonations, spans.company):
            batch.note(index, "detonated", True)
        place = bisect_left(visits, moment)
        is_soon = place and moment - visits[place - 1] <= spans.pixel_after
        if is_soon and facts.agent not in _NAMED and _KNOWN_BY.isdisjoint(batch.notes.get(index, ())):
            batch.note(index, "trails", True)


def _detonates(event: Event) -> bool:
    network = event.facts.network
    return network.kind is _MAIL and network.operator == _DETONATES


def _count_order(batch: Batch, follows: Sequence[int], opens: Sequence[int]) -> None:
    """Note pixels fetched only after a click of the same agent: most people open a mail before they follow its links.

    A reader of web mail may follow a link and allow images then, so a click that came from web mail says nothing.
    """
    window, back = batch.spans.pixel_after, batch.spans.company
    times = batch.times
    clicks: dict[str, list[float]] = {}
    for index in follows:
        facts = batch.events[index].facts
        if facts.agent_id and _WEBMAIL_REFERER not in facts.hints:
            clicks.setdefault(facts.agent_id, []).append(times[index])
    looks: dict[str, list[float]] = {}
    for index in opens:
        looks.setdefault(batch.events[index].facts.agent_id, []).append(times[index])
    for index in opens:
        agent = batch.events[index].facts.agent_id
        if agent in clicks and _is_late(times[index], clicks[agent], looks[agent], window, back):
            batch.note(index, "pixel_after", True)


def _count_opened(batch: Batch, follows: Sequence[int], opens: Sequence[int]) -> None:
    """Note clicks on a mail that a mail program had opened a little before: whose fetches name it are no scanner's."""
    looks = [batch.times[index] for index in opens if batch.events[index].facts.agent in PROGRAMS]
    if not looks:
        return
    window = batch.spans.reading
    for index in follows:
        moment, noted = batch.times[index], batch.notes.get(index, {})
        place = bisect_left(looks, moment)
        if place and moment - looks[place - 1] <= window and not ("company" in noted or "honeypot" in noted):
            batch.note(index, "opened", True)


def _is_late(moment: float, clicks: Sequence[float], looks: Sequence[float], window: float, back: float) -> bool:
    """Check whether a client fetched the pixel soon after a click of its own, and had not fetched it before that."""
    first = clicks[min(bisect_left(clicks, moment - window), len(clicks) - 1)]
    return 0 < moment - first <= window and looks[bisect_left(looks, first - back)] > first


def count_networks(batch: Batch, groups: Iterable[Sequence[int]]) -> Notes:
    """Return where one network, not known to carry many people, makes hits for many recipients at a machine's pace.

    Args:
        batch: All events.
        groups: Those of each network that may, in order of time.
    """
    least, window = batch.windows.recipients_count, batch.spans.recipients
    found: Notes = {}
    for indices in groups:
        if len(indices) >= least:
            recipients = [batch.events[index].recipient for index in indices]
            counted = crowd(batch.times_of(indices), recipients, window, least)
            found |= {index: {"recipients": number} for index, number in zip(indices, counted, strict=False) if number}
    return found
