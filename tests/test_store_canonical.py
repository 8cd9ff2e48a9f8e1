"""Events in the form this package writes are read by one expression; it gives what any JSON gives, or the same error."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_model import EVENTS, VERDICTS

from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store import canonical
from mailbeacon.store.lines import line_of, pair_of, written

ROW = (
    '{"v":1,"id":"1","kind":"click","received_at":"2026-11-23T09:00:00+00:00","recipient":"u-17","campaign":"spring",'
    '"link":2,"url":"https://example.com/a","channel":"html","level":3,"metadata":{"team":"blue"},"facts":{"agent":"browser",'
    '"network":{"operator":"Shop","kind":"hosting"},"network_id":"aaaaaaaaaaaaaaaa","agent_id":"bbbbbbbbbbbbbbbb","hints":["head"],"city":"Ulm"},'
    '"source":"log","unrecorded":4}'
)


def outcome(read, text):
    try:
        return read(text)
    except DataError as error:
        return str(error)


@given(EVENTS)
def test_an_event_is_read_as_any_json_is(event):
    assert canonical.read_event(event.to_json()) == event


@given(EVENTS, st.none() | VERDICTS)
def test_a_line_is_read_as_any_json_is(event, verdict):
    assert pair_of(line_of(written(event, verdict))) == (event, verdict)


@given(st.data())
def test_a_damaged_row_gives_the_same_event_or_the_same_error(data):
    row = data.draw(st.sampled_from([ROW, data.draw(EVENTS).to_json()]))
    start = data.draw(st.integers(0, len(row) - 1))
    end = data.draw(st.integers(start, min(len(row), start + 12)))
    text = (
        row[:start]
        + data.draw(st.sampled_from(["", ",", '"', "{", "}", "[", "]", "0", "-1", "null", "\\", "\n"]))
        + row[end:]
    )
    assert outcome(canonical.read_event, text) == outcome(Event.from_json, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ROW.replace('"kind":"click"', '"kind":"yodelled"'), id="a kind of a newer version"),
        pytest.param(ROW.replace('"channel":"html"', '"channel":"fax"'), id="a channel of a newer version"),
        pytest.param(ROW.replace('"level":3', '"level":7'), id="a level of a newer version"),
        pytest.param(ROW.replace('"v":1', '"v":9'), id="a newer version"),
        pytest.param(ROW.replace("+00:00", ""), id="a time without a zone"),
        pytest.param(ROW.replace("09:00", "9 am"), id="no time"),
        pytest.param(ROW.replace('"blue"', "7"), id="metadata that is no text"),
        pytest.param(ROW.replace('["head"]', '["head",["x"]]'), id="hints that are no words"),
        pytest.param(ROW.replace('"browser",', '"browser"'), id="a comma too few in the facts"),
        pytest.param(ROW.replace('"Ulm"', '"Ulm",'), id="a comma too many in the facts"),
        pytest.param(ROW.replace('"city"', '"town"'), id="a field of a newer version"),
        pytest.param(ROW.replace("Ulm", r"Ul\u006d"), id="an escape"),
        pytest.param(ROW.replace('"link":2', '"link":02'), id="a number that is none"),
        pytest.param(ROW.replace('"link":2', '"link":2.0'), id="a number with a point"),
        pytest.param(json.dumps(json.loads(ROW)), id="written by somebody else"),
        pytest.param(ROW.replace('"agent_id"', '"network_id":"cccccccccccccccc","agent_id"'), id="a digest twice"),
        pytest.param(ROW.replace('"hints":["head"]', '"agent_id":"cccccccccccccccc"'), id="another digest twice"),
        pytest.param(ROW.replace(',"hints":["head"],"city":"Ulm"', ""), id="facts that end with a digest"),
        pytest.param(ROW.replace(',"hints":["head"],"city":"Ulm"', ","), id="facts that end with a digest and a comma"),
        pytest.param(
            ROW.replace('"agent":"browser","network":{"operator":"Shop","kind":"hosting"},', ""),
            id="facts that begin with one",
        ),
        pytest.param(ROW.replace('},"network_id"', '}"network_id"'), id="a comma too few before a digest"),
        pytest.param(ROW.replace("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa"), id="a digest that is too short"),
        pytest.param(ROW + "\n", id="an end of line"),
        pytest.param(ROW + "}", id="something behind it"),
    ],
)
def test_another_form_gives_the_same_event_or_the_same_error(text):
    assert outcome(canonical.read_event, text) == outcome(Event.from_json, text)


def test_rows_as_most_hosts_keep_them_are_read_so(monkeypatch):
    """But for what few keep: address, user agent and header fields. A new field must be read too, or every row is read slowly."""
    monkeypatch.setattr(Event, "from_json", None)
    known = {"facts", "source", "unrecorded", "address", "user_agent", "headers"}
    read = canonical.OWN.pattern + canonical._ALIKE.pattern + canonical.METADATA
    assert all(f'"{one.name}":' in read for one in fields(Event) if one.name not in known)
    event = canonical.read_event(ROW)
    assert (event.facts.network_id, event.facts.agent_id, event.facts.city) == (16 * "a", 16 * "b", "Ulm")
    assert (event.source, event.unrecorded, event.metadata, event.link) == ("log", 4, {"team": "blue"}, 2)
    assert (
        canonical.read_event(
            '{"v":1,"id":"1","kind":"sent","received_at":"2026-11-23T09:00:00+00:00","source":"ses"}'
        ).source
        == "ses"
    )


def test_equal_verdicts_are_one_object():
    text = '{"v":1,"actor":"human","confidence":0.9}'
    assert canonical.read_verdict(text) is canonical.read_verdict(text) == Verdict.from_json(text)
