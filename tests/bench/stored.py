"""From stored rows to figures: events a second and peak memory, of stored verdicts and judged again, by one process and two.

    PYTHONPATH=.:tests python tests/bench/stored.py 100000 1000000

The rows are a made-up campaign's, judged, and written again and again as other campaigns' of other hours and other mails, so
that a larger file is a longer time and not a denser one. Each way runs in a process of its own, whose start is not counted; that of
workers is, and so is their closing of what they counted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from hosts import plain

from mailbeacon import Classifier, fake
from mailbeacon.cli.report.counted import Choice
from mailbeacon.cli.report.counting import count
from mailbeacon.engines.steps import collect_rarely
from mailbeacon.fake.traffic import NEWSLETTER, SENT_AT
from mailbeacon.model import Event, Verdict
from mailbeacon.store import SqliteSink

_RECIPIENTS = 8_000
_BATCH = 20_000


def write_store(path: Path, rows: int) -> None:
    """Write about so many rows."""
    beacon = plain()
    template = beacon.compile(NEWSLETTER, campaign="c", verify=False)
    hits = fake.simulate(beacon, template, fake.audience("business"), recipients=_RECIPIENTS, seed=1, sent_at=SENT_AT)
    events = [beacon.redact(event) for event, _ in fake.to_events(hits, beacon)]
    judged = list(zip(events, Classifier().classify_all(events), strict=True))
    made = islice(_again(judged), rows)
    sink = SqliteSink(path, wait=timedelta(seconds=10))
    while batch := list(islice(made, _BATCH)):
        sink.record_many(batch)
    sink.close()


def _again(judged: list[tuple[Event, Verdict]]) -> Iterator[tuple[Event, Verdict]]:
    number = 0
    while True:
        later, name = timedelta(hours=4 * number), f"{number:x}"
        for event, verdict in judged:
            sent_at = event.sent_at + later if event.sent_at else None
            yield (
                event.changed(
                    id=f"{name}-{event.id}",
                    campaign=f"c{number}",
                    message_id=f"{event.message_id[:-6]}{number:06x}",
                    received_at=event.received_at + later,
                    sent_at=sent_at,
                ),
                verdict,
            )
        number += 1


def run(path: str, stored: bool, workers: int) -> None:
    """Count a store as the command line does, and print time, memory and a digest of the figures."""
    collect_rarely()
    begun, before = time.perf_counter(), time.process_time()
    found = count([Path(path)], Choice(stored=stored), workers)
    told = {
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - before + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]),
        "mb": max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024,
    }
    told["closed"] = time.process_time()
    text = found.tally.closed().to_json()
    told["closed"] = time.process_time() - told["closed"]
    told["mails"] = found.tally.mails
    told["figures"] = hashlib.sha256(text.encode()).hexdigest()
    print(json.dumps(told))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="*", default=[20_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--ways", nargs="+", default=["stored", "judged"], choices=["stored", "judged"])
    parser.add_argument(
        "--store", type=Path, help="an existing file in place of a new one; its rows are as many as are named"
    )
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run[0], options.run[1] == "stored", int(options.run[2]))
        return
    print("| rows | verdicts | workers | seconds | rows/s | rows/s of CPU | closing, s | mails | peak MB | figures |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = options.store or Path(folder) / "events.sqlite"
            if not path.exists():
                write_store(path, rows)
            for way in options.ways:
                for workers in options.workers:
                    command = [sys.executable, __file__, "--run", str(path), way, str(workers)]
                    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                    rates = f"{told['seconds']:.1f} | {rows / told['seconds']:,.0f} | {rows / told['cpu']:,.0f}"
                    more = f"{told['closed']:.1f} | {told['mails']:,} | {told['mb']:,.0f} | {told['figures'][:8]}"
                    print(f"| {rows:,} | {way} | {workers} | {rates} | {more} |", flush=True)


if __name__ == "__main__":
    main()
