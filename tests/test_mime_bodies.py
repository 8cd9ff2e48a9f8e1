"""Bodies of mail: every charset and transfer encoding reads back as the new text, and what is not changed keeps its bytes."""

from __future__ import annotations

from base64 import b64encode
from binascii import a2b_qp
from email import message_from_bytes, policy
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbeacon import mime
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.mime.texts import read_text

URL = "https://t.example.com/m/c/aWyJzcHJpbmciLCJ1LTE3Il0.c2ln/aWzFd.c2ln"
CHARSETS = {
    "utf-8": "Grüße, 日本 😀",
    "utf-16": "Grüße, 日本 😀",
    "utf-16-be": "Grüße",
    "iso-8859-1": "Grüße",
    "windows-1252": "„Grüße“ für 5 €",
    "iso-2022-jp": "日本語のメール",
    "shift_jis": "日本語のメール",
    "gb18030": "中文邮件 😀",
    "gb2312": "中文邮件",
    "big5": "中文郵件",
    "euc-kr": "한국어",
    "tis-620": "ภาษาไทย",
    "koi8-r": "Привет",
    "us-ascii": "plain",
}


def written(text: str, charset: str, encoding: str) -> bytes:
    """Write a mail of one HTML body between two other parts."""
    data = text.encode(charset)
    if encoding == "quoted-printable":
        data = mime.quote(data, b"\r\n")
    elif encoding == "base64":
        import base64

        data = base64.encodebytes(data).replace(b"\n", b"\r\n").rstrip()
    head = f"Content-Type: text/html;\r\n  charset={charset}; x=1\r\nContent-Transfer-Encoding: {encoding}\r\nX-A:  b \r\n\r\n"
    return b"".join(
        [
            b"Subject:  odd   spaces\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
            b"Content-Type: application/x\r\n\r\n=3D \xff\r\n--b\r\n",
            head.encode() + data,
            b"\r\n--b\r\nContent-Type: application/y\r\n\r\nend\r\n--b--\r\n",
        ]
    )


def opened(raw: bytes) -> mime.Body:
    (part,) = mime.find_bodies(raw, mime.read_parts(raw))
    body = mime.open_body(raw, part)
    assert body is not None
    return body


def longest(data: bytes) -> int:
    return max(map(len, data.splitlines()))


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        (charset, encoding)
        for charset in CHARSETS
        for encoding in ("7bit", "8bit", "quoted-printable", "base64")
        if not (charset.startswith("utf-16") and encoding.endswith("bit"))
    ],
)
def test_a_changed_body_keeps_charset_encoding_and_every_other_byte(charset: str, encoding: str) -> None:
    text = f'<p>{CHARSETS[charset]}</p>\r\n<a href="http://e.com/?a=1">{CHARSETS[charset] * 9}</a>\r\n'
    raw = written(text, charset, encoding)
    body = opened(raw)
    start = text.index("http")
    changed = mime.apply(raw, body.changes(raw, [(start, start + 17, URL), (len(text), len(text), "<img>")]))
    after = opened(changed)
    assert after.text.text == text.replace("http://e.com/?a=1", URL) + "<img>"
    assert changed[: after.part.body] == raw[: body.part.body]
    assert changed[after.part.end :] == raw[body.part.end :]
    theirs = message_from_bytes(changed, policy=policy.default).get_payload(1)
    if charset != "gb2312":
        assert theirs.get_content().rstrip("\r\n") == after.text.text.rstrip("\r\n")


def test_lines_of_quoted_printable_that_are_not_edited_keep_their_bytes() -> None:
    """The way a sender chose to encode what needs no encoding is not ours to change."""
    coded = b'<p>=41=62c =\r\n d</p>\r\n<a href=3D"http://e.com/">x</a> =3d=3D\r\nkeep=20\r\n'
    raw = b"Content-Transfer-Encoding: Quoted-Printable\r\nContent-Type: text/html\r\n\r\n" + coded
    body = opened(raw)
    at = body.text.text.index("http")
    changed = mime.apply(raw, body.changes(raw, [(at, at + 13, URL)]))
    lines, old = changed.split(b"\r\n"), raw.split(b"\r\n")
    assert lines[:5] == old[:5]
    assert lines[-2:] == old[-2:]
    assert b"".join(lines[5:-2]) == b'<a href=3D"=' + URL.encode() + b'=">x</a> =3d=3D'
    assert longest(changed) <= 76


