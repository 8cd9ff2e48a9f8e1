"""What a scan says of each link: that it is one, that it is SVG's, that a browser may not take it for one, or nothing at all."""

from __future__ import annotations

import re

import pytest

from mailbeacon.markup import scan
from mailbeacon.markup.attributes import attributes, tag_name
from mailbeacon.markup.references import attribute_text, trim_url
from mailbeacon.markup.scanner import tokens

ALL = "all of it"


def links(source: str) -> str:
    """Return the numbers of the links that were found, with an ``s`` where they are SVG's and a ``?`` where in doubt."""
    found = scan(source)
    marks = {index: "?" if index in found.ambiguous else "s" if index in found.svg else "" for index in found.links}
    numbers = [(re.search(r"href=(\d)", found.pieces[index]), mark) for index, mark in marks.items()]
    return " ".join(number[1] + mark for number, mark in numbers if number)


def never_closed(source: str) -> str:
    """Return the end of a document that is inside something never closed."""
    found = scan(source)
    end = "".join(found.pieces[found.safe :])
    return ALL if end == source else end


@pytest.mark.parametrize(
    ("source", "wanted", "end"),
    [
    ("<a href=1>x<a href=2", "1", "<a href=2"),
    ("<a href=1>x<!-- <a href=2>", "1", "<!-- <a href=2>"),
    ("<a href=1>x<!--[if mso]><a href=2>", "1", "<!--[if mso]><a href=2>"),
    ("<a href=1>x</a", "1", "</a"),
    ("<a href=1>x</", "1", "</"),
    ("<a href=1>x</é", "1", "</é"),
    ("<a href=1>x<é href=2", "1", ""),
    ("<a href=1>x<1", "1", ""),
    ("<a href=1>x<?y", "1", "<?y"),
    ("<a href=1>x<!y", "1", "<!y"),
    ("<a href=1>x<", "1", ""),
    ("<a href=1>x<?y>", "1", ""),
    ("<a href=1>x</1y>", "1", ""),
    ("<a href=1>x</1y", "1", "</1y"),
    ('<a href=1>x</a title=">', "1", '</a title=">'),
    ("<a href=1>x</a title='>", "1", "</a title='>"),
    ('<a href=1>x</a title=">">', "1", ""),
    ('<a href=1>x<p title="> <a href=2>', "1", '<p title="> <a href=2>'),
    ("<a href=1>x<p title='> <a href=2>", "1", "<p title='> <a href=2>"),
    ("<a href=1>x<style>y<a href=2>", "1", "<style>y<a href=2>"),
    ("<a href=1>x<style>y</style><a href=2>", "1 2", ""),
    ("<a href=1>x<style>y</style", "1", "<style>y</style"),
    ("<a href=1>x<title>y</title", "1", "<title>y</title"),
    ("<a href=1>x<title>y</title <a href=2", "1", "<title>y</title <a href=2"),
    ("<a href=1>x<textarea>y<a href=2>", "1", "<textarea>y<a href=2>"),
    ("<a href=1>x<textarea>y</textarea", "1", "<textarea>y</textarea"),
    ("<a href=1>x<textarea>y</textarea ><a href=2>", "1 2", ""),
    ("<a href=1>x<script>y<a href=2>", "1", "<script>y<a href=2>"),
    ("<a href=1>x<script>y</script", "1", "<script>y</script"),
    ("<a href=1>x<script>y</script><a href=2>", "1 2", ""),
    ("<a href=1>x<script><!--<script></script <a href=2>", "1", "<script><!--<script></script <a href=2>"),
    ("<a href=1>x<plaintext>y<a href=2>", "1", "<plaintext>y<a href=2>"),
    ("<body>x<a href=1></body", "1", "</body"),
    ('<html><base href="x"><body><a href=1>x</body></html>', "1", ""),
    ],
)  # fmt: skip
def test_what_is_never_closed_holds_no_link_and_no_room_for_an_image(source, wanted, end):
    assert (links(source), never_closed(source)) == (wanted, end)


