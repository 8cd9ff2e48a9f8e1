"""Judge events too many for one list: the same steps, and so the same verdicts, over a stream, processes or a cluster.

A stream takes memory for a stretch of time, and so does each of several processes on one machine. The others divide the mails into
parts, of which a worker holds one. What counts over whole networks is counted first, from four columns; huge groups (known
proxies, relays) take no part in that.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mailbeacon.engines.results import Outcome, read_judged, tally_of
from mailbeacon.engines.steps import Job, Reject
from mailbeacon.engines.streaming import Stream
from mailbeacon.errors import ConfigError
from mailbeacon.model.message import check_bounds

__all__ = ["ENGINES", "Job", "Outcome", "Reject", "Stream", "judge_logs", "read_judged", "tally_of"]

_MODULES = {"local": "processes", "duckdb": "on_duckdb", "dask": "on_dask", "spark": "on_spark"}
ENGINES: tuple[str, ...] = tuple(_MODULES)
"""The engines :func:`judge_logs` knows."""


def judge_logs(
    job: Job,
    *,
    engine: str = "local",
    out: Path | None = None,
    progress: Callable[[str, int, int], object] | None = None,
    **options: object,
) -> Outcome:
    """Judge logs as a whole.

    Args:
        job: What is to be judged.
        engine: One of :data:`ENGINES`; ``local`` is several processes on this machine.
        out: A folder for the judged events as Parquet; ``None`` for the figures alone.
        progress: Told what is being done, how much of it is done, and how much there is.
        options: Of the engine: ``workers`` of ``local`` and ``dask``, ``stretches`` of ``local`` (``False`` for parts of the
            mails also where each process could have a stretch of time), ``client`` of ``dask``, ``session`` of ``spark``.

    Raises:
        ConfigError: If there is no such engine, or ``workers`` is no whole number from 1.
        MissingExtra: If what it needs is not installed.
    """
    if engine not in _MODULES:
        raise ConfigError(f"there is no engine {engine!r:.40}, only {', '.join(ENGINES)}")
    check_bounds(workers=options.get("workers", 1))
    module = import_module(f"mailbeacon.engines.{_MODULES[engine]}")
    found: Outcome = module.judge_logs(job, out=out, progress=progress, **options)
    return found
