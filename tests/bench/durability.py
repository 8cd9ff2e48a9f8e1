"""What survives: web servers with each store, and the accidents people fear. Run by hand; prints a table.

    python -m tests.bench.durability [--server gthread,uwsgi] [--store spool,sqlite] [--accident kill_server] [--seconds 2]

Each row is one run of one server with one store and one accident in the middle: readers click with ten threads, an event
each, and count what they are answered. Afterwards the store is read. ``lost`` are clicks that were answered and are not
stored, ``doubled`` those stored twice, ``failed`` replies that were no redirect; connections that broke are counted apart,
and such clicks may be stored or not. PostgreSQL is started for its rows; a folder is made read-only by ``chattr`` and a
full disk by a small tmpfs, so that those rows need root, and are left out for others.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import servers  # noqa: E402 - beside the tests

import mailbeacon as mb  # noqa: E402
from mailbeacon.store import JsonlSink, SpoolSink, SqliteSink  # noqa: E402
from mailbeacon.store.sql import SqlSink  # noqa: E402

KEY = "0123456789abcdef0123456789abcdef"
BASE = "https://t.example.com/m"
PERSON = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "*/*",
    "Accept-Language": "de",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
}
"""What a person's browser sends: a machine's opens set no day."""
SITE = """
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
import mailbeacon as mb
from mailbeacon.store import JsonlSink, QueueSink, SpoolSink, SqliteSink
from mailbeacon.web import asgi, wsgi
kind = os.environ["STORE"]

class EveryThirdFails:
    def __init__(self, sink):
        self.sink, self.calls = sink, count(1)
    def record(self, event, verdict=None):
        if next(self.calls) % 3 == 0:
            raise OSError("every third")
        self.sink.record(event, verdict)

def behind():
    if "jsonl" in kind:
        return JsonlSink("events.jsonl")
    if "postgresql" in kind:
        from mailbeacon.store.sql import SqlSink
        return SqlSink(os.environ["DATABASE"])
    return EveryThirdFails(SqliteSink("events.sqlite")) if "third" in kind else SqliteSink("events.sqlite")

def clock():
    step = Path("clock")
    return datetime.now(UTC) + timedelta(seconds=int(step.read_text() or 0) if step.exists() else 0)

sink = SpoolSink(behind(), "spool") if "spool" in kind else QueueSink(behind()) if "queue" in kind else behind()
beacon = mb.Beacon(
    "https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"], sink=sink, clock=clock
)
application = wsgi.application(beacon)
tracking = asgi.application(beacon)
"""
PYTHON = [sys.executable, "-m"]
GUNICORN = [
    *PYTHON, "gunicorn", "--log-level", "critical", "--graceful-timeout", "5", "-w", "2", "-b", "127.0.0.1:{port}",
]  # fmt: skip
COMMANDS = {
    "gthread": [*GUNICORN, "-k", "gthread", "--threads", "4", "site_under_test:application"],
    "sync": [*GUNICORN, "-k", "sync", "site_under_test:application"],
    "gevent": [*GUNICORN, "-k", "gevent", "site_under_test:application"],
    "uvicorn": [*PYTHON, "uvicorn", "--log-level", "critical", "--port", "{port}", "site_under_test:tracking"],
    "uvicorn2": [
        *PYTHON, "uvicorn", "--log-level", "critical", "--port", "{port}", "--workers", "2", "site_under_test:tracking",
    ],
    "hypercorn": [*PYTHON, "hypercorn", "-w", "2", "-b", "127.0.0.1:{port}", "site_under_test:tracking"],
    "uwsgi": [
        str(Path(sys.executable).with_name("uwsgi")), "--http-socket", "127.0.0.1:{port}", "--home", sys.prefix,
        "--wsgi-file", "site_under_test.py", "--callable", "application", "--master", "--processes", "2",
        "--threads", "4", "--enable-threads", "--die-on-term", "--disable-logging",
    ],
    "waitress": [*PYTHON, "waitress", "--host", "127.0.0.1", "--port", "{port}", "site_under_test:application"],
}  # fmt: skip
"""The servers: one or two processes each, as their manuals say."""
Accident = Callable[["Server", float], None]


class Server:
    """A web server in a folder of its own."""

    def __init__(self, folder: Path, kind: str, store: str, database: servers.Server | None) -> None:
        self.folder, self.store, self.database, self.port = folder, store, database, servers.free_port()
        (folder / "site_under_test.py").write_text(SITE)
        self._command = [part.format(port=self.port) for part in COMMANDS[kind]]
        self._environment = {**os.environ, "STORE": store, "PYTHONPATH": f"{ROOT}:{folder}"}
        if database is not None:
            self._environment["DATABASE"] = database.url
        self.start()

    def start(self) -> None:
        """Start it, and wait until all its processes are likely to be there."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )
        for _ in range(20):
            try:
                servers.wait_for(lambda: servers.fetch(self.port, "/")[0].status == 404, self.process)
            except RuntimeError as error:
                raise RuntimeError((self.folder / "log").read_text()[-2000:]) from error

    def workers(self, of: int = 0) -> list[int]:
        """Return the process ids of all that it started, the deepest last."""
        one = of or self.process.pid
        try:
            found = [int(text) for text in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except OSError:
            return []
        return found + [deeper for child in found for deeper in self.workers(child)]

    def end(self, how: int = signal.SIGTERM) -> None:
        """End it, and its workers if it cannot do so itself."""
        workers = self.workers()
        servers.end(self.process, how)
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        end = monotonic() + servers.PATIENCE
        while (any(map(_is_alive, workers)) or servers.listens(self.port)) and monotonic() < end:
            sleep(0.02)  # till then they hold the port and their files


def _is_alive(process: int) -> bool:
    """Check whether one of a process's threads is left: what it has open is closed with the last of them."""
    states = []
    for thread in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):
            states.append(thread.read_text().rpartition(")")[2].split()[0])
    return any(state not in "ZX" for state in states)


