"""How much may be known of a recipient: the strictest wins, AGGREGATE tells nobody apart, DATE keeps one day a person."""

from __future__ import annotations

import email
import email.policy
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Level
from mailbeacon.privacy import effective_level
from mailbeacon.store import JsonlSink, MemoryHistory, MemorySink, SqliteSink
from tests.making import BASE, beacon, message, request

LATER = datetime(2026, 11, 24, 11, 30, 5, 7, tzinfo=UTC)
HTML = (
    '<html><body><p><a href="https://example.com/a">Read</a> <a href="https://example.com/b">On</a></p></body></html>'
)
TEXT = "Read https://example.com/a now.\n"
NONE, AGGREGATE, DATE, FULL = Level
PERSON = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "*/*",
    "Accept-Language": "de",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
}
levels = st.sampled_from(Level)


BEACON = beacon()


def asked(url, **fields):
    """Return what a person's browser asked for."""
    return request(url, **{"headers": PERSON, "received_at": LATER, **fields})


def urls(html):
    """Return the pixel's URL and those of the wrapped links."""
    found = [part.partition('"')[0] for part in html.split('"') if part.startswith(BASE)]
    return [url for url in found if "/o/" in url], [url for url in found if "/c/" in url]


# the strictest wins


@given(st.lists(levels, min_size=1))
def test_of_any_levels_the_strictest_wins(given_levels):
    assert effective_level(*given_levels) is min(given_levels)


@pytest.mark.parametrize("unknown", [7, -1, None, "full", 1.5, object()])
def test_a_level_this_version_does_not_know_is_none(unknown):
    assert effective_level(FULL, unknown) is NONE


@given(kind=st.sampled_from(["open", "click"]), signed=levels, default=levels, ceiling=levels, today=levels)
def test_an_event_is_kept_at_the_strictest_of_signed_default_ceiling_and_today(kind, signed, default, ceiling, today):
    """Also for a mail sent long before the host became stricter."""
    one = message(opens=signed, clicks=signed)
    url = None
    if signed is not NONE:
        url = BEACON.open_url(one) if kind == "open" else BEACON.click_url(one, "https://example.com/a")
    least = min(signed, default, ceiling, today)
    if url is None:
        return
    answer = beacon(default_level=default, ceiling=ceiling, consent=lambda *_: today).answer(asked(url))
    assert answer.reply.status == (200 if kind == "open" else 302)
    assert (answer.event.level if answer.event else NONE) is least


def test_a_message_that_asks_for_more_than_the_ceiling_is_refused_and_never_lowered_in_silence():
    made = beacon(ceiling=AGGREGATE)
    template = made.compile(HTML, campaign="spring")
    for way in (made.open_url, template.render, template.token, lambda one: made.rewrite(HTML, one)):
        with pytest.raises(ConfigError, match="ceiling AGGREGATE"):
            way(message(opens=AGGREGATE, clicks=DATE) if way != made.open_url else message())
    with pytest.raises(ConfigError, match="ceiling"):
        template.source("{{ t }}", opens=FULL, clicks=AGGREGATE)
    assert len(urls(template.render(message(opens=AGGREGATE, clicks=NONE)))[0]) == 1


# one compile for all levels


def personal(html):
    """Return which of the pixel and the links name the recipient."""
    pixels, links = urls(html)
    named = [BEACON.signer.read_message(url.split("/o/")[1].removesuffix(".gif")).recipient for url in pixels]
    of_links = {BEACON.signer.read_message(url.split("/c/")[1].split("/")[0]).recipient for url in links}
    return named, of_links


