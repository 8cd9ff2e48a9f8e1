"""The header fields for leaving stand in every mail that asks for them, on one line, where receivers can read and verify them."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import pickle
from copy import deepcopy
from datetime import UTC, datetime
from email.generator import BytesGenerator
from email.message import EmailMessage, Message
from email.mime.text import MIMEText
from io import BytesIO

import dkim
import listunsub
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.model import Level, WarningKind
from tests.making import beacon

BASE = "https://t.example.com/m"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
BEACON = beacon()
LONG = mb.Message(
    recipient="u-" + "1" * 410, campaign="spring", sent_at=SENT, id="m" * 200, opens=Level.NONE, clicks=Level.NONE
)
MIDDLE = mb.Message(recipient="u-" + "1" * 300, campaign="spring", sent_at=SENT)
SHORT = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
HTML = '<p>Hello. <a href="https://example.com/a">Read</a> or <a href="https://example.com/leave">unsubscribe</a>.</p>'
FIELDS = ("List-Unsubscribe", "List-Unsubscribe-Post")
SIGNED = [b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post"]


def letter(kind=EmailMessage, html=HTML):
    if kind is Message:
        mail = MIMEText(html, "html", "utf-8")
    else:
        mail = EmailMessage()
        mail.set_content(html, subtype="html")
    mail["From"], mail["To"], mail["Subject"] = "news@example.com", "ann@example.net", "Grüße"
    return mail


def written(mail, policy=None):
    out = BytesIO()
    BytesGenerator(out, policy=policy).flatten(mail)
    return out.getvalue()


def fields_of(raw):
    """Read header fields as a receiver does: unfolded, and nothing decoded."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode()
    lines = head.replace("\n ", "\0 ").replace("\n\t", "\0\t").split("\n")
    return {name: [line for line in lines if line.lower().startswith(f"{name.lower()}:")] for name in FIELDS}


def check(raw, message):
    """Let ``listunsub`` audit the mail's fields, and insist that each stands once and on one line."""
    found = fields_of(raw)
    for name in FIELDS:
        (line,) = found[name]
        assert "\0" not in line
        assert len(line) <= 998
    values = [found[name][0].partition(":")[2].strip() for name in FIELDS]
    assert listunsub.audit(*values) == []
    assert listunsub.parse(values[0]) == [BEACON.leave_url(message, mb.Action.UNSUBSCRIBE)]


