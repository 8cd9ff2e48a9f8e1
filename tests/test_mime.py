"""The mail scanner: where parts and bodies are in raw bytes, checked on written cases, on real mail, and against ``email``."""

from __future__ import annotations

from contextlib import suppress
from email import message_from_bytes
from email.message import Message as Email
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import mime
from mailbeacon.errors import RewriteError
from tests.linear import grows_too_fast


def mail(text: str) -> bytes:
    """Write a mail with CRLF line ends."""
    return text.replace("\n", "\r\n").encode()


def bodies(raw: bytes) -> list[str]:
    """Return the texts of the bodies found."""
    found = [mime.open_body(raw, part) for part in mime.find_bodies(raw, mime.read_parts(raw))]
    return [body.text.text for body in found if body]


def tree(part: mime.Part) -> object:
    return (part.content_type, [tree(inner) for inner in part.parts]) if part.parts else part.content_type


def pieces(raw: bytes, part: mime.Part) -> list[bytes]:
    """Cut a mail at all spans, in order; joined they are the mail only if no span overlaps or goes backwards."""
    out, at = [raw[part.start : part.body]], part.body
    for inner in part.parts:
        out += [raw[at : inner.start], *pieces(raw, inner)]
        at = inner.end
    return [*out, raw[at : part.end]]


NESTED = mail("""Content-Type: multipart/mixed; boundary=m

preamble
--m
Content-Type: multipart/alternative; boundary="a"

--a

plain
--a
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=utf-8

<p>html</p>
--r
Content-Type: image/png
Content-ID: <i>

x
--r--
--a--
--m
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename="page.html"

<p>a file</p>
--m
Content-Type: message/rfc822

Content-Type: text/html

<p>forwarded</p>
--m--
epilogue
""")


def test_bodies_of_nested_multiparts_are_found_and_nothing_else() -> None:
    assert tree(mime.read_parts(NESTED)) == (
        "multipart/mixed",
        [
            ("multipart/alternative", ["text/plain", ("multipart/related", ["text/html", "image/png"])]),
            "text/html",
            "message/rfc822",
        ],
    )
    assert bodies(NESTED) == ["plain", "<p>html</p>"]


