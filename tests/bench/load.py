"""What keeping events costs a web server: clicks against the same server that answers a constant pixel, taking turns.

    python tests/bench/load.py [--seconds 1.5] [--rounds 7] [--worker gthread] [STORE…]

Starts gunicorn (two workers) once with an application that answers a constant 43-byte GIF with the same headers, and once
for each store named: ``none`` (no sink), ``spool``, ``sqlite``, ``jsonl``, ``shared`` (a spool, and a history all workers
share). Each round puts the same load on one after another, sixteen requests at once, each of a reader of their own, behind
a proxy; a ratio is the median of the rounds' ratios, so what else the machine does disturbs both sides alike. Prints a
table; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep, thread_time
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import servers  # noqa: E402 - beside the tests

import mailbeacon as mb  # noqa: E402
from mailbeacon.store import JsonlSink, MemoryHistory, SqliteHistory  # noqa: E402

KEY = "0123456789abcdef0123456789abcdef"
BASE = "https://t.example.com/m"
STORES = ("none", "spool", "sqlite", "jsonl", "shared")
AT_ONCE = 16
LEAST, MOST = 0.6, 2.0
"""The targets with a spool: throughput, and the time in which 99 of 100 are answered."""
SITE = """
import os
import mailbeacon as mb
from mailbeacon.store import JsonlSink, SpoolSink, SqliteHistory, SqliteSink
from mailbeacon.web import wsgi
kind = os.environ["STORE"]

pixel = mb.Beacon("https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"]).answer(mb.Request(url="/m/o/x.gif"))

def constant(environ, start_response):
    start_response("200 OK", list(pixel.reply.headers))
    return [pixel.reply.body]

def sink():
    if kind == "jsonl":
        return JsonlSink("events.jsonl")
    if kind == "none":
        return None
    kept = SqliteSink("events.sqlite")
    return kept if kind == "sqlite" else SpoolSink(kept, "spool")

history = SqliteHistory("history.sqlite") if kind == "shared" else None
application = constant if kind == "constant" else wsgi.application(mb.Beacon(
    "https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"], sink=sink(), history=history,
    trusted_proxies=["127.0.0.1"],
))
"""


class Server:
    """gunicorn in a folder of its own."""

    def __init__(self, folder: Path, store: str, worker: str) -> None:
        folder.mkdir()
        (folder / "site_under_test.py").write_text(SITE)
        self.port = servers.free_port()
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-w",
            "2",
            "-k",
            worker,
            "--threads",
            "4",
            "--log-level",
            "critical",
        ]
        self._process = subprocess.Popen(
            [*command, "-b", f"127.0.0.1:{self.port}", "site_under_test:application"],
            cwd=folder,
            env={**os.environ, "STORE": store, "PYTHONPATH": str(ROOT)},
        )

    def wait(self) -> None:
        """Wait until it listens."""
        servers.wait_for(lambda: servers.listens(self.port), self._process)

    @property
    def busy(self) -> float:
        """How many seconds its workers have kept a processor busy until now."""
        master = self._process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        found = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split() for worker in workers]
        return sum(int(fields[11]) + int(fields[12]) for fields in found) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End it."""
        servers.end(self._process)


class Load:
    """Requests of readers, each with a token, a network and a connection of their own."""

    def __init__(self) -> None:
        self._beacon = mb.Beacon(BASE, secret_keys=[KEY])
        self._number = 0

    def requests(self, count: int) -> list[bytes]:
        """Make requests that were never made before."""
        found = []
        for _ in range(count):
            self._number += 1
            message = mb.Message(recipient=f"u-{self._number}", campaign="c")
            path = urlsplit(self._beacon.open_url(message)).path
            address = f"198.{18 + self._number // 65_536 % 2}.{self._number // 256 % 256}.{self._number % 256}"
            agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{110 + self._number % 40}.0) Gecko/20100101 Firefox/140.0"
            fields = f"Host: t.example.com\r\nX-Forwarded-For: {address}\r\nAccept: image/*\r\nUser-Agent: {agent}"
            found.append(f"GET {path} HTTP/1.1\r\n{fields}\r\nConnection: close\r\n\r\n".encode())
        return found

    def put_on(self, port: int, requests: list[bytes], seconds: float) -> list[float]:
        """Send as many as are answered within some seconds; return how long each took. Leaves no connection open.

        Raises:
            RuntimeError: If one is answered by anything but 200.
        """
        times: list[float] = []
        left = iter(requests)
        with selectors.DefaultSelector() as selector, ExitStack() as stack:
            stack.callback(lambda: [key.fileobj.close() for key in selector.get_map().values()])
            end = monotonic() + seconds

            def begin() -> None:
                request = next(left, None)
                if request is None or monotonic() > end:
                    return
                started = monotonic()
                connection = socket.create_connection(("127.0.0.1", port), timeout=30)
                selector.register(connection, selectors.EVENT_READ, [started, b""])
                connection.sendall(request)

            for _ in range(AT_ONCE):
                begin()
            while selector.get_map():
                for key, _ in selector.select(30):
                    connection = key.fileobj
                    piece = connection.recv(65_536)
                    if piece:
                        key.data[1] += piece
                        continue
                    selector.unregister(connection)
                    connection.close()
                    times.append(monotonic() - key.data[0])
                    if not key.data[1].startswith(b"HTTP/1.1 200"):
                        raise RuntimeError(f"answered {key.data[1][:40]!r}")
                    begin()
        return times


