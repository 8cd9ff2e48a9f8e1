"""The facade: the names that are fixed exist and behave, out and back."""

from __future__ import annotations

import email
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace

import pytest

import mailbeacon as mb
from mailbeacon import privacy, store
from mailbeacon.agents import Agents
from mailbeacon.decoding import Decoder
from mailbeacon.errors import BadToken, ConfigError, ForgedToken, TokenError
from mailbeacon.model import AgentKind
from mailbeacon.networks import Location
from mailbeacon.observing import Observer
from mailbeacon.privacy import as_aggregate
from mailbeacon.rewriting import LinkRules
from mailbeacon.rewriting.decisions import Planner
from mailbeacon.store import MemoryHistory, MemorySink
from tests import making
from tests.making import BASE, KEY, SENT, beacon, request

NEW_KEY = b"fedcba9876543210"
LATER = SENT + timedelta(hours=2)
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
HTML = '<html><body><p><a href="https://example.com/a?x=1&amp;y=2">Read</a> <a href="https://example.com/b">On</a></p></body></html>'
TEXT = "Read https://example.com/a?x=1&y=2, or https://example.com/b.\n"
FIREFOX = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "*/*",
    "Accept-Language": "de",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
}


def asked(url, **fields):
    """Return what a person's browser asked for."""
    return request(url, **{"headers": FIREFOX, "received_at": LATER, **fields})


def clicks(html):
    """Return the tracking URLs of a document, as a reader would follow them."""
    return [part.partition('"')[0] for part in html.split('href="')[1:]]


def test_every_fixed_name_of_the_facade_exists():
    made = beacon()
    for name in ("rewrite", "compile", "open_url", "click_url", "unwrap", "decode", "answer", "handle", "compose",
                 "compose_bytes", "compile_mail"):  # fmt: skip
        assert callable(getattr(made, name)), name
    assert isinstance(made.settings, mb.Settings)
    assert made.signer.read_message(made.signer.sign_message(MESSAGE)) == MESSAGE
    assert made.routes.open("x") == f"{BASE}/o/x.gif"


# mail out


def test_rewriting_wraps_each_link_and_adds_one_pixel():
    made = beacon()
    done = made.rewrite(HTML, MESSAGE)
    assert [link.url for link in done.links] == ["https://example.com/a?x=1&y=2", "https://example.com/b"]
    assert [link.number for link in done.links] == [1, 2]
    assert done.html.count("<img") == 1
    assert made.open_url(MESSAGE) in done.html
    assert [made.destination(url) for url in clicks(done.html)] == [link.url for link in done.links]
    assert done.restore() == HTML


def test_rewriting_text_wraps_links_in_their_own_channel_and_adds_nothing():
    made = beacon()
    done = made.rewrite(TEXT, MESSAGE, text=True)
    assert "<img" not in done.text
    assert made.unwrap(done.text) == TEXT == done.restore()
    url = done.text.split()[1].rstrip(",")
    assert made.decode(asked(url)).channel is mb.Channel.TEXT


def test_rewriting_can_prove_itself():
    assert beacon().rewrite(HTML, MESSAGE, verify=True).html == beacon().rewrite(HTML, MESSAGE).html


def test_a_compiled_campaign_renders_what_rewriting_gives():
    made = beacon()
    template = made.compile(HTML, TEXT, campaign="spring")
    assert template.render(MESSAGE) == made.rewrite(HTML, MESSAGE).html
    assert [link.label for link in template.links[:2]] == ["Read", "On"]
    assert [link.number for link in template.links] == [1, 2, 3, 4]
    text = template.render_text(MESSAGE)
    assert [made.decode(asked(url.rstrip(",."))).link for url in text.split() if url.startswith("http")] == [3, 4]


def test_a_batch_source_with_the_token_filled_in_is_what_rendering_gives():
    made = beacon()
    template = made.compile(HTML, campaign="spring")
    source = template.source("{{ token }}")
    assert source.replace("{{ token }}", template.token(MESSAGE)) == template.render(MESSAGE)
    with pytest.raises(ConfigError, match="stands in the document already"):
        template.source("https")