@given(
    st.text(st.characters(codec="utf-8"), max_size=200), st.lists(st.integers(0, 200), max_size=4), st.text(max_size=90)
)
@example("a" * 76, [76], "x")
@example("é" * 40, [3, 9, 9], "")
@example("=\r\n=3D \t", [1, 2, 3, 4], "4\r")
def test_splices_in_quoted_printable_decode_to_the_new_bytes(text: str, places: list[int], new: str) -> None:
    data, added = text.encode("utf-8", "replace"), new.encode("utf-8", "replace")
    cuts = sorted(min(place, len(data)) for place in places)
    changes = [(cut, cut, added) for cut in cuts]
    coded = mime.splice(mime.quote(data, b"\r\n"), "quoted-printable", changes)
    wanted = mime.apply(data, changes)
    assert mime.decode(coded, "quoted-printable") == wanted
    assert a2b_qp(coded) == wanted
    assert not coded or max(map(len, coded.split(b"\r\n"))) <= 76


@given(st.binary(max_size=300), st.sampled_from([b"\r\n", b"\n"]))
@example(b"a \r\nb\t\n.\r\n" + b"x" * 80 + b"\n\n", b"\r\n")
def test_quoting_is_exact_for_any_bytes(data: bytes, newline: bytes) -> None:
    coded = mime.quote(data, newline)
    assert mime.decode(coded, "quoted-printable") == a2b_qp(coded) == data
    assert not coded or max(map(len, coded.split(newline))) <= 76
    assert not any(line.endswith((b" ", b"\t")) for line in coded.split(newline))


@given(
    st.binary(max_size=60), st.sampled_from([*CHARSETS, "", "hz", "big5hkscs", "iso-2022-kr", "utf-8-sig", "utf-32"])
)
def test_text_encodes_to_the_bytes_it_came_from(data: bytes, charset: str) -> None:
    found = read_text(data, charset)
    assert found is None or (found.data or found.prefix + found.encode(found.text)) == data


SWITCHES = [
    b"\x1b(B",
    b"\x1b(J",
    b"\x1b$B",
    b"\x1b$@",
    b"\x1b(I",
    b"\x1b",
    b"$",
    b"ab",
    b"<a ",
    b"-!",
    b"\\",
    b"~",
    b"\xff",
    b"\n",
    b"F|",
]


@given(st.lists(st.sampled_from(SWITCHES), max_size=12).map(b"".join), st.integers(0, 20), st.integers(0, 4))
@example(b"ab\x1b$BF|\x1b(Jab", 3, 1)
@example(b"\x1b$BF|", 1, 0)
def test_text_that_switches_tables_reads_as_the_new_text_or_is_refused(data: bytes, at: int, length: int) -> None:
    """Wherever the edit stands, and whatever the sequences around it; bytes before and behind it stay."""
    raw = b"Content-Type: text/html; charset=iso-2022-jp\n\n" + data + b"\n"
    (part,) = mime.find_bodies(raw, mime.read_parts(raw))
    body = mime.open_body(raw, part)
    if body is None:  # so many bare escapes that it is no text
        return
    text = body.text.text
    start, end = min(at, len(text)), min(at + length, len(text))
    try:
        changed = mime.apply(raw, body.changes(raw, [(start, end, "https://x.example/")]))
    except RewriteError:
        assert body.text.data or body.text.errors != "strict"
        return
    assert opened(changed).text.text == text[:start] + "https://x.example/" + text[end:]
    head, _, tail = changed.partition(b"https://x.example/")
    assert raw.startswith(head)
    assert raw.endswith(tail)


def test_a_line_too_long_becomes_quoted_printable_and_the_header_says_so() -> None:
    raw = b"Subject:  s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit (c)\r\n\r\nhttp://e.com/ " + b"x" * 960
    body = opened(raw)
    changed = mime.apply(raw, body.changes(raw, [(0, 13, URL)]))
    assert changed.startswith(
        b"Subject:  s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable (c)\r\n\r\n"
        + URL.encode()[:20]
    )
    assert longest(changed) <= 76
    assert opened(changed).text.text == body.text.text.replace("http://e.com/", URL)