def test_a_multipart_with_the_boundary_of_the_one_around_it_ends_where_that_one_goes_on() -> None:
    """The outer boundary is the one that counts, so nothing after it is taken for the inner multipart's."""
    raw = mail("""Content-Type: multipart/mixed; boundary=q

--q
Content-Type: multipart/alternative; boundary=q

--q
Content-Type: text/html

<p>one</p>
--q
Content-Type: text/plain

two
--q--
--q
Content-Type: text/plain

an epilogue
""")
    assert tree(mime.read_parts(raw)) == ("multipart/mixed", ["multipart/alternative", "text/html", "text/plain"])
    assert bodies(raw) == ["<p>one</p>", "two"]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        pytest.param(mail("\nonly text\n"), ["only text\r\n"], id="a mail without a header is text"),
        pytest.param(b"Subject: x\nno empty line", ["no empty line"], id="a line that is no field begins the body"),
        pytest.param(b"Subject : x\nContent-Type : text/html\n\n<p>", ["<p>"], id="blanks before the colon"),
        pytest.param(b"Content-Type: text/html\n\n<p>\r\n", ["<p>\r\n"], id="line ends mixed"),
        pytest.param(b"Content-Type: text/html\r\r<p>", ["<p>"], id="line ends of carriage returns"),
        pytest.param(b"From a@b Mon\nContent-Type: text/html\n\n<p>", ["<p>"], id="the first line of an mbox"),
        pytest.param(b"Content-Type: text\n\nx", ["x"], id="an invalid type is text/plain"),
        pytest.param(b"Content-Type: text/html\n\n", [], id="an empty body is none"),
        pytest.param(
            mail("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>\n"),
            ["<p>\r\n"],
            id="the final boundary is missing",
        ),
        pytest.param(
            mail("Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--bb\n--b--\t\n--b\n\ntwo"),
            ["one\r\n--bb"],
            id="blanks after a boundary, a longer one, and one past the end",
        ),
        pytest.param(
            mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\none\n--b--"),
            ["one"],
            id="two boundaries in a row",
        ),
        pytest.param(
            mail('Content-Type: multipart/mixed;\n boundary="b;\n c"\n\n--b; c\n\none\n--b; c--'),
            ["one"],
            id="a folded boundary with a semicolon",
        ),
        pytest.param(
            mail("Content-Type: multipart/mixed; boundary*0=b; boundary*1*=%63\n\n--bc\n\none\n--bc--"),
            ["one"],
            id="a boundary split as RFC 2231 does",
        ),
        pytest.param(
            mail(
                "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n"
                "--i\n\none\n--o\n\ntwo\n--o--"
            ),
            ["one", "two"],
            id="an outer boundary ends what is open inside",
        ),
        pytest.param(
            mail("Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: x\n\nforwarded\n--d--"),
            [],
            id="the parts of a digest are messages",
        ),
        pytest.param(
            mail(
                'Content-Type: multipart/related; boundary=r; start="<b>"\n\n--r\nContent-Type: text/html\n\nA\n'
                "--r\nContent-Type: text/html\nContent-ID: <b>\n\nB\n--r--"
            ),
            ["B"],
            id="the root of a multipart/related is the one that start names",
        ),
        pytest.param(
            b"Content-Type: text/html; charset=us-ascii (plain)\n\n<p>", ["<p>"], id="a comment after charset"
        ),
        pytest.param(
            b"Content-Type: text/html; charset*=''utf-8\n\n\xc3\xa9", ["é"], id="a charset as RFC 2231 writes it"
        ),
        pytest.param(b"Content-Type: text/html\nX: \xff\xfe\n\n<p>", ["<p>"], id="a header field in eight bits"),
        pytest.param(b"Content-Type: text/html; charset=no-such\n\n<p>", [], id="an unknown charset is left alone"),
        pytest.param(b"Content-Type: text/html; charset=utf-7\n\n<p>", [], id="UTF-7 is left alone"),
        pytest.param(b"Content-Type: text/html; charset=rot13\n\n<p>", [], id="what is no charset is left alone"),
        pytest.param(b"Content-Transfer-Encoding: x-uuencode\n\nx", [], id="an unknown transfer encoding"),
        pytest.param(b"Content-Transfer-Encoding: base64\n\nPGI+\nlist footer!", [], id="base64 with words after it"),
        pytest.param(b"Content-Transfer-Encoding: base64\n\nPGI-", [], id="base64 of another alphabet"),
        pytest.param(b"Content-Transfer-Encoding: base64\n\nPGI", ["<b"], id="base64 without its padding"),
        pytest.param(b"Content-Disposition: attachment\n\nx", [], id="a mail that is an attachment"),
        pytest.param(b"Content-Type: text/plain; name=a.txt\n\nx", ["x"], id="a whole mail may have a file's name"),
    ],
)
def test_what_real_mail_does_is_read_as_mail_programs_read_it(raw: bytes, wanted: list[str]) -> None:
    assert bodies(raw) == wanted
    assert b"".join(pieces(raw, mime.read_parts(raw))) == raw


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        pytest.param(
            mail("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b--\n"),
            0,
            id="a part that ends within its header",
        ),
        pytest.param(b"Content-Transfer-Encoding: quoted-printable\n\n=C3=", 2, id="an equals sign ends the mail"),
        pytest.param(b"Content-Transfer-Encoding: quoted-printable\n\na=b c", 2, id="an edit after a bare equals sign"),
        pytest.param(b'Content-Type: text/html; charset="\n\n<p>', 3, id="a quote that is never closed"),
        pytest.param(b"MIME-Version: 1\n\xc3\xa9: no field", 0, id="no empty line before the body"),
        pytest.param(b"A: b\rC: d\r\nx\r\ny\rz", 1, id="line ends of carriage returns, and one that is not"),
        pytest.param(b"Content-Type: text/html; charset=\nA: b\n\nx", 0, id="a charset of nothing"),
        pytest.param(b"MIME-Version: 1\nContent-Transfer-Encoding:\n\nx", 0, id="a transfer encoding of nothing"),
        pytest.param(b"A: b\nMIME-Version: 1\r\xff: no field", 0, id="no empty line after a carriage return"),
    ],
)
def test_cases_found_by_fuzzing(raw: bytes, place: int) -> None:
    root = mime.read_parts(raw)
    assert b"".join(pieces(raw, root)) == raw
    for part in mime.find_bodies(raw, root):
        body = mime.open_body(raw, part)
        assert body is not None
        at = min(place, len(body.text.text))
        for new in ("41", " x\u20ac:"):
            try:
                changed = mime.apply(raw, body.changes(raw, [(at, at, new)]))
            except RewriteError:
                assert not new.isascii()
                continue
            assert bodies(changed) == [body.text.text[:at] + new + body.text.text[at:]]


