"""A newsletter compiled once: each recipient's mail is what a single rewrite would give, by one signature and one join."""

from __future__ import annotations

import pickle
import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from corpus import documents
from hypothesis import given
from hypothesis import strategies as st
from test_markup import HOSTILE

import mailbeacon as mb
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.links import Routes, parse
from mailbeacon.model import Channel, SkipReason, WarningKind
from mailbeacon.template import Linkers
from tests.linear import grows_too_fast
from tests.making import SENT, beacon, message

HTML = (
    '<html><body><p>Hello {{ name }}</p><a href="https://x.example/a?b=1&amp;c=2">First</a>'
    '<a href="https://x.example/pic"><img src="p.png" alt="A picture"></a><a href="{{ unsubscribe_url }}">Leave</a></body></html>'
)
TEXT = "Read https://x.example/t now.\nOr {{ unsubscribe_url }}"


PERSON = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept": "text/html",
    "Accept-Language": "en",
    "Sec-Fetch-User": "?1",
    "Sec-Fetch-Mode": "navigate",
}
LEVELS = st.sampled_from([mb.Level.NONE, mb.Level.FULL])


@given(HOSTILE.filter(lambda text: "\ud800" not in text), LEVELS, LEVELS)
def test_rendering_is_the_same_as_rewriting(html: str, opens: mb.Level, clicks: mb.Level) -> None:
    """Whatever the document and the levels, both ways give the same mail."""
    tracker = beacon()
    template = tracker.compile(html, campaign="spring", verify=False)
    to = message(opens=opens, clicks=clicks)
    assert template.render(to) == tracker.rewrite(html, to).html


def test_links_have_labels_and_numbers_that_run_on_through_the_text() -> None:
    """The reader's words, or the picture's, name each link; the text part's links come after."""
    template = beacon().compile(HTML, TEXT, campaign="spring")
    assert [(link.number, link.label, link.channel, link.url) for link in template.links] == [
        (1, "First", Channel.HTML, "https://x.example/a?b=1&c=2"),
        (2, "A picture", Channel.HTML, "https://x.example/pic"),
        (3, "", Channel.TEXT, "https://x.example/t"),
    ]
    assert [one.reason for one in template.skipped] == [SkipReason.MERGE_TAG]
    assert [one.detail for one in template.warnings if one.kind is WarningKind.MERGE_TAG] == [
        "1 link holds a merge tag and will not be tracked"
    ]


def test_both_parts_lead_back_to_their_destinations() -> None:
    """Each wrapped link of a rendered mail decodes to the link of the report, with its channel."""
    tracker = beacon()
    template = tracker.compile(HTML, TEXT, campaign="spring")
    mail = template.render(message()) + template.render_text(message())
    for link in template.links:
        url = next(part for part in mail.replace('"', " ").split() if tracker.destination(part) == link.url)
        event = tracker.decode(mb.Request(url=url, received_at=SENT))
        assert (event.link, event.url, event.channel, event.recipient) == (link.number, link.url, link.channel, "u-17")


def test_levels_decide_what_is_inserted() -> None:
    """NONE for opens leaves the pixel out, NONE for clicks leaves the links, and NONE for both gives the source itself."""
    template = beacon().compile(HTML, TEXT, campaign="spring")
    no_opens = template.render(message(opens=mb.Level.NONE))
    assert "/o/" not in no_opens
    assert no_opens.count("/c/") == 2
    no_clicks = template.render(message(clicks=mb.Level.NONE))
    assert no_clicks.count("/o/") == 1
    assert "/c/" not in no_clicks
    nothing = message(opens=mb.Level.NONE, clicks=mb.Level.NONE)
    assert template.render(nothing) == HTML
    assert template.render_text(nothing) == TEXT
    assert beacon(default_level=mb.Level.NONE).compile(HTML, campaign="spring").render(message()) == HTML