@pytest.mark.parametrize("campaign", ["", "summer"])
def test_a_template_renders_its_own_campaign_only(campaign):
    template = beacon().compile(HTML, campaign="spring")
    with pytest.raises(ConfigError, match="campaign"):
        template.render(mb.Message(recipient="u-17", campaign=campaign))


def test_a_campaign_is_needed_wherever_links_are_wrapped():
    with pytest.raises(ConfigError, match="campaign"):
        beacon().rewrite(HTML, mb.Message(recipient="u-17"))
    with pytest.raises(ConfigError, match="campaign"):
        beacon().compile(HTML, campaign="")
    only_opens = beacon().rewrite(HTML, mb.Message(recipient="u-17", clicks=mb.Level.NONE))
    assert (len(only_opens.links), only_opens.html.count("<img")) == (0, 1)


def test_utm_exclude_and_only_say_what_is_wrapped():
    done = beacon(exclude=["/a"], utm={"utm_source": "spring"}).rewrite(HTML, MESSAGE)
    assert [link.url for link in done.links] == ["https://example.com/b?utm_source=spring"]
    assert [link.url for link in beacon(only=["/a"]).rewrite(HTML, MESSAGE).links] == ["https://example.com/a?x=1&y=2"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        pytest.param("a\r\nb", "a%0D%0Ab=x", id="a line break"),
        pytest.param("a\\b", "a%5Cb=x", id="a back-slash"),
        pytest.param("a&b#c", "a%26b%23c=x", id="signs of the URL's own"),
    ],
)
def test_a_utm_parameter_is_encoded_by_name_too(name, query):
    found = beacon(utm={name: "x"})
    (link,) = found.rewrite('<a href="https://example.com/">x</a>', MESSAGE).links
    assert link.url == f"https://example.com/?{query}"
    assert found.handle(mb.Request(url=found.click_url(MESSAGE, link.url))).status == 302


@pytest.mark.parametrize("name", ["fallback_url", "honeypot"])
@pytest.mark.parametrize("url", ["https://exa mple.com/x", "https://e.com\\@x/", "https://e..com/"])
def test_a_url_that_could_not_be_redirected_to_is_refused_at_once(name, url):
    with pytest.raises(ConfigError, match=f"{name} must be"):
        beacon(**{name: url})


def test_what_is_no_settings_and_no_campaign_is_refused():
    with pytest.raises(ConfigError, match="settings must be Settings, got int"):
        mb.Beacon(settings=5)
    with pytest.raises(ConfigError, match="campaign must be str, got int"):
        beacon().compile(HTML, campaign=5)


@pytest.mark.parametrize("short_links", [False, True])
def test_a_link_is_wrapped_for_a_campaign_alone(short_links):
    made, nameless = beacon(short_links=short_links), mb.Message(recipient="u-17")
    for text, kind in ((HTML, False), (TEXT, True)):
        with pytest.raises(ConfigError, match="campaign must not be empty where links are wrapped"):
            made.rewrite(text, nameless, text=kind)
    assert len(made.rewrite("<p>no link</p>", nameless).edits) == 1


def letter():
    mail = EmailMessage()
    mail["To"] = "reader@example.net"
    mail["Subject"] = "Spring"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    return mail


def test_a_mail_is_composed_as_a_copy_in_which_each_link_works():
    made, mail = beacon(), letter()
    before = mail.as_bytes()
    copy = made.compose(mail, MESSAGE)
    assert mail.as_bytes() == before
    assert isinstance(copy, EmailMessage)
    html = copy.get_body(("html",)).get_content()
    assert [made.destination(url) for url in clicks(html)] == ["https://example.com/a?x=1&y=2", "https://example.com/b"]
    assert made.unwrap(html) == letter().get_body(("html",)).get_content()


