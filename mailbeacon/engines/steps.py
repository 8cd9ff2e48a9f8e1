"""The steps that every engine takes: a piece of a log → rows; the hits of a network → notes; the rows of mails → verdicts.

Each is a function of its arguments, so it may run anywhere and again. Rows are parted by mail and hits by network; what is
counted over a network comes back with the mail's part. An engine only carries rows from one step to the next.
"""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from mailbeacon.counting import Tally, tally
from mailbeacon.counting.parting import closed_up
from mailbeacon.engines.rows import Row, Rows
from mailbeacon.errors import ConfigError, LogLineError
from mailbeacon.judging import Classifier, Needs
from mailbeacon.judging.crowds import NetworkHit
from mailbeacon.logs import Counts, Format, JsonFields, LineReader, Piece, format_of
from mailbeacon.logs.files import found, pieces
from mailbeacon.logs.reading import guessed, is_named, numbered, read_piece
from mailbeacon.model import Event, Level, Verdict
from mailbeacon.model.message import check_bounds

if TYPE_CHECKING:
    from mailbeacon.beacon import Beacon

__all__ = [
    "Hit",
    "Job",
    "Notes",
    "Part",
    "Reject",
    "classifier_of",
    "collect_rarely",
    "distinct",
    "gathered",
    "judge",
    "judge_rows",
    "note",
    "part_of",
    "read",
    "total",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARQUET = ".parquet"
_MOST = -2
"""Stands among the numbers of files for how often a line stands in the file that has it most."""

Judged = tuple[Event, Verdict]
Notes = dict[str, int]
"""For how many recipients a network made hits at once, by the id of the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be judged.

    Args:
        paths: Files of logs, patterns, or Parquet files of events.
        beacon: Makes the host's beacon, in each process anew: a function of a module, or a ``functools.partial``.
        format: As :func:`mailbeacon.logs.read` takes it.
        zone: The same.
        partitions: Into how many parts mails are divided; a part must fit into the memory of one worker.
        piece_bytes: How much of a file one worker reads at a time.

    Raises:
        ConfigError: If one of the last two is no whole number from 1.
    """

    paths: Sequence[str]
    beacon: Callable[[], Beacon]
    format: str | JsonFields | Format | None = None
    zone: tzinfo | None = None
    partitions: int = 16
    piece_bytes: int = 64_000_000

    def __post_init__(self) -> None:
        check_bounds(partitions=self.partitions, piece_bytes=self.piece_bytes)

    def pieces(self) -> list[Piece]:
        """Return the pieces of its files.

        Raises:
            ConfigError: If a pattern names no file.
        """
        cut: list[Piece] = []
        for number, path in enumerate(found(self.paths)):
            whole = path.endswith(_PARQUET) or self.format_at(path).fresh is not None
            cut += [piece._replace(file=number) for piece in pieces([path], self.piece_bytes, splits=not whole)]
        return cut

    def format_at(self, path: str) -> Format:
        """Return the format of a file."""
        made = guessed(path, zone=self.zone) if self.format is None else format_of(self.format, zone=self.zone)
        return made if made.fresh is None else made.fresh()


class Hit(NamedTuple):
    """What is counted over networks of one event, and the part its mail is in."""

    id: str
    network_id: str
    received_at: int
    recipient: str
    part: int


_hit: Callable[[tuple[object, ...]], Hit] = partial(tuple.__new__, Hit)
"""Makes one in half the time: half the lines of a log have one."""


class Reject(NamedTuple):
    """A line that could not be read."""

    file: str
    number: int
    reason: str
    line: str


@dataclass(slots=True, kw_only=True)
class Part:
    """What a piece of a log gave.

    Attributes:
        rows: Rows of events with the number of their file behind them, by the part of their mail.
        hits: Those that take part in counting over networks, by the part of their network.
        counts: What its lines were.
        rejects: The lines that could not be read, numbered from the piece's first.
    """

    rows: dict[int, list[Row]] = field(default_factory=dict)
    hits: dict[int, list[Hit]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    rejects: list[Reject] = field(default_factory=list)


def collect_rarely() -> None:
    """Make Python look for circles less often: events hold none, and to look through all that are held takes a fifth of the time.

    For a process that does nothing else, such as a worker or the command line.
    """
    gc.set_threshold(500_000, 20, 100)


def classifier_of(beacon: Beacon) -> Classifier:
    """Return the host's classifier.

    Raises:
        ConfigError: If it is none, or one whose rules look at whole networks, which no part of the mails has.
    """
    judge = beacon.judge
    if not isinstance(judge, Classifier):
        raise ConfigError("logs are judged in parts by a Classifier only, not by a judge of the host's own")
    if any(rule.needs is Needs.EVENT for rule in judge.rules):
        raise ConfigError("a rule that needs the event looks at whole networks: judge in one list with classify_all")
    return judge


def part_of(event: Event, partitions: int) -> int:
    """Return the part of an event's mail; events of no one mail belong together with no other."""
    name = f"{event.message_id}\0{event.recipient}" if event.message_id and event.recipient else event.id
    return crc32(name.encode("utf-8", "surrogatepass")) % partitions


def events_of(job: Job, beacon: Beacon, piece: Piece, part: Part) -> Iterable[tuple[Event, int]]:
    """Read the events of a piece, each with its file; those of Parquet have ids that stand for themselves: file -1."""
    if piece.path.endswith(_PARQUET):
        from mailbeacon.engines.parquet import read_rows

        rows = Rows()
        for row in read_rows([piece.path]):
            part.counts.lines += 1
            part.counts.events += 1
            yield rows.event(row), -1
        return
    reader = LineReader(beacon, job.format_at(piece.path))

    def reject(error: LogLineError, line: str) -> None:
        part.rejects.append(Reject(piece.path, error.number, str(error), line))

    for _, events in read_piece(reader, piece, part.counts, reject):
        for event in events:
            yield event, piece.file


def read(job: Job, piece: Piece) -> Part:
    """Read a piece of a log into rows, parted by mail; what may be kept of a last open alone is no event here."""
    beacon, part, rows = job.beacon(), Part(), Rows()
    classifier = classifier_of(beacon)
    by_mail: defaultdict[int, list[Row]] = defaultdict(list)
    by_network: defaultdict[int, list[Hit]] = defaultdict(list)
    for event, file in events_of(job, beacon, piece, part):
        if event.level is Level.DATE:
            continue
        place = part_of(event, job.partitions)
        row = rows.take(event)
        by_mail[place].append((*row, file))
        if classifier.crowds(event):
            network, moment = event.facts.network_id, row[2]
            hit = _hit((event.id, network, moment, event.recipient or "", place))
            by_network[crc32(network.encode()) % job.partitions].append(hit)
    part.rows, part.hits = dict(by_mail), dict(by_network)
    return part


def gathered(pieces: list[Piece], parts: list[Part]) -> tuple[Counts, list[Reject]]:
    """Add up what the pieces gave; a reject's number counts from its file's first line, not from its piece's."""
    counts, rejects = Counts(), []
    before: dict[str, int] = {}
    for piece, part in zip(pieces, parts, strict=True):
        start = before.get(piece.path, 0)
        rejects += [reject._replace(number=start + reject.number) for reject in part.rejects]
        before[piece.path] = start + part.counts.lines
        counts.add(part.counts)
    return counts, rejects


def note(classifier: Classifier, hits: Iterable[Sequence[object]]) -> dict[int, Notes]:
    """Count over networks; return the notes by the part of the mail.

    Args:
        classifier: The host's.
        hits: All :class:`Hit` of some networks.
    """
    every = list(map(_hit, hits))  # type: ignore[arg-type]  # of plain tuples
    sizes, least = Counter(hit.network_id for hit in every), classifier.windows.recipients_count
    told = [hit for hit in every if sizes[hit.network_id] >= least]  # fewer hits are not of so many recipients
    plain = (
        NetworkHit(hit.id, hit.network_id, _EPOCH + timedelta(microseconds=hit.received_at), hit.recipient)
        for hit in told
    )
    noted = classifier.note_networks(plain)
    found: defaultdict[int, Notes] = defaultdict(dict)
    if noted:
        for hit in told:
            if hit.id in noted:
                found[hit.part][hit.id] = noted[hit.id]["recipients"]
    return dict(found)


def distinct(rows: Iterable[tuple[Event, int]]) -> tuple[list[Event], dict[int, int], Sequence[int]]:
    """Number lines that are the same to the last byte, and take out those that stand in several files.

    Args:
        rows: Events with the number of their file; those of one line all together, in any order.

    Returns:
        The events; for those whose line was there before how often it was (in all, as often as in the file that has it
        most), by their place among the events; and the place of each event among the rows.
    """
    given = list(rows)
    numbers: dict[int, int] = {}
    if len({event.id for event, _ in given}) == len(given):
        return [event for event, _ in given], numbers, range(len(given))
    first: dict[str, int] = {}
    again: dict[str, dict[int, int]] = {}
    events: list[Event] = []
    places: list[int] = []
    for place, (event, file) in enumerate(given):
        name = event.id
        if name not in first:
            first[name] = file
        else:
            files = again.setdefault(name, {first[name]: 1, _MOST: 1})
            count = files[file] = files.get(file, 0) + 1
            if count <= files[_MOST] or file < 0 or is_named(event):
                continue
            files[_MOST] = count
            numbers[len(events)] = count - 1
        events.append(event)
        places.append(place)
    return events, numbers, places


def judge(
    classifier: Classifier, rows: Iterable[tuple[Event, int]], notes: Notes | None, wanted: Container[int] | None = None
) -> list[Judged]:
    """Judge all events of some mails, in order of time.

    Args:
        classifier: The host's.
        rows: Events with the number of their file.
        notes: What was noted over networks; ``None`` where the rows are all there are.
        wanted: The places of those whose verdict is asked for; ``None`` for all.
    """
    events, numbers, places = distinct(rows)
    noted = None if notes is None else {name: {"recipients": count} for name, count in notes.items()}
    verdicts = classifier.classify_all(events, networks=noted)
    for place, number in numbers.items():
        events[place] = events[place].changed(id=numbered(events[place].id, number))
    found = list(zip(events, verdicts, strict=True))
    if wanted is not None:
        found = [pair for place, pair in zip(places, found, strict=True) if place in wanted]
    found.sort(key=lambda one: (one[0].received_at, one[0].id))
    return found


def judge_rows(classifier: Classifier, rows: Iterable[Row], notes: Notes) -> list[Judged]:
    """Judge the rows of some mails, as :func:`read` made them."""
    made = Rows()
    return judge(classifier, ((made.event(row), row[-1]) for row in rows), notes)


def total(judged: Iterable[tuple[Event, Verdict | None]]) -> Tally:
    """Return the totals of some mails, which add up with those of others."""
    return closed_up(tally(judged))