@pytest.mark.parametrize(
    ("source", "wanted", "end"),
    [
    ("<svg><a href=1>x</svg><a href=2>", "1s 2", ""),
    ("<svg><a href=1>x<a href=2>", "1s 2s", ALL),
    ("<SVG/><a href=2>", "2", ""),
    ("<svg x=y/><a href=2>", "2s", ALL),
    ('<svg x="y"/><a href=2>', "2", ""),
    ("<math><a href=1>x</math><a href=2>", "1? 2", ""),
    ("<math/><a href=2>", "2", ""),
    ("<select><a href=1></select><a href=2>", "1? 2", ""),
    ("<template><a href=1></template><a href=2>", "1? 2", ""),
    ("<template><template><a href=1></template><a href=2></template><a href=3>", "1? 2? 3", ""),
    ("</template><template><a href=1></template><a href=2>", "1? 2", ""),
    ("<template><select></template></select><a href=1>", "1", ""),
    ("<template><select></select><a href=1></template><a href=2>", "1? 2?", ALL),
    ("<frameset><a href=1></frameset><a href=2>", "1? 2?", ALL),
    ("<svg><title>x</title><a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg><title>x</title> y <a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg><DESC>x</DESC><a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg><title>x<b></title><a href=1></svg><a href=2>", "1 2", ALL),
    ("<svg><title>x</title ><a href=1></svg><a href=2>", "1 2", ALL),
    ("<svg><title></title><a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg><title>x</title> y", "", ALL),
    ("<title>x</title><svg></svg><a href=1>", "1", ""),
    ("<svg><p><a href=1></svg><a href=2>", "1 2", ALL),
    ("<svg><g><a href=1></g></svg><a href=2>", "1s 2", ""),
    ("<svg><g/><a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg></g><a href=1></svg><a href=2>", "1 2", ALL),
    ("<svg><p><area href=1>", "1?", ALL),
    ("<svg><a href=1></svg><area href=2>", "1s 2", ""),
    ("<svg><p><a xlink:href=1>", "1?", ALL),
    ("<svg><p><math><a href=1>", "1?", ALL),
    ("<svg><math><a href=1></math></svg><a href=2>", "1s 2", ""),
    ("<svg><math></math><p><a href=1>", "1?", ALL),
    ("<math><p><a href=1>", "1?", ALL),
    ("<svg><style><a href=1></style><a href=2></svg><a href=3>", "1? 2 3", ALL),
    ("<svg><style>x</style><a href=2></svg><a href=3>", "2s 3", ""),
    ("<svg><style>x<a href=2></svg><a href=3>", "2? 3?", ALL),
    ("<svg><style><!-- </style><a href=1> --></style></svg><a href=2>", "2?", ALL),
    ("<svg><style><p></style><a href=1></svg><a href=2>", "1 2", ALL),
    ('<svg><style><p title="</style><a href=1>"></svg><a href=2>', "2?", ALL),
    ("<svg><style><svg></style><a href=1></svg><a href=2>", "1? 2?", ALL),
    ("<svg><style><select></style><a href=1></svg><a href=2>", "1? 2?", ALL),
    ("<svg><style><title></style><a href=1></svg><a href=2>", "1? 2?", ALL),
    ("<svg><style><![CDATA[</style><a href=1>]]></svg><a href=2>", "1? 2?", ALL),
    ("<svg><script>if (a<b) x()</script><a href=1></svg><a href=2>", "1? 2?", ALL),
    ("<svg><script>x()</script><a href=1></svg><a href=2>", "1s 2", ""),
    ("<svg><![CDATA[ > <a href=1>x</a> ]]><a href=2>y</a></svg><a href=3>", "1? 2 3", ALL),
    ("<svg><![CDATA[ > <a href=1>x</a> ]]><a xlink:href=2>y</a></svg><a href=3>", "1? 2? 3", ALL),
    ("<svg><![CDATA[>]]><a href=2>y</a></svg><a href=3>", "2s 3", ""),
    ("<svg><![CDATA[]]><a href=2>y</a></svg> ]]><a href=3>", "2s 3", ""),
    ("<svg><![CDATA[ > <a href=1>x</a>", "1?", ALL),
    ("<![CDATA[ > <a href=1>x</a> ]]><svg></svg><a href=2>", "1 2", ""),
    ('<svg><![CDATA[ > <g title="]]>"><a href=1></svg><a href=2>', "1? 2?", ALL),
    ("<svg><![cdata[ > ]]><a href=1></svg><a href=2>", "1s 2", ""),
    ("<select><style><a href=1></style></select><a href=2>", "1? 2", ""),
    ("<select><textarea></select><a href=1></textarea><a href=2>", "1? 2?", ALL),
    ("x<p><svg></svg>", "", ""),
    ("<textarea>x</textarea><svg></svg><a href=1>", "1", ""),
    ("<svg></svg><textarea><a href=1></textarea><a href=2>", "2", ""),
    ("<svg></svg><textarea><a href=1>", "", "<textarea><a href=1>"),
    ('<svg></svg><script>"<a href=1>"</script><a href=2>', "2", ""),
    ("<svg></svg><plaintext><a href=1>", "", "<plaintext><a href=1>"),
    ("<template></template><a href=1>x<svg>", "1", "<svg>"),
    ("<a href=1>x<svg><select><a href=2>", "1 2?", "<svg><select><a href=2>"),
        ("<svg><!x><a href=1></svg><a href=2>", "1s 2", ""),
        ("<svg><?x><a href=1></svg><a href=2>", "1s 2", ""),
        ("<svg></1><a href=1></svg><a href=2>", "1s 2", ""),
        ("<svg>< <a href=1></svg><a href=2>", "1s 2", ""),
        ("<svg><!-- x --><a href=1></svg><a href=2>", "1s 2", ""),
        ("<svg><style><!x </style><a href=1></svg><a href=2>", "1? 2?", ALL),
        ("<svg><style><![CDATA[x]]> <b></style><a href=1></svg><a href=2>", "1? 2?", ALL),
        ("<svg><style><![CDATA[x]]></style><a href=1></svg><a href=2>", "1? 2?", ALL),
        ("x<svg/> y<a href=2>", "2", ""),
        ("<template><textarea>x<a href=1>", "", ALL),
        ("]]><svg><![CDATA[ > <a href=1> ]]><a href=2></svg>", "1? 2", "<svg><![CDATA[ > <a href=1> ]]><a href=2></svg>"),
        ("<svg><![CDATA[ > <a href=1> ]]><a href=2></svg>]]><a href=3>", "1? 2 3", ALL),
    ],
)  # fmt: skip
def test_where_browsers_may_differ_a_link_is_in_doubt_and_elsewhere_it_is_not(source, wanted, end):
    """SVG and MathML, ``select``, ``template``, ``frameset`` and raw text inside them."""
    assert (links(source), never_closed(source)) == (wanted, end)
    assert scan(source).frameset is ("<frameset" in source)


