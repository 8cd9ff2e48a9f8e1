"""Documents like one before: the result is the one that reading everything gives, to the character."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.rewriting import html as rewriting_html
from tests.corpus import documents
from tests.fragments import FRAGMENTS, number_links

BASE = "https://t.example.com/m"
SENT = datetime(2026, 11, 24, 9, tzinfo=UTC)
LETTER = """<!doctype html><html><head><title>News for {name}</title><style>a {{ color: red }}</style></head>
<body class="x"><p>Dear {name}, </p><table><tr><td><a href="https://shop.example/1?a=1&amp;b=2"><img src="x.png"> One</a>
and <a href='https://shop.example/2'>two</a></td></tr></table><!--[if mso]><a href="https://shop.example/3">x</a><![endif]-->
<p><a title="</a>" href="https://shop.example/4">four <b>4</b></a>
<a href="https://shop.example/5"><i class='y'>five</i></a> <i class='z'>six</i></p>
<p>Your own <a href="https://shop.example/{name}/offer">offer</a>, <b>{name}</b> of {name}</p>
<p>Sent to {name}. <a href="https://shop.example/leave?who={name}">Unsubscribe</a></p></body></html>
"""
WORDS = st.sampled_from(
    ["", "x", "Anna", "Łukasz", "&amp;", "3 > 2", "\0", "a b", "unsubscribe", "<b>Ann</b>", "<!-- n -->"]
)
RAW = st.sampled_from(
    [
        "<style>a</style>",
        "<style>b",
        "</style>",
        "<script></script>",
        "</scriptx>",
        "<textarea>",
        "</textarea>",
        "<title>t</title>",
    ]
)
PARTS = st.one_of(
    WORDS, RAW, st.sampled_from(FRAGMENTS), st.sampled_from(['<a href="@">x</a>', '<a href="@">', "</a>", "<p>x</p>"])
)


def beacon(**options: object) -> mb.Beacon:
    return mb.Beacon(BASE, secret_keys=[b"0123456789abcdef"], **options)


def message(recipient: str = "u-1") -> mb.Message:
    return mb.Message(recipient=recipient, campaign="spring", sent_at=SENT)


def same(known: mb.Beacon, html: str, to: mb.Message, **options: object) -> bool:
    """Tell whether a beacon that knows other documents gives what a new one gives; and its way back holds."""
    done, anew = known.rewrite(html, to), beacon(**options).rewrite(html, to)
    assert done.html == anew.html
    assert done.edits == anew.edits
    assert done.restore() == html
    return True


def readings(known: mb.Beacon, html: str, to: mb.Message) -> int:
    """Count how often the whole document is read for one rewrite."""
    with mock.patch.object(rewriting_html, "scan", wraps=rewriting_html.scan) as scan:
        known.rewrite(html, to)
    return scan.call_count


def test_a_letter_with_another_name_is_not_read_again() -> None:
    """Name in title, text and links, a personal link and a personal unsubscribe link: only they are read."""
    known = beacon()
    assert readings(known, LETTER.format(name="Ann"), message()) == 1
    for number, name in enumerate(["Bo", "Łukasz", "Ann", "Anna", "O'Neil & Sons", "x" * 500]):
        html, to = LETTER.format(name=name), message(f"u-{number}")
        assert readings(known, html, to) == 0
        assert same(known, html, to)
        assert f"/leave?who={name}" in known.rewrite(html, to).html


def test_the_same_document_is_read_once() -> None:
    """However many messages."""
    known, html = beacon(), LETTER.format(name="all")
    assert [readings(known, html, message(f"u-{number}")) for number in range(5)] == [1, 0, 0, 0, 0]


def test_letters_are_known_again_after_many_documents_like_no_other() -> None:
    """What is compared in vain is compared less often, but never given up."""
    known = beacon()
    for number in range(40):
        known.rewrite(f"<!doctype html>{'<p>x</p>' * number}<i>{number}</i></html>", message())
    reads = [readings(known, LETTER.format(name=f"Ann {number}"), message()) for number in range(20)]
    assert reads[0] == 1
    assert sum(reads) < 10
    assert reads[-5:] == [0] * 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Dear", '<a href="https://shop.example/0">new</a>', id="a link more, so that all numbers move"),
        pytest.param('<a href="https://shop.example/1?a=1&amp;b=2">', "<b>", id="a link less"),
        pytest.param("offer</a>", "unsubscribe</a>", id="a link that is now for leaving"),
        pytest.param("> One</a>", "> unsubscribe</a>", id="a link that is for leaving by what stands beside its image"),
        pytest.param(">4<", ">unsubscribe<", id="a link that is for leaving by its bold word"),
        pytest.param("five", "unsubscribe", id="a link that is for leaving by what stands in a tag of its own"),
        pytest.param("two</a></td>", "two</b> unsubscribe</td>", id="a link that ends later"),
        pytest.param(
            LETTER[LETTER.index("<!--[if") : LETTER.index("<p>Your")],
            "<!-- -->\n",
            id="a comment that Outlook does not read",
        ),
        pytest.param("</head>", "<base href='https://b.example/'></head>", id="a base"),
        pytest.param("Dear", "<!-- ", id="a comment that swallows the rest"),
        pytest.param("Dear", "<svg>", id="foreign content"),
        pytest.param("</body>", "", id="no end of the body"),
        pytest.param("color: red", "</style><p title='", id="an end of the style"),
        pytest.param("<img", "</a><img", id="a link that ends earlier"),
        pytest.param(" One</a>", " One", id="a link that never ends"),
        pytest.param("<html>", "<html amp4email>", id="an AMP document"),
        pytest.param("</html>\n", "</html>\n<", id="an open end"),
        pytest.param("<table>", "<table", id="a tag that swallows the next"),
    ],
)
def test_what_changes_its_surroundings_is_read_anew(old: str, new: str) -> None:
    """The difference matters to other links or to the pixel."""
    known, html = beacon(), LETTER.format(name="Ann")
    assert old in html
    known.rewrite(html, message())
    assert same(known, html.replace(old, new, 1), message("u-2"))


@settings(max_examples=600)
@given(
    parts=st.lists(PARTS, min_size=1, max_size=14),
    edits=st.lists(st.tuples(st.integers(0, 13), PARTS, st.integers(0, 2)), max_size=3),
    tail=st.sampled_from(["", "</body></html>", "<p>end</p>", "\n"]),
)
def test_any_change_of_any_document(parts: list[str], edits: list[tuple[int, str, int]], tail: str) -> None:
    """A document, then the same with parts put in, taken out or in each other's place."""
    first = number_links("<p>Hi, dear reader</p>" + "".join(parts) + tail)
    other = parts.copy()
    for place, part, what in edits:
        at = place % (len(other) or 1)
        other[at : at + (what > 0)] = [part] if what < 2 else []
    second = number_links("<p>Hi, dear reader</p>" + "".join(other) + tail)
    known = beacon()
    known.rewrite(first, message())
    assert same(known, second, message("somebody-else"))
    assert same(known, first, message("u-3"))


