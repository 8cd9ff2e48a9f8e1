"""Measure one recipient's whole mail: a compiled mail against a deep copy of an email object, serialised.

Run by hand: ``python tests/bench/mail.py [shared folder]``. Prints a table and one line of JSON.
"""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parents[2])]

import mailbeacon as mb  # noqa: E402 - run as a program, the package is found beside it
from mailbeacon.composing import compile_mail  # noqa: E402

if TYPE_CHECKING:
    from mailbeacon.composing import MailTemplate
    from mailbeacon.template import Template

SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROUNDS = 60
FIELDS = {
    "To": "u17@example.net",
    "Message-ID": "<u17.spring@example.com>",
    "List-Unsubscribe": "<https://t.example.com/m/u/17>",
}
"""What differs from mail to mail, besides the links."""


def main(shared: Path) -> None:
    """Measure all four documents; the columns are compiled, copied, built (µs, medians) and the ratios of both to ours."""
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef"])
    table = []
    for size in ("S", "M", "L", "XL"):
        html = (shared / "corpus" / "bench" / f"{size}.html").read_bytes().decode()
        mail = letter(html)
        found = rounds(partial(render, compiled(beacon, mail)), partial(copied, mail), partial(built, mail, html))
        ours, copy, build = (median(times) for times in zip(*found, strict=True))
        ratios = {"copied": median(row[1] / row[0] for row in found), "built": median(row[2] / row[0] for row in found)}
        table.append({"size": size, "mailbeacon": ours, "copied": copy, "built": build, "ratios": ratios})
        print(f"{size:>3} {ours:9.1f} {copy:9,.0f} {build:9,.0f} {ratios['copied']:9,.0f} {ratios['built']:9,.0f}")
    print(json.dumps({"bench": "mail", "unit": "µs", "rows": table}))


def letter(html: str) -> EmailMessage:
    """Return a usual newsletter: text and HTML, with the header that large providers ask of a mailing."""
    mail = EmailMessage()
    mail["From"] = "News <news@example.com>"
    mail["Subject"] = "The spring letter"
    mail["To"] = "reader@example.net"
    mail["Reply-To"] = "The editors <editors@example.com>"
    mail["Date"] = SENT
    mail["List-Unsubscribe"] = "<https://t.example.com/m/u/0>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Message-ID"] = "<1@example.com>"
    mail.set_content("Read it at https://example.com/spring\n")
    mail.add_alternative(html, subtype="html")
    return mail


def compiled(beacon: mb.Beacon, mail: EmailMessage) -> MailTemplate:
    """Compile the mail with the facade's own compiler of documents."""

    def bodies(html: str, text: str, /, *, first_number: int, pixel: bool) -> Template:
        return beacon.compile(html, text, campaign="spring", verify=False)

    return compile_mail(mail, bodies, levels=beacon.levels, sign=beacon.sign)


def render(template: MailTemplate) -> bytes:
    """Make one recipient's mail, with a message made anew and the fields every mail differs in."""
    message = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
    return template.render(message, FIELDS)


def copied(mail: EmailMessage) -> bytes:
    """Do the least a mailer does with the standard library: copy, address, serialise; no link is even rewritten."""
    copy = deepcopy(mail)
    for name, value in FIELDS.items():
        copy.replace_header(name, value)
    return copy.as_bytes()


def built(mail: EmailMessage, html: str) -> bytes:
    """Do what gives each recipient links of their own: copy, address, put their HTML in, serialise."""
    copy = deepcopy(mail)
    for name, value in FIELDS.items():
        copy.replace_header(name, value)
    part = copy.get_body(("html",))
    assert isinstance(part, EmailMessage)
    part.set_content(html, subtype="html")
    return copy.as_bytes()


def rounds(*works: partial[bytes]) -> list[list[float]]:
    """Return the time of one call of each, in microseconds, in rounds taken in turn: a slow moment hits them all."""
    counts = []
    for work in works:
        work()
        start = process_time()
        work()
        counts.append(max(1, int(0.01 / (process_time() - start))))
    found = []
    for _ in range(ROUNDS):
        row = []
        for work, count in zip(works, counts, strict=True):
            start = process_time()
            for _ in range(count):
                work()
            row.append((process_time() - start) / count * 1e6)
        found.append(row)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared")
