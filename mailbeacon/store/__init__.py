"""Where events go, and what came before: small sinks and histories for hosts that have none of their own.

Each sink keeps an event id once and gives back what it was given; each history is bounded. All are safe to use from
several threads. None of them redacts: what comes here has been through ``privacy`` already.
"""

from mailbeacon.store.consents import Consents, MemoryConsents, SqliteConsents
from mailbeacon.store.jsonl import JsonlSink
from mailbeacon.store.memory import CallbackSink, MemoryHistory, MemorySink
from mailbeacon.store.opening import open_stores
from mailbeacon.store.queued import QueueSink
from mailbeacon.store.reading import read_events
from mailbeacon.store.rows import Alike, StoredRow
from mailbeacon.store.slices import cut_by_time, read_between, read_rows_between
from mailbeacon.store.spool import SpoolSink
from mailbeacon.store.sqlite import SqliteHistory, SqliteSink

__all__ = [
    "Alike",
    "CallbackSink",
    "Consents",
    "JsonlSink",
    "MemoryConsents",
    "MemoryHistory",
    "MemorySink",
    "QueueSink",
    "SpoolSink",
    "SqliteConsents",
    "SqliteHistory",
    "SqliteSink",
    "StoredRow",
    "cut_by_time",
    "open_stores",
    "read_between",
    "read_events",
    "read_rows_between",
]
