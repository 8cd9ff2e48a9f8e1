"""One SHA-256 over all rewritten documents and mails of the corpus, to hold beside that of another Python.

Run it with each Python: ``python -m tests.bench.digest``. Measures no time.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import mailbeacon as mb
from tests.corpus import documents

__all__ = ["digest"]

_MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=datetime(2026, 11, 27, tzinfo=UTC))


def digest(shared: Path) -> dict[str, int | str]:
    """Return how much was rewritten, and the digest over all of it, restored sources included."""
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=["a key for the digest only, 0123456789"])
    found = sha256()
    count = links = 0
    for document in documents(shared):
        done = beacon.rewrite(document.text, _MESSAGE)
        for text in (done.html, done.restore()):
            found.update(text.encode("utf-8", "surrogatepass"))
        count += 1
        links += len(done.links)
    mails = 0
    for path in sorted((shared / "corpus" / "eml").glob("*.eml")):
        try:
            found.update(beacon.compose_bytes(path.read_bytes(), _MESSAGE, strip_signatures=True, shared=True))
            mails += 1
        except mb.errors.MailbeaconError as error:
            found.update(type(error).__name__.encode())
    return {"documents": count, "links": links, "mails": mails, "sha256": found.hexdigest()}


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("MAILBEACON_SHARED", here.parent / "shared"))
    print(sys.version.split()[0], *(f"{name}={value}" for name, value in digest(shared).items()))
