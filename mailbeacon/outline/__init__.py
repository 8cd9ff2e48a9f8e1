"""The document as a browser sees it: its links with their labels, and the proof that a rewriting changed nothing else.

Reads with html5lib, scripting off, and is the package's only importer of it. Does not rewrite, and gives no places in
the source. What html5lib would need too long for is a ``RewriteError``.

html5lib 1.1 (2020) is older than the standard. Its tokenizer agrees with the html5lib-tests but for a doctype
without a name and NUL in CDATA. Its trees differ where these stand: ``template`` (an ordinary element there),
``select`` with other content, ``rb`` and ``rtc`` in ``ruby``, ``dialog``, ``search``, ``isindex``, ``command``,
``menuitem``, ``</p>`` and ``</br>`` in SVG or MathML, the old attribute names of SVG, ``li`` foster-parented twice,
the adoption agency across more than three unknown elements, and white space after ``</body>``, which opens no formatting
again.
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
