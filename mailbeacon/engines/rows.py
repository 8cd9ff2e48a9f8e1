"""Events and verdicts as rows of plain values: what processes hand each other, and what Parquet files hold.

A row is a tuple in the order of :data:`COLUMNS`. Needs nothing but the standard library; ``parquet`` writes rows to files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbeacon.caches import Cache
from mailbeacon.model import (
    Actor,
    AgentKind,
    Channel,
    Event,
    Facts,
    Hint,
    Kind,
    Level,
    Network,
    NetworkKind,
    Signal,
    Verdict,
)

__all__ = ["COLUMNS", "EVENT_COLUMNS", "SCHEMA_VERSION", "VERDICT_COLUMNS", "Row", "Rows"]

SCHEMA_VERSION = 1
"""The version of the columns; a new one only where a column's meaning changes, not where one is added at the end."""

Row = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_FACT = 22

EVENT_COLUMNS: Mapping[str, str] = {
    "id": "text", "kind": "word", "received_at": "time", "recipient": "text", "campaign": "word", "message_id": "text",
    "variant": "word", "sent_at": "time", "expired": "flag", "link": "number", "links": "number", "url": "word",
    "url_id": "word", "unrecorded": "number",
    "channel": "word", "method": "word", "level": "number", "source": "word", "metadata": "word", "address": "text",
    "user_agent": "text", "headers": "word",
    "agent": "word", "client": "word", "client_version": "word", "system": "word", "device": "word",
    "network_operator": "word", "network_kind": "word", "network_id": "text", "agent_id": "text", "hints": "words",
    "country": "word", "region": "word", "city": "word", "rules": "word", "networks": "word",
}  # fmt: skip
"""The columns of an event and the kind of each: ``word`` is a text with few different values."""

VERDICT_COLUMNS: Mapping[str, str] = {
    "actor": "word", "is_human": "flag", "confidence": "share", "signals": "word", "version": "word",
}  # fmt: skip
"""The columns of its verdict; all are null where an event has none."""

COLUMNS: Mapping[str, str] = {**EVENT_COLUMNS, **VERDICT_COLUMNS}
"""All columns of a judged event."""

_NO_VERDICT: Row = (None,) * len(VERDICT_COLUMNS)
_KINDS = {one.value: one for one in Kind}
_CHANNELS = {one.value: one for one in Channel}
_AGENTS = {one.value: one for one in AgentKind}
_NETWORKS = {one.value: one for one in NetworkKind}
_ACTORS = {one.value: one for one in Actor}
_HINTS = {one.value: one for one in Hint}
_LEVELS = {int(level): level for level in Level}
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Rows:
    """Turn events and verdicts into rows and back.

    Many events share their facts, and most their verdict: each of these is taken apart and put together once.
    """

    def __init__(self) -> None:
        self._taken: Cache[int, tuple[Facts, Row]] = Cache(50_000)
        self._made: Cache[Row, Facts] = Cache(50_000)
        self._told: Cache[int, tuple[Verdict, Row]] = Cache(20_000)
        self._judged: Cache[Row, Verdict] = Cache(20_000)

    def take(self, event: Event) -> Row:
        """Return the row of an event, without its verdict."""
        facts = event.facts
        known = self._taken.get(id(facts))  # beside the facts themselves, so that no other can have the same number
        if known is None:
            known = self._taken.put(id(facts), (facts, _facts_row(facts)))
        sent_at = event.sent_at
        return (
            event.id,
            event.kind.value,
            (event.received_at - _EPOCH) // _MICROSECOND,
            event.recipient,
            event.campaign,
            event.message_id,
            event.variant,
            None if sent_at is None else (sent_at - _EPOCH) // _MICROSECOND,
            event.expired,
            event.link,
            event.links,
            event.url,
            event.url_id,
            event.unrecorded,
            event.channel.value,
            event.method,
            int(event.level),
            event.source,
            _dump(dict(event.metadata)) if event.metadata else "",
            event.address,
            event.user_agent,
            _dump(event.headers) if event.headers else "",
            *known[1],
        )

    def judged(self, pairs: Iterable[tuple[Event, Verdict | None]]) -> Iterator[Row]:
        """Return the rows of events with their verdicts."""
        for event, verdict in pairs:
            yield self.take(event) + (_NO_VERDICT if verdict is None else self._verdict_row(verdict))

    def _verdict_row(self, verdict: Verdict) -> Row:
        known = self._told.get(id(verdict))
        if known is None:
            signals = _dump([signal.to_dict() for signal in verdict.signals])
            row = (verdict.actor.value, verdict.is_human, verdict.confidence, signals, verdict.version)
            known = self._told.put(id(verdict), (verdict, row))
        return known[1]

    def event(self, row: Row) -> Event:
        """Return the event of a row; what stands behind its columns is not looked at."""
        fact_row = row[_FIRST_FACT : len(EVENT_COLUMNS)]
        facts = self._made.get(fact_row) or self._made.put(fact_row, _facts(fact_row))
        sent_at = row[7]
        return Event(
            id=row[0],
            kind=_KINDS.get(row[1], Kind.UNKNOWN),
            received_at=_EPOCH + timedelta(microseconds=row[2]),
            recipient=row[3],
            campaign=row[4],
            message_id=row[5],
            variant=row[6],
            sent_at=None if sent_at is None else _EPOCH + timedelta(microseconds=sent_at),
            expired=row[8],
            link=row[9],
            links=row[10],
            url=row[11],
            url_id=row[12],
            unrecorded=row[13],
            channel=_CHANNELS.get(row[14], Channel.HTML),
            method=row[15],
            level=_LEVELS.get(row[16], Level.NONE),
            source=row[17],
            metadata=json.loads(row[18]) if row[18] else {},
            address=row[19],
            user_agent=row[20],
            headers=tuple((name, value) for name, value in json.loads(row[21])) if row[21] else (),
            facts=facts,
            _parsed=True,
        )

    def verdict(self, row: Row) -> Verdict | None:
        """Return the verdict of a row of all columns."""
        told = row[len(EVENT_COLUMNS) : len(COLUMNS)]
        if told[0] is None:
            return None
        return self._judged.get(told) or self._judged.put(told, _verdict(told))


def _facts_row(facts: Facts) -> Row:
    return (
        facts.agent.value,
        facts.client,
        facts.client_version,
        facts.system,
        facts.device,
        facts.network.operator,
        facts.network.kind.value,
        facts.network_id,
        facts.agent_id,
        tuple(sorted(hint.value for hint in facts.hints)),
        facts.country,
        facts.region,
        facts.city,
        facts.rules,
        facts.networks,
    )


def _facts(row: Row) -> Facts:
    return Facts(
        agent=_AGENTS.get(row[0], AgentKind.UNKNOWN),
        client=row[1],
        client_version=row[2],
        system=row[3],
        device=row[4],
        network=Network(operator=row[5], kind=_NETWORKS.get(row[6], NetworkKind.UNKNOWN)),
        network_id=row[7],
        agent_id=row[8],
        hints=frozenset(_HINTS[hint] for hint in row[9] if hint in _HINTS),
        country=row[10],
        region=row[11],
        city=row[12],
        rules=row[13],
        networks=row[14],
    )


def _verdict(row: Row) -> Verdict:
    actor, _, confidence, signals, version = row
    return Verdict(
        actor=_ACTORS.get(actor, Actor.UNKNOWN),
        confidence=confidence,
        signals=tuple(Signal.from_dict(signal) for signal in json.loads(signals)),
        version=version,
    )
