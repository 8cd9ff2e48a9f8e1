"""What other systems get wrong about rewriting, seen from outside: a campaign compiled, mailed to several, clicked.

The names of the tests carry the numbers of the cases. The single rules behind them are tested in ``test_rewriting.py``.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest

import mailbeacon as mb
from mailbeacon.model import Place, SkipReason, WarningKind
from tests import making

BASE = "https://t.example.com/m"
IMAGE = re.compile(r'<img src="https://t\.example\.com/m/o/[^"]*" width="1" height="1" [^>]*/>')
CLICK = re.compile(r"""https://t\.example\.com/m/c/[^"'\s<>]*""")


@pytest.fixture
def beacon() -> mb.Beacon:
    """Return a beacon with one key."""
    return making.beacon()


def to(recipient: str) -> mb.Message:
    """Return one recipient's message of the campaign."""
    return mb.Message(recipient=recipient, campaign="spring")


def mailed(beacon: mb.Beacon, html: str) -> str:
    """Return what one recipient gets; the compilation proves itself, and a single rewriting gives the same."""
    rendered = beacon.compile(html, campaign="spring").render(to("u-17"))
    assert beacon.rewrite(html, to("u-17")).html == rendered
    return rendered


def followed(beacon: mb.Beacon, rendered: str) -> list[str]:
    """Return where each wrapped link of a mail leads a reader."""
    found = []
    for url in CLICK.findall(rendered):
        reply = beacon.handle(mb.Request(url=url, headers={"User-Agent": "x"}, address="192.0.2.1"))
        assert reply.status == 302
        found.append(dict(reply.headers)["Location"])
    return found


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>Hi</p>", id="1 one paragraph"),
        pytest.param("<p>a</p><p>b</p>", id="1 two paragraphs"),
        pytest.param("plain text", id="1 plain text"),
        pytest.param("", id="1 nothing"),
        pytest.param('<?xml version="1.0" encoding="utf-8"?>\n<p>x</p>', id="1 an XML prolog"),
        pytest.param("<p><b>never closed</p></body>\n</html>\n", id="1 formatting left open"),
        pytest.param('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">\n<p>x', id="2 an XHTML doctype"),
        pytest.param("<tr><td>x</td></tr>", id="2 a fragment of a table"),
        pytest.param("<![if !mso]><p>all but Outlook</p><![endif]>", id="3 shown by all but Outlook"),
        pytest.param(
            '<p>{% if a < b %}<a href="{{ url }}">x</a>{% endif %} *|UNSUB|* %%unsub%%</p>', id="4 merge tags"
        ),
        pytest.param('<a href="*|UNSUB|*">a</a><a href="<%= url %>">b</a><a href="[[url]]">c</a>', id="4 as addresses"),
        pytest.param("<p>é&nbsp;“x” &eacute; &#8212; \U0001f600</p>", id="5 letters and references"),
        pytest.param('<link href="https://x.example/a.css"><base href="https://x.example/">', id="10 no links"),
        pytest.param(
            '<article data-href="https://x.example/" title="<a href=\'https://x.example\'>">', id="10 nor these"
        ),
        pytest.param(
            '<a href="sms:+1">a</a><a href="tel:+1">b</a><a href="cid:c">c</a><a href="#d">d</a>', id="14 no web"
        ),
    ],
)
def test_cases_1_to_5_10_and_14_nothing_but_one_image_is_added(beacon: mb.Beacon, html: str) -> None:
    """Every character of the source is there in its order, with exactly one image between them."""
    rendered = mailed(beacon, html)
    assert len(IMAGE.findall(rendered)) == 1
    assert IMAGE.sub("", rendered) == html


@pytest.mark.parametrize(
    ("attribute", "location"),
    [
        pytest.param('HREF="HTTPS://x.example/a"', "HTTPS://x.example/a", id="6 capitals"),
        pytest.param('href=" https://x.example/a\n"', "https://x.example/a", id="6 blanks around"),
        pytest.param("href='https://x.example/a'", "https://x.example/a", id="6 single quotes"),
        pytest.param("href=https://x.example/a", "https://x.example/a", id="6 no quotes"),
        pytest.param('href="https://x.example/\n\ta"', "https://x.example/a", id="6 a line break inside"),
        pytest.param('href="https://x.example/?a=1&amp;b=2"', "https://x.example/?a=1&b=2", id="7 &amp;"),
        pytest.param('href="https://x.example/?a=1&b=2"', "https://x.example/?a=1&b=2", id="7 a bare &"),
        pytest.param('href="https://x.example/?a=1&copy=2"', "https://x.example/?a=1&copy=2", id="7 &copy="),
        pytest.param('href="https://x.example/?a=%26amp%3B"', "https://x.example/?a=%26amp%3B", id="7 encoded &amp;"),
        pytest.param('href="https://x.example/it\'s"', "https://x.example/it's", id="8 an apostrophe"),
        pytest.param('href="https://x.example/@,!?a=b|c"', "https://x.example/@,!?a=b|c", id="8 signs"),
        pytest.param('href="https://u:pw@x.example?q=1"', "https://u:pw@x.example?q=1", id="8 no path"),
        pytest.param('href="https://x.example/ü"', "https://x.example/%C3%BC", id="8 a letter that is not ASCII"),
        pytest.param('href="https://x.example/a%20b"', "https://x.example/a%20b", id="9 %20"),
        pytest.param('href="https://x.example/?a[]=1"', "https://x.example/?a[]=1", id="9 brackets"),
        pytest.param('title="a > b" href="https://x.example/a"', "https://x.example/a", id="10 > inside a value"),
    ],
)
def test_cases_6_to_10_a_click_leads_where_the_source_did(beacon: mb.Beacon, attribute: str, location: str) -> None:
    """The whole way round: the value as written, the wrapped link, and the reply's ``Location``."""
    rendered = mailed(beacon, f"<p><a {attribute}>x</a></p>")
    assert followed(beacon, rendered) == [location]


