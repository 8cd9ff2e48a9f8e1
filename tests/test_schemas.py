"""The published JSON Schemas: made from the code, and true of everything that is stored."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator
from pages import DOCS
from test_counting_tallies import VERSION_1
from test_model import FROZEN_EVENT

import mailbeacon as mb
from mailbeacon import counting
from mailbeacon.counting import Tally
from mailbeacon.model import Event, Facts, Verdict
from mailbeacon.reporting import Report, to_json

sys.path.append(str(DOCS))
import schemas  # it stands among the documentation's own programs

MADE = schemas.schemas()


def _wrong(name: str, row: str) -> list[str]:
    return [error.message for error in Draft202012Validator(MADE[name]).iter_errors(json.loads(row))]


@pytest.mark.parametrize("name", MADE)
def test_a_schema_is_one(name):
    """What is published is valid by the standard of JSON Schema itself."""
    Draft202012Validator.check_schema(MADE[name])


@pytest.mark.parametrize("record", [Event, Facts, Verdict])
def test_every_field_is_in_the_schema_with_its_meaning(record):
    properties = MADE[record.__name__]["properties"]
    assert set(properties) == {"v", *(field.name for field in fields(record))}
    assert [name for name, found in properties.items() if "description" not in found] == []


def test_what_was_frozen_fits():
    """These stand for what hosts hold since the first version."""
    assert _wrong("Event", FROZEN_EVENT) == []
    assert _wrong("Facts", Event.from_json(FROZEN_EVENT).facts.to_json()) == []
    assert _wrong("Tally", Tally.from_json(VERSION_1).to_json()) == []  # read and written anew


@pytest.mark.mailbeacon_audience("business", recipients=60)
def test_law_whatever_made_up_readers_store_fits_the_schemas(mailbeacon_traffic):
    events = [event for event, _ in mailbeacon_traffic.events()]
    rows = 0
    for event, verdict in zip(events, mb.classify_all(events), strict=True):
        assert _wrong("Event", event.to_json()) == []
        assert _wrong("Facts", event.facts.to_json()) == []
        assert _wrong("Verdict", verdict.to_json()) == []
        rows += 1
    assert rows > 30


def _closed(schema):
    """Return a schema that knows no other fields than those it names."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _closed(one) for name, one in schema.items()}
    return (
        {**found, "additionalProperties": False}
        if "properties" in found and "additionalProperties" not in found
        else found
    )


def _not_named(name: str, row: str) -> list[str]:
    return [error.message for error in Draft202012Validator(_closed(MADE[name])).iter_errors(json.loads(row))]


def _tallies(traffic) -> list[mb.Tally]:
    """Return tallies with all there is to count: variants, groups, a provider's reports, marks, and closed pages."""
    events = [event.changed(variant="ab"[number % 2]) for number, (event, _) in enumerate(traffic.events())]
    events[0] = events[0].changed(expired=True)
    verdicts = mb.classify_all(events)
    kinds = (mb.Kind.SENT, mb.Kind.BOUNCED, mb.Kind.DEFERRED, mb.Kind.UNSUBSCRIBE, mb.Kind.COMPLAINED)
    told = [
        event.changed(id=f"p{n}", kind=kinds[n % 5], link=None, url="", facts=Facts()) for n, event in enumerate(events)
    ]
    groups = {"team": lambda recipient: f"team {len(recipient)}"}
    open_ = counting.tally([*events, *told], [*verdicts, *mb.classify_all(told)], groups=groups)
    other = [event.changed(campaign="other") for event in events]
    known = counting.tally(other, verdicts, deliveries={("other", name): 500 for name in "ab"})
    shared = counting.tally([event.changed(level=mb.Level.AGGREGATE, recipient=None) for event in events], verdicts)
    return [
        mb.Tally(),
        open_,
        known,
        shared,
        open_.closed(),
        open_.merge(known),
        open_.merge(known).closed(),
    ]


@pytest.mark.mailbeacon_audience("business", recipients=60)
def test_law_tallies_and_reports_of_made_up_readers_fit_their_schemas_and_hold_nothing_else(mailbeacon_traffic):
    for one in _tallies(mailbeacon_traffic):
        assert _not_named("Tally", one.to_json()) == []
        for minimum, since in ((0, None), (7, None), (0, datetime(2026, 1, 1, tzinfo=UTC))):
            report = Report(
                tally=one, minimum=minimum, since=since, group_by="city", made_at=datetime(2026, 4, 1, tzinfo=UTC)
            )
            assert _not_named("Report", to_json(report)) == []


def test_every_place_of_the_two_schemas_is_seen_by_the_law(mailbeacon_traffic):
    """Or a place that is wrong would not be noticed."""
    whole = _tallies(mailbeacon_traffic)[-2]
    value = json.loads(to_json(Report(tally=whole)))
    filled = ("links", "campaigns", "experiment", "marks", "reasons", "open_rate", "outcome_rates")
    assert [name for name in filled if not value[name]] == []
    pages = json.loads(whole.to_json())["pages"]
    assert [name for name in ("mails", "states", "marks", "reasons") if not any(page[name] for page in pages)] == []
    assert json.loads(_tallies(mailbeacon_traffic)[3].to_json())["pages"][0]["shared"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Tally", {"v": 1}),
        ("Tally", {"deliveries": [["spring", None]]}),
        ("Tally", {"traits": [["open"]]}),
        ("Report", {"opens": {}}),
        ("Report", {"minimum": -1}),
        ("Report", {"marks": [{"mark": "new", "kind": "open", "hits": 1}]}),
    ],
)
def test_figures_of_another_form_do_not_fit(name, change):
    row = json.loads(mb.Tally().to_json() if name == "Tally" else to_json(mb.Tally()))
    assert _wrong(name, json.dumps(row)) == []
    assert _wrong(name, json.dumps({**row, **change})) != []


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('{"v":1,"kind":"open","received_at":"2026-11-23T09:00:00+00:00"}', id="no id"),
        pytest.param('{"v":1,"id":"e1","kind":"opened","received_at":"2026-11-23T09:00:00+00:00"}', id="no such kind"),
        pytest.param('{"v":1,"id":"e1","kind":"open","received_at":"x","link":"1"}', id="a number as text"),
    ],
)
def test_what_is_no_row_does_not_fit(row):
    """Or the law could not fail."""
    assert _wrong("Event", row) != []
