"""``mailbeacon leads|audiences|hours|readers|compare``, and how files of events are read for them and for ``report``."""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import mailbeacon as mb
from mailbeacon import fake
from mailbeacon.cli import main
from mailbeacon.cli.events import judged
from mailbeacon.cli.events.judged import judge_all
from mailbeacon.cli.figures import NAMES
from mailbeacon.engines import pools
from mailbeacon.model import Actor, Event, Kind, Verdict
from mailbeacon.store import JsonlSink, SqliteSink
from tests import making

SENT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = '<a href="https://shop.example.com/a">Apples</a> <a href="https://shop.example.com/b">Bees</a>'


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Three campaigns, a week apart, with what a provider said of the mails."""
    beacon, found = making.beacon(), []
    for week, campaign in enumerate(("spring", "summer", "autumn")):
        sent_at = SENT_AT + timedelta(days=7 * week)
        template = beacon.compile(PAGE, campaign=campaign)
        hits = fake.simulate(beacon, template, fake.BUSINESS, recipients=300, seed=4 + week, sent_at=sent_at)
        found += [event.changed(address="", user_agent="", headers=()) for event, _ in fake.to_events(hits, beacon)]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, events) -> Path:
    path = tmp_path_factory.mktemp("events")
    for sink in (SqliteSink(path / "a.sqlite"), JsonlSink(path / "a.jsonl")):
        with sink:
            sink.record_many((event, None) for event in events)
    return path


@pytest.fixture(scope="module")
def judged_file(tmp_path_factory, events) -> Path:
    """The same with verdicts, and with deliveries and late bounces: mails with events in two stretches of time."""
    path = tmp_path_factory.mktemp("judged") / "a.sqlite"
    with SqliteSink(path) as sink:
        sink.record_many(zip(events, mb.classify_all(events), strict=True))
        for number, event in enumerate(events[::7]):
            late = event.received_at + timedelta(days=9)
            told = {"kind": (Kind.DELIVERED, Kind.BOUNCED)[number % 2], "link": None, "url": "", "source": "ses"}
            sink.record(event.changed(id=f"late {number}", received_at=late, **told), Verdict(actor=Actor.UNKNOWN))
    return path


def printed(capfd, *arguments: object) -> str:
    assert main([str(one) for one in arguments]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out


def refused(capfd, *arguments: object) -> str:
    assert main([str(one) for one in arguments]) != 0
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


# reading and judging


@pytest.mark.parametrize("name", ["a.sqlite", "a.jsonl"])
@pytest.mark.parametrize("stretch", [7, 500, 10_000])
def test_stretch_by_stretch_gives_the_verdicts_of_the_whole(name, stretch, folder, events, monkeypatch):
    monkeypatch.setattr(judged, "_STRETCH", stretch)
    found, _ = judge_all([folder / name], lambda pairs: {event.id: verdict for event, verdict in pairs})
    assert found == {event.id: verdict for event, verdict in zip(events, mb.classify_all(events), strict=True)}


def test_lines_far_out_of_order_are_sorted_first(tmp_path, events, monkeypatch):
    monkeypatch.setattr(judged, "_STRETCH", 20)
    with JsonlSink(tmp_path / "a.jsonl") as sink:
        sink.record_many((event, None) for event in events[::-1])
    found, reading = judge_all([tmp_path / "a.jsonl"], lambda pairs: {event.id: verdict for event, verdict in pairs})
    assert found == {event.id: verdict for event, verdict in zip(events, mb.classify_all(events), strict=True)}
    assert reading.number == len(events)


def test_an_old_file_without_times_is_read_too(tmp_path, events):
    path = tmp_path / "old.sqlite"
    with SqliteSink(path) as sink:
        sink.record_many((event, None) for event in events[:50])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE mailbeacon_events SET received_at = NULL")
    assert judge_all([path], lambda pairs: len(list(pairs)))[0] == 50


def test_a_hosts_own_verdicts_stand_and_the_packages_are_made_anew(tmp_path, capfd):
    own = Verdict(actor=Actor.SCRIPT, confidence=0.9, version="our rules 7")
    old = Verdict(actor=Actor.SCRIPT, confidence=0.9, version="rules 2026.11.1; agents x; networks y")
    click = {"kind": Kind.OPEN, "received_at": SENT_AT, "campaign": "a", "sent_at": SENT_AT - timedelta(hours=2)}
    with SqliteSink(tmp_path / "a.sqlite") as sink:
        for name, verdict in (("own", own), ("old", old), ("none", None)):
            sink.record(Event(id=name, recipient=name, message_id=name, **click), verdict)

    def machines(*options):
        found = json.loads(printed(capfd, "report", tmp_path / "a.sqlite", "--json", *options))
        return found["opens"]["hits"]["machines"]

    assert (machines(), machines("--stored-verdicts")) == (1, 2)


def test_several_files_count_each_event_once_and_say_so(folder, capfd):
    one = json.loads(printed(capfd, "report", folder / "a.sqlite", "--json", "--title", "t"))
    both = json.loads(printed(capfd, "report", folder / "a.sqlite", folder / "a.jsonl", "--json", "--title", "t"))
    note = both.pop("notes")[0]
    assert note.endswith("events stood in two files and counts once.")
    one.pop("notes")
    assert {**one, "made_at": ""} == {**both, "made_at": ""}
    assert "given twice" in refused(capfd, "report", folder / "a.jsonl", folder / "a.jsonl")


def test_standard_input_is_read_as_lines(folder):
    command = [sys.executable, "-m", "mailbeacon", "report", "-", "--json", "--title", "t"]
    with (folder / "a.jsonl").open("rb") as lines:
        done = subprocess.run(command, stdin=lines, capture_output=True, check=True)
    other = subprocess.run([*command[:4], str(folder / "a.sqlite"), *command[5:]], capture_output=True, check=True)
    one, two = json.loads(done.stdout), json.loads(other.stdout)
    assert {**one, "made_at": ""} == {**two, "made_at": ""}


@pytest.mark.parametrize("options", [[], ["--stored-verdicts", "--zone", "Asia/Kolkata", "--group-by", "hour"]])
def test_workers_give_the_same_report(options, folder, judged_file, capfd):
    one, three = (
        json.loads(printed(capfd, "report", judged_file, "--json", *options, "--workers", workers))
        for workers in (1, 3)
    )
    assert {**one, "made_at": ""} == {**three, "made_at": ""}
    assert one["outcomes"]["bounced"]
    assert "--workers needs one file" in refused(capfd, "report", folder / "a.jsonl", "--workers", "2")
    assert "from 1 to 64" in refused(capfd, "report", folder / "a.sqlite", "--workers", "0")


def test_ctrl_c_while_workers_count_is_one_line(folder, capfd, monkeypatch):
    """The terminal sends it to all processes; the workers do not hear of it, and stop when the first one does."""
    said = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    with pools.undisturbed():
        assert subprocess.run([sys.executable, "-c", said], capture_output=True, check=True).stdout == b"True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pools, "wait", interrupted)
    assert main(["report", str(folder / "a.sqlite"), "--workers", "2"]) == 130
    assert capfd.readouterr() == ("", "mailbeacon: stopped\n")


# report


def test_groups_zone_and_language_are_those_asked_for(folder, tmp_path, capfd):
    (tmp_path / "g.csv").write_text("recipient,provider\n" + "".join(f"r-{n:06},p{n % 2}\n" for n in range(300)))
    given = [
        "--groups",
        tmp_path / "g.csv",
        "--zone",
        "Asia/Kolkata",
        "--language",
        "de",
        "--html",
        tmp_path / "r.html",
    ]
    text = printed(capfd, "report", folder / "a.sqlite", *given)
    assert "By provider" in text
    assert "(Asia/Kolkata)" in text
    assert '<html lang="de">' in (tmp_path / "r.html").read_text("utf-8")
    assert "no such time zone" in refused(capfd, "report", folder / "a.sqlite", "--zone", "Mars/Base")
    (tmp_path / "none.csv").write_text("name\nx\n")
    assert "no column 'recipient'" in refused(capfd, "report", folder / "a.sqlite", "--groups", tmp_path / "none.csv")


def test_deliveries_by_variant_let_variants_be_compared(tmp_path, capfd):
    person = Verdict(actor=Actor.HUMAN, version="ours")
    with SqliteSink(tmp_path / "a.sqlite") as sink:
        for n in range(60):
            event = Event(
                id=str(n), kind=Kind.OPEN, received_at=SENT_AT, campaign="s", recipient=str(n), message_id=str(n),
                variant="ab"[n % 3 == 0], sent_at=SENT_AT - timedelta(hours=1),
            )  # fmt: skip
            sink.record(event, person)
    text = printed(capfd, "report", tmp_path / "a.sqlite", "--delivered", "s/a=100", "--delivered", "s/b=100")
    assert "Delivered: 200\n" in text
    assert "a leads b by 20.0 points in opens" in text


# the questions


def test_leads_are_printed_with_their_reasons(folder, capfd):
    asked = ["leads", folder / "a.sqlite", "--now", "2026-03-17", "--at-least", "4", "--most", "3"]
    found = json.loads(printed(capfd, *asked, "--json"))
    assert 0 < len(found) <= 3
    assert all(row["score"] >= 4 and "clicked https://shop" in row["why"] for row in found)
    assert printed(capfd, *asked).splitlines()[1].startswith(found[0]["recipient"])
    assert [row["recipient"] for row in csv.DictReader(io.StringIO(printed(capfd, *asked, "--csv")))] == [
        row["recipient"] for row in found
    ]
    assert "Nobody has a score that high." in printed(capfd, *asked[:4], "--at-least", "99")


def test_audiences_name_who_has_stopped(folder, tmp_path, capfd):
    (tmp_path / "s.csv").write_text(
        "recipient,added_at,mails,level\nnobody,2020-01-01,9,\nr-000001,2020-01-01,9,AGGREGATE\n", "utf-8"
    )
    asked = ["audiences", folder / "a.sqlite", "--subscribers", tmp_path / "s.csv", "--now", "2026-12-01"]
    found = json.loads(printed(capfd, *asked, "--json"))
    assert [row["audience"] for row in found] == ["inactive", "unmeasurable"]
    assert [row["recipient"] for row in json.loads(printed(capfd, *asked, "--json", "--sunset"))] == ["nobody"]
    assert "1 inactive, 1 unmeasurable" in printed(capfd, *asked)
    assert "recording began" in printed(capfd, *asked, "--since", "2026-11-01")
    (tmp_path / "s.csv").write_text("recipient,added_at\nx,never\n")
    assert "line 2: added_at must be a date" in refused(capfd, *asked)


def test_hours_are_counted_in_the_zone_of_each(folder, tmp_path, capfd):
    (tmp_path / "z.csv").write_text("recipient,zone\nr-000001,Asia/Tokyo\n")
    found = json.loads(printed(capfd, "hours", folder / "a.sqlite", "--zones", tmp_path / "z.csv", "--json"))
    assert [row["hour"] for row in found] == list(range(24))
    assert "No hour is suggested: mails went out in fewer than 3 hours" in printed(capfd, "hours", folder / "a.jsonl")


def test_readers_are_counted_by_group(folder, tmp_path, capfd):
    rows = "".join(f"r-{n:06},{'sales' if n < 100 else 'law'}\n" for n in range(103))
    (tmp_path / "g.csv").write_text(f"recipient,group\n{rows}")
    asked = ["readers", folder / "a.sqlite", "--groups", tmp_path / "g.csv", "--campaign", "spring"]
    found = json.loads(printed(capfd, *asked, "--json"))
    assert [(row["group"], row["recipients"]) for row in found] == [("other groups", 103)]
    assert len(json.loads(printed(capfd, *asked, "--json", "--names"))) == 103


@pytest.mark.parametrize("level", [mb.Level.AGGREGATE, mb.Level.DATE, mb.Level.FULL], ids=lambda level: level.name)
def test_the_hosts_texts_come_back_in_json_and_only_where_a_recipient_is_known(level, tmp_path, capfd):
    """Where readers may not be told apart, neither leads nor readers have an event at all."""
    made, person = making.beacon(sink=SqliteSink(tmp_path / "a.sqlite")), Verdict(actor=Actor.HUMAN)
    message = making.message("u-1", metadata={"order": "8841"}, opens=level, clicks=level, sent_at=SENT_AT)
    event = made.decode(making.request(made.open_url(message), received_at=SENT_AT + timedelta(hours=1)))
    made.settings.sink.record(made.redact(event), person)
    made.settings.sink.close()
    (tmp_path / "g.csv").write_text("recipient,group\nu-1,law\nu-2,law\n")
    asked = [tmp_path / "a.sqlite", "--stored-verdicts", "--json"]
    leads = json.loads(printed(capfd, "leads", *asked, "--now", "2026-03-03", "--at-least", "0"))
    readers = json.loads(printed(capfd, "readers", *asked, "--groups", tmp_path / "g.csv", "--names"))
    known = level is mb.Level.FULL
    assert [row.get("metadata") for row in leads] == ([{"order": "8841"}] if known else [])
    assert [row.get("metadata") for row in readers] == [{"order": "8841"} if known else None, None]


def test_campaigns_are_compared_with_those_before(folder, capfd):
    given = [part for name in ("spring", "summer", "autumn") for part in ("--delivered", f"{name}=300")]
    found = json.loads(printed(capfd, "compare", folder / "a.sqlite", *given, "--json"))
    assert [row["campaign"] for row in found] == ["spring", "summer", "autumn"]
    assert found[0]["opens change"] is None
    assert isinstance(found[2]["opens change"], float)
    assert "for each campaign" in refused(capfd, "compare", folder / "a.sqlite", "--delivered", "900")


# the command line itself


def test_a_file_that_is_broken_is_named_once(tmp_path, capfd):
    (tmp_path / "a.sqlite").write_bytes(b"SQLite format 3\0and nothing more")
    said = refused(capfd, "leads", tmp_path / "a.sqlite")
    assert said.count("a.sqlite") == 1
    assert "cannot use the SQLite file: file is not a database" in said


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_there_is_one_line(name, tmp_path, capfd):
    (tmp_path / "l.csv").write_text("recipient,added_at,group\n")
    needed = {"audiences": ["--subscribers"], "readers": ["--groups"]}.get(name, [])
    options = [part for option in needed for part in (option, tmp_path / "l.csv")]
    assert "no such file" in refused(capfd, name, tmp_path / "none.sqlite", *options)


def test_the_name_alone_prints_the_help(capfd):
    assert main([]) == 0
    assert "leads" in capfd.readouterr().out


@pytest.mark.parametrize("option", ["leads --most", "compare --last", "readers --groups g.csv --minimum"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many"])
def test_how_many_are_asked_for_is_a_whole_number_from_one(option, number, folder, capfd):
    command, *options = option.split()
    said = refused(capfd, command, folder / "a.sqlite", *options, number)
    assert f"argument {options[-1]}: must be a whole number from 1" in said


def test_an_unknown_option_points_to_its_own_command(folder, capfd):
    assert "--colour (see mailbeacon leads --help)" in refused(capfd, "leads", folder / "a.sqlite", "--colour")
