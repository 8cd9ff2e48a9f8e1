"""Fragments of hostile HTML, and how they become one document: each ``@`` is a link's address of its own.

Knows nothing of the package; the tests and the fuzzer draw from it.
"""

from __future__ import annotations

import re
from itertools import count

__all__ = ["FRAGMENTS", "LINKS", "number_links"]

LINKS = (
    *['<a href="@">', "<a href='@'>", "<a href=@>", "<a href=@>x</a>", "<A HREF=@ >", "<a href=@/>", "<a/href=@>"],
    *["<a href = '@' >", "<a x=y/href=@>", '<a x="y"href="@">', "<a =href=@>", "<a =href=1 href=@>", "<a\0 href=@>"],
    *[
        "<a href=@\0>",
        "<a\fhref=@>",
        "<a\r\nhref=@\r\n>",
        "<a href=@ href=@>",
        "<a title='</a>' href=@>",
        "<a href=@</a>",
    ],
    *[
        "<area href=@>",
        "<area/href=@>",
        "<a xlink:href=@>",
        "<svg><a xlink:href=@>x</a></svg>",
        "<svg><style><a href=@>",
    ],
    *[
        "<svg><title><a href=@>",
        "<select><a href=@>",
        "<p><a href=@><a href=@>",
        "<p title='<a href=@>'>",
        "<a href='@",
    ],
    *['<a href="@', "<a href=@", "<v:rect href='@'>", "<!--[if mso]><a href='@'>x</a><![endif]-->", "<a href={{x}}>"],
)
"""Links in every writing, and what only looks like one."""

FRAGMENTS = (
    *LINKS,
    *["<", ">", "</", "<a", "<a href=", "</a>", "</a href=x>", '"', "'", "=", "/", " ", "\n", "\r\n", "\r", "\t", "\0"],
    *["&", "&amp;", "&copy=", "x", "é", "\ufeff", "<!--", "-->", "--!>", "<!-->", "<!--->", "--", "-", "!", "<?", "<!"],
    *["<![CDATA[", "]]>", "<!doctype html>", "<!--[if mso]>", "<![endif]-->", "<![if !mso]>", "<![endif]>"],
    *["<style>", "</style>", "</style ", "</styl", "<style/>", "<title>", "</title>", "<title/>", "<textarea>", "</textarea>"],
    *["<script>", "</script>", "<script", "<script/>", "</script ", "<!--<script>", "<script><!--", "<xmp>", "</xmp>"],
    *["<iframe>", "</iframe>", "<noframes>", "</noframes>", "<noembed>", "</noembed>", "<noscript>", "</noscript>"],
    *["<plaintext>", "<svg>", "</svg>", "<svg", "<svg/>", "<math>", "</math>", "<g>", "</g>", "<desc>", "</desc>"],
    *["<foreignObject>", "</foreignObject>", "<mi>", "</mi>", "<annotation-xml>", "<annotation-xml encoding='text/html'>"],
    *["</annotation-xml>", "<select>", "</select>", "<option>", "<input>", "<template>", "</template>", "<frameset>", "<frame>"],
    *["<html>", "<head>", "</head>", "<body>", "</body>", "</html>", "<meta>", "<link>", "<base href='http://b/'>"],
    *["<div>", "</div>", "<table>", "</table>", "<caption>", "<colgroup>", "<col>", "<tr>", "</tr>", "<td>", "</td>"],
    *["<b>", "</b>", "<i>", "</i>", "<nobr>", "<font color=x>", "<font>", "<form>", "<button>", "<li>", "<h1>"],
    *["<p>", "</p>", "<hr>", "<br>", "</br>", "<marquee>", "<object>", "<applet>", "<image>", "<center>", "<pre>\n"],
    *["<listing>", "<dialog>", "{% if a < b %}"],
)  # fmt: skip
"""Links and all that changes how a browser reads what follows."""


def number_links(text: str) -> str:
    """Return each ``@`` of a text an address of its own."""
    numbers = count(1)
    return re.sub("@", lambda _: f"http://x.example/{next(numbers)}", text)
