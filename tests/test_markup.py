"""The span scanner: agrees with the WHATWG tokenizer, loses no character, and is linear on hostile input."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from corpus import TokenCase, documents, token_cases, tree_cases
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.markup import TAG, attribute_text, attributes, escape_attribute, scan, tag_name, url_text
from mailbeacon.markup.attributes import Attribute
from mailbeacon.markup.grammar import RAW_NAMES
from mailbeacon.markup.references import trim_url
from mailbeacon.markup.scanner import _TRICKY_NAMES, _Walk, tokens
from tests.linear import HOSTILE_INPUTS, grows_too_fast

WHY_SPANS = Path(__file__).parents[1] / "docs" / "explanation" / "why-spans.md"
HOSTILE_PARTS = st.sampled_from(
    ["<", ">", "</", "<a", "<a href=", "</a>", '"', "'", "=", "/", " ", "\n", "\r", "\t", "\0", "&", "&amp;", "&copy=", "x", "é",
     "<!--", "-->", "--!>", "<!-->", "--", "-", "!", "<![CDATA[", "]]>", "<?", "<!", "<!doctype", "<style>", "</style>", "</style ",
     "<title>", "</title>", "<textarea>", "</textarea>", "<script>", "</script>", "<script", "<svg>", "</svg>", "<math>", "</math>",
     "<svg", "<desc>", "<select>", "</select>", "<template>", "</template>", "<frameset>", "<plaintext>", "<body>",
     "</body>", "</html>", "<base href='http://b/'>", '<a href="http://x.example/">', "<A HREF=http://y.example/ >", "<p title='<a href=http://no.example>'>",
     "<!--[if mso]>", "<![endif]-->", "<v:rect href='http://v.example'>", "<noscript>", "<xmp>", "</xmp>", "\ufeff", "\ud800"]
)  # fmt: skip
HOSTILE = st.lists(HOSTILE_PARTS, max_size=25).map("".join)


def pieces_of(source: str) -> list[str]:
    """Return the tokens of the walk that follows tree construction, one a piece."""
    return _Walk(source).run().pieces if "<" in source else [source]


def normal(text: str) -> str:
    """Do what the input stream and the tokenizer do to a name or value."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def seen_tags(source: str) -> list[list[object]]:
    """Return the tags of a document in the form of html5lib-tests."""
    found: list[list[object]] = []
    for piece in pieces_of(source):
        if not piece.startswith("<") or not TAG.match(piece):
            continue
        name = normal(tag_name(piece))
        if name.startswith("/"):
            found.append(["EndTag", name[1:]])
        else:
            values = {normal(one.name): normal(attribute_text(normal(one.raw))) for one in attributes(piece)}
            found.append(["StartTag", name, values])
    return found


def expected_tags(case: TokenCase) -> list[list[object]]:
    """Return the tags a tokenizer case asks for, without the self-closing flag."""
    return [token[:3] if token[0] == "StartTag" else token[:2] for token in case.output if token[0].endswith("Tag")]  # type: ignore[attr-defined]


OPENERS = {
    "RCDATA state": "title",
    "RAWTEXT state": "style",
    "Script data state": "script",
    "PLAINTEXT state": "plaintext",
}


ALL = "cases of the tokenizer"
AGREE = "give the same tags and attributes"
OTHER_STATE = "start inside a CDATA section, which no document does"
OTHER_ELEMENT = "start in a state that is not their element's own"
XML = "are about XML"
NO_TREE = "take what follows a raw-text tag for markup, as a tokenizer without a tree builder does"


def left_out(case: TokenCase) -> str:
    """Return why a case says nothing about documents; nothing if it does."""
    if case.state == "Data state":
        raw = any(tag[0] == "StartTag" and tag[1] in RAW_NAMES for tag in expected_tags(case))
        return NO_TREE if raw else ""
    if case.state not in OPENERS:
        return OTHER_STATE
    name = case.last_start_tag or OPENERS[case.state]
    own = case.state == "PLAINTEXT state" or (name in ("title", "textarea")) == (case.state == "RCDATA state")
    return "" if own else OTHER_ELEMENT


