"""The files of a log: plain, compressed or standard input, read in blocks of whole lines.

Memory stays the same for a file of any size, also for one without a line's end. Parses no line.
"""

from __future__ import annotations

import glob
import gzip
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from mailbeacon.errors import ConfigError, MissingExtra

__all__ = ["STDIN", "Block", "Piece", "blocks", "found", "open_log", "pieces"]

STDIN = "-"
_BLOCK = 1 << 17
"""Bytes read at a time: some hundred lines, so that they are still in the processor's cache for each step."""
_LONGEST = 1 << 21
"""Bytes of a line that are kept; of a longer one nothing is read but its end."""
_PACKED = (".gz", ".zst")
_BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Whole lines of a file.

    Attributes:
        start: Where they begin, in bytes.
        end: Where the next begin.
        lines: Without their ends, as UTF-8; each byte that is none is a lone surrogate, so that nothing is lost.
        whole: Whether the last line had its end. One that has none may still be written.
    """

    start: int
    end: int
    lines: list[str]
    whole: bool = True


class Piece(NamedTuple):
    """Name a part of a file: the lines that begin in ``start`` to ``end``, in bytes; to its end where that is ``None``."""

    path: str
    file: int = 0
    start: int = 0
    end: int | None = None


def found(paths: str | Path | Iterable[str | Path]) -> list[str]:
    """Return the files that paths and patterns such as ``logs/*.gz`` name, each once, those of a pattern sorted.

    Raises:
        ConfigError: If a pattern names none.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    names: dict[str, None] = {}
    for path in given:
        name = str(path)
        if name != STDIN and not Path(name).exists() and any(sign in name for sign in "*?["):
            matching = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - patterns may be absolute
            if not matching:
                raise ConfigError(f"no file is named like {name!r}")
            names |= dict.fromkeys(matching)
        else:
            names[name] = None
    return list(names)


def open_log(path: str) -> IO[bytes]:
    """Open a file of a log for reading bytes; ``-`` is standard input.

    Raises:
        MissingExtra: If it is ``.zst`` and nothing is installed that reads it.
        OSError: If it cannot be opened.
    """
    if path == STDIN:
        return sys.stdin.buffer
    if path.endswith(".gz"):
        return gzip.GzipFile(path, "rb")  # type: ignore[return-value]  # it reads as a file does
    if path.endswith(".zst"):
        try:
            import zstandard
        except ImportError as error:
            raise MissingExtra("zstd", purpose="reading .zst files") from error
        return zstandard.open(path, "rb")  # type: ignore[no-any-return]
    return open(path, "rb")  # noqa: PTH123 - whoever asked closes it


def pieces(paths: Iterable[str], size: int, *, splits: bool = True) -> list[Piece]:
    """Cut files into pieces of about a size in bytes; what is compressed, or comes through a pipe, stays whole."""
    made = []
    for number, path in enumerate(paths):
        if path == STDIN or path.endswith(_PACKED) or not splits or not Path(path).is_file():
            made.append(Piece(path, number))
            continue
        total = Path(path).stat().st_size
        starts = range(0, max(total, 1), size)
        made += [Piece(path, number, start, start + size if start + size < total else None) for start in starts]
    return made


def blocks(file: IO[bytes], piece: Piece, *, finished: bool | None = None, size: int = _BLOCK) -> Iterator[Block]:
    """Read the lines that begin in a piece.

    Args:
        file: At its beginning, or at the piece's, where it is a pipe.
        piece: Which part of it.
        finished: Whether a last line without an end is one. ``None`` says yes of what is compressed or comes through a
            pipe, for nobody can still be writing it.
        size: How much to read at a time, in bytes.
    """
    if finished is None:
        finished = piece.path == STDIN or piece.path.endswith(_PACKED)
    start = _aligned(file, piece.start)
    carry = b""
    gone = 0
    while piece.end is None or start < piece.end:
        data = file.read(size)
        if not data:
            break
        if len(carry) >= _LONGEST and b"\n" not in data:
            gone += len(data)
            continue
        carry += data
        cut = carry.rfind(b"\n") + 1
        if not cut:
            if len(carry) > _LONGEST:
                gone += len(carry) - _LONGEST
                carry = carry[:_LONGEST]
            continue
        if piece.end is not None and start + gone + cut > piece.end:
            cut = carry.find(b"\n", max(piece.end - start - gone - 1, 0)) + 1 or cut
        yield _block(carry[:cut], start, gone, whole=True)
        start += gone + cut
        carry, gone = carry[cut:], 0
    if carry and (piece.end is None or start < piece.end):
        yield _block(carry, start, gone, whole=finished)


def _aligned(file: IO[bytes], start: int) -> int:
    """Go to the first line that begins at a place or after it."""
    if not start:
        return 0
    file.seek(start - 1)
    while True:
        rest = file.readline(_BLOCK)
        if not rest or rest.endswith(b"\n"):
            return file.tell()


def _block(data: bytes, start: int, gone: int, *, whole: bool) -> Block:
    end = start + gone + len(data)
    if not start and data.startswith(_BOM):
        data = data[len(_BOM) :]
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if not lines[-1]:
        lines.pop()
    return Block(start, end, lines, whole)