def nothing(server: Server, seconds: float) -> None:
    """No accident."""


def kill_worker(server: Server, seconds: float) -> None:
    """Kill one worker; the server starts another, or, where it is the server itself, is started again."""
    workers = [one for one in server.workers() if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes()]
    os.kill((workers or [server.process.pid])[-1], signal.SIGKILL)
    sleep(0.3)
    if server.process.poll() is not None:
        server.start()


def kill_server(server: Server, seconds: float) -> None:
    """Kill everything at once, and start again."""
    server.end(signal.SIGKILL)
    server.start()


def _signal(server: Server, how: int) -> None:
    server.process.send_signal(how)
    try:
        server.process.wait(3 if how == signal.SIGHUP else 30)
    except subprocess.TimeoutExpired:
        return  # it goes on with new workers
    server.end()
    server.start()


def sigterm(server: Server, seconds: float) -> None:
    """End it as a deployment does, and start again."""
    _signal(server, signal.SIGTERM)


def sigint(server: Server, seconds: float) -> None:
    """End it by hand, and start again."""
    _signal(server, signal.SIGINT)


def sighup(server: Server, seconds: float) -> None:
    """Reload it, where it knows how; else it ends, and is started again."""
    _signal(server, signal.SIGHUP)


def lock_database(server: Server, seconds: float) -> None:
    """Lock the database for some seconds."""
    with closing(sqlite3.connect(server.folder / "events.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        sleep(seconds)
        other.execute("ROLLBACK")


def move_file(server: Server, seconds: float) -> None:
    """Move the file of events away, as a log rotation does."""
    for name in ("events.sqlite", "events.jsonl"):
        if (server.folder / name).exists():
            (server.folder / name).rename(server.folder / f"moved-{name}")


def remove_spool(server: Server, seconds: float) -> None:
    """Delete the spool's files below the running server."""
    for path in (server.folder / "spool").glob("*.spool"):
        path.unlink(missing_ok=True)


def read_only(server: Server, seconds: float) -> None:
    """Let nobody make or delete a file in the folders, and then again."""
    folders = [str(one) for one in (server.folder, server.folder / "spool") if one.exists()]
    subprocess.run(["chattr", "+i", *folders], check=True)
    sleep(seconds)
    subprocess.run(["chattr", "-i", *folders], check=True)


def full_disk(server: Server, seconds: float) -> None:
    """Fill the disk to the last byte, and make room again."""
    filler = server.folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:  # not allocated at once, which fails whole where the server takes a page meanwhile
                file.write(bytes(65_536))
    except OSError:
        left = os.statvfs(server.folder)
    end = monotonic() + seconds
    while monotonic() < end:  # as what fills a disk does, it takes what is let go
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4_096))
        sleep(0.01)
    print(f"{left.f_bavail * left.f_bsize:,} bytes were left", file=sys.stderr)
    filler.unlink()


def restart_database(server: Server, seconds: float) -> None:
    """Stop PostgreSQL, and start it again."""
    if server.database is not None:
        server.database.stop()
        sleep(seconds)
        server.database.start()


def step_clock(server: Server, seconds: float) -> None:
    """Set the clock an hour back, then two hours forward."""
    for step in (-3600, 3600):
        fresh = server.folder / "clock.new"
        fresh.write_text(str(step))
        fresh.replace(server.folder / "clock")
        sleep(seconds / 2)


