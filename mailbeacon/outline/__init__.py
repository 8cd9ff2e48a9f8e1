"""The document as a browser sees it: its links with their labels, and the proof that a rewriting changed nothing else.

Reads with html5lib, scripting off, and is the package's only importer of it. Does not rewrite, and gives no places in
the source. What html5lib would need too long for is a ``RewriteError``.

html5lib 1.1 (2020) is older than the standard in some points: ``template`` is an ordinary element, ``select`` takes
no other content, ``menuitem`` and ``isindex`` still have rules, ``search`` has none.
"""

from mailbeacon.outline.bounded import MAX_ATTRIBUTES, MAX_CHARACTERS, MAX_DEPTH, MAX_UNITS
from mailbeacon.outline.labels import MAX_LABEL, Outline, SeenLink, parse
from mailbeacon.outline.proof import compare

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_LABEL",
    "MAX_UNITS",
    "Outline",
    "SeenLink",
    "compare",
    "parse",
]
