"""A stream that is killed at any moment, or whose files move, goes on without losing or doubling anything."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from mailbeacon import Action, Beacon, Message, fake, logs, tally
from mailbeacon.counting import Mark
from mailbeacon.engines import Job, Stream, judge_logs, read_judged, tally_of
from mailbeacon.errors import DataError
from mailbeacon.fake.traffic import SENT_AT, sample_beacon, sample_traffic
from mailbeacon.model import Kind, Level

pytest.importorskip("pyarrow", reason="checkpoints need pyarrow, which is not installed")
KEY = b"a key for tests, no secret at all"
host = partial(Beacon, "https://t.example.com/m", secret_keys=[KEY])


@pytest.fixture(scope="module")
def lines() -> list[str]:
    beacon, _, _ = sample_beacon()
    return list(fake.log_lines(sample_traffic(beacon, "business", recipients=1_500).hits, "nginx"))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Batches, checkpoints and blocks so small that a short log has many."""
    monkeypatch.setattr("mailbeacon.engines.streaming._LEAST", 40)
    monkeypatch.setattr("mailbeacon.engines.streaming._EVERY", 60)
    monkeypatch.setattr("mailbeacon.logs.files._BLOCK", 3_000)
    monkeypatch.setattr("mailbeacon.logs.files.blocks.__kwdefaults__", {"finished": None, "size": 3_000})