def test_case_11_what_a_link_holds_stays_in_it(beacon: mb.Beacon) -> None:
    inside = "<table><tr><td><div><p>x</p></div></td></tr></table>"
    rendered = mailed(beacon, f'<a href="https://x.example/">{inside}</a>')
    assert f">{inside}</a>" in rendered


def test_case_12_each_recipient_is_wrapped_once(beacon: mb.Beacon) -> None:
    """No mail holds another's links, and what is wrapped is not wrapped again."""
    template = beacon.compile('<a href="https://x.example/a">x</a>', campaign="spring")
    mails = [template.render(to(name)) for name in ("u-1", "u-2", "u-3")]
    assert len(set(mails)) == 3
    for mail in mails:
        assert len(CLICK.findall(mail)) == 1
        assert followed(beacon, mail) == ["https://x.example/a"]
        again = beacon.rewrite(mail, to("u-4"))
        assert [one.reason for one in again.skipped] == [SkipReason.OURS]
        assert CLICK.findall(again.html) == CLICK.findall(mail)


def test_case_13_the_buttons_of_outlook_are_counted(beacon: mb.Beacon) -> None:
    """Each link of a button made for Outlook has a number of its own, and an image map's areas too."""
    html = (
        '<!--[if mso]><v:roundrect title="see href=" href="https://x.example/vml"><a href="https://x.example/a">x</a>'
        '</v:roundrect><![endif]--><map><area href="https://x.example/area"></map>'
    )
    template = beacon.compile(html, campaign="spring")
    assert [link.place for link in template.links] == [Place.VML, Place.OUTLOOK, Place.AREA]
    rendered = template.render(to("u-17"))
    assert followed(beacon, rendered) == [f"https://x.example/{name}" for name in ("vml", "a", "area")]
    events = [beacon.decode(mb.Request(url=url)) for url in CLICK.findall(rendered)]
    assert [event.link for event in events] == [1, 2, 3]


def test_case_15_a_visible_address_is_reported_and_can_be_left_out(beacon: mb.Beacon) -> None:
    html = '<a href="https://x.example/a">https://y.example/</a>'
    done = beacon.compile(html, campaign="spring")
    assert [one.kind for one in done.warnings] == [WarningKind.VISIBLE_URL]
    marked = html.replace("<a ", '<a data-mailbeacon="off" ')
    assert IMAGE.sub("", mailed(beacon, marked)) == marked


def test_case_16_links_that_open_an_app_are_left_by_pattern() -> None:
    beacon = making.beacon(exclude=[r"^https://app\.x\.example/"])
    html = '<a href="https://app.x.example/1?a=1&amp;b=2">x</a>'
    assert IMAGE.sub("", mailed(beacon, html)) == html


def test_case_17_a_nested_mail_keeps_its_parts_its_text_and_its_charset(beacon: mb.Beacon) -> None:
    """Only the two bodies differ; a picture beside the HTML and an attachment keep every byte."""
    mail = EmailMessage(policy=SMTP)
    mail["To"], mail["Subject"] = "a@x.example", "Grüße"
    mail.set_content("Grüße https://x.example/t", charset="iso-8859-1")
    mail.add_alternative('<p>Grüße <a href="https://x.example/h">x</a></p>', subtype="html", charset="iso-8859-1")
    mail.get_payload()[1].add_related(b"\x89PNG\r\n", "image", "png", cid="<p>")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    done = beacon.compose(mail, to("u-17"))

    def parts(one: EmailMessage) -> list[tuple[str, object]]:
        return [(part.get_content_type(), part.get_content_charset()) for part in one.walk()]

    assert parts(done) == parts(mail)
    for before, after in zip(mail.walk(), done.walk(), strict=True):
        if before.get_content_maintype() == "text":
            assert "Grüße" in after.get_content()
            assert CLICK.search(after.get_content())
        elif not before.is_multipart():
            assert before.get_payload(decode=True) == after.get_payload(decode=True)


def test_case_18_the_image_is_never_in_the_part_that_gmail_clips(beacon: mb.Beacon) -> None:
    """Nor hidden by style, which keeps it from being loaded."""
    large = f"<html><body>{'<p>hello there</p>' * 7_000}</body></html>"
    image = IMAGE.search(mailed(beacon, large))
    assert image is not None
    assert image.end() < 102 * 1_024
    assert "display:none" not in image[0]
    small = IMAGE.search(mailed(beacon, "<html><body>x</body></html>"))
    assert small is not None
    assert "display:none" not in small[0]
