"""The document as html5lib sees it: links and labels, the proof, and the bounds that come first."""

from __future__ import annotations

import re

import pytest

from mailbeacon import outline
from mailbeacon.errors import RewriteError
from mailbeacon.model import Place
from mailbeacon.outline.bounded import Bounded
from tests.linear import grows_too_fast

PIXEL = "https://t.example/o/abc.gif"
IMG = f'<img src="{PIXEL}" width="1" height="1" alt="" />'


def labels(html: str) -> list[str]:
    return [link.label for link in outline.parse(html).links]


@pytest.mark.parametrize(
    ("html", "label"),
    [
        pytest.param("<a href=x> Read\n\t more&nbsp;now </a>", "Read more now", id="white space is made one blank"),
        pytest.param("<a href=x>Re<b>ad</b></a>", "Read", id="inline elements do not part a word"),
        pytest.param("<a href=x>Read<br>more<div>now</div>!</a>", "Read more now !", id="blocks and br do"),
        pytest.param("<a href=x><img alt='Our shop' src=y></a>", "Our shop", id="an image's alt stands for text"),
        pytest.param("<a href=x>Shop<img alt='logo' src=y></a>", "Shop", id="text is taken before alt"),
        pytest.param("<a href=x title='To the shop'><img src=y></a>", "To the shop", id="a title when nothing else"),
        pytest.param("<a href=x aria-label=Shop title=t></a>", "Shop", id="aria-label before title"),
        pytest.param("<a href=x>\u200b&zwnj;<img alt=Logo></a>", "Logo", id="invisible signs alone are no text"),
        pytest.param("<a href=x>a<span style='DISPLAY : none'>b</span>c</a>", "ac", id="hidden text is not seen"),
        pytest.param("<a href=x>a<style>b</style><i hidden>c</i>d</a>", "ad", id="nor style, nor the hidden attribute"),
        pytest.param("<a href=x>" + "ab " * 100 + "</a>", "ab " * 39 + "ab…", id="a long label is cut"),
        pytest.param("<map><area href=x alt='North'></map>", "North", id="an area's alt"),
        pytest.param("<svg><a href=x><text>Go</text></a></svg>", "Go", id="text in SVG"),
        pytest.param("<a href=x></a>", "", id="nothing to see"),
    ],
)
def test_label_is_what_the_reader_sees(html: str, label: str) -> None:
    assert labels(html) == [label]
    assert len(label) <= outline.MAX_LABEL


def test_links_come_in_source_order_with_their_place() -> None:
    html = (
        "<table><a href=1>foster</a><tr><td><a href=2>cell</a></table><map><area href=3></map>"
        "<svg><a xlink:href=4 href=5>s</a></svg><!--[if mso]><v:roundrect href='6'><center>Go</center></v:roundrect>"
        "<a href=7>o</a><![endif]--><!-- <a href=no> --><a name=no>x</a><math><a href=no></math><a href='&amp;8 '>z</a>"
    )
    links = outline.parse(html).links
    assert [(link.number, link.href, link.place) for link in links] == [
        (0, "1", Place.ANCHOR),
        (1, "2", Place.ANCHOR),
        (2, "3", Place.AREA),
        (3, "4", Place.SVG),
        (4, "5", Place.SVG),
        (5, "6", Place.VML),
        (6, "7", Place.OUTLOOK),
        (7, "&8 ", Place.ANCHOR),
    ]
    assert [link.label for link in links] == ["foster", "cell", "", "s", "s", "Go", "o", "z"]


def test_tag_that_becomes_several_nodes_is_one_link() -> None:
    """The adoption agency clones the unclosed link into each block; its label is the text of all of them."""
    assert labels("<a href=x>one<div>two</a>three</div><p>") == ["one two"]
    assert labels("<p><a href=x>one<p>two<p>three") == ["one two three"]


