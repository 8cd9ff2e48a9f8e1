"""The JSON of a closed page of a tally: part of the tally's, in the same version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from mailbeacon.counting.figures import Dimension, LinkKey, Mark, Outcomes
from mailbeacon.counting.sums import Sums, Value
from mailbeacon.counting.totals import Totals
from mailbeacon.counting.zones import zone_named
from mailbeacon.model import Actor, Kind, read_text, read_whole

__all__ = ["read_count", "read_totals", "write_totals"]

_MOST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""
_NUMBERS = 12


def write_totals(totals: Totals) -> dict[str, object]:
    """Return the JSON values of totals."""
    return {
        "zone": totals.zone,
        "mails": totals.mails,
        "tables": sorted(
            (
                [*key, sorted(([_written(value), *numbers] for value, numbers in sums.items()), key=repr)]
                for key, sums in totals.tables.items()
                if sums
            ),
            key=repr,
        ),
        "audiences": sorted([*pair, number] for pair, number in totals.by_audience_of.items()),
        "outcomes": {name: number for name, number in asdict(totals.kept_outcomes).items() if number},
        "kinds": dict(sorted(totals.kinds.items())),
        "marks": sorted([*mark, hits] for mark, hits in totals.marks.items()),
        "reasons": sorted([*reason, hits] for reason, hits in totals.reasons.items()),
        "versions": sorted(totals.versions),
        "period": list(totals.period),
    }


def read_totals(value: Mapping[str, Any]) -> Totals:
    """Read what :func:`write_totals` gave; what does not fit raises ``TypeError``, ``ValueError`` or ``KeyError``."""
    zone = read_text(value["zone"])
    zone_named(zone)
    first, last = (read_count(minute, -1) for minute in value["period"])
    return Totals(
        zone=zone,
        mails=read_count(value["mails"]),
        tables={
            (Kind(kind), str(Dimension(name)) if name else ""): _read_sums(name, rows)
            for kind, name, rows in value["tables"]
        },
        by_audience_of={
            (_audience(opened), _audience(clicked)): read_count(number)
            for opened, clicked, number in value["audiences"]
        },
        kept_outcomes=Outcomes(**{name: read_count(number) for name, number in value["outcomes"].items()}),
        kinds={Kind(kind): read_count(number) for kind, number in value["kinds"].items()},
        marks={(Mark(mark), Kind(kind)): read_count(hits) for mark, kind, hits in value["marks"]},
        reasons={
            (Kind(kind), Actor(actor), read_text(signal)): read_count(hits)
            for kind, actor, signal, hits in value["reasons"]
        },
        versions=set(map(read_text, value["versions"])),
        period=(first, last),
    )


def _written(value: Value) -> object:
    if isinstance(value, LinkKey):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def _read_sums(name: str, rows: Any) -> Sums:
    found: Sums = {}
    for value, *numbers in rows:
        if len(numbers) != _NUMBERS:
            raise ValueError("expected twelve numbers")
        found[_read_value(name, value)] = [read_count(number) for number in numbers]
    return found


def _read_value(name: str, value: Any) -> Value:
    if name == Dimension.LINK:
        campaign, number, url = value
        return LinkKey(read_text(campaign), read_whole(number), read_text(url))
    if name == Dimension.HOUR:
        return datetime.fromisoformat(read_text(value))
    return date.fromisoformat(read_text(value)) if name == Dimension.DAY else read_text(value)


def _audience(value: object) -> int:
    found = read_count(value)
    if found > 3:  # the three audiences, and nobody
        raise ValueError("expected an audience")
    return found


def read_count(value: object, least: int = 0) -> int:
    """Return a whole number; one below ``least``, or that not every reader of JSON keeps, raises ``ValueError``."""
    found = read_whole(value)
    if not least <= found <= _MOST:
        raise ValueError(f"expected a number from {least}")
    return found
