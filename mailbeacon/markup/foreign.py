"""What tree construction adds to the tokens: SVG and MathML, ``select``, ``frameset`` and ``template``.

Errs on one side only: it may call a place possibly foreign that is not, never the other way round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Context"]

_FOREIGN = frozenset({"svg", "math"})
_LEAVES_FOREIGN = frozenset({
    "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2",
    "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre",
    "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var", "font", "/p",
    "/br",
})  # fmt: skip
"""Tags that may end foreign content. Source: HTML Living Standard, section 13.2.6.5 (``font`` only with some attributes)."""
_INTEGRATION = frozenset(["foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"])
"""Elements inside which HTML's own rules apply again. Source: section 13.2.6, integration points."""
_OTHERS = frozenset({"select", "template", "frameset", "/select", "/template"})
_UNQUOTED_END = re.compile(r"""=[^\s"'>]*/>\Z""")


@dataclass(slots=True)
class Context:
    """Follow the tags that change how others are read.

    Attributes:
        foreign: The names of the elements open from an SVG or MathML root on, the root first.
        sticky: Foreign content that something unusual was found in counts as open to the end.
    """

    foreign: list[str] = field(default_factory=list)
    sticky: bool = False
    math: bool = False
    select: bool = False
    frameset: bool = False
    templates: int = 0

    @property
    def maybe_foreign(self) -> bool:
        """Whether raw-text names might be ordinary elements here."""
        return bool(self.foreign) or self.sticky or self.select or self.frameset

    @property
    def in_svg(self) -> bool:
        """Whether the current tags are surely SVG's."""
        return bool(self.foreign) and self.foreign[0] == "svg" and not self.sticky

    @property
    def hides_links(self) -> bool:
        """Whether a link here is no link of the document."""
        in_math = bool(self.foreign) and self.foreign[0] == "math"
        return in_math or (self.sticky and self.math) or self._hides

    @property
    def _hides(self) -> bool:
        return self.select or self.frameset or self.templates > 0

    @property
    def is_unclosed(self) -> bool:
        """Whether something is open in which an image might be lost."""
        return bool(self.foreign) or self.sticky or self._hides

    def skip_label(self, name: str, source: str, after_tag: int) -> int:
        """Return where a plain ``title`` or ``desc`` inside SVG ends, or 0 when it is not a plain one."""
        if self.foreign and not self.sticky and name in ("title", "desc"):
            at = source.find("<", after_tag)
            if at >= 0 and source[at : at + len(name) + 3].lower() == f"</{name}>":
                return at + len(name) + 3
        return 0

    def follow(self, name: str, tag: str) -> None:
        """Take one closed tag into account."""
        if self.foreign:
            self._follow_foreign(name, tag)
        elif name in _FOREIGN and not self_closed(tag):
            self._open(name)
        if name == "select":
            self.select = True
        elif name == "/select":
            self.select = self.select and self.templates > 0
        elif name == "template":
            self.templates += 1
        elif name == "/template":
            self.templates = max(0, self.templates - 1)
        elif name == "frameset":
            self.frameset = True

    def doubt(self, name: str) -> bool:
        """Take a tag into account that may be text; return whether all that follows is in doubt."""
        if name and self.foreign:
            self.sticky = True
        return name.removeprefix("/") in _FOREIGN or name in _OTHERS

    def _open(self, name: str) -> None:
        self.foreign.append(name)
        self.math = self.math or name == "math"

    def _follow_foreign(self, name: str, tag: str) -> None:
        if self.sticky:
            self.math = self.math or name == "math"
        elif name in _LEAVES_FOREIGN or name in _INTEGRATION or name in _OTHERS:
            self.sticky = True
        elif name[:1] == "/":
            self._close(name[1:])
        elif not self_closed(tag):
            self._open(name)

    def _close(self, name: str) -> None:
        """Close elements up to one of a name; if there is none, the end tag may be of an element around the root."""
        while self.foreign:
            if self.foreign.pop() == name:
                return
        self.sticky = True


def self_closed(tag: str) -> bool:
    """Check whether a tag ends in ``/>`` where the slash is not part of a bare value."""
    return tag.endswith("/>") and not _UNQUOTED_END.search(tag[-200:])