def test_a_mail_of_bytes_is_composed_and_compiled_to_working_links():
    made, raw = beacon(), letter().as_bytes()
    template = made.compile_mail(raw, campaign="spring")
    for data in (made.compose_bytes(raw, MESSAGE), template.render(MESSAGE, headers={"To": "other@example.net"})):
        mail = email.message_from_bytes(data, policy=email.policy.default)
        html = mail.get_body(("html",)).get_content()
        assert [made.decode(asked(url)).recipient for url in clicks(html)] == ["u-17", "u-17"]
        assert made.open_url(MESSAGE) in html


def test_a_click_url_stands_in_no_document_and_leads_where_it_says():
    made = beacon()
    event = made.decode(asked(made.click_url(MESSAGE, "https://example.com/ü")))
    assert (event.kind, event.link, event.url) == (mb.Kind.CLICK, 0, "https://example.com/ü")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("javascript:alert(1)", "http or https"),
        ("/relative", "http or https"),
        ("https://example.com/\r\nX: y", "control characters"),
        ("https://example.com/" + "a" * 2_000, "too long"),
    ],
)
def test_a_destination_that_must_not_be_signed_gets_no_click_url(url, said):
    with pytest.raises(ConfigError, match=said):
        beacon().click_url(MESSAGE, url)


def test_what_a_message_does_not_allow_has_no_url():
    silent = mb.Message(recipient="u-17", campaign="spring", opens=mb.Level.NONE, clicks=mb.Level.NONE)
    with pytest.raises(ConfigError, match="no open tracking"):
        beacon().open_url(silent)
    with pytest.raises(ConfigError, match="no click tracking"):
        beacon().click_url(silent, "https://example.com/")


# addresses, levels


@pytest.mark.parametrize("way", ["rewrite", "open_url", "click_url", "render", "token", "compose"])
def test_an_e_mail_address_for_a_recipient_is_refused_everywhere_and_not_shown(way):
    made, message = beacon(), mb.Message(recipient="ann@example.org", campaign="spring")
    template = made.compile(HTML, campaign="spring")
    ways = {
        "rewrite": lambda: made.rewrite(HTML, message),
        "open_url": lambda: made.open_url(message),
        "click_url": lambda: made.click_url(message, "https://example.com/"),
        "render": lambda: template.render(message),
        "token": lambda: template.token(message),
        "compose": lambda: made.compose(letter(), message),
    }
    with pytest.raises(ConfigError, match="allow_addresses") as caught:
        ways[way]()
    assert "ann" not in str(caught.value)


def test_an_e_mail_address_can_be_allowed():
    made = beacon(allow_addresses=True)
    message = mb.Message(recipient="ann@example.org", campaign="spring")
    assert made.decode(asked(made.open_url(message))).recipient == "ann@example.org"


LEVELS = [
    pytest.param({"default_level": mb.Level.NONE}, {}, 0, 0, id="the host's NONE"),
    pytest.param({}, {"opens": mb.Level.NONE, "clicks": mb.Level.NONE}, 0, 0, id="the message's NONE"),
    pytest.param({}, {"opens": mb.Level.NONE}, 0, 2, id="clicks alone"),
    pytest.param({}, {"clicks": mb.Level.NONE}, 1, 0, id="opens alone"),
    pytest.param({"default_level": mb.Level.NONE}, {"clicks": mb.Level.NONE}, 0, 0, id="both"),
    pytest.param({}, {}, 1, 2, id="everything"),
]


@pytest.mark.parametrize(("options", "fields", "pixels", "links"), LEVELS)
def test_what_is_not_allowed_is_not_inserted(options, fields, pixels, links):
    made = beacon(**options)
    message = mb.Message(recipient="u-17", campaign="spring", **fields)
    for html in (made.rewrite(HTML, message).html, made.compile(HTML, campaign="spring").render(message)):
        assert html.count(f"{BASE}/o/") == pixels
        assert html.count(f"{BASE}/c/") == links
        assert pixels or links or html == HTML
    text = made.compile(HTML, TEXT, campaign="spring").render_text(message)
    assert text.count(f"{BASE}/c/") == links
    assert links or text == TEXT


