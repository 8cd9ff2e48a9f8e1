"""``mailbeacon report``: the figures of a sink's file, and one line where there are none; and short links in ``decode``."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import mailbeacon as mb
from mailbeacon import fake, reporting
from mailbeacon.cli import main
from mailbeacon.cli.keyring import VARIABLE
from mailbeacon.cli.report import DIMENSIONS
from mailbeacon.cli.report.page import replace_file
from mailbeacon.errors import DataError
from mailbeacon.judging import Classifier, Fit
from mailbeacon.model import AgentKind, Event, Facts, Kind
from mailbeacon.store import JsonlSink, SqliteSink, read_events
from tests import making

ROOT = Path(__file__).resolve().parent.parent
SENT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = (
    '<html><body><a href="https://shop.example.com/a">Apples</a> <a href="https://shop.example.com/b?x=1">Bees</a>'
    "</body></html>"
)
KEY = "an-old-key-of-thirty-two-letters"
TRACKED = (
    making.beacon(secret_keys=[KEY])
    .rewrite(PAGE, mb.Message(recipient="u-1", campaign="spring", sent_at=datetime(2026, 3, 2, 9, tzinfo=UTC)))
    .html
)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Two campaigns, the second a week after the first."""
    beacon, found = making.beacon(secret_keys=[KEY]), []
    for campaign, sent_at in (("spring", SENT_AT), ("summer", SENT_AT + timedelta(days=7))):
        template = beacon.compile(PAGE, campaign=campaign)
        hits = fake.simulate(beacon, template, fake.BUSINESS, recipients=300, seed=4, sent_at=sent_at)
        found += [event.changed(address="", user_agent="", headers=()) for event, _ in fake.to_events(hits, beacon)]
    return found


@pytest.fixture(params=[SqliteSink, JsonlSink], ids=["sqlite", "jsonl"])
def path(request, tmp_path: Path, events) -> str:
    path = tmp_path / ("events.sqlite" if request.param is SqliteSink else "events.jsonl")
    return stored(path, events)


def stored(path: Path, events: list[Event]) -> str:
    with (SqliteSink if path.suffix == ".sqlite" else JsonlSink)(path) as sink:
        sink.record_many((event, None) for event in events)
    return str(path)


def printed(capfd, *arguments: str) -> str:
    assert main(["report", *arguments]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out


def refused(capfd, *arguments: str) -> tuple[int, str]:
    code = main(["report", *arguments])
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("mailbeacon: ")
    return code, err


def of(events, campaign: str, **more: object) -> mb.Tally:
    """Count a campaign, judged beside the other."""
    verdicts = mb.classify_all(events)
    pairs = [pair for pair in zip(events, verdicts, strict=True) if pair[0].campaign == campaign]
    return mb.tally([event for event, _ in pairs], [verdict for _, verdict in pairs], **more)


# what it prints


def test_the_text_is_that_of_all_events_judged_as_a_whole(path, events, capfd):
    text = printed(capfd, path, "--delivered", "600", "--title", "Both")
    tally = mb.tally(events, mb.classify_all(events), deliveries=600)
    assert tally.count(Kind.CLICK).hits.machines > 10
    expected = reporting.to_text(reporting.Report(tally=tally, title="Both")).splitlines()
    lines = text.splitlines()
    assert lines[:2] == expected[:2]
    assert lines[2][:2] == "20"  # the day it was made
    assert lines[3:] == expected[2:]


def test_with_fit_the_events_own_figures_are_learned_from_all_of_them_first(tmp_path, capfd):
    beacon = making.beacon(secret_keys=[KEY])
    template = beacon.compile(PAGE, campaign="spring")
    hits = fake.simulate(beacon, template, fake.BUSINESS, recipients=4000, seed=4, sent_at=SENT_AT)
    events = [event for event, _ in fake.to_events(hits, beacon)]
    path = stored(tmp_path / "events.sqlite", events)
    judge = Fit().take(zip(events, mb.classify_all(events), strict=True)).classifier()
    assert judge.version != Classifier().version
    text = printed(capfd, path, "--fit", "--title", "Both", "--json")
    told = reporting.to_json(reporting.Report(tally=mb.tally(events, judge.classify_all(events)), title="Both"))
    assert {**json.loads(text), "made_at": ""} == {**json.loads(told), "made_at": ""}
    assert main(["report", "-", "--fit"]) == 2
    assert "twice" in capfd.readouterr().err


def test_one_campaign_is_counted_alone_and_names_the_report(path, events, capfd):
    found = json.loads(printed(capfd, path, "--campaign", "summer", "--delivered", "300", "--json"))
    expected = json.loads(
        reporting.to_json(reporting.Report(tally=of(events, "summer", deliveries=300), title="summer"))
    )
    assert found.pop("made_at")
    expected.pop("made_at")
    assert found == expected


def test_json_is_utf8_whatever_the_terminal(tmp_path, events):
    path = stored(tmp_path / "a.jsonl", [events[0].changed(campaign="été")])
    done = subprocess.run(
        [sys.executable, "-m", "mailbeacon", "report", path, "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=600,
        check=True,
    )
    assert json.loads(done.stdout)["title"] == "été"
    assert done.stderr == b""


def test_csv_has_a_row_for_each_figure(path, capfdbinary):
    assert main(["report", path, "--csv", "--group-by", "campaign"]) == 0
    out = capfdbinary.readouterr().out
    assert out.count(b"\r\n") == out.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(out.decode(), newline="")))
    assert {row["of"] for row in rows if row["figure"] == "opens by campaign"} == {"spring", "summer"}


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_figures_are_broken_down_by_each_dimension(dimension, tmp_path, events, capfd):
    text = printed(capfd, stored(tmp_path / "a.jsonl", events[:60]), "--group-by", dimension)
    assert f"\nBy {dimension} " in text


