"""Where the links of a document are, to the character, and how text is put into it.

A scanner in ``re`` that agrees with the WHATWG tokenizer and never builds a tree; edits are splices of attribute values.
Does not decide which links to wrap (see ``rewriting``).
"""

from mailbeacon.markup.attributes import Attribute, attributes, tag_name
from mailbeacon.markup.grammar import COMMENT, RAW_NAMES, TAG
from mailbeacon.markup.references import attribute_text, escape_attribute, trim_url, url_text
from mailbeacon.markup.scanner import Scan, scan, tokens
from mailbeacon.markup.templating import COVER, Span, SpanKind, TemplateTags, read_tags

__all__ = [
    "COMMENT",
    "COVER",
    "RAW_NAMES",
    "TAG",
    "Attribute",
    "Scan",
    "Span",
    "SpanKind",
    "TemplateTags",
    "attribute_text",
    "attributes",
    "escape_attribute",
    "read_tags",
    "scan",
    "tag_name",
    "tokens",
    "trim_url",
    "url_text",
]