def test_tags_and_attributes_agree_with_the_tokenizer_cases(shared: Path) -> None:
    """Each case of html5lib-tests gives the same tags; what is left out is counted with its reason, as the page says."""
    figures = Counter[str]()
    for case in token_cases(shared):
        reason = left_out(case)
        figures.update([ALL, reason or AGREE])
        if not reason:
            name = case.last_start_tag or OPENERS.get(case.state, "")
            opener = f"<{name}>" if case.state != "Data state" else ""
            assert seen_tags(opener + case.input)[bool(opener) :] == expected_tags(case), (case.name, case.input)
    xml = json.loads((shared / "corpus/html5lib-tests/tokenizer/xmlViolation.test").read_text("utf-8"))
    figures.update([ALL, XML] * len(xml["xmlViolationTests"]))
    assert dict(figures) == page_figures("html5lib-tests")


def page_figures(heading: str) -> dict[str, int]:
    """Return the rows of one table of the page on spans: its first column's head, what is counted, and how many."""
    table = WHY_SPANS.read_text("utf-8").partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return {
        what: int(count.replace(",", ""))
        for what, count in re.findall(r"^\| (.+?) \| ([\d,]+) \|", table, re.MULTILINE)
    }


@given(HOSTILE)
def test_pieces_join_to_the_document(source: str) -> None:
    """No character is lost or moved, whichever way the document is cut."""
    assert "".join(scan(source).pieces) == source
    assert "".join(pieces_of(source)) == source


@given(HOSTILE)
def test_the_fast_cut_finds_what_the_careful_walk_finds(source: str) -> None:
    """Without the elements that tree construction treats specially, both cuts see the same tags at the same places."""
    if any(f"<{name}" in source.lower() for name in _TRICKY_NAMES):
        return

    def wanted(found: object) -> list[tuple[int, str]]:
        offsets, at = [], 0
        for piece in found.pieces:  # type: ignore[attr-defined]
            offsets.append(at)
            at += len(piece)
        tags = []
        for index in sorted([*found.links, *found.frame]):  # type: ignore[attr-defined]
            piece = found.pieces[index]  # type: ignore[attr-defined]
            match = TAG.match(piece)
            if match:
                tags.append((offsets[index], match[0]))
        return tags

    if "<" in source:
        assert wanted(scan(source)) == wanted(_Walk(source).run())


@given(st.text(alphabet="ab&=;#x19copynt<>\"' \n", max_size=30))
def test_escaped_values_are_read_back(value: str) -> None:
    """What is written into an attribute is what a browser reads."""
    assert attribute_text(escape_attribute(value)) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param("?a=1&amp;b=2", "?a=1&b=2", id="a reference with its semicolon"),
        pytest.param("?a=1&copy=2", "?a=1&copy=2", id="a name before an equals sign is a parameter"),
        pytest.param("?a=1&copy2", "?a=1&copy2", id="a name that goes on is a parameter"),
        pytest.param("?a&copy", "?a©", id="a bare legacy name at the end"),
        pytest.param("?a&copy;=2", "?a©=2", id="with a semicolon it is a reference even before an equals sign"),
        pytest.param("&notit;", "&notit;", id="no prefix is decoded inside a name"),
        pytest.param("&#38;&#x26;&#X26", "&&&", id="numbers"),
        pytest.param("&#0;&#xD800;&#x110000;", "\ufffd" * 3, id="numbers that are no characters"),
        pytest.param("&#x80;&#150;", "€–", id="windows-1252 numbers"),
        pytest.param("&#" + "9" * 5000 + ";", "\ufffd", id="a number of 5,000 digits"),
        pytest.param(
            "&#x1000000041;&#10000000065;", "\ufffd" * 2, id="numbers too large whose last digits are a letter's"
        ),
        pytest.param("&#x000000000041;&#00000000000065;", "AA", id="leading zeros do not count"),
        pytest.param("&unknown;&;&#;&#x;", "&unknown;&;&#;&#x;", id="what is no reference stays"),
    ],
)
def test_references_follow_the_attribute_rules(raw: str, value: str) -> None:
    """Attribute values are decoded as the standard says for attributes, not for text."""
    assert attribute_text(raw) == value


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        pytest.param(" \n https://x.example/ \t", "https://x.example/", id="blanks at the ends go"),
        pytest.param("https://x.exam\nple/a\tb", "https://x.example/ab", id="line breaks and tabs inside go"),
        pytest.param("https://x.example/a b", "https://x.example/a b", id="a space inside stays"),
    ],
)
def test_urls_are_read_as_the_url_standard_says(raw: str, url: str) -> None:
    """White space is stripped or dropped as a browser does."""
    assert url_text(raw) == url