def p99(times: list[float]) -> float:
    """Return the time in which 99 of 100 were answered, in milliseconds."""
    return 1000 * sorted(times)[int(0.99 * len(times))]


Round = tuple[float, float, float]
"""Requests per second, the 99th percentile in milliseconds, and how many microseconds of a processor a request takes the server."""


def measure(stores: list[str], *, worker: str, seconds: float, rounds: int) -> dict[str, list[Round]]:
    """Return what was measured of each store, round by round."""
    found: dict[str, list[Round]] = {store: [] for store in stores}
    with TemporaryDirectory() as name, ExitStack() as stack:
        load, started = Load(), {}
        for store in stores:
            started[store] = server = Server(Path(name) / store, store, worker)
            stack.callback(server.end)
        for server in started.values():
            server.wait()
            load.put_on(server.port, load.requests(2_000), 5)  # caches are filled on both sides
        for number in range(rounds):
            for store in stores if number % 2 else reversed(stores):
                requests = load.requests(int(8_000 * seconds))
                begin, busy = monotonic(), started[store].busy
                times = load.put_on(started[store].port, requests, seconds)
                lasted = monotonic() - begin
                sleep(0.2)  # what a spool still brings in counts, and is not to disturb the next
                cost = 1e6 * (started[store].busy - busy) / len(times)
                found[store].append((len(times) / lasted, p99(times), cost))
    return found


def history_costs(rounds: int) -> float:
    """Return how many microseconds of a processor a history in a shared file costs a hit beyond one in memory, in one process."""
    load, found = Load(), []
    with TemporaryDirectory() as name, SqliteHistory(Path(name) / "history.sqlite") as shared:
        kept = JsonlSink(Path(name) / "events.jsonl")
        beacons = [mb.Beacon(BASE, secret_keys=[KEY], sink=kept, history=one) for one in (MemoryHistory(), shared)]
        for _ in range(rounds + 1):
            times = []
            for beacon in beacons:
                paths = [one.split()[1].decode() for one in load.requests(1_000)]
                requests = [
                    mb.Request(
                        url=path,
                        address=f"198.18.{number % 250}.{number // 250}",
                        headers={"User-Agent": "Mozilla/5.0"},
                    )
                    for number, path in enumerate(paths)
                ]
                begin = thread_time()
                for request in requests:
                    beacon.handle(request)
                times.append(1e6 * (thread_time() - begin) / len(requests))
            found.append(times[1] - times[0])
        kept.close()
    return statistics.median(found[1:])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="*", default=[], metavar="STORE", help=", ".join(STORES))
    parser.add_argument("--worker", default="gthread", help="gunicorn's: sync, gthread, gevent")
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", default="", help="write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="only see that it runs")
    options = parser.parse_args()
    seconds, rounds = (0.2, 1) if options.quick else (options.seconds, options.rounds)
    stores = ["constant", *(options.stores or STORES)]
    found = measure(stores, worker=options.worker, seconds=seconds, rounds=rounds)
    print(
        f"| {options.worker} | requests/s | of constant (aim with a spool ≥ {LEAST}) | p99 ms | times constant's (≤ {MOST:g}) |",
        end="",
    )
    print(" processor µs a request | constant's share of it |\n|---|---|---|---|---|---|---|")
    rows = []
    for store in stores:
        pairs = [*zip(found[store], found["constant"], strict=True)]
        speed, late, more = (statistics.median(mine[n] / theirs[n] for mine, theirs in pairs) for n in range(3))
        rate, slow, cost = (statistics.median(one) for one in zip(*found[store], strict=True))
        print(f"| {store} | {rate:,.0f} | {speed:.2f} | {slow:.1f} | {late:.1f} | {cost:.0f} | {1 / more:.2f} |")
        rows.append(
            {
                "store": store,
                "worker": options.worker,
                "rate": rate,
                "throughput": speed,
                "p99": late,
                "share": 1 / more,
            }
        )
    print(f"\nA shared history costs {history_costs(rounds):.0f} µs of a processor a hit (aim: at most 100).")
    if options.json:
        Path(options.json).write_text(json.dumps({"rows": rows}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
