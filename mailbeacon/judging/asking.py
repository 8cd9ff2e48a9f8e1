"""Ask rules what they see of an event; a rule that fails is named."""

from __future__ import annotations

from collections.abc import Iterable

from mailbeacon.errors import RuleError
from mailbeacon.judging.context import Context
from mailbeacon.judging.rules import Rule
from mailbeacon.model import Event

__all__ = ["ask"]


def ask(rules: Iterable[Rule], event: Event, context: Context) -> list[tuple[Rule, str]]:
    """Return the rules that see something of an event, of those for its kind, and what each sees.

    Raises:
        RuleError: If a rule fails, or returns no text.
    """
    found = []
    for rule in rules:
        if event.kind in rule.kinds:
            try:
                detail: object = rule.check(event, context)
            except Exception as error:
                raise RuleError(rule.name, f"failed: {type(error).__name__}") from error
            if detail and not isinstance(detail, str):
                raise RuleError(rule.name, f"must give a text, got {type(detail).__name__}")
            if isinstance(detail, str) and detail:
                found.append((rule, detail))
    return found