@pytest.mark.parametrize(
    "placeholder",
    [
        pytest.param("{{ token }}", id="Jinja, Django, Liquid, Mustache"),
        pytest.param("-token-", id="SendGrid"),
        pytest.param("*|TOKEN|*", id="Mailchimp"),
        pytest.param("{{token}}", id="SES"),
        pytest.param("%%token%%", id="Marketing Cloud"),
    ],
)
def test_a_placeholder_replaced_is_the_rendered_mail(placeholder: str) -> None:
    """What a provider's program fills in gives what rendering gives, for HTML and text."""
    template = beacon().compile(HTML, TEXT, campaign="spring")
    to = message()
    assert template.source(placeholder).replace(placeholder, template.token(to)) == template.render(to)
    assert template.source_text(placeholder).replace(placeholder, template.token(to)) == template.render_text(to)


def test_a_placeholder_that_stands_in_the_document_is_refused() -> None:
    """The provider would fill in the wrong place."""
    template = beacon().compile(HTML, campaign="spring")
    with pytest.raises(ConfigError, match="already"):
        template.source("{{ name }}")
    for overlapping in ("c/c", "o/o"):  # with what stands before it
        with pytest.raises(ConfigError, match="already"):
            template.source(overlapping)
    for nothing in ("", 5):
        with pytest.raises(ConfigError, match="empty"):
            template.source(nothing)  # type: ignore[arg-type]


def test_a_source_says_no_more_than_the_host_allows() -> None:
    """Where the host tracks nobody, the source holds no place for a token, as a rendered mail does not."""
    template = beacon(default_level=mb.Level.NONE).compile(HTML, campaign="spring")
    assert template.source("{{ t }}") == HTML == template.render(message())


def test_a_token_is_only_for_the_levels_a_source_was_made_for() -> None:
    """A token that says less than the document tracks would be wrong, so it is refused."""
    template = beacon().compile(HTML, campaign="spring")
    with pytest.raises(ConfigError, match="levels"):
        template.token(message(opens=mb.Level.NONE))
    source = template.source("{{ t }}", opens=mb.Level.NONE)
    to = message(opens=mb.Level.NONE)
    assert source.replace("{{ t }}", template.token(to, opens=mb.Level.NONE)) == template.render(to)


def test_a_token_is_decided_by_the_levels_alone() -> None:
    """A worker that made no source, or other sources than the one that did, gives the same tokens and the same refusals."""
    maker, worker = (beacon().compile(HTML, campaign="spring") for _ in range(2))
    unseen = message(opens=mb.Level.NONE)
    sources = {levels: maker.source("{{ t }}", opens=levels) for levels in (mb.Level.FULL, mb.Level.NONE)}
    for template in (maker, worker):
        assert sources[mb.Level.FULL].replace("{{ t }}", template.token(message())) == maker.render(message())
        assert sources[mb.Level.NONE].replace("{{ t }}", template.token(unseen, opens=mb.Level.NONE)) == maker.render(
            unseen
        )
        for wrong in (lambda: template.token(unseen), lambda: template.token(message(), opens=mb.Level.NONE)):  # noqa: B023
            with pytest.raises(ConfigError, match="levels"):
                wrong()


def test_the_link_tokens_of_a_campaign_are_kept_and_the_newest_campaign_is_never_the_one_forgotten() -> None:
    """However many campaigns there were, the one asked for last is still known, and memory stays bounded."""
    linkers = Linkers(lambda _: lambda _: "t", Routes("https://t.example.com/m"))
    first = linkers.of("c-0")
    for number in range(200):
        newest = linkers.of(f"c-{number}")
        assert linkers.of(f"c-{number}") is newest
    assert linkers.of("c-0") is not first
    assert len(linkers._known) <= 64


def _jinja(source: str, values: dict[str, str]) -> str:
    jinja2 = pytest.importorskip("jinja2", reason="Jinja2 is not installed")
    return str(jinja2.Environment(autoescape=False, keep_trailing_newline=True).from_string(source).render(values))


def _django(source: str, values: dict[str, str]) -> str:
    pytest.importorskip("django", reason="Django is not installed")
    from django.template import Context, Engine

    return Engine(autoescape=False).from_string(source).render(Context(values))


def _chevron(source: str, values: dict[str, str]) -> str:
    chevron = pytest.importorskip("chevron", reason="chevron (Mustache) is not installed")
    return str(chevron.render(source, values))


