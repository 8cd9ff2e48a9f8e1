"""The outline against witnesses: html5lib's own trees, its suite, the corpus, and documents made at random."""

from __future__ import annotations

import re

import pytest
from html5lib import HTMLParser
from html5lib.treebuilders import getTreeBuilder
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import outline
from mailbeacon.errors import RewriteError
from mailbeacon.outline.bounded import Bounded
from mailbeacon.outline.tree import Kind, Node, walk
from tests import corpus
from tests.bench.documents import documents

TAGS = [
    "b",
    "p",
    "a",
    "table",
    "tr",
    "td",
    "div",
    "svg",
    "select",
    "option",
    "title",
    "style",
    "li",
    "noscript",
    "nobr",
]
OTHERS = ["x", "<br>", "<!--c-->", "<i", "&lt;", "<font size=1>", "<frameset>", "<math><mi>", "&copy", "\0", *"' \"=<>"]
OUTLOOK = ["<!--[if mso]>", "<![endif]-->", "<!--[if !mso]><!-->"]
PIECES = st.lists(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + OTHERS + OUTLOOK), max_size=25
)


@given(PIECES)
def test_document_equals_itself(pieces: list[str]) -> None:
    """No change is found where there is none, whatever the document."""
    html = "".join(pieces)
    seen = outline.parse(html)
    outline.compare(seen, html, changed=(), pixel=None)


@given(PIECES, st.integers(0, 200), st.sampled_from(["", "y", "<i>", "</p>", " ", ">", "<!--d-->"]))
def test_difference_is_found_exactly_when_the_trees_differ(pieces: list[str], at: int, new: str) -> None:
    """html5lib's own tree, written out, is the witness."""
    before = "".join(pieces)
    at %= len(before) + 1
    after = before[:at] + new + before[at + 1 :]
    if witness(before) == witness(after):
        outline.compare(before, after)
    else:
        with pytest.raises(RewriteError):
            outline.compare(before, after)


@given(
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "<p>", "</p>", "</a>", "<td>", "<table>", "</table>", "x", "<div>", "</div>", "@"]
        ),
        max_size=25,
    )
)
def test_link_edits_pass_wherever_trees_move_them(pieces: list[str]) -> None:
    count = pieces.count("@")
    html = "".join(pieces).replace("@", "<a href='%s'>")
    before = html % tuple(f"u{number}" for number in range(count))
    after = html % tuple(f"N{number}" for number in range(count))
    outline.compare(before, after, changed=[(f"u{number}", f"N{number}") for number in range(count)])
    assert [link.href for link in outline.parse(before).links] == [f"u{number}" for number in range(count)]


def witness(html: str) -> str:
    """Write html5lib's own tree."""
    parser = HTMLParser(tree=getTreeBuilder("dom"))
    return str(parser.tree.testSerializer(parser.parse(html)))


def written(root: Node) -> str:
    """Write our tree as html5lib writes its own."""
    prefixes = {"http://www.w3.org/2000/svg": "svg ", "http://www.w3.org/1998/Math/MathML": "math "}
    lines = ["#document"]
    indent = 2
    for kind, text, node in walk(root):
        pad = "|" + " " * indent
        if kind is Kind.END:
            indent -= 2
        elif kind is Kind.ELEMENT:
            lines.append(f"{pad}<{prefixes.get(node.namespace or '', 'html ')}{node.name}>")
            names = {
                key: key if isinstance(key, str) else f"{key[0] or ''} {key[1]}".strip() for key in node.attributes
            }
            lines += sorted(f'|{" " * (indent + 2)}{names[key]}="{value}"' for key, value in node.attributes.items())
            indent += 2
        elif kind is not Kind.DOCTYPE:
            lines.append(f'{pad}"{text}"' if kind is Kind.TEXT else f"{pad}<!-- {text} -->")
    return "\n".join(lines)


def test_tree_is_html5libs_own(shared) -> None:
    """Our nodes, made for speed and for the bounds, give the same tree as html5lib's, on every case of its suite."""
    doctype = re.compile(r"^\| *<!DOCTYPE[^\n]*\n", re.MULTILINE)
    space = re.compile(r"^\| +", re.MULTILINE)
    cases = [case for case in corpus.tree_cases(shared) if not case.fragment]
    assert len(cases) > 1_000
    for case in cases:
        expected = space.sub("|", doctype.sub("", witness(case.data) + "\n")).rstrip("\n")
        assert sorted(space.sub("|", written(Bounded().document(case.data))).split("\n")) == sorted(
            expected.split("\n")
        ), case.name


def test_standard_trees_but_for_what_html5lib_does_not_know(shared) -> None:
    """The suite's expected trees are reached but where an element younger or older than html5lib stands."""
    known = re.compile("template|select|ruby|isindex|search|dialog|command|menuitem|svg|math|frameset|<li>|<foo><foo>")
    space = re.compile(r"^\| +", re.MULTILINE)
    for case in corpus.tree_cases(shared):
        if case.fragment or case.scripting or known.search(case.data):
            continue
        got = space.sub("|", written(Bounded().document(case.data))).replace("\n|<html ", "\n|<").split("\n")[1:]
        expected = [line for line in space.sub("|", case.tree).split("\n") if not line.startswith("|<!DOCTYPE")]
        assert got == expected, case.name


def test_corpus_compares_equal_and_links_have_labels(shared) -> None:
    """Mail of every kind is within the bounds, and equals itself."""
    links = []
    for document in [*corpus.documents(shared, "part", "bench")]:
        seen = outline.parse(document.text)
        outline.compare(seen, seen)
        links += seen.links
    assert len(links) > 500
    assert sum(bool(link.label) for link in links) > 0.75 * len(links)


def test_bench_documents_find_one_changed_letter(shared) -> None:
    for html in documents(shared, "S", "M").values():
        at = html.rindex("</a>")
        with pytest.raises(RewriteError, match=r"another text|extra text"):
            outline.compare(html, html[:at] + "~" + html[at:])


def test_token_cases_are_read_whole(shared) -> None:
    cases = list(corpus.token_cases(shared))
    assert len(cases) > 7_000
    assert {case.state for case in cases} >= {"Data state", "PLAINTEXT state", "Script data state"}
    assert all(isinstance(case.output, list) for case in cases)