@pytest.mark.parametrize(
    ("comment", "seen"),
    [
        pytest.param("<!--[if mso]><a href=x>y</a><![endif]-->", True, id="for Outlook"),
        pytest.param("<!--[if (gte mso 9)|(IE)]> <a href=x>y</a> <![endif] -->", True, id="with a longer condition"),
        pytest.param("<!--[IF MSO]><A HREF=x>y</A><![ENDIF]-->", True, id="in capitals"),
        pytest.param("<!--[if !mso]><!--> <a href=x>y</a> <!--<![endif]-->", True, id="shown to all others"),
        pytest.param("<!-- [note] <a href=x>y</a> -->", False, id="an ordinary comment"),
        pytest.param("<!--[if mso <a href=x>y</a> -->", False, id="a condition that never ends"),
    ],
)
def test_conditional_comments_hold_links(comment: str, seen: bool) -> None:
    assert labels(f"<p>{comment}</p>") == (["y"] if seen else [])


def test_base_and_body() -> None:
    """The first base with an address counts; a frameset has no body."""
    seen = outline.parse("<head><base target=t><base href=' https://a.example/ '><base href=b></head>")
    assert (seen.base, seen.has_body) == ("https://a.example/", True)
    assert not outline.parse("<frameset><frame src=x></frameset>").has_body
    assert outline.parse("").base == ""


def test_byte_order_mark_opens_no_body() -> None:
    outline.compare("<title>x</title>", "\ufeff<title>x</title>")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param("<a href=o>", '<a href="N">', [("o", "N")], id="an anchor"),
        pytest.param("<a href=' o\n&amp;'>", '<a href="N&amp;">', [("o&", "N&")], id="blanks and references in values"),
        pytest.param("<svg><a xlink:href=o>", "<svg><a xlink:href=N>", [("o", "N")], id="SVG"),
        pytest.param("<a href=o>a<p>b</a>c", "<a href=N>a<p>b</a>c", [("o", "N")], id="a link that is cloned"),
        pytest.param(
            "<a href=o>1</a><a href=o>2</a>",
            "<a href=N>1</a><a href=M>2</a>",
            [("o", "N"), ("o", "M")],
            id="one destination twice",
        ),
        pytest.param("<a href=o>1</a><a href=o>2</a>", "<a href=o>1</a><a href=N>2</a>", [("o", "N")], id="one of two"),
        pytest.param(
            "<!--[if mso]><v:rect href='o&copy=1&amp;'><a href=o></a><![endif]-->",
            "<!--[if mso]><v:rect href=\"N\"><a href='M'></a><![endif]-->",
            [("o&copy=1&", "N"), ("o", "M")],
            id="in an Outlook comment, by the rules for attributes",
        ),
    ],
)
def test_listed_changes_pass_and_nothing_less(before: str, after: str, changed: list[tuple[str, str]]) -> None:
    outline.compare(before, after, changed=changed)
    with pytest.raises(RewriteError):
        outline.compare(before, after)
    with pytest.raises(RewriteError, match="lacks 1 of"):
        outline.compare(before, after, changed=[*changed, ("other", "P")])
    with pytest.raises(RewriteError, match=r"lacks|another way"):
        outline.compare(before, after, changed=[("other", new) for _, new in changed])


