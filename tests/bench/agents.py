"""What user agents are taken for, and how fast, and networks looked up: ``python tests/bench/agents.py``.

Reads the labelled lists of the shared test material, which are not part of this repository; without them only the speed is
told. Prints tables; asserts nothing.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from timeit import Timer

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from mailbeacon import networks  # noqa: E402 - run as a program, the package is found beside it
from mailbeacon.agents import Agents  # noqa: E402
from mailbeacon.errors import MissingExtra  # noqa: E402
from mailbeacon.model import AgentKind, Networks  # noqa: E402

MACHINES = {AgentKind.SCANNER, AgentKind.PREVIEW, AgentKind.CRAWLER, AgentKind.SCRIPT, AgentKind.PREFETCH}
LABELS = {
    "mpp_prefetch": AgentKind.PRIVACY_PROXY,
    "image_proxy_human": AgentKind.IMAGE_PROXY,
    "gmail_prefetch": AgentKind.PREFETCH,
    "security_scanner": AgentKind.SCANNER,
    "link_preview": AgentKind.PREVIEW,
    "script": AgentKind.SCRIPT,
    "mail_client_human": AgentKind.MAIL_CLIENT,
}
AMBIGUOUS = "OneOutlook"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
)
PIECES = ("(", "[", "a.", "msie 9.0;", "x@", "trident/ mac os x ", "http:", "bot", "(khtml, like gecko; ")
Row = dict[str, str]


def rows(folder: Path, name: str) -> list[Row]:
    """Read one of the lists."""
    with (folder / f"{name}_ua.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def shares(folder: Path) -> Iterator[tuple[str, int, float, str]]:
    """Return for each list: its name, how many rows, the share that was right or flagged, and the target."""
    kind = Agents().kind

    def flagged(found: list[Row]) -> float:
        return sum(kind(row["ua"]) in MACHINES for row in found) / max(len(found), 1)

    bots, people = rows(folder, "bots"), rows(folder, "humans")
    for tier, target in (("A", ">= 95 %"), ("B", ">= 98 %")):
        found = [row for row in bots if row["tier"] == tier]
        yield f"bots of tier {tier}, found", len(found), flagged(found), target
    real = [row for row in people if row["tier"] == "real"]
    yield "people in real traffic, flagged", len(real), flagged(real), "<= 0.2 %"
    fixtures = [row for row in people if row["tier"] != "real"]
    yield "people in libraries' fixtures, flagged", len(fixtures), flagged(fixtures), ""
    clients = [row for row in people if row["kind"] == "mail_client"]
    clients += [row for row in rows(folder, "email") if row["label"] == "mail_client_human"]
    yield "mail clients, flagged", len(clients), flagged(clients), "<= 1 %"
    mail = [row for row in rows(folder, "email") if AMBIGUOUS not in row["ua"]]
    right = sum(kind(row["ua"]) is LABELS[row["label"]] for row in mail) / len(mail)
    yield f"rows of email_ua.tsv but {AMBIGUOUS}, right", len(mail), right, "100 %"


def each(ask: Callable[[str], object], texts: list[str]) -> float:
    """Return the median time of one question over the texts, in microseconds; the best of some rounds for each text."""
    found = []
    for text in texts:
        best = 1.0
        for _ in range(5):
            start = perf_counter()
            ask(text)
            best = min(best, perf_counter() - start)
        found.append(best * 1e6)
    return median(found)


def times(folder: Path | None) -> Iterator[tuple[str, float, str]]:
    """Return what one question costs, in microseconds, with its target; the kind of a user agent is never remembered."""
    agents = Agents()
    browsers = [CHROME.format(major) for major in range(90, 152)]
    lists = {"a plain browser": browsers}
    if folder is not None:
        lists["a bot, from the list"] = [row["ua"] for row in rows(folder, "bots")][::9]
        lists["a person, from the list"] = [row["ua"] for row in rows(folder, "humans")]
    for name, texts in lists.items():
        yield f"kind, never seen: {name}", each(agents.kind, texts), "<= 15"
    agents.identify(browsers[0])
    seen = Timer("identify(text)", globals={"identify": agents.identify, "text": browsers[0]})
    yield "identify, seen before", min(seen.repeat(20, 10_000)) / 10_000 * 1e6, "<= 0.2"
    for size in (512, 8_192, 81_920):
        hostile = [(piece * size)[:size] for piece in PIECES]
        yield f"kind, hostile, {size:,} characters, the slowest", max(each(agents.kind, [text]) for text in hostile), ""


def look_ups() -> Iterator[tuple[str, float, str]]:
    """Return what one look-up of an address costs, in microseconds; the target is 400,000 a second."""
    random = Random(1)
    addresses = [str(IPv4Address(random.randrange(1 << 32))) for _ in range(4_000)]
    addresses += [str(IPv6Address((1 << 125) + random.randrange(1 << 125))) for _ in range(1_000)]
    tables: dict[str, Networks] = {"own table": networks.builtin()}
    with suppress(MissingExtra):
        tables["iporigin under it"] = networks.from_iporigin()
    for name, table in tables.items():
        asked = Timer("[look(one) for one in addresses]", globals={"look": table.lookup, "addresses": addresses})
        yield f"network of an address, {name}", min(asked.repeat(20, 1)) / len(addresses) * 1e6, "<= 2.5"


def main() -> None:
    folder = Path(os.environ.get("MAILBEACON_SHARED") or ROOT.parent / "shared") / "data"
    present = folder if folder.is_dir() else None
    if present is None:
        print("the labelled lists are absent (set MAILBEACON_SHARED)")
    else:
        print(f"{'list':52} {'rows':>6} {'share':>9}  target")
        for name, count, share, target in shares(present):
            print(f"{name:52} {count:6} {share:9.2%}  {target}".rstrip())
    print(f"\n{'one question':52} {'':6} {'µs':>9}  target")
    for name, time, target in (*times(present), *look_ups()):
        print(f"{name:52} {'':6} {time:9.2f}  {target}".rstrip())


if __name__ == "__main__":
    main()
