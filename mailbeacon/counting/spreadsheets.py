"""Tables as CSV that a spreadsheet takes for text: the one writer of all that is exported for people."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

__all__ = ["csv_text", "safe_cell"]

_FORMULA = re.compile(r"[\t\r\n]|[\s\0-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫]")
"""What a spreadsheet takes for the beginning of a formula, also behind blanks and unseen signs that some leave out on
reading; the full-width and small forms too, in some languages.

Source: OWASP, CSV Injection, 2026.
"""


def safe_cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it; numbers stay."""
    if isinstance(value, int | float) or value is None:
        return "" if value is None else value
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV (RFC 4180), with a head line.

    Example:
        >>> csv_text(["group", "read"], [["=1+1", 5]]).splitlines()
        ['group,read', "'=1+1,5"]
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return sheet.getvalue()
