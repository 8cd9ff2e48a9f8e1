"""Write ``docs/reference/agents.md`` from the rules the package ships: run ``python docs/agents_page.py``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from mailbeacon.agents import AgentRule, read_rules

PAGE = Path(__file__).parent / "reference" / "agents.md"

_HEADINGS = {
    "privacy_proxy": "Privacy proxies",
    "prefetch": "Prefetches",
    "image_proxy": "Image proxies",
    "mail_client": "Mail clients",
    "browser": "Apps that general rules would take for machines",
    "scanner": "Scanners",
    "preview": "Link previews",
    "crawler": "Crawlers",
    "script": "Scripts and HTTP libraries",
}
_HOW = {
    "exact": "is exactly",
    "start": "starts with",
    "has": "contains",
    "word": "names the product",
    "re": "fits the pattern",
}


def render() -> str:
    """Return the page's text."""
    version, rules = read_rules()
    parts = [
        "# What user agents say they are\n",
        f"Generated from `mailbeacon/data/agents.tsv`, version {version}, {len(rules)} rules. "
        "The first rule that fits decides; proxies and mail clients stand before every rule for machines. "
        "What no rule names is judged by its form: a browser's form makes a browser, anything else a script. "
        "All but exact rules read the user agent in lower case; only its first 512 characters count.\n",
    ]
    for kind, group in groupby(rules, key=lambda rule: rule.kind.value):
        headings = [f"## {_HEADINGS[kind]}{more}\n" for more in ("", ", by their form", ", by their form, continued")]
        parts.append(next(heading for heading in headings if heading not in parts))
        parts.append("| name | the user agent … | source |\n|---|---|---|\n" + "".join(map(_row, group)))
    return "\n".join(parts)


def _row(rule: AgentRule) -> str:
    pattern = rule.pattern.rpartition(" :: ")[2].replace("|", "\\|")
    return f"| {rule.client or 'by its form'} | {_HOW[rule.how]} `{pattern}` | {rule.source}, {rule.year} |\n"


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
