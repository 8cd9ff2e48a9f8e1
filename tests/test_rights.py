"""What a person may ask for: a copy of all that is kept, erasure everywhere, and nothing kept longer than said."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.cli import main
from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Actor, Facts, Kind, Level, Verdict
from mailbeacon.privacy import Done, Retention, erase_person, export_person, retain
from mailbeacon.store import (
    CallbackSink,
    JsonlSink,
    MemoryConsents,
    MemoryHistory,
    MemorySink,
    QueueSink,
    SpoolSink,
    SqliteConsents,
    SqliteHistory,
    SqliteSink,
    sqlite,
)
from mailbeacon.store.rework import OLDER
from tests.making import event

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
ANN, BO = "u-ann-canary", "u-bo"
PERSON = Verdict(actor=Actor.HUMAN, confidence=0.9, version="1")


def kept(name, recipient=ANN, *, ago=0, kind=Kind.OPEN):
    """Return what somebody did so many days ago in a mail to them alone."""
    whole = {"id": name, "kind": kind, "received_at": NOW - timedelta(days=ago), "metadata": {"order": "8841"}}
    facts = Facts(client="Firefox", network_id=f"n-{recipient}", agent_id="a")
    return event(recipient=recipient, message_id=f"m-{recipient}", facts=facts, **whole)


def consent(recipient=ANN):
    return mb.Consent(recipient=recipient, purpose=mb.Purpose.OPENS, level=Level.FULL, given_at=NOW, text_version="v1")


def filled(kind, folder):
    """Return a sink, a history and records of consent with two people in them."""
    if kind == "memory":
        stores = MemorySink(), MemoryHistory(), MemoryConsents()
    elif kind == "sqlite":
        path = folder / "events.sqlite"
        stores = SqliteSink(path), SqliteHistory(path), SqliteConsents(path)
    else:
        stores = JsonlSink(folder / "events.jsonl"), MemoryHistory(), MemoryConsents()
    sink, history, consents = stores
    for number, recipient in enumerate((ANN, BO, ANN)):
        sink.record(kept(f"e{number}", recipient, ago=100 * number), PERSON)
        history.add(kept(f"e{number}", recipient, ago=100 * number))
    history.add(kept("h9"))
    if kind != "jsonl":
        sink.put_last_open(ANN, date(2026, 11, 20))
        sink.put_last_open(BO, date(2026, 1, 2))
    for recipient in (ANN, BO):
        consents.record(consent(recipient))
    return stores


KINDS = ["memory", "sqlite", "jsonl"]


def ids(store, recipient):
    return [one.id for one, _ in store.of_recipient(recipient)]


# a copy


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_holds_all_that_is_kept_of_one_person_each_event_once_and_nothing_of_others(kind, tmp_path):
    text = export_person(ANN, *filled(kind, tmp_path))
    found = json.loads(text)
    assert [one["event"]["id"] for one in found["events"]] == ["e2", "e0", "h9"]
    assert found["events"][0]["verdict"]["actor"] == "human"
    assert found["events"][1]["what"].startswith("2026-11-27 09:00 UTC: opened the mail")
    assert found["last_open"] == (None if kind == "jsonl" else "2026-11-20")
    assert [one["text_version"] for one in found["consents"]] == ["v1"]
    assert BO not in text
    assert "\n  " in text


def test_an_export_of_somebody_unknown_says_that_nothing_is_kept(tmp_path):
    found = json.loads(export_person("u-0", *filled("sqlite", tmp_path)))
    assert found == {"recipient": "u-0", "events": [], "last_open": None, "consents": []}


# erasure


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("proof", ["keep", "erase"])
def test_after_erasure_nothing_is_kept_but_the_proof_where_it_is_wanted(kind, proof, tmp_path):
    stores = sink, history, consents = filled(kind, tmp_path)
    done = erase_person(ANN, *stores, proof=proof)
    counts = {one.what: one.count for one in done if one.store == type(sink).__name__}
    assert counts == ({"events": 2} if kind == "jsonl" else {"events": 2, "last opens": 1})
    assert {one.what: one.count for one in done if "consents" in one.what} == (
        {"consents kept": 1} if proof == "keep" else {"consents": 1}
    )
    left = json.loads(export_person(ANN, *stores))
    assert (left["events"], left["last_open"], len(left["consents"])) == ([], None, int(proof == "keep"))
    assert (ids(sink, BO), ids(history, BO), len(list(consents.history(BO)))) == (["e1"], ["e1"], 1)
    again = erase_person(ANN, *stores, proof=proof)
    assert all(one.count == 0 for one in again if one.what != "consents kept")


def test_what_was_done_is_told_store_by_store_by_its_class(tmp_path):
    memory, sqlite = filled("memory", tmp_path), filled("sqlite", tmp_path)
    assert erase_person(ANN, *memory) == (
        Done(store="MemorySink", what="last opens", count=1),
        Done(store="MemorySink", what="events", count=2),
        Done(store="MemoryHistory", what="events", count=3),
        Done(store="MemoryConsents", what="consents kept", count=1),
    )
    assert erase_person(ANN, *sqlite, proof="erase")[-2:] == (
        Done(store="SqliteHistory", what="events", count=3),
        Done(store="SqliteConsents", what="consents", count=1),
    )
    assert retain([Retention(after=timedelta(days=50))], NOW, memory[0], memory[1]) == (
        Done(store="MemorySink", what="events", count=1),
        Done(store="MemorySink", what="last opens", count=1),
        Done(store="MemoryHistory", what="events", count=1),
    )


def test_nothing_of_an_erased_person_can_be_read_in_the_file_or_beside_it(tmp_path):
    """Deleted rows would stay in the file until they are overwritten."""
    stores = filled("sqlite", tmp_path)
    assert any(ANN.encode() in path.read_bytes() for path in tmp_path.iterdir())
    erase_person(ANN, *stores, proof="erase")
    assert [path.name for path in tmp_path.iterdir() if ANN.encode() in path.read_bytes()] == []
    assert any(BO.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("wrap", [QueueSink, "spool"])
def test_what_waits_in_a_queue_or_spool_is_erased_too(wrap, tmp_path):
    inner = SqliteSink(tmp_path / "events.sqlite", wait=timedelta(minutes=2))
    outer = SpoolSink(inner, tmp_path / "spool") if wrap == "spool" else wrap(inner)
    for number in range(20):
        outer.record(kept(f"e{number}"), PERSON)
    erase_person(ANN, outer, inner)
    assert ids(inner, ANN) == []
    outer.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and ANN.encode() in path.read_bytes()] == []


def test_where_what_waits_cannot_be_handed_over_nothing_is_said_to_be_erased():
    class Stuck(MemorySink):
        def flush(self, timeout=None):
            return False

    sink = Stuck()
    sink.record(kept("e1"))
    with pytest.raises(StoreError):
        erase_person(ANN, sink)
    assert len(sink) == 1


def test_a_store_that_cannot_is_named_before_any_is_touched():
    sink = MemorySink()
    sink.record(kept("e1", ago=900))
    for way in (
        lambda: erase_person(ANN, sink, CallbackSink(print)),
        lambda: export_person(ANN, sink, CallbackSink(print)),
        lambda: retain([Retention(after=timedelta(days=1))], NOW, sink, CallbackSink(print)),
        lambda: erase_person(ANN, sink, proof="maybe"),
    ):
        with pytest.raises(ConfigError, match=r"CallbackSink|maybe"):
            way()
    assert len(sink) == 1


def test_erasure_and_retention_in_a_sqlite_file_are_all_or_nothing(tmp_path):
    path = tmp_path / "events.sqlite"
    sink, *_ = filled("sqlite", tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE DELETE ON mailbeacon_events WHEN OLD.id = 'e2' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    for way in (
        lambda: sink.erase(ANN),
        lambda: retain([Retention(after=timedelta(days=1))], NOW + timedelta(days=2), sink),  # of them the last is e2
    ):
        with pytest.raises(StoreError):
            way()
        assert dict(sink.last_opens())[ANN] == date(2026, 11, 20)
        assert (ids(sink, ANN), ids(sink, BO)) == (["e0", "e2"], ["e1"])


@pytest.mark.parametrize(
    ("table", "condition", "index"),
    [
        ("mailbeacon_events", "recipient = ?", "mailbeacon_events_recipient"),
        ("mailbeacon_events", "received_at < ?", "mailbeacon_events_time"),
        ("mailbeacon_history", "json_extract(event, '$.recipient') = ?", "mailbeacon_history_recipient"),
        ("mailbeacon_consents", "recipient = ?", "mailbeacon_consents_last"),
    ],
)
def test_a_person_is_found_by_an_index(table, condition, index, tmp_path):
    filled("sqlite", tmp_path)
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN DELETE FROM {table} WHERE {condition}", ("u",)).fetchall()
    assert index in str(plan)


# keeping no longer than said


@pytest.mark.parametrize("kind", KINDS)
def test_events_older_than_a_rule_go_and_others_stay(kind, tmp_path):
    stores = sink, history, _ = filled(kind, tmp_path)
    done = retain([Retention(after=timedelta(days=150))], NOW, sink, history)
    assert [one.count for one in done if one.what == "events"] == [1, 1]
    assert (ids(sink, ANN), ids(history, ANN)) == (["e0"], ["e0", "h9"])
    if kind != "jsonl":
        assert dict(sink.last_opens()) == {ANN: date(2026, 11, 20)}
        assert Done(store=type(sink).__name__, what="last opens", count=1) in done
    assert all(one.count == 0 for one in retain([Retention(after=timedelta(days=150))], NOW, sink, history))
    assert len(list(stores[2].history(BO))) == 1


def of_first_version(path):
    """Make a file as version 0.1 did, without a column of times, with an event a day."""
    with closing(sqlite3.connect(path)) as old, old:
        old.execute(
            "CREATE TABLE mailbeacon_events (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, campaign TEXT NOT NULL,"
            " recipient TEXT, event TEXT NOT NULL, verdict TEXT)"
        )
        rows = [(f"e{ago}", "spring", ANN, kept(f"e{ago}", ago=ago).to_json()) for ago in range(40)]
        old.executemany("INSERT INTO mailbeacon_events (id, campaign, recipient, event) VALUES (?, ?, ?, ?)", rows)
    return path


def test_a_file_whose_times_could_not_be_filled_in_is_as_it_was_and_gets_them_the_next_time(tmp_path, monkeypatch):
    path = of_first_version(tmp_path / "old.sqlite")
    with monkeypatch.context() as broken:
        broken.setattr(sqlite, "_FILL_TIMES", "UPDATE a_full_disk SET nothing = 1")
        with pytest.raises(StoreError):
            SqliteSink(path)
    with SqliteSink(path) as sink:
        assert sink.drop_before(NOW - timedelta(days=30)) == 9


def test_what_is_older_is_found_by_the_index_of_times_and_young_events_are_not_read(tmp_path):
    """A file of a year is not gone through each night; a file of the first version gets the index when it is opened."""
    path = of_first_version(tmp_path / "old.sqlite")
    with SqliteSink(path) as sink:
        seen = []
        sink.rework(NOW - timedelta(days=30), lambda event: seen.append(event.id))
        assert sorted(seen) == [f"e{ago}" for ago in range(31, 40)]
        assert len(sink) == 31
    deletion = "DELETE FROM mailbeacon_events WHERE received_at < ?"
    with closing(sqlite3.connect(path)) as found:
        for query, values in ((OLDER.format("mailbeacon_events"), (0, 0, 0, 1, 9)), (deletion, (1,))):
            plan = " ".join(str(row) for row in found.execute(f"EXPLAIN QUERY PLAN {query}", values))
            assert "USING INDEX mailbeacon_events_time" in plan or "COVERING INDEX mailbeacon_events_time" in plan, plan
            assert "SCAN" not in plan
            assert "TEMP B-TREE" not in plan, plan


def test_more_old_events_than_fit_a_batch_of_one_moment_all_go(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as sink:
        sink.record_many([(kept(f"e{n}", ago=50), None) for n in range(2_300)])
        sink.record_many([(kept("young"), None)])
        retain([Retention(after=timedelta(days=30), drop="recipient")], NOW, sink)
        assert {one.recipient for one, _ in sink.events()} == {None, ANN}
        assert sink.rework(NOW - timedelta(days=30), lambda _: None) == 2_300
        assert [one.id for one, _ in sink.events()] == ["young"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_may_lose_only_its_recipient_and_goes_on_counting_with_its_campaign(kind, tmp_path):
    sink, history, _ = filled(kind, tmp_path)
    retain([Retention(after=timedelta(days=50), drop="recipient")], NOW, sink, history)
    assert (ids(sink, ANN), ids(sink, BO)) == (["e0"], [])
    bare = next(one for one, _ in sink.events() if one.id == "e2")
    assert (bare.recipient, bare.message_id, bare.metadata, bare.level) == (None, "", {}, Level.AGGREGATE)
    assert (bare.facts.network_id, bare.facts.agent_id, bare.facts.client) == ("", "", "Firefox")
    assert (bare.campaign, bare.received_at) == ("spring", NOW - timedelta(days=200))
    assert {one.id: verdict for one, verdict in sink.events()}["e2"] == PERSON
    assert len(list(sink.events())) == 3
    assert all(
        one.count == 0 for one in retain([Retention(after=timedelta(days=50), drop="recipient")], NOW, sink, history)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_may_be_for_some_kinds_of_event_alone(kind, tmp_path):
    sink, *_ = filled(kind, tmp_path)
    sink.record(kept("left", ago=900, kind=Kind.UNSUBSCRIBE), PERSON)
    retain([Retention(after=timedelta(days=0), kinds=(Kind.OPEN, Kind.CLICK))], NOW + timedelta(days=1), sink)
    assert [one.id for one, _ in sink.events()] == ["left"]
    if kind != "jsonl":
        assert len(dict(sink.last_opens())) == 2


@given(
    st.lists(st.integers(0, 60), max_size=20),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["event", "recipient"])), max_size=3),
)
def test_law_no_store_names_anybody_longer_than_the_shortest_rule(ages, rules):
    sink = MemorySink()
    for number, age in enumerate(ages):
        sink.record(kept(f"e{number}", ago=age))
    retain([Retention(after=timedelta(days=days), drop=drop) for days, drop in rules], NOW, sink)
    named = [one for one, _ in sink.events() if one.recipient]
    whole = [one for one, _ in sink.events()]
    assert all(NOW - one.received_at <= timedelta(days=min(days for days, _ in rules)) for one in named if rules)
    dropping = [days for days, drop in rules if drop == "event"]
    assert len(whole) == sum(not dropping or age <= min(dropping) for age in ages)


@pytest.mark.parametrize("wrong", [{"after": timedelta(-1)}, {"after": 5}, {"drop": "all"}, {"kinds": ("fun",)}])
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ConfigError):
        Retention(**{"after": timedelta(days=1), **wrong})


def test_a_broken_row_or_line_hinders_no_other(tmp_path):
    sink, *_ = filled("sqlite", tmp_path)
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as connection, connection:
        connection.execute("UPDATE mailbeacon_events SET event = '{' WHERE id = 'e1'")
    assert retain([Retention(after=timedelta(0))], NOW + timedelta(days=1), sink)[0].count == 2


# the command line


def test_the_command_line_gives_erases_and_retains(tmp_path, capsys, monkeypatch):
    for store in filled("sqlite", tmp_path):
        store.close()
    path = str(tmp_path / "events.sqlite")
    lines = tmp_path / "other.jsonl"
    JsonlSink(lines).record(kept("j1"), PERSON)
    assert main(["privacy", "export", ANN, path, str(lines)]) == 0
    assert {one["event"]["id"] for one in json.loads(capsys.readouterr().out)["events"]} == {"e0", "e2", "h9", "j1"}
    assert main(["privacy", "retain", "--after", "150d", "--kind", "open", path]) == 0
    assert "SqliteSink: " in capsys.readouterr().err
    assert main(["privacy", "erase", ANN, path, str(lines)]) == 0
    told = capsys.readouterr()
    assert "SqliteConsents: 1 consents kept" in told.err
    assert ANN not in told.out + told.err
    monkeypatch.setattr("sys.stdin", type("In", (), {"readline": lambda self: f"{ANN}\n"})())
    assert main(["privacy", "erase", "-", path, "--with-proof"]) == 0
    assert main(["privacy", "export", ANN, path, str(lines)]) == 0
    assert json.loads(capsys.readouterr().out) == {"recipient": ANN, "events": [], "last_open": None, "consents": []}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["export", ANN, "nowhere.sqlite"], 1),
        (["retain", "--after", "soon", "x"], 2),
        (["retain", "--after", "5d", "--kind", "fun", "x"], 2),
        (["erase", "", "x"], 2),
    ],
)
def test_a_wrong_command_is_refused_in_one_line_without_the_recipient(words, code, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["privacy", *words]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert ANN not in told


def test_a_database_of_somebody_elses_is_left_alone(tmp_path, capsys):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE people (name TEXT)")
    before = path.read_bytes()
    assert main(["privacy", "erase", ANN, str(path)]) == 1
    assert "no table" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_an_export_says_in_a_sentence_what_each_event_is():
    sink, first, second = MemorySink(), MemoryConsents(), MemoryConsents()
    sink.record(kept("e0", kind=Kind.CLICK), PERSON)
    sink.record(kept("e1", kind=Kind.BOUNCED).changed(message_id=""), Verdict(actor=Actor.PRIVACY_PROXY))
    sink.record(kept("e2", kind=Kind.UNSUBSCRIBE).changed(campaign="späte"))
    first.record(consent())
    second.record(consent())
    text = export_person(ANN, sink, first, second)
    found = json.loads(text)
    assert [one["what"] for one in found["events"]] == [
        f"2026-11-27 09:00 UTC: clicked a link in the mail 'm-{ANN}' of the campaign 'spring', taken to be human",
        "2026-11-27 09:00 UTC: bounced a mail, taken to be privacy proxy",
        f"2026-11-27 09:00 UTC: unsubscribed by the mail 'm-{ANN}' of the campaign 'späte'",
    ]
    assert "späte" in text
    assert "v" not in found["events"][0]["event"]
    assert len(found["consents"]) == 2


def test_what_waits_is_handed_over_before_it_is_retained_or_erased_and_for_half_a_minute_at_most():
    class Waiting:
        """A queue that only hands over."""

        def __init__(self, done):
            self.asked, self.done = [], done

        def flush(self, timeout=None):
            self.asked.append(timeout)
            return self.done

    sink, queue = MemorySink(), Waiting(done=True)
    sink.record(kept("e1", ago=9))
    assert retain([Retention(after=timedelta(days=1))], NOW, queue, sink)[0].count == 1
    assert erase_person(ANN, queue, sink)[-1].count == 0
    assert queue.asked == [timedelta(seconds=30)] * 2
    with pytest.raises(StoreError, match="Waiting: events still wait to be handed over"):
        erase_person(ANN, Waiting(done=False))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Retention(after=timedelta(-1)), "after must be a timedelta of zero or more"),
        (lambda: Retention(after=NOW - NOW, drop="all"), "drop must be event or recipient, got 'all'"),
        (lambda: Retention(after=NOW - NOW, kinds=("fun",)), "kinds must be kinds of events"),
        (lambda: retain([], datetime(2026, 11, 27)), "now must"),
        (lambda: erase_person(ANN, CallbackSink(print)), "CallbackSink has no method erase"),
        (lambda: export_person(ANN, CallbackSink(print)), "CallbackSink has no method of_recipient"),
        (lambda: retain([], NOW, CallbackSink(print)), "CallbackSink has no method rework"),
    ],
)
def test_what_cannot_be_done_is_told_so_that_one_can_mend_it(make, said):
    with pytest.raises(ConfigError, match=said):
        make()


def test_a_rule_that_reaches_beyond_the_calendar_takes_nothing(tmp_path):
    with SqliteSink(tmp_path / "events.sqlite") as sink:
        sink.record(event(1), None)
        done = retain([Retention(after=timedelta.max)], NOW, sink)
        assert [one.count for one in done] == [0, 0]
        assert len(sink) == 1


@pytest.mark.parametrize("name", ["half \ud83d", "NUL \0", "both \0 \udc80", "\U0001f331"])
def test_a_person_of_an_odd_name_is_found_in_a_sqlite_file_with_the_day_of_the_last_open(name, tmp_path):
    with SqliteSink(tmp_path / "events.sqlite") as sink:
        sink.record(event(1, recipient=name), None)
        sink.put_last_open(name, date(2026, 11, 20))
        sink.put_last_open("u-other", date(2026, 11, 21))
        found = json.loads(export_person(name, sink))
        assert ([one["event"]["recipient"] for one in found["events"]], found["last_open"]) == ([name], "2026-11-20")
        assert [(one.what, one.count) for one in erase_person(name, sink)] == [("last opens", 1), ("events", 1)]
        assert len([*sink.last_opens()]) == 1
