"""From events and verdicts to a tally, in one pass over any number of events.

Does not judge, drop or correct anything: it counts what it is given. An event given twice is two hits, but the same
view and the same message; sinks keep one event of an id, so what comes from a sink is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mailbeacon.counting.book import Tally
from mailbeacon.counting.ledger import Numbers, Page, PageKey, fold
from mailbeacon.counting.pairing import pairs
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Verdict

__all__ = ["Deliveries", "Groups", "group_of", "tally"]

Groups = Callable[[str], str] | Mapping[str, str]
"""Give the group (department, list, segment) of a recipient; whoever a mapping lacks is in the group ``""``."""
Deliveries = int | Mapping[str, int] | Mapping[tuple[str, str], int] | Iterable[Event]
"""How many mails were delivered: in all, by campaign, by campaign and variant, or as a provider's events."""


def tally(
    events: Iterable[Event],
    verdicts: Iterable[Verdict | None],
    *,
    deliveries: Deliveries | None = None,
    groups: Groups | None = None,
) -> Tally:
    """Count events by who made them.

    Args:
        events: In any order; read once.
        verdicts: One for each event, in the same order; ``None`` counts as unknown.
        deliveries: How many mails that may be counted were delivered: a number, numbers by campaign or by (campaign,
            variant), or a provider's events (``SENT``, ``DELIVERED``, ``BOUNCED``), which may also stand among
            ``events``. Numbers add up when tallies merge: give them with one part only.
        groups: The group of each recipient, to count by.

    Returns:
        The tally. For any split and any order the parts' tallies merge to the same.

    Raises:
        ConfigError: If there is not one verdict for each event, or a number of deliveries is not a whole number from 0.

    Example:
        >>> from datetime import UTC, datetime
        >>> from mailbeacon.model import Actor, Kind
        >>> at = datetime(2026, 11, 17, 9, tzinfo=UTC)
        >>> opened = Event(id="1", kind=Kind.OPEN, received_at=at, message_id="m", recipient="u-17")
        >>> tally([opened], [Verdict(actor=Actor.SCANNER)]).count(Kind.OPEN).messages
        Split(people=0, unknown=0, machines=1)
    """
    numbers, more = _split(deliveries)
    find = group_of(groups)
    pages: dict[tuple[str, str, str], Page] = {}

    def page_of(event: Event) -> Page:
        group = find(event.recipient) if find is not None and event.recipient is not None else ""
        key = (event.campaign, event.variant, group)
        return pages.get(key) or pages.setdefault(key, Page())

    for event, verdict in pairs(events, verdicts):
        page_of(event).record(event, verdict)
    for event in more:
        page_of(event).record(event, None)
    for page in pages.values():
        for entries in page.mails.values():
            fold(entries)
    return Tally({PageKey(*key): page for key, page in pages.items()}, numbers)


def group_of(groups: Groups | None) -> Callable[[str], str] | None:
    """Give the function that names a recipient's group, from a function or a mapping."""
    if groups is None or callable(groups):
        return groups
    known = groups
    return lambda recipient: known.get(recipient, "")


def _split(deliveries: Deliveries | None) -> tuple[Numbers, Iterable[Event]]:
    """Tell numbers from events."""
    if deliveries is None:
        return {}, ()
    if isinstance(deliveries, int):
        return {(None, None): _whole(deliveries)}, ()
    if isinstance(deliveries, Mapping):
        return {_place(key): _whole(number) for key, number in deliveries.items()}, ()
    found: object = deliveries
    if isinstance(found, str | bytes) or not isinstance(found, Iterable):
        raise ConfigError(f"deliveries must be a number, a mapping or events, got {type(deliveries).__name__}")
    return {}, deliveries


def _place(key: str | tuple[str, str]) -> tuple[str | None, str | None]:
    return (key, None) if isinstance(key, str) else key


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ConfigError("a number of deliveries must be a whole number from 0")
    return number