def test_a_shared_mail_has_one_token_for_all():
    """Two people's messages give the same mail, and its hits name nobody."""
    made = beacon()
    mail = letter()
    mail.replace_header("To", "one@example.net, two@example.net")
    one, two = (
        made.compose(mail, mb.Message(recipient=name, campaign="spring", id=name), shared=True).get_body(("html",))
        for name in ("u-1", "u-2")
    )
    assert one.get_content() == two.get_content()
    url = clicks(one.get_content())[0]
    answer = made.answer(asked(url))
    assert answer.reply.status == 302
    assert (answer.event.recipient, answer.event.level) == (None, mb.Level.AGGREGATE)


@pytest.mark.parametrize("fields", [{"opens": mb.Level.NONE}, {"clicks": mb.Level.NONE}])
def test_a_shared_mail_that_allows_one_kind_only_still_works(fields):
    made = beacon()
    message = mb.Message(recipient="u-1", campaign="spring", **fields)
    html = made.compose(letter(), message, shared=True).get_body(("html",)).get_content()
    statuses = {made.answer(asked(url)).reply.status for url in clicks(html) if url.startswith(BASE)}
    assert statuses == ({302} if "opens" in fields else set())
    assert html.count(f"{BASE}/o/") == (0 if "opens" in fields else 1)


# unwrapping


def test_unwrapping_is_the_way_back_and_touches_no_foreign_or_forged_link():
    made, other = beacon(), making.beacon(base_url="https://t.example.org", secret_keys=[NEW_KEY])
    foreign = other.rewrite(HTML, MESSAGE).html
    assert made.unwrap(made.rewrite(HTML, MESSAGE).html) == HTML
    assert made.unwrap(foreign) == foreign
    forged = making.beacon(secret_keys=[NEW_KEY]).rewrite(HTML, MESSAGE).html
    assert clicks(made.unwrap(forged)) == clicks(forged)


def test_what_was_wrapped_is_not_wrapped_again():
    made = beacon()
    once = made.rewrite(HTML, MESSAGE).html
    assert not made.rewrite(once, MESSAGE).links


# requests in


def test_an_open_is_decoded_with_facts_and_nothing_redacted():
    made = beacon()
    event = made.decode(asked(made.open_url(MESSAGE)))
    assert (event.kind, event.recipient, event.campaign) == (mb.Kind.OPEN, "u-17", "spring")
    assert (event.sent_at, event.received_at, event.message_id) == (SENT, LATER, made.message_id(MESSAGE))
    assert (event.address, event.user_agent) == ("192.0.2.77", FIREFOX["User-Agent"])
    assert event.facts.agent is AgentKind.BROWSER
    assert event.facts.client == "Firefox"


def test_of_a_shared_mail_decoding_too_gives_nothing_that_tells_its_readers_apart():
    made = beacon()
    url = made.routes.open(made.signer.sign_message(as_aggregate(MESSAGE)))
    event = made.decode(asked(url))
    assert (event.recipient, event.level, event.facts.client) == (None, mb.Level.AGGREGATE, "Firefox")
    assert (event.facts.network_id, event.facts.agent_id) == ("", "")


