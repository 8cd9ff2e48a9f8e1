"""Whole mails for one recipient: bodies are rewritten, everything else keeps its bytes, and some mails are refused."""

from __future__ import annotations

import re
from base64 import b64encode
from copy import deepcopy
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.message import Message as Email
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon import mime
from mailbeacon.composing import compose, compose_bytes
from mailbeacon.errors import RewriteError, SignedMail
from mailbeacon.model import Edit, Level, Link, WarningKind
from mailbeacon.privacy import as_aggregate
from tests.letters import BEACON, MESSAGE, composed, letter, rewriter

HTML = '<html><body><p>Grüße</p><a href="https://example.com/?a=1&amp;b=2">read</a></body></html>\n'
TEXT = "Grüße: https://example.com/text\n"


def test_html_and_text_are_rewritten_and_numbers_run_on() -> None:
    done = composed(letter(HTML, TEXT).as_bytes())
    assert [(link.number, link.channel) for link in done.links] == [(1, mb.Channel.HTML), (2, mb.Channel.TEXT)]
    read = message_from_bytes(done.data, policy=policy.default)
    html, text = read.get_body(("html",)), read.get_body(("plain",))  # type: ignore[attr-defined]
    bodies = rewriter()
    assert html.get_content() == bodies.html(HTML, first_number=1, pixel=True).html
    assert text.get_content() == bodies.text(TEXT, first_number=2).text
    assert done.bodies == 2


def test_a_nested_multipart_stays_nested_with_its_text_its_charset_and_its_other_parts() -> None:
    """Case 17 of the peers: parts flattened, the text part dropped, the charset lost."""
    mail = letter("<p>x</p>", "y")
    mail.clear_content()
    mail.set_content(TEXT, charset="iso-8859-1")
    mail.add_alternative(HTML, subtype="html", charset="windows-1252")
    html = mail.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(b"GIF89a", "image", "gif", cid="<i@x>")
    mail.add_attachment("<a href='https://example.com/'>kept</a>", subtype="html", filename="page.html")
    raw = mail.as_bytes()
    done = composed(raw)
    old, new = mime.read_parts(raw), mime.read_parts(done.data)
    shape = [(part.content_type, part.parameters.get("charset"), part.encoding) for part in mime.walk(new)]
    assert shape == [(part.content_type, part.parameters.get("charset"), part.encoding) for part in mime.walk(old)]
    assert done.bodies == 2
    for before, after in zip(mime.walk(old), mime.walk(new), strict=True):
        assert raw[before.start : before.body] == done.data[after.start : after.body]
        if before.disposition == "attachment" or before.content_type == "image/gif":
            assert raw[before.body : before.end] == done.data[after.body : after.end]


def test_several_html_bodies_are_all_rewritten_with_one_pixel() -> None:
    part = "\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href='https://example.com/{}'>x</a>"
    raw = ("Content-Type: multipart/mixed; boundary=b\r\n" + part.format(1) + part.format(2) + "\r\n--b--\r\n").encode()
    done = composed(raw)
    assert [(link.number, link.url) for link in done.links] == [
        (1, "https://example.com/1"),
        (2, "https://example.com/2"),
    ]
    assert done.data.count(b"/m/o/") == 1
    assert done.data.index(b"/m/o/") < done.data.rindex(b"/m/c/")


def choices(*bodies: str) -> bytes:
    """Return a mail of which a mail program shows one body."""
    parts = "".join(f"\r\n--b\r\nContent-Type: {body}" for body in bodies)
    return f"To: a@b.c\r\nContent-Type: multipart/alternative; boundary=b\r\n{parts}\r\n--b--\r\n".encode()


PLAIN, AMP, FIRST, SECOND = (
    "text/plain\r\n\r\nhttps://example.com/0",
    "text/x-amp-html\r\n\r\n<html amp4email><a href='https://example.com/amp'>x</a>",
    "text/html\r\n\r\n<a href='https://example.com/1'>x</a>",
    "text/html; charset=utf-8\r\n\r\n<p>Grüße <a href='https://example.com/2'>x</a>",
)


