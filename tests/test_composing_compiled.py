"""Compiled mails: a recipient's mail says exactly what the template renders, and is fit to travel."""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import PATIENCE, free_port

import mailbeacon as mb
from mailbeacon import mime
from mailbeacon.composing import compile_mail
from mailbeacon.errors import ConfigError, RewriteError, SignedMail
from mailbeacon.model import Level
from tests.letters import BEACON, MESSAGE, compiled, letter

HTML = """<html><body><p>Grüße, 日本 = =3D &copy;</p>\r
<a href="https://example.com/?a=1&amp;b=2">read</a><a href=https://example.com/2>on</a> .\r
.\r
From here   \r
</body></html>\r
"""
TEXT = "Grüße: https://example.com/text und https://example.com/zwei\r\n"


def read(data: bytes) -> tuple[str, str]:
    """Return the HTML and the text the standard library reads in a mail."""
    mail = message_from_bytes(data, policy=policy.default)
    found = [mail.get_body((kind,)) for kind in ("html", "plain")]  # type: ignore[attr-defined]
    html, text = (part.get_content() if part else "" for part in found)
    return html, text


def is_fit_to_travel(data: bytes) -> bool:
    """Check whether SMTP can carry it: short lines, and no line end but CRLF."""
    lines = data.split(b"\r\n")
    return max(map(len, lines)) <= 998 and not any(b"\r" in line or b"\n" in line for line in lines)


@pytest.mark.parametrize(
    ("cte", "charset"),
    [(cte, charset) for cte in (None, "8bit", "quoted-printable", "base64") for charset in ("utf-8", "gb18030")],
)
def test_a_mail_says_what_the_template_renders(cte: str | None, charset: str) -> None:
    template, documents = compiled(letter(HTML, TEXT, cte=cte, charset=charset))
    data = template.render(MESSAGE)
    assert read(data) == (documents.render(MESSAGE), documents.render_text(MESSAGE))
    assert is_fit_to_travel(data)
    assert len(template.links) == 4


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        pytest.param("iso-2022-jp", "日本語 https://example.com/ 日本語", id="ISO-2022-JP"),
        pytest.param("windows-1252", "„5 €“ https://example.com/", id="windows-1252"),
        pytest.param("tis-620", "ภาษาไทย https://example.com/", id="TIS-620"),
        pytest.param("us-ascii", "plain https://example.com/ " + "x" * 900, id="a line that would grow too long"),
        pytest.param("us-ascii", "https://example.com/ " * 30, id="a line of many links"),
    ],
)
@pytest.mark.parametrize("encoding", ["7bit", "8bit", "base64", "quoted-printable"])
def test_a_text_mail_keeps_its_charset(charset: str, text: str, encoding: str) -> None:
    data = text.encode(charset)
    data = {"base64": base64.encodebytes, "quoted-printable": lambda d: mime.quote(d, b"\n")}.get(encoding, bytes)(data)
    raw = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + data
    template, documents = compiled(raw)
    out = template.render(MESSAGE)
    assert read(out)[1].rstrip() == documents.render_text(MESSAGE).rstrip()
    assert f"charset={charset}".encode() in out
    assert is_fit_to_travel(out)


def test_a_mail_in_utf16_is_compiled_to_utf8() -> None:
    packed = base64.b64encode(HTML.encode("utf-16"))
    head = b"Content-Type: text/html; charset=UTF-16; x=1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    template, documents = compiled(head + packed)
    out = template.render(MESSAGE)
    assert out.startswith(head.replace(b"charset=UTF-16", b'charset="utf-8"').replace(b"base64", b"quoted-printable"))
    assert read(out)[0] == documents.render(MESSAGE)


@given(
    html=st.lists(
        st.sampled_from(
            ["<a href='https://e.com/'>", "</a>", "<p>", "é", "=", " ", "\t", ".", "\r\n", "From ", "x" * 75, "\ue000"]
        )
    ),
    text=st.lists(st.sampled_from(["https://e.com/é ", "é", " ", "\r\n", "y" * 80, "="])),
    recipient=st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=1, max_size=80), st.just("r" * 300)
    ),
    opens=st.sampled_from([Level.NONE, Level.FULL]),
    clicks=st.sampled_from([Level.NONE, Level.FULL]),
    cte=st.sampled_from(["8bit", "quoted-printable", "base64"]),
)
@settings(max_examples=60)
def test_any_mail_to_anybody_says_what_the_template_renders(
    html: list[str], text: list[str], recipient: str, opens: Level, clicks: Level, cte: str
) -> None:
    template, documents = compiled(letter("<b>" + "".join(html), "t" + "".join(text), cte=cte))
    message = replace(MESSAGE, recipient=recipient, opens=opens, clicks=clicks)
    data = template.render(message)
    assert read(data) == (documents.render(message), documents.render_text(message))
    assert is_fit_to_travel(data)