class Unlike:
    """Something that is no request: whatever is asked of it fails."""

    def __getattribute__(self, name):
        raise RuntimeError("u-17")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(None, 503, id="nothing"),
        pytest.param("/m/o/x.gif", 503, id="a text"),
        pytest.param(SimpleNamespace(url="/m/o/x.gif", method="GET"), 200, id="an open that is not a request"),
        pytest.param(SimpleNamespace(url=7, method=b"GET", headers={}, received_at="now"), 503, id="fields of no kind"),
        pytest.param(Unlike(), 503, id="what fails at everything"),
    ],
)
def test_what_is_no_request_is_answered_with_a_page_or_the_image_and_logged(request_, status, caplog):
    made = beacon(sink=MemorySink())
    reply = made.handle(request_)
    assert (reply.status, len(made.settings.sink)) == (status, 0)
    (record,) = caplog.records
    assert "u-17" not in record.getMessage()
    answer = made.answer(request_)
    assert (answer.reply, answer.event, answer.verdict) == (reply, None, None)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"method": None}, 405, id="method"),
        pytest.param({"method": b"GET"}, 405, id="method in bytes"),
        pytest.param({"address": 17}, 200, id="address"),
        pytest.param({"address": object()}, 200, id="address that is an object"),
        pytest.param({"body": "text"}, 200, id="body"),
        pytest.param({"headers": {"User-Agent": 7, "Accept": None, b"DNT": b"1", 5: "x"}}, 200, id="headers"),
    ],
)
def test_a_request_with_fields_of_other_kinds_is_answered(fields, status):
    made = beacon()
    reply = made.handle(asked(made.open_url(MESSAGE), **fields))
    assert reply.status == status


@pytest.mark.parametrize("headers", [7, "User-Agent", [("a", "b", "c")], [7], {"a": "b"}.keys()])
def test_header_fields_that_are_not_pairs_are_a_config_error(headers):
    with pytest.raises(ConfigError, match="headers must be"):
        mb.Request(url="/", headers=headers)


def test_a_request_without_a_moment_gets_the_clocks():
    made = beacon(clock=lambda: LATER)
    assert made.decode(asked(made.open_url(MESSAGE), received_at=None)).received_at == LATER


def test_what_is_none_of_ours_raises_a_token_error_and_is_answered_all_the_same():
    made = beacon()
    forged = making.beacon(secret_keys=[NEW_KEY]).open_url(MESSAGE)
    for url, error in ((f"{BASE}/o/x.gif", BadToken), (forged, ForgedToken), ("/", BadToken)):
        with pytest.raises(error) as caught:
            made.decode(asked(url))
        assert isinstance(caught.value, TokenError)
        assert made.answer(asked(url)).event is None


def test_an_answer_holds_reply_event_and_verdict_and_keeps_nothing():
    sink = MemorySink()
    made = beacon(sink=sink)
    answer = made.answer(asked(made.click_url(MESSAGE, "https://example.com/")))
    assert (answer.reply.status, answer.reply.headers[0]) == (302, ("Location", "https://example.com/"))
    assert answer.verdict.is_human is not False
    assert (answer.event.address, answer.event.user_agent, answer.event.headers) == ("", "", ())
    assert answer.event.facts.client == "Firefox"
    assert len(sink) == 0


def test_handling_tells_sink_history_and_callback():
    told = []
    sink, history = MemorySink(), MemoryHistory()
    made = beacon(sink=sink, history=history, on_event=lambda event, verdict: told.append((event, verdict)))
    reply = made.handle(asked(made.open_url(MESSAGE)))
    assert reply.status == 200
    ((event, verdict),) = sink.events()
    assert told == [(event, verdict)]
    assert list(history.recent(event.changed(id="another"))) == [event]


def burst(made):
    """Return four clicks on one mail within a second: which is a scanner's way, but no single one of them is."""
    template = made.compile("".join(f'<a href="https://example.com/{n}">x</a>' for n in range(4)), campaign="spring")
    return [
        asked(url, received_at=LATER + timedelta(milliseconds=200 * number))
        for number, url in enumerate(clicks(template.render(MESSAGE)))
    ]


def test_without_a_history_of_the_hosts_the_beacon_remembers_by_itself():
    sink = MemorySink()
    made = beacon(sink=sink)
    for one in burst(made):
        made.handle(one)
    verdicts = [verdict for _, verdict in sink.events()]
    assert verdicts[0].is_human
    assert verdicts[-1].is_human is False


