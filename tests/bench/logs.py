"""How judging grows with the log: time and peak memory of each engine, in a table.

    PYTHONPATH=tests python tests/bench/logs.py 100000 1000000 --engines stream local duckdb

    PYTHONPATH=tests python tests/bench/logs.py 100000 --steps

The second says what each step of a line costs.

The made-up log has campaigns sent one after the other, so that a longer log is a longer time and not a denser one. Each engine
runs in a process of its own, whose highest memory is that of itself and of the largest of its workers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from heapq import merge
from itertools import islice
from pathlib import Path

from hosts import plain

from mailbeacon import fake
from mailbeacon.decoding import Decoder
from mailbeacon.engines import Job, Stream, judge_logs
from mailbeacon.engines.steps import classifier_of, collect_rarely, judge, total
from mailbeacon.errors import TokenError
from mailbeacon.fake.traffic import NEWSLETTER, SENT_AT
from mailbeacon.links import split
from mailbeacon.logs import LineReader, Piece, format_of
from mailbeacon.logs.files import blocks, open_log

_LINES_OF_ONE = 1_200
_RECIPIENTS = 2_000


def write_log(path: Path, lines: int) -> None:
    """Write a log of about so many lines: one campaign an hour."""
    beacon = plain()

    def hits(number: int):
        template = beacon.compile(NEWSLETTER, campaign=f"c{number}", verify=False)
        sent_at = SENT_AT + timedelta(hours=number)
        audience = fake.audience("business")
        yield from fake.simulate(beacon, template, audience, recipients=_RECIPIENTS, seed=number, sent_at=sent_at)

    moment = lambda hit: hit.request.received_at  # noqa: E731
    with path.open("w") as file:
        together = merge(*map(hits, range(lines // _LINES_OF_ONE + 1)), key=moment)
        for line in islice(fake.log_lines(together, "nginx"), lines):
            file.write(f"{line}\n")


def run(engine: str, path: str, partitions: int, workers: int) -> None:
    """Judge a log, and print time, memory and a digest of the figures."""
    job = Job(paths=[path], beacon=plain, partitions=partitions, piece_bytes=16_000_000)
    collect_rarely()  # as the command line does
    begun = time.perf_counter()
    if engine == "stream":
        found = total(pair for batch in Stream(job=job).run() for pair in batch)
    elif engine == "judged":
        found = None
        for _ in Stream(job=job).run():
            pass
    else:
        options = {"workers": workers} if engine in ("local", "parts", "dask") else {}
        if engine == "parts":  # local, as it is where lines are in no order of time
            engine, options["stretches"] = "local", False
        found = judge_logs(job, engine=engine, **options).tally
    told = {
        "seconds": time.perf_counter() - begun,
        "cpu": sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)),
        "mb": max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024,
        "mb_self": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "figures": "" if found is None else found.to_json(),
    }
    print(json.dumps(told))


def steps(path: str) -> None:
    """Print what a line costs, from one step to the next: the least of slices of 5,000 lines, in microseconds of CPU."""
    collect_rarely()
    begun = time.process_time()
    with open_log(path) as file:
        lines = [line for block in blocks(file, Piece(path)) for line in block.lines]
    print(f"{'read the file':44}{(time.process_time() - begun) / len(lines) * 1e6:6.2f}")
    form, beacon = format_of("nginx"), plain()
    read_hit, fill, reader = beacon.signer.read_hit, Decoder(beacon.signer).fill, LineReader(beacon, form)
    ways = {
        "take the line apart": lambda said: said,
        "... and read its URL": lambda said: split(said[2]),
        "... and check and read the message token": lambda said: read_hit(split(said[2])[1]),
        "... and the link's, and begin the event": lambda said: fill(said[2], said[0], said[1]),
    }
    slices = [lines[at : at + 5_000] for at in range(0, len(lines), 5_000)]
    for what, way in ways.items():
        _told(what, [_timed(_each, form.parse.each, way, some) for some in slices])
    _told("all: facts, id, event", [_timed(reader.events, some) for some in slices])
    events = [(event, 0) for event in LineReader(beacon, form).events(lines)[0]]
    classifier = classifier_of(beacon)
    judge(classifier, events, None)  # what is weighed once
    begun = time.process_time()
    judge(classifier, events, None)
    print(f"{'judge, in one list':44}{(time.process_time() - begun) / len(events) * 1e6:6.2f}")


def _each(parse, way, lines: list[str]) -> None:
    for said in parse(lines):
        try:
            way(said)
        except (TokenError, TypeError):  # signed by nobody, or no request of ours
            continue


def _timed(way, *given) -> float:
    begun = time.process_time()
    way(*given)
    return (time.process_time() - begun) / len(given[-1]) * 1e6


def _told(what: str, found: list[float]) -> None:
    print(f"{what:44}{min(found):6.2f}{sorted(found)[len(found) // 2]:8.2f} (median)")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lines", type=int, nargs="*", default=[20_000])
    parser.add_argument("--engines", nargs="+", default=["judged", "stream", "local", "duckdb"])
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log", type=Path, help="a log that this wrote before, of the first number of lines")
    parser.add_argument("--steps", action="store_true", help="what a line costs, step by step")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(*options.run, options.partitions, options.workers)
        return
    if options.steps:
        with tempfile.TemporaryDirectory() as folder:
            path = options.log or Path(folder) / "access.log"
            if not options.log:
                write_log(path, options.lines[0])
            steps(str(path))
        return
    print(
        "| lines | engine | seconds | lines/s | lines/s of CPU | peak MB | same figures |\n|---|---|---|---|---|---|---|"
    )
    for lines in options.lines:
        with tempfile.TemporaryDirectory() as folder:
            path = options.log or Path(folder) / "access.log"
            if not options.log:
                write_log(path, lines)
            first = ""
            for engine in options.engines:
                command = [
                    sys.executable,
                    __file__,
                    "--run",
                    engine,
                    str(path),
                    "--partitions",
                    str(options.partitions),
                ]
                command += ["--workers", str(options.workers)]
                told = json.loads(subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout)
                first = first or told["figures"]
                same = "–" if not told["figures"] else "yes" if told["figures"] == first else "NO"
                rates = f"{lines / told['seconds']:,.0f} | {lines / told['cpu']:,.0f}"
                print(
                    f"| {lines:,} | {engine} | {told['seconds']:.1f} | {rates} | {told['mb']:,.0f} | {same} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
