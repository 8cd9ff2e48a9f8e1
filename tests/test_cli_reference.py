"""The page on the command line names each command and option there is, and no other."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import pytest
from pages import DOCS

from mailbeacon.cli import _parser, console
from mailbeacon.cli.fake import AUDIENCES, BASE_URL, FORMATS, KEY
from mailbeacon.cli.report import DIMENSIONS

PAGE = (DOCS / "reference" / "command-line.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## `([\w ]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def commands(parser: ArgumentParser, name: str = "") -> Iterator[tuple[str, ArgumentParser]]:
    """Give the commands that do something, with their parsers."""
    below = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not below:
        yield name.strip(), parser
    for action in below:
        for word, one in action.choices.items():
            yield from commands(one, f"{name} {word}")


COMMANDS = dict(commands(_parser()))


def test_every_command_has_a_section_and_no_other():
    assert sorted(SECTIONS) == sorted(COMMANDS)


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
