"""Fuzz the mail scanner and the composing of mails with atheris: ``python tests/fuzz/fuzz_mime.py -max_total_time=600``.

What it finds belongs among the cases of ``test_mime.py``. Give folders of mails as further arguments to start from.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["mailbeacon.mime", "mailbeacon.composing"]):
    from mailbeacon import mime
    from mailbeacon.errors import RewriteError

TOKEN = "aWyJzcHJpbmciLCJ1LTE3Il0.c2lnbmF0dXJlc2lnbmF0dXJl"


def one(raw: bytes) -> None:
    """Check the laws of the scanner on any bytes at all."""
    try:
        root = mime.scan(raw)
    except RewriteError:
        return
    check_spans(root, len(raw))
    mime.count_recipients(raw, root)
    mime.seal(root)
    for part in mime.find_bodies(raw, root):
        body = mime.open_body(raw, part)
        if body is not None:
            check_body(raw, root, body)


def check_spans(root: mime.Part, length: int) -> None:
    """Insist that parts lie inside each other, in order, without overlap."""
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
    """Insist that an edit reads back as the new text, and that all outside body and header stays."""
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
    parts = list(mime.walk(mime.scan(changed)))
    if index >= len(parts):
        raise AssertionError("a part is gone")
    read = mime.open_body(changed, parts[index])
    assert read is not None
    assert read.text.text == want


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