def test_a_mail_that_says_nothing_gets_the_fields_it_needs() -> None:
    raw = b"Subject: s\n\n" + b"x" * 990
    changed = mime.apply(raw, opened(raw).changes(raw, [(990, 990, URL)]))
    head = b"Subject: s\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n"
    assert changed.startswith(head + b"xxx")
    changed = mime.apply(raw, opened(raw).changes(raw, [(0, 0, "€")]))
    assert b'\nContent-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n\n=E2' in changed


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        pytest.param('text/html; Charset="us-ascii"; x=1', 'text/html; charset="utf-8"; x=1', id="quoted"),
        pytest.param("text/html;\n charset=us-ascii\n (plain)", 'text/html;\n charset="utf-8"\n (plain)', id="folded"),
        pytest.param("text/html", 'text/html; charset="utf-8"', id="missing"),
        pytest.param(
            "text/html; x=1 ;", 'text/html; x=1; charset="utf-8" ;', id="missing, with a semicolon at the end"
        ),
        pytest.param("text/html; charset*=us-ascii''us-ascii", 'text/html; charset="utf-8"', id="RFC 2231"),
        pytest.param("text/html; charset*0=us-; charset*1=ascii", 'text/html; charset="utf-8"', id="RFC 2231, split"),
    ],
)
def test_a_charset_that_cannot_say_the_text_becomes_utf8(field: str, wanted: str) -> None:
    raw = f"A:  b\nContent-Type: {field}\nContent-Transfer-Encoding: 8bit\nC: d\n\n<p>x</p>".encode()
    changed = mime.apply(raw, opened(raw).changes(raw, [(3, 4, "€")]))
    assert changed.decode() == f"A:  b\nContent-Type: {wanted}\nContent-Transfer-Encoding: 8bit\nC: d\n\n<p>€</p>"


def test_bytes_the_charset_does_not_know_stay_as_they_are() -> None:
    raw = b"Content-Type: text/html; charset=utf-8\n\n\xff\xc3\xa9 http://e.com/ \xfe"
    body = opened(raw)
    assert mime.apply(raw, body.changes(raw, [(3, 16, "X")])) == raw.replace(b"http://e.com/", b"X")
    latin = raw.replace(b"utf-8", b"ascii")
    with pytest.raises(RewriteError, match="charset does not know"):
        opened(latin).changes(latin, [(0, 0, "€")])


def test_no_edit_is_no_change() -> None:
    raw = written("<p>x</p>", "utf-8", "quoted-printable")
    assert opened(raw).changes(raw, []) == []