@pytest.mark.parametrize(("opens", "clicks"), list(product(Level, Level)))
def test_a_template_renders_every_pair_of_levels_from_one_compile(opens, clicks):
    """Opens and clicks are independent: a shared token for one does not lower the other."""
    template = BEACON.compile(HTML, TEXT, campaign="spring")
    one = message(opens=opens, clicks=clicks)
    html = template.render(one)
    who = {NONE: [], AGGREGATE: [""], DATE: ["u-17"], FULL: ["u-17"]}
    assert personal(html) == (who[opens], set(who[clicks]))
    assert html == BEACON.rewrite(HTML, one).html
    assert html.count('href="https://example.com/') == (2 if clicks is NONE else 0)
    assert (
        template.source("{{ t }}", opens=opens, clicks=clicks).replace(
            "{{ t }}", template.token(one, opens=opens, clicks=clicks)
        )
        == html
    )
    text = template.render_text(one)
    assert (text == TEXT) is (clicks is NONE)
    if opens:
        assert BEACON.open_url(one) in html
    if clicks:
        assert BEACON.click_url(one, "https://example.com/a").rpartition("/")[0] in html


@pytest.mark.parametrize(("opens", "clicks"), list(product(Level, Level)))
def test_a_compiled_mail_and_a_composed_one_honour_every_pair_of_levels(opens, clicks):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "news@example.com", "ann@example.net", "Spring"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    one = message(opens=opens, clicks=clicks)
    whole = BEACON.compose(mail, one)
    html = whole.get_body(("html",)).get_content().rstrip("\n")
    assert html == BEACON.rewrite(HTML, one).html
    compiled = BEACON.compile_mail(mail, campaign="spring").render(one)
    again = email.message_from_bytes(compiled, policy=email.policy.default)
    assert urls(again.get_body(("html",)).get_content()) == urls(html)


def test_the_hosts_default_level_is_signed_into_the_token_too():
    for level in (AGGREGATE, DATE):
        made = beacon(default_level=level)
        token = made.open_url(message()).split("/o/")[1].removesuffix(".gif")
        assert made.signer.read_message(token).opens is level


# AGGREGATE


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda name: "@" not in name)


@given(names, names, st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)), st.text("abc", max_size=3))
def test_two_recipients_of_an_aggregate_mail_get_the_same_bytes(one, other, sent, name):
    """Recipient, moment, id and variant leave no trace."""
    template = BEACON.compile(HTML, TEXT, campaign="spring")
    both = [message(one, opens=AGGREGATE, clicks=AGGREGATE)]
    both.append(message(other, sent_at=sent, id=name, variant=name, opens=AGGREGATE, clicks=AGGREGATE))
    assert len({template.render(each) for each in both}) == 1
    assert len({template.render_text(each) for each in both}) == 1
    assert len({BEACON.rewrite(HTML, each).html for each in both}) == 1


@pytest.mark.parametrize("signed", [AGGREGATE, FULL])
@pytest.mark.parametrize("kind", ["open", "click"])
def test_aggregate_events_of_two_recipients_are_equal_but_for_id_and_time(signed, kind):
    """Also where the mail named its recipient and consent was lowered since, and whatever the host keeps of addresses."""
    keep = {"keep_address": "keep", "keep_user_agent": "keep", "keep_headers": "keep"}
    made = beacon(consent=lambda *_: AGGREGATE, **keep)
    seen = []
    for number, name in enumerate(("u-1", "u-2")):
        one = message(name, id=f"m{number}", variant=name, opens=signed, clicks=signed)
        url = made.open_url(one) if kind == "open" else made.click_url(one, "https://example.com/a")
        moment = LATER + timedelta(seconds=number)
        answer = made.answer(asked(url, address=f"192.0.2.{number}", received_at=moment), MemoryHistory())
        seen.append(replace(answer.event, id="", received_at=LATER))
        assert (answer.event.recipient, answer.event.message_id, answer.event.address) == (None, "", "")
        assert (answer.event.facts.network_id, answer.event.facts.agent_id) == ("", "")
    assert seen[0] == seen[1]


def test_an_aggregate_event_is_judged_alone_and_not_remembered():
    """What a reader did before must not show in it."""

    noted = []

    class NotingHistory:
        def recent(self, event):
            noted.append(("asked for the past", event.level))
            return ()

        def add(self, event):
            noted.append(("remembered", event.level))

    made = beacon(history=NotingHistory(), sink=MemorySink())
    for level in (AGGREGATE, DATE):
        assert made.handle(asked(made.open_url(message(opens=level, clicks=level)))).status == 200
    assert noted == []
    ((event, verdict),) = made.settings.sink.events()
    assert event.level is AGGREGATE
    assert verdict is not None
    made.handle(asked(made.open_url(message(opens=FULL))))
    assert noted == [("asked for the past", FULL), ("remembered", FULL)]


