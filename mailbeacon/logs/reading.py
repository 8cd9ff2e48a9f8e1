"""From the lines of access logs to events.

Every line is an event, or not ours, or an error that is handed over: none is lost, and none ends the reading.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbeacon.caches import Cache
from mailbeacon.decoding import Decoder
from mailbeacon.errors import ConfigError, ForgedToken, LogLineError, TokenError
from mailbeacon.logs.files import STDIN, Block, Piece, blocks, found, open_log
from mailbeacon.logs.guessing import format_of, guess
from mailbeacon.logs.jsonlines import JsonFields
from mailbeacon.logs.lines import Format
from mailbeacon.logs.nginx import ADDRESS_HEADERS
from mailbeacon.model import HONEYPOT_LINK, MAX_VALUE, Event, Headers, Hint, Kind, Level
from mailbeacon.networks.proxies import TrustedProxies
from mailbeacon.privacy import level_now, limited, marked, metadata_now, without_client_ids

if TYPE_CHECKING:
    from mailbeacon.beacon import Beacon

__all__ = ["Counts", "LineReader", "Occurrences", "guessed", "is_named", "numbered", "read", "read_piece"]

_log = logging.getLogger("mailbeacon")
_NO_ANSWER = frozenset({"0", "000", "304", "400", "408"})
"""Statuses of what was no request, or never one of ours: replies that are never cached are never "not modified"."""
_FULL = Level.FULL
_OPEN, _CLICK = Kind.OPEN, Kind.CLICK
_NAMED = "r"
"""What the id of a request begins with that the server itself gave a name: another line of it tells nothing new."""
_OPTED_OUT = frozenset({Hint.GPC, Hint.DNT})
_GUESSED_FROM = 200
_REMEMBERED = 65_536
_MOST_CLIENTS = 4096

Given = str | JsonFields | Format | None
OnError = Callable[[LogLineError, str], object]
_Fields = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Counts:
    """Count what lines were.

    Attributes:
        lines: All that were read.
        events: Those that are events.
        errors: Those that could not be read.
        unfinished: Last lines without an end, which may still be written and were left for the next time.
        forged: Those that ask for a tracking URL which no key of ours signed; many and no event mean the wrong key.
    """

    lines: int = 0
    events: int = 0
    errors: int = 0
    unfinished: int = 0
    forged: int = 0

    @property
    def not_ours(self) -> int:
        """Those that ask for something else, or whose token nobody of ours signed."""
        return self.lines - self.events - self.errors

    def add(self, other: Counts) -> None:
        """Add those of another part."""
        self.lines += other.lines
        self.events += other.events
        self.errors += other.errors
        self.unfinished += other.unfinished
        self.forged += other.forged


class LineReader:
    """Read lines of one format as events of one host.

    Args:
        beacon: The host's.
        format: Of the lines.

    Attributes:
        format: The same.
        forged: How many lines asked for a tracking URL that no key of the host's signed.
    """

    def __init__(self, beacon: Beacon, format: Format) -> None:  # noqa: A002 - the word of the field
        settings = beacon.settings
        self.format = format
        self.forged = 0
        self._parse = format.parse
        self._fill = Decoder(
            beacon.signer, manifests=settings.manifests, max_age=settings.max_age, clock_skew=settings.clock_skew
        ).fill
        self._facts = beacon.observer.facts
        self._shows, self._version = format.shows, beacon.observer.version
        self._ids = beacon.signer.keyed_hashes("log-line")
        self._acts = beacon.signer.keyed_hashes("event-id")
        self._settings = settings
        keeps = settings.keep_address, settings.keep_user_agent, settings.keep_headers
        self._keeps = keeps != ("drop", "drop", "drop")
        asks = settings.consent is not None or not settings.default_level is settings.ceiling is _FULL
        self._plain = not asks and not self._keeps
        self._redact = beacon.redact
        proxies = TrustedProxies(settings.trusted_proxies, header=settings.proxy_header)
        self._proxies = proxies if settings.trusted_proxies else None
        self._clients: Cache[tuple[str, _Fields], tuple[str, _Fields]] = Cache(_MOST_CLIENTS)
        self._hops = format.shows is None or not ADDRESS_HEADERS.isdisjoint(format.shows)

    def event(self, line: str) -> Event | None:
        """Return the event of a line; ``None`` where it is none of ours.

        Its ``id`` is a digest of the line, or of the server's own name for the request: a line that stands there twice has
        the same twice (see :func:`numbered`).

        Raises:
            ValueError: If the line is not in the format.
        """
        said = self._parse(line)
        if said is None:
            return None
        moment, method, target, status, address, user_agent, fields, identity = said
        if status in _NO_ANSWER:
            return None
        try:
            made, token, _, key, is_act = self._fill(target, moment, method)
        except ForgedToken:
            self.forged += 1
            return None
        except TokenError:
            return None
        if method != "GET" and not is_act and method != "HEAD":
            return None
        if self._hops and fields:
            address, fields = self._client(address, fields)
        kind = made.kind
        has_form = kind is not _OPEN and kind is not _CLICK
        client = moment.toordinal(), method, has_form, user_agent[:MAX_VALUE], fields, self._shows
        facts = self._facts(client, address, self._version)
        if is_act:
            digest = self._acts[key].copy()  # the id it has in the live application too: it is kept once, and always
            digest.update(f"{token}\0{kind}".encode("utf-8", "surrogatepass"))
            facts = without_client_ids(facts)
        else:
            digest = self._ids[key].copy()
            digest.update((f"\0{identity}" if identity else line).encode("utf-8", "surrogateescape"))
        made.id = _NAMED + digest.hexdigest() if identity and not is_act else digest.hexdigest()
        made.facts, made.source, made.address, made.user_agent, made.headers = facts, "log", "", "", ()
        event: Event = made.close()
        if is_act:
            return event.changed(metadata=metadata_now(event, self._settings)) if event.metadata else event
        plain = self._plain and event.level is _FULL and event.link != HONEYPOT_LINK
        if plain and facts.hints.isdisjoint(_OPTED_OUT):
            return event if kind is _OPEN else self._redact(event)
        return self._rarer(event, said)

    def _client(self, peer: str, fields: _Fields) -> tuple[str, _Fields]:
        """Return the reader's address, as far as proxies are believed, and the fields without those that proxies write."""
        found = self._clients.get((peer, fields))
        if found is None:
            address = peer if self._proxies is None else self._proxies.client(peer, Headers(fields))
            kept = tuple(field for field in fields if field[0] not in ADDRESS_HEADERS)
            found = self._clients.put((peer, fields), (address, kept))
        return found

    def _rarer(self, event: Event, said: tuple[Any, ...]) -> Event | None:
        """Do what few hosts ask for and few events need: consent, marks, and keeping some of what came along."""
        _, _, _, _, address, user_agent, fields, _ = said
        level = level_now(event, dict(fields), self._settings)
        if level is Level.NONE:
            return None
        event = limited(event, level)
        event = event.changed(facts=marked(event.facts, event))
        if not self._keeps or level is not _FULL:
            return self._redact(event)
        if fields:
            address, fields = self._client(address, fields)
        return self._redact(event.changed(address=address, user_agent=user_agent, headers=fields))