def test_each_html_alternative_is_tracked_for_a_mail_program_shows_one_of_them() -> None:
    raw = choices(PLAIN, FIRST, AMP, SECOND)
    done = composed(raw)
    assert [(link.number, link.url[-1]) for link in done.links] == [(1, "1"), (2, "2"), (3, "0")]
    assert [warned.kind for warned in done.warnings] == [WarningKind.AMP]
    compiled = BEACON.compile_mail(raw, campaign="spring")
    assert [(link.number, link.url[-1]) for link in compiled.links] == [(1, "1"), (2, "0"), (3, "2")]
    old = mime.read_parts(raw).parts
    for data in (done.data, compiled.render(MESSAGE)):
        for before, after in zip(old, mime.read_parts(data).parts, strict=True):
            body = mime.open_body(data, after).text.text
            assert body.count("/m/o/") == (before.content_type == "text/html")
            assert BEACON.unwrap(body) == raw[before.body : before.end].decode()


TREES = st.recursive(
    st.just("text/html"),
    lambda inner: st.tuples(
        st.sampled_from(["alternative", "mixed", "related"]), st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def written(tree: Any, depth: int = 0) -> str:
    """Return a tree of parts as a mail."""
    if isinstance(tree, str):
        return f"Content-Type: {tree}\r\n\r\n<p>x</p>"
    kind, inner = tree
    parts = "".join(f"\r\n--b{depth}x\r\n{written(one, depth + 1)}" for one in inner)
    return f"Content-Type: multipart/{kind}; boundary=b{depth}x\r\n{parts}\r\n--b{depth}x--\r\n"


def shown(part: mime.Part, data: bytes) -> set[int]:
    """Return how many pixels a reader may load, whatever a mail program shows of the choices."""
    if not part.parts:
        return {data[part.body : part.end].count(b"/m/o/")}
    each = [shown(inner, data) for inner in part.parts]
    if part.content_type == "multipart/alternative":
        return set().union(*each)
    return {sum(counts) for counts in product(*each)}


@given(TREES)
def test_law_a_reader_loads_one_pixel_whatever_a_mail_program_shows(tree: Any) -> None:
    raw = f"MIME-Version: 1.0\r\n{written(tree)}".encode()
    done = composed(raw).data
    assert shown(mime.read_parts(done), done) == {1}
    compiled = BEACON.compile_mail(raw, campaign="spring", verify=False).render(MESSAGE)
    assert shown(mime.read_parts(compiled), compiled) == {1}


def test_an_amp_part_is_left_as_it_is_and_told() -> None:
    amp = b'--b\r\nContent-Type: text/x-amp-html\r\n\r\n<html amp4email><a href="https://e.com/">x</a>\r\n'
    html = b"--b\r\nContent-Type: text/html\r\n\r\n<a href='https://e.com/'>x</a>\r\n"
    done = composed(b"Content-Type: multipart/alternative; boundary=b\r\n\r\n" + amp + html + b"--b--")
    assert amp in done.data
    assert done.bodies == 1
    assert [warned.kind for warned in done.warnings] == [WarningKind.AMP]


def test_flowed_text_keeps_its_line_breaks() -> None:
    raw = b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nsoft \r\nhttps://example.com/ \r\nend"
    done = composed(raw)
    assert done.data.startswith(raw[: raw.index(b"https")])
    assert done.data.endswith(b" \r\nend")


@pytest.mark.parametrize(
    ("head", "word"),
    [
        pytest.param(
            'multipart/signed; boundary=b; protocol="application/pgp-signature"', "multipart/signed", id="signed"
        ),
        pytest.param("multipart/encrypted; boundary=b", "multipart/encrypted", id="encrypted"),
        pytest.param("application/pkcs7-mime; smime-type=enveloped-data", "application/pkcs7-mime", id="S/MIME"),
        pytest.param("application/x-pkcs7-mime", "application/x-pkcs7-mime", id="S/MIME by its old name"),
    ],
)
def test_sealed_mail_is_refused_whatever_is_asked(head: str, word: str) -> None:
    raw = f"Content-Type: {head}\r\n\r\n--b\r\n\r\nhttps://example.com/\r\n--b--".encode()
    with pytest.raises(SignedMail, match=word):
        composed(raw, strip_signatures=True)


def test_a_signed_part_inside_a_mail_is_refused() -> None:
    inner = b"--o\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
    with pytest.raises(SignedMail):
        composed(b"Content-Type: multipart/mixed; boundary=o\r\n\r\n" + inner + b"--o\r\n\r\nfooter\r\n--o--")


def test_text_signed_inline_is_refused() -> None:
    with pytest.raises(SignedMail, match="PGP"):
        composed(b"To: a@b.c\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhttps://example.com/")


@pytest.mark.parametrize("name", ["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "arc-authentication-results"])
def test_a_header_that_signs_is_refused_or_left_out(name: str) -> None:
    raw = f"A: 1\r\n{name}: v=1;\r\n b=x\r\nTo: a@b.c\r\n\r\nhttps://example.com/\r\n".encode()
    with pytest.raises(SignedMail, match=name.lower()):
        composed(raw)
    done = composed(raw, strip_signatures=True)
    assert done.data.startswith(b"A: 1\r\nTo: a@b.c\r\n\r\nhttps://t.example.com/")


@pytest.mark.parametrize(
    ("head", "count"),
    [
        pytest.param("To: a@b.c, d@e.f", 2, id="two in To"),
        pytest.param("To: a@b.c\r\nCc: d@e.f\r\nBcc: g@h.i", 3, id="one in each"),
        pytest.param('To: "A, B" <a@b.c>\r\nCC: Team: d@e.f;', 2, id="a group"),
    ],
)
def test_several_recipients_are_refused_unless_shared(head: str, count: int) -> None:
    raw = f"{head}\r\n\r\nhttps://example.com/\r\n".encode()
    with pytest.raises(RewriteError, match=f"goes to {count} addresses") as caught:
        composed(raw)
    assert "@" not in str(caught.value)
    assert composed(raw, shared=True).bodies == 1


def test_a_shared_mail_is_counted_with_the_campaign_at_most() -> None:
    low = as_aggregate(MESSAGE)
    assert (low.opens, low.clicks) == (Level.AGGREGATE, Level.AGGREGATE)
    none = mb.Message(recipient="u", opens=Level.NONE, clicks=Level.NONE)
    assert as_aggregate(none) is none


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        pytest.param(b"To: a@b.c\r\n\r\n", ["no-body"], id="empty"),
        pytest.param(b"Content-Type: image/png\r\n\r\nx", ["no-body"], id="an image"),
        pytest.param(b"Content-Type: text/html; charset=x-klingon\r\n\r\nx", ["unreadable", "no-body"], id="charset"),
        pytest.param(b"Content-Transfer-Encoding: x-uuencode\r\n\r\nx", ["unreadable", "no-body"], id="encoding"),
    ],
)
def test_a_mail_without_a_body_comes_back_with_a_warning(raw: bytes, kinds: list[str]) -> None:
    done = composed(raw)
    assert done.data == raw
    assert [str(warned.kind) for warned in done.warnings] == kinds


def test_a_body_that_cannot_say_its_new_text_is_left_with_a_warning() -> None:
    raw = b"Content-Type: text/html; charset=us-ascii\r\n\r\n\xff<p>"
    edit = Edit(start=1, end=1, old="", new="€")
    link = Link(number=1, url="https://example.com/")

    def rewrite(text: str, /, *, first_number: int, pixel: bool = True, bound: object) -> SimpleNamespace:
        return SimpleNamespace(edits=(edit,), links=(link,), skipped=(), warnings=(), bound={})

    done = compose_bytes(raw, SimpleNamespace(html=rewrite, text=rewrite))
    assert (done.data, done.bodies, done.links) == (raw, 0, ())
    assert [warned.detail.partition(":")[0] for warned in done.warnings] == [
        "a text/html body holds bytes that its charset 'us-ascii' does not know",
        "left as it is",
    ]


def test_bytes_the_charset_does_not_know_stay_and_the_sender_is_told() -> None:
    raw = b'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Caf\xe9 <a href="https://x.example/">x</a></p>\r\n'
    done = composed(raw)
    assert b"<p>Caf\xe9 <a href=" in done.data
    assert (done.bodies, [str(warned.kind) for warned in done.warnings]) == (1, ["unreadable"])
    clean = composed(raw.replace(b"\xe9", "é".encode()))
    assert (clean.bodies, clean.warnings) == (1, ())


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "us-ascii"])
def test_a_body_that_decodes_to_no_text_is_left_as_it_is(charset: str) -> None:
    """A label of the wrong transfer encoding, or a picture under the wrong type: no pixel goes into that."""
    packed = b64encode(bytes(range(256)) * 3)
    raw = f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + packed
    done = composed(raw)
    assert (done.data, done.bodies) == (raw, 0)
    assert [str(warned.kind) for warned in done.warnings] == ["unreadable", "no-body"]


