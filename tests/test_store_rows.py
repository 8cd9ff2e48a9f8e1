"""Of a stored row figures need little; what is read of it is what its event says, or the same error, and counts the same."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NOON, hit
from test_model import EVENTS, VERDICTS
from test_store_canonical import ROW

from mailbeacon.counting import tally, tally_rows
from mailbeacon.errors import DataError
from mailbeacon.model import Actor, Event, Facts, Kind, Signal, Verdict
from mailbeacon.store import SqliteSink, cut_by_time, read_between, read_rows_between
from mailbeacon.store import rows as rows_module
from mailbeacon.store.rows import read_row

HUMAN = Verdict(
    actor=Actor.HUMAN, confidence=0.9, signals=(Signal(name="slow", weight=-1.0),), version="rules 1"
).to_json()


def shared(event: Event) -> Event:
    """Leave out what a row does not share with others."""
    facts = event.facts.changed(network_id="", agent_id="")
    own = {"id": "", "recipient": None, "campaign": "", "message_id": "", "variant": "", "metadata": {}}
    return event.changed(received_at=NOON, sent_at=None, facts=facts, **own)


def of_row(text: str, verdict: str | None) -> object:
    try:
        received_at, sent_at, mail, variant, alike = read_row(text, verdict)
    except DataError as error:
        return str(error)
    return received_at, sent_at, mail, variant, shared(alike.event), alike.verdict


def of_event(text: str, verdict: str | None) -> object:
    try:
        event = Event.from_json(text)
        said = None if verdict is None else Verdict.from_json(verdict)
    except DataError as error:
        return str(error)
    return event.received_at, event.sent_at, event.mail, event.variant, shared(event), said


@given(EVENTS, st.none() | VERDICTS)
def test_law_a_row_says_what_its_event_says(event, verdict):
    said = None if verdict is None else verdict.to_json()
    assert of_row(event.to_json(), said) == of_event(event.to_json(), said)


@given(st.data())
def test_law_a_damaged_row_says_the_same_as_its_event_or_gives_the_same_error(data):
    row = data.draw(st.sampled_from([ROW, ROW.replace('"spring"', '"summer"'), data.draw(EVENTS).to_json()]))
    read_row(row, HUMAN)  # what it shares is known now
    start = data.draw(st.integers(0, len(row) - 1))
    end = data.draw(st.integers(start, min(len(row), start + 12)) | st.just(len(row)))
    text = row[:start] + data.draw(st.sampled_from(["", ",", '"', "{", "}", "]", "0", "null", "\\", "\n"])) + row[end:]
    assert of_row(text, HUMAN) == of_event(text, HUMAN)


@pytest.mark.parametrize("mark", [',"facts":{', ',"metadata":', '"network_id":"', ',"metadata":{"team":"blue"}'])
def test_a_row_that_breaks_off_is_not_taken_for_the_one_that_ended_there(mark):
    whole = [ROW, '{"v":1,"id":"1","kind":"sent","received_at":"2026-11-23T09:00:00+00:00","source":"ses"}']
    whole += [ROW.replace('"network_id":"aaaaaaaaaaaaaaaa","agent_id":"bbbbbbbbbbbbbbbb",', "")]
    for row in whole:
        read_row(row, HUMAN)
        for text in (row + mark, row.partition(mark)[0], "".join(row.partition(mark)[:2])):
            assert of_row(text, HUMAN) == of_event(text, HUMAN)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ROW.replace("09:00:00", "9 am"), id="no time"),
        pytest.param(ROW.replace("+00:00", ""), id="a time without a zone"),
        pytest.param(ROW.replace("T09", "\n09"), id="a line's end within a time"),
        pytest.param(ROW.replace("T09", "\\09"), id="a back-slash within a time"),
        pytest.param(ROW.replace('"spring"', '"spr\\u0069ng"'), id="an escape"),
        pytest.param(ROW.replace('"spring"', '"spr\ning"'), id="a line's end in a text"),
        pytest.param(ROW.replace('"blue"', "7"), id="metadata that is no text"),
        pytest.param(ROW.replace("aaaaaaaaaaaaaaaa", "a"), id="a digest that is too short"),
        pytest.param(ROW.replace("aaaaaaaaaaaaaaaa", 'aaaaaaa"aaaaaaaa'), id="a digest that ends early"),
        pytest.param(ROW.replace('"link":2', '"recipient":"another","link":2'), id="a recipient twice"),
        pytest.param(ROW.replace('"kind":"click"', '"kind":"yodelled"'), id="a kind of a newer version"),
        pytest.param(json.dumps(json.loads(ROW)), id="written by somebody else"),
    ],
)
def test_another_form_says_the_same_or_gives_the_same_error(text):
    read_row(ROW, HUMAN)
    assert of_row(text, HUMAN) == of_event(text, HUMAN)


def test_rows_as_most_hosts_keep_them_are_read_so(monkeypatch):
    """Once what they share is known, no JSON is read: a new field must be looked at, or every row is read slowly."""
    read_row(ROW, HUMAN)
    monkeypatch.setattr(rows_module, "read_event", None)
    monkeypatch.setattr(rows_module, "read_canonical", None)
    other = ROW.replace('"id":"1"', '"id":"2"').replace("u-17", "ü-18").replace("09:00:00", "10:00:00.5")
    other = other.replace(16 * "a", 16 * "c").replace('"blue"', '"red","place":"Ulm"')
    received_at, sent_at, mail, variant, alike = read_row(other, HUMAN)
    assert (received_at.hour, sent_at, mail, variant) == (10, None, ("spring", "", "ü-18"), "")
    assert alike is read_row(ROW, HUMAN)[4]


MAILS = st.builds(
    lambda event, names: event.changed(campaign=names[0], message_id=names[1], recipient=names[2], variant=names[3]),
    EVENTS,
    st.tuples(
        st.sampled_from(["spring", "autumn", ""]), st.sampled_from(["m", 24 * "0"]), st.sampled_from(["u-1", None, "u-2"]),
        st.sampled_from(["", "a"]),
    ),
)  # fmt: skip


@given(st.lists(st.tuples(MAILS, st.none() | VERDICTS), max_size=12), st.sampled_from([None, {"u-1": "sales"}]))
def test_law_rows_count_as_their_events_do(pairs, groups):
    rows = [read_row(event.to_json(), None if verdict is None else verdict.to_json()) for event, verdict in pairs]
    assert tally_rows(rows, groups=groups, names_key=b"k") == tally(pairs, groups=groups, names_key=b"k")


def test_rows_of_a_file_count_as_its_events_do_and_broken_ones_are_told(tmp_path):
    path, found = tmp_path / "a.sqlite", []
    kinds = [Kind.OPEN, Kind.CLICK, Kind.DELIVERED, Kind.BOUNCED]
    with SqliteSink(path) as sink:
        for number in range(40):
            event = hit(f"m{number % 9}", kinds[number % 4], recipient=f"u{number % 9}", facts=Facts(client="Gmail"))
            event = event.changed(id=str(number), received_at=NOON + timedelta(minutes=7 * number))
            sink.record(event, None if number % 5 == 0 else Verdict.from_json(HUMAN))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE mailbeacon_events SET event = 'x' WHERE number = 7")
        connection.execute("UPDATE mailbeacon_events SET verdict = '{}' WHERE number = 8")
    (border,) = cut_by_time(path, 2)
    for stretch in [(None, None), (None, border), (border, None)]:
        mine, theirs = [], []
        rows = tally_rows(read_rows_between(path, *stretch, on_broken=mine.append))
        assert rows == tally(read_between(path, *stretch, on_broken=theirs.append))
        found.append([str(error) for error in mine])
        assert found[-1] == [str(error) for error in theirs]
    assert found[0] == found[1] + found[2]
    assert len(found[0]) == 2
    with pytest.raises(DataError, match="cannot read 2 rows: 7, 8"):
        list(read_rows_between(path))
