"""``mailbeacon judge``: access logs to figures, and to a folder of judged events.

Says on standard error which format each file has and what of it could not be read; the figures go to standard output.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailbeacon.beacon import Beacon
from mailbeacon.cli.arguments import directory, workers
from mailbeacon.cli.console import OK, USAGE, CommandError, Commands, Progress, counted, reason, shown
from mailbeacon.cli.decode import read_manifest
from mailbeacon.cli.keyring import add_key_option, read_keys
from mailbeacon.cli.report.delivered import add_delivered, naming_option
from mailbeacon.errors import ConfigError
from mailbeacon.model import Manifest

if TYPE_CHECKING:
    from mailbeacon.cli.events.judged import Own
    from mailbeacon.counting import Tally
    from mailbeacon.engines import Job, Reject, Stream
    from mailbeacon.logs import Counts
    from mailbeacon.model import Event, Verdict

    Pair = tuple[Event, Verdict]

__all__ = ["register"]

ENGINES: Final = ("local", "duckdb", "dask", "spark")
_BASE_URL: Final = "https://judge.invalid"
"""Stands for the host's: what is ours, the signatures say."""


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "judge",
        help="judge access logs, and print the figures",
        description="Read the events of access logs, judge all of them together, and print the figures. With --out the "
        "judged events are kept as Parquet, which mailbeacon report reads; with --resume a run that ended goes on.",
    )
    parser.add_argument(
        "logs", nargs="+", metavar="LOG", help="a file (.gz and .zst too), a pattern in quotes, or - for standard input"
    )
    add_key_option(parser)
    _add_reading(parser)
    _add_running(parser)
    parser.add_argument(
        "--fit", action="store_true", help="judge twice: first to learn from these events what is usual on their list"
    )
    add_delivered(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON in place of the text")
    form.add_argument("--csv", action="store_true", help="print CSV in place of the text")
    parser.set_defaults(run=_run)


def _add_reading(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        metavar="F",
        help="a name such as nginx, or the line of the server's configuration (default: guessed)",
    )
    parser.add_argument(
        "--zone", type=_zone, metavar="Z", help="of times without an offset, as Europe/Berlin (default: UTC)"
    )
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy whose X-Forwarded-For is believed, as 10.0.0.1/32",
    )
    parser.add_argument(
        "--manifest",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a campaign's manifest, which short links need",
    )
    parser.add_argument(
        "--rejects", type=Path, metavar="FILE", help="write the lines that cannot be read, with file and number"
    )


def _add_running(parser: ArgumentParser) -> None:
    parser.add_argument("--workers", type=workers, default=1, metavar="N", help="share the work among N processes")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="what does the work (default: local)")
    parser.add_argument("--out", type=directory, metavar="DIR", help="keep the judged events there, as Parquet")
    parser.add_argument("--resume", action="store_true", help="go on where the last run with this --out was")


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ArgumentTypeError("must be a zone's name such as Europe/Berlin") from error


@dataclass(frozen=True, slots=True)
class _Manifests:
    """The manifests that were named: an object, so that another process can have it too."""

    known: dict[str, Manifest]

    def __call__(self, campaign: str) -> Manifest | None:
        return self.known.get(campaign)


@dataclass(slots=True)
class _Rejects:
    """Write the lines that cannot be read, as they come."""

    path: Path | None
    number: int = 0
    file: IO[bytes] | None = field(default=None, repr=False)

    def open(self, size: int) -> None:
        """Begin, or go on behind the bytes that belong to the last checkpoint."""
        if self.path is not None:
            mode = "r+b" if size and self.path.exists() else "wb"
            # a line of a log may hold an address and a token
            self.file = open(self.path, mode, opener=partial(os.open, mode=0o600))  # noqa: SIM115
            self.file.truncate(size)
            self.file.seek(0, os.SEEK_END)

    def add(self, reject: Reject) -> None:
        """Write one."""
        self.number += 1
        if self.file is not None:
            line = f"{reject.file}\t{reject.number}\t{reject.reason}\t{reject.line}\n"
            self.file.write(line.encode("utf-8", "surrogateescape"))

    def size(self) -> int:
        """Return how many bytes are written for good."""
        if self.file is None:
            return 0
        self.file.flush()
        return self.file.tell()

    def close(self) -> None:
        """End."""
        if self.file is not None:
            self.file.close()