class Occurrences:
    """A counter of equal lines of a log: two requests in one second may look the same to the last byte.

    A line's time stands in it, so that its twin is near; as many lines as are remembered pass between them at most.
    """

    def __init__(self) -> None:
        self._counts: Cache[str, int] = Cache(2 * _REMEMBERED)

    def number(self, name: str) -> int:
        """Return how often a line was there before."""
        count = self._counts.pop(name, 0)  # what comes again stands last
        self._counts.put(name, count + 1)
        return count


def is_named(event: Event) -> bool:
    """Check whether a second line with the id of an event tells nothing new.

    So it is where the server gave the request a name, and where somebody asked to be left alone, for that once is enough.
    """
    return event.id.startswith(_NAMED) or event.kind is Kind.UNSUBSCRIBE or event.kind is Kind.WITHDRAW


def numbered(name: str, occurrence: int) -> str:
    """Return the id of a line's event: the digest itself the first time, and one made of it after that."""
    if not occurrence:
        return name
    return blake2b(f"{name}\0{occurrence}".encode(), digest_size=16).hexdigest()


def read_piece(
    reader: LineReader, piece: Piece, counts: Counts, on_error: OnError | None = None
) -> Iterator[tuple[Block, list[Event]]]:
    """Read a part of a file, block by block.

    Args:
        reader: Of the file's format.
        piece: Which part.
        counts: What lines were; added to as it goes.
        on_error: Called with each line that cannot be read. What it raises ends the reading.

    Yields:
        Each block with its events, whose ids are not yet numbered.
    """
    event = reader.event
    with closing(open_log(piece.path)) as file:
        for block in blocks(file, piece):
            lines = block.lines
            if not block.whole:
                counts.unfinished += 1
                lines = lines[:-1]
            events: list[Event] = []
            add = events.append
            number, forged = counts.lines, reader.forged
            for line in lines:
                number += 1
                try:
                    one = event(line)
                except ValueError as error:
                    counts.errors += 1
                    if on_error is not None:
                        on_error(LogLineError(str(error), number=number, file=piece.path), line)
                    continue
                if one is not None:
                    add(one)
            counts.lines, counts.forged = number, counts.forged + reader.forged - forged
            counts.events += len(events)
            yield block, events