def _liquid(source: str, values: dict[str, str]) -> str:
    liquid = pytest.importorskip("liquid", reason="python-liquid is not installed")
    return str(liquid.Template(source).render(**values))


@pytest.mark.parametrize(
    "render",
    [
        pytest.param(_jinja, id="Jinja2"),
        pytest.param(_django, id="Django"),
        pytest.param(_chevron, id="chevron"),
        pytest.param(_liquid, id="python-liquid"),
    ],
)
def test_real_template_engines_fill_in_the_token(render) -> None:
    """Each engine turns the source into what rendering gives with the same values filled in."""
    template = beacon().compile(HTML, campaign="spring")
    to = message()
    values = {"name": "Ann", "unsubscribe_url": "https://x.example/leave", "token": template.token(to)}
    wanted = (
        template.render(to).replace("{{ name }}", "Ann").replace("{{ unsubscribe_url }}", "https://x.example/leave")
    )
    assert render(template.source("{{ token }}"), values) == wanted


def test_short_links_lead_to_their_destinations_through_the_manifest() -> None:
    """With short links the mail is smaller, and manifests of several compilations merge."""
    kept: dict[str, mb.Manifest] = {}
    tracker = beacon(short_links=True, manifests=kept.get)
    first = tracker.compile(HTML, campaign="spring")
    second = tracker.compile('<a href="https://x.example/other">x</a>', campaign="spring")
    assert len(first.render(message())) < len(beacon().compile(HTML, campaign="spring").render(message()))
    kept["spring"] = first.manifest().merge(second.manifest())
    assert second.manifest().merge(first.manifest()) == kept["spring"]
    for template in (first, second):
        url = template.render(message()).partition('href="')[2].partition('"')[0]
        reply = tracker.answer(mb.Request(url=url, received_at=SENT)).reply
        assert dict(reply.headers)["Location"] == template.links[0].url
    assert (
        beacon(short_links=True, manifests=lambda _: None).answer(mb.Request(url=url, received_at=SENT)).reply.status
        == 404
    )
    with pytest.raises(ConfigError, match="short_links"):
        tracker.click_url(message(), "https://x.example/")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 16_000, id="16,000 nested elements"),
        pytest.param("<p " + " ".join(f"a{number}=x" for number in range(100_000)) + ">", id="100,000 attributes"),
    ],
)
def test_the_proof_refuses_what_html5lib_could_not_bear(html: str) -> None:
    """A document too deep or heavy for the proof gets a clear error that names the way around it."""
    with pytest.raises(RewriteError, match="verify=False"):
        beacon().compile(html, campaign="spring")
    assert beacon().compile(html, campaign="spring", verify=False).render(message())


def test_a_template_serves_its_own_campaign_only() -> None:
    """Links are signed for the campaign, so another campaign's message is refused; so is none at all."""
    template = beacon().compile(HTML, campaign="spring")
    for render in (template.render, template.render_text, template.token):
        with pytest.raises(ConfigError, match="campaign"):
            render(message(campaign="autumn"))
    with pytest.raises(ConfigError, match="campaign"):
        beacon().compile(HTML, campaign="")
    with pytest.raises(ConfigError, match="campaign"):
        beacon().rewrite(HTML, message(campaign=""))


def test_a_slot_like_text_in_the_document_is_no_slot() -> None:
    """A newsletter that holds our own mark still renders exactly."""
    html = f"<p>{'mailbeacon-slot-0'.ljust(72, '~')}</p>"
    template = beacon().compile(html, campaign="spring")
    assert template.render(message()).startswith(html)


def test_unwrapping_gives_a_received_mail_its_destinations_back(shared: Path) -> None:
    """Our links and pixel go, inside Outlook's comments too; foreign and forged links stay."""
    tracker = beacon()
    for document in documents(shared, "part"):
        done = tracker.rewrite(document.text, message())
        again = tracker.unwrap(done.html)
        assert "t.example.com" not in again, document.name
        bare = any(not one.quote or "&" in one.raw for one, _ in done.wrapped())
        assert bare or "\r" in document.text or again == document.text, document.name


