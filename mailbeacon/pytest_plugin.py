"""Fixtures for the tests of newsletter code: a beacon, a reader of mails, and made-up traffic.

Loaded by pytest through the ``pytest11`` entry point, in every test run of an environment that has the package: imports
pytest alone until a fixture is used. The assertions to go with it are in ``mailbeacon.fake.checks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mailbeacon.beacon import Beacon
    from mailbeacon.fake.inbox import MailReader
    from mailbeacon.fake.playing import Clock
    from mailbeacon.fake.traffic import Traffic
    from mailbeacon.store import MemorySink

__all__ = [
    "mailbeacon_beacon",
    "mailbeacon_clock",
    "mailbeacon_nothing_lost",
    "mailbeacon_reader",
    "mailbeacon_sink",
    "mailbeacon_traffic",
    "pytest_configure",
]

_MARKER = "mailbeacon_audience(name, seed=1, recipients=300): the audience of the fixture mailbeacon_traffic"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def _mailbeacon(mailbeacon_nothing_lost: None) -> tuple[Beacon, MemorySink, Clock]:  # noqa: ARG001 - it watches
    from mailbeacon.fake.traffic import sample_beacon

    return sample_beacon()


@pytest.fixture
def mailbeacon_beacon(_mailbeacon: tuple[Beacon, MemorySink, Clock]) -> Beacon:
    """Return a beacon with a fixed key that records in memory (``mailbeacon_sink``), by a clock the test sets."""
    return _mailbeacon[0]


@pytest.fixture
def mailbeacon_sink(_mailbeacon: tuple[Beacon, MemorySink, Clock]) -> MemorySink:
    """Return the sink of ``mailbeacon_beacon``."""
    return _mailbeacon[1]


@pytest.fixture
def mailbeacon_clock(_mailbeacon: tuple[Beacon, MemorySink, Clock]) -> Clock:
    """Return the clock of ``mailbeacon_beacon``: 3 November 2026, 9:00 UTC, until it is set or a reader acts."""
    return _mailbeacon[2]


@pytest.fixture
def mailbeacon_nothing_lost() -> Iterator[None]:
    """Fail a test in which an event was lost or a hook of the host failed, whatever beacon it used.

    Every test that uses another fixture from here has it. For those with a beacon of their own it is a line among pytest's
    settings, ``usefixtures = mailbeacon_nothing_lost``, or ``pytestmark = pytest.mark.usefixtures("mailbeacon_nothing_lost")``
    in a module; where a loss is meant, a fixture of this name in the test's own module that does nothing.
    """
    import logging

    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mailbeacon")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    if said:
        pytest.fail("mailbeacon: " + "; ".join(said), pytrace=False)


@pytest.fixture
def mailbeacon_reader(mailbeacon_beacon: Beacon, mailbeacon_clock: Clock) -> MailReader:
    """Return a reader of mails: ``open``, ``click``, ``scan_links``, and ``using`` for another mail program."""
    from mailbeacon.fake.inbox import MailReader

    return MailReader(mailbeacon_beacon.handle, mailbeacon_clock)


@pytest.fixture
def mailbeacon_traffic(request: pytest.FixtureRequest, mailbeacon_beacon: Beacon) -> Traffic:
    """Return a small scene of made-up traffic; the marker ``mailbeacon_audience`` says whose, and how much."""
    from mailbeacon.fake.traffic import sample_traffic

    marker = request.node.get_closest_marker("mailbeacon_audience")
    args, kwargs = (marker.args, marker.kwargs) if marker else ((), {})
    return sample_traffic(mailbeacon_beacon, *args, **kwargs)