def test_every_mail_of_the_corpus_keeps_its_bytes_outside_rewritten_bodies(shared: Path) -> None:
    """Numbers: mails rewritten, bodies, refused as signed, refused for several recipients."""
    mails = bodies = signed = several = 0
    for path in sorted((shared / "corpus" / "eml").glob("*.eml")):
        raw = path.read_bytes()
        try:
            done = composed(raw)
        except SignedMail:
            signed += 1
            continue
        except RewriteError:
            several += 1
            done = composed(raw, shared=True)
        mails += 1
        bodies += done.bodies
        assert_rest_is_kept(raw, done.data)
    assert (mails + signed, several > 0) == (171, True)
    assert bodies >= 150


def assert_rest_is_kept(raw: bytes, data: bytes) -> None:
    """Check that with the readable bodies cut out, and what had to change in a header set aside, nothing differs."""
    old, new = mime.read_parts(raw), mime.read_parts(data)
    assert [part.content_type for part in mime.walk(old)] == [part.content_type for part in mime.walk(new)]
    assert outside(raw, old) == outside(data, new)


def outside(raw: bytes, root: mime.Part) -> list[bytes]:
    """Return everything but the bodies that can be read and the transfer encodings of their parts."""
    out, at = [], 0
    for part in sorted(mime.find_bodies(raw, root), key=lambda part: part.start):
        if mime.open_body(raw, part) is None:
            continue
        fields = [field for field in part.fields if field.name == "content-transfer-encoding"]
        spans = (
            [(field.start, field.end) for field in fields[:1]]
            if part.encoding in ("", "7bit", "8bit", "quoted-printable")
            else []
        )
        for start, end in [*spans, (part.fields[-1].end if part.fields else part.start, part.end)]:
            out.append(raw[at:start])
            at = end
    return [b"".join([*out, raw[at:]])]


