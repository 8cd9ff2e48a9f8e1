"""Markdown pages as programs: their code blocks, and what running them prints.

The Python blocks of a page share one process and one namespace, in order. Where a block of the language ``text`` follows a
Python block, it shows exactly what that one printed, but for empty lines at its end; ``python tests/pages.py PAGE`` writes it
there. Nothing is set up that a page does not show: the environment holds what its lines ``export NAME=value`` put there.
Nothing here knows what a page is about.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["DOCS", "KEY", "README", "ROOT", "Block", "blocks", "execute", "renew", "unlike"]

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
KEY = "0123456789abcdef0123456789abcdef"

_FENCE = re.compile(r"^```([\w-]*)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (\w+)=(\S.*)$", re.MULTILINE)
_RUNNER = """
import contextlib, io, json, sys
names, printed = {"__name__": "__main__"}, []
for line, code in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\\n" * (line - 1) + code, sys.argv[1], "exec"), names)
    printed.append(out.getvalue())
json.dump(printed, sys.stdout)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One code block: its language, its text, and the line of the page it begins on."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Return the code blocks of a page, in order."""
    source = page.read_text("utf-8")
    return [
        Block(language=found[1], text=found[2], line=source.count("\n", 0, found.start(2)) + 1)
        for found in _FENCE.finditer(source)
    ]


def execute(page: Path, programs: Sequence[Block], folder: Path) -> list[str]:
    """Run blocks in one fresh process inside a folder; give what each printed. Warnings are errors there too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILBEACON_")}
    for name, value in _EXPORT.findall(page.read_text("utf-8")):
        environment[name] = KEY if "keys new" in value else value
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _RUNNER, str(page)],
        input=json.dumps([[block.line, block.text] for block in programs]),
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{page.name} does not run:\n{done.stderr}"
    found: list[str] = json.loads(done.stdout)
    return found


def unlike(page: Path, folder: Path) -> list[str]:
    """Run a page's Python blocks; give, for each that shows its output, how the real one differs."""
    return [
        f"line {shown.line} shows\n{shown.text}but running it prints\n{real}"
        for shown, real in _outputs(page, folder)
        if real != shown.text
    ]


def renew(page: Path, folder: Path) -> None:
    """Write the real outputs into a page."""
    lines = page.read_text("utf-8").splitlines(keepends=True)
    for shown, real in reversed(_outputs(page, folder)):
        lines[shown.line - 1 : shown.line - 1 + shown.text.count("\n")] = [real]
    page.write_text("".join(lines), "utf-8")


def _outputs(page: Path, folder: Path) -> list[tuple[Block, str]]:
    """Run a page; give each block that shows an output, with the real one."""
    every = blocks(page)
    programs = [block for block in every if block.language == "python"]
    printed = dict(zip((block.line for block in programs), execute(page, programs, folder), strict=True))
    return [
        (shown, printed[before.line].rstrip("\n") + "\n")
        for before, shown in pairwise(every)
        if before.language == "python" and shown.language == "text"
    ]


if __name__ == "__main__":
    with TemporaryDirectory() as empty:
        renew(Path(sys.argv[1]).resolve(), Path(empty))
