"""The published JSON Schemas: made from the code, and true of everything that is stored."""

from __future__ import annotations

import json
import sys
from dataclasses import fields

import pytest
from jsonschema import Draft202012Validator
from pages import DOCS

import mailbeacon as mb
from mailbeacon.model import Event, Facts, Verdict

sys.path.append(str(DOCS))
import schemas  # it stands among the documentation's own programs

MADE = schemas.schemas()


def _wrong(name: str, row: str) -> list[str]:
    return [error.message for error in Draft202012Validator(MADE[name]).iter_errors(json.loads(row))]


@pytest.mark.parametrize("name", MADE)
def test_a_schema_is_one(name):
    Draft202012Validator.check_schema(MADE[name])


@pytest.mark.parametrize("record", [Event, Facts, Verdict])
def test_every_field_is_in_the_schema_with_its_meaning(record):
    properties = MADE[record.__name__]["properties"]
    assert set(properties) == {"v", *(field.name for field in fields(record))}
    assert [name for name, found in properties.items() if "description" not in found] == []


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
