"""What others publish as ways to tell machines from people, judged on the same scenes as ours.

Each is the whole of a published rule, as its source states it: see the docstrings. None is our reading of a product that
keeps its rules to itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from mailbeacon.judging import Classifier
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind, NetworkKind
from tests.scenes import LabelledEvent

__all__ = ["METHODS", "compared"]

_NAMED = frozenset({AgentKind.SCANNER, AgentKind.PREVIEW, AgentKind.CRAWLER, AgentKind.SCRIPT, AgentKind.PREFETCH})
Method = Callable[[Sequence[Event]], list[bool]]
"""Returns for each event, in order of time, whether it is called a machine's."""


def after(event: Event) -> timedelta:
    return event.received_at - (event.sent_at or event.received_at)


def agent_list(events: Sequence[Event]) -> list[bool]:
    """A list of user agents alone, as good as ours."""
    return [event.facts.agent in _NAMED for event in events]


def within(seconds: float, kinds: frozenset[Kind] = frozenset(Kind)) -> Method:
    """Whatever comes within N seconds of the sending."""
    return lambda events: [event.kind in kinds and after(event) <= timedelta(seconds=seconds) for event in events]


def two_of_three(events: Sequence[Event]) -> list[bool]:
    """Mautic 5.2: two of a hit within 2 s of the sending, an address in a list, a user agent in a list."""
    return [
        (after(event) < timedelta(seconds=2))
        + (event.facts.network.kind in (NetworkKind.HOSTING, NetworkKind.SECURITY))
        + (event.facts.agent in _NAMED)
        >= 2
        for event in events
    ]


def proximity(events: Sequence[Event]) -> list[bool]:
    """Marketo: two or more activities of one mail and lead in the same second, or a user agent in a list."""
    seconds = Counter((event.mail, int(event.received_at.timestamp())) for event in events)
    return [
        event.facts.agent in _NAMED or seconds[event.mail, int(event.received_at.timestamp())] > 1 for event in events
    ]


def all_links(events: Sequence[Event]) -> list[bool]:
    """CustomerMinds: a recipient who followed all links of a mail with three or more."""
    followed: defaultdict[object, set[int | None]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.CLICK:
            followed[event.mail].add(event.link)
    return [event.kind is Kind.CLICK and 3 <= (event.links or 99) <= len(followed[event.mail]) for event in events]


def scored(events: Sequence[Event]) -> list[bool]:
    """WhiteBeard: within 5 s +5, HEAD +3, Range +3, 30 s or later -2; a machine from 5 on."""
    found = []
    for event in events:
        points = 5 * (after(event) < timedelta(seconds=5)) - 2 * (after(event) >= timedelta(seconds=30))
        points += 3 * (Hint.HEAD in event.facts.hints) + 3 * (Hint.RANGE in event.facts.hints)
        found.append(points >= 5)
    return found


def burst_or_list(events: Sequence[Event]) -> list[bool]:
    """Leo: three links in under 2 s, a scanner's user agent, or an address in a data centre."""
    times: defaultdict[object, list[tuple[float, int | None]]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.CLICK:
            times[event.mail].append((event.received_at.timestamp(), event.link))
    found = []
    for event in events:
        moment = event.received_at.timestamp()
        near = {link for time, link in times[event.mail] if abs(time - moment) < 2}
        listed = event.facts.agent in _NAMED or event.facts.network.kind is NetworkKind.HOSTING
        found.append(listed or (event.kind is Kind.CLICK and len(near) >= 3))
    return found


def first_only(events: Sequence[Event]) -> list[bool]:
    """Only the first click of a mail counts as a person's."""
    seen: set[object] = set()
    found = []
    for event in events:
        found.append(event.kind is Kind.CLICK and event.mail in seen)
        if event.kind is Kind.CLICK:
            seen.add(event.mail)
    return found


METHODS: dict[str, Method] = {
    "nothing: everybody is a person": lambda events: [False] * len(events),
    "a user-agent list": agent_list,
    "within 10 s of sending": within(10),
    "clicks within 100 s (second-hand: Salesforce)": within(100, frozenset({Kind.CLICK})),
    "two of three (Mautic)": two_of_three,
    "proximity and a list (Marketo)": proximity,
    "all links followed (CustomerMinds)": all_links,
    "a score (WhiteBeard)": scored,
    "burst, list or data centre (Leo)": burst_or_list,
    "the first click only": first_only,
}
"""Sources: each vendor's or project's documentation or code, 2025 and 2026."""


def compared(told: Sequence[LabelledEvent]) -> Iterator[tuple[str, list[float]]]:
    """Yield each method's name with eight shares, four of clicks and four of opens.

    Of people's: those called a person's, and a machine's; of machines': those called a machine's, and a person's. What is
    missing to one is unknown, which only ours says.
    """
    ordered = sorted(told, key=lambda one: one.event.received_at)
    events = [one.event for one in ordered]
    for name, method in METHODS.items():
        yield name, _shares(ordered, [not called for called in method(events)])
    yield "mailbeacon", _shares(ordered, [verdict.is_human for verdict in Classifier().classify_all(events)])


def _shares(told: Sequence[LabelledEvent], said: Sequence[bool | None]) -> list[float]:
    found = []
    for kinds in (frozenset({Kind.CLICK}), frozenset({Kind.OPEN})):
        people, machines = [], []
        for one, human in zip(told, said, strict=True):
            if one.event.kind in kinds:
                (machines if one.machine else people).append((one, human))
        own = [human for one, human in people if one.truth in (Actor.HUMAN, Actor.IMAGE_PROXY)]
        theirs = [human for _, human in machines]
        found += [
            own.count(True) / max(1, len(own)),
            own.count(False) / max(1, len(own)),
            theirs.count(False) / max(1, len(theirs)),
            theirs.count(True) / max(1, len(theirs)),
        ]
    return found