POLICIES = [
    pytest.param(None, id="as it is"),
    pytest.param(email.policy.SMTP, id="for SMTP"),
    pytest.param(email.policy.SMTPUTF8, id="for SMTP with UTF-8"),
    pytest.param(email.policy.SMTP.clone(cte_type="7bit"), id="for SMTP of seven bits"),
    pytest.param(email.policy.default.clone(max_line_length=40), id="in short lines"),
]


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["a short link", "a link of 900 characters"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_composed_mail_keeps_the_fields_on_one_line_however_it_is_written(policy, message):
    done = BEACON.compose(letter(), message, leave=True)
    assert len(BEACON.leave_url(LONG, mb.Action.UNSUBSCRIBE)) >= 900
    for mail in (done, deepcopy(done), pickle.loads(pickle.dumps(done))):
        check(written(mail, policy), message)
    assert str(done["List-Unsubscribe"]) == f"<{BEACON.leave_url(message, mb.Action.UNSUBSCRIBE)}>"


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("policy", [None, email.policy.compat32])
def test_a_legacy_mail_does_too(policy, message):
    done = BEACON.compose(letter(Message), message, leave=True)
    for mail in (done, deepcopy(done)):
        check(written(mail, policy), message)
        assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("policy", POLICIES)
def test_fields_set_by_hand_stay_on_one_line_too(policy, message):
    mail = letter()
    for name, value in pickle.loads(pickle.dumps(BEACON.leave_headers(message))).items():
        mail[name] = value
    check(written(mail, policy), message)


def test_a_mail_put_together_under_one_policy_and_written_under_another_keeps_them():
    """Flask-Mail does so."""
    mail = letter(Message)
    for name, value in BEACON.leave_headers(LONG).items():
        mail[name] = value
    mail.replace_header("Subject", "Seeds")
    mail.policy = email.policy.SMTP
    check(mail.as_bytes(), LONG)


def test_the_standard_library_alone_would_have_lost_the_link():
    """This is what the fields are protected against; when it no longer happens, the protection can go."""
    mail = letter()
    for name, value in BEACON.leave_headers(LONG).items():
        mail[name] = str(value)
    assert b"=?utf-8?" in written(mail, email.policy.SMTP).partition(b"\r\n\r\n")[0].replace(b"Gr", b"")
    assert listunsub.audit(fields_of(written(mail, email.policy.SMTP))["List-Unsubscribe"][0].partition(":")[2]) != []


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
def test_bytes_in_bytes_out_with_the_fields_at_the_end_of_the_header_and_all_else_as_before(message, newline):
    raw = letter().as_bytes().replace(b"\n", newline)
    plain, done = (BEACON.compose_bytes(raw, message, leave=leave) for leave in (False, True))
    check(done, message)
    lines = b"".join(f"{name}: {value}".encode() + newline for name, value in BEACON.leave_headers(message).items())
    head, _, body = plain.partition(newline * 2)
    assert done == head + newline + lines + newline + body


def test_fields_that_were_there_are_replaced():
    raw = (
        b"list-unsubscribe: <mailto:x@example.com>,\n <https://example.com/old>\nX-One: 1\nLIST-UNSUBSCRIBE-POST: old\n"
        + letter().as_bytes()
    )
    done = BEACON.compose_bytes(raw, SHORT, leave=True)
    check(done, SHORT)
    assert b"X-One: 1\n" in done
    assert b"old" not in done
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    check(written(BEACON.compose(mail, SHORT, leave=True)), SHORT)
    assert mail["List-Unsubscribe"].startswith("<mailto:")


@pytest.mark.parametrize("raw", [b"Subject: x", b"Subject: x\n", b"Subject: x\n\n", b"\nhello", b""])
def test_a_mail_of_hardly_anything_gets_them_too(raw):
    done = BEACON.compose_bytes(raw, SHORT, leave=True)
    assert all(len(fields_of(done + b"\n\n")[name]) == 1 for name in FIELDS)


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    "headers", [None, {"To": "bo@example.net"}, {"To": "Zoë <bo@example.net>", "Subject": "S" * 200}]
)
def test_a_compiled_mail_has_each_recipients_own_link(message, headers):
    template = BEACON.compile_mail(letter(), campaign="spring", leave=True)
    check(template.render(message, headers), message)
    without = BEACON.compile_mail(letter(), campaign="spring").render(message, headers)
    assert template.render(message, headers).partition(b"\r\n\r\n")[2] == without.partition(b"\r\n\r\n")[2]


TAGGED = '<p>ü <a href="https://example.com/a">Read</a> <a href="{{ leave_url }}">leave</a> <a href="{{stop_url}}">stop</a></p>'


def tagged(cte: str | None = None) -> EmailMessage:
    """Return a mail that names the links to leave in both bodies."""
    mail, how = EmailMessage(), {"cte": cte} if cte else {}
    mail["From"], mail["Subject"] = "news@garden.example", "Seeds"
    mail.set_content("ü https://example.com/a {{ leave_url }} or {{  stop_url  }}, {{ other }}\n", **how)
    mail.add_alternative(TAGGED, subtype="html", **how)
    return mail