def test_an_answer_sees_only_the_history_it_is_given():
    made = beacon()
    *earlier, last = burst(made)
    for one in earlier:
        made.handle(one)
    assert made.answer(last).verdict.is_human
    assert made.answer(last, made.history).verdict.is_human is False


def test_what_the_host_keeps_is_kept():
    made = beacon(keep_address="truncate", keep_user_agent="keep", keep_headers="keep")
    event = made.answer(asked(made.open_url(MESSAGE))).event
    assert event.address == "192.0.2.0/24"
    assert event.user_agent == FIREFOX["User-Agent"]
    assert ("accept-language", "de") in event.headers


def test_a_bad_click_goes_to_the_fallback_where_there_is_one():
    assert beacon().handle(asked(f"{BASE}/c/x/y")).status == 404
    reply = beacon(fallback_url="https://example.com/gone").handle(asked(f"{BASE}/c/x/y"))
    assert (reply.status, reply.headers[0]) == (302, ("Location", "https://example.com/gone"))


# keys and short links


def test_a_new_key_keeps_old_mail_alive_and_signs_new_mail():
    old, both, new = beacon(), beacon(secret_keys=[KEY, NEW_KEY]), beacon(secret_keys=[NEW_KEY])
    url = old.click_url(MESSAGE, "https://example.com/")
    assert both.decode(asked(url)).recipient == "u-17"
    assert both.click_url(MESSAGE, "https://example.com/") == new.click_url(MESSAGE, "https://example.com/")
    with pytest.raises(ForgedToken):
        new.decode(asked(url))


def test_short_links_work_by_the_manifests_of_all_compilations():
    sender = beacon(short_links=True)
    first = sender.compile(HTML, campaign="spring")
    second = sender.compile(HTML.replace("/b", "/c"), TEXT, campaign="spring")
    kept = {"spring": mb.Manifest.from_json(first.manifest().merge(second.manifest()).to_json())}
    made = beacon(short_links=True, manifests=kept.get)
    for template in (first, second):
        html = template.render(MESSAGE)
        assert max(map(len, clicks(html))) < 120
        found = [made.handle(asked(url)).headers[0] for url in clicks(html)]
        assert found == [("Location", link.url) for link in template.links if link.channel is mb.Channel.HTML]
        assert made.unwrap(html) == HTML.replace("/b", "/c" if template is second else "/b")
    event = made.decode(asked(second.render_text(MESSAGE).split()[1].rstrip(",")))
    assert (event.link, event.channel, event.url) == (3, mb.Channel.TEXT, "https://example.com/a?x=1&y=2")


def test_a_short_link_of_another_campaign_or_none_is_dead():
    sender = beacon(short_links=True)
    template = sender.compile(HTML, campaign="spring")
    (url, *_) = clicks(template.render(MESSAGE))
    for manifests in ({}, {"summer": template.manifest()}, {"spring": mb.Manifest(campaign="spring")}):
        made = beacon(short_links=True, manifests=manifests.get)
        assert made.handle(asked(url)).status == 404
        assert made.destination(url) == ""
    assert sender.handle(asked(url)).status == 404


def test_short_links_leave_no_room_for_a_link_in_no_document():
    with pytest.raises(ConfigError, match="short_links"):
        beacon(short_links=True).click_url(MESSAGE, "https://example.com/")


# threads


def test_one_beacon_serves_many_threads():
    """Rewriting, rendering and answering at once give what they give one after the other."""
    made = beacon()
    template = made.compile(HTML, campaign="spring")

    def one(number):
        message = mb.Message(recipient=f"u-{number}", campaign=f"c-{number % 70}", sent_at=SENT)
        html = made.rewrite(HTML, message).html
        rendered = template.render(mb.Message(recipient=f"u-{number}", campaign="spring", sent_at=SENT))
        events = [made.answer(asked(url)).event for url in (*clicks(html), *clicks(rendered))]
        return html, rendered, [(event.recipient, event.campaign, event.link) for event in events]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(200)))
    assert found == [one(number) for number in range(200)]
    assert {recipient for _, _, events in found for recipient, _, _ in events} == {
        f"u-{number}" for number in range(200)
    }