def read(
    paths: str | Path | Iterable[str | Path],
    beacon: Beacon,
    format: Given = None,  # noqa: A002 - the word of the field
    *,
    zone: tzinfo | None = None,
    on_error: OnError | None = None,
    on_format: Callable[[str, Format], object] | None = None,
) -> Iterator[Event]:
    """Read the events of access logs, in the order of their lines.

    Args:
        paths: Files, patterns such as ``logs/*.gz``, or ``-`` for standard input; ``.gz`` and ``.zst`` are unpacked.
        beacon: The host's: its keys say what is ours, its settings what is kept.
        format: A name, a pasted line of configuration, a map of JSON names; ``None`` to guess it for each file.
        zone: Of times without an offset; UTC where it is not given.
        on_error: Called with the error and the line, for each that cannot be read; to stop at the first, let it raise.
            Without it such lines are counted in one warning on the logger ``mailbeacon``.
        on_format: Called with each file's name and format, which has ``notes`` on what to know about it.

    Yields:
        Events with facts, redacted as the settings say. A line that stands in several files is one event.

    Raises:
        ConfigError: If there is no such format, or none could be guessed.
        OSError: If a file cannot be read.
    """
    counts = Counts()
    shown = None if format is None else format_of(format, zone=zone)
    for path in found(paths):
        made = shown if shown is not None else guessed(path, zone=zone)
        made = made if made.fresh is None else made.fresh()
        if on_format is not None:
            on_format(path, made)
        occurrences = Occurrences()
        for _, events in read_piece(LineReader(beacon, made), Piece(path), counts, on_error):
            for event in events:
                count = occurrences.number(event.id)
                if not count:
                    yield event
                elif not is_named(event):
                    yield event.changed(id=numbered(event.id, count))
    if counts.errors and on_error is None:
        _log.warning("%d of %d lines could not be read", counts.errors, counts.lines)


def guessed(path: str, *, zone: tzinfo | None = None) -> Format:
    """Return the format of a file's first lines.

    Raises:
        ConfigError: If they are of no format that has a name, or would be gone once they were looked at.
    """
    if path == STDIN:
        raise ConfigError("the format of standard input cannot be guessed: name it")
    with closing(open_log(path)) as file:
        block = next(blocks(file, Piece(path), finished=True, size=1 << 16), None)
    return guess(islice(block.lines if block else (), _GUESSED_FROM), zone=zone)