def _run(options: Namespace) -> int:
    from mailbeacon.counting.deliveries import deliveries_of
    from mailbeacon.engines import Job
    from mailbeacon.engines.steps import collect_rarely
    from mailbeacon.logs import format_of
    from mailbeacon.logs.files import found

    if options.resume and (options.out is None or options.workers > 1 or options.engine != "local"):
        raise CommandError("--resume needs --out, and works with one local process", USAGE)
    if options.fit and (options.resume or "-" in options.logs):
        raise CommandError("--fit reads the logs twice: neither with --resume, nor from standard input", USAGE)
    with naming_option():
        deliveries_of(options.delivered, (), (), None)  # what contradicts itself is told before anything is read
    keys, manifests = read_keys(options.key_file), [read_manifest(path) for path in options.manifest]
    beacon = partial(
        Beacon,
        _BASE_URL,
        secret_keys=keys,
        trusted_proxies=tuple(options.trust),
        manifests=_Manifests({one.campaign: one for one in manifests}) if manifests else None,
    )
    beacon()  # what is wrong with it is told before anything is read
    if options.format is not None:
        format_of(options.format, zone=options.zone)
    job = Job(paths=options.logs, beacon=beacon, format=options.format, zone=options.zone)
    rejects = _Rejects(options.rejects)
    collect_rarely()
    try:
        notes = _formats(job, found(options.logs))
        if options.fit:
            job = replace(job, beacon=partial(_fitted, beacon, _fit(job)))
        tally, counts, more = _streamed(job, options, rejects) if _alone(options) else _engine(job, options, rejects)
    except ImportError as error:
        raise CommandError(str(error), USAGE) from error
    except (OSError, EOFError) as error:
        name = getattr(error, "filename", None) or options.out or options.logs[0]
        what = reason(error) if isinstance(error, OSError) else "it ends in the middle"
        raise CommandError(f"cannot read or write {shown(str(name))}: {what}") from error
    finally:
        rejects.close()
    _say(f"{counted(counts.events, 'event')} in {counted(counts.lines, 'line')}")
    if counts.forged and not counts.events:
        asked = f"{counted(counts.forged, 'line')} ask{'' if counts.forged > 1 else 's'} for tracking URLs"
        _say(f"{asked} that none of these keys signed: is a key of the mails' missing?")
    notes = [
        *notes,
        *more,
        *([f"{counted(counts.errors, 'line')} of the log could not be read."] if counts.errors else []),
    ]
    _print(tally, notes, options)
    return OK


def _fit(job: Job) -> Own:
    """Judge all once, to learn from the events what is usual on their list."""
    from mailbeacon.cli.events.judged import Own
    from mailbeacon.engines import Stream
    from mailbeacon.judging import Fit

    fit, stream = Fit(), Stream(job=job)
    for batch in _watched(stream.run(), stream, 0):
        fit.take(batch)
    return Own.of(fit)


def _fitted(beacon: Callable[..., Beacon], own: Own) -> Beacon:
    """Make the beacon whose judge knows what is usual on the list: in each process anew, for a judge does not travel."""
    return beacon(judge=own.classifier())


def _alone(options: Namespace) -> bool:
    return bool(options.engine == "local" and options.workers == 1)


def _formats(job: Job, paths: Sequence[str]) -> list[str]:
    """Print which format each file has, and return what whoever reads the figures should know of it."""
    notes: dict[str, None] = {}
    for path in paths:
        if path == "-" or path.endswith(".parquet"):
            continue
        made = job.format_at(path)
        _say(f"{path}: {made.name}")
        notes |= dict.fromkeys(f"{note[:1].upper()}{note[1:]}." for note in made.notes)
    return list(notes)