def test_a_host_with_a_place_database_gets_countries():
    """The place of a reader at home; of Apple's proxy none."""

    class Everywhere:
        def locate(self, address: str) -> Location:
            return Location("DE", "Hessen", "Kassel")

    beacon = making.beacon(geo=Everywhere())
    url = beacon.open_url(mb.Message(recipient="u-1", campaign="spring"))

    def country(user_agent: str) -> str:
        request = mb.Request(url=url, headers={"User-Agent": user_agent, "Accept": "*/*"}, address="84.1.2.3")
        return beacon.answer(request).event.facts.country

    assert country("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0") == "DE"
    assert country("Mozilla/5.0") == ""


@pytest.mark.parametrize(
    ("user_agent", "actor", "is_human"),
    [
        pytest.param(
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            mb.Actor.CRAWLER,
            False,
            id="26 a declared bot, and no other sign",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
            "Mobile Safari/537.36",
            mb.Actor.HUMAN,
            True,
            id="26 a phone whose name holds bot",
        ),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            mb.Actor.HUMAN,
            True,
            id="27 Apple Mail itself",
        ),
        pytest.param("Mozilla/5.0", mb.Actor.PRIVACY_PROXY, None, id="27 Apple's proxy"),
    ],
)
def test_cases_26_and_27_from_request_to_verdict(user_agent, actor, is_human):
    beacon = making.beacon()
    url = beacon.open_url(mb.Message(recipient="u-1", campaign="spring"))
    fields = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Language": "en"}
    verdict = beacon.answer(mb.Request(url=url, headers=fields, address="84.1.2.3")).verdict
    assert (verdict.actor, verdict.is_human) == (actor, is_human)


def test_pseudonyms_hang_on_the_digest_keys_and_not_on_the_signing_keys():
    """So that signing keys may come and go, and digest keys be thrown away."""

    def facts(**options):
        made = beacon(**options)
        event = made.decode(asked(beacon().open_url(MESSAGE)))
        return event.facts.network_id, event.facts.agent_id

    digests = [b"a key for digests alone"]
    assert facts(digest_keys=digests) == facts(digest_keys=digests, secret_keys=[KEY, NEW_KEY]) != facts()
    assert facts(digest_keys=digests) == facts(digest_keys=[NEW_KEY, *digests])
    assert facts(secret_keys=[KEY, NEW_KEY]) != facts()
    daily = privacy.DailyKeys()
    assert facts(digest_keys=daily) == facts(digest_keys=daily) != facts(digest_keys=privacy.DailyKeys())


def test_a_beacon_bounds_the_rows_of_one_mail():
    sink = MemorySink()
    made = beacon(sink=sink, max_hits_per_message=3)
    for second in range(24):
        made.handle(asked(made.open_url(MESSAGE), received_at=LATER + timedelta(seconds=second)))
    assert [event.unrecorded for event, _ in sink.events()] == [0, 0, 0, 2, 5, 11]


def test_a_beacon_is_not_pickled():
    with pytest.raises(ConfigError, match=r"make the beacon again in each process"):
        pickle.dumps(beacon())


