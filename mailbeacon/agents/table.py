"""The rules for user agents as data, and the one pass that finds the first that fits.

The rules stand in ``mailbeacon/data/agents.tsv``, each with source and year. Knows nothing of browsers: they are what
no rule names.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files

from mailbeacon.errors import ConfigError
from mailbeacon.model import AgentKind

__all__ = ["AgentRule", "RuleTable", "read_rules"]

_WORD = re.compile(r"[a-z][a-z0-9._-]*")
"""A product's name, as it stands before a slash, a blank or a bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """One rule.

    Attributes:
        kind: What a user agent is that fits.
        client: The name to give it; empty for a general rule.
        how: ``exact``, ``start``, ``has``, ``word`` (a product's name) or ``re``; all but ``exact`` in lower case.
        pattern: What to find. For ``re``: texts of which one must be there (parted by ``|``), ``::`` between blanks,
            then the pattern, so that most user agents cost no more than a search for a plain text.
        source: Where the fact comes from.
        year: Of the source.
    """

    kind: AgentKind
    client: str
    how: str
    pattern: str
    source: str
    year: int


def read_rules() -> tuple[str, tuple[AgentRule, ...]]:
    """Read the package's rules: their version, and the rules in order."""
    text = files("mailbeacon").joinpath("data", "agents.tsv").read_text("utf-8")
    version = ""
    rules = []
    for line in text.splitlines():
        if line.startswith("#"):
            version = line.removeprefix("# version ") if line.startswith("# version ") else version
            continue
        kind, client, how, pattern, source, year = line.split("\t")
        rules.append(
            AgentRule(kind=AgentKind(kind), client=client, how=how, pattern=pattern, source=source, year=int(year))
        )
    return version, tuple(rules)


class RuleTable:
    """Find the first rule that fits a user agent.

    Product names are looked up in a dictionary and beginnings in one pattern, so that their number costs nothing; the other
    rules are tried in order. All work grows with the text's length only.

    Args:
        rules: In order: the first that fits decides.

    Raises:
        ConfigError: If a rule's ``how`` is not known, or its pattern is not a pattern.
    """

    __slots__ = ("_begins", "_exact", "_places", "_starts", "_tests", "_words")

    def __init__(self, rules: Iterable[AgentRule]) -> None:
        self._exact: dict[str, AgentRule] = {}
        self._words: dict[str, tuple[int, AgentRule]] = {}
        self._starts: dict[str, tuple[int, AgentRule]] = {}
        tests: list[_Test] = []
        self._places: list[int] = []
        for place, rule in enumerate(rules):
            if rule.how == "exact":
                self._exact.setdefault(rule.pattern, rule)
            elif rule.how == "word":
                self._words.setdefault(rule.pattern, (place, rule))
            elif rule.how == "start":
                self._starts.setdefault(rule.pattern, (place, rule))
            else:
                made = _tests_of(rule)
                tests.extend(made)
                self._places.extend([place] * len(made))
        self._tests = tuple(tests)
        self._begins = re.compile("|".join(map(re.escape, self._starts)) or "(?!)").match

    def find(self, text: str, lowered: str) -> AgentRule | None:
        """Return the first rule that fits, or ``None``.

        Args:
            text: The user agent.
            lowered: The same in lower case.
        """
        exact = self._exact.get(text)
        if exact is not None:
            return exact
        best, found = 1 << 30, None
        known = self._words
        for word in _WORD.findall(lowered):
            if word in known and known[word][0] < best:
                best, found = known[word]
        begun = self._begins(lowered)
        if begun is not None and self._starts[begun[0]][0] < best:
            best, found = self._starts[begun[0]]
        tests = self._tests if found is None else self._tests[: bisect_left(self._places, best)]
        for needed, fits, rule in tests:
            if needed in lowered and (fits is None or fits(lowered)):
                return rule
        return found


_Test = tuple[str, Callable[[str], object] | None, AgentRule]
"""A text that must be there, a closer look for when it is, and the rule."""


def _tests_of(rule: AgentRule) -> list[_Test]:
    """Make the tests of a rule that is not a plain name."""
    pattern = rule.pattern
    if rule.how == "has":
        return [(pattern, None, rule)]
    needed, mark, closer = pattern.partition(" :: ")
    if rule.how != "re" or not mark:
        raise ConfigError("a rule for user agents must be exact, start, has, word, or re with what must be there")
    try:
        fits = re.compile(closer).search
    except re.error as error:
        raise ConfigError("a rule for user agents has a pattern that cannot be read") from error
    return [(part, fits, rule) for part in needed.split("|")]
