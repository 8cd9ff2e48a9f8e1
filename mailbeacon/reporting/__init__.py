"""Reports that people and programs read: text, JSON, CSV and one self-contained HTML page, from one :class:`Report`.

Does not count: a report shows what ``counting`` found, with units, denominators and intervals.
"""

import warnings

from mailbeacon.reporting.content import Report
from mailbeacon.reporting.csv_rows import to_csv
from mailbeacon.reporting.german import GERMAN
from mailbeacon.reporting.page import to_html
from mailbeacon.reporting.plain import to_text
from mailbeacon.reporting.structure import to_json
from mailbeacon.reporting.texts import ENGLISH, Texts

__all__ = ["ENGLISH", "GERMAN", "Report", "Texts", "to_csv", "to_html", "to_json", "to_text"]

_OLD = {"csv": to_csv, "html": to_html, "json": to_json, "text": to_text}


def __getattr__(name: str) -> object:
    """Return a function by the name it had in 0.1.0, which shadows a module of the standard library."""
    if name in _OLD:
        said = f"mailbeacon.reporting.{name} is deprecated and goes with 0.4: use to_{name}"
        warnings.warn(said, DeprecationWarning, stacklevel=2)
        return _OLD[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
