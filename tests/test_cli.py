"""The command line as its user meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64encode, encodebytes
from pathlib import Path

import pytest

import mailbeacon as mb
from mailbeacon.cli import main
from mailbeacon.cli.documents import File, Form, read_document
from mailbeacon.cli.keyring import VARIABLE
from tests import making
from tests.linear import grows_too_fast

KEY = "an-old-key-of-thirty-two-letters"
BASE = "https://t.example.com/m"
PAGE = '<html><body><p>Bücher: <a href="https://shop.example.com/?a=1&amp;b=2">new</a> <a href="#x">x</a></p></body></html>'


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "spring.html"
    path.write_text(PAGE, "utf-8")
    return path


def said(capfd: pytest.CaptureFixture[str]) -> str:
    """Return the one line on standard error, insisting that it is one and that nothing went to standard output."""
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("mailbeacon: ")
    assert "Traceback" not in err
    return err


def run(*arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    root = str(Path(__file__).resolve().parent.parent)
    return subprocess.run(
        [sys.executable, "-m", "mailbeacon", *arguments],
        env={**os.environ, "PYTHONPATH": root, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=600,
        check=False,
    )


def tracked(text: str) -> list[str]:
    return re.findall(rf'{BASE}/[^"\s]+', text)


# rewrite


def test_rewrite_gives_the_document_on_standard_output_and_what_was_done_on_standard_error(page, capfdbinary):
    assert main(["rewrite", str(page), "--base-url", BASE]) == 0
    out, err = capfdbinary.readouterr()
    html, told = out.decode(), err.decode()
    assert len(tracked(html)) == 2
    assert making.beacon(secret_keys=[KEY]).unwrap(html) == PAGE
    assert "1 link wrapped, 1 left alone" in told
    assert "https://shop.example.com/?a=1&b=2" in told
    assert "[anchor]" in told


def test_rewrite_names_the_campaign_after_the_file_and_decode_reads_it_back(page, capfd):
    main(["rewrite", str(page), "--base-url", BASE, "--recipient", "u-17"])
    click, pixel = tracked(capfd.readouterr().out)
    assert main(["decode", click]) == 0
    found = json.loads(capfd.readouterr().out)
    expected = {"kind": "click", "campaign": "spring", "recipient": "u-17", "link": 1, "channel": "html"}
    assert expected.items() <= found.items()
    assert found["url"] == "https://shop.example.com/?a=1&b=2"
    assert main(["decode", pixel]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["kind"], found["opens"], found["sent_at"][-6:]) == ("open", "full", "+00:00")
    assert "link" not in found


def test_rewrite_takes_a_campaign(page, capfd):
    main(["rewrite", str(page), "--base-url", BASE, "--campaign", "été 2026"])
    main(["decode", tracked(capfd.readouterr().out)[0]])
    assert json.loads(capfd.readouterr().out)["campaign"] == "été 2026"


def test_rewrite_wraps_the_links_of_a_plain_text_and_adds_no_pixel(tmp_path, capfd):
    path = tmp_path / "spring.txt"
    path.write_bytes(b"Read (https://shop.example.com/a).\r\nBye\r\n")
    assert main(["rewrite", str(path), "--base-url", BASE]) == 0
    text = capfd.readouterr().out
    (url,) = tracked(text)
    assert text == f"Read ({url.removesuffix(').')}).\r\nBye\r\n"


@pytest.mark.parametrize("sign", [b"\x12", b"\x01", b"\x1f", b"\x08"])
@pytest.mark.parametrize("text", ["<p>Hi</p>", PAGE], ids=["short", "longer"])
def test_a_stray_control_character_does_not_make_a_newsletter_binary(text, sign, tmp_path, capfdbinary):
    source = text.encode().replace(b"<p>", b"<p>" + sign)
    (tmp_path / "a.html").write_bytes(source)
    assert main(["rewrite", str(tmp_path / "a.html"), "--base-url", BASE]) == 0
    out = capfdbinary.readouterr().out
    assert making.beacon(secret_keys=[KEY]).unwrap(out.decode()).encode() == source
    assert main(["demo", str(tmp_path / "a.html"), "--recipients", "3", "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        pytest.param(b"\xef\xbb\xbf", "utf-8", id="UTF-8 with a byte order mark"),
        pytest.param(b"\xff\xfe", "utf-16-le", id="UTF-16"),
        pytest.param(b"", "windows-1252", id="windows-1252, as the document says"),
        pytest.param(b"", "koi8-r", id="a charset the document names"),
        pytest.param(b"", "latin-1", id="bytes that no named charset has"),
    ],
)
def test_rewrite_keeps_the_encoding_and_every_byte_outside_the_edits(head, encoding, tmp_path, capfdbinary):
    words = {"koi8-r": "Книги", "latin-1": "Caf\xe9 \x81"}.get(encoding, "Café €")
    source = PAGE.replace("Bücher", f'{words}<meta charset="{encoding}">')
    path = tmp_path / "page.html"
    path.write_bytes(head + source.encode(encoding))
    assert main(["rewrite", str(path), "--base-url", BASE]) == 0
    out = capfdbinary.readouterr().out
    assert out.startswith(head)
    html = out[len(head) :].decode(encoding)
    assert making.beacon(secret_keys=[KEY]).unwrap(html) == source
    assert len(tracked(html)) == 2


def test_the_sizes_are_those_of_the_bytes_that_are_written(tmp_path, capfdbinary):
    source = b"\xff\xfe" + PAGE.encode("utf-16-le")
    (tmp_path / "page.html").write_bytes(source)
    assert main(["rewrite", str(tmp_path / "page.html"), "--base-url", BASE]) == 0
    out, err = capfdbinary.readouterr()
    assert f"{len(source):,} bytes before, {len(out):,} after".encode() in err


@pytest.mark.parametrize("named", ["utf-16", "klingon", "utf-7", "ascii"])
def test_rewrite_does_not_believe_a_charset_that_would_not_give_the_bytes_back(named, tmp_path, capfdbinary):
    data = PAGE.replace("Bücher", f'Café +AGE- <meta charset="{named}">').encode("windows-1252")
    data += b" " * (len(data) % 2)
    (tmp_path / "page.html").write_bytes(data)
    assert main(["rewrite", str(tmp_path / "page.html"), "--base-url", BASE]) == 0
    html = capfdbinary.readouterr().out.decode("windows-1252")
    assert html.startswith(PAGE.split("Bücher")[0] + "Café +AGE-")
    assert len(tracked(html)) == 2


@pytest.mark.parametrize(
    ("name", "text", "pixel"),
    [
        pytest.param(
            "page", "<p>Hi <a href='https://shop.example.com/'>you</a></p>", True, id="HTML without an ending"
        ),
        pytest.param("notes", "3 < 4, see https://shop.example.com/", False, id="text without an ending"),
        pytest.param("a.md", "<p>https://shop.example.com/</p>", True, id="an ending that says nothing"),
    ],
)
def test_what_a_file_holds_is_seen_from_it_where_its_name_does_not_say(name, text, pixel, tmp_path, capfd):
    path = tmp_path / name
    path.write_text(text)
    assert main(["rewrite", str(path), "--base-url", BASE]) == 0
    assert ("/o/" in capfd.readouterr().out) is pixel


@pytest.mark.parametrize("command", ["rewrite", "keys"])
def test_a_reader_who_goes_away_ends_the_command_without_a_traceback(command, page):
    arguments = {"rewrite": [str(page), "--base-url", BASE], "keys": ["new"]}[command]
    reading, writing = os.pipe()
    os.close(reading)
    done = run(command, *arguments, stdout=writing)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
@pytest.mark.parametrize("command", ["rewrite", "keys"])
def test_a_full_disk_behind_standard_output_is_one_line(command, page):
    arguments = {"rewrite": [str(page), "--base-url", BASE], "keys": ["new"]}[command]
    with Path("/dev/full").open("wb") as full:
        done = run(command, *arguments, stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr == b"mailbeacon: input or output failed: no space left on device\n"


def test_a_closed_standard_output_is_one_line():
    program = "import sys; sys.stdout = None\nfrom mailbeacon.cli import main; sys.exit(main(['keys', 'new']))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent.parent, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"mailbeacon: standard output is closed\n")


def test_a_name_that_is_no_text_still_gives_a_campaign(tmp_path, capfd):
    path = tmp_path / os.fsdecode(b"sp\xffring.html")
    path.write_text(PAGE)
    assert main(["rewrite", str(path), "--base-url", BASE]) == 0
    main(["decode", tracked(capfd.readouterr().out)[0]])
    assert json.loads(capfd.readouterr().out)["campaign"] == "sp\ufffdring"
    assert main(["fake", str(path), "--recipients", "3"]) == 0


def test_advice_is_for_who_types_commands(page, capfd):
    assert main(["rewrite", str(page), "--base-url", BASE, "--recipient", "a@example.com"]) == 2
    assert "True" not in said(capfd)


MAIL = (
    b"From: shop@example.com\r\nTo: reader@example.com\r\nSubject: =?utf-8?q?B=C3=BCcher?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    b"See https://shop.example.com/text today\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<html><body><a href="https://shop.example.com/html">shop</a></body></html>\r\n--x--\r\n'
)


RUBBISH = (
    b"From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
    b"Content-Transfer-Encoding: base64\n\n" + b64encode(bytes(range(256)))
)
BROKEN = RUBBISH.partition(b"\n\n")[0] + b"\n\n!!!not base64***"
ATTACHED = b"Content-Disposition: attachment\n" + BROKEN


def test_a_mail_with_bytes_its_charset_does_not_know_comes_with_a_warning(tmp_path, capfdbinary):
    (tmp_path / "a.eml").write_bytes(MAIL.replace(b">shop<", b">caf\xe9<"))
    assert main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE]) == 0
    out, err = capfdbinary.readouterr()
    assert b">caf\xe9<" in out
    assert b"holds bytes that its charset 'utf-8' does not know" in err


@pytest.mark.parametrize("name", ["spring.eml", "spring"])
def test_rewrite_gives_a_tracked_mail_for_a_mail(name, tmp_path, capfdbinary):
    (tmp_path / name).write_bytes(MAIL)
    assert main(["rewrite", str(tmp_path / name), "--base-url", BASE]) == 0
    out, err = capfdbinary.readouterr()
    text, link, pixel = tracked(out.decode())
    assert "/c/" in text
    assert "/c/" in link
    assert pixel.endswith(".gif")
    assert out.startswith(MAIL.partition(b"See ")[0])
    assert err.startswith(b"2 links wrapped, 0 left alone")
    assert main(["decode", text]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert (found["campaign"], found["channel"], found["url"]) == ("spring", "text", "https://shop.example.com/text")


@pytest.mark.parametrize("name", ["spring.eml", "spring"])
@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b">From me Mon\r\n"])
def test_what_harmlessly_precedes_a_mail_makes_it_no_document(before, name, tmp_path, capfdbinary):
    (tmp_path / name).write_bytes(before + MAIL)
    assert main(["rewrite", str(tmp_path / name), "--base-url", BASE]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(before + MAIL.partition(b"See ")[0])
    assert err.startswith(b"2 links wrapped, 0 left alone")


@pytest.mark.parametrize("name", ["spring.emlx", "spring"])
def test_what_apple_mail_keeps_is_refused_with_the_line_that_is_no_field(name, tmp_path, capfd):
    """It is a count, a mail and a property list; nothing of it may end up in a body that people see."""
    (tmp_path / name).write_bytes(b"412       \n" + MAIL + b'<?xml version="1.0"?><plist></plist>')
    assert main(["rewrite", str(tmp_path / name), "--base-url", BASE]) == 1
    assert "line 1 of the mail is no header field" in said(capfd)


def test_a_signed_mail_is_refused_unless_the_signature_may_go(tmp_path, capfdbinary):
    path = tmp_path / "a.eml"
    path.write_bytes(b"DKIM-Signature: v=1; a=rsa-sha256\r\n" + MAIL)
    assert main(["rewrite", str(path), "--base-url", BASE]) == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.count(b"\n") == 1
    assert b"--strip-signatures" in err
    assert main(["rewrite", str(path), "--base-url", BASE, "--strip-signatures"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"From: shop")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"\0\0\0\0", "not a mail", id="a mail of zeros"),
        pytest.param(RUBBISH, "can be read", id="a body that decodes to no text"),
        pytest.param(BROKEN, "can be read", id="a body in broken base64"),
        pytest.param(MAIL.replace(b"text/html", b"image/png").replace(b"text/plain", b"x/y"), "no HTML", id="no body"),
        pytest.param(MAIL.replace(b"To: ", b"To: b@example.com, "), "one mail for each", id="several recipients"),
    ],
)
def test_rewrite_refuses_a_bad_mail_in_one_line(data, why, tmp_path, capfd):
    (tmp_path / "a.eml").write_bytes(data)
    assert main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE]) == 1
    line = said(capfd)
    assert why in line
    assert "@" not in line
    assert "True" not in line


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["html", "plain"])
def test_rewrite_refuses_the_body_that_would_be_refused_as_a_file(kind, encoding, tmp_path, capfd):
    """By what it says, not by how it is encoded; what is attached does not count."""
    text = b"<p>Hi</p>" + b"xxxx xxx\n" * 150_000
    encode = {"8bit": bytes, "base64": encodebytes, "quoted-printable": lambda data: data.replace(b"xxxx", b"=78=78xx")}
    head = f"From: a@example.com\nMIME-Version: 1.0\nContent-Transfer-Encoding: {encoding}\nContent-Type: "

    def rewrite(body: bytes, kind: str = f"text/{kind}") -> int:
        (tmp_path / "a.eml").write_bytes(f"{head}{kind}\n\n".encode() + encode[encoding](body))
        return main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE])

    assert rewrite(text) == 0
    capfd.readouterr()
    assert rewrite(text * 2) == 1
    assert "without attachments, has 2.7 MB: a newsletter has at most 2 MB" in said(capfd)
    attached = b"\n--x\nContent-Type: image/png\n\n" + b"x" * 3_000_000
    (tmp_path / "b.eml").write_bytes(
        MAIL.replace(b"alternative", b"mixed").replace(b"--x--", attached.strip() + b"\n--x--")
    )
    assert main(["rewrite", str(tmp_path / "b.eml"), "--base-url", BASE]) == 0


# keys


def test_a_new_key_is_long_enough_and_never_the_same(capfd):
    assert main(["keys", "new"]) == main(["keys", "new"]) == 0
    one, other = capfd.readouterr().out.split()
    assert one != other
    assert len(one) == 43


def test_keys_from_a_file_rotate_the_newest_signs_and_all_verify(page, tmp_path, capfd):
    file = tmp_path / "keys.txt"
    file.write_text(f"{KEY}\n\n")
    main(["rewrite", str(page), "--base-url", BASE, "--key-file", str(file)])
    old = tracked(capfd.readouterr().out)[0]
    file.write_text(f"{KEY}\na-new-key-of-thirty-two-letters\n")
    main(["rewrite", str(page), "--base-url", BASE, "--key-file", str(file)])
    new = tracked(capfd.readouterr().out)[0]
    assert main(["decode", old, "--key-file", str(file)]) == 0
    assert main(["decode", new, "--key-file", str(file)]) == 0
    assert main(["decode", new]) == 1


def test_a_byte_order_mark_is_no_part_of_a_key(page, tmp_path, capfd):
    file = tmp_path / "keys.txt"
    file.write_text(f"{KEY}\n", "utf-8-sig")
    main(["rewrite", str(page), "--base-url", BASE])
    assert main(["decode", tracked(capfd.readouterr().out)[0], "--key-file", str(file)]) == 0


def test_the_environment_may_hold_several_keys(page, monkeypatch, capfd):
    main(["rewrite", str(page), "--base-url", BASE])
    url = tracked(capfd.readouterr().out)[0]
    monkeypatch.setenv(VARIABLE, f"0123456789abcdef,{KEY} fedcba9876543210")
    assert main(["decode", url]) == 0
    monkeypatch.setenv(VARIABLE, "0123456789abcdef,fedcba9876543210")
    assert main(["decode", url]) == 1


# what is refused


def test_help_and_version_are_no_errors(capfd):
    assert main(["--help"]) == main(["demo", "--help"]) == main(["--version"]) == 0
    out = capfd.readouterr().out
    assert mb.__version__ in out
    for command in ("demo", "rewrite", "decode", "keys"):
        assert f"\n    {command} " in out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["paint"], id="an unknown command"),
        pytest.param(["keys"], id="no action"),
        pytest.param(["rewrite", "x.html"], id="no base URL"),
        pytest.param(["rewrite", "x.html", "--base-url", "t.example.com/m"], id="a base URL without scheme"),
        pytest.param(["rewrite", "x.html", "--base-url", "http://t.example.com"], id="http to the world"),
        pytest.param(["rewrite", "x.html", "--base-url", BASE, "--recipient", "a@example.com"], id="an address"),
        pytest.param(["rewrite", "x.html", "--base-url", BASE, "--recipient", ""], id="an empty recipient"),
        pytest.param(["demo", "--recipients", "0"], id="no recipients"),
        pytest.param(["demo", "--recipients", "-3"], id="fewer than none"),
        pytest.param(["demo", "--recipients", "ten"], id="no number"),
        pytest.param(["demo", "--seed", "x"], id="no seed"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(arguments, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "@" not in said(capfd)
    assert list(tmp_path.iterdir()) == []


def test_no_key_at_all_is_exit_code_2_and_says_how_to_make_one(page, monkeypatch, capfd):
    monkeypatch.delenv(VARIABLE)
    assert main(["rewrite", str(page), "--base-url", BASE]) == 2
    assert "keys new" in said(capfd)


def _mail(body: str, kind: str = "html") -> bytes:
    return f"From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/{kind}\n\n{body}".encode()


BAD_FILES = [
    pytest.param("a.html", b"", "is empty", id="empty"),
    pytest.param("a.html", b" \n\n ", "is empty", id="blank"),
    pytest.param("a.png", b"\x89PNG\r\n\x1a\n\0\0", "is a binary file, not HTML", id="a picture"),
    pytest.param("a", bytes(range(256)), "binary", id="binary without an ending"),
    pytest.param("a.html", b"\x1f\x8b\x08\x00html", "binary", id="a packed page"),
    pytest.param("a.html", PAGE.encode() + b"\0", "binary", id="a page with a zero byte"),
    pytest.param("a.html", bytes(range(1, 256)) * 3, "binary", id="binary without a zero byte"),
    pytest.param("a.html", b"<p>" + b"x" * 20_000_000, "20.0 MB", id="HTML of 20 MB"),
]
BAD_MAILS = [
    pytest.param("a.eml", b"\0\0\0\0", "not a mail", id="a mail of zeros"),
    pytest.param("a.eml", b"no header fields at all", "not a mail", id="a mail without header fields"),
    pytest.param("a.eml", _mail("hello", "plain"), "no HTML part", id="a mail of text only"),
    pytest.param("a.eml", _mail(""), "empty one", id="an empty HTML part"),
    pytest.param("a.eml", RUBBISH, "holds no text", id="an HTML part that decodes to no text"),
    pytest.param("a.eml", BROKEN, "is not the base64", id="an HTML part in broken base64"),
    pytest.param("a.eml", ATTACHED, "is not the base64", id="attached HTML in broken base64"),
    pytest.param("a.eml", _mail("x" * 20_000_000), "over 2 MB", id="an HTML part of 20 MB"),
    pytest.param(
        "a.eml", b"Content-Type: multipart/mixed; boundary\n\n--\n--\n", "no HTML part", id="a broken multipart"
    ),
    pytest.param("a.txt", b"plain text", "plain text", id="plain text"),
]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero here")
@pytest.mark.parametrize(
    "command", [["rewrite", "/dev/zero", "--base-url", BASE], ["decode", "x", "--manifest", "/dev/zero"]]
)
def test_a_file_without_an_end_is_not_read_to_its_end(command, capfd):
    assert main(command) == 1
    assert "/dev/zero has over 50 MB" in said(capfd)
    assert main([*command, "--key-file", "/dev/zero"]) == 1
    assert "/dev/zero has over 1 MB" in said(capfd)


@pytest.mark.parametrize(("name", "data", "why"), BAD_FILES)
def test_rewrite_refuses_a_bad_file_in_one_line(name, data, why, tmp_path, capfd):
    path = tmp_path / name
    path.write_bytes(data)
    assert main(["rewrite", str(path), "--base-url", BASE]) == 1
    assert why in said(capfd)


@pytest.mark.parametrize(("name", "data", "why"), [*BAD_FILES, *BAD_MAILS])
def test_demo_refuses_a_bad_file_in_one_line_and_leaves_no_folder(name, data, why, tmp_path, capfd):
    path = tmp_path / name
    path.write_bytes(data)
    assert main(["demo", str(path), "--out", str(tmp_path / "out")]) == 1
    assert why in said(capfd)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["rewrite", "--base-url", BASE], ["demo"]], ids=["rewrite", "demo"])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("missing.html", "no such file", id="missing"),
        pytest.param("", "is a directory", id="a directory"),
        pytest.param("x\0.html", "this name", id="no file name"),
        pytest.param("page.html/x", "not a directory", id="below a file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(command, name, why, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text(PAGE)
    assert main([command[0], str(tmp_path / name) if "\0" not in name else name, *command[1:]]) == 1
    assert why in said(capfd)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"abc\n", "at least 16 bytes, got 3", id="a key of 3 bytes"),
        pytest.param(KEY.encode() + b"\nabc\n", "at least 16 bytes, got 3", id="one of two keys too short"),
        pytest.param(b"\n\n", "holds no key", id="no key"),
        pytest.param(b"\xff\xfe\xfd" * 20, "not a text file", id="binary"),
    ],
)
def test_a_bad_key_file_is_one_line_without_the_key(data, why, tmp_path, capfd):
    path = tmp_path / "keys"
    path.write_bytes(data)
    assert main(["decode", "x", "--key-file", str(path)]) == 1
    line = said(capfd)
    assert why in line
    assert "abc" not in line.replace(str(path), "")
    assert main(["decode", "x", "--key-file", str(tmp_path / "none")]) == 1
    assert main(["decode", "x", "--key-file", str(tmp_path)]) == 1


def _forged(url: str) -> str:
    return url[:-1] + ("A" if url[-1] != "A" else "Q")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(_forged, "not signed", id="an altered signature"),
        pytest.param(lambda url: url.replace("/c/a", "/c/b"), "version 1", id="an unknown version"),
        pytest.param(lambda url: url + "A" * 1_000_000, "longer than", id="a token of 1 MB"),
        pytest.param(lambda _: "https://example.com/", "form of a tracking URL", id="no tracking URL"),
        pytest.param(lambda _: "", "form of a tracking URL", id="nothing"),
        pytest.param(lambda url: url.rpartition("/")[0] + "/sAbCdEf", "manifest", id="a short link"),
        pytest.param(lambda url: url.replace("/c/", "/u/").rpartition("/")[0], "not signed", id="another purpose"),
    ],
)
def test_a_url_that_says_nothing_true_is_one_line_without_the_token(change, why, capfd):
    beacon = making.beacon(secret_keys=[KEY])
    url = change(beacon.click_url(mb.Message(recipient="u", campaign="c"), "https://shop.example.com/"))
    assert main(["decode", url]) == 1
    line = said(capfd)
    assert why in line
    assert len(line) < 200


def test_an_action_token_says_whose_it_is(capfd):
    beacon = making.beacon(secret_keys=[KEY])
    url = beacon.routes.leave(beacon.signer.sign_action(mb.Message(recipient="u-17", campaign="spring")))
    assert main(["decode", url]) == 0
    assert {"kind": "leave_page", "recipient": "u-17"}.items() <= json.loads(capfd.readouterr().out).items()


def test_json_stays_json_on_a_terminal_without_the_letters():
    beacon = making.beacon(secret_keys=[KEY])
    url = beacon.click_url(mb.Message(recipient="u", campaign="été"), "https://пример.example/ü")
    done = run("decode", url, PYTHONIOENCODING="ascii")
    found = json.loads(done.stdout.decode("ascii"))
    assert (found["campaign"], found["url"]) == ("été", "https://пример.example/ü")


def test_a_name_with_control_characters_cannot_move_the_cursor(capfd):
    assert main(["rewrite", "a\x1b[2Jb.html", "--base-url", BASE]) == 1
    assert "\x1b" not in said(capfd)


@pytest.mark.parametrize("filler", [";", ";a=", " (", "\n "])
def test_a_mail_with_a_hostile_header_is_read_in_linear_time(filler):
    """The standard library's parser takes seconds for 20 KB of these."""

    def read(text: str) -> object:
        return read_document(File(name="x", data=text.encode(), form=Form.MAIL)).text

    def mail(size: int) -> str:
        return f"Subject: x\nContent-Type: text/html{filler * (size // len(filler))}\n\n<p>Hi</p>"

    assert not grows_too_fast(read, mail, size=20_000)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param(["https://t.example.com/o/aSECRET.gif"], "invalid choice: '…'", id="a link for a command"),
        pytest.param(["decode", "/o/aSECRET.gif", "/c/aSECRET/aB"], "unrecognized arguments: … (see", id="two links"),
        pytest.param(
            ["rewrite", "x.html", "ann@SECRET.example", "--base-url", BASE],
            "unrecognized arguments: … (see",
            id="an address",
        ),
        pytest.param(
            ["decode", "x", "--recipient=SECRET"], "unrecognized arguments: --recipient=… (see", id="an option's value"
        ),
        pytest.param(["reprot"], "invalid choice: 'reprot'", id="a slip, which is shown"),
    ],
)
def test_a_wrong_command_line_is_told_without_links_and_addresses(argv, said, capfd):
    assert main(argv) == 2
    shown = capfd.readouterr().err
    assert said in shown
    assert "SECRET" not in shown