def test_unwrapping_leaves_foreign_and_forged_links() -> None:
    """Only what our keys signed is given back."""
    tracker, other = beacon(), beacon(secret_keys=[b"another-key-of-16"])
    html = '<!--[if mso]><a href="https://x.example/1">x</a><![endif]--><a href="https://x.example/2">y</a>'
    done = tracker.rewrite(html, message()).html
    assert tracker.unwrap(done) == html
    forged = other.rewrite(html, message()).html.partition("<img")[0]
    assert tracker.unwrap(forged) == forged
    foreign = '<a href="https://click.example.net/c/aW10.x/aWz">x</a>'
    assert tracker.unwrap(foreign) == foreign
    text = "See https://x.example/1, or (https://x.example/2)."
    assert tracker.unwrap(tracker.rewrite(text, message(), text=True).text) == text


def test_a_honeypot_is_one_link_no_reader_sees() -> None:
    """On request a link without words stands before the pixel; it is no link of the report, and a hit on it is known."""
    tracker = beacon(honeypot="https://x.example/home")
    for mail in (
        tracker.compile(HTML, campaign="spring").render(message()),
        tracker.rewrite(HTML, message(), verify=True).html,
    ):
        honeypot = mail.partition("&#8203;</a>")[0].rpartition("<a ")[2]
        assert 'aria-hidden="true" tabindex="-1"' in honeypot
        assert mail.count("/c/") == 3
        event = tracker.decode(mb.Request(url=honeypot.split('"')[1], received_at=SENT))
        assert (event.link, event.url) == (-1, "https://x.example/home")
        verdict = tracker.answer(mb.Request(url=honeypot.split('"')[1], headers=PERSON, received_at=SENT)).verdict
        assert verdict is not None
        assert (verdict.is_human, verdict.signals[0].name) == (False, "honeypot")
        assert tracker.unwrap(mail) == HTML
    assert len(tracker.compile(HTML, campaign="spring").links) == 2
    no_clicks = tracker.compile(HTML, campaign="spring").render(message(clicks=mb.Level.NONE))
    assert "&#8203;" not in no_clicks
    with pytest.raises(ConfigError, match="honeypot"):
        beacon(honeypot="javascript:x")


def test_labels_go_to_their_own_links_past_those_left_alone() -> None:
    """Links to one address are told apart by their order, whether they are wrapped or not."""
    href = 'href="https://x.example/"'
    html = f"<a {href}>www.first.example</a><a {href}>second</a><!--[if mso]><a {href}>third</a><![endif]-->"
    template = beacon(wrap_visible_urls=False).compile(html, campaign="spring")
    assert [(link.number, link.label) for link in template.links] == [(1, "second"), (2, "third")]
    assert [link.label for link in template.skipped] == ["www.first.example"]
    assert "«www.first.example»  [visible-url]" in template.report()


def test_a_rewrite_s_report_has_labels_too() -> None:
    """html5lib reads them when the report is asked for; a document it cannot bear is told without."""
    done = beacon().rewrite('<a href="https://x.example/1">One <b>more</b></a>', message())
    assert "https://x.example/1  «One more»" in done.report()
    assert "«" not in beacon().rewrite("<div>" * 16_000 + '<a href="https://x.example/1">One</a>', message()).report()


def test_links_with_a_merge_tag_are_counted_once_for_both_parts() -> None:
    """The sender is told how many links of the mail are not tracked."""
    template = beacon().compile(
        '<a href="{{ a }}">x</a><a href="{{ b }}">y</a>', "https://x.example/{{ c }}", campaign="s"
    )
    assert [warned.detail for warned in template.warnings] == ["3 links hold a merge tag and will not be tracked"]


def test_unwrapping_takes_out_only_a_pixel_that_our_keys_signed() -> None:
    """A forged one, or an image of the host's that looks like one, stays."""
    html = "<p>x</p>"
    done = beacon().rewrite(html, message()).html
    assert beacon().unwrap(done) == html
    stranger = beacon(secret_keys=[b"a key of somebody else"]).rewrite(html, message()).html
    assert beacon().unwrap(stranger) == stranger
    photo = '<img src="https://t.example.com/m/o/photo.gif" width="1">'
    assert beacon().unwrap(photo) == photo