def test_since_counts_from_that_moment_on_and_says_so(path, events, capfd):
    text = printed(capfd, path, "--since", "2026-03-09")
    assert text.startswith(("events", "summer"))
    assert "Only events from 2026-03-09 00:00 UTC on are counted." in text
    since = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    found = json.loads(printed(capfd, path, "--since", "2026-03-09T09:30+01:00", "--json"))
    pairs = zip(events, mb.classify_all(events), strict=True)
    kept = [pair for pair in pairs if pair[0].received_at >= since]
    opens = mb.tally([event for event, _ in kept], [verdict for _, verdict in kept]).count(Kind.OPEN)
    assert 0 < found["opens"]["hits"]["total"] == opens.hits.total < len(events)
    assert found["opens"]["hits"]["people"] == opens.hits.people


def test_what_is_left_out_still_says_who_made_the_rest(tmp_path, capfd):
    """A click that came with a rush of others from one network stays in doubt when its campaign is asked for alone."""
    seen = {"kind": Kind.CLICK, "url": "https://a.example", "link": 1, "sent_at": SENT_AT - timedelta(minutes=4)}
    facts = Facts(agent=AgentKind.BROWSER, network_id="n")
    clicks = [
        Event(**seen, facts=facts, id=name, campaign=campaign, recipient=name, message_id=name, received_at=moment)
        for number in range(12)
        for name, campaign in [(f"m{number}", "b" if number else "a")]
        for moment in [SENT_AT + timedelta(seconds=number / 10)]
    ]
    assert mb.classify(clicks[0]).is_human is True
    found = json.loads(printed(capfd, stored(tmp_path / "a.sqlite", clicks), "--campaign", "a", "--json"))
    assert found["clicks"]["hits"] == {"people": 0, "unknown": 1, "machines": 0, "total": 1}


# deliveries


def test_deliveries_are_given_for_all_or_by_campaign(path, capfd):
    for given in (["--delivered", "700"], ["--delivered", "spring=300", "--delivered", "summer=400"]):
        assert "Delivered: 700\n" in printed(capfd, path, *given)
    two = ["--delivered", "spring=300", "--delivered", "summer=400", "--campaign", "summer"]
    assert "Delivered: 400\n" in printed(capfd, path, *two)
    assert "Delivered: not known" in printed(capfd, path)


def test_a_campaign_without_any_event_counts_as_delivered_and_is_named(path, capfd):
    given = ["--delivered", "spring=300", "--delivered", "summer=400", "--delivered", "a=b=5"]
    text = printed(capfd, path, *given)
    assert "Delivered: 705\n" in text
    assert "Delivered, but without any event: a=b." in text


def test_a_campaign_whose_deliveries_are_among_the_events_needs_no_number(tmp_path, capfd):
    sent = [
        Event(id=str(n), kind=Kind.DELIVERED, received_at=SENT_AT, campaign="a", recipient=f"r{n}", message_id=f"m{n}")
        for n in range(3)
    ]
    opened = Event(id="o", kind=Kind.OPEN, received_at=SENT_AT, campaign="b", recipient="r", message_id="m")
    path = stored(tmp_path / "a.sqlite", [*sent, opened])
    assert "Delivered: 13\n" in printed(capfd, path, "--delivered", "b=10")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(["many"], "whole number", id="no number"),
        pytest.param(["-5"], "whole number", id="fewer than none"),
        pytest.param(["spring=x"], "whole number", id="no number for a campaign"),
        pytest.param(["10", "20"], "one number, or one for each", id="two numbers"),
        pytest.param(["10", "spring=20"], "one number, or one for each", id="both kinds"),
        pytest.param(["spring=10", "spring=20"], "one number, or one for each", id="a campaign twice"),
        pytest.param(["spring=10"], "'summer' has no number", id="a campaign left out"),
    ],
)
def test_deliveries_that_would_make_rates_wrong_are_exit_code_2(given, why, tmp_path, events, capfd):
    options = [part for one in given for part in ("--delivered", one)]
    code, line = refused(capfd, stored(tmp_path / "a.jsonl", events), *options)
    assert code == 2
    assert why in line


