"""Measure speed against peers, as ratios within one run: ``python tests/bench/speed.py [--quick] [--json FILE]``.

Works of one group take turns, round by round, in processor time, so that other load on the machine disturbs them alike; a
ratio is the median of the rounds' ratios. Prints a table, each row with its target where there is one; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from itertools import count, cycle
from pathlib import Path
from statistics import median
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import mailbeacon as mb  # noqa: E402 - run as a program, the package is found beside it
from mailbeacon.judging import Classifier  # noqa: E402
from mailbeacon.markup import scan  # noqa: E402
from tests.bench import peers  # noqa: E402
from tests.bench.documents import SIZES, documents  # noqa: E402
from tests.scenes import Mailing  # noqa: E402

Work = Callable[[], object]

BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
HOSTILE = {
    "<a": "<a ",
    "open quotes": '<a href="',
    "open comments": "<!--",
    "conditional comments": "<!--[if mso]><a href=x>",
    "attributes": "<a href=x a=b ",
    "svg in select": "<svg><select><a href=x>",
    "end tags": "</",
    "raw text": "<script><!--<script>",
}
IMPORTS = "dataclasses, enum, re, datetime, json, itsdangerous"
MILLION, MILLION_AT = 8, 2_520
"""Seconds to judge a million events, on a machine where pytracking rewrites M in so many microseconds."""
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: times are in ``unit``; the ratio is how often ours fits into the peer's, or the reverse."""

    work: str
    size: str
    ours: float
    peer: str
    theirs: float
    ratio: float
    target: str = ""
    met: bool | None = None
    unit: str = "µs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Return how long to measure."""

    rounds: int
    seconds: float
    events: int
    hostile: int


FULL = Effort(rounds=15, seconds=0.03, events=100_000, hostile=200_000)
QUICK = Effort(rounds=2, seconds=0.0, events=300, hostile=2_000)


# measuring


def timed(work: Work, times: int) -> float:
    """Return the processor time of one call, in microseconds."""
    start = process_time()
    for _ in range(times):
        work()
    return (process_time() - start) / times * 1e6


