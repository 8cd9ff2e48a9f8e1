"""Reports that people and programs read: text, JSON, CSV and one self-contained HTML page, from one :class:`Report`.

Does not count: a report shows what ``counting`` found, with units, denominators and intervals.
"""

from mailbeacon.renamed import renamed
from mailbeacon.reporting.content import Report
from mailbeacon.reporting.csv_rows import to_csv
from mailbeacon.reporting.german import GERMAN
from mailbeacon.reporting.page import to_html
from mailbeacon.reporting.plain import to_text
from mailbeacon.reporting.structure import to_json
from mailbeacon.reporting.texts import ENGLISH, Texts

__all__ = ["ENGLISH", "GERMAN", "Report", "Texts", "to_csv", "to_html", "to_json", "to_text"]


__getattr__ = renamed(__name__, {"csv": "to_csv", "html": "to_html", "json": "to_json", "text": "to_text"})
"""The names of 0.1.0 hide modules of the standard library."""
