"""The reference page of the rules, made from the rules themselves, so that it cannot differ from them.

Gives text; writes no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from mailbeacon.judging.classifier import DEFAULT_RULES, RULES_VERSION
from mailbeacon.judging.rules import Rule
from mailbeacon.judging.weighing import DEFAULT_PRIORS, chance
from mailbeacon.judging.windows import Windows

__all__ = ["rules_page"]

_HEAD = """# Rules of judging

This page is made from the rules by `mailbeacon.judging.reference.rules_page()`; do not edit it.
Rules version {version}.

Weights are evidence in log-odds: above 0 for a machine, below 0 for a person. They add up, starting from the chance
below; of each family only the strongest counts.
[How verdicts are made](../explanation/how-verdicts-are-made.md) tells more.
"""


def rules_page(rules: Iterable[Rule] = DEFAULT_RULES) -> str:
    """Write the reference page in Markdown.

    Args:
        rules: The rules to list.
    """
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    lines = [_HEAD.format(version=RULES_VERSION), "## Before any evidence", ""]
    lines += ["| event | log-odds | chance of a machine |", "|---|---|---|"]
    lines += [f"| {kind.value} | {prior:+.2f} | {chance(prior):.0%} |" for kind, prior in DEFAULT_PRIORS.items()]
    for family, members in families.items():
        lines += ["", f"## Family: {family}", "", "| rule | weight | asked of | looks at | what it does | source |"]
        lines += ["|---|---|---|---|---|---|", *map(_row, sorted(members, key=lambda rule: (-rule.weight, rule.name)))]
    lines += ["", "## Windows and borders", "", "| setting | default |", "|---|---|"]
    lines += [f"| `{item.name}` | {getattr(Windows(), item.name)} |" for item in fields(Windows)]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    kinds = ", ".join(sorted(kind.value for kind in rule.kinds))
    cells = (f"`{rule.name}`", f"{rule.weight:+.1f}", kinds, rule.needs.value, rule.about, rule.source)
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
