"""What all tests share: where the test material is, and the rule that CI skips nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def shared_folder() -> Path | None:
    """Give the folder of shared test material, where there is one."""
    named = os.environ.get("MAILBEACON_SHARED")
    found = Path(named) if named else HERE.parent.parent / "shared"
    return found if (found / "corpus").is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the shared test material, or skip: the package must stand alone without it."""
    found = shared_folder()
    if found is None:
        pytest.skip("the shared corpus is not beside the repository (set MAILBEACON_SHARED)")
    return found
