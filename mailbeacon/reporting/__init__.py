"""Reports that people and programs read: text and JSON, from one :class:`Report`.

Does not count: a report shows what ``counting`` found, with units, denominators and intervals.
"""

from mailbeacon.reporting.content import Report
from mailbeacon.reporting.plain import text
from mailbeacon.reporting.structure import json

__all__ = ["Report", "json", "text"]
