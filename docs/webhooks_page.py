"""Write ``docs/reference/webhooks.md`` from the tables of the providers' files: run ``python docs/webhooks_page.py``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mailbeacon.model import Kind
from mailbeacon.webhooks import DELIVERY_KINDS, PROVIDERS, Passed
from mailbeacon.webhooks.reading import Provider

PAGE = Path(__file__).parent / "reference" / "webhooks.md"

_HEAD = """# Providers' webhooks

What each provider's words become, generated from `mailbeacon/webhooks/`. How to receive them is told in
[](../how-to/receive-webhooks.md). Words that are not here are counted as `unknown-kind` and make no event.
"""
_PASSED = {
    Passed.NOT_OURS: "The mail was sent without `beacon.metadata`, and `recipient_of` does not know its address.",
    Passed.NOT_WANTED: "Its kind was not asked for.",
    Passed.NOT_ALLOWED: "The mail's level, or the reader's consent of today, lets it not be recorded.",
    Passed.SAYS_NOTHING: "A word that is known and says nothing of a mail.",
    Passed.UNKNOWN_KIND: "A word this version does not know.",
}


def render() -> str:
    """Return the page's text."""
    parts = [_HEAD, _summary(), _kinds(), _reasons(), *map(_provider, PROVIDERS.values())]
    return "\n".join(parts)


def _summary() -> str:
    rows = [f"| `{one.name}` | {one.title} | {one.signed} | {one.carried} |" for one in PROVIDERS.values()]
    return "\n".join(
        [
            "## Who signs what\n",
            "| name | provider | what is signed | where `beacon.metadata` comes back |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _kinds() -> str:
    names = ", ".join(f"`{kind.name}`" for kind in Kind if kind in DELIVERY_KINDS)
    return f'## Delivery kinds\n\n`kinds="delivery"` takes {names}.\n'


def _reasons() -> str:
    rows = [f"| `{reason.value}` | {_PASSED[reason]} |" for reason in Passed]
    return "\n".join(["## What makes no event\n", "| in `.passed` | why |", "|---|---|", *rows, ""])


def _provider(provider: Provider) -> str:
    parts = [
        f"## {provider.title}\n",
        f"Source: {provider.source}.\n",
        "| its word | becomes |",
        "|---|---|",
        *_rows(provider.kinds),
    ]
    if provider.finer:
        parts += ["", f"| `{provider.finer_field}` | makes it |", "|---|---|", *_rows(provider.finer)]
    if provider.flags:
        parts += ["", "| its flag | hint |", "|---|---|"]
        parts += [f"| `{word}` | `{hint.name}` |" for word, hint in provider.flags.items()]
    return "\n".join([*parts, ""])


def _rows(words: Mapping[str, Kind | None]) -> list[str]:
    return [f"| `{word}` | {'nothing' if kind is None else f'`{kind.name}`'} |" for word, kind in words.items()]


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
