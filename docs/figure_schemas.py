"""The JSON Schemas of what is counted: a tally's JSON, and a report's. Words and fields come from the code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import Enum

from mailbeacon.counting import Dimension, Mark, Outcomes
from mailbeacon.counting.tally_json import VERSION as TALLY_VERSION
from mailbeacon.model import Actor, Channel, Kind
from mailbeacon.reporting.structure import VERSION as REPORT_VERSION

__all__ = ["report_schema", "tally_schema"]

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MINUTE: Schema = {"type": "integer", "minimum": -1, "description": "Minutes since 1970, UTC; -1 for none."}
OUTCOMES = [one.name for one in fields(Outcomes)]


def _words(*kinds: type[Enum] | str) -> Schema:
    return {
        "enum": [one for kind in kinds for one in ([kind] if isinstance(kind, str) else [word.value for word in kind])]
    }


def _list(inside: Schema, said: str = "") -> Schema:
    return {"type": "array", "items": inside, **({"description": said} if said else {})}


def _row(*cells: Schema) -> Schema:
    return {"type": "array", "prefixItems": list(cells), "items": False, "minItems": len(cells)}


def _table(inside: Schema, names: Iterable[str] | None = None) -> Schema:
    """Return an object whose keys are not known, or none but these."""
    return {
        "type": "object",
        "additionalProperties": inside,
        **({"propertyNames": {"enum": list(names)}} if names else {}),
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _maybe(inside: Schema) -> Schema:
    return {"anyOf": [inside, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _top(title: str, said: str, schema: Schema, **shared: Schema) -> Schema:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "description": said}
    return {**head, **schema, "$defs": shared}


def tally_schema() -> Schema:
    """Return the schema of ``Tally.to_json``."""
    trait = _row(_words(Kind), _words(Actor), COUNT, TEXT, _words("", Channel), *[TEXT] * 6)
    entries = _list(_row(COUNT, MINUTE, COUNT), "The place of a trait, a minute, and the hits.")
    place = {"campaign": TEXT, "variant": TEXT, "groups": _list(_row(TEXT, TEXT), "A kind of group, and the group.")}
    common = {
        "marks": _list(_row(_words(Mark), _words(Kind), COUNT)),
        "reasons": _list(_row(_words(Kind), _words(Actor), TEXT, COUNT), "Kind, actor, strongest signal, hits."),
        "versions": _list(TEXT),
        "period": _row(MINUTE, MINUTE),
    }
    page = _object(
        **place,
        mails={**_table(entries), "description": "Hits by mail; its name is a digest in base64."},
        states=_table(_row(_list(_words(Kind)), MINUTE, MINUTE)),
        shared=entries,
        **common,
    )
    # hits, views, messages and shared hits, each by people, unknown and machines
    sums = _list({"type": "array", "prefixItems": [{}], "items": COUNT, "minItems": 13, "maxItems": 13})
    totals = _object(
        **place,
        zone=TEXT,
        mails=COUNT,
        tables=_list(_row(_words(Kind), _words("", Dimension), sums)),
        audiences=_list(_row(COUNT, COUNT, COUNT)),
        outcomes=_table(COUNT, OUTCOMES),
        kinds=_table(COUNT, [kind.value for kind in Kind]),
        **common,
    )
    whole = _object(
        v={"const": TALLY_VERSION, "description": "The version of the form."},
        traits=_list(trait, "Kind, actor, link, page, part, client, system, device, country, region, city."),
        pages=_list(_ref("page")),
        totals=_list(_ref("totals")),
        deliveries=_list(_row(_maybe(TEXT), _maybe(TEXT), COUNT), "Campaign and variant, null for all, and how many."),
    )
    said = "What was counted, to keep and to merge: exact, with a digest for each mail, and not for publishing."
    return _top("Tally", said, whole, page=page, totals=totals)


def report_schema() -> Schema:
    """Return the schema of ``reporting.to_json``."""
    rates, count = _table(_ref("rate"), OUTCOMES), _ref("count")
    change, interval = _maybe(_ref("change")), {"low": NUMBER, "high": NUMBER}
    measured, either = _maybe(_ref("rate")), _maybe(_ref("range"))
    contrast = _object(
        better=TEXT, other=TEXT, points=NUMBER, **interval, p=NUMBER, is_clear=FLAG, needed=_maybe(COUNT)
    )
    hits = {"kind": _words(Kind), "hits": COUNT}
    raw = _object(hits=COUNT, messages=COUNT, rate=measured, machine_hits=_ref("rate"))
    link = _object(campaign=TEXT, number=COUNT, url=TEXT, label=TEXT, clicks=count, share=_ref("rate"))
    campaign = _object(
        campaign=TEXT,
        first=_maybe(MOMENT),
        delivered=_maybe(COUNT),
        open_rate=either,
        click_rate=either,
        outcome_rates=rates,
        open_change=change,
        click_change=change,
    )
    readership = _object(
        unit=TEXT,
        opened=COUNT,
        clicked=COUNT,
        both=COUNT,
        estimate=_maybe(NUMBER),
        low=_maybe(NUMBER),
        high=_maybe(NUMBER),
        reason=TEXT,
        assumption=TEXT,
    )
    experiment = _object(
        kind=_words(Kind), why=TEXT, rates=_table(_ref("rate")), contrasts=_list(contrast), sentence=TEXT, waiting=TEXT
    )
    whole = _object(
        v={"const": REPORT_VERSION, "description": "The version of the form."},
        title=TEXT,
        made_at=_maybe(MOMENT),
        period=_maybe(_row(MOMENT, MOMENT)),
        since=_maybe(MOMENT),
        zone=TEXT,
        minimum={**COUNT, "description": "What every number is a multiple of; 0 or 1 where they are exact."},
        delivered=_maybe(COUNT),
        bounced=COUNT,
        outcomes=_object(**dict.fromkeys(OUTCOMES, COUNT)),
        outcome_rates=rates,
        opens=count,
        clicks=count,
        open_rate=either,
        click_rate=either,
        click_to_open_rate=_ref("rate"),
        clicks_are_opens=FLAG,
        raw=_object(opens=raw, clicks=raw),
        links=_list(link),
        destinations=_list(_object(url=TEXT, links=COUNT, people=COUNT, unknown=COUNT, machines=COUNT)),
        readership=readership,
        experiment=_maybe(experiment),
        experiment_missing=TEXT,
        campaigns=_list(campaign),
        by=_table(_list(_object(value=TEXT, opens=count, clicks=count))),
        expired=_table(COUNT, [kind.value for kind in Kind]),
        marks=_list(_object(mark=_words(Mark), **hits)),
        reasons=_list(_object(actor=_words(Actor), signal=TEXT, **hits)),
        verdicts=_list(TEXT),
        doubt=TEXT,
        advice=_list(TEXT),
        notes=_list(TEXT),
    )
    split = _object(people=COUNT, unknown=COUNT, machines=COUNT, total=COUNT)
    shared: dict[str, Schema] = {
        "split": split,
        "count": _object(
            hits=_ref("split"), views=_maybe(_ref("split")), messages=_maybe(_ref("split")), shared_hits=_ref("split")
        ),
        "rate": _object(
            name=TEXT,
            value=_maybe(NUMBER),
            numerator=COUNT,
            denominator=COUNT,
            unit=TEXT,
            of=TEXT,
            **interval,
            confidence=NUMBER,
        ),
        "range": _object(people=_ref("rate"), people_and_unknown=_ref("rate")),
        "change": _object(points=NUMBER, **interval, p=NUMBER, of=COUNT, could_be_chance=FLAG),
    }
    return _top("Report", "The figures of a report, each with its unit and denominator.", whole, **shared)