@pytest.mark.parametrize("before", ["", "<svg></svg>", "<a href=1>x</a>"])
@pytest.mark.parametrize(
    ("comment", "is_kept"),
    [
        ("<!--[if mso]><a href=2><![endif]-->", True),
        ("<!-- [if mso]>x<![endif] -->", True),
        ("<!--" + " " * 27 + "[-->", True),
        ("<!--" + " " * 28 + "[-->", False),
        ("<!--x[if mso]><a href=2><![endif]-->", False),
        ("<!-- plain -->", False),
    ],
)
def test_a_comment_for_outlook_begins_with_its_bracket(before, comment, is_kept):
    found = scan(before + comment + "<p>x")
    assert [found.pieces[index].startswith("<!--") for index in found.links if "href=1" not in found.pieces[index]] == (
        [True] if is_kept else []
    )


def test_a_frameset_in_a_comment_is_none_where_nothing_is_in_doubt():
    assert not scan("<svg></svg><!-- <frameset> --><a href=1>").frameset
    assert scan("<select><a href=1></select><!-- <frameset> -->").frameset


def test_the_frame_of_a_document_is_told_in_either_way_of_cutting():
    source = "<html><base href='x'><BODY class=y>x<b>z</b></Body></html>"
    for whole in (source, source.replace("x<b>", "x<svg></svg><b>")):
        found = scan(whole)
        names = [tag_name(found.pieces[index]) for index in found.frame]
        assert [name for name in names if name != "/b"] == ["html", "base", "body", "/body", "/html"]
        assert scan(whole + "<p").frame == found.frame
        assert scan(whole + "</body").frame == found.frame
    assert scan("no tag").frame == scan("no tag").links == []
    assert scan("a > b").pieces == ["a > b"]


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ("<svg><title>x</title> y <p>z", ["", "<svg>", "<title>x</title> y ", "<p>z"]),
        ("<svg><title>x</title> y", ["", "<svg>", "<title>x</title> y"]),
        ("<svg><title>x</title>", ["", "<svg>", "<title>x</title>"]),
        ("<svg><title></TITLE><p>z", ["", "<svg>", "<title></TITLE>", "<p>z"]),
        ("t<svg><desc>x</desc><p>", ["t", "<svg>", "<desc>x</desc>", "<p>"]),
        ("<svg><g>x</g><p>", ["", "<svg>", "<g>x", "</g>", "<p>"]),
        ("<desc>x</desc><svg>", ["", "<desc>x", "</desc>", "<svg>"]),
        ("<svg><p><title>x</title><b>", ["", "<svg>", "<p>", "<title>x", "</title>", "<b>"]),
    ],
)
def test_a_plain_label_inside_svg_is_one_piece_with_the_text_behind_it(source, pieces):
    assert tokens(source) == pieces


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("<A>", "a"),
        ("</A >", "/a"),
        ("<a/b>", "a"),
        ("<\u017fpan>", ""),
        ("<a\u017f>", "a\u017f"),
        ("<a\u0130B>", "a\u0130b"),
        ("<1>", ""),
        ("a", ""),
    ],
)
def test_the_name_of_a_tag_is_lowered_in_ascii_alone(tag, name):
    assert tag_name(tag) == name