def test_lines_of_quoted_printable_are_short_whatever_the_token() -> None:
    template, documents = compiled(letter(HTML, TEXT, cte="quoted-printable"))
    for recipient in ("u", "u" * 200):
        message = replace(MESSAGE, recipient=recipient)
        data = template.render(message)
        assert max(map(len, data.split(b"\r\n"))) <= 78
        assert read(data) == (documents.render(message), documents.render_text(message))


def test_a_token_too_long_for_any_line_is_refused() -> None:
    template, _ = compiled(letter("<a href='https://example.com/'>x</a>", cte="7bit"))
    with pytest.raises(ConfigError, match="at most 500"):
        template.render(replace(MESSAGE, recipient="u" * 900))


def test_another_campaign_is_refused() -> None:
    template, _ = compiled(letter(HTML, TEXT))
    for opens in (Level.FULL, Level.NONE):
        with pytest.raises(ConfigError, match="campaign"):
            template.render(mb.Message(recipient="u", campaign="other", opens=opens, clicks=opens))


def test_every_other_part_keeps_its_bytes() -> None:
    mail = letter(HTML, TEXT)
    mail.add_attachment(b"\x00\xff" * 200, "application", "x", filename="<a href='https://example.com/'>.bin")
    mail.add_attachment("https://example.com/ kept", filename="a.txt")
    raw = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    template, _ = compiled(raw)
    data = template.render(MESSAGE)
    old, new = list(mime.walk(mime.read_parts(raw))), list(mime.walk(mime.read_parts(data)))
    assert [part.content_type for part in old] == [part.content_type for part in new]
    for before, after in zip(old, new, strict=True):
        if before.disposition == "attachment":
            assert raw[before.start : before.end] == data[after.start : after.end]
    assert raw[: old[0].body] == data[: new[0].body]


def test_an_email_object_is_not_touched() -> None:
    mail = letter(HTML, TEXT)
    mail.set_boundary("b")
    before = mail.as_bytes()
    compiled(mail)
    assert mail.as_bytes() == before


def test_a_mail_without_a_body_is_rendered_as_it_is() -> None:
    template = compile_mail(
        b"To: a@b.c\nContent-Type: image/png\n\nx",
        lambda *_, **__: pytest.fail("no body to compile"),
        levels=BEACON.levels,
        sign=str,
    )
    assert template.render(MESSAGE) == b"To: a@b.c\r\nContent-Type: image/png\r\n\r\nx"
    assert [str(warned.kind) for warned in template.warnings] == ["no-body"]


def test_several_html_bodies_are_compiled_with_one_pixel() -> None:
    part = "\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>{}"
    raw = ("Content-Type: multipart/mixed; boundary=b\r\n" + part.format(1) + part.format(2) + "\r\n--b--\r\n").encode()
    asked = []

    def bodies(html: str, text: str, /, *, first_number: int, pixel: bool) -> SimpleNamespace:
        asked.append((html, text, first_number, pixel))
        return SimpleNamespace(
            campaign="spring",
            links=(0,) * 3,
            skipped=(),
            warnings=(),
            source=lambda slot, **_: f"{html} {slot}",
            source_text=lambda *_, **__: text,
        )

    data = compile_mail(raw, bodies, levels=BEACON.levels, sign=lambda _: "TOKEN").render(MESSAGE)
    assert asked == [("<p>1", "", 1, True), ("<p>2", "", 4, False)]
    assert b"<p>1 TOKEN" in data
    assert b"<p>2 TOKEN" in data


def test_refusals_are_those_of_composing() -> None:
    with pytest.raises(SignedMail):
        compiled(b"DKIM-Signature: v=1\n\nhttps://example.com/")
    template, _ = compiled(b"DKIM-Signature: v=1\nA: b\n\nhttps://example.com/", strip_signatures=True)
    assert template.render(MESSAGE).startswith(b"A: b\r\n\r\nhttps://t.example.com/")
    with pytest.raises(RewriteError, match="goes to 2"):
        compiled(b"To: a@b.c, d@e.f\n\nhttps://example.com/")


