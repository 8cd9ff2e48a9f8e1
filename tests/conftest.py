"""What all tests share: where the test material is, and the rule that CI skips nothing it could have run."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from servers import PATIENCE

HERE = Path(__file__).resolve().parent
NO_SHARED = "the shared corpus is not beside the repository (set MAILBEACON_SHARED)"
IN_CI = os.environ.get("CI") == "true"

# A busy machine is no defect. In CI the examples are the same each time, so that no change fails there by chance for what
# was there before it; whoever runs the tests by hand looks further each time, and so does what is in fuzz.
settings.register_profile("mailbeacon", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=IN_CI)
settings.load_profile("mailbeacon")
WITHOUT = os.environ.get("MAILBEACON_WITHOUT", "").split()
"""Words of tools that this run leaves out on purpose, because another run of CI has them."""
_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)


def shared_folder() -> Path | None:
    """Return the folder of shared test material, where there is one."""
    named = os.environ.get("MAILBEACON_SHARED")
    found = Path(named) if named else HERE.parent.parent / "shared"
    return found if (found / "corpus").is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the shared test material, or skip: the package must stand alone without it."""
    found = shared_folder()
    if found is None:
        pytest.skip(NO_SHARED)
    return found


@pytest.fixture(scope="session")
def need() -> Callable[[str, str], object]:
    """Return ``need(name, reason)``: the module or the program's path of that name, or a skip that fails in CI."""

    def find(name: str, reason: str) -> object:
        program = shutil.which(name)
        if program:
            return program
        try:
            return importlib.import_module(name)
        except ImportError:
            pytest.skip(f"{reason} needs {name}, which is not installed")

    return find


@pytest.fixture(scope="session")
def browser(need):
    """Yield a headless Chromium, whose pages wait for long; ``MAILBEACON_CHROMIUM`` names it where it is not on the path."""
    playwright = need("playwright.sync_api", "looking at a page")
    chromium = os.environ.get("MAILBEACON_CHROMIUM") or need("chromium", "looking at a page")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=chromium, args=flags, timeout=1000 * PATIENCE)
        found.new_page, found.new_context = _patient(found.new_page), _patient(found.new_context)
        yield found
        found.close()


def _patient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes a page or a context that waits for as long as nothing but a fault takes."""

    def made(**options: object) -> Any:
        found = make(**options)
        found.set_default_timeout(1000 * PATIENCE)
        return found

    return made


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start, also where the suite itself was started in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the browser to the end: from then on the main thread has a loop, in which Django touches no database."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one in CI, but for tools that ``MAILBEACON_WITHOUT`` names."""
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped file into a failed one in CI."""
    return _strict((yield))


def _strict(report: _Report) -> _Report:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NO_SHARED not in reason and not any(word in reason for word in WITHOUT):
            report.outcome = "failed"
            report.longrepr = f"CI skips nothing: {reason}"
    return report
