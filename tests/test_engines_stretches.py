"""Processes that have a stretch of time each give the figures of one list; where lines are in no order, parts of the mails do."""

from __future__ import annotations

import gzip
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hosts import killed

from mailbeacon import Action, Beacon, Message, fake, logs, tally
from mailbeacon.engines import Job, judge_logs, processes, tally_of
from mailbeacon.engines.cutting import Stretch, cut
from mailbeacon.errors import MailbeaconError
from mailbeacon.fake.traffic import NEWSLETTER, SENT_AT, sample_beacon
from mailbeacon.logs import Counts
from mailbeacon.logs.reading import LineReader, read_piece

KEY = b"a key for tests, no secret at all"
host = partial(Beacon, "https://t.example.com/m", secret_keys=[KEY])
_FORM = '203.0.113.9 - - [{:%d/%b/%Y:%H:%M:%S +0000}] "{} {} HTTP/1.1" 200 43 "-" "Mozilla/5.0"'


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Two campaigns in one day, with a crowd of one network, a line that is there twice, and one that cannot be read."""
    beacon, _, _ = sample_beacon()
    hits = []
    for number, campaign in enumerate("ab"):
        template = beacon.compile(NEWSLETTER, campaign=campaign, verify=False)
        moment = SENT_AT + timedelta(hours=number)
        audience = fake.audience("business")
        hits += fake.simulate(beacon, template, audience, recipients=500, seed=number, sent_at=moment)
    hits.sort(key=lambda hit: hit.request.received_at)
    found = list(fake.log_lines(hits, "nginx"))
    middle = len(found) // 2
    clock = _time(found[middle])
    crowd = [line.replace(line.partition(" ")[0], "198.51.100.7", 1) for line in found[-30:]]
    crowd = [line.replace(_time(line), clock) for line in crowd]
    return [*found[:middle], *crowd, found[middle], found[middle], "nonsense", *found[middle + 1 :]]


def _time(line: str) -> str:
    return line.partition("[")[2].partition("]")[0]


@pytest.fixture(autouse=True)
def near(monkeypatch):
    """Look for moments in a small file as in a large one."""
    monkeypatch.setattr("mailbeacon.engines.cutting._NEAR", 2_000)


@pytest.mark.parametrize("stretches", [True, False])
def test_a_process_that_is_killed_is_a_clear_error(lines: list[str], tmp_path: Path, *, stretches: bool):
    one = Job(paths=[put(tmp_path / "access.log", lines)], beacon=killed, format="nginx", partitions=3)
    with pytest.raises(MailbeaconError, match=r"killed, .* fewer workers"):
        judge_logs(one, engine="local", workers=2, stretches=stretches)


def put(path: Path, lines: list[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def job(*paths: str) -> Job:
    return Job(paths=paths, beacon=host, format="nginx", partitions=3)


def one_list(*paths: str) -> str:
    beacon = host()
    events = {event.id: event for event in logs.read(paths, beacon, "nginx", on_error=lambda *_: None)}.values()
    return tally(events, beacon.judge.classify_all(events)).closed().to_json()


def no_parts(*_: object) -> None:
    raise AssertionError("parts of the mails were taken")


@pytest.mark.parametrize("workers", [2, 3])
def test_stretches_give_the_figures_of_one_list(lines, tmp_path: Path, workers: int, monkeypatch):
    monkeypatch.setattr(processes, "_in_parts", no_parts)
    path, seen = put(tmp_path / "a.log", lines), []
    outcome = judge_logs(job(path), workers=workers, progress=lambda *one: seen.append(one))
    assert outcome.tally.to_json() == one_list(path)
    assert (outcome.counts.lines, outcome.counts.errors) == (len(lines), 1)
    assert [(one.number, one.line) for one in outcome.rejects] == [(lines.index("nonsense") + 1, "nonsense")]
    assert seen[-1] == ("megabytes", 1, 1)


def test_files_side_by_side_are_cut_at_the_same_moment_and_leave_a_folder(lines, tmp_path: Path, need, monkeypatch):
    need("pyarrow", "Parquet")
    monkeypatch.setattr(processes, "_in_parts", no_parts)
    paths = [put(tmp_path / f"{number}.log", lines[number::3]) for number in range(3)]
    paths.append(put(tmp_path / "empty.log", []))
    outcome = judge_logs(job(*paths), out=tmp_path / "out")
    assert outcome.tally.to_json() == one_list(*paths) == tally_of(tmp_path / "out").to_json()
    assert (outcome.counts.lines, outcome.counts.errors) == (len(lines), 1)


@pytest.mark.parametrize("place", [0, 0.5, 1], ids=["first", "middle", "last"])
def test_lines_far_from_their_time_are_judged_in_parts(lines, tmp_path: Path, place: float, monkeypatch):
    taken: list[int] = []
    in_parts = processes._in_parts
    monkeypatch.setattr(processes, "_in_parts", lambda *given: taken.append(1) or in_parts(*given))
    at = int(place * len(lines))
    path = put(tmp_path / "a.log", [*lines[:at], lines[-1] if place < 1 else lines[0], *lines[at:]])
    assert judge_logs(job(path)).tally.to_json() == one_list(path)
    assert taken == [1]


def test_who_leaves_twice_days_apart_has_left_once(lines, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(processes, "_in_parts", no_parts)
    url = host().leave_url(Message(recipient="u-1", campaign="c", id="m-1", sent_at=SENT_AT), Action.UNSUBSCRIBE)
    left = [_FORM.format(SENT_AT + timedelta(hours=hours), "POST", url) for hours in (0, 5, 2_000)]
    path = put(tmp_path / "a.log", [left[0], *lines, left[2]])
    outcome = judge_logs(job(path))
    assert outcome.tally.to_json() == one_list(path)
    assert outcome.tally.outcomes.unsubscribed == 1


@pytest.mark.parametrize("number", [2, 3, 8])
def test_each_line_and_each_event_is_one_stretch_s(lines, tmp_path: Path, number: int):
    path = put(tmp_path / "a.log", lines)
    stretches = cut(job(path), number)
    assert len(stretches) == number
    beacon, counts, events = host(), Counts(), []
    form = job(path).format_at(path)
    for stretch in stretches:
        for pieces in stretch.files:
            for _, found in read_piece(LineReader(beacon, form), pieces[1], counts):
                events += found
    assert counts.lines == len(lines)
    for stretch in stretches:
        assert _of(stretch, events) == _of(stretch, _read(stretch, beacon, form))


def _of(stretch: Stretch, events) -> list[str]:
    """Return the ids of the events that bear on those of a stretch."""
    around = host().judge.windows.horizon
    first, last = stretch.since, stretch.until
    return sorted(
        event.id
        for event in events
        if (first is None or event.received_at >= first - around)
        and (last is None or event.received_at < last + around)
    )


def _read(stretch: Stretch, beacon: Beacon, form):
    return [
        event
        for pieces in stretch.files
        for piece in pieces
        for _, found in read_piece(LineReader(beacon, form), piece, Counts())
        for event in found
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.log.gz", None, id="compressed"),
        pytest.param(
            "a.log", "#Fields: date time cs-method cs-uri-stem\n", id="lines that say how to read those behind"
        ),
    ],
)
def test_what_cannot_be_cut_is_not(tmp_path: Path, name: str, text: str | None):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"") if text is None else text.encode())
    form = "nginx" if text is None else "iis"
    assert cut(Job(paths=[str(path)], beacon=host, format=form), 2) == []
