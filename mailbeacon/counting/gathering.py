"""From events and verdicts to a tally, in one pass over any number of events.

Does not judge, drop or correct anything: it counts what it is given. An event given twice is two hits, but the same
view and the same message; sinks keep one event of an id, so what comes from a sink is counted once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mailbeacon.caches import Cache
from mailbeacon.counting.buckets import Numbers, Page, PageKey
from mailbeacon.counting.figures import Dimension, Mark
from mailbeacon.counting.pairing import Events, Verdicts, pairs
from mailbeacon.counting.tallies import GROUP, Tally
from mailbeacon.counting.traits import FOLD_FROM, Nature, Traits, fold, nature_of
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Mail, Verdict

if TYPE_CHECKING:
    from mailbeacon.store.rows import Alike, StoredRow

__all__ = ["Deliveries", "Groups", "NamedGroups", "group_of", "tally", "tally_rows"]

_log = logging.getLogger("mailbeacon")
_MOST_KEY = 64
_MOST_NATURES: Final = 10_000

Groups = Callable[[str], str] | Mapping[str, str]
"""The group (department, list, segment) of a recipient; whoever a mapping lacks is in the group ``""``."""
NamedGroups = Mapping[str, Groups]
"""Several kinds of groups, each with its name, such as ``{"provider": provider_of, "department": departments}``."""
Deliveries = int | Mapping[str, int] | Mapping[tuple[str, str], int] | Iterable[Event]
"""How many mails were delivered: in all, by campaign, by campaign and variant, or as a provider's events."""


def tally(
    events: Events,
    verdicts: Verdicts = None,
    *,
    deliveries: Deliveries | None = None,
    groups: Groups | NamedGroups | None = None,
    names_key: bytes = b"",
) -> Tally:
    """Count events by who made them.

    Args:
        events: In any order; read once. Events, or pairs of event and verdict as a sink gives them.
        verdicts: One for each event, in the same order; ``None`` counts as unknown. Left out where pairs are given.
        deliveries: How many mails that may be counted were delivered: a number, numbers by campaign or by (campaign,
            variant), or a provider's events (``SENT``, ``DELIVERED``, ``BOUNCED``), which may also stand among
            ``events``. Numbers add up when tallies merge: give them with one part only.
        groups: The group of each recipient, to count by; or several kinds of groups by their names.
        names_key: A secret for the digests that stand for mails in the tally, so that who holds the tally and a list of
            recipients cannot tell who opened; the same for all parts that merge. :meth:`Tally.closed` holds none at all.

    Returns:
        The tally. For any split and any order the parts' tallies merge to the same.

    Raises:
        ConfigError: If there is not one verdict for each event, or a number of deliveries is not a whole number from 0.

    Example:
        >>> from datetime import UTC, datetime
        >>> from mailbeacon.model import Actor, Kind, Verdict
        >>> at = datetime(2026, 11, 17, 9, tzinfo=UTC)
        >>> opened = Event(id="1", kind=Kind.OPEN, received_at=at, message_id="m", recipient="u-17")
        >>> tally([opened], [Verdict(actor=Actor.SCANNER)]).count(Kind.OPEN).messages
        Split(people=0, unknown=0, machines=1)
    """
    numbers, more = _split(deliveries)
    pages = _Pages(named_groups(groups), names_key)
    for event, verdict in pairs(events, verdicts):
        pages.record(event, verdict)
    for event in more:
        pages.record(event, None)
    return pages.close(numbers)


def tally_rows(
    rows: Iterable[StoredRow], *, groups: Groups | NamedGroups | None = None, names_key: bytes = b""
) -> Tally:
    """Count stored rows with the verdicts that are stored: what :func:`tally` gives of their events, in half the time.

    Args:
        rows: As :func:`mailbeacon.store.read_rows_between` gives them.
        groups: As of :func:`tally`.
        names_key: As of :func:`tally`.
    """
    pages = _Pages(named_groups(groups), names_key)
    natures: Cache[Alike, Nature] = Cache(_MOST_NATURES)
    for received_at, sent_at, mail, variant, alike in rows:
        nature = natures.get(alike) or natures.put(alike, nature_of(alike.event, alike.verdict, pages.traits))
        pages.of(mail, variant).record(nature, mail, received_at, sent_at, pages.traits, names_key)
    return pages.close({})


