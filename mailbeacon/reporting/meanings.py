"""How each number of a report is defined: the same sentences stand below the page and in the documentation."""

from __future__ import annotations

__all__ = ["MEANINGS"]

MEANINGS: tuple[tuple[str, str], ...] = (
    ("Hit", "One request for the pixel or for a link. Never a person, and never unique."),
    (
        "View",
        "Hits of one message by one client (for clicks: on one link) with no pause of more than five minutes: "
        "several fetches of one look.",
    ),
    (
        "Message",
        "One mail to one recipient. It counts once: as people's if a person was seen, else as unknown, "
        "else as the machines'.",
    ),
    (
        "People",
        "A person's own mail client or browser, or a provider's image proxy that fetches when a person opens.",
    ),
    (
        "Unknown",
        "A person or nobody, which cannot be told: above all Apple's Mail Privacy Protection, which fetches every "
        "image whether or not anyone reads.",
    ),
    ("Machines", "Prefetches, security scanners, link previews, crawlers and scripts."),
    ("Delivered", "Mails that may be counted and did not bounce, as the sender said."),
    (
        "Open rate",
        "A range: messages opened by people, to messages opened by people or unknown, of delivered messages. "
        "A click does not stand for an open unless the report says so.",
    ),
    ("Click rate", "The same range for clicks."),
    ("Click-to-open rate", "Messages that people both opened and clicked, of the messages people opened."),
    ("Share of a link", "Messages in which people clicked the link, of the messages in which people clicked any link."),
    (
        "Bounce rate",
        "Messages that bounced for good, of the messages sent; soft bounces are put off and stand apart.",
    ),
    (
        "Unsubscribe and complaint rate",
        "Messages whose reader unsubscribed, or reported spam, of the messages delivered.",
    ),
    ("Raw", "What a tool that believes every hit would say: all audiences together."),
    (
        "Readers, seen or not",
        "An estimate of all messages read by people, from those who clicked: how many of them were also seen opening "
        "tells what share of readers is seen at all (Chapman's estimate, Sadinle's interval).",
    ),
    (
        "Interval",
        "Where the true share may lie: 95 of 100 such intervals hold it (Wilson for shares, Newcombe for differences).",
    ),
)
"""Names and definitions, in the order in which a reader meets them."""
