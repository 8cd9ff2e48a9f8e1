"""The demonstration's folder and its serving, when others are at the same folder: a second run, a kill, a broken disk."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers import PATIENCE, fetch, running

from mailbeacon import fake
from mailbeacon.cli import main
from mailbeacon.cli.demo import live
from mailbeacon.fake import Hit
from mailbeacon.store import SqliteSink

ROOT = Path(__file__).resolve().parent.parent
FILES = ["demo.key", "events.sqlite", "mail.html", "report.html"]
PROGRAM = "import sys; from mailbeacon.cli import main; sys.exit(main())"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(out: Path, *arguments: str, recipients: int = 5) -> int:
    return main(["demo", *arguments, "--out", str(out), "--recipients", str(recipients)])


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def _get(url: str) -> None:
    parts = urlsplit(url)
    fetch(parts.port, parts.path)


@pytest.fixture
def visited(monkeypatch) -> Callable[[Callable[[str], None]], None]:
    """Let something happen while the mail is served, and then Ctrl-C."""

    def arrange(act: Callable[[str], None]) -> None:
        real = live.serve

        def serve(stage, server, thread, events) -> None:
            class Visitor:
                def is_alive(self) -> bool:
                    return True

                def join(self, timeout: float) -> None:
                    act(server.url)
                    raise KeyboardInterrupt

            real(stage, server, Visitor(), events)

        monkeypatch.setattr(live, "serve", serve)

    return arrange


@pytest.fixture
def interrupted(monkeypatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen in the middle of the readers' requests."""

    def arrange(act: Callable[[], object]) -> None:
        real = fake.play

        def play(*arguments, **options) -> Iterator[tuple[Hit, int]]:
            for number, pair in enumerate(real(*arguments, **options)):
                if number == 2:
                    monkeypatch.setattr(fake, "play", real)
                    act()
                yield pair

        monkeypatch.setattr(fake, "play", play)

    return arrange


# what serving says of the events


def _pixel(out: Path) -> str:
    """Return the path of one reader's pixel, which the server that still runs answers."""
    (url,) = re.findall(r'src="http://127[^/]+(/m/o/[^"]+)"', (out / "mail.html").read_text("utf-8"))
    return url


def test_serving_says_how_many_events_the_file_did_not_keep(out, visited, monkeypatch, capfd):
    record, events = SqliteSink.record, []

    def fail_once(sink, event, verdict=None) -> None:
        events.append(event)
        if len(events) == 2:
            raise OSError(28, "no space left on device")
        record(sink, event, verdict)

    def visit(url: str) -> None:
        monkeypatch.setattr(SqliteSink, "record", fail_once)
        for _ in range(3):
            _get(url + _pixel(out))

    visited(visit)
    assert run(out, "--serve") == 130
    assert len(events) == 3
    text = capfd.readouterr().out
    assert f"Ended. 2 events of yours went into {out / 'events.sqlite'} too; 1 could not be kept.\n" in text


@pytest.mark.parametrize("gone", ["the folder", "the file"])
def test_what_went_into_a_file_that_was_removed_is_not_kept(gone, out, visited, capfd):
    def visit(url: str) -> None:
        pixel = url + _pixel(out)
        _get(pixel)
        shutil.rmtree(out) if gone == "the folder" else (out / "events.sqlite").unlink()
        _get(pixel)

    visited(visit)
    assert run(out, "--serve") == 130
    kept = int(gone == "the file")  # what comes after the file was removed goes into a new one
    assert f"Ended. {'1 event' if kept else '0 events'} of yours went into " in (text := capfd.readouterr().out)
    assert f"too; {2 - kept} could not be kept.\n" in text
    assert (out / "events.sqlite").exists() is bool(kept)


def test_serving_says_nothing_of_losses_where_there_are_none(out, visited, capfd):
    visited(lambda url: _get(url + _pixel(out)))
    run(out, "--serve")
    assert f"Ended. 1 event of yours went into {out / 'events.sqlite'} too.\n" in capfd.readouterr().out


