"""Where parts and bodies are in the raw bytes of a mail, and how to change a body there without touching the rest.

An own scanner: the standard library's parser and generator are not used, since the generator folds headers anew. Signs
nothing, rewrites no link.
"""

from mailbeacon.mime.bodies import Body, find_bodies, header_changes, is_text, open_body, why_unreadable
from mailbeacon.mime.fields import Field, Parameter, parameter_values, parameters, unfolded
from mailbeacon.mime.headers import field
from mailbeacon.mime.parts import MAX_DEPTH, MAX_PARTS, Part, find_field, read_parts, walk
from mailbeacon.mime.refusals import addresses, count_recipients, seal, signature_fields
from mailbeacon.mime.texts import Change, Text, read_text
from mailbeacon.mime.transfer import MAX_LINE, PLAIN, apply, decode, fits, line_end, quote, splice

__all__ = [
    "MAX_DEPTH",
    "MAX_LINE",
    "MAX_PARTS",
    "PLAIN",
    "Body",
    "Change",
    "Field",
    "Parameter",
    "Part",
    "Text",
    "addresses",
    "apply",
    "count_recipients",
    "decode",
    "field",
    "find_bodies",
    "find_field",
    "fits",
    "header_changes",
    "is_text",
    "line_end",
    "open_body",
    "parameter_values",
    "parameters",
    "quote",
    "read_parts",
    "read_text",
    "seal",
    "signature_fields",
    "splice",
    "unfolded",
    "walk",
    "why_unreadable",
]
