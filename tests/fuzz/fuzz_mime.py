"""Fuzz the mail scanner and the composing of mails with atheris: ``python tests/fuzz/fuzz_mime.py -max_total_time=600``.

What it finds belongs among the cases of ``test_mime.py``. Give folders of mails as further arguments to start from.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["mailbeacon.mime", "mailbeacon.composing"]):
    import mailbeacon as mb
    from mailbeacon import mime
    from mailbeacon.errors import MailbeaconError, RewriteError

from tests.linear import quickest  # noqa: E402 - found beside the package

MESSAGE = mb.Message(recipient="u-17", campaign="spring")
MOST_SECONDS = 0.05
"""For any mail, and as much again for each thousand bytes; a tenth of it without the instruments."""
TOKEN = "aWyJzcHJpbmciLCJ1LTE3Il0.c2lnbmF0dXJlc2lnbmF0dXJl"


def one(raw: bytes) -> None:
    """Check the laws of the scanner on any bytes at all."""
    assert seconds(raw) < limit(raw)
    try:
        root = mime.read_parts(raw)
    except RewriteError:
        return
    check_spans(root, len(raw))
    mime.count_recipients(raw, root)
    mime.seal(root)
    for part in mime.find_bodies(raw, root):
        body = mime.open_body(raw, part)
        if body is not None:
            check_body(raw, root, body)


def limit(raw: bytes) -> float:
    """Return how long work on a mail may take: so much for each byte."""
    return MOST_SECONDS * (1 + len(raw) / 1_000)


def seconds(raw: bytes) -> float:
    """Measure composing and compiling: the best of a few, so that a busy machine is no finding."""

    def work() -> None:
        beacon = mb.Beacon("https://t.example/m", secret_keys=["a key for fuzzing only, 0123"])
        with suppress(MailbeaconError):
            beacon.compose_bytes(raw, MESSAGE, strip_signatures=True, shared=True)
        with suppress(MailbeaconError):
            beacon.compile_mail(raw, campaign="spring", verify=False, strip_signatures=True).render(MESSAGE)

    return quickest(work, limit(raw))


def check_spans(root: mime.Part, length: int) -> None:
    """Check that parts lie inside each other, in order, without overlap."""
    assert root.start == 0
    assert root.end == length
    for part in mime.walk(root):
        assert part.start <= part.body <= part.end
        at = part.body
        for inner in part.parts:
            assert at <= inner.start
            assert inner.end <= part.end
            at = inner.end


def check_body(raw: bytes, root: mime.Part, body: mime.Body) -> None:
    """Check that an edit reads back as the new text, and that all outside body and header stays."""
    text = body.text.text
    places = sorted({0, len(text) // 3, len(text) // 2, len(text)})
    edits = [(at, at, f" {TOKEN}\u20ac" if at == 0 and len(text) % 2 else TOKEN) for at in places]
    want = "".join(new + text[start:end] for (start, _, new), end in zip(edits, [*places[1:], None], strict=True))
    try:
        changes = body.changes(raw, edits)
    except RewriteError:
        return
    assert all(body.part.start <= start <= end <= body.part.end for start, end, _ in changes)
    changed = mime.apply(raw, changes)
    index = list(mime.walk(root)).index(body.part)
    parts = list(mime.walk(mime.read_parts(changed)))
    if index >= len(parts):
        raise AssertionError("a part is gone")
    read = mime.open_body(changed, parts[index])
    if read is None:  # an edit may part a run of zero bytes, which counts once: too many are no text
        assert not mime.is_text(want)
        return
    assert read.text.text == want


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