def test_stray_bytes_that_would_take_new_text_for_their_own_refuse_it() -> None:
    """Found by fuzzing: half a character before an edit, in a charset whose characters go on with digits."""
    raw = b"Content-Type: text/html; charset=gbk\n\n\x814\x98"
    (part,) = mime.find_bodies(raw, mime.read_parts(raw))
    body = mime.open_body(raw, part)
    assert body is not None
    with pytest.raises(RewriteError, match="charset does not know"):
        body.changes(raw, [(3, 3, "41")])


def test_too_many_parts_are_refused() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (mime.MAX_PARTS + 1)
    with pytest.raises(RewriteError, match="more than 10000 parts"):
        mime.read_parts(raw)


def test_nesting_too_deep_is_refused() -> None:
    level = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
    assert mime.read_parts("".join(level.format(n) for n in range(mime.MAX_DEPTH)).encode())
    with pytest.raises(RewriteError, match="nested more than 50 deep"):
        mime.read_parts("".join(level.format(n) for n in range(mime.MAX_DEPTH + 1)).encode())


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"\n--", id="dashes at line starts"),
        pytest.param(b"-", id="one long run of dashes"),
        pytest.param(b"\n--b\n", id="one boundary"),
        pytest.param(b" ;a=", id="parameters"),
        pytest.param(b'; a="', id="open quotes"),
        pytest.param(b" (", id="open comments"),
        pytest.param(b"\n ", id="folded lines"),
        pytest.param(b";\n ", id="empty parameters"),
    ],
)
def test_scanning_is_linear(piece: bytes) -> None:
    """In the value of a field, in the boundary's field and in the body alike."""

    def work(text: str) -> None:
        repeated = text.encode()
        raw = b"To: x" + repeated + b"\nContent-Type: multipart/mixed; boundary=b" + repeated + b"\n\n" + repeated
        with suppress(RewriteError):
            mime.count_recipients(raw, mime.read_parts(raw))

    assert not grows_too_fast(work, lambda size: piece.decode() * (size // len(piece)), size=5_000, most=3)


@given(st.lists(st.sampled_from([b"--b", b"--b--", b"--i", b"--i--", b"\n", b"\r\n", b"\r", b"x", b" ", b":", b"=", b'"',
                                 b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html; charset=gbk",
                                 b"Content-Type: multipart/alternative; boundary=i", b"\xff", b"=41",
                                 b"Content-Transfer-Encoding: quoted-printable"])))  # fmt: skip
def test_spans_cover_any_bytes_exactly(found: list[bytes]) -> None:
    raw = b"".join(found)
    try:
        root = mime.read_parts(raw)
    except RewriteError:  # a stray line among the fields
        return
    assert b"".join(pieces(raw, root)) == raw


def test_spans_of_the_corpus_cover_it_exactly(shared: Path) -> None:
    for path in mails(shared):
        raw = path.read_bytes()
        assert b"".join(pieces(raw, mime.read_parts(raw))) == raw, path.name


def mails(shared: Path) -> list[Path]:
    found = sorted((shared / "corpus" / "eml").glob("*.eml"))
    assert len(found) > 150
    return found


def test_parts_of_the_corpus_are_those_the_standard_library_finds(shared: Path) -> None:
    """Same tree, same bodies to the byte; outside messages inside messages, which are one part here."""
    leaves = 0
    for path in mails(shared):
        raw = path.read_bytes()
        waiting = [(message_from_bytes(raw), mime.read_parts(raw))]
        while waiting:
            theirs, ours = waiting.pop()
            assert theirs.get_content_type() == ours.content_type, path.name
            if theirs.get_content_maintype() == "message":
                continue
            if theirs.is_multipart():
                inner: list[Email] = theirs.get_payload()  # type: ignore[assignment]
                assert len(inner) == len(ours.parts), path.name
                waiting.extend(zip(inner, ours.parts, strict=True))
                continue
            assert theirs._payload.encode("ascii", "surrogateescape") == raw[ours.body : ours.end], path.name  # type: ignore[attr-defined]
            leaves += 1
    assert leaves > 500


def test_addresses_are_counted_as_people_are() -> None:
    value = b'"Last, First" <a@x.org>, (c, d@e) b@x.org, team: c@x.org, <@r,@s:A@X.org>;, undisclosed:;, "q@r" <z@x.org'
    assert list(mime.addresses(value)) == [b"a@x.org", b"b@x.org", b"c@x.org", b"a@x.org", b"z@x.org"]
    raw = mail("To: a@x.org\nCc: Me <A@x.org>\nBcc: undisclosed-recipients:;\n\n")
    assert mime.count_recipients(raw, mime.read_parts(raw)) == 1