def rounds(works: Mapping[str, Work], effort: Effort) -> dict[str, list[float]]:
    """Return each work's time in each round; the works take turns, and each round begins with another."""
    times = {}
    for name, work in works.items():
        work()
        once = timed(work, 1)
        times[name] = max(1, int(effort.seconds * 1e6 / max(once, 0.1)))
    found: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for number in range(effort.rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(timed(works[name], times[name]))
    return found


def rows(
    work: str, size: str, found: Mapping[str, list[float]], ours: str, targets: Mapping[str, str]
) -> Iterator[Row]:
    """Yield one row for each peer; a target is such as ``>= 25`` (times as fast) or ``<= 1.5`` (of the peer's time)."""
    for peer, theirs in found.items():
        if peer == ours or peer not in targets:
            continue
        target = targets[peer]
        pairs = list(zip(found[ours], theirs, strict=True))
        ratio = median(a / b for a, b in pairs) if target.startswith("<=") else median(b / a for a, b in pairs)
        yield Row(
            work=work,
            size=size,
            ours=median(found[ours]),
            peer=peer,
            theirs=median(theirs),
            ratio=ratio,
            target=target,
            met=met(ratio, target),
        )


def met(ratio: float, target: str) -> bool | None:
    """Check whether a target is met; ``None`` where there is none."""
    if not target.strip("<>= "):
        return None
    limit = float(target[2:])
    return ratio <= limit if target.startswith("<=") else ratio >= limit


# works


def fresh(recipient: str = "") -> mb.Message:
    """Return a message no one has seen."""
    return mb.Message(recipient=recipient or f"u-{next(_numbers)}", campaign="spring", sent_at=SENT)


_recipients = cycle([f"u-{number}" for number in range(20_000)])


def new() -> mb.Message:
    """Return the message of one recipient among many, whose name the host has at hand."""
    return mb.Message(recipient=next(_recipients), campaign="spring", sent_at=SENT)


def document_rows(size: str, html: str, effort: Effort) -> Iterator[Row]:
    """Measure one recipient of a compiled campaign, and rewriting in one go: each message anew, and by a new beacon."""
    beacon = mb.Beacon(BASE, secret_keys=[KEY])
    template = beacon.compile(html, campaign="spring", verify=False)
    parts = template.source("\0").split("\0")
    message, plain = new(), mb.Beacon(BASE, secret_keys=[KEY])
    works: dict[str, Work] = {
        "render": lambda: template.render(mb.Message(recipient=next(_recipients), campaign="spring", sent_at=SENT)),
        "same token and a bare join": lambda: beacon.signer.sign_message(message).join(parts),
        "Message, same token and a bare join": lambda: beacon.signer.sign_message(
            mb.Message(recipient=next(_recipients), campaign="spring", sent_at=SENT)
        ).join(parts),
        "rewrite": lambda: plain.rewrite(html, new()).html,
        "cold": lambda: mb.Beacon(BASE, secret_keys=[KEY]).rewrite(html, new()).html,
        "pytracking": partial(peers.with_pytracking, html),
        "lxml rewrite_links": partial(peers.with_lxml, html),
        "python-lolhtml": partial(peers.with_lolhtml, html),
    }
    for name, work in works.items():
        done = work()
        text = done.decode() if isinstance(done, bytes) else str(done)
        if "https://t.example.com/" not in text:
            raise SystemExit(f"{name} wraps no link of {size}")
    found = rounds(works, effort)
    large = size in ("M", "L")
    yield from rows(
        "one recipient of a compiled campaign",
        size,
        found,
        "render",
        {
            "pytracking": ">= 350" if large else "",
            "lxml rewrite_links": "",
            "python-lolhtml": ">= 25" if large else "",
            "same token and a bare join": "<= 1.5",
            "Message, same token and a bare join": "<=",
        },
    )
    targets = {
        "pytracking": ">= 8" if large else "",
        "lxml rewrite_links": "",
        "python-lolhtml": "<= 3" if size == "S" else "<= 2.2",
    }
    yield from rows("one document, every message different", size, found, "rewrite", targets)
    yield from rows("one document, a new beacon each time", size, found, "cold", dict.fromkeys(targets, "<="))


def token_rows(effort: Effort) -> Iterator[Row]:
    """Measure signing and verifying one message token: campaign, recipient and time in all."""
    signer, message = mb.Beacon(BASE, secret_keys=[KEY]).signer, fresh("u-17")
    works = {
        "ours": lambda: signer.read_message(signer.sign_message(message)),
        **peers.tokens(KEY, int(SENT.timestamp())),
    }
    targets = {"URLSafeSerializer": ">= 3", "Fernet": "", "PyJWT": ""}
    yield from rows("sign and verify a message token", "", rounds(works, effort), "ours", targets)


def answer_rows(effort: Effort) -> Iterator[Row]:
    """Measure the whole answer to a request, an open's and a click's, against reading the URL's tokens alone.

    ``seen`` is one mail asked for again and again; ``fresh`` is another recipient's each time, by the same client; ``made``
    is the same with the making of the request, which the peer has no part like. There is a target for the peer's reading
    that verifies; the unsigned one verifies nothing.
    """
    beacon, page = mb.Beacon(BASE, secret_keys=[KEY]), "https://shop.example/item/7?a=1&b=2"
    fields = {"User-Agent": AGENT, "Accept": "image/avif,image/webp,*/*", "Accept-Language": "de,en;q=0.5"}
    mails = [fresh() for _ in range(1_500)]  # more than are remembered
    kinds = {
        "an open": ([beacon.open_url(mail) for mail in mails], peers.decoders()),
        "a click": ([beacon.click_url(mail, page) for mail in mails], peers.decoders(page)),
    }
    targets = {"pytracking decode, unsigned": "<=", "pytracking decode, Fernet": "<= 0.6"}
    for kind, (urls, decoders) in kinds.items():
        request = partial(mb.Request, headers=fields, address="192.0.2.7", received_at=SENT)
        made = [request(url=url) for url in urls]
        following, first, one = cycle(made).__next__, made[0], cycle(urls).__next__
        works: dict[str, Work] = {
            "seen": lambda first=first: beacon.answer(first),
            "fresh": lambda following=following: beacon.answer(following()),
            "made": lambda one=one, request=request: beacon.answer(request(url=one())),
        }
        if beacon.answer(first).event is None:
            raise SystemExit("the request that is measured gives no event")
        found = rounds({**works, **decoders}, effort)
        for name in works:
            limits = targets if name != "made" else dict.fromkeys(targets, "<=")
            yield from rows(f"answer to {kind}: decode to reply", name, found, name, limits)


def judging_rows(effort: Effort) -> Iterator[Row]:
    """Measure judging many events, and half as many; the times are scaled to a million events.

    A limit in seconds means another on each machine, so it is scaled by a peer that runs in the same rounds.
    """
    wanted = effort.events
    events = [told.event for told in Mailing(1).told(wanted)][:wanted]
    half, html = events[: len(events) // 2], texts()["M"]
    works: dict[str, Work] = {
        "all": lambda: Classifier().classify_all(events),
        "half": lambda: Classifier().classify_all(half),
        "pytracking": lambda: [peers.with_pytracking(html) for _ in range(30)],
    }
    found = rounds(works, Effort(rounds=min(5, effort.rounds), seconds=0, events=0, hostile=0))
    seconds = median(found["all"]) / len(events)
    limit = MILLION * median(found["pytracking"]) / 30 / MILLION_AT
    for peer, most in (
        (f"a limit of {MILLION} s", float(MILLION)),
        (f"{MILLION} s where pytracking takes {MILLION_AT:,} µs", limit),
    ):
        yield Row(
            work="classify_all, scaled to a million events",
            size=f"{len(events):,}",
            ours=seconds,
            peer=peer,
            theirs=most,
            ratio=seconds / most,
            target="<= 1",
            met=seconds <= most,
            unit="s",
        )
    size, growth = f"{len(events):,}", median(a / b for a, b in zip(found["all"], found["half"], strict=True))
    yield Row(
        work="classify_all, all events and half of them",
        size=size,
        ours=median(found["all"]) / 1e6,
        peer="half of them",
        theirs=median(found["half"]) / 1e6,
        ratio=growth,
        target="<= 2.5",
        met=growth <= 2.5,
        unit="s",
    )


def hostile_rows(effort: Effort) -> Iterator[Row]:
    """Measure the scanner on input made to be slow, and on twice as much of it."""
    for name, unit in HOSTILE.items():
        short = unit * (effort.hostile // len(unit))
        found = rounds({"2n": partial(scan, short * 2), "n": partial(scan, short)}, effort)
        yield from rows(f"scanner, hostile: {name}", "", found, "2n", {"n": "<= 2.5"})


def import_rows(effort: Effort) -> Iterator[Row]:
    """Measure imports in fresh processes; the names are imported when first used, so that has a row of its own."""
    programs = {
        "its ground": f"import {IMPORTS}",
        "import": "import mailbeacon",
        "use": "import mailbeacon; mailbeacon.Beacon, mailbeacon.Message",
    }
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(effort.rounds):
        for name, program in programs.items():
            code = f"from time import process_time as t; s = t()\n{program}\nprint((t() - s) * 1e6)"
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
            )
            found[name].append(float(done.stdout))
    yield from rows("import mailbeacon", "", found, "import", {"its ground": "<= 1.6"})
    yield from rows("import mailbeacon, and first use of Beacon", "", found, "use", {"its ground": "<="})


# the table


def all_rows(effort: Effort) -> Iterator[Row]:
    """Yield all rows, as they are measured."""
    for size, html in texts().items():
        yield from document_rows(size, html, effort)
    yield from token_rows(effort)
    yield from answer_rows(effort)
    yield from judging_rows(effort)
    yield from hostile_rows(effort)
    yield from import_rows(effort)


def texts() -> dict[str, str]:
    """Return the documents of the shared corpus, or made-up ones of about their size where it is absent."""
    shared = Path(os.environ.get("MAILBEACON_SHARED") or ROOT.parent / "shared")
    if (shared / "corpus" / "bench").is_dir():
        return documents(shared)
    print("the shared corpus is absent: the documents are made up")
    return {size: peers.made_up(links) for size, links in zip(SIZES, (8, 50, 90, 60), strict=True)}


def heading() -> dict[str, str]:
    """Return what was measured with."""
    versions = {}
    for name in peers.NAMES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {"python": platform.python_version(), "machine": platform.machine(), **versions}


def line(row: Row) -> str:
    """Write one row for people."""
    sign = row.target.replace(">=", "≥").replace("<=", "≤") if row.met is not None else ""
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return (
        f"{row.work:43} {row.size:>7} {row.ours:11,.2f} {row.unit:2}  {row.peer:36} {row.theirs:11,.2f} {row.unit:2}"
        f"  {row.ratio:9,.2f}  {sign:>6}  {verdict}"
    ).rstrip()


def main(arguments: list[str] | None = None) -> None:
    """Measure all, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the figures mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    options = parser.parse_args(arguments)
    head = heading()
    print(", ".join(f"{name} {version}" for name, version in head.items()))
    print(f"{'work':43} {'size':>7} {'ours':>14}  {'against':36} {'theirs':>14}  {'ratio':>9}  target")
    found = []
    for row in all_rows(QUICK if options.quick else FULL):
        print(line(row), flush=True)
        found.append(row)
    judged = [row.met for row in found if row.met is not None]
    print(f"{sum(judged)} of {len(judged)} targets met")
    if options.json:
        options.json.write_text(json.dumps({"with": head, "rows": [asdict(row) for row in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
