"""Slips a host's code makes: each gets a clear error or the honest answer, never a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BEACON = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef"])
MESSAGE = mb.Message(recipient="u", campaign="c")
BOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        pytest.param(BOT, None, id="no address"),
        pytest.param({**BOT, "Accept": None}, "192.0.2.1", id="a header without a value"),
        pytest.param([("User-Agent", BOT["User-Agent"].encode())], "192.0.2.1", id="bytes"),
    ],
)
def test_what_frameworks_leave_out_makes_no_person_of_a_bot(headers, address) -> None:
    """An address or header that is missing changes nothing about what the rest says."""
    request = mb.Request(
        url=BEACON.click_url(MESSAGE, "https://x.example/"), headers=headers, address=address, received_at=NOW
    )
    verdict = BEACON.answer(request).verdict
    assert verdict is not None
    assert verdict.actor is mb.Actor.CRAWLER


def test_an_event_that_could_not_be_observed_is_nobody_known() -> None:
    """When facts cannot be made, the verdict says so instead of taking silence for a person."""

    class Broken:
        version = "broken"

        def lookup(self, address: str) -> mb.Network:
            raise RuntimeError(address)

    tracker = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef"], networks=Broken())
    request = mb.Request(url=tracker.click_url(MESSAGE, "https://x.example/"), address="192.0.2.1", received_at=NOW)
    answer = tracker.answer(request)
    assert answer.reply.status == 302
    assert answer.verdict is not None
    assert answer.verdict.is_human is None


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: BEACON.rewrite(b"<p>x", MESSAGE), id="bytes for a document"),
        pytest.param(lambda: BEACON.rewrite(None, MESSAGE), id="nothing for a document"),
        pytest.param(lambda: BEACON.compile(b"<p>x", campaign="c"), id="bytes to compile"),
        pytest.param(lambda: BEACON.compose_bytes("x", MESSAGE), id="text for a mail's bytes"),
        pytest.param(lambda: BEACON.click_url(MESSAGE, 5), id="a number for a URL"),
    ],
)
def test_a_value_of_the_wrong_kind_gets_a_clear_error(work) -> None:
    """The error names what was wanted and what was got."""
    with pytest.raises(ConfigError, match=r"must be (str|bytes), got"):
        work()


def test_a_name_too_long_for_a_link_is_refused_before_the_mail_goes_out() -> None:
    """No wrapped URL passes 2,000 characters, and none is mailed that would not be read back."""
    with pytest.raises(ConfigError, match="at most"):
        BEACON.rewrite("<p>x", mb.Message(recipient="r" * 12_300, campaign="c"))
    longest = mb.Message(recipient="r" * 300, campaign="c")
    for length in range(900, 1_300, 20):
        done = BEACON.rewrite(f'<a href="https://x.example/{"d" * length}">x</a>', longest, text=False)
        assert all(len(url) <= 2_000 for _, url in done.wrapped())


def test_a_campaign_is_needed_only_where_links_are_wrapped() -> None:
    """A mail without links can be sent without one."""
    nameless = mb.Message(recipient="u")
    assert "/o/" in BEACON.rewrite("<p>x", nameless).html
    with pytest.raises(ConfigError, match="campaign"):
        BEACON.rewrite('<a href="https://x.example/">x</a>', nameless)


def test_text_is_unwrapped_too() -> None:
    """Angle brackets around an address are no markup."""
    text = "see <https://x.example/a>, or https://x.example/b."
    assert BEACON.unwrap(BEACON.rewrite(text, MESSAGE, text=True).text) == text
    assert BEACON.unwrap(BEACON.rewrite(f"<b> {text}", MESSAGE, text=True).text, text=True) == f"<b> {text}"


def test_a_mail_that_several_people_share_names_none_of_them() -> None:
    """With ``shared=True`` the token is the campaign's alone: its opens and clicks count, and belong to nobody."""
    raw = (
        b"To: a@example.net, b@example.net\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b'<p><a href="https://x.example/">x</a></p>\r\n'
    )
    with pytest.raises(mb.errors.RewriteError, match="shared=True"):
        BEACON.compose_bytes(raw, MESSAGE)
    once = BEACON.compose_bytes(raw, MESSAGE, shared=True)
    compiled = BEACON.compile_mail(raw, campaign="c", shared=True).render(MESSAGE)
    for mail in (once, compiled):
        body = mail.decode().replace("=\r\n", "").replace("=3D", "=")
        for mark in ('href="', 'src="'):
            url = body.partition(mark)[2].partition('"')[0]
            answer = BEACON.answer(mb.Request(url=url, headers=BOT, address="192.0.2.1", received_at=NOW))
            assert answer.reply.status in (200, 302)
            assert answer.event is not None
            assert (answer.event.recipient, answer.event.campaign, answer.event.facts.network_id) == (None, "c", "")
