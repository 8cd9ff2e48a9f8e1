"""Plain text in, the same text out with wrapped links: no punctuation swallowed, no line broken or joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.model import Channel, Place, SkipReason
from mailbeacon.rewriting import LinkRules, Rewrite, rewrite_text
from mailbeacon.rewriting.text import find_urls
from tests.linear import grows_too_fast


def rewrite(text: str, **rules: object) -> Rewrite:
    """Rewrite a text, and insist on the exact way back."""
    done = rewrite_text(text, lambda number, url: f"https://t.example/c/T/{number}", rules=LinkRules(**rules))  # type: ignore[arg-type]
    assert done.restore() == text
    return done


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("See https://x.example/a", "https://x.example/a", id="at the end"),
        pytest.param("See https://x.example/a.", "https://x.example/a", id="a full stop"),
        pytest.param("Is it https://x.example/a?b=1?", "https://x.example/a?b=1", id="a question mark"),
        pytest.param("(https://x.example/a)", "https://x.example/a", id="in brackets"),
        pytest.param("(see https://x.example/wiki/Bee_(insect))", "https://x.example/wiki/Bee_(insect)", id="balanced"),
        pytest.param("https://x.example/a)b", "https://x.example/a", id="a bracket opened outside ends it"),
        pytest.param("<https://x.example/a>", "https://x.example/a", id="in angle brackets"),
        pytest.param("[text](https://x.example/a) more", "https://x.example/a", id="a Markdown link"),
        pytest.param("**https://x.example/a**", "https://x.example/a", id="Markdown emphasis"),
        pytest.param('"https://x.example/a"', "https://x.example/a", id="in quotes"),
        pytest.param("„https://x.example/a“", "https://x.example/a", id="in German quotes"),
        pytest.param("見て：https://x.example/a。次", "https://x.example/a", id="before an ideographic full stop"),
        pytest.param("https://пример.рф/путь?x=ы", "https://пример.рф/путь?x=ы", id="IDN and a non-ASCII path"),
        pytest.param("HTTPS://X.example/", "HTTPS://X.example/", id="capitals"),
        pytest.param("https://x.example/it's", "https://x.example/it's", id="an apostrophe inside"),
        pytest.param("https://x.example/a,b;c", "https://x.example/a,b;c", id="commas inside"),
        pytest.param("https://x.example/a?b=1&c=2#d", "https://x.example/a?b=1&c=2#d", id="query and fragment"),
        pytest.param("See https://x.example/v?id=a_ or", "https://x.example/v?id=a_", id="an underscore at the end"),
        pytest.param("See https://x.example/reset/aB3- or", "https://x.example/reset/aB3-", id="a hyphen at the end"),
        pytest.param("See https://x.example/~ or", "https://x.example/~", id="a tilde at the end"),
        pytest.param("See _https://x.example/a_.", "https://x.example/a", id="between underscores"),
    ],
)
def test_urls_are_found_without_the_punctuation_around_them(text: str, url: str) -> None:
    """Only the URL is replaced; what stands around it stays."""
    done = rewrite(text)
    assert [(link.url, link.channel, link.place) for link in done.links] == [(url, Channel.TEXT, Place.TEXT)]
    assert done.text == text.replace(url, "https://t.example/c/T/1", 1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no link here", id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("xhttps://x.example/", id="inside a word"),
        pytest.param("mailto:x@x.example ftp://x.example/", id="other schemes"),
        pytest.param("http:// and https://", id="a scheme alone"),
    ],
)
def test_what_is_no_web_address_stays(text: str) -> None:
    """Other text is left as it is."""
    assert rewrite(text).text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("https://x.example/{{ id }}", SkipReason.MERGE_TAG, id="a merge tag"),
        pytest.param("Unsubscribe: https://x.example/1", SkipReason.UNSUBSCRIBE, id="the word before it"),
        pytest.param("To unsubscribe, go to\nhttps://x.example/1", SkipReason.UNSUBSCRIBE, id="the line before it"),
        pytest.param("Unsubscribe:\n\nhttps://x.example/1", SkipReason.UNSUBSCRIBE, id="above a blank line"),
        pytest.param("Visit https://x.example/1 to unsubscribe.", SkipReason.UNSUBSCRIBE, id="the words after it"),
        pytest.param("https://x.example/optout", SkipReason.UNSUBSCRIBE, id="in the address"),
    ],
)
def test_skipped_links_keep_their_characters_and_have_a_reason(text: str, reason: SkipReason) -> None:
    """The same rules hold as for HTML."""
    done = rewrite(text)
    assert done.text == text
    assert [one.reason for one in done.skipped] == [reason]


@pytest.mark.parametrize("between", [" | Unsubscribe: ", " Unsubscribe ", " Unsubscribe:\n"])
def test_words_that_lead_to_the_next_address_are_not_the_last_one_s(between: str) -> None:
    """A footer often has both in one line."""
    done = rewrite(f"View in browser: https://x.example/1{between}https://x.example/2")
    assert [one.url for one in done.links] == ["https://x.example/1"]


def test_a_markdown_link_whose_text_is_an_address_is_two_links() -> None:
    """Its target is what a reader is led to, so it must not be lost."""
    done = rewrite("[https://x.example/a](https://y.example/b), (https://z.example/c),https://x.example/d")
    assert [link.url for link in done.links] == [
        "https://x.example/a",
        "https://y.example/b",
        "https://z.example/c",
        "https://x.example/d",
    ]


@pytest.mark.parametrize(
    "tag",
    [
        "{{ url or 'https://x.example/' }}",
        "{% set a = 'https://x.example/' %}",
        "<%= url || 'https://x.example/' %>",
        "[[url|https://x.example/]]",
        "${url || 'https://x.example/'}",
        "*|URL:https://x.example/|*",
    ],
)
def test_an_address_inside_a_template_tag_stays(tag: str) -> None:
    """A token in there would never be filled in, and the tag would break; an address beside a tag is wrapped."""
    done = rewrite(f"Go: {tag} or https://y.example/")
    assert [one.reason for one in done.skipped] == [SkipReason.MERGE_TAG]
    assert [link.url for link in done.links] == ["https://y.example/"]


def test_many_addresses_cost_linear_time() -> None:
    """With warnings."""
    line = "<https://x.example/a> https://y.example/b\n"

    def work(text: str) -> None:
        done = rewrite(text)
        assert (len(done.links), done.warnings) == (text.count("https"), ())

    assert not grows_too_fast(work, lambda size: line * (size // len(line)), size=50_000, most=3)


def test_lines_stay_whole() -> None:
    """Soft line breaks of format=flowed, CR LF and blank ends of lines stay where they are."""
    text = "One https://x.example/a \r\ntwo \nhttps://x.example/b\r\n> https://x.example/c\r-- \r\n"
    done = rewrite(text)
    assert [line.split("https")[0] for line in done.text.splitlines(keepends=True)] == [
        line.split("https")[0] for line in text.splitlines(keepends=True)
    ]
    assert done.text.count("\r\n") == text.count("\r\n")
    assert [(link.line, link.column) for link in done.links] == [(1, 5), (3, 1), (4, 3)]


@given(st.text(alphabet="htps:/.x()[]<> \n\"'é。,", max_size=60))
def test_urls_never_overlap_and_the_way_back_is_exact(text: str) -> None:
    """Whatever the text, found URLs stand in order and restore is exact."""
    at = 0
    for start, end in find_urls(text):
        assert at <= start < end <= len(text)
        at = end
    rewrite(text)


def test_brackets_and_punctuation_cost_linear_time() -> None:
    """A long run of closing brackets or dots is no trap: the trim looks at each character once."""
    for part in (")", ".", "(", "()", "https://x.example/)", "http", "https://x.example/](", "{{", "{% ", "<% ", "[["):
        assert not grows_too_fast(find_urls, lambda size, part=part: "https://x.example/" + part * (size // len(part)))
