"""What a report's sentences are where they speak of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailbeacon.counting import Sentence

__all__ = ["said_of"]

_ONE: Final[Mapping[str, str]] = {
    "{hits} opens of mails older than the sender counts are in no figure.": "1 open of a mail older than the sender counts is "
    "in no figure.",
    "{hits} clicks in mails older than the sender counts are in no figure.": "1 click in a mail older than the sender counts is "
    "in no figure.",
    "{hits} opens are of mails that claim to be sent later than they were opened: is the time of sending in the right time "
    "zone? They are counted.": "1 open is of a mail that claims to be sent later than it was opened: is the time of sending in "
    "the right time zone? It is counted.",
    "{hits} clicks are in mails that claim to be sent later than they were clicked: is the time of sending in the right time "
    "zone? They are counted.": "1 click is in a mail that claims to be sent later than it was clicked: is the time of sending "
    "in the right time zone? It is counted.",
    "{hits} opens beyond those of one message in one day that are recorded are in no figure.": "1 open beyond those of one "
    "message in one day that are recorded is in no figure.",
    "{hits} clicks beyond those in one message in one day that are recorded are in no figure.": "1 click beyond those in one "
    "message in one day that are recorded is in no figure.",
    "{hits} opens are of no known recipient: they are hits only.": "1 open is of no known recipient: it is a hit only.",
    "{hits} clicks are of no known recipient: they are hits only.": "1 click is of no known recipient: it is a hit only.",
    "{hits} opens are of mails without a time of sending: two mails of one campaign to one person count as one message there, "
    "unless each has its own id.": "1 open is of a mail without a time of sending: two mails of one campaign to one person count "
    "as one message there, unless each has its own id.",
    "{hits} clicks are in mails without a time of sending: two mails of one campaign to one person count as one message there, "
    "unless each has its own id.": "1 click is in a mail without a time of sending: two mails of one campaign to one person "
    "count as one message there, unless each has its own id.",
    "{number} messages bounced and were opened or clicked by people all the same: they count as delivered too.": "1 message "
    "bounced and was opened or clicked by a person all the same: it counts as delivered too.",
    "{number} messages bounced for good: take these addresses off the list before the next mail.": "1 message bounced for "
    "good: take this address off the list before the next mail.",
    "{number} subscribers have not been seen for long: ask them whether they want to stay.": "1 subscriber has not been seen "
    "for long: ask whether they want to stay.",
}


def said_of(number: int, pattern: str) -> Sentence:
    """Return a sentence about so many, whose pattern has one place: for the number.

    Example:
        >>> said_of(1, "{hits} opens are of no known recipient: they are hits only.")
        '1 open is of no known recipient: it is a hit only.'
    """
    name = pattern.partition("{")[2].partition("}")[0]
    return Sentence.of(_ONE[pattern]) if number == 1 else Sentence.of(pattern, **{name: number})