@settings(max_examples=300)
@given(st.data())
def test_any_splice_of_a_letter(data: st.DataObject) -> None:
    """A letter, then the same with any stretch of it replaced by anything."""
    html = LETTER.format(name="Ann")
    start = data.draw(st.integers(0, len(html)))
    end = min(len(html), start + data.draw(st.integers(0, 60)))
    known = beacon()
    known.rewrite(html, message())
    assert same(known, html[:start] + number_links(data.draw(PARTS)) + html[end:], message("u-2"))


@pytest.mark.parametrize("options", [{"honeypot": "https://shop.example/"}, {"pixel": "top"}, {"short_links": True}])
def test_settings_hold_for_repeats_too(options: dict[str, object]) -> None:
    """A trap, a pixel at the top, short links."""
    known = beacon(**options)
    for name in ("Ann", "Bo", "Cleo"):
        assert same(known, LETTER.format(name=name), message(name), **options)


def test_each_choice_of_levels_is_kept_apart() -> None:
    """A message that allows less gets less, though the document is known."""
    known, html = beacon(), LETTER.format(name="Ann")
    full = message()
    for opens in (mb.Level.FULL, mb.Level.NONE):
        for clicks in (mb.Level.FULL, mb.Level.NONE):
            to = mb.Message(recipient="u-2", campaign="spring", sent_at=SENT, opens=opens, clicks=clicks)
            known.rewrite(html, full)
            assert same(known, html, to)


def test_the_pixel_moves_to_the_top_when_a_repeat_grows_past_100_kb() -> None:
    """Around the border each length is decided as if the document stood alone."""
    filling = "<p>é many words</p>" * 4_900
    html = LETTER.replace("<table>", filling + "<table>")
    known = beacon()

    def at_top(more: int, recipient: str) -> bool:
        letter, to = html.format(name="n" * more), message(recipient)
        assert same(known, letter, to)
        return known.rewrite(letter, to).html.index("/o/") < len(filling)

    border = next(more for more in range(0, 1_200, 20) if at_top(more, "u-1"))
    assert border
    tops = {at_top(more, "u-" + "x" * length) for more in range(border - 22, border, 3) for length in range(0, 90, 9)}
    assert tops == {True, False}