# the page


def test_the_page_is_written_beside_the_text(path, tmp_path, capfd):
    target = tmp_path / "r.html"
    target.write_text("old")
    text = printed(capfd, path, "--html", str(target))
    assert text.startswith(Path(path).name)
    page = target.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "Click map" not in page
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([Path(path).name, "r.html"])


def test_a_newsletter_names_the_links_and_draws_the_click_map(path, tmp_path, capfd):
    newsletter, target = tmp_path / "n.html", tmp_path / "r.html"
    newsletter.write_text(PAGE)
    text = printed(capfd, path, "--campaign", "spring", "--newsletter", str(newsletter), "--html", str(target))
    assert "Apples" in text
    assert "Click map" in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "options", "code", "why"),
    [
        pytest.param(
            PAGE.replace("/a", "/z"), ["--campaign", "spring"], 1, "link 1 leads elsewhere", id="another mail"
        ),
        pytest.param(PAGE, [], 2, "several campaigns", id="the mail of one campaign of two"),
        pytest.param(TRACKED, ["--campaign", "spring"], 1, "as it was before rewriting", id="one that was tracked"),
        pytest.param("", ["--campaign", "spring"], 1, "is empty", id="an empty one"),
    ],
)
def test_a_newsletter_that_does_not_fit_is_refused(page, options, code, why, tmp_path, events, capfd):
    (tmp_path / "n.html").write_text(page)
    path = stored(tmp_path / "a.jsonl", events)
    found, line = refused(capfd, path, "--newsletter", str(tmp_path / "n.html"), *options)
    assert found == code
    assert why in line


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        pytest.param("", 1, "not a file", id="a folder"),
        pytest.param("none/r.html", 1, "no such folder", id="in no folder"),
        pytest.param("a.jsonl", 2, "what is read", id="the events themselves"),
        pytest.param("link", 2, "what is read", id="the events by another name"),
        pytest.param("r\0.html", 2, "this name", id="no file name"),
        pytest.param("r" * 300, 1, "too long", id="a name that is too long"),
    ],
)
def test_a_page_that_cannot_be_written_is_one_line_and_nothing_is_lost(name, code, why, tmp_path, events, capfd):
    path = stored(tmp_path / "a.jsonl", events[:5])
    (tmp_path / "link").symlink_to(path)
    before = Path(path).read_bytes()
    found, line = refused(capfd, path, "--html", f"{tmp_path}/{name}")
    assert found == code
    assert why in line
    assert Path(path).read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl", "link"]


# what is refused


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        pytest.param("a.sqlite", None, "no such file", id="missing"),
        pytest.param("a.jsonl", None, "no such file", id="missing lines"),
        pytest.param("a.sqlite", b"", "is empty", id="an empty database"),
        pytest.param("a.jsonl", b"", "is empty", id="an empty file"),
        pytest.param("a.jsonl", b"\n\n", "no event", id="empty lines"),
        pytest.param("a.sqlite", b"hello\n" * 99, "not a SQLite database", id="text called a database"),
        pytest.param("a.sqlite", b"SQLite format 3\0" + b"x" * 999, "not a database", id="a broken database"),
        pytest.param("a.jsonl", b"{}\n{}\n", "line 1: ", id="JSON of something else"),
        pytest.param("a.jsonl", bytes(range(256)), "no event that can be read", id="binary"),
    ],
)
def test_a_file_without_events_is_one_line_and_stays_as_it_is(name, data, why, tmp_path, capfd):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    code, line = refused(capfd, str(path))
    assert code == 1
    assert why in line
    assert ([] if data is None else [name]) == [file.name for file in tmp_path.iterdir()]
    assert data is None or path.read_bytes() == data


def test_a_folder_and_no_file_name_are_one_line(tmp_path, capfd):
    assert "holds no judged events" in refused(capfd, str(tmp_path))[1]
    assert "this name" in refused(capfd, "a\0b")[1]


