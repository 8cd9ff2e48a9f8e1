"""Write ``docs/reference/rules.md`` from the rules themselves: run ``python docs/rules_page.py``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from mailbeacon.judging.classifier import DEFAULT_RULES, RULES_VERSION
from mailbeacon.judging.rules import Rule
from mailbeacon.judging.weighing import DEFAULT_PRIORS, chance
from mailbeacon.judging.windows import Windows

PAGE = Path(__file__).parent / "reference" / "rules.md"

_HEAD = """# Rules of judging

Generated from the rules of `mailbeacon.judging`.
Rules version {version}.

Weights are evidence in log-odds: above 0 for a machine, below 0 for a person. They add up, starting from the chance
below; of each family only the strongest counts. Rules of the family `doubt` may keep a person from being called one, and
never make a machine.
[How verdicts are made](../explanation/how-verdicts-are-made.md) tells more.
"""


def render(rules: Iterable[Rule] = DEFAULT_RULES) -> str:
    """Return the page's text.

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


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
