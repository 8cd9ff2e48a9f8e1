"""Access logs in, events out: what a server in front of the tracking routes wrote, read as if the requests came now.

Judges and counts nothing (see ``engines``), and follows no file that still grows: run it again, it goes on where it was.
"""

from mailbeacon.logs.files import Piece
from mailbeacon.logs.guessing import NAMES, format_of, guess
from mailbeacon.logs.jsonlines import JsonFields
from mailbeacon.logs.lines import Format, Line
from mailbeacon.logs.reading import Counts, LineReader, read

__all__ = ["NAMES", "Counts", "Format", "JsonFields", "Line", "LineReader", "Piece", "format_of", "guess", "read"]