def test_a_beacon_is_made_of_the_environment(tmp_path):
    """One line for the application, its workers and its scripts."""
    environ = {"MAILBEACON_BASE_URL": BASE, "MAILBEACON_SECRET_KEYS": f"{KEY.decode()}, {NEW_KEY.decode()}"}
    made = mb.Beacon.from_env(environ, honor_dnt=True)
    assert (made.settings.base_url, made.settings.keys, made.settings.honor_dnt) == (BASE, (KEY, NEW_KEY), True)
    file = tmp_path / "keys"
    file.write_text(f"{KEY.decode()}\n{NEW_KEY.decode()}\n", "utf-8-sig")
    of_file = {"MAILBEACON_BASE_URL": BASE, "MAILBEACON_SECRET_KEYS_FILE": str(file)}
    assert mb.Beacon.from_env(of_file).sign(MESSAGE) == made.sign(MESSAGE)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({}, "MAILBEACON_BASE_URL is not set", id="nothing"),
        pytest.param({"MAILBEACON_BASE_URL": BASE}, "MAILBEACON_SECRET_KEYS is not set", id="no keys"),
        pytest.param(
            {"MAILBEACON_BASE_URL": BASE, "MAILBEACON_SECRET_KEYS_FILE": "/nowhere/keys"},
            "cannot be read",
            id="no file",
        ),
        pytest.param(
            {"MAILBEACON_BASE_URL": BASE, "MAILBEACON_SECRET_KEYS": "short"},
            "at least 16 bytes, got 5",
            id="a short key",
        ),
    ],
)
def test_an_environment_that_cannot_work_is_a_config_error(environ, said):
    with pytest.raises(ConfigError, match=said):
        mb.Beacon.from_env(environ)


def test_a_beacon_shows_no_key_and_no_recipient():
    shown = repr(beacon()) + repr(beacon().signer)
    assert KEY.decode() not in shown
    assert BASE in shown


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda folder: store.MemorySink(), "MemorySink(1 events)"),
        (lambda folder: store.CallbackSink(print), "CallbackSink(<built-in function print>)"),
        (lambda folder: store.JsonlSink(folder / "e.jsonl"), "JsonlSink('{}/e.jsonl')"),
        (lambda folder: store.SqliteSink(folder / "e.db"), "SqliteSink('{}/e.db')"),
        (lambda folder: store.QueueSink(store.MemorySink()), "QueueSink(MemorySink(1 events))"),
        (lambda folder: store.SpoolSink(store.MemorySink(), folder), "SpoolSink(MemorySink(1 events), '{}')"),
        (lambda folder: store.MemoryHistory(), "MemoryHistory(1 messages)"),
        (lambda folder: store.SqliteHistory(folder / "h.db"), "SqliteHistory('{}/h.db')"),
        (lambda folder: store.MemoryConsents(), "MemoryConsents(0 recipients)"),
        (lambda folder: store.SqliteConsents(folder / "c.db"), "SqliteConsents('{}/c.db')"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_store_shows_what_and_where_it_is_and_nobody_in_it(make, shown, tmp_path):
    one = make(tmp_path)
    event = making.event(
        recipient="ada@example.com", message_id="m-ada", address="192.0.2.77", url="https://x.example/ada"
    )
    if hasattr(one, "add"):
        one.add(event)
    elif not isinstance(one, store.Consents):
        one.record(event, mb.classify(event))
    if hasattr(one, "flush"):
        one.flush()
    assert repr(one) == shown.format(tmp_path)
    if hasattr(one, "close"):
        one.close()


def test_what_judges_and_rewrites_shows_its_rules_and_their_versions():
    judge, signer = mb.Classifier(), beacon().signer
    assert repr(judge) == f"Classifier({len(judge.rules)} rules, version={judge.version!r})"
    assert repr(Observer()).startswith(f"Observer(agents={Agents().version!r}, networks='own-")
    assert "utm={'utm_source': 'spring'}" in repr(Planner(LinkRules(utm={"utm_source": "spring"})))
    assert repr(Decoder(signer)) == f"Decoder({signer!r})" == "Decoder(TokenSigner(<1 secret key>))"


def test_a_rewrite_and_its_edits_show_no_token():
    done = beacon().rewrite(
        '<a href="https://x.example/">x</a> <a href="#top">y</a>', mb.Message(recipient="u", campaign="c")
    )
    assert repr(done) == "Rewrite(channel='html', links=1, skipped=1)"
    assert not any(edit.new in repr(edit) or "/c/" in repr(edit) or "/o/" in repr(edit) for edit in done.edits)