@pytest.mark.parametrize(
    ("before", "after", "where", "what"),
    [
        pytest.param(
            "<table><tr><td><tr><td><a href=o>x</a>",
            "<table><tr><td><tr><td><a href=N>x</a>",
            "html/body/table/tbody/tr[2]/td/a",
            "attribute 'href'",
            id="a link that is not listed",
        ),
        pytest.param("<p>a<p>b", "<p>a<p>c", "html/body/p[2]/text()", "another text", id="text"),
        pytest.param("<p title=a>", "<p title=b>", "html/body/p", "attribute 'title'", id="an attribute's value"),
        pytest.param("<p>", "<p id=x>", "html/body/p", "attribute 'id'", id="an attribute more"),
        pytest.param("<p>a</p>", "<div>a</div>", "html/body/p", "another element", id="another element"),
        pytest.param("<p>a", "<p>a<!--x-->", "html/body/p/comment()", "an extra comment", id="a comment more"),
        pytest.param("<p>a<br>", "<p>a", "html/body/p/br", "the element is gone", id="an element less"),
        pytest.param("<!--a--><p>", "<!--b--><p>", "comment()", "another comment", id="a comment's text"),
        pytest.param("<!doctype html>", "<!doctype x>", "doctype()", "another doctype", id="the doctype"),
        pytest.param("x", "x<p>", "html/body/p", "an extra element", id="something at the end"),
        pytest.param(
            "<!--[if mso]><td width=1><a href='o'><![endif]-->",
            "<!--[if mso]><td width=2><a href='o'><![endif]-->",
            "comment()",
            "another comment",
            id="a cell in an Outlook comment, which no tree would show",
        ),
        pytest.param(
            "<!--[if mso]><a href='o'><![endif]-->",
            "<!--[if mso 9]><a href='o'><![endif]-->",
            "comment()",
            "another comment",
            id="another condition",
        ),
        pytest.param(
            "<!--[if mso]><a href='o'><![endif]-->",
            "<!--[if mso]><a href='o'>-->",
            "comment()",
            "another comment",
            id="an endif less",
        ),
        pytest.param(
            "<!--[if mso]><a href='o'>", "<!--[if mso]><a href='N'>", "comment()", "another comment", id="never closed"
        ),
    ],
)
def test_difference_names_the_first_node(before: str, after: str, where: str, what: str) -> None:
    with pytest.raises(RewriteError, match=re.escape(f"{where}: {what}")) as caught:
        outline.compare(before, after)
    assert caught.value.where == where


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("<a title='see href=' href='@'>x</a>", id="an attribute named inside the one before"),
        pytest.param("""<a title='href="' href='@'>x</a>""", id="with a quote that is not its own"),
        pytest.param("<a title=href=x href=@>x</a>", id="inside a bare value"),
        pytest.param("<a data-href='o' xhref=o href='@' href='p'>x</a>", id="other names, and a second one"),
        pytest.param("<a title='a > b, href=\n' HREF = '@' >x</a>", id="a greater-than inside a value"),
        pytest.param("<a alt='</a><a href=' href='@'>x</a>", id="a link inside a value"),
        pytest.param("<v:roundrect alt='href=\"' href='@'><w:anchorlock/></v:roundrect>", id="VML"),
        pytest.param("href='<a href=@>' <a href='o2'>x</a>", id="the word in the text"),
        pytest.param("</td></tr><td href='o'><a href=@></td>", id="cells of a table begun outside"),
        pytest.param("<style>a{content:'<a href='}</style><a href='@'>", id="a link in a style"),
        pytest.param("<title><a href='</title><a href='@'>", id="a link in a title"),
        pytest.param("<script><!-- <a href=' --></script><a href='@'>", id="a link in a script"),
        pytest.param("<! -- <a href=' --><a href='@'>", id="what looks like a comment"),
        pytest.param("<!-- [if mso]><a href=' --!><a href='@'>", id="what looks like a nested comment"),
        pytest.param("<![CDATA[<a href='>]]><a href='@'>", id="CDATA"),
        pytest.param("<a href='@'", id="a tag that is never closed, behind one that is"),
    ],
)
def test_links_of_an_outlook_comment_are_read_as_tags(inside: str) -> None:
    """A change of the attribute passes if listed; of anything else that only looks like it, never."""
    ends = ("<p>x</p><!--[if mso]><a href='1'>", "<![endif]--><p>y</p>")
    before, after = (inside.replace("@", new).join(ends) for new in ("o", "N"))
    if ">" in inside.partition("@")[2]:
        outline.compare(before, after, changed=[("o", "N")])
        with pytest.raises(RewriteError, match="another way"):
            outline.compare(before, after, changed=[("o", "M")])
    else:
        outline.compare(before, after)
    with pytest.raises(RewriteError, match=r"another|lacks"):
        outline.compare(before, after.replace("</p>", "z</p>"), changed=[("o", "N")])
    with pytest.raises(RewriteError, match="another comment"):
        outline.compare(before, after.replace("[endif]", " [endif]"), changed=[("o", "N")])