def test_a_received_mail_of_comments_in_comments_is_unwrapped_in_linear_time() -> None:
    """A comment holds no comment, however often it says so."""
    unwrap = beacon().unwrap
    assert not grows_too_fast(unwrap, lambda size: "<p>x</p>" + "<!--[if href" * (size // 12), size=50_000)
    hostile = "<p>x</p>" + "<!--[if href" * 1_000
    assert unwrap(hostile) == hostile


OUTLOOK = '<!--[if mso]><v:roundrect href="{}"><a href="{}">x</a></v:roundrect><![endif]-->'


@pytest.mark.parametrize(
    "link",
    ['<a href="{}" data-mailbeacon="off">Go</a>', '<a href="{}">Unsubscribe here</a>'],
    ids=["a mark", "a label"],
)
def test_what_is_said_of_a_link_holds_for_its_destination_in_the_whole_mail(link: str) -> None:
    """The Outlook twin, the text part and another HTML body would track what a mark or a label keeps from it."""
    url, other = "https://x.example/manage", "https://x.example/other"
    html = f'<a href="{other}">x</a>{OUTLOOK.format(url, url)}{link.format(url)}'
    text = f"Read {other} or {url}"
    template = beacon().compile(html, text, campaign="spring")
    assert [(one.url, one.channel) for one in template.links] == [(other, Channel.HTML), (other, Channel.TEXT)]
    assert [one.url for one in template.skipped] == [url] * 4
    assert len({one.reason for one in template.skipped}) == 1
    body = "--q\r\nContent-Type: text/html\r\n\r\n"
    raw = f"Content-Type: multipart/mixed; boundary=q\r\n\r\n{body}{html}\r\n{body}<a href={url}>y</a>\r\n--q--\r\n".encode()
    done = beacon().compose_with_report(raw, message())
    assert [one.url for one in done.links] == [other]
    assert len(done.skipped) == 4


def test_each_link_says_how_many_destinations_its_part_leads_to() -> None:
    """A scanner follows every one of them, once; a link that stands twice is one destination."""
    tracker = beacon(honeypot="https://x.example/trap")
    html = "".join(f'<a href="https://x.example/{number % 3}">x</a>' for number in range(6))
    template = tracker.compile(html, "https://x.example/0 and https://x.example/9", campaign="spring")

    def told(source: str) -> list[int]:
        urls = re.findall(r"https://t[^\s\"]+/c/[^\s\"]+", source)
        return [tracker.signer.read_link(parse(url).link, "spring").links for url in urls]

    assert told(template.render(message())) == [3] * 6 + [0]
    assert told(template.render_text(message())) == [2, 2]
    assert told(tracker.rewrite(html, message()).html) == [3] * 6 + [0]


def test_a_template_shows_no_token_and_says_why_it_cannot_be_pickled() -> None:
    """What it holds signs mails; another process makes its own."""
    template = beacon().compile(HTML, campaign="spring")
    assert repr(template) == "Template(campaign='spring', links=2, skipped=1)"
    with pytest.raises(ConfigError, match="compile it in the process"):
        pickle.dumps(template)
    raw = f"To: ann@x.example\r\nContent-Type: text/html\r\n\r\n{HTML}".encode()
    mail = beacon().compile_mail(raw, campaign="spring")
    assert repr(mail) == "MailTemplate(campaign='spring', links=2, skipped=1)"
    with pytest.raises(ConfigError, match="compile it in the process"):
        pickle.dumps(mail)


def test_composing_an_email_object_can_tell_what_it_did() -> None:
    """As composing bytes can."""
    mail = EmailMessage()
    mail.set_content(HTML, subtype="html")
    done = beacon().compose_with_report(mail, message())
    assert done.email is not None
    assert done.email.get_content().count("/c/") == 2
    assert [(one.number, one.label) for one in done.links] == [(1, "First"), (2, "A picture")]
    assert [one.reason for one in done.skipped] == [SkipReason.MERGE_TAG]
