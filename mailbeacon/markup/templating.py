"""The tags of template languages in a document: where they are, and the document as HTML's own rules may read it.

A host often gives the template, not its result. HTML knows nothing of ``{% if c > 3 %}``: the ``>`` ends the tag it stands
in, and a quote in ``{{ _('<a href="…">') }}`` ends an attribute. So tags that hold such signs are covered with a sign that
means nothing to HTML, character for character, before the document is cut; all places stay what they are.

Knows the forms of Django, Jinja, Nunjucks, Twig, Liquid, Handlebars, Mustache, Go, EJS, ERB, PHP, Blade, Razor, Thymeleaf,
FreeMarker, Velocity, Smarty, Template Toolkit, AMPscript and Mailchimp, and fills in nothing. Every alternative stops before
another beginning of its own kind, or goes no deeper than a few brackets, so the search is linear.

Source: the documentation of these languages, 2026.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from operator import itemgetter
from typing import NamedTuple

__all__ = ["COVER", "Span", "SpanKind", "TemplateTags", "read_tags"]

COVER = "\ue001"
"""Stands for each character of a tag that HTML would misread. From the private use area, where no mail has a letter."""

_MARKS = (
    "{{",
    "{%",
    "{#",
    "<%",
    "<#",
    "</#",
    "<@",
    "<?",
    "${",
    "{!!",
    "*|",
    "%%[",
    "%%=",
    "[[",
    "[%",
    "[#",
    "[@",
    "{if",
    "{foreach",
    "{literal",
    "{$",
    "{extends",
    "{*",
    "#if",
    "#foreach",
    "#elseif",
    "#set",
    "#*",
    "@php",
    "@verbatim",
    "@end",
)
_AT = re.compile(r"@[\w.]*+\s?[(\[{*]")
"""What an expression or a directive of Razor or Blade, or a link of Thymeleaf, begins with."""
_STRINGS = r""""(?>[^"\\<]++|\\.|<(?![#@]))*+"|'(?>[^'\\<]++|\\.|<(?![#@]))*+'"""
"""Strings in a tag of FreeMarker's; none reaches into the next tag, so that no search reads a text twice."""
_INNER = r"\((?>[^()]++|\([^()]*+\))*+\)"
"""Brackets within brackets: what is deeper is no expression in a mail."""
_FORMS = (
    r"(?P<comment>\{\{~?!--(?>[^-{]++|-(?!-~?\}\})|\{(?!\{))*+--~?\}\}|\{\{~?!(?!--)[^{}]*+\}\}"
    r"|\{\{--(?>[^-{]++|-(?!-\}\})|\{(?!\{))*+--\}\}"
    r"|\{\{-?\s*+/\*(?>[^*{]++|\*(?!/)|\{(?!\{))*+\*/\s*+-?\}\}|\{#(?>[^#{]++|#(?!\})|\{(?!#))*+#\}"
    r"|<%(?:--|-?#)(?>[^%<]++|%(?!>)|<(?!%))*+%>|<#--(?>[^-<]++|-(?!->)|<(?!#--))*+-->"
    r"|\[#--(?>[^-\[]++|-(?!-\])|\[(?!#--))*+--\]|\{\*(?>[^*{]++|\*(?!\})|\{(?!\*))*+\*\}"
    r"|<[%?](?:php\b)?\s*+/\*(?>[^*<]++|\*(?!/)|<(?![%?]))*+\*/\s*+[%?]>"
    r"|@\*(?>[^*@]++|\*(?!@)|@(?!\*))*+\*@|#\*(?>[^*#]++|\*(?!#)|#(?!\*))*+\*#)"
    r"|\{\{\{\{[^{}]*+\}\}\}\}|\{\{(?>[^{}]++|\}(?!\})|\{(?!\{))*+\}\}\}?+|\{%(?>[^%{]++|%(?!\})|\{(?!%))*+%\}"
    r"|\{!!(?>[^!{]++|!(?!!\})|\{(?!!!))*+!!\}|<%(?>[^%<]++|%(?!>)|<(?!%))*+%>"
    r"|\{\$[^{}]++\}|\{(?:if|elseif|foreach|section|for|while|include|assign|capture|extends|block)\s[^{}]*+\}"
    r"|\{(?:/(?:if|foreach|section|for|while|capture|block)|else|literal)\}"
    rf"|<\?(?!xml\b)(?>[^?<]++|\?(?!>)|<(?!\?))*+\?>|</?[#@][a-zA-Z](?>[^<>()\"']++|{_STRINGS}|\([^<()]*+\))*+>"
    rf"|\[%[-+~=]?\s*+[a-zA-Z#](?>[^%\[]++|%(?!\])|\[(?!%))*+%\]|\[/?[#@][a-zA-Z](?>[^\[\]\"']++|{_STRINGS}|\[[^\[\]]*+\])*+\]"
    r"|\$\{(?>[^{}]++)\}|\*\|[^|*]*+\|\*|\[\[\s*+[$@#~a-zA-Z_(][^\[\]]*+\]\]|%%\[(?>[^\]%]++|\](?!%%)|%(?!%\[))*+\]%%"
    r"|%%=(?>[^=%]++|=(?!%%)|%(?!%=))*+=%%|#\[\[|@verbatim\b|@php\b(?!\s*+\()"
    r"|(?<![\"'\w.])(?:#end\b|@(?:end[a-z]++|stop|show|append|overwrite)\b)"
    r"|@\{(?>[^{}@]++|@(?!\{)|\{(?>[^{}]++|\{[^{}]*+\})*+\})*+\}"
    rf"|(?<![\w.])@(?:(?:if|elseif|foreach|for|unless|while)\s?+|[a-zA-Z][\w.]*+)?(?:\((?>[^()@]++|@(?![a-zA-Z(])|{_INNER})*+\)|(?<=\w)\[[^\[\]@]*+\])"
    rf"|#(?:if|elseif|foreach|set|unless|while)\s?+\((?>[^()#]++|#(?!(?:if|elseif|foreach|set)\b)|{_INNER})*+\)"
)
_TAG = re.compile(_FORMS)
_TAG_OR_LINE = re.compile(rf"(?P<line>(?<![^\n])[ \t]*+##[^\n]*+)|{_FORMS}")
"""The same where a line that begins with ``##`` is a comment: in Velocity. Elsewhere it may be a headline, with tags in it."""
_RISKY = re.compile("[<>\"']")
_VELOCITY = re.compile(r"#(?:set|if|foreach|parse|macro|include)\s?\(")
"""What tells that ``##`` begins a comment."""
_OPENS_REGION = re.compile(
    r"\{%[-+~]?\s*+(?:(?P<comment>comment)\b|(blocktrans(?:late)?|verbatim|raw|trans)\b)"
    r"|(<#noparse>|\[#noparse\]|@verbatim|@php|#\[\[|\{literal\}|\{\{\{\{(?![/}]))"
)
_END = {
    name: re.compile(rf"\{{%[-+~]?\s*+end{name}\b[^%]*+%\}}")
    for name in ("comment", "blocktrans", "blocktranslate", "verbatim", "raw")
} | {
    "trans": re.compile(r"\{%[-+~]?\s*+(?:(?P<end>endtrans)\b[^%]*+%\}|trans\b)"),
    "<#noparse>": re.compile("</#noparse>"),
    "[#noparse]": re.compile(r"\[/#noparse\]"),
    "@verbatim": re.compile(r"@endverbatim\b"),
    "@php": re.compile(r"@endphp\b"),
    "#[[": re.compile(r"\]\]#"),
    "{literal}": re.compile(r"\{/literal\}"),
    "{{{{": re.compile(r"\{\{\{\{/[^{}]*+\}\}\}\}"),
}
"""What ends a stretch that is looked up or shown as it stands, by what begins it. Django's ``trans`` is a tag without an end: only
where an end comes before the next one it is Jinja's or Twig's."""
_SCOPES = re.compile(
    r"\{\{[~-]?\s*+(?:#(?!if\b|unless\b|else\b)\*?([\w.]++)|(range|with|define|block)\s++[\w.$\"`(])|\{%[-+~]?\s*+(macro)\b"
)
_OPENS = re.compile(
    r"\{%[-+~]?\s*+(?:if|ifequal|ifnotequal|ifchanged|unless|for|case|macro|tablerow)\b"
    r"|\{\{[~-]?\s*+(?:[#^]|if\b|(?:range|with|define|block)\s++[\w.$\"`(])|[<\[]#(?:if|list|macro|switch)\b|\{(?:if|foreach|section|for|while)\b"
    r"|\[%[-+~]?\s*+(?:IF|UNLESS|FOREACH|FOR|WHILE|SWITCH|BLOCK)\b|<%-?\s*(?:if|unless|for|while)\b|[#@](?:if|foreach|for|unless|while)\b"
)
_CODE = re.compile(r"<(?:%[-_=]?|\?(?:php\b)?)\s*+(?!\}|else|elsif|when\b|case\b|default\b)")
_CODE_OPENS = re.compile(r"(?:\{|\bdo(?:\s*+\|[^|]*+\|)?|\bthen|\)\s*+:)\s*+[-_]?[%?]>\Z")
_CODE_REACH = 80
"""How far from its end a tag of EJS, ERB or PHP is read for what begins a block there."""

_CLOSES = re.compile(
    r"\{%[-+~]?\s*+end(?:if|ifequal|ifnotequal|ifchanged|unless|for|case|macro|tablerow)\b|\{\{[~-]?\s*+(?:/|end\b)"
    r"|[<\[]/#(?:if|list|macro|switch)\b|\{/(?:if|foreach|section|for|while)\}|\[%[-+~]?\s*+END\b"
    r"|<(?:%[-_]?|\?(?:php\b)?)\s*+(?:\}(?!\s*else)|end(?:if|foreach|for|while|switch)?\b)|[#@]end(?:if|foreach|for|unless|while)?\b"
)


class SpanKind(Enum):
    """What a stretch of a template is."""

    TAG = "tag"
    COMMENT = "comment"
    REGION = "region"
    """Text between two tags that is looked up or shown as it stands: a message to translate, or what is not filled in."""


class Span(NamedTuple):
    """A stretch of a template: ``source[start:end]``."""

    start: int
    end: int
    kind: SpanKind


class TemplateTags(NamedTuple):
    """The tags of one document.

    Attributes:
        source: The document.
        covered: The document with :data:`COVER` over comments, and over tags that HTML would misread.
        spans: The tags, comments and regions, in order; none lies inside another.
    """

    source: str
    covered: str
    spans: list[Span]

    def at(self, start: int, end: int) -> SpanKind | None:
        """Return the kind of the span that a stretch lies in or meets, or ``None``."""
        index = bisect_right(self.spans, start, key=itemgetter(0)) - 1
        for span in self.spans[max(index, 0) : index + 2]:
            if span.start < max(end, start + 1) and start < span.end:
                return span.kind
        return None

    def open_blocks(self, places: Sequence[int]) -> Iterator[tuple[Span | None, Span | None]]:
        """Yield what is still open at each of some offsets, in order.

        Yields:
            The outermost tag before it that opens a condition, a loop or a block, and the innermost one in whose block names
            mean something else; ``None`` where there is none.
        """
        opened: list[tuple[Span, Span | None]] = []
        index = 0
        for place in places:
            while index < len(self.spans) and self.spans[index].start < place:
                span = self.spans[index]
                index += 1
                if span.kind is not SpanKind.TAG:
                    continue
                text = self.source[span.start : span.end]
                if _CLOSES.match(text):
                    opened[-1:] = []
                elif _OPENS.match(text) or (_CODE.match(text) and _CODE_OPENS.search(text[-_CODE_REACH:])):
                    around = opened[-1][1] if opened else None
                    opened.append((span, span if _SCOPES.match(text) else around))
            yield (opened[0][0], opened[-1][1]) if opened else (None, None)


def read_tags(source: str) -> TemplateTags | None:
    """Return the template tags of a document or text; ``None`` where it has none."""
    if not any(mark in source for mark in _MARKS) and not _AT.search(source):
        return None
    spans = list(_spans(source))
    if not spans:
        return None
    parts, at = [], 0
    for start, end, kind in spans:
        if kind is SpanKind.COMMENT or (kind is SpanKind.TAG and _RISKY.search(source, start, end)):
            parts += [source[at:start], COVER * (end - start)]
            at = end
    return TemplateTags(source, "".join([*parts, source[at:]]), spans)


def _spans(source: str) -> Iterator[Span]:
    skip_to = 0
    never_closed: set[str] = set()
    for found in (_TAG_OR_LINE if _VELOCITY.search(source) else _TAG).finditer(source):
        start, end = found.span()
        if start < skip_to:
            continue
        opens = _OPENS_REGION.match(source, start)
        name = (opens["comment"] or opens[2] or opens[3]) if opens else ""
        closing = _END[name].search(source, end) if name and name not in never_closed else None
        if name and not closing:
            never_closed.add(name)
        if closing and closing.groupdict().get("end", name):
            skip_to = closing.end()
            yield Span(start, skip_to, SpanKind.COMMENT if name == "comment" else SpanKind.REGION)
            continue
        yield Span(start, end, SpanKind.COMMENT if found.lastgroup else SpanKind.TAG)