def test_raw_text_that_ends_elsewhere() -> None:
    """What follows a style whose end tag is another now is text, and no link."""
    html = '<p>Dear</p><style>b</style x><a href="https://shop.example/">x</a>'
    known = beacon()
    known.rewrite(html, message())
    assert same(known, html.replace("</style x>", "</styl x>"), message("u-2"))


@pytest.mark.parametrize("html", ["<p>Dear Ann</p><p>Hi</p> there", "Dear Ann, <b>hi</b>, dear all"])
def test_a_fragment_with_a_pixel_at_the_top(html: str) -> None:
    """The pixel stays before all."""
    known = beacon(pixel="top")
    known.rewrite(html, message())
    assert same(known, html.replace("Ann", "Bob"), message("u-2"), pixel="top")
    assert same(known, html.replace("all", "Ann"), message("u-2"), pixel="top")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<script></script>", "<script></scriptx>", id="a script that never ends"),
        pytest.param("<script></script>", "<script></ script>", id="a script whose end is a comment"),
        pytest.param(
            "<textarea><a href='https://b.example/'>i</a></textarea>",
            "<b><a href='https://b.example/'>i</a></textarea>",
            id="a link that was text",
        ),
        pytest.param("<title>a</title>", "<titl>a</title>", id="a title that is none"),
    ],
)  # fmt: skip
def test_raw_text_that_is_none_any_more(old: str, new: str) -> None:
    """Both ways: what was text is markup now, and the reverse."""
    html = f"<!doctype html><p>Hello</p>{old}<a href='https://shop.example/1'>one</a></p></body></html>"
    for first, second in ((html, html.replace(old, new)), (html.replace(old, new), html)):
        known = beacon()
        known.rewrite(first, message())
        assert same(known, second, message("u-2"))


def test_a_style_at_the_end_that_is_open_now() -> None:
    """No pixel goes into it."""
    known = beacon()
    known.rewrite("<p>Hello there you</p><style>a</style> of this letter</p>", message())
    assert same(known, "<p>Hello there you</p><style>b of this letter</p>", message("u-2"))


def test_text_that_comes_between_the_body_and_a_pixel_at_the_top() -> None:
    """The pixel stays right after the tag."""
    known = beacon(pixel="top")
    html = "<!doctype html><body><p>Hi</p></body>"
    known.rewrite(html, message())
    assert same(known, html.replace("<p>", "Hello<p>"), message("u-2"), pixel="top")


def test_a_document_that_holds_the_token_already() -> None:
    """The mark must stand for what was put in alone."""
    known, to = beacon(), message()
    html = LETTER.format(name=known.sign(to))
    known.rewrite(html, to)
    assert same(known, html, message("u-2"))


def test_real_mail_with_a_name_put_in(shared: Path) -> None:
    """A name after several tags of each real document, and after its last."""
    for document in documents(shared):
        known, html, to = beacon(), document.text, message("u-2")
        known.rewrite(html, message())
        spots = [at + 1 for at, sign in enumerate(html) if sign == ">"]
        for at in (*spots[:: max(1, len(spots) // 4)], *spots[-1:]):
            done = html[:at] + "Ann Łu" + html[at:]
            assert known.rewrite(done, to).html == beacon().rewrite(done, to).html, document.name


PIXEL = f'<img src="{beacon().open_url(message())}" width="1" height="1">'


@pytest.mark.parametrize(
    ("first", "then", "options"),
    [
        pytest.param(
            "\n    <p>Hi</p><p>more</p>", '\n    <meta name="x">Hi</p><p>more</p>', {"pixel": "top"}, id="the first tag"
        ),
        pytest.param(
            f"<!doctype html><body><p>Hi</p>{PIXEL}<p>{'x' * 1100}</p></body></html>",
            f"<!doctype html><body><p>Hi</p>{PIXEL}<p>short</p></body></html>",
            {},
            id="a pixel of ours",
        ),
        pytest.param(
            "<style>abc def</style><section>x</body></html>",
            "<style>abc def</style><noscript>x</body></html>",
            {},
            id="noscript",
        ),
        pytest.param(
            '<!doctype html><body class="a"><br>a b<<p>end</p>',
            '<!doctype html><body class="a"><\u0141uk>Ann</b><p>end</p>',
            {},
            id="a letter that begins no tag",
        ),
        pytest.param(
            '<p><a href="https://x.example/1">one</a> two</p>',
            '<p><a href="https://x.example/1">one</abbr> unsubscribe</a></p>',
            {},
            id="the end of a link",
        ),
    ],
)
def test_what_decides_elsewhere_is_read(first: str, then: str, options: dict[str, object]) -> None:
    for before, after in ((first, then), (then, first)):
        known = beacon(**options)
        known.rewrite(before, message())
        known.rewrite(before, message("u-2"))
        assert same(known, after, message("u-3"), **options)