@pytest.mark.parametrize("part", [pytest.param(part, id=name) for name, part in HOSTILE_INPUTS.items()])
def test_hostile_input_costs_linear_time(part: str) -> None:
    """Twice the input takes at most two and a half times as long."""
    assert not grows_too_fast(scan, lambda size: part * (size // len(part)), size=60_000)


def test_every_corpus_document_is_cut_without_loss(shared: Path) -> None:
    """Real documents, and the tree-construction cases, join back to themselves."""
    texts = [one.text for one in documents(shared)] + [one.data for one in tree_cases(shared)]
    assert len(texts) > 2_000
    for text in texts:
        assert "".join(scan(text).pieces) == text
        assert "".join(pieces_of(text)) == text


def test_an_attribute_says_where_its_value_stands_and_in_which_quotes():
    assert attributes("<a x y=\"1\" z='2' w=3>") == [
        Attribute("x", "", 4, 4, ""),
        Attribute("y", "1", 8, 9, '"'),
        Attribute("z", "2", 14, 15, "'"),
        Attribute("w", "3", 19, 20, ""),
    ]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\0b", "a\ufffdb"),
        ("&hellip;", "\u2026"),
        ("&#x10FFFF;", "\U0010ffff"),
        ("&#x110000;", "\ufffd"),
        ("&#xD7FF;", "\ud7ff"),
        ("&#xD800;", "\ufffd"),
        ("&#xDFFF;", "\ufffd"),
        ("&#xE000;", "\ue000"),
    ],
)
def test_references_at_the_borders_of_unicode(raw, text):
    assert attribute_text(raw) == text


@pytest.mark.parametrize(
    ("text", "trimmed"), [(" x ", "x"), (" x", "x"), ("x y", "x y"), ("\u00a0x\u00a0", "\u00a0x\u00a0"), ("\vx", "\vx")]
)
def test_only_the_blanks_of_html_are_trimmed_off_a_url(text, trimmed):
    assert trim_url(text) == trimmed


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(["plain text"], id="no tag"),
        pytest.param(
            ["", "<script><!--<script></script>-->", "</script>", "<p>x"], id="a script in a script's comment"
        ),
        pytest.param(["", "<script><!--", "</script>", "<p>"], id="a comment the script's end ends"),
        pytest.param(["", "<script><script>", "</script>", "<p>"], id="a script that is text"),
        pytest.param(["", "<script><!--<script>-->", "</script>", "<p>"], id="a nested script the comment's end ends"),
        pytest.param(["", "<script><!-- --><script>", "</script>", "<p>"], id="a script after a comment"),
        pytest.param(["", "<svg>", "</svg>", "<title>a<b", "</title>", "<p>"], id="a title behind SVG"),
        pytest.param(["", "<svg>", "<![CDATA[<a href=1>]]>", "</svg>", "<a href=2>y", "</a>"], id="CDATA in SVG"),
    ],
)
def test_each_tag_begins_a_token_and_text_that_looks_like_one_does_not(pieces):
    assert tokens("".join(pieces)) == pieces