def test_edits_anywhere_in_the_corpus_read_back_and_touch_nothing_else(shared: Path) -> None:
    random = Random(4)
    count = 0
    for path in sorted((shared / "corpus" / "eml").glob("*.eml")):
        raw = path.read_bytes()
        root = mime.read_parts(raw)
        for part in mime.find_bodies(raw, root):
            body = mime.open_body(raw, part)
            if body is None:
                continue
            text = body.text.text
            places = sorted(random.choices(range(len(text) + 1), k=3))
            changes = body.changes(raw, [(at, at, URL) for at in places])
            changed = mime.apply(raw, changes)
            again = list(mime.walk(mime.read_parts(changed)))[list(mime.walk(root)).index(part)]
            read = mime.open_body(changed, again)
            pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
            assert read is not None, path.name
            assert read.text.text == URL.join(pieces), path.name
            assert raw[: changes[0][0]] == changed[: changes[0][0]], path.name
            assert raw[part.end :] == changed[again.end :], path.name
            count += 1
    assert count > 250


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        pytest.param("To", "a@b.c", "To: a@b.c", id="plain"),
        pytest.param("Subject", "Grüße 😀", "Subject: =?utf-8?b?R3LDvMOfZSDwn5iA?=", id="text that is not ASCII"),
        pytest.param("To", "Jörg <j@b.c>", "To: =?utf-8?b?SsO2cmc=?= <j@b.c>", id="a name that is not ASCII"),
        pytest.param("To", '"Ä, B" <j@b.c>, k@b.c', "To: =?utf-8?b?w4QsIEI=?= <j@b.c>, k@b.c", id="a quoted name"),
        pytest.param("X", "a" * 74 + "  bb cc", "X: " + "a" * 74 + "\n  bb cc", id="folded before its blanks"),
        pytest.param("X", "a" * 200, "X: " + "a" * 200, id="a long word is not broken"),
    ],
)
def test_header_fields_are_written(name: str, value: str, wanted: str) -> None:
    assert mime.field(name, value, b"\n").decode() == wanted + "\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("To", "a@b.c\r\nBcc: x@y.z", id="a line break"),
        pytest.param("To", "a@b.c\n", id="a line break at the end"),
        pytest.param("Subject", "a\x00b", id="a zero byte"),
        pytest.param("Subject", "a\x85\u2028\rb", id="a carriage return among other breaks"),
        pytest.param("To\r\nBcc", "x@y.z", id="a line break in the name"),
        pytest.param("To:", "x", id="a colon in the name"),
        pytest.param("", "x", id="no name"),
        pytest.param("content-type", "text/plain", id="a field that says how the mail is built"),
        pytest.param("To", "jörg@b.c", id="an address that is not ASCII"),
        pytest.param("Subject", "\udcff", id="a lone surrogate"),
        pytest.param("X", "a" * 1000, id="a word longer than a line"),
        pytest.param("X", 7, id="no text"),
    ],
)
def test_header_fields_that_would_harm_the_mail_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mime.field(name, value, b"\r\n")
    assert "b.c" not in str(caught.value)


@given(st.text(max_size=300))
def test_any_text_in_a_header_reads_back_or_is_refused(text: str) -> None:
    try:
        line = mime.field("Subject", text, b"\r\n")
    except ConfigError:
        return
    assert line.isascii()
    assert max(map(len, line.split(b"\r\n"))) <= 998
    assert line.count(b"\r\n") == line.count(b"\r") == line.count(b"\n")
    if text.strip() and "=?" not in text:
        read = message_from_bytes(line + b"\r\n", policy=policy.default)["Subject"]
        assert " ".join(str(read).split()) == " ".join(text.split())


@pytest.mark.parametrize("before", ["", "x" * 70, "x" * 71, "x" * 72, "x" * 73, "x" * 74, "x" * 75, "one\n"])
@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"7bit"])
def test_text_that_looks_like_a_boundary_stays_text(before: str, encoding: bytes) -> None:
    """Where a line is broken anew, or decoded from base64, dashes may come to stand at its begin."""
    said = f"{before}--q\nContent-Type: text/html\n\nnot a part https://x.example/".encode()
    written = {
        b"base64": b64encode(said),
        b"quoted-printable": said.replace(b"--", b"=2D-"),
        b"7bit": b"x" + said.replace(b"\n--", b"\nx--"),
    }[encoding]
    raw = b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Transfer-Encoding: %s\n\n%s\n--q--\n" % (
        encoding,
        written,
    )
    root = mime.read_parts(raw)
    (part,) = root.parts
    body = mime.open_body(raw, part)
    assert body is not None
    text = body.text.text
    for edits in (
        [(0, 0, "€" * 3)],
        [(0, 0, "T" * 70)],
        [(3, 3, "y" * 72), (len(text), len(text), "z")],
        [(len(text), len(text), "é")],
    ):
        changed = mime.apply(raw, body.changes(raw, edits))
        (again,) = mime.read_parts(changed).parts
        read = mime.open_body(changed, again)
        assert read is not None
        want, at = "", 0
        for start, end, new in edits:
            want, at = want + text[at:start] + new, end
        assert read.text.text == want + text[at:]


def test_a_first_line_that_says_something_is_not_the_empty_line_before_the_body():
    raw = b" ~\x139\rWords\r\n"
    body = mime.open_body(raw, mime.read_parts(raw))
    changed = mime.apply(raw, body.changes(raw, [(0, 0, " First ")]))
    assert mime.open_body(changed, mime.read_parts(changed)).text.text == " First Words\r\n"
