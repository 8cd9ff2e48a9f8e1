"""Every regular expression of the package means the same on every CPython from 3.11 on.

Before 3.11.5 a possessive quantifier over a group takes too much once its last round fails halfway (cpython#106052);
over an atomic group, which puts the place back when it fails, it is right everywhere.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType

import pytest

import mailbeacon as mb
from mailbeacon.markup import scanner
from mailbeacon.mime import parts
from tests.making import beacon

_SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN, _constants.ATOMIC_GROUP}
_OPTIONAL = ("mailbeacon.web", "mailbeacon.pytest_plugin", "mailbeacon.engines", "mailbeacon.store")


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(mb.__path__, "mailbeacon."):
        if found.name.endswith("__main__"):
            continue
        try:
            yield importlib.import_module(found.name)
        except Exception:
            if not found.name.startswith(_OPTIONAL):
                raise


def _patterns(value: object, depth: int = 4) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    """Find the expressions in a module's names, and in what stands in those.

    Kinds are looked at without ``isinstance``, which wakes lazy objects such as Django's settings.
    """
    kind = type(value)
    if issubclass(kind, re.Pattern):
        yield value  # type: ignore[misc]
    elif depth:
        inner: list[object] = []
        if issubclass(kind, Mapping):
            inner = [*value.keys(), *value.values()]  # type: ignore[attr-defined]
        elif issubclass(kind, list | tuple | set | frozenset):
            inner = list(value)  # type: ignore[call-overload]
        elif issubclass(kind, type) and value.__module__.startswith("mailbeacon"):
            inner = list(vars(value).values())
        elif kind.__module__.startswith("mailbeacon"):
            names = (*getattr(kind, "__slots__", ()), *getattr(value, "__dict__", ()))
            inner = [getattr(value, name, None) for name in names]
        for one in inner:
            yield from _patterns(one, depth - 1)


def _in_functions(module: ModuleType) -> Iterator[str | bytes]:
    """Find the expressions that functions compile from a plain text."""
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    for node in ast.walk(tree):
        if (
            (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            )
            and node.func.value.id == "re"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0].value


def _doubtful(expression: str | bytes, flags: int = 0) -> list[str]:
    """Name what stands under a possessive quantifier and is neither one character wide nor one atomic group."""
    found: list[str] = []

    def walk(parsed: object) -> None:
        if isinstance(parsed, _parser.SubPattern):
            for operation, argument in parsed:
                if operation is _constants.POSSESSIVE_REPEAT:
                    body = list(argument[2])
                    if len(body) != 1 or body[0][0] not in _SINGLE:
                        found.append(str(body))
                walk(argument)
        elif isinstance(parsed, list | tuple):
            for one in parsed:
                walk(one)

    walk(_parser.parse(expression, flags))
    return found


def test_no_expression_of_the_package_relies_on_a_possessive_quantifier_over_a_plain_group() -> None:
    wrong, seen = [], 0
    for module in _modules():
        for pattern in {id(found): found for found in _patterns(vars(module), 5)}.values():
            seen += 1
            wrong += [
                f"{module.__name__}: {pattern.pattern!r}: {body}"
                for body in _doubtful(pattern.pattern, pattern.flags & ~re.DEBUG)
            ]
        wrong += [f"{module.__name__}: {text!r}" for text in _in_functions(module) if _doubtful(text)]
    assert not wrong
    assert seen > 100


@pytest.mark.parametrize(
    "expression", ["(?:ab?c)++", "x(?:a|bc)*+", "(?:ab)?+", "(?:ab){2,3}+", "(ab)*+", "(?=(?:ab)*+)"]
)
def test_the_search_finds_what_it_looks_for(expression: str) -> None:
    assert _doubtful(expression)


@pytest.mark.parametrize("expression", ["(?>ab?c)++", "[ab]*+", "a?+", ".++", "(?:ab)*", "(?:a)*+"])
def test_the_search_passes_what_is_right_everywhere(expression: str) -> None:
    assert not _doubtful(expression)


def test_a_possessive_quantifier_over_an_atomic_group_puts_the_place_back() -> None:
    found = re.match("(?>ab?c)++", "aca")
    assert found is not None
    assert found.span() == (0, 2)


class _Losing:
    """An expression that loses a piece, as those of an unknown Python might."""

    def __init__(self, right: re.Pattern[str]) -> None:
        self._right = right

    def findall(self, source: str, at: int) -> list[str]:
        return self._right.findall(source, at)[1:]


BEACON = beacon()
MESSAGE = mb.Message(recipient="u-1", campaign="spring")
HTML = '<html><body><p>Hi <a href="https://garden.example/seeds">Seeds</a></p></body></html>'
MAIL = f"To: a@x.example\r\nContent-Type: text/html\r\n\r\n{HTML}".encode()


def test_what_the_scanner_loses_is_a_clear_error_and_no_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scanner, "PIECES", _Losing(scanner.PIECES))
    for work in (
        lambda: BEACON.rewrite(HTML, MESSAGE),
        lambda: BEACON.compile(HTML, campaign="spring", verify=False),
        lambda: BEACON.compose_bytes(MAIL, MESSAGE),
        lambda: BEACON.compile_mail(MAIL, campaign="spring", verify=False),
    ):
        with pytest.raises(mb.errors.RewriteError, match="lost a part"):
            work()


def test_parts_out_of_order_are_a_clear_error_and_no_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = parts.read_fields

    def too_far(raw: bytes, start: int, boundaries: Mapping[bytes, int]) -> object:
        fields, body = read(raw, start, boundaries)
        return fields, body - 40

    monkeypatch.setattr(parts, "read_fields", too_far)
    with pytest.raises(mb.errors.RewriteError, match="do not join"):
        BEACON.compose_bytes(MAIL, MESSAGE)