def put(path: Path, lines: list[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def expected(*paths: str) -> tuple[str, list[str]]:
    beacon = host()
    events = {event.id: event for event in logs.read(paths, beacon, on_error=lambda *_: None)}
    verdicts = beacon.judge.classify_all(events.values())
    return tally(events.values(), verdicts).closed().to_json(), sorted(events)


def run(paths: list[str], out: Path, *, stop_after: int | None = None, **options: object) -> Stream:
    """Run a stream; one that is stopped leaves what it had done since its last checkpoint behind, as after kill -9."""
    stream = Stream(job=Job(paths=paths, beacon=host, partitions=3), out=out, resume=True, **options)
    for number, _ in enumerate(stream.run()):
        if number == stop_after:
            break
    return stream


@pytest.mark.parametrize("seed", range(6))
def test_stopped_again_and_again_nothing_is_lost_or_doubled(lines, tmp_path: Path, seed: int):
    chance = random.Random(seed)
    cut = chance.randrange(300, len(lines) - 300)
    paths = [put(tmp_path / "a.log", lines[:cut]), put(tmp_path / "b.log", [*lines[cut - 50 :], "nonsense"])]
    out = tmp_path / "out"
    for _ in range(5):
        run(paths, out, stop_after=chance.randrange(1, 5))
    stream = run(paths, out)
    figures, ids = expected(*paths)
    assert sorted(event.id for event, _ in read_judged(out)) == ids
    assert tally_of(out).to_json() == figures
    assert (stream.counts.lines, stream.counts.errors, stream.late) == (len(lines) + 51, 1, 0)
    run(paths, out)
    assert tally_of(out).to_json() == figures


def test_what_is_written_later_is_added(lines, tmp_path: Path):
    path, out = tmp_path / "a.log", tmp_path / "out"
    middle = len(lines) // 2
    put(path, lines[:middle])
    with path.open("a") as file:
        file.write(lines[middle][:50])  # still being written
    run([str(path)], out)
    put(path, lines)
    run([str(path)], out)
    assert sorted(event.id for event, _ in read_judged(out)) == expected(str(path))[1]


@pytest.mark.parametrize("packed", [False, True], ids=["renamed", "renamed and compressed"])
def test_a_rotated_file_is_read_to_its_end_under_its_new_name(lines, tmp_path: Path, packed: bool):
    path, out = tmp_path / "access.log", tmp_path / "out"
    third = len(lines) // 3
    put(path, lines[:third])
    run([str(path)], out)
    whole = "".join(f"{line}\n" for line in lines[: 2 * third])
    moved = tmp_path / ("access.log.1.gz" if packed else "access.log.1")
    moved.write_bytes(gzip.compress(whole.encode()) if packed else whole.encode())
    put(path, lines[2 * third :])
    run([str(path)], out)
    assert sorted(event.id for event, _ in read_judged(out)) == expected(str(moved), str(path))[1]


def test_files_of_several_servers_are_read_side_by_side(lines, tmp_path: Path):
    paths = [put(tmp_path / f"{number}.log", lines[number::4]) for number in range(4)]
    stream = run(paths, tmp_path / "out")
    figures, ids = expected(*paths)
    assert (sorted(event.id for event, _ in read_judged(tmp_path / "out")), stream.late) == (ids, 0)
    assert tally_of(tmp_path / "out").to_json() == figures


def test_what_comes_very_late_is_counted_once_and_told(lines, tmp_path: Path):
    late = lines[10:14]
    path = put(tmp_path / "a.log", [*lines[:10], *lines[14:], *late])
    for stop in (2, 9, None):
        stream = run([path], tmp_path / "out", stop_after=stop)
    assert sorted(event.id for event, _ in read_judged(tmp_path / "out")) == expected(path)[1]
    assert stream.late == 4


def test_what_comes_very_late_and_for_the_second_time_is_counted_once(lines, tmp_path: Path):
    third = len(lines) // 3
    first, second = put(tmp_path / "a.log", lines[:third]), put(tmp_path / "b.log", [*lines[third:], *lines[10:14]])
    stream = run([first, second], tmp_path / "out")
    figures, ids = expected(first, second)
    assert sorted(event.id for event, _ in read_judged(tmp_path / "out")) == ids
    assert tally_of(tmp_path / "out").to_json() == figures
    assert stream.late == 4


def counted(path: str) -> str:
    """Return the figures of a stream that keeps nothing."""
    return (
        tally(pair for batch in Stream(job=Job(paths=[path], beacon=host)).run() for pair in batch).closed().to_json()
    )


@pytest.mark.parametrize("memory", [1, 1 << 20], ids=["on disk", "in memory"])
def test_without_a_folder_too_what_comes_late_again_and_again_is_counted_once(
    lines, tmp_path: Path, memory, monkeypatch
):
    monkeypatch.setattr("mailbeacon.engines.seen._IN_MEMORY", memory)
    late, third = lines[10:14], len(lines) // 3
    once = [*lines[:10], *lines[14:]]
    whole = put(tmp_path / "a.log", once)
    figures = counted(whole)
    late_once = counted(put(tmp_path / "b.log", [*once[: 2 * third], *late, *once[2 * third :]]))
    again = [*once[: 2 * third], *late, *once[2 * third : -200], *late, *once[-200:], *late, *once[third : third + 9]]
    assert counted(put(tmp_path / "c.log", again)) == late_once != figures


def test_who_leaves_twice_days_apart_has_left_once(lines, tmp_path: Path):
    url = host().leave_url(Message(recipient="u-1", campaign="c", id="m-1", sent_at=SENT_AT), Action.UNSUBSCRIBE)
    form = '203.0.113.9 - - [{}:09:31:50 +0000] "POST {} HTTP/1.1" 200 43 "-" "Mozilla/5.0"'
    left = [form.format(day, url) for day in ("03/Nov/2026", "27/Dec/2026")]
    path = put(tmp_path / "a.log", [left[0], *lines, left[1]])
    assert counted(path) == expected(path)[0]


def test_hits_beyond_those_of_a_reader_are_in_no_figure_whoever_judges(lines, tmp_path: Path):
    """``max_hits_per_message`` is for what is recorded live; a log is there already, and its figures leave the rest out."""
    path = put(tmp_path / "a.log", [*[lines[0]] * 1_200, *lines])
    counted = [
        tally(pair for batch in Stream(job=Job(paths=[path], beacon=host)).run() for pair in batch).closed(),
        judge_logs(Job(paths=[path], beacon=host, partitions=3), engine="local", workers=1).tally,
    ]
    assert counted[0].to_json() == counted[1].to_json()
    kept = {mark: hits for (mark, _), hits in counted[0].marks.items()}
    assert 0 < kept[Mark.BEYOND] < 1_200
    assert (
        sum(split.total for split in (counted[0].count(kind).hits for kind in (Kind.OPEN, Kind.CLICK)))
        < len(lines) + 1_000
    )


def test_of_a_mail_of_which_the_last_day_alone_may_be_kept_no_event_is_judged(tmp_path: Path):
    beacon = host()
    mails = [
        Message(recipient=f"u-{level}", campaign="c", sent_at=SENT_AT, opens=level, clicks=level)
        for level in (Level.FULL, Level.DATE, Level.AGGREGATE)
    ]
    form = '203.0.113.9 - - [03/Nov/2026:09:31:50 +0000] "GET {} HTTP/1.1" 200 43 "-" "Mozilla/5.0"'
    path = put(tmp_path / "a.log", [form.format(beacon.open_url(mail)) for mail in mails])
    read = list(logs.read(path, beacon))
    assert [(event.level, event.recipient) for event in read] == [
        (Level.FULL, "u-3"), (Level.DATE, "u-2"), (Level.AGGREGATE, None)
    ]  # fmt: skip
    run([path], tmp_path / "out")
    streamed = [event for event, _ in read_judged(tmp_path / "out")]
    judge_logs(Job(paths=[path], beacon=host, partitions=3), engine="local", workers=1, out=tmp_path / "parts")
    assert {event.level for event in streamed} == {Level.FULL, Level.AGGREGATE}
    assert {event.id for event in streamed} == {event.id for event, _ in read_judged(tmp_path / "parts")}


def test_a_stream_without_resume_begins_anew(lines, tmp_path: Path):
    path, out = put(tmp_path / "a.log", lines), tmp_path / "out"
    run([path], out, stop_after=4)
    list(Stream(job=Job(paths=[path], beacon=host), out=out).run())
    assert sorted(event.id for event, _ in read_judged(out)) == expected(path)[1]


def test_a_broken_checkpoint_is_told(tmp_path: Path):
    (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(DataError, match="checkpoint"):
        run([str(tmp_path / "none.log")], tmp_path)


_KILLED = """
import sys
from pathlib import Path
from mailbeacon.engines import Job, Stream, streaming
from hosts import plain
streaming._LEAST, streaming._EVERY = 40, 60
stream = Stream(job=Job(paths=[sys.argv[1]], beacon=plain, partitions=3), out=Path(sys.argv[2]), resume=True)
for number, batch in enumerate(stream.run()):
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_9_in_the_middle_and_again(lines, tmp_path: Path):
    path, out = put(tmp_path / "a.log", lines), tmp_path / "out"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    killed = 0
    for wanted in (3, 5, 1_000_000):
        command = [sys.executable, "-c", _KILLED, path, str(out)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            for line in process.stdout:
                if int(line) == wanted:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
                    break
    assert killed == 2
    figures, ids = expected(path)
    assert sorted(event.id for event, _ in read_judged(out)) == ids
    assert tally_of(out).to_json() == figures


@pytest.mark.parametrize("keeps", [True, False], ids=["with a folder", "without"])
def test_places_of_a_file_are_forgotten_once_nothing_needs_them(lines, tmp_path: Path, monkeypatch, keeps: bool):
    monkeypatch.setattr("mailbeacon.engines.streaming._EVERY", 1_000_000)  # no checkpoint in between
    stream = Stream(
        job=Job(paths=[put(tmp_path / "a.log", lines)], beacon=host), out=tmp_path / "out" if keeps else None
    )
    kept = [len(stream._sources[0]._blocks) for _ in stream.run()]
    assert max(kept) < stream.position / 3_000 / 2