def email_of(kind: str) -> Email:
    """Return the same letter as the class named."""
    if kind == "legacy":
        mail = MIMEMultipart("alternative")
        mail["To"] = "a@b.c"
        mail.attach(MIMEText(TEXT))
        mail.attach(MIMEText(HTML, "html", "iso-8859-1"))
        return mail
    mail = letter(HTML, TEXT, cte="8bit" if kind == "8bit" else None)
    mail.set_boundary("b")
    return mail


@pytest.mark.parametrize("kind", ["legacy", "new", "8bit"])
def test_an_email_object_gives_a_copy_of_its_class_and_is_never_touched(kind: str) -> None:
    mail = email_of(kind)
    before = deepcopy(mail).as_bytes()
    bodies = rewriter()
    done = compose(mail, bodies)
    copy = done.email
    assert type(copy) is type(mail)
    assert mail.get_boundary() is None or kind != "legacy"
    assert len(done.links) == 2
    parts = [part.get_payload(decode=True) for part in copy.walk() if not part.is_multipart()]
    assert len(parts) == 2
    html = parts[1].decode("latin-1" if kind == "legacy" else "utf-8")
    assert html == bodies.html(HTML, first_number=1, pixel=True).html
    assert parts[0].decode() == bodies.text(TEXT, first_number=2).text
    again = deepcopy(mail).as_bytes()
    if kind != "legacy":
        assert again == before
        assert copy.as_bytes() == done.data