HEAD = b"To: old@e.com\r\nReceived: 1\r\nSubject:  as   it  is\r\nReceived: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        pytest.param({}, HEAD, id="none"),
        pytest.param({"To": "a@b.c"}, HEAD.replace(b"old@e.com", b"a@b.c"), id="replaced where it stands"),
        pytest.param(
            {"to": "Ä <a@b.c>"}, HEAD.replace(b"To: old@e.com", b"to: =?utf-8?b?w4Q=?= <a@b.c>"), id="encoded"
        ),
        pytest.param({"X-Id": "7"}, HEAD[:-2] + b"X-Id: 7\r\n\r\n", id="added at the end"),
        pytest.param(
            {"Received": "3", "X": "1"},
            b"To: old@e.com\r\nReceived: 3\r\nSubject:  as   it  is\r\nX: 1\r\n\r\n",
            id="several of a name become one",
        ),
        pytest.param(
            {"Subject": "word " * 30, "To": "a@b.c"},
            b"To: a@b.c\r\nReceived: 1\r\nSubject: "
            + b"word " * 13
            + b"word\r\n "
            + b"word " * 14
            + b"word\r\n word\r\nReceived: 2\r\n\r\n",
            id="folded at blanks",
        ),
    ],
)
def test_headers_are_set_and_all_others_keep_their_bytes(headers: dict[str, str], wanted: bytes) -> None:
    template, _ = compiled(HEAD + b"no link")
    assert template.render(replace(MESSAGE, opens=Level.NONE), headers) == wanted + b"no link"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        pytest.param({"To": "a@b.c\r\nBcc: x@y.z"}, ConfigError, id="injection by value"),
        pytest.param({"To\r\nBcc": "x@y.z"}, ConfigError, id="injection by name"),
        pytest.param({"Content-Type": "text/plain"}, ConfigError, id="a field that says how the mail is built"),
        pytest.param({"To": "a@b.c", "to": "a@b.c"}, ConfigError, id="a name twice"),
        pytest.param({"To": 7}, ConfigError, id="a value that is no text"),
        pytest.param({7: "x"}, ConfigError, id="a name that is no text"),
        pytest.param({"To": "a@b.c, d@e.f"}, RewriteError, id="two recipients"),
        pytest.param({"Cc": "a@b.c"}, RewriteError, id="a second recipient beside the mail's own"),
    ],
)
def test_headers_that_would_harm_are_refused(headers: dict[str, str], error: type[Exception]) -> None:
    template, _ = compiled(HEAD + b"https://example.com/")
    for _ in range(2):
        with pytest.raises(error) as caught:
            template.render(MESSAGE, headers)
        assert "@" not in str(caught.value)


def test_a_mail_without_header_gets_one() -> None:
    template, _ = compiled(b"\nno link")
    assert template.render(MESSAGE, {"To": "a@b.c"}) == b"To: a@b.c\r\n\r\nno link"
    template = compile_mail(
        b"Subject: s", lambda *_, **__: pytest.fail("no body to compile"), levels=BEACON.levels, sign=str
    )
    assert template.render(MESSAGE, {"To": "a@b.c"}) == b"Subject: s\r\nTo: a@b.c\r\n\r\n"


@pytest.mark.parametrize("html", [b"<p>Hello</p>", b"\n <!doctype html>\n<p>Hello</p>"])
def test_html_is_no_mail(html: bytes) -> None:
    """A document given for a mail is refused, with the name of what takes it."""
    with pytest.raises(RewriteError, match="rewrite and compile take that"):
        BEACON.compile_mail(html, campaign="spring")
    with pytest.raises(RewriteError, match="rewrite and compile take that"):
        BEACON.compose_bytes(html, MESSAGE)


@pytest.mark.parametrize("given", ["text", None, 7])
def test_what_is_no_mail_is_refused_by_every_way_of_composing(given) -> None:
    """A slip in the argument is told as one, by each method in the same way."""
    for work in (BEACON.compose_bytes, BEACON.compose_with_report, BEACON.compose):
        with pytest.raises(ConfigError):
            work(given, MESSAGE)
    with pytest.raises(ConfigError):
        BEACON.compile_mail(given, campaign="spring")


