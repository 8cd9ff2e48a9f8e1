"""Reports that people and programs read: text, JSON, CSV and one self-contained HTML page, from one :class:`Report`.

Does not count: a report shows what ``counting`` found, with units, denominators and intervals.
"""

from mailbeacon.reporting.content import Report
from mailbeacon.reporting.page import html
from mailbeacon.reporting.plain import text
from mailbeacon.reporting.sheet import csv
from mailbeacon.reporting.structure import json

__all__ = ["Report", "csv", "html", "json", "text"]
