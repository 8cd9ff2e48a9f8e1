"""The rewriting against parsers that share no code with it: they see the links we list, and after it only those differ.

The parsers follow the standard of their year. Where they disagree with each other a link must not be wrapped.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from corpus import FOLDERS, documents, tree_cases
from fragments import FRAGMENTS, LINKS, number_links
from hypothesis import given, settings
from hypothesis import strategies as st
from test_markup import page_figures
from views import VIEWS, View

from mailbeacon import outline
from mailbeacon.errors import RewriteError
from mailbeacon.markup import scan, trim_url
from mailbeacon.model import Place, SkipReason
from mailbeacon.rewriting import LinkRules, Planner, Rewrite, rewrite_html

PIXEL = "https://t.example/o/T.gif"
PLANNER = Planner(LinkRules())
IN_COMMENTS = (Place.OUTLOOK, Place.VML)
DOCUMENTS = st.lists(st.sampled_from(FRAGMENTS) | st.sampled_from(LINKS), max_size=20).map("".join).map(number_links)


def wrap(number: int, url: str) -> str:
    """Return one wrapped URL for all."""
    return "https://t.example/"


def rewrite(html: str) -> Rewrite:
    """Rewrite with numbered links."""
    return rewrite_html(html, lambda number, url: f"https://t.example/c/T/{number}", pixel=PIXEL, planner=PLANNER)


def disagreement(html: str, name: str) -> str:
    """Return in what a parser sees another rewriting than we did; nothing when it sees the same.

    Two things may go unlisted, never wrapped: links after a place where the two readings of a document part for good
    (raw text inside SVG that may be HTML's), and a lone ``xlink:href`` where the end of SVG is in doubt.
    """
    done = rewrite(html)
    mapping = {new: one.read for one, new in done.wrapped() if one.place not in IN_COMMENTS}
    wrapped = set(mapping.values())
    left = {one.url for one in done.skipped if one.place not in IN_COMMENTS}
    try:
        before, after = VIEWS[name](html), VIEWS[name](done.html)
    except RewriteError:  # html5lib's bounds
        return ""
    seen = before.links | before.loose
    if not wrapped <= seen:
        return f"wrapped, but no link: {wrapped - seen}"
    if not scan(html).ambiguous and (lost := before.links - wrapped - left):
        return f"a link, but not listed: {lost}"
    if problem := changed_otherwise(done, seen - wrapped | mapping.keys(), after, left):
        return problem
    if after.images != before.images + any(edit.number == 0 for edit in done.edits):
        return f"{before.images} images became {after.images}"
    return misplaced(html, done, before, wrapped - left)


def changed_otherwise(done: Rewrite, expected: set[str], after: View, left: set[str]) -> str:
    """Return what else changed than the listed links.

    What a ``template`` held may be opened again around the pixel: its links are listed as ambiguous.
    """
    now = after.links | after.loose
    unsure = {one.url for one in done.skipped if one.reason is SkipReason.AMBIGUOUS}
    if lacking := expected - now - left:
        return f"gone after the rewriting: {lacking}"
    if added := now - expected - unsure - left:
        return f"there only after the rewriting: {added}"
    return ""


def misplaced(html: str, done: Rewrite, before: View, wrapped: set[str]) -> str:
    """Return where an edit does not lie inside the attribute the parser names."""
    if "\r" in html or html.startswith("\ufeff"):
        return ""  # the places are those of the normalised input
    for value, start, end in before.spans:
        inside = [edit for edit in done.edits if edit.number and start <= edit.start <= edit.end <= end]
        if value in wrapped and len(inside) != 1:
            return f"no edit inside the attribute at {start}"
    return ""


@pytest.mark.parametrize("name", VIEWS)
@settings(max_examples=300)
@given(html=DOCUMENTS)
def test_hostile_documents_have_the_same_links_for_each_parser(name: str, html: str) -> None:
    """Whatever the document: each wrapped link is one, none is lost, and after it only those and one image differ."""
    assert disagreement(html, name) == ""


@pytest.mark.parametrize("name", VIEWS)
def test_the_corpus_has_the_same_links_for_each_parser(shared: Path, name: str) -> None:
    """Over all real documents; html5lib, the slow one, sees the mails only, for the proof over all is its own test."""
    texts = {one.name: one.text for one in documents(shared, *(["part", "bench"] if name == "html5lib" else FOLDERS))}
    assert len(texts) > 90
    assert {key: found for key, text in texts.items() if (found := disagreement(text, name))} == {}


def test_html5lib_finds_the_same_links_in_the_corpus(shared: Path) -> None:
    """Link by link and place by place, in each document; the page on spans has the figures."""
    figures = Counter[str]()
    for document in documents(shared):
        done = rewrite_html(document.text, wrap, planner=PLANNER)
        ours = [(one.read, one.place) for one, _ in done.wrapped()]
        ours += [(one.url, one.place) for one in done.skipped if one.place is not Place.OTHER]
        theirs = [(trim_url(one.href), one.place) for one in outline.parse(document.text).links]
        assert sorted(ours) == sorted(theirs), document.name
        figures["documents"] += 1
        figures["links found by the scanner"] += len(ours)
        figures["links found by html5lib"] += len(theirs)
        figures["of them in comments that only Outlook reads"] += sum(place in IN_COMMENTS for _, place in ours)
        figures["of them left alone, with a reason"] += sum(one.place is not Place.OTHER for one in done.skipped)
        figures["of them `ambiguous`"] += sum(one.reason is SkipReason.AMBIGUOUS for one in done.skipped)
    assert dict(figures) == page_figures("real mail and web pages")


@pytest.mark.parametrize("name", ["turbohtml", "lexbor"])
def test_the_tree_construction_cases_have_the_same_links_for_each_parser(shared: Path, name: str) -> None:
    """The hardest documents of html5lib-tests, with links before, inside and after; html5lib's turn is in test_rewriting."""
    for case in tree_cases(shared):
        middle = case.data.find("<", len(case.data) // 2)
        html = number_links(f"<a href=@>x</a>{case.data[:middle]}<area href=@>{case.data[middle:]}<a href='@'>y</a>")
        if not any("\ud800" <= sign <= "\udfff" for sign in html):
            assert disagreement(html, name) == "", (case.name, html)


OLDER = {
    "select": "<select><a href=@>x</a></select>",
    "template": "<template><a href=@>x</a></template>",
}


@pytest.mark.parametrize("html", [pytest.param(html, id=name) for name, html in OLDER.items()])
def test_links_that_parsers_disagree_on_are_left_as_ambiguous(html: str) -> None:
    """html5lib is older than the standard: it drops what a select holds, and takes a template for an ordinary element."""
    html = number_links(html)
    views = [view(html) for view in VIEWS.values()]
    assert len({frozenset(view.links) for view in views}) > 1
    assert [one.reason for one in rewrite(html).skipped] == [SkipReason.AMBIGUOUS]


COMMENTS = [
    *["<!--[if mso]>@<![endif]-->", "<!--[if mso]>@-->", "<!--[if mso]>@<! [endif]-->", "<!--[if mso]>@<![endif] -->"],
    *["<!--[if mso]>@<![endif]--!>", "<!--[if mso]>@<![endif]>-->", "<!-- [if mso]>@<![endif]-->", "<!--\n[if mso]>@-->"],
    *["<!--[if mso]> -->@<!-- <![endif]-->", "<!--[if !mso]><!-->@<!--<![endif]-->", "<!--[if !mso]>-->@<!--<![endif]-->"],
    *["<!--[if mso>@<![endif]-->", "<!--[IF MSO]>@<![ENDIF]-->", "<!--[if (gte mso 9)|(IE)]>@<![endif]-->"],
    *["<!--[if mso] >@<![endif]-->", "<!--[if mso]>@<![endif]x-->", "<!--[if mso]><![endif]>@<![endif]-->"],
    *["<!--[if mso]]>@<![endif]-->", "<!--[ifmso]>@<![endif]-->", "<!--[if]>@<![endif]-->", "<!--[if a>b]>@<![endif]-->"],
    *["<!--x[if mso]>@<![endif]-->", "<!--[if mso]>@<![endif]<!---->", "<!--[if mso]><!-- >@<![endif]-->"],
    *["<!--[if mso]><p title='@'><![endif]-->", "<!--[if mso]><style>@<![endif]-->", "<!--[if mso]><title>@<![endif]-->"],
    *["<!--[if mso]><!-- @ --!><![endif]-->", "<!--[if mso]></table><td>@</td><![endif]-->", "<!--[if\tmso]>@-->"],
    *["<!--[if mso]><base href=http://b/>@<![endif]-->", "<!--[if mso]>\0@\r<![endif]\r-->", "<!--[if\n\nmso]>@-->"],
]  # fmt: skip
INSIDE = {
    "in double quotes": '<a href="https://x.example/1">x</a>',
    "bare": "<a href=https://x.example/1>x</a>",
    "bare before a slash": "<a href=https://x.example/1/>x</a>",
    "an area": "<area shape=rect href='https://x.example/1'>",
    "a rectangle and a link": "<v:roundrect href=https://x.example/1><a href=https://x.example/2>x</a></v:roundrect>",
    "in SVG, which Outlook does not know": "<svg><a href='https://x.example/1'>x</a><a xlink:href='https://x.example/2'></svg>",
    "after what looks like a value": """<a title='href="' href='https://x.example/1'>x</a>""",
    "never closed": "<td><a href='https://x.example/1'>x<a href='https://x.example/2",
}


def test_links_in_mathml_are_none_for_outlook_either() -> None:
    html = "<!--[if mso]><math><a href='https://x.example/1'>x</a></math><![endif]-->"
    assert not rewrite(html).links
    assert not outline.parse(html).links


@pytest.mark.parametrize("inside", [pytest.param(html, id=name) for name, html in INSIDE.items()])
def test_conditional_comments_hold_the_links_that_the_outline_sees(inside: str) -> None:
    """Both sides take the same comments for Outlook's, with or without an ``endif``, and the same links in them."""
    taken = 0
    for comment in COMMENTS:
        html = comment.replace("@", inside)
        done = rewrite(html)
        listed = sorted((link.url, link.place) for link in done.links)
        assert listed == sorted((link.href, link.place) for link in outline.parse(html).links), html
        outline.compare(
            html, rewrite_html(html, wrap, planner=PLANNER).html, changed=[(u, "https://t.example/") for u, _ in listed]
        )
        taken += bool(listed)
    assert taken > 20