def test_a_copy_without_signatures() -> None:
    """What is composed goes out without a signature it would break; the host's own mail keeps it."""
    mail = letter(HTML)
    mail["DKIM-Signature"] = "v=1"
    bodies = rewriter()
    copy = compose(mail, bodies, strip_signatures=True).email
    assert "DKIM-Signature" not in copy
    assert "DKIM-Signature" in mail


def test_a_copy_whose_encoding_had_to_change_says_so() -> None:
    mail = letter("<a href='https://example.com/'>x</a>" + "y" * 930, cte="7bit", charset="us-ascii")
    bodies = rewriter()
    copy = compose(mail, bodies).email
    assert copy["Content-Transfer-Encoding"] == "quoted-printable"
    assert copy.get_content() == bodies.html(mail.get_content(), first_number=1, pixel=True).html


@pytest.mark.parametrize(
    ("parameters", "text", "kept"),
    [
        pytest.param("; format=flowed; delsp=yes", "see https://a.example/lo \nng/path today\n", True, id="broken"),
        pytest.param("; format=flowed; delsp=yes", "see https://a.example/whole today \nand more\n", False, id="whole"),
        pytest.param("; format=flowed", "see https://a.example/whole \ntoday\n", False, id="a space that stays"),
    ],
)
def test_a_url_that_goes_on_in_the_next_line_is_not_cut(parameters: str, text: str, kept: bool) -> None:
    mail = f"Content-Type: text/plain{parameters}\n\n{text}".encode()
    done = composed(mail)
    assert (done.data == mail) is kept
    assert (WarningKind.UNREADABLE in [one.kind for one in done.warnings]) is kept
    assert len(done.links) == (not kept)


def test_a_stray_control_character_makes_a_short_letter_no_picture() -> None:
    done = composed(b"Content-Type: text/html; charset=utf-8\n\n<p>\x12<a href='https://x.example/'>x</a></p>\n")
    assert len(done.links) == 1


HTML_MAIL = b"To: a@x.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p><a href='https://x.example/'>x</a></p>\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xef\xbb\xbf" + HTML_MAIL, id="a byte order mark"),
        pytest.param(b"\n\r\n" + HTML_MAIL, id="empty lines"),
        pytest.param(b"From me Mon\n" + HTML_MAIL, id="an mbox line"),
        pytest.param(b">From me Mon\n" + HTML_MAIL, id="a quoted mbox line"),
        pytest.param(
            HTML_MAIL.replace(b"Subject", b"From me Mon\nSubject", 1), id="an mbox line after the first field"
        ),
    ],
)
def test_what_harmlessly_precedes_a_header_hides_nothing_of_it(raw: bytes) -> None:
    """The mail had been taken for a text, and the refusals of signed mail and of several recipients were passed by."""
    done = composed(raw)
    assert [link.url for link in done.links] == ["https://x.example/"]
    assert done.data.partition(b"<p>")[0] == raw.partition(b"<p>")[0]
    for work in (BEACON.compose_bytes, lambda raw, _: BEACON.compile_mail(raw, campaign="spring")):
        with pytest.raises(RewriteError, match="2 addresses"):
            work(raw.replace(b"a@x.example", b"a@x.example, b@x.example"), MESSAGE)
        with pytest.raises(SignedMail):
            work(raw.replace(b"Subject: x", b"DKIM-Signature: v=1"), MESSAGE)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"A banner of some program\n" + HTML_MAIL, "line 1 of the mail is no header field", id="a banner"),
        pytest.param(
            b"Sent by a program\n\n" + HTML_MAIL,
            "line 1 of the mail is no header field",
            id="a banner and an empty line",
        ),
        pytest.param(b"4711      \n" + HTML_MAIL, "line 1 of the mail is no header field", id="emlx"),
        pytest.param(
            HTML_MAIL.replace(b"Subject", b"stray\nSubject", 1), "line 2 of the mail is no", id="a stray line"
        ),
        pytest.param(HTML_MAIL.replace(b"\n", b"\r\r\n"), "line 1 of the mail ends in CR CR LF", id="CR CR LF"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/html\nstray\nContent-Id: <a>\n\n<p>x\n--q--\n",
            "line 5 of the mail is no header field",
            id="a stray line in a part",
        ),
    ],
)
def test_a_line_that_is_no_field_among_the_fields_is_named_and_nothing_changed(raw: bytes, said: str) -> None:
    """Mail programs differ in what they make of it, so any change might show a header or cut encoded text."""
    for work in (BEACON.compose_bytes, lambda raw, _: BEACON.compile_mail(raw, campaign="spring")):
        with pytest.raises(RewriteError, match=said):
            work(raw, MESSAGE)