def test_a_preview_shows_what_would_be_done_also_with_a_mail_to_several(tmp_path, capfd):
    """It writes no mail, so there is nothing that could be sent to the wrong person."""
    (tmp_path / "a.eml").write_bytes(MAIL.replace(b"To: ", b"To: b@example.com, "))
    assert main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE]) == 1
    assert "--preview" in said(capfd)
    assert main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE, "--preview"]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("2 links wrapped, 0 left alone")
    assert shown.err == ""
    assert "/c/" not in shown.out
    assert "@" not in shown.out


@pytest.mark.parametrize("preview", [True, False])
def test_what_was_done_can_be_had_as_json(preview, tmp_path, capfd):
    """On standard error beside a document, on standard output in its place."""
    (tmp_path / "a.eml").write_bytes(MAIL)
    assert main(["rewrite", str(tmp_path / "a.eml"), "--base-url", BASE, "--json", *["--preview"] * preview]) == 0
    shown = capfd.readouterr()
    found = json.loads(shown.out if preview else shown.err)
    assert [(one["number"], one["url"]) for one in found["links"]] == [
        (1, "https://shop.example.com/html"),
        (2, "https://shop.example.com/text"),
    ]
    assert (found["skipped"], found["warnings"], found["bytes_before"]) == ([], [], len(MAIL))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["report", "{}"], id="a link for the events"),
        pytest.param(["report", "none.sqlite", "--html", "{}"], id="a link for the page"),
        pytest.param(["report", "none.sqlite", "--groups", "{}"], id="a link for the groups"),
        pytest.param(["report", "none.sqlite", "--zone", "ann@garden.example"], id="a reader for the zone"),
        pytest.param(["report", "ann@garden.example"], id="a reader for the events"),
        pytest.param(["demo", "{}"], id="a link for the newsletter"),
        pytest.param(["fake", "{}"], id="a link for a newsletter"),
        pytest.param(["decode", "{}", "--key-file", "{}"], id="a link for the keys"),
    ],
)
def test_a_link_or_a_reader_typed_where_a_file_belongs_is_not_said_again(command, capsys) -> None:
    beacon = making.beacon(secret_keys=["a key for these tests only, 0123"])
    link = beacon.open_url(mb.Message(recipient="u-17", campaign="spring"))
    assert main([word.format(link) for word in command])
    said = capsys.readouterr()
    for secret in (link.rpartition("/")[2][:20], "ann@", "garden.example"):
        assert secret not in said.out + said.err