@pytest.mark.parametrize("cte", [None, "base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("message", [SHORT, MIDDLE], ids=["short", "long"])
@pytest.mark.parametrize("level", Level)
def test_a_compiled_mails_bodies_have_each_recipients_own_links_to_leave(cte, message, level):
    message = dataclasses.replace(message, opens=level, clicks=level)
    template = BEACON.compile_mail(tagged(cte), campaign="spring", leave=True)
    assert WarningKind.NO_LEAVE not in {one.kind for one in template.warnings}
    data = template.render(message, {"To": "bo@example.net"})
    check(data, message)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    bodies = [parsed.get_body((kind,)).get_content() for kind in ("html", "plain")]
    for body in bodies:
        assert [BEACON.leave_url(message, action) in body for action in mb.Action] == [True, True]
        assert "_url" not in body
        assert "ü" in body
    assert "{{ other }}" in bodies[1]
    other = mb.Message(recipient="u-18", campaign="spring")
    assert BEACON.leave_url(other, mb.Action.UNSUBSCRIBE).encode() in template.render(other).replace(b"=\r\n", b"")


@pytest.mark.parametrize(
    ("more", "leave", "counts"),
    [
        pytest.param("", True, [], id="the library's own"),
        pytest.param('<a href="{{ offer }}">x</a><a href="{{ leave_url }}&amp;x=1">x</a>', True, [2], id="others too"),
        pytest.param("", False, [2], id="leaving was not asked for"),
    ],
)
def test_only_tags_that_nobody_fills_in_are_warned_of(more, leave, counts):
    template = BEACON.compile_mail(letter(html=TAGGED + more), campaign="spring", leave=leave)
    assert [one.count for one in template.warnings if one.kind is WarningKind.MERGE_TAG] == counts


def test_tags_for_leaving_are_the_senders_own_where_leaving_was_not_asked_for():
    data = BEACON.compile_mail(tagged("8bit"), campaign="spring").render(SHORT)
    assert data.count(b"{{ leave_url }}") == 2
    assert data.count(b"stop_url") == 2


@given(st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=1, max_size=60), st.sampled_from(Level))
def test_law_any_recipients_fields_are_sound(name, level):
    message = mb.Message(recipient=name, campaign="spring", opens=level, clicks=level)
    check(BEACON.compose_bytes(letter().as_bytes(), message, leave=True), message)


def test_nothing_is_added_unless_it_is_asked_for():
    assert b"List-Unsubscribe" not in BEACON.compose_bytes(letter().as_bytes(), SHORT)


def test_a_shared_mail_cannot_have_them():
    for way in (
        lambda: BEACON.compose(letter(), SHORT, shared=True, leave=True),
        lambda: BEACON.compose_bytes(letter().as_bytes(), SHORT, shared=True, leave=True),
        lambda: BEACON.compile_mail(letter(), campaign="spring", shared=True, leave=True),
    ):
        with pytest.raises(ConfigError, match="shared"):
            way()


@pytest.mark.parametrize(
    ("html", "warned"),
    [
        pytest.param(HTML, False, id="a link that says unsubscribe"),
        pytest.param('<a href="https://example.com/abmelden">hier</a>', False, id="an address that says it"),
        pytest.param(
            f'<a href="{BEACON.leave_url(SHORT, mb.Action.UNSUBSCRIBE)}">x</a>', False, id="our own link to leave"
        ),
        pytest.param('<a href="{{ unsubscribe_url }}">x</a>', False, id="a merge tag"),
        pytest.param('<a href="https://example.com/a">Read</a>', True, id="none"),
    ],
)
def test_a_mail_without_a_visible_way_to_leave_is_warned_of(html, warned):
    """Source: Google, Email sender guidelines FAQ (2026): the header fields alone do not count."""
    raw = letter(html=html).as_bytes()
    for made in (
        BEACON.compose_with_report(raw, SHORT, leave=True),
        BEACON.compile_mail(raw, campaign="spring", leave=True),
    ):
        assert (WarningKind.NO_LEAVE in {one.kind for one in made.warnings}) is warned
    assert WarningKind.NO_LEAVE not in {one.kind for one in BEACON.compose_with_report(raw, SHORT).warnings}


# DKIM


@pytest.fixture(scope="module")
def keys():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
def test_a_signature_covers_both_fields_and_holds(message, keys):
    """As the how-to signs it; receivers ignore one-click fields that no valid signature covers (RFC 8058, section 4)."""
    private, record = keys
    data = BEACON.compile_mail(letter(), campaign="spring", leave=True).render(message)
    signed = dkim.sign(data, b"s1", b"example.com", private, include_headers=SIGNED) + data
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: record)
    signature = signed.partition(b"\r\n\r\n")[0]
    value = email.message_from_bytes(signature + b"\r\n\r\n")["DKIM-Signature"]
    found = fields_of(signed)
    values = [found[name][0].partition(":")[2].strip() for name in FIELDS]
    assert listunsub.audit(*values, dkim_signatures=value) == []
    altered = signed.replace(b"/u/a", b"/u/b", 1)
    assert not dkim.verify(altered, dnsfunc=lambda *_, **__: record)
