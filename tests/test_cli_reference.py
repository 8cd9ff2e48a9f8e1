"""The page on the command line names each command and option there is, and no other."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import pytest
from pages import DOCS

from mailbeacon.cli import _EXAMPLES, _parser, console
from mailbeacon.cli.fake import AUDIENCES, BASE_URL, FORMATS, KEY
from mailbeacon.cli.report import DIMENSIONS

PAGE = (DOCS / "reference" / "command-line.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## `([\w ]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def commands(parser: ArgumentParser, name: str = "") -> Iterator[tuple[str, ArgumentParser]]:
    """Yield the commands that do something, with their parsers."""
    below = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not below:
        yield name.strip(), parser
    for action in below:
        for word, one in action.choices.items():
            yield from commands(one, f"{name} {word}")


COMMANDS = dict(commands(_parser()))


def test_every_command_has_a_section_and_no_other():
    assert sorted(SECTIONS) == sorted(COMMANDS)


def test_the_manual_is_what_the_parsers_say():
    """``docs/reference/manual.md`` is what ``python docs/manual_page.py`` writes."""
    made = runpy.run_path(str(DOCS / "manual_page.py"))["render"]()
    assert (DOCS / "reference" / "manual.md").read_text("utf-8") == made
    assert re.findall(r"^## mailbeacon (.+)$", made, re.MULTILINE) == list(COMMANDS)
    options = {name for parser in COMMANDS.values() for action in parser._actions for name in action.option_strings}
    assert [name for name in options - {"-h", "--help"} if name not in made] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_table_and_no_other(name):
    options = [action for action in COMMANDS[name]._actions if action.dest != "help"]
    known = {action.option_strings[0] if action.option_strings else action.metavar for action in options}
    rows = re.findall(r"^\| `([^`\s]+)[^`]*` \|", SECTIONS[name], re.MULTILINE)
    assert sorted(rows) == sorted(map(str, known))


def test_choices_defaults_and_exit_codes_are_those_of_the_commands():
    for word in (*AUDIENCES, *FORMATS, BASE_URL, KEY):
        assert word in SECTIONS["fake"]
    for word in DIMENSIONS:
        assert f"`{word}`" in SECTIONS["report"]
    codes = re.findall(r"^\| `(\d+)` \|", PAGE, re.MULTILINE)
    assert codes == [str(code) for code in (console.OK, console.INPUT, console.USAGE, console.INTERRUPTED)]


def test_every_example_is_a_command_line_that_is_understood():
    lines = re.findall(r"^mailbeacon (.+)$", PAGE, re.MULTILINE)
    assert len(lines) >= 12
    for line in lines:
        command = _parser().parse_args(line.partition(" > ")[0].split()).command
        assert command in {name.partition(" ")[0] for name in SECTIONS}


@pytest.mark.parametrize("name", _EXAMPLES)
def test_the_help_of_a_command_ends_in_an_example_that_is_understood(name, capsys):
    with pytest.raises(SystemExit):
        _parser().parse_args([name, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.endswith(f"example: mailbeacon {name} {_EXAMPLES[name]}")
    assert _parser().parse_args([name, *_EXAMPLES[name].partition(" > ")[0].split()]).command == name


def test_every_command_has_an_example():
    assert {name.partition(" ")[0] for name in COMMANDS} == set(_EXAMPLES)


def test_a_shell_learns_how_a_command_line_goes_on(need, tmp_path):
    need("argcomplete", "completing a command line")
    line, said = "mailbeacon rep", tmp_path / "said"
    asked = {
        "_ARGCOMPLETE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_STDOUT_FILENAME": str(said),
    }
    done = subprocess.run([sys.executable, "-m", "mailbeacon"], env={**os.environ, **asked}, timeout=600, check=False)
    assert done.returncode == 0
    assert said.read_text("utf-8").split() == ["report"]