# two demonstrations and one folder


def test_a_folder_that_is_served_from_is_refused_to_another_run_and_free_afterwards(out, visited, capfd):
    def visit(url: str) -> None:
        _get(url + _pixel(out))
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        capfd.readouterr()
        assert run(out) == 1
        assert capfd.readouterr() == ("", f"mailbeacon: another demonstration is using {out}: give another --out\n")
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
        _get(url + _pixel(out))

    visited(visit)
    assert run(out, "--serve") == 130
    assert "2 events of yours went into" in capfd.readouterr().out
    assert run(out) == 0
    assert names(out) == FILES


def test_a_folder_that_is_written_to_is_refused_to_another_run_which_takes_nothing_away(out, interrupted, capfd):
    def second() -> None:
        (hidden,) = out.iterdir()
        assert run(out) == 1
        assert list(out.iterdir()) == [hidden]

    interrupted(second)
    assert run(out) == 0
    assert "another demonstration is using" in capfd.readouterr().err
    assert names(out) == FILES


def test_a_folder_that_cannot_be_locked_is_used_without(out, monkeypatch, capfd):
    """As on Windows; what may be a living run's is then left alone."""
    out.mkdir()
    (out / ".new-abcd1234").mkdir()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert run(out) == 0
    assert names(out) == [".new-abcd1234", *FILES]


def test_a_disk_that_knows_no_locks_is_used_without(out, monkeypatch, capfd):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert run(out) == 0
    assert names(out) == FILES


# what a kill leaves


def test_a_run_that_was_killed_blocks_nothing_and_the_next_takes_away_what_it_left(out, capfd):
    with running(
        [sys.executable, "-c", PROGRAM, "demo", "--recipients", "50000", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("Rendered"))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
    assert [name[:5] for name in names(out)] == [".new-"]
    assert run(out) == 0
    assert names(out) == FILES


def test_what_only_looks_like_the_leavings_of_a_run_stays(out, tmp_path, capfd):
    (out / ".new-customer").mkdir(parents=True)
    (out / ".new-customer" / "letter.txt").write_text("precious")
    (out / ".new-filename").write_text("precious")
    (out / ".new-letters-of-may").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (out / ".new-linklink").symlink_to(tmp_path / "elsewhere")
    (out / ".new-abcd1234").mkdir()
    (out / ".new-abcd1234" / "events.sqlite-wal").write_bytes(b"left")
    assert run(out) == 0
    kept = [".new-customer", ".new-filename", ".new-letters-of-may", ".new-linklink"]
    assert names(out) == [*kept, *FILES]


def test_a_terminal_that_closes_tells_twice_and_the_second_does_not_stop_the_tidying(out):
    program = """
import os, signal, sys, tempfile
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from mailbeacon.cli import main
from mailbeacon.cli.demo import folder
class Told(tempfile.TemporaryDirectory):
    def cleanup(self):
        os.kill(os.getpid(), signal.SIGHUP)
        super().cleanup()
folder.TemporaryDirectory = Told
folder.Folder.write = lambda *_: os.kill(os.getpid(), signal.SIGHUP)
sys.exit(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--out", str(out)], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, b"mailbeacon: stopped\n")
    assert not out.exists()


def test_who_is_to_outlive_the_terminal_does(tmp_path):
    """``nohup`` starts a program with SIGHUP ignored."""
    program = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from mailbeacon.cli import main
sys.argv[1:] = ["keys", "new"]
main()
sys.exit(signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN)
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_a_newsletter_that_html_parser_fails_on_costs_nothing(out, tmp_path, capfd):
    """Python's own parser raises AssertionError on such a declaration; the report is drawn by our own scanner."""
    file = tmp_path / "odd.html"
    file.write_text(
        '<body><![ if !mso]><p><a href="https://shop.example/a">A</a></p><style>@font-face{ x</style></body>'
    )
    assert run(out, str(file)) == 0
    assert names(out) == FILES
    assert "Click map" in (out / "report.html").read_text("utf-8")