def _streamed(job: Job, options: Namespace, rejects: _Rejects) -> tuple[Tally, Counts, list[str]]:
    from mailbeacon.engines import Stream, tally_of
    from mailbeacon.engines.steps import total

    stream = Stream(
        job=job,
        out=options.out,
        resume=options.resume,
        on_reject=rejects.add,
        rejects_size=rejects.size,
        on_begin=rejects.open,
    )
    batches = _watched(stream.run(), stream, _plain_size(options.logs))
    if options.out is None:
        found = total(pair for batch in batches for pair in batch)
    else:
        for _ in batches:
            pass
        found = tally_of(options.out)
    late = f"{counted(stream.late, 'event')} came too late to be judged with those of their time."
    return found, stream.counts, [late] if stream.late else []


@dataclass(slots=True)
class _Steps:
    """Show how far the steps of an engine are, how fast each goes and how long it will take."""

    line: Progress = field(default_factory=Progress)
    begun: float = field(default_factory=time.monotonic)

    def show(self, what: str, done: int, all_of_it: int) -> None:
        """Show that so much of a step is done; the next step begins where the last ended."""
        now = time.monotonic()
        gone = max(now - self.begun, 0.001)
        self.line.show(f"{what}: {done} of {all_of_it}, {done / gone * 60:,.0f} a minute{_left(gone, done, all_of_it)}")
        if done == all_of_it:
            self.begun = now


def _plain_size(logs: Sequence[str]) -> int:
    """Return how many bytes there are to read; 0 where that is not known: of what is compressed, or comes through a pipe."""
    from mailbeacon.logs.files import found

    paths = found(logs)
    known = all(Path(path).is_file() and not path.endswith((".gz", ".zst")) for path in paths)
    return sum(Path(path).stat().st_size for path in paths) if known else 0


def _watched(batches: Iterator[list[Pair]], stream: Stream, total: int) -> Iterator[list[Pair]]:
    """Pass batches on, and show how fast that goes and, where ``total`` is known, how long it will take."""
    progress, begun = Progress(), time.monotonic()
    try:
        for batch in batches:
            gone = max(time.monotonic() - begun, 0.001)
            lines, size = stream.before
            read, done = stream.counts.lines, stream.position - size
            left = _left(gone, done, total - size) if total else ""
            progress.show(f"{read:,} lines, {(read - lines) / gone:,.0f} a second{left}")
            yield batch
    finally:
        progress.clear()


def _left(gone: float, done: int, all_of_it: int) -> str:
    """Return how many seconds are left where so much took so long; nothing where none is done, or all."""
    return f", {(all_of_it - done) / done * gone:,.0f} s left" if 0 < done < all_of_it else ""


def _engine(job: Job, options: Namespace, rejects: _Rejects) -> tuple[Tally, Counts, list[str]]:
    from mailbeacon.engines import judge_logs

    more = {"workers": options.workers} if options.engine in ("local", "dask") else {}
    progress = _Steps()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "PySpark does not yet fully support pandas", FutureWarning
            )  # nothing of it is used
            outcome = judge_logs(job, engine=options.engine, out=options.out, progress=progress.show, **more)
    finally:
        progress.line.clear()
    rejects.open(0)
    for reject in outcome.rejects:
        rejects.add(reject)
    return outcome.tally, outcome.counts, []


def _print(tally: Tally, notes: Sequence[str], options: Namespace) -> None:
    from mailbeacon import reporting
    from mailbeacon.cli.report.running import print_report, title_of
    from mailbeacon.counting import Dimension
    from mailbeacon.counting.deliveries import with_deliveries
    from mailbeacon.settings import utc_now

    logs = Path(options.logs[0]).name if len(options.logs) == 1 else counted(len(options.logs), "log")
    title, wrong = title_of(tally, logs), None
    try:
        tally, more = with_deliveries(tally, options.delivered, tally.values(Dimension.CAMPAIGN))
        notes = [*notes, *more]
    except ConfigError as error:  # the figures may be the work of hours: they are printed all the same
        wrong = error
    made_at = utc_now().replace(microsecond=0)
    print_report(reporting.Report(tally=tally, title=title, made_at=made_at, notes=notes), options)
    if wrong is not None:
        raise CommandError(f"argument --delivered: {wrong}", USAGE) from wrong


def _say(text: str) -> None:
    print(f"mailbeacon: {shown(text)}", file=sys.stderr)