def test_of_an_attribute_that_stands_twice_the_first_counts_and_names_are_lowered_in_ascii_alone():
    found = attributes("<a HREF=1 href=2 \u0130X=3 b =  '4' c= d=5 e/f=\"\">")
    assert [(one.name, one.raw, one.quote) for one in found] == [
        ("href", "1", ""),
        ("\u0130x", "3", ""),
        ("b", "4", "'"),
        ("c", "d=5", ""),
        ("e", "", ""),
        ("f", "", '"'),
    ]
    assert attributes("<a href='1'>")[0].value == "1"
    assert attributes("<a href='?a&amp;b'>")[0].value == "?a&b"
    assert attributes("</a>") == attributes("no tag") == attributes("<a>") == []
    assert [(one.start, one.end) for one in attributes("<a b c='2'>")] == [(4, 4), (8, 9)]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("&amp;", "&"),
        ("&AMP;", "&"),
        ("&amp", "&"),
        ("&ampx", "&ampx"),
        ("&amp=", "&amp="),
        ("&hellip", "&hellip"),
        ("&#x41;&#65;&#x41&#65", "AAAA"),
        ("&#x80;&#x9f;&#xa0;&#x7f;&#x81;", "\u20ac\u0178\u00a0\x7f\x81"),
        ("&#0;&#x0;&#00;", "\ufffd" * 3),
        ("&#99999999;&#x0000000041;&#x10FFFF;", "\ufffdA\U0010ffff"),
        ("a\0&amp;", "a\ufffd&"),
    ],
)
def test_each_form_of_a_reference(raw, text):
    assert attribute_text(raw) == text


@pytest.mark.parametrize(
    ("text", "url"),
    [("\t\n\f\r x\r\n y \f", "x y"), ("x\fy", "x\fy"), ("x\u00a0y", "x\u00a0y"), ("xy", "xy"), ("", "")],
)
def test_a_url_loses_the_blanks_around_it_and_the_tabs_and_line_breaks_within(text, url):
    assert trim_url(text) == url
