"""Events and verdicts as rows of plain values: what processes hand each other, and what Parquet files hold.

A row is a tuple in the order of :data:`COLUMNS`. Needs nothing but the standard library; ``parquet`` writes rows to files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from mailbeacon.model.event import OpenEvent

__all__ = ["COLUMNS", "EVENT_COLUMNS", "SCHEMA_VERSION", "VERDICT_COLUMNS", "Row", "Rows"]

SCHEMA_VERSION = 1
"""The version of the columns; a new one only where a column's meaning changes, not where one is added at the end."""

Row = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_FACT = 22
_NETWORK_ID = 29
"""The place of the first of two digests, which are all that differs in the facts of most events."""

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

    Many events share their facts but for two digests, and most their verdict: these are put together once.
    """

    def __init__(self) -> None:
        self._moments: Cache[int, datetime] = Cache(1_000)
        self._made: Cache[Row, Callable[..., Facts]] = Cache(20_000)
        self._hints: Cache[frozenset[Hint], tuple[str, ...]] = Cache(20_000)
        self._told: Cache[int, tuple[Verdict, Row]] = Cache(20_000)
        self._judged: Cache[Row, Verdict] = Cache(20_000)

    def take(self, event: Event) -> Row:
        """Return the row of an event, without its verdict."""
        facts, sent_at = event.facts, event.sent_at
        hints = self._hints.get(facts.hints)
        if hints is None:
            hints = self._hints.put(facts.hints, tuple(sorted(hint.value for hint in facts.hints)))
        return (
            event.id,
            event.kind._value_,
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
            event.channel._value_,
            event.method,
            event.level._value_,
            event.source,
            _dump(dict(event.metadata)) if event.metadata else "",
            event.address,
            event.user_agent,
            _dump(event.headers) if event.headers else "",
            facts.agent._value_,
            facts.client,
            facts.client_version,
            facts.system,
            facts.device,
            facts.network.operator,
            facts.network.kind._value_,
            facts.network_id,
            facts.agent_id,
            hints,
            facts.country,
            facts.region,
            facts.city,
            facts.rules,
            facts.networks,
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
        made: Any = OpenEvent()
        (
            made.id, kind, received_at, made.recipient, made.campaign, made.message_id, made.variant, sent_at, made.expired,
            made.link, made.links, made.url, made.url_id, made.unrecorded, channel, made.method, level, made.source, metadata,
            made.address, made.user_agent, headers,
        ) = row[:_FIRST_FACT]  # fmt: skip
        made.kind, made.channel = _KINDS.get(kind, Kind.UNKNOWN), _CHANNELS.get(channel, Channel.HTML)
        made.level = _LEVELS.get(level, Level.NONE)
        made.received_at = _EPOCH + timedelta(microseconds=received_at)
        made.sent_at = None if sent_at is None else self._moments.get(sent_at) or self._moment(sent_at)
        made.metadata = json.loads(metadata) if metadata else {}
        made.headers = tuple((name, value) for name, value in json.loads(headers)) if headers else ()
        anywhere = row[_FIRST_FACT:_NETWORK_ID] + row[_NETWORK_ID + 2 : len(EVENT_COLUMNS)]
        make_facts = self._made.get(anywhere) or self._made.put(anywhere, _facts(*anywhere).maker())
        made.facts = make_facts(network_id=row[_NETWORK_ID], agent_id=row[_NETWORK_ID + 1])
        return made.close()  # type: ignore[no-any-return]

    def _moment(self, microseconds: int) -> datetime:
        """Return the moment of a sending, and remember it: all mails of a mailing have the same."""
        return self._moments.put(microseconds, _EPOCH + timedelta(microseconds=microseconds))

    def verdict(self, row: Row) -> Verdict | None:
        """Return the verdict of a row of all columns."""
        told = row[len(EVENT_COLUMNS) : len(COLUMNS)]
        if told[0] is None:
            return None
        return self._judged.get(told) or self._judged.put(told, _verdict(told))


def _facts(
    agent: str, client: str, client_version: str, system: str, device: str, operator: str, network: str, *rest: Any
) -> Facts:
    """Return the facts of a row without its two digests."""
    hints, country, region, city, rules, networks = rest
    return Facts(
        agent=_AGENTS.get(agent, AgentKind.UNKNOWN),
        client=client,
        client_version=client_version,
        system=system,
        device=device,
        network=Network(operator=operator, kind=_NETWORKS.get(network, NetworkKind.UNKNOWN)),
        hints=frozenset(_HINTS[hint] for hint in hints if hint in _HINTS),
        country=country,
        region=region,
        city=city,
        rules=rules,
        networks=networks,
    )


def _verdict(row: Row) -> Verdict:
    actor, _, confidence, signals, version = row
    return Verdict(
        actor=_ACTORS.get(actor, Actor.UNKNOWN),
        confidence=confidence,
        signals=tuple(Signal.from_dict(signal) for signal in json.loads(signals)),
        version=version,
    )
