"""Write ``docs/reference/manual.md`` from the command line's own parsers: run ``python docs/manual_page.py``."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

from mailbeacon.cli import _EXAMPLES, _parser

PAGE = Path(__file__).parent / "reference" / "manual.md"

_HEAD = """# The command line's manual

What each command's `--help` says, generated from the parsers. [](command-line.md) tells what the commands are for.
"""


def render() -> str:
    """Return the page's text."""
    return "\n".join([_HEAD, *(_section(name, parser) for name, parser in _commands(_parser()))])


def _commands(parser: ArgumentParser, name: str = "mailbeacon") -> Iterator[tuple[str, ArgumentParser]]:
    """Yield the commands that do something, with their parsers."""
    below = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not below:
        yield name, parser
    for action in below:
        for word, one in action.choices.items():
            yield from _commands(one, f"{name} {word}")


def _section(name: str, parser: ArgumentParser) -> str:
    actions = [action for action in parser._actions if action.dest != "help" and action.help != SUPPRESS]
    usage = " ".join([name, *(_usage(action) for action in actions)])
    parts = [f"## {name}\n", f"```none\n{usage}\n```\n"]
    if parser.description:
        parts.append(f"{_sentence(parser.description)}\n")
    if actions:
        parts.append("\n".join(f"`{_named(action)}`\n: {_sentence(_said(action))}\n" for action in actions))
    word = name.split()[1]
    if word in _EXAMPLES and name == f"mailbeacon {word}":
        parts.append(f"```sh\nmailbeacon {word} {_EXAMPLES[word]}\n```\n")
    return "\n".join(parts)


def _value(action: Action) -> str:
    """Return what stands for an action's value; empty for a switch."""
    if action.nargs == 0:
        return ""
    name = action.metavar if isinstance(action.metavar, str) else "{" + ",".join(map(str, action.choices or ())) + "}"
    return action.dest.upper() if name == "{}" else name


def _usage(action: Action) -> str:
    value = _value(action)
    if not action.option_strings:
        many = "…" if action.nargs in ("*", "+") else ""
        return f"[{value}{many}]" if action.nargs in ("?", "*") else f"{value}{many}"
    whole = f"{action.option_strings[0]} {value}".rstrip()
    return whole if action.required else f"[{whole}]"


def _named(action: Action) -> str:
    return ", ".join(f"{name} {_value(action)}".rstrip() for name in action.option_strings) or _value(action)


def _said(action: Action) -> str:
    said = (action.help or "") % {**vars(action), "prog": "mailbeacon"}
    words = ", ".join(map(str, action.choices)) if action.choices and isinstance(action.metavar, str) else ""
    return f"{said}; one of {words}" if words and words not in said else said


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ")")) else ".")


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