def test_threads_may_share_a_template() -> None:
    template, documents = compiled(letter(HTML, TEXT))
    messages = [
        replace(
            MESSAGE,
            recipient=f"u{n}",
            opens=(Level.NONE, Level.FULL)[n % 2],
            clicks=(Level.NONE, Level.FULL)[n // 2 % 2],
        )
        for n in range(64)
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda message: template.render(message, {"To": f"{message.recipient}@e.com"}), messages))
    assert [read(data)[0] for data in found] == [documents.render(message) for message in messages]


Need = Callable[[str, str], object]


def test_two_hundred_mails_arrive_over_smtp_as_they_were_sent(need: Need) -> None:
    controllers = need("aiosmtpd.controller", "delivery over SMTP")
    received: list[bytes] = []

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: SimpleNamespace) -> str:
            received.append(envelope.original_content)
            return "250 kept"

    template, documents = compiled(letter(HTML, TEXT))
    messages = [replace(MESSAGE, recipient=f"reader-{number}") for number in range(200)]
    sent = [template.render(message, {"To": f"{message.recipient}@example.net"}) for message in messages]
    port = free_port()
    controller = controllers.Controller(Keep(), hostname="127.0.0.1", port=port, ready_timeout=PATIENCE)  # type: ignore[attr-defined]
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as smtp:
            for message, data in zip(messages, sent, strict=True):
                smtp.sendmail("news@example.com", f"{message.recipient}@example.net", data)
    finally:
        controller.stop()
    assert received == sent
    assert all(is_fit_to_travel(data) for data in received)
    assert read(received[7]) == (documents.render(messages[7]), documents.render_text(messages[7]))


def test_a_compiled_mail_signed_afterwards_verifies(need: Need) -> None:
    dkim = need("dkim", "signing with DKIM")
    ed25519 = need("nacl.signing", "signing with DKIM")
    key = ed25519.SigningKey(b"k" * 32)  # type: ignore[attr-defined]
    public = base64.b64encode(bytes(key.verify_key))
    template, _ = compiled(letter(HTML, TEXT))
    data = template.render(MESSAGE, {"To": "Jörg <a@example.net>", "Subject": "Grüße " * 20})
    line = dkim.sign(  # type: ignore[attr-defined]
        data, b"s", b"example.com", base64.b64encode(b"k" * 32), signature_algorithm=b"ed25519-sha256"
    )
    record = b"v=DKIM1; k=ed25519; p=" + public

    def verified(mail: bytes) -> bool:
        return bool(dkim.verify(mail, dnsfunc=lambda *_, **__: record))  # type: ignore[attr-defined]

    assert verified(line + data)
    assert not verified(line + data.replace(b"</html>", b"</htm >"))
    with pytest.raises(SignedMail):
        compiled(line + data)


def test_the_placeholder_never_stands_in_a_mail() -> None:
    template, _ = compiled(letter("\ue0000\ue000 <a href='https://example.com/'>x</a>"))
    assert "\ue0000\ue000" in read(template.render(MESSAGE))[0]


def test_beacon_levels_are_respected() -> None:
    """What the host's settings allow counts, not only what the message says."""
    template, documents = compiled(letter(HTML))
    nothing = replace(MESSAGE, opens=Level.NONE, clicks=Level.NONE)
    assert read(template.render(nothing))[0] == HTML == documents.render(nothing)
    assert BEACON.levels(nothing) == (Level.NONE, Level.NONE)


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("blank", [b"", b"\n", b"\n\n"])
@pytest.mark.parametrize("html_first", [True, False])
def test_a_body_of_nothing_but_blank_lines_beside_another_is_left_alone(newline, blank, html_first) -> None:
    """Such a body is empty once it is encoded anew, and had made rendering fail."""
    text = b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + blank
    html = b'Content-Type: text/html\n\n<p><a href="https://x.example/">x</a></p>\n'
    parts = b"--q\n".join([html, text] if html_first else [text, html])
    raw = b"Content-Type: multipart/alternative; boundary=q\n\n--q\n" + parts
    mail = BEACON.compile_mail(raw.replace(b"\n", newline), campaign="spring")
    assert [link.url for link in mail.links] == ["https://x.example/"]
    assert mail.render(mb.Message(recipient="u-17", campaign="spring")).count(b"/c/") == 1