def test_a_database_of_somebody_else_gets_no_table(tmp_path, capfd):
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE orders (id)")
    before = path.read_bytes()
    code, line = refused(capfd, str(path))
    assert code == 1
    assert line.endswith("no table of events\n")
    assert path.read_bytes() == before


@pytest.mark.parametrize("words", [["report"], ["leads"], ["privacy", "export", "u-17"]])
def test_a_database_of_django_is_named_once_with_what_to_do(words, tmp_path, capfd):
    path = tmp_path / "site.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mailbeacon_event (id)")
    assert main([*words, str(path)]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.count("site.sqlite") == 1
    assert "Django's own: use manage.py mailbeacon_report" in line


def test_a_sink_without_events_has_no_report(tmp_path, capfd):
    assert "holds no event" in refused(capfd, stored(tmp_path / "a.sqlite", []))[1]


def test_broken_lines_cost_no_other_event_and_are_named(tmp_path, events, capfd):
    path = Path(stored(tmp_path / "a.jsonl", events[:6]))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b'{"event": \n', *lines[2:5], lines[5][:40], b"\n"]))
    assert main(["report", str(path)]) == 1
    out, err = capfd.readouterr()
    said = f"{path}: 2 lines cannot be read and are not counted: 3, 7"
    assert err == f"mailbeacon: {said}\n"
    assert "2 lines cannot be read" in " ".join(out.split())
    path.write_bytes(b"".join([*lines[:5], lines[5][:40]]))
    assert main(["report", str(path), "--json"]) == 1
    out, err = capfd.readouterr()
    assert "a.jsonl, line 6: " in err
    assert json.loads(out)["opens"]["hits"]["total"] + json.loads(out)["clicks"]["hits"]["total"] == 5
    assert any("line 6" in note for note in json.loads(out)["notes"])


def test_many_broken_lines_stay_one_line(tmp_path, events, capfd):
    path = Path(stored(tmp_path / "a.jsonl", events[:1]))
    path.write_bytes(path.read_bytes() + b"x\n" * 5_000)
    assert main(["report", str(path)]) == 1
    err = capfd.readouterr().err
    assert "5,000 lines" in err
    assert err.endswith("2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …\n")


def test_a_row_that_cannot_be_read_is_named(tmp_path, events, capfd):
    path = stored(tmp_path / "a.sqlite", events[:3])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE mailbeacon_events SET event = '{' WHERE number = 2")
    assert main(["report", path]) == 1
    out, err = capfd.readouterr()
    assert "row 2" in " ".join(out.split())
    assert "row 2" in err
    assert "not counted" in err


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        pytest.param(["--since", "yesterday"], 2, "must be a date", id="no date"),
        pytest.param(["--since", "2026-02-30"], 2, "must be a date", id="a day that is not"),
        pytest.param(["--since", "2030-01-01"], 1, "the last is of 2026-03", id="a date after all events"),
        pytest.param(["--campaign", "winter"], 1, "'spring', 'summer'", id="a campaign that is not there"),
        pytest.param(["--group-by", "recipient"], 2, "invalid choice", id="no dimension"),
        pytest.param(["--json", "--csv"], 2, "not allowed with", id="two forms"),
    ],
)
def test_what_does_not_fit_is_one_line(options, code, why, path, capfd):
    found, line = refused(capfd, path, *options)
    assert found == code
    assert why in line


@pytest.mark.parametrize("name", ["a.sqlite", "a.jsonl"])
def test_progress_is_shown_with_how_much_there_is_on_a_terminal_only(name, tmp_path, events, monkeypatch, capsys):
    many = [event.changed(id=f"{event.id}{n}") for n in range(3) for event in events]
    path = stored(tmp_path / name, many)
    assert main(["report", path]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["report", path]) == 0
    assert f"\r\x1b[K1,000 of {len(many):,} (90%) events read" in capsys.readouterr().err


def test_progress_of_workers_and_of_lines_that_are_judged_when_all_are_read_is_shown_too(
    path, events, monkeypatch, capsys
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if path.endswith("sqlite"):
        assert main(["report", path, "--workers", "2"]) == 0
        assert f" of {len(events):,} (" in capsys.readouterr().err
        return
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(3 * Path(path).read_bytes())))
    assert main(["report", "-"]) == 0
    told = capsys.readouterr().err
    assert "\r\x1b[K1,000 events read" in told
    assert f"\r\x1b[K1,000 of {3 * len(events):,} (" in told
    assert "events judged" in told


# reading without changing


def test_reading_leaves_nothing_beside_the_file(path):
    folder, before = Path(path).parent, Path(path).read_bytes()
    assert len(list(read_events(path))) > 100
    assert [file.name for file in folder.iterdir()] == [Path(path).name]
    assert Path(path).read_bytes() == before


