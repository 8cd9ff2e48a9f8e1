"""Documents that fuzzing and other parsers found the rewriting wrong about, each with what it must do now."""

from __future__ import annotations

import pytest
from views import VIEWS

from mailbeacon.errors import RewriteError
from mailbeacon.model import SkipReason
from mailbeacon.rewriting import LinkRules, Planner, rewrite_html
from mailbeacon.template import prove

PIXEL = "https://t.example/o/T.gif"
AMBIGUOUS = SkipReason.AMBIGUOUS
A, B = "http://x.example/1", "http://x.example/2"

CASES = [
    pytest.param(f"<a href={A}</a>x", [f"{A}</a"], [], id="an end tag inside a bare value is a part of it"),
    pytest.param(f"<a title='</a>' href='{A}'>x</a>", [A], [], id="an end tag inside the value before"),
    pytest.param(f"<a </a href={A}>x</a>", [A], [], id="an end tag inside the tag is an attribute"),
    pytest.param(
        f"<a title='</a>' data-mailbeacon=off href={A}></a><a title='</a>' href={B}></a>",
        [B],
        [SkipReason.OPT_OUT],
        id="links that begin alike up to an end tag in a value are two",
    ),
    pytest.param(
        f"<a href={A}><svg><title><frameset>", [], [AMBIGUOUS], id="a frameset that may stand inside an SVG title"
    ),
    pytest.param(f"<svg><font><area href={A}>", [], [AMBIGUOUS], id="a font that does not end SVG, then an area"),
    pytest.param(f"<svg><foreignObject/><area href={A}>", [], [AMBIGUOUS], id="a closed foreignObject, then an area"),
    pytest.param(f"<div><svg></div><area href={A}>", [], [AMBIGUOUS], id="an end tag from outside ends SVG"),
    pytest.param(f"<svg></select><area href={A}>", [], [AMBIGUOUS], id="an end tag from nowhere does not end SVG"),
    pytest.param(f"<a><svg></a><a xlink:href={A}>", [], [AMBIGUOUS], id="whether a link's end ended SVG is left open"),
    pytest.param(f"<svg><g><svg></g><a xlink:href={A}>", [A], [], id="an outer group's end ends the inner SVG only"),
    pytest.param(f"<svg><title><select></title><a href={A}>", [], [AMBIGUOUS], id="a select inside an SVG title"),
    pytest.param(f"<svg><style></svg></style><a href={A}>", [], [AMBIGUOUS], id="SVG's end inside its own style"),
    pytest.param(f"<svg><path><g></svg><area href={A}>", [A], [], id="SVG's end closes what is open inside it"),
    pytest.param(
        f"<a href={A}>x<script><!--<script></script </script/", [A], [], id="an escaped script's end at the end"
    ),
    pytest.param("x<script><!--<script </script </script ", [], [], id="a script's end tag that is never closed"),
    pytest.param(
        "<!--[if mso]><select><a href=http://x.example/><![endif]-->", [], [AMBIGUOUS], id="a select for Outlook"
    ),
    pytest.param(
        f"<a href={A}></a><!--[if mso]><a href={B}>x<![endif]", [A], [], id="a comment for Outlook never closed"
    ),
    pytest.param(f"<p><a href={A}>x</p></body>\n</html>\n", [A], [], id="a link that an image opens again"),
    pytest.param("<table><p><em><p></body>\n", [], [], id="formatting that an image opens again before a table"),
    pytest.param("<p><b>x</p><!-- y", [], [], id="formatting that an image opens again before a comment"),
]


@pytest.mark.parametrize(("html", "wrapped", "reasons"), CASES)
def test_found_cases_are_read_as_every_parser_reads_them(
    html: str, wrapped: list[str], reasons: list[SkipReason]
) -> None:
    """What is wrapped is a link for each parser, restore is exact, and the proof finds no other change."""
    done = rewrite_html(html, wrap, pixel=PIXEL, planner=Planner(LinkRules()))
    assert [link.url for link in done.links] == wrapped
    assert [one.reason for one in done.skipped] == reasons
    assert done.restore() == html
    prove(done, PIXEL)
    for view in VIEWS.values():
        before, after = view(html), view(done.html)
        assert {one.read for one, _ in done.wrapped()} <= before.links | before.loose
        assert after.images == before.images + any(not edit.number for edit in done.edits)


def wrap(number: int, url: str) -> str:
    """Return a wrapped URL that tells the number."""
    return f"https://t.example/c/T/{number}"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p><b>x</p><plaintext>y", id="text that would turn bold"),
        pytest.param("<p><b>x</p><textarea>y", id="a field in bold"),
        pytest.param("<table><p><em></p></body>\n<e>", id="an element after the body"),
        pytest.param("<table><td><p><em><p></body>\nz", id="text after the body"),
    ],
)
def test_what_an_image_would_open_again_around_things_seen_is_refused(html: str) -> None:
    """A page that would look other than before never passes the proof; the error names the way out, and it is one."""
    done = rewrite_html(html, wrap, pixel=PIXEL)
    assert done.restore() == html
    prove(rewrite_html(html, wrap), PIXEL)
    with pytest.raises(RewriteError, match="pixel='top'"):
        prove(done, PIXEL)
    prove(rewrite_html(html, wrap, pixel=PIXEL, position="top"), PIXEL)