@pytest.mark.parametrize(
    ("head", "inner"),
    [
        ("multipart/alternative; boundary=q", "Content-Type: text/html; name=body.html"),
        (
            "multipart/alternative; boundary=q",
            "Content-Type: text/html\nContent-Disposition: inline; filename=mail.html",
        ),
        ("multipart/related; boundary=q", "Content-Type: text/html; name=body.html"),
    ],
)
def test_a_body_with_a_name_is_still_a_body(head: str, inner: str) -> None:
    """It had gone out untracked, without a warning (MimeKit#435, mimestream#103)."""
    link = "<a href='https://x.example/'>x</a>"
    raw = f"Content-Type: {head}\n\n--q\n{inner}\n\n<p>{link}\n--q\nContent-Type: image/png; name=a.png\n\nx\n--q--\n".encode()
    assert [link.url for link in composed(raw).links] == ["https://x.example/"]
    attached = raw.replace(head.encode(), b"multipart/mixed; boundary=q")
    assert composed(attached).links == ()
    assert composed(raw.replace(b"inline;", b"attachment;")).bodies == (b"inline;" not in raw)


SWITCHING = b"\x1b$BF|K\\\x1b(B"  # two signs of JIS X 0208
LINK = b'<a href="https://x.example/?a=1">x</a>'


