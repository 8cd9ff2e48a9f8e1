"""How fast scenes are made, in how much memory, and how right the verdicts on them are.

Run: python -m tests.bench.fake [--recipients 200000] [--seed 1] [--judged 40000]. Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import UTC, datetime

import mailbeacon as mb
from mailbeacon import fake

SENT = datetime(2026, 11, 3, 9, tzinfo=UTC)
HTML = "<html><body>" + "".join(f'<a href="https://example.com/{n}">Read {n}</a>' for n in range(8)) + "</body></html>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=200_000)
    parser.add_argument("--judged", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef0123456789abcdef"])
    template = beacon.compile(HTML, campaign="spring")
    print(f"{'audience':12} {'recipients':>11} {'hits':>9} {'hits/s':>9} {'peak MB':>8}")
    for audience in (fake.CONSUMER, fake.BUSINESS, fake.INTERNAL):
        start = time.process_time()
        hits = fake.simulate(beacon, template, audience, recipients=options.recipients, seed=options.seed, sent_at=SENT)
        count = sum(1 for _ in hits)
        pace = count / (time.process_time() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{audience.name:12} {options.recipients:11} {count:9} {pace:9,.0f} {peak:8.0f}")
    for audience in (fake.CONSUMER, fake.BUSINESS, fake.INTERNAL):
        hits = fake.simulate(beacon, template, audience, recipients=options.judged, seed=options.seed, sent_at=SENT)
        pairs = list(fake.to_events(hits, beacon))
        events = [event for event, _ in pairs]
        print(f"\n== {audience.name}\n")
        print(fake.assess(events, mb.classify_all(events), (truth for _, truth in pairs)).text())


if __name__ == "__main__":
    main()