@pytest.mark.parametrize("end", ["", "<![endif]", "<![endif]--", "<![endif]-", "<![endif]->", "<![endif]--!", "--"])
def test_a_conditional_comment_never_closed_has_no_links(end: str) -> None:
    """A browser renders nothing behind its start, and the rewriting leaves it alone."""
    html = f"<a href='1'>x</a><!--[if mso]><a href='2'>y</a><v:rect href='3'>{end}"
    assert [link.href for link in outline.parse(html).links] == ["1"]
    outline.compare(html, html)
    outline.compare(html, html.replace("1", "N"), changed=[("1", "N")])


@pytest.mark.parametrize("end", ["-->", "--!>", "<![endif]-->", "<!-->", "--->"])
def test_a_conditional_comment_closed_in_any_way_has_its_links(end: str) -> None:
    html = f"<!--[if mso]><a href='2'>y</a>{end}<p>x"
    assert [link.href for link in outline.parse(html).links] == ["2"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<a href=o title=o>", "<a href=N title=N>", id="another attribute of the link"),
        pytest.param(
            "<!--[if mso]><a href=o title=o>-->", "<!--[if mso]><a href=N title=N>-->", id="another one for Outlook"
        ),
        pytest.param("<!--[if mso]><a href=o>-->", "<!--[if mso]><a href=N id=x>-->", id="one more for Outlook"),
        pytest.param("<!--[if mso]><a href=o>-->", "<!--[if mso]><area href=N>-->", id="another element for Outlook"),
        pytest.param("<!--[if mso]><p href=o>-->", "<!--[if mso]><p href=N>-->", id="no link for Outlook"),
        pytest.param("<!--[if mso]><a href=o>-->", "<!--[if mso]><a href=N>x-->", id="text for Outlook"),
        pytest.param("<a href=o><link href=o>", "<a href=N><link href=N>", id="an element that is no link"),
        pytest.param("<a href=o><!--<a href=o>-->", "<a href=N><!--<a href=N>-->", id="an ordinary comment"),
    ],
)
def test_listed_change_is_for_links_only(before: str, after: str) -> None:
    with pytest.raises(RewriteError, match=r"attribute '(title|href)'|another comment"):
        outline.compare(before, after, changed=[("o", "N")])