class _Pages:
    """The pages of a tally while it is made."""

    def __init__(self, groups: Sequence[tuple[str, Callable[[str], str]]], names_key: bytes) -> None:
        if len(names_key) > _MOST_KEY:
            raise ConfigError(f"names_key must have at most {_MOST_KEY} bytes")
        self.traits = Traits()
        self._key = names_key
        self._groups = groups
        self._pages: dict[PageKey, Page] = {}
        self._natures: Cache[tuple[object, ...], Nature] = Cache(_MOST_NATURES)

    def record(self, event: Event, verdict: Verdict | None) -> None:
        """Count an event."""
        facts, mail, traits = event.facts, event.mail, self.traits
        judged = None
        if verdict is not None:
            judged = verdict.actor, verdict.version, verdict.signals[0].name if verdict.signals else ""
        alike = (
            event.kind, judged, event.link, event.url, event.channel, event.level, event.source, event.expired,
            event.unrecorded, facts.client, facts.system, facts.device, facts.country, facts.region, facts.city,
        )  # fmt: skip
        nature = self._natures.get(alike) or self._natures.put(alike, nature_of(event, verdict, traits))
        self.of(mail, event.variant).record(nature, mail, event.received_at, event.sent_at, traits, self._key)

    def of(self, mail: Mail, variant: str) -> Page:
        """Return the page of a mail."""
        campaign, _, recipient = mail
        groups: tuple[tuple[str, str], ...] = ()
        if self._groups and recipient is not None:
            groups = tuple([(name, group) for name, find in self._groups if (group := find(recipient))])
            if not all(isinstance(group, str) for _, group in groups):
                raise ConfigError("a group must be a text: groups= gave something else for a recipient")
        found = self._pages.get((campaign, variant, groups))  # type: ignore[call-overload]  # equal to a key
        return found or self._pages.setdefault(PageKey(campaign, variant, groups), Page())

    def close(self, numbers: Numbers) -> Tally:
        """Return the tally, and log what is wrong with the times of sending."""
        for page in self._pages.values():
            for name in [name for name, mail in page.mails.items() if len(mail) > FOLD_FROM]:
                page.mails[name] = fold(page.mails[name], self.traits)
        found = Tally(self._pages, numbers, self.traits)
        wrong = sum(
            hits for page in self._pages.values() for (mark, _), hits in page.marks.items() if mark is Mark.CLOCK
        )
        if wrong:
            _log.warning("%d hits are of mails that claim to be sent later: is sent_at in the right time zone?", wrong)
        unsure = sum(page.unsure for page in self._pages.values())
        if unsure:
            _log.warning(
                "%d hits are of mails with neither id nor sent_at: two mails of one campaign to one person are one",
                unsure,
            )
        return found


def named_groups(groups: Groups | NamedGroups | None) -> list[tuple[str, Callable[[str], str]]]:
    """Return the kinds of groups with the functions that find them, sorted by name.

    Raises:
        ConfigError: If a kind of group has the name of another dimension.
    """
    if groups is None:
        return []
    if not callable(groups) and groups and not all(isinstance(value, str) for value in groups.values()):
        several = {name: group_of(value) for name, value in groups.items() if not isinstance(value, str)}
        if not all(callable(value) or isinstance(value, Mapping) for value in groups.values()):
            raise ConfigError(
                "groups must give a text for each recipient, or a function or mapping for each kind of group"
            )
    else:
        several = {GROUP: group_of(groups)}  # type: ignore[arg-type]
    for name in several:
        if name != GROUP and name in {one.value for one in Dimension}:
            raise ConfigError(f"a kind of group must not be called {name!r}: that is a dimension of its own")
    return sorted((name, find) for name, find in several.items() if find is not None)


def group_of(groups: Groups | None) -> Callable[[str], str] | None:
    """Return the function that names a recipient's group, from a function or a mapping."""
    if groups is None or callable(groups):
        return groups
    known = groups
    return lambda recipient: known.get(recipient, "")


def _split(deliveries: Deliveries | None) -> tuple[Numbers, Iterable[Event]]:
    """Separate numbers from events."""
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
