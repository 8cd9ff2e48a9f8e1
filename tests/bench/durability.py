"""What survives: a web server with each store, and the accidents people fear. Run by hand; prints a table.

    python -m tests.bench.durability [SECONDS [STORE…]]

Each row is one run of gunicorn (two workers, of the class that the variable WORKER names) with one store and one accident
in the middle: readers click with ten threads, an event each, and count what they are answered. Afterwards the store is
read. ``lost`` are clicks that were answered and are not stored, ``doubled`` those stored twice, ``failed`` replies that were
no redirect; connections that broke are counted apart, and such clicks may be stored or not.
"""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import mailbeacon as mb
from mailbeacon.store import JsonlSink, SpoolSink, SqliteSink

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef0123456789abcdef"
BASE = "https://t.example.com/m"
SITE = """
import mailbeacon as mb, os
from mailbeacon.store import JsonlSink, QueueSink, SpoolSink, SqliteSink
from mailbeacon.web import wsgi
kind = os.environ["STORE"]
behind = JsonlSink("events.jsonl") if kind == "jsonl" else SqliteSink("events.sqlite")
sink = {"spool": lambda: SpoolSink(behind, "spool"), "queue": lambda: QueueSink(behind)}.get(kind, lambda: behind)()
beacon = mb.Beacon("https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"], sink=sink)
application = wsgi.application(beacon)
"""
Accident = Callable[["Server"], None]


class Server:
    """gunicorn in a folder of its own."""

    def __init__(self, folder: Path, store: str, port: int) -> None:
        self.folder, self.port = folder, port
        (folder / "site_under_test.py").write_text(SITE)
        self._environment = {**os.environ, "STORE": store, "PYTHONPATH": str(ROOT)}
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-w",
            "2",
            "-k",
            os.environ.get("WORKER", "gthread"),
            "--threads",
            "4",
            "-b",
        ]
        command += [f"127.0.0.1:{self.port}", "--log-level", "critical", "site_under_test:application"]
        self.process = subprocess.Popen(command, cwd=self.folder, env=self._environment, stderr=subprocess.DEVNULL)
        answers = 0
        while answers < 20:  # until both workers are likely to be there
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/")
                answers += connection.getresponse().status == 404
            except (OSError, http.client.HTTPException):
                sleep(0.05)
            finally:
                connection.close()

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(one) for one in found]

    def end(self, how: int = signal.SIGTERM) -> None:
        """End it, and its workers if it cannot do so itself."""
        workers = self.workers() if how == signal.SIGKILL else []
        self.process.send_signal(how)
        self.process.wait(30)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        sleep(0.2)


def kill_worker(server: Server) -> None:
    """Kill one worker; gunicorn starts another."""
    os.kill(server.workers()[0], signal.SIGKILL)


def kill_server(server: Server) -> None:
    """Kill everything at once, and start again."""
    server.end(signal.SIGKILL)
    server.start()


def stop_server(server: Server) -> None:
    """End it as a deployment does, and start again."""
    server.end()
    server.start()


def reload_server(server: Server) -> None:
    """SIGHUP: gunicorn replaces its workers."""
    server.process.send_signal(signal.SIGHUP)


def lock_database(server: Server) -> None:
    """Lock the database for two seconds."""
    path = server.folder / "events.sqlite"
    if not path.exists():
        return
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    sleep(2)
    other.execute("ROLLBACK")
    other.close()


def move_file(server: Server) -> None:
    """Move the file of events away, as a log rotation does."""
    for name in ("events.sqlite", "events.jsonl"):
        if (server.folder / name).exists():
            (server.folder / name).rename(server.folder / f"moved-{name}")


def nothing(server: Server) -> None:
    """No accident."""


def run(store: str, accident: Accident, seconds: float, port: int) -> dict[str, float]:
    """Run one row."""
    beacon = mb.Beacon(BASE, secret_keys=[KEY])
    with TemporaryDirectory() as name:
        server = Server(Path(name), store, port)
        ended, answered, failed, times = Event(), [], [], []

        def read(reader: int) -> None:
            number = 0
            while not ended.is_set():
                who = f"{reader}-{number}"
                number += 1
                url = beacon.click_url(mb.Message(recipient=who, campaign="c"), "https://shop.example/")
                begin = monotonic()
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    connection.request("GET", urlsplit(url).path, headers={"User-Agent": "Mozilla/5.0"})
                    status = connection.getresponse().status
                    connection.close()
                except (OSError, http.client.HTTPException):
                    failed.append("broke")
                    sleep(0.05)
                    continue
                times.append(monotonic() - begin)
                answered.append(who) if status == 302 else failed.append("status")

        threads = [Thread(target=read, args=(reader,)) for reader in range(10)]
        for thread in threads:
            thread.start()
        sleep(seconds / 2)
        accident(server)
        sleep(seconds / 2)
        ended.set()
        for thread in threads:
            thread.join()
        server.end()
        stored = stored_in(Path(name), store)
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


def stored_in(folder: Path, store: str) -> list[str]:
    """Return the recipients of all stored events, the moved file's too."""
    found: list[str] = []
    for name in ("moved-events", "events"):
        path = folder / f"{name}.{'jsonl' if store == 'jsonl' else 'sqlite'}"
        if not path.exists():
            continue
        with (JsonlSink if store == "jsonl" else SqliteSink)(path) as sink:
            if name == "events" and (folder / "spool").exists():
                with SpoolSink(sink, folder / "spool") as spool:
                    spool.flush()
            found += [str(event.recipient) for event, _ in sink.events()]
    return found


ACCIDENTS = (nothing, kill_worker, kill_server, stop_server, reload_server, lock_database, move_file)


def main() -> None:
    """Run all, and print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print("| store | accident | answered | stored | lost | doubled | failed replies | broken connections | p99 ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    port = 18_400
    chosen = [one for one in ACCIDENTS if one.__name__ in os.environ.get("ACCIDENTS", one.__name__).split(",")]
    for store in sys.argv[2:] or ("spool", "sqlite", "jsonl", "queue"):
        for accident in chosen:
            port += 1
            row = run(store, accident, seconds, port)
            print(
                f"| {store} | {accident.__name__.replace('_', ' ')} | " + " | ".join(map(str, row.values())) + " |",
                flush=True,
            )


if __name__ == "__main__":
    main()