ACCIDENTS: dict[str, Accident] = {
    one.__name__: one
    for one in (
        nothing, kill_worker, kill_server, sigterm, sigint, sighup, lock_database, move_file, remove_spool, read_only,
        full_disk, restart_database, step_clock,
    )
}  # fmt: skip


def load(answered: list[str], seconds: float) -> None:
    """Let the readers read for a while, and until some were answered: a busy machine may need longer."""
    before, begin = len(answered), monotonic()
    while monotonic() - begin < seconds or (
        len(answered) < before + 10 and monotonic() - begin < seconds + servers.PATIENCE
    ):
        sleep(0.02)


def run(kind: str, store: str, accident: Accident, options: argparse.Namespace) -> dict[str, float]:
    """Run one row."""
    seconds, lasts, level = options.seconds, options.lasts, mb.Level[options.level.upper()]
    beacon = mb.Beacon(BASE, secret_keys=[KEY])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        if accident is full_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder)], check=True)
            stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
        database = stack.enter_context(servers.postgresql()) if "postgresql" in store else None
        server = Server(folder, kind, store, database)
        stack.callback(server.end)
        answered, failed, times = [], [], []
        ended = Event()

        def read(reader: int) -> None:
            number = 0
            while not ended.is_set():
                who = f"{reader}-{number}"
                number += 1
                url = beacon.click_url(mb.Message(recipient=who, campaign="c", clicks=level), "https://shop.example/")
                begin = monotonic()
                try:
                    answer, _ = servers.fetch(server.port, urlsplit(url).path, headers=PERSON)
                except (OSError, http.client.HTTPException):
                    failed.append("broke")
                    sleep(0.05)
                    continue
                times.append(monotonic() - begin)
                answered.append(who) if answer.status == 302 else failed.append("status")
                if lasts > 5:
                    sleep(0.02)  # a long accident needs no more events than a short one

        threads = [Thread(target=read, args=(reader,)) for reader in range(10)]
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
        stack.callback(ended.set)
        load(answered, seconds / 2)
        accident(server, lasts)
        load(answered, seconds / 2)
        ended.set()
        for thread in threads:
            thread.join()
        server.end()
        stored = stored_in(folder, store, database)
    times.sort()
    return {
        "answered": len(answered),
        "stored": len(stored),
        "lost": len(set(answered) - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "failed": failed.count("status"),
        "broke": failed.count("broke"),
        "p99 ms": round(1000 * times[int(0.99 * len(times))], 1),
    }


def stored_in(folder: Path, store: str, database: servers.Server | None) -> list[str]:
    """Return the recipients of all stored events, the moved file's too; what waits in a spool is handed over first."""
    found: list[str] = []
    ending = "jsonl" if "jsonl" in store else "sqlite"
    for name in ("moved-events", "events"):
        path = folder / f"{name}.{ending}"
        if database is None and not path.exists():
            continue
        if database is not None and name != "events":
            continue
        sink = SqlSink(database.url) if database else (JsonlSink if ending == "jsonl" else SqliteSink)(path)
        with sink:
            if name == "events" and (folder / "spool").exists():
                with SpoolSink(sink, folder / "spool") as spool:
                    spool.flush()
            found += [
                str(event.recipient) for event, _ in sink.events(on_broken=lambda _: None)
            ]  # a line that was cut off
            if not isinstance(sink, JsonlSink):
                found += [recipient for recipient, _ in sink.last_opens()]
    return found


def main() -> None:
    """Run all that were chosen, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="gthread", help=", ".join(COMMANDS))
    parser.add_argument("--store", default="spool", help="spool, spool-jsonl, spool-postgresql, spool-third, sqlite, …")
    parser.add_argument("--accident", default=",".join(ACCIDENTS), help="which, by comma")
    parser.add_argument("--seconds", type=float, default=2.0, help="of readers, beside the accident")
    parser.add_argument("--lasts", type=float, default=2.0, help="how long a lock, a full disk and so on last")
    parser.add_argument("--level", default="full", help="of the mails: full, or date, of which only the day is kept")
    options = parser.parse_args()
    print("| server | store | accident | answered | stored | lost | doubled | failed | broken | p99 ms |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for store in options.store.split(","):
        for kind in options.server.split(","):
            for name in options.accident.split(","):
                row = run(kind, store, ACCIDENTS[name], options)
                cells = " | ".join(map(str, row.values()))
                print(f"| {kind} | {store} | {name.replace('_', ' ')} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
