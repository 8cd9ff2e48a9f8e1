"""From the lines of access logs to events.

Every line is an event, or not ours, or an error that is handed over: none is lost, and none ends the reading.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbeacon.caches import Cache
from mailbeacon.decoding import Decoder
from mailbeacon.errors import ConfigError, ForgedToken, LogLineError, TokenError
from mailbeacon.links import split
from mailbeacon.logs.files import STDIN, Block, Piece, blocks, found, open_log
from mailbeacon.logs.guessing import format_of, guess
from mailbeacon.logs.jsonlines import JsonFields
from mailbeacon.logs.lines import Fields, Format, Said, each
from mailbeacon.logs.nginx import ADDRESS_HEADERS
from mailbeacon.model import HONEYPOT_LINK, MAX_VALUE, Event, Headers, Hint, Kind, Level
from mailbeacon.model.web import without_query
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
_TOGETHER = 500
"""How many lines go through each step together: it then finds its code and data where the last line left them."""
_Errors = list[tuple[int, ValueError]]
_Asked = tuple[int, Said, tuple[str, str, str]]
_Ours = tuple[int, Said, Any, int, str]
"""Place, line, event, number of the key, and the token of what a reader asked for."""
_place = itemgetter(0)
_Each = Callable[[Iterable[str]], Iterator[Said | ValueError | None]]


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
        self._each: _Each = getattr(format.parse, "each", None) or partial(each, format.parse)
        decoder = Decoder(
            beacon.signer, manifests=settings.manifests, max_age=settings.max_age, clock_skew=settings.clock_skew
        )
        self._fill, self._remember = decoder.fill_of, beacon.signer.remember
        self._facts = beacon.observer.facts
        self._shows, self._version = format.shows, beacon.observer.version
        self._ids = beacon.signer.keyed_hashes("log-line")
        self._acts = beacon.signer.keyed_hashes("event-id")
        self._settings = settings
        keeps = settings.keep_address, settings.keep_user_agent, settings.keep_headers
        self._keeps = keeps != ("drop", "drop", "drop")
        asks = settings.consent is not None or not settings.default_level is settings.ceiling is _FULL
        self._plain = not asks and not self._keeps
        self._pages = settings.keep_url == "page"
        self._redact = beacon.redact
        proxies = TrustedProxies(settings.trusted_proxies, header=settings.proxy_header)
        self._proxies = proxies if settings.trusted_proxies else None
        self._clients: Cache[tuple[str, Fields], tuple[str, Fields]] = Cache(_MOST_CLIENTS)
        self._hops = format.shows is None or not ADDRESS_HEADERS.isdisjoint(format.shows)

    def event(self, line: str) -> Event | None:
        """Return the event of a line; ``None`` where it is none of ours.

        Raises:
            ValueError: If the line is not in the format.
        """
        events, errors = self.events((line,))
        if errors:
            raise errors[0][1]
        return events[0] if events else None

    def events(self, lines: Sequence[str]) -> tuple[list[Event], list[tuple[int, ValueError]]]:
        """Return the events of lines, and the errors of those that are not in the format, each with the line's place.

        An event's ``id`` is a digest of the line, or of the server's own name for the request: a line that stands there twice
        has the same twice (see :func:`numbered`).
        """
        events: list[Event] = []
        errors: list[tuple[int, ValueError]] = []
        for start in range(0, len(lines), _TOGETHER):
            asked = self._asked(start, lines[start : start + _TOGETHER], errors)
            found = self._observed(self._begun(asked, errors), errors)
            self._close(lines, found, events, errors)
        errors.sort(key=_place)
        return events, errors

    def _asked(self, start: int, lines: Sequence[str], errors: _Errors) -> list[_Asked]:
        """Return the requests of lines that may be ours, with their places and what their URLs are made of."""
        asked: list[_Asked] = []
        for place, said in enumerate(self._each(lines), start):
            if said is None:
                continue
            try:
                if isinstance(said, ValueError):
                    errors.append((place, said))
                elif said[3] not in _NO_ANSWER:
                    asked.append((place, said, split(said[2])))
            except TokenError:
                continue
        return asked

    def _begun(self, asked: list[_Asked], errors: _Errors) -> list[_Ours]:
        """Return those that are ours, with what their URLs say of the event."""
        self._remember({path[1]: None for _, _, path in asked if path[0] != "u"})
        fill = self._fill
        begun: list[_Ours] = []
        for place, said, path in asked:
            method = said[1]
            try:
                made, token, _, key, is_act = fill(path, said[0], method)
            except ForgedToken:
                self.forged += 1
            except TokenError:
                continue
            except ValueError as error:
                errors.append((place, error))
            else:
                if method == "GET" or method == "HEAD" or is_act:
                    begun.append((place, said, made, key, token if is_act else ""))
        return begun

    def _observed(self, begun: list[_Ours], errors: _Errors) -> Iterator[_Ours]:
        """Fill in the facts of events."""
        find, hops, shows, version = self._facts, self._hops, self._shows, self._version
        for ours in begun:
            moment, method, _, _, address, user_agent, fields, _ = ours[1]
            made = ours[2]
            try:
                if hops and fields:
                    address, fields = self._client(address, fields)
                has_form = made.kind is not _OPEN and made.kind is not _CLICK
                client = moment.toordinal(), method, has_form, user_agent[:MAX_VALUE], fields, shows
                made.facts = find(client, address, version)
            except ValueError as error:
                errors.append((ours[0], error))
            else:
                yield ours

    def _close(self, lines: Sequence[str], begun: Iterable[_Ours], events: list[Event], errors: _Errors) -> None:
        plainly, pages, ids = self._plain, self._pages, self._ids
        for place, said, made, key, act in begun:
            made.source, made.address, made.user_agent, made.headers = "log", "", "", ()
            if act:
                events.append(self._act(made, act, key))
                continue
            digest, identity = ids[key].copy(), said[7]
            digest.update((f"\0{identity}" if identity else lines[place]).encode("utf-8", "surrogateescape"))
            made.id = _NAMED + digest.hexdigest() if identity else digest.hexdigest()
            if (
                plainly
                and made.level is _FULL
                and made.link != HONEYPOT_LINK
                and made.facts.hints.isdisjoint(_OPTED_OUT)
            ):
                if pages and made.url:
                    made.url = without_query(made.url)
                events.append(made.close())
                continue
            try:
                events += self._rarer(made.close(), said)
            except ValueError as error:
                errors.append((place, error))

    def _act(self, made: Any, token: str, key: int) -> Event:
        """Return the event of what a reader asked for; it has the id of the live application's: it is kept once, and always."""
        digest = self._acts[key].copy()
        digest.update(f"{token}\0{made.kind}".encode("utf-8", "surrogatepass"))
        made.id, made.facts = digest.hexdigest(), without_client_ids(made.facts)
        event: Event = made.close()
        return event.changed(metadata=metadata_now(event, self._settings)) if event.metadata else event

    def _client(self, peer: str, fields: Fields) -> tuple[str, Fields]:
        """Return the reader's address, as far as proxies are believed, and the fields without those that proxies write."""
        found = self._clients.get((peer, fields))
        if found is None:
            address = peer if self._proxies is None else self._proxies.client(peer, Headers(fields))
            kept = tuple(field for field in fields if field[0] not in ADDRESS_HEADERS)
            found = self._clients.put((peer, fields), (address, kept))
        return found

    def _rarer(self, event: Event, said: Said) -> Iterator[Event]:
        """Do what few hosts ask for and few events need: consent, marks, and keeping some of what came along."""
        _, _, _, _, address, user_agent, fields, _ = said
        level = level_now(event, dict(fields), self._settings)
        if level is Level.NONE:
            return
        event = limited(event, level)
        event = event.changed(facts=marked(event.facts, event))
        if self._keeps and level is _FULL:
            if fields:
                address, fields = self._client(address, fields)
            event = event.changed(address=address, user_agent=user_agent, headers=fields)
        yield self._redact(event)


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
    with closing(open_log(piece.path)) as file:
        for block in blocks(file, piece):
            lines = block.lines
            if not block.whole:
                counts.unfinished += 1
                lines = lines[:-1]
            forged = reader.forged
            events, errors = reader.events(lines)
            for place, error in errors:
                counts.errors += 1
                if on_error is not None:
                    on_error(LogLineError(str(error), number=counts.lines + place + 1, file=piece.path), lines[place])
            counts.lines, counts.forged = counts.lines + len(lines), counts.forged + reader.forged - forged
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