# DATE


@given(st.lists(st.tuples(st.sampled_from(["u-1", "u-2"]), st.integers(0, 400), st.booleans()), max_size=12))
def test_date_keeps_one_day_a_person_the_latest_and_no_event(hits):
    sink = MemorySink()
    made = beacon(sink=sink)
    latest = {}
    for name, hours, is_click in hits:
        one = message(name, opens=DATE, clicks=DATE)
        url = made.click_url(one, "https://example.com/a") if is_click else made.open_url(one)
        moment = LATER + timedelta(hours=hours)
        made.handle(asked(url, received_at=moment))
        latest[name] = max(latest.get(name, moment.date()), moment.date())
    assert dict(sink.last_opens()) == latest
    assert list(sink.events()) == []


def test_every_sink_that_keeps_days_overwrites_an_earlier_one_and_no_later_one(tmp_path):
    with SqliteSink(tmp_path / "events.sqlite") as stored:
        for sink in (MemorySink(), stored):
            for day in (3, 9, 5):
                sink.put_last_open("u-17", date(2026, 11, day))
            sink.put_last_open("u-18", date(2026, 11, 1))
            assert list(sink.last_opens()) == [("u-17", date(2026, 11, 9)), ("u-18", date(2026, 11, 1))]


def test_what_the_host_is_told_of_a_date_holds_no_mail_no_time_of_day_and_nothing_of_the_request():
    told = []
    made = beacon(on_event=lambda event, verdict: told.append(event), keep_address="keep", keep_user_agent="keep")
    made.handle(asked(made.open_url(message(opens=DATE, id="m-9", variant="b"))))
    (event,) = told
    assert event == mb.Event(
        id=event.id, kind=Kind.OPEN, received_at=datetime(2026, 11, 24, tzinfo=UTC), recipient="u-17", level=DATE
    )


def test_a_scanners_open_sets_no_date():
    sink = MemorySink()
    made = beacon(sink=sink)
    url = made.open_url(message(opens=DATE))
    made.handle(asked(url, method="HEAD"))
    assert made.answer(asked(url, method="HEAD")).verdict.actor is not Actor.HUMAN
    assert dict(sink.last_opens()) == {}


def test_a_sink_that_keeps_no_days_is_told_of_in_the_log_and_gets_no_event(tmp_path, caplog):
    path = tmp_path / "events.jsonl"
    made = beacon(sink=JsonlSink(path))
    with caplog.at_level(logging.ERROR, "mailbeacon"):
        assert made.handle(asked(made.open_url(message(opens=DATE)))).status == 200
    assert "not kept" in caplog.text
    assert "u-17" not in caplog.text
    assert not path.exists()


@pytest.mark.parametrize("value", ["1", "0", "true", "1, 1", "", "0, 1", "01"])
def test_sec_gpc_lowers_a_click_only_where_it_says_one(value):
    """Source: Global Privacy Control, W3C draft (2024): the one value is 1; twice is still once."""
    made = beacon()
    answer = made.answer(
        asked(made.click_url(message(), "https://example.com/a"), headers={**PERSON, "Sec-GPC": value})
    )
    assert answer.reply.status == 302
    assert (answer.event is None) is (value in ("1", "1, 1", "0, 1"))
    opened = made.answer(asked(made.open_url(message()), headers={**PERSON, "Sec-GPC": value}))
    assert opened.event is not None


@pytest.mark.parametrize(("values", "recorded"), [(["1", "1"], False), (["0", "1"], False), (["0", "0"], True)])
def test_sec_gpc_as_a_field_that_stands_twice_is_read_as_one(values, recorded):
    made = beacon()
    headers = [*PERSON.items(), *(("Sec-GPC", value) for value in values)]
    answer = made.answer(asked(made.click_url(message(), "https://example.com/a"), headers=headers))
    assert answer.reply.status == 302
    assert (answer.event is not None) is recorded