def test_message_holds_no_address() -> None:
    """A name in angle brackets is an element to html5lib; it must not get into a log."""
    with pytest.raises(RewriteError) as caught:
        outline.compare("<ann@example.com><p ann@example.com=1>x", "<ann@example.com><p ann@example.com=2>x")
    assert "example" not in str(caught.value) + caught.value.where


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<p>a", f"<p>a{IMG}", id="at the end of a fragment"),
        pytest.param("<body>a</body></html> b", f"<body>a{IMG}</body></html> b", id="between texts that join"),
        pytest.param("<body>a", f"<body>{IMG}a", id="at the top"),
        pytest.param("<p><b><font>a</p></body>", f"<p><b><font>a</p>{IMG}</body>", id="formatting opens again"),
        pytest.param("<p><b>a</p></body>b", f"<p><b>a</p>{IMG}</body>b", id="formatting opens again and goes on"),
        pytest.param("<p><b>a</p></body>\n", f"<p><b>a</p>{IMG}</body>\n", id="and holds a line break at the end"),
        pytest.param(
            "<p><b>a</p></body>\n</html>\n <!--y-->",
            f"<p><b>a</p>{IMG}</body>\n</html>\n <!--y-->",
            id="and holds what opened it again itself",
        ),
        pytest.param("<p><b><i>a</p><!--y--> ", f"<p><b><i>a</p>{IMG}<!--y--> ", id="a comment and a blank"),
        pytest.param("x<p><b>a</p></body>\n", f"x<p><b>a</p>{IMG}</body>\n", id="with text before"),
        pytest.param("<p><b><i>a</p><!--y", f"<p><b><i>a</p>{IMG}<!--y", id="and holds a comment"),
        pytest.param("<table><p><b><p></body>\n", f"<table><p><b><p>{IMG}</body>\n", id="inside a table left open"),
        pytest.param("<p><a href=o>a</p></body>\n", f"<p><a href=o>a</p>{IMG}</body>\n", id="a link opens again"),
        pytest.param("<table><tr>", f"<table><tr>{IMG}", id="moved before a table"),
        pytest.param("a<table>b<tr>", f"a<table>b<tr>{IMG}", id="moved between texts"),
    ],
)
def test_one_pixel_is_taken_out(before: str, after: str) -> None:
    outline.compare(before, after, pixel=PIXEL)
    with pytest.raises(RewriteError):
        outline.compare(before, after)
    with pytest.raises(RewriteError, match="holds 2"):
        outline.compare(before, after.replace(IMG, IMG * 2), pixel=PIXEL)
    with pytest.raises(RewriteError, match="holds 0"):
        outline.compare(before, before, pixel=PIXEL)
    with pytest.raises(RewriteError, match="already"):
        outline.compare(after, after, pixel=PIXEL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<p>", f"<p><i>{IMG}</i>", id="in an element that came with it"),
        pytest.param("<p><b>x</p><plaintext>y", f"<p><b>x</p>{IMG}<plaintext>y", id="where text would turn bold"),
        pytest.param("<p><b>x</p><textarea>", f"<p><b>x</p>{IMG}<textarea>", id="where a field would turn bold"),
        pytest.param("<p><b>x</p>y", f"<p><b>x</p>{IMG}</b>y", id="where bold text would turn plain"),
        pytest.param("<p>a<!--y", f"<p>a<b>{IMG}<!--y", id="beside a comment in an element that came with it"),
        pytest.param("<title>a", f"<title>a{IMG}", id="in raw text"),
        pytest.param("<select>", f"<select>{IMG}", id="where it is dropped"),
        pytest.param("<style></style>", f"{IMG}<style></style>", id="where it ends the head"),
        pytest.param("<frameset>", f"<frameset>{IMG}", id="in a frameset"),
    ],
)
def test_pixel_in_a_bad_place_is_found(before: str, after: str) -> None:
    with pytest.raises(RewriteError):
        outline.compare(before, after, pixel=PIXEL)


@pytest.mark.parametrize(
    ("before", "after", "proved"),
    [
        pytest.param('<a href="{}">', '<a href="{}">', True, id="a link"),
        pytest.param('<!-- <a href="{}"> -->', '<!-- <a href="{}"> -->', False, id="a comment"),
        pytest.param('<style><a href="{}"></style>', '<style><a href="{}"></style>', False, id="a style's content"),
        pytest.param("<p><b>Hi</p>", f"<p><b>Hi</p>{IMG}", True, id="formatting that came with the pixel"),
        pytest.param("<p><b>Hi</p>Bye", f"<p><b>Hi</p>{IMG}Bye", True, id="formatting that stood there before"),
        pytest.param(
            "<p><b>Hi</p>Bye", f"<p><b>Hi</b></p>{IMG}Bye", False, id="formatting that is gone with the pixel"
        ),
    ],
)
def test_the_examples_the_proof_begins_with_are_true(before: str, after: str, proved: bool) -> None:
    pixel, changed = (PIXEL, []) if IMG in after else (None, [("https://x.example/", "https://t.example/c")])
    documents = before.format("https://x.example/"), after.format("https://t.example/c")
    if proved:
        outline.compare(*documents, changed=changed, pixel=pixel)
    else:
        with pytest.raises(RewriteError, match="differs"):
            outline.compare(*documents, changed=changed, pixel=pixel)


