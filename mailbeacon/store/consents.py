"""What people agreed to, kept as it was given: a later answer is added beside an earlier one, and none is changed.

Asks nobody, and decides nothing beyond what the last answer says (see ``privacy.Policy``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from mailbeacon.model import Action, Consent, Kind, Leave, Level, Message, Purpose
from mailbeacon.store.checks import SHORT_WAIT
from mailbeacon.store.closeable import Closeable
from mailbeacon.store.database import Database
from mailbeacon.store.rework import delete

__all__ = ["Consents", "MemoryConsents", "SqliteConsents"]

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS mailbeacon_consents (
        number INTEGER PRIMARY KEY, recipient TEXT NOT NULL, purpose TEXT NOT NULL, given_at REAL NOT NULL,
        consent TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS mailbeacon_consents_last ON mailbeacon_consents (recipient, purpose, given_at, number);
    CREATE TRIGGER IF NOT EXISTS mailbeacon_consents_are_never_changed BEFORE UPDATE ON mailbeacon_consents
        BEGIN SELECT RAISE(ABORT, 'a consent is never changed: record a later one'); END;
"""
_INSERT: Final = "INSERT INTO mailbeacon_consents (recipient, purpose, given_at, consent) "
_WITHDRAWN: Final = {Action.UNSUBSCRIBE: (Purpose.MAIL,), Action.STOP_TRACKING: (Purpose.OPENS, Purpose.CLICKS)}


class Consents:
    """Records of consent; a host's own keeps them elsewhere by giving ``record``, ``current`` and ``history``."""

    def record(self, consent: Consent) -> None:
        """Add one answer."""
        raise NotImplementedError

    def current(self, recipient: str, purpose: Purpose) -> Consent | None:
        """Return a person's last answer for a purpose; ``None`` for none."""
        raise NotImplementedError

    def history(self, recipient: str) -> Iterator[Consent]:
        """Return all answers of a person, in the order they were given."""
        raise NotImplementedError

    def allows(self, message: Message, kind: Kind) -> Level:
        """Return what a recipient allows today, for ``Settings.consent``: NONE where nothing was ever answered.

        A message without a recipient belongs to a mail whose readers cannot be told apart: AGGREGATE.
        """
        if not message.recipient:
            return Level.AGGREGATE
        answer = self.current(message.recipient, Purpose.OPENS if kind is Kind.OPEN else Purpose.CLICKS)
        return Level.NONE if answer is None else answer.level

    def record_form(
        self,
        recipient: str,
        ticked: Mapping[Purpose, bool],
        *,
        given_at: datetime,
        text_version: str = "",
        source: str = "",
        proof: str = "",
    ) -> None:
        """Add the answers of a form with boxes to tick.

        A ticked box is a yes. One left empty is a no of a person who had not answered before; of one who had, it is no
        answer at all, for a form shows its boxes empty: to withdraw, record a level NONE.

        Args:
            recipient: The host's own name for the person.
            ticked: Each box the form showed, and whether it was ticked.
            given_at: When it was sent.
            text_version: As of :class:`Consent`.
            source: As of :class:`Consent`.
            proof: As of :class:`Consent`.
        """
        for purpose, yes in ticked.items():
            if yes or self.current(recipient, purpose) is None:
                level = Level.FULL if yes else Level.NONE
                answer = Consent(
                    recipient=recipient,
                    purpose=purpose,
                    level=level,
                    given_at=given_at,
                    text_version=text_version,
                    source=source,
                    proof=proof,
                )
                self.record(answer)

    def record_leave(self, leave: Leave) -> None:
        """Add what a link to leave withdraws, for ``Settings.on_leave``: the mail, or opens and clicks."""
        for purpose in _WITHDRAWN[leave.action]:
            withdrawn = Consent(
                recipient=leave.recipient,
                purpose=purpose,
                level=Level.NONE,
                given_at=leave.received_at,
                source="leave page",
                proof=f"mail {leave.message_id} of campaign {leave.campaign}",
            )
            self.record(withdrawn)


class MemoryConsents(Consents):
    """Keep answers in memory: for tests and demonstrations."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, list[Consent]] = {}

    def __repr__(self) -> str:
        return f"MemoryConsents({len(self._kept)} recipients)"

    def record(self, consent: Consent) -> None:
        """Add one answer."""
        with self._lock:
            self._kept.setdefault(consent.recipient, []).append(consent)

    def current(self, recipient: str, purpose: Purpose) -> Consent | None:
        """Return a person's last answer for a purpose; ``None`` for none."""
        return next((one for one in reversed([*self.history(recipient)]) if one.purpose is purpose), None)

    def history(self, recipient: str) -> Iterator[Consent]:
        """Return all answers of a person, in the order they were given."""
        with self._lock:
            return iter(sorted(self._kept.get(recipient, ()), key=lambda one: one.given_at))

    def erase(self, recipient: str) -> int:
        """Forget a person's answers, and return how many they were."""
        with self._lock:
            return len(self._kept.pop(recipient, ()))


class SqliteConsents(Consents, Closeable):
    """Keep answers in a SQLite file, which refuses to change any.

    Args:
        path: The file; made if it is not there, for its owner alone. It may be the sink's.
        wait: How long a call waits while others write.

    Raises:
        ConfigError: For ``:memory:``, which threads and workers cannot share.
        DataError: If the file is not SQLite's.
        StoreError: If it cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: timedelta = SHORT_WAIT) -> None:
        self._database = Database(path, _TABLE, wait=wait)

    def __repr__(self) -> str:
        return f"SqliteConsents({str(self._database.path)!r})"

    def record(self, consent: Consent) -> None:
        """Add one answer.

        Raises:
            StoreError: If it cannot be written, or not within the time to wait.
        """
        row = (consent.recipient, consent.purpose, consent.given_at.timestamp(), consent.to_json())
        self._database.write(f"{_INSERT} VALUES (?, ?, ?, ?)", [row])

    def current(self, recipient: str, purpose: Purpose) -> Consent | None:
        """Return a person's last answer for a purpose; ``None`` for none.

        Raises:
            StoreError: If the file cannot be read.
        """
        rows = self._database.read(
            "SELECT consent FROM mailbeacon_consents WHERE recipient = ? AND purpose = ?"
            " ORDER BY given_at DESC, number DESC LIMIT 1",
            (recipient, purpose),
        )
        return Consent.from_json(str(rows[0][0])) if rows else None

    def history(self, recipient: str) -> Iterator[Consent]:
        """Return all answers of a person, in the order they were given.

        Raises:
            StoreError: If the file cannot be read.
        """
        rows = self._database.read(
            "SELECT consent FROM mailbeacon_consents WHERE recipient = ? ORDER BY given_at, number", (recipient,)
        )
        return (Consent.from_json(str(text)) for (text,) in rows)

    def erase(self, recipient: str) -> int:
        """Take a person's answers out, and with them the proof, and return how many they were."""
        return delete(self._database, ("DELETE FROM mailbeacon_consents WHERE recipient = ?", (recipient,)))

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._database.close()
