"""Whatever is done with a mail costs time in proportion to its size, however hostile it is."""

from __future__ import annotations

from contextlib import suppress

import pytest

import mailbeacon as mb
from mailbeacon.reporting.clickmap import click_map
from tests.linear import HOSTILE_INPUTS, LABELS, MAILS, grows_too_fast, takes_more, texts
from tests.making import beacon

MESSAGE = mb.Message(recipient="u-17", campaign="spring")
HEAD = b"To: reader@x.example\r\nContent-Type: text/%s\r\n\r\n"


def everything(text: str) -> object:
    """Rewrite, and ask for all that can be told of it."""
    done = beacon(wrap_visible_urls=False).rewrite(text, MESSAGE)
    return done.links, done.skipped, done.edits, done.warnings, done.restore()


def as_mail(kind: bytes, text: str) -> object:
    """Compile a mail of one body, and render it."""
    mail = beacon().compile_mail(HEAD % kind + text.encode(), campaign="spring", verify=False)
    return mail.render(MESSAGE)


WORKS = {
    "rewrite": everything,
    "compile": lambda text: beacon().compile(text, campaign="spring", verify=False).source("{{ a token }}"),
    "compose_bytes": lambda text: beacon().compose_bytes(HEAD % b"html" + text.encode(), MESSAGE),
    "compile_mail": lambda text: as_mail(b"html", text),
    "text": lambda text: beacon().rewrite(text, MESSAGE, text=True).report(),
    "compile_mail of text": lambda text: as_mail(b"plain", text),
    "flowed text": lambda text: as_mail(b"plain; format=flowed; delsp=yes", text),
    "a header": lambda text: beacon().compose_bytes(b"Content-Type: text/html" + text.encode(), MESSAGE),
    "a list of addresses": lambda text: beacon().compose_bytes(b"To: " + text.encode() + b"\r\n\r\nx", MESSAGE),
    "a multipart": lambda text: beacon().compose_bytes(
        b"Content-Type: multipart/mixed; boundary=b\r\n" + text.encode(), MESSAGE
    ),
    "unwrap": lambda text: beacon().unwrap(text),
}


@pytest.mark.parametrize("name", WORKS)
def test_no_work_on_a_mail_is_quadratic(name: str) -> None:
    """Each way into the package, on each hostile input alone and inside the label of a link."""

    def work(text: str) -> object:
        with suppress(mb.errors.MailbeaconError):
            return WORKS[name](text)
        return None

    tables = (HOSTILE_INPUTS, LABELS, MAILS)
    found = {
        case: said
        for case, _ in texts(100, *tables)
        if (said := grows_too_fast(work, lambda size, case=case: dict(texts(size, *tables))[case], size=2_500))
    }
    assert not found


def test_quadratic_work_is_found() -> None:
    """The measure would notice."""

    def quadratic(text: str) -> int:
        return sum(text.count("-->", at) for at in range(0, len(text), 4))

    assert any(grows_too_fast(quadratic, lambda size: "x" * size, size=4_000) for _ in range(5))
    assert takes_more(quadratic, "x" * 4_000, "x" * 32_000, times=24)
    assert not grows_too_fast(str.upper, lambda size: "x" * size, size=2_500)


SHEETS = {
    "an image in a sheet": lambda size: f"<style>.a{{background:url(data:image/png;base64,{'A' * size})}}</style><p>Hi",
    "an image in a style": lambda size: f'<p style="background:url(data:image/png;base64,{"A" * size})">Hi',
    "a long comment": lambda size: f"<style>/*{'x' * size}*/p{{color:red}}</style><p>Hi",
    "comments never closed": lambda size: f"<style>{'/* ' * (size // 3)}</style><p>Hi",
    "fonts never closed": lambda size: f"<style>{'@font-face{' * (size // 11)}</style><p>Hi",
    "addresses never closed": lambda size: f"<style>{'url(' * (size // 4)}</style><p>Hi",
    "quotes": lambda size: "<style>" + "\"'" * (size // 2) + "</style><p>Hi",
    "conditions": lambda size: "<![ if !mso]>" * (size // 13) + "<p>Hi",
    "declarations": lambda size: "<!DOCTYPE " * (size // 10) + "<p>Hi",
    "a cell in each other": lambda size: "<table><td>" * (size // 11) + "Hi",
}
"""What stood in newsletters whose click map took minutes, and its like."""


@pytest.mark.parametrize("name", SHEETS)
def test_no_click_map_is_quadratic_on_what_a_newsletter_holds(name: str) -> None:
    """An image in the sheet of 16 KB is ordinary, and so is a long comment."""
    assert not grows_too_fast(lambda text: click_map(text, [], []), SHEETS[name], size=16_000)
    if "never closed" not in name and name != "quotes":
        assert "Hi" in click_map(SHEETS[name](16_000), [], [])


def test_no_click_map_is_quadratic_on_what_is_never_closed() -> None:
    """The same inputs as for all else that reads HTML."""
    found = {
        case: said
        for case, _ in texts(100, HOSTILE_INPUTS, LABELS)
        if (
            said := grows_too_fast(
                lambda text: click_map(text, [], []),
                lambda size, case=case: dict(texts(size, HOSTILE_INPUTS, LABELS))[case],
                size=4_000,
            )
        )
    }
    assert not found


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(lambda size: "https://t.example.com/m/o/" + "%41" * (size // 3), id="a pixel"),
        pytest.param(lambda size: "https://t.example.com/m/c/" + "%41" * (size // 3) + "/x", id="a click"),
        pytest.param(lambda size: "https://t.example.com/m/o/" + "%2E" * (size // 3) + ".gif", id="dots"),
        pytest.param(lambda size: "https://t.example.com/m/o/a?" + "a=%41&" * (size // 6), id="a query"),
        pytest.param(lambda size: "https://t.example.com/" + "%41" * (size // 3), id="no address of ours"),
    ],
)
def test_a_request_with_no_token_costs_little_however_long_its_url(url) -> None:
    """Anybody may send such requests, without having a mail."""
    made = beacon()
    assert not grows_too_fast(lambda text: made.handle(mb.Request(url=text)), url, size=15_000)