def test_events_are_read_while_a_sink_is_writing(tmp_path, events):
    path = tmp_path / "a.sqlite"
    with SqliteSink(path) as sink:
        sink.record(events[0])
        assert [event.id for event, _ in read_events(path)] == [events[0].id]
        sink.record(events[1])
        assert len(list(read_events(path))) == 2


def test_a_database_that_sqlite_may_put_nothing_beside_is_read_as_it_is(tmp_path, events, monkeypatch):
    """As on a read-only disk, which a test that runs as root cannot have."""
    path = stored(tmp_path / "a.sqlite", events[:2])
    real, modes = sqlite3.connect, []

    def connect(name, **options):
        modes.append(name.partition("?")[2])
        return real(tmp_path / "none" if modes[-1] == "mode=rw" else name, **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(sqlite3.OperationalError):
        real(tmp_path / "none" / "x")
    assert len(list(read_events(path))) == 2
    assert modes == ["mode=rw", "immutable=1"]


def test_broken_lines_are_an_error_unless_somebody_listens(tmp_path, events):
    path = Path(stored(tmp_path / "a.jsonl", events[:1]))
    path.write_bytes(path.read_bytes() + b"x\n")
    with pytest.raises(DataError, match="line 2"):
        list(read_events(path))


# short links in decode


@pytest.fixture
def short(monkeypatch, tmp_path: Path) -> tuple[str, Path]:
    """Return a short link, and its manifest in a file."""
    monkeypatch.setenv(VARIABLE, KEY)
    beacon = making.beacon(secret_keys=[KEY], short_links=True, manifests=lambda _: None)
    template = beacon.compile(PAGE, campaign="spring")
    html = template.render(mb.Message(recipient="u-17", campaign="spring"))
    path = tmp_path / "manifest.json"
    path.write_text(template.manifest().to_json())
    return html.split('href="')[2].split('"')[0], path


def test_decode_reads_a_short_link_with_the_manifest(short, capfd):
    url, manifest = short
    assert main(["decode", url, "--manifest", str(manifest)]) == 0
    found = json.loads(capfd.readouterr().out)
    expected = {"link": 2, "url": "https://shop.example.com/b?x=1", "channel": "html", "recipient": "u-17"}
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param(b"", "not a manifest", id="empty"),
        pytest.param(b"\xff\xfe{", "not a manifest", id="binary"),
        pytest.param(b'{"targets": 5}', "not a manifest", id="something else"),
        pytest.param(b'{"v": 99, "campaign": "spring"}', "version 99", id="of a newer version"),
        pytest.param(b'{"campaign": "winter"}', "'winter', the link of 'spring'", id="of another campaign"),
        pytest.param(b'{"campaign": "spring"}', "does not know", id="without the link"),
    ],
)
def test_a_short_link_that_stays_unknown_is_one_line_without_the_token(data, why, short, tmp_path, capfd):
    path = tmp_path / "other.json"
    if data is not None:
        path.write_bytes(data)
    assert main(["decode", short[0], "--manifest", str(path)]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert why in err
    assert short[0].rpartition("/")[2] not in err


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have modes")
def test_a_page_is_for_its_owner_alone_and_follows_no_link_somebody_laid(path, tmp_path: Path, capfd) -> None:
    mine = tmp_path / "mine"
    mine.write_text("not to be lost", "utf-8")
    foreseen = tmp_path / f".page.html.{os.getpid()}"
    foreseen.symlink_to(mine)
    page = tmp_path / "page.html"
    printed(capfd, path, "--html", str(page))
    assert mine.read_text("utf-8") == "not to be lost"
    assert foreseen.is_symlink()
    assert page.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".new-*"))


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have modes")
def test_a_page_that_was_given_to_others_stays_theirs(path, tmp_path: Path, capfd) -> None:
    page = tmp_path / "page.html"
    page.touch()
    page.chmod(0o644)
    printed(capfd, path, "--html", str(page))
    assert page.stat().st_mode & 0o777 == 0o644
    assert page.stat().st_size


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have modes")
def test_while_a_page_is_written_nobody_else_can_read_it(tmp_path: Path, monkeypatch) -> None:
    seen: list[int] = []
    replace = Path.replace

    def looked(fresh: Path, target: Path) -> Path:
        seen.append(fresh.stat().st_mode & 0o777)
        return replace(fresh, target)

    monkeypatch.setattr(Path, "replace", looked)
    replace_file(tmp_path / "page.html", b"who it was")
    assert seen == [0o600]