def test_difference_beside_a_pixel_names_two_ways_out() -> None:
    with pytest.raises(RewriteError, match=r"^the rewritten document differs at .*pixel='top'.*verify=False") as caught:
        outline.compare("<p><b>x</p><plaintext>y", f"<p><b>x</p>{IMG}<plaintext>y", pixel=PIXEL)
    assert caught.value.where == "html/body/plaintext"
    with pytest.raises(RewriteError, match=r"differs at [^;]*$"):
        outline.compare("<p>x", "<p>y")


def test_pixel_outside_a_body_is_refused() -> None:
    """html5lib gives every document a body, so only a bare fragment shows it."""
    before, after = (
        outline.Outline(links=(), base="", has_body=False, root=Bounded().fragment(html)) for html in ("a", "a" + IMG)
    )
    with pytest.raises(RewriteError, match="not inside the body"):
        outline.compare(before, after, pixel=PIXEL)


def test_outlines_can_be_compared_without_parsing_again() -> None:
    html = "<p>a"
    seen = outline.parse(html)
    outline.compare(seen, html + IMG, pixel=PIXEL)
    outline.compare(seen, seen)


@pytest.mark.parametrize(
    ("html", "message"),
    [
        pytest.param("<div>" * 16_000, "deep", id="16,000 nested elements"),
        pytest.param("<li><dd>" * 300, "deep", id="depth by way of elements that close themselves"),
        pytest.param("<b>" + "".join(f"<i x={n}><p>" for n in range(600)), "costly", id="formatting that opens again"),
        pytest.param("<p " + "".join(f"a{n}=1 " for n in range(100_000)) + ">", "attributes", id="100,000 attributes"),
        pytest.param("</p " + "a " * 2_000 + ">", "attributes", id="attributes of an end tag"),
        pytest.param("x" * 2_000_001, "characters", id="too long"),
        pytest.param("<p title='" + "&" * 1_000_000, "costly", id="a value of a million pieces"),
        pytest.param("<!--" + "-" * 1_999_990, "costly", id="a comment of a million pieces"),
        pytest.param("<script></" + "a" * 1_000_000, "costly", id="a long look-alike of an end tag"),
        pytest.param("\ud800" * 500_000, "costly", id="what is no character"),
        pytest.param("<" + "a" * 1_000_000, "costly", id="a long name"),
        pytest.param("&#" + "1" * 5_000 + ";", "ValueError", id="a number Python will not read"),
    ],
)
def test_costly_documents_are_refused(html: str, message: str) -> None:
    """Each of these would take html5lib minutes, or break it; the message says what to do."""
    with pytest.raises(RewriteError, match=rf"{message}.*verify=False"):
        outline.parse(html)


def test_comparison_refuses_them_too() -> None:
    """What is too deep is refused in a whole document and in a conditional comment."""
    html = "<div>" * 16_000
    with pytest.raises(RewriteError, match="verify=False"):
        outline.compare("", html)
    with pytest.raises(RewriteError, match="verify=False"):
        outline.parse(f"<!--[if mso]><a href=x>{html}<![endif]-->")


def test_large_ordinary_document_is_admitted() -> None:
    row = "<tr><td style='padding:0 4px'><a href='https://a.example/?b=1&amp;c=2'>Read more</a> about it all.</td></tr>"
    assert len(outline.parse("<table>" + row * 5_000 + "</table>").links) == 5_000


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("<p><a href='https://a.example/'>x</a></p>", id="links in paragraphs side by side"),
        pytest.param("<a href='https://a.example/'>", id="links that close each other"),
        pytest.param("<!--[if mso]><a href='https://a.example/'>x</a><![endif]-->", id="links only Outlook sees"),
    ],
)
def test_the_proof_costs_linear_time_in_the_number_of_links(part: str) -> None:
    """So that a long newsletter is proved as readily as a short one."""

    def prove(before: str) -> None:
        changed = [("https://a.example/", "https://b.example/")] * before.count("a.example")
        outline.compare(before, before.replace("a.example", "b.example"), changed=changed)

    assert not grows_too_fast(prove, lambda size: part * (size // len(part)), size=20_000, most=5)