def body_mail(data: bytes, charset: str = "utf-8", encoding: str = "") -> bytes:
    """Return a mail of one HTML body, with a transfer encoding's name where one is given."""
    named = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"Subject: x\nContent-Type: text/html; charset={charset}\n{named}\n".encode() + data


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            body_mail(b"\x1b(J<p>" + LINK + b"\x1b(B\n", "iso-2022-jp"), id="JIS X 0201 Roman around the link"
        ),
        pytest.param(
            body_mail(SWITCHING[:-1] + b"J" + LINK + SWITCHING[:-1] + b"J\x1b(B\n", "iso-2022-jp"),
            id="JIS X 0201 Roman behind each Japanese word",
        ),
        pytest.param(
            body_mail(b"\x1b$B-!\x1b(B" + LINK + b"\x1b$B-!\x1b(B", "iso-2022-jp"),
            id="signs of a maker's own, which no table knows",
        ),
        pytest.param(
            body_mail(SWITCHING + b"\x1b(B\x1b(B" + LINK + b"<p>" + SWITCHING + b"</body>", "iso-2022-jp"),
            id="escape sequences that change nothing",
        ),
        pytest.param(
            body_mail(b"\x1b(I\x1a\x1b(B" + LINK + b"\xb1 end", "iso-2022-jp"), id="bytes of eight bits among it"
        ),
        pytest.param(body_mail(LINK + b"\x1b$)C\x0e0!\x0f", "iso-2022-kr"), id="the Korean one, its begin too late"),
        *(
            pytest.param(body_mail("Grüße ".encode() + LINK, encoding=name), id=f"the transfer encoding {name}")
            for name in ("utf-8", "7-bit", "8-bit", "none", "x-unknown", "ascii", "iso-8859-1")
        ),
        pytest.param(body_mail(b"<p>x</p>" + LINK + b"\0" * 500), id="filled up with zero bytes"),
        pytest.param(body_mail(b"<p>x</p>\0\n" * 50 + LINK + b"\0\n"), id="lines that end in zero bytes"),
        pytest.param(body_mail(b"a\0b\0c\0d\0" + LINK, "iso-8859-1"), id="zero bytes in a short letter"),
    ],
)
def test_a_link_in_plain_ascii_is_wrapped_whatever_is_around_it(raw: bytes) -> None:
    """Odd bytes elsewhere stay what they are; only the link and the pixel are new."""
    done = composed(raw)
    assert [link.url for link in done.links] == ["https://x.example/?a=1"]
    old, new = (found[found.index(b"\n\n") + 2 :] for found in (raw, done.data))
    wrapped = re.search(rb"https://t\.example\.com/m/c/[\w./-]+", new)
    pixel = re.search(rb'<img src="https://t\.example\.com/m/o/[^>]*>', new)
    assert wrapped
    assert pixel
    assert new.replace(pixel[0], b"").replace(wrapped[0], b"https://x.example/?a=1") == old
    assert raw[: raw.index(b"\n\n")] == done.data[: done.data.index(b"\n\n")]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(body_mail(LINK, "x-klingon"), "its charset 'x-klingon' is unknown", id="a charset nobody knows"),
        pytest.param(body_mail(LINK, "utf-7"), "its charset 'utf-7' is unknown, or unsafe", id="UTF-7"),
        pytest.param(body_mail(b"<p>x", encoding="8-bits"), "encoding '8-bits' is unknown", id="no address to be seen"),
        pytest.param(
            body_mail(LINK.replace(b"=", b"=3D"), encoding="quoted printable"),
            "encoding 'quoted printable' is unknown",
            id="quoted-printable under a name nobody knows",
        ),
        pytest.param(
            body_mail(b"begin 644 a.html\n#0V%T\n`\nend\nhttps://x.example/\n", encoding="uuencode"),
            "encoding 'uuencode' is unknown",
            id="uuencode",
        ),
        pytest.param(body_mail(b"PGI-" + LINK, encoding="base64"), "its base64 is broken", id="broken base64"),
        pytest.param(
            body_mail(LINK.decode().encode("utf-16-le")), "it is UTF-16 and does not say so", id="UTF-16 as UTF-8"
        ),
        pytest.param(
            body_mail(LINK.decode().encode("utf-16-le"), "utf-16"),
            "its charset 'utf-16' needs base64 or quoted-printable",
            id="UTF-16 in no encoding",
        ),
        pytest.param(body_mail(bytes(range(1, 32)) * 9 + LINK), "it decodes to no text", id="a picture"),
        pytest.param(body_mail(SWITCHING[:-3] + LINK, "utf-16-be", "base64"), "its base64 is broken", id="two faults"),
    ],
)
def test_a_body_that_cannot_be_read_is_left_and_the_warning_names_the_cause(raw: bytes, why: str) -> None:
    """The sender learns what to mend."""
    done = composed(raw)
    assert (done.data, done.links) == (raw, ())
    assert [str(one.kind) for one in done.warnings] == ["unreadable", "no-body"]
    assert why in done.warnings[0].detail
    assert why in BEACON.compile_mail(raw, campaign="spring").warnings[0].detail


def test_a_pixel_put_among_signs_of_two_bytes_is_told() -> None:
    """The text ends within Japanese: what was put there would be read as Japanese too."""
    raw = body_mail(LINK + b"<p>\x1b$BF|K\\", "iso-2022-jp")
    done = composed(raw)
    assert done.data == raw
    assert "next to a change" in done.warnings[0].detail


def test_a_compiled_mail_says_the_same_with_other_escape_sequences() -> None:
    """It is encoded anew, so only what its text tells can be kept; a sign that no table knows leaves the body alone."""
    raw = body_mail(SWITCHING[:-1] + b"J" + LINK + b" \\ \x1b(B\n", "iso-2022-jp")
    mail = BEACON.compile_mail(raw, campaign="spring").render(MESSAGE)
    text = mail[mail.index(b"\r\n\r\n") + 4 :].decode("iso-2022-jp")
    assert BEACON.unwrap(text) == "日本" + LINK.decode() + " ¥ \r\n"
    unknown = BEACON.compile_mail(body_mail(b"\x1b$B-!\x1b(B" + LINK, "iso-2022-jp"), campaign="spring")
    assert unknown.links == ()
    assert "a compiled mail is encoded anew" in unknown.warnings[-1].detail
