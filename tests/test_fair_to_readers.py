"""Each line of the page "Fair to readers" is what a beacon does that was told nothing but where it is and its key."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import get_type_hints

import pytest
from pages import DOCS

import mailbeacon as mb
from mailbeacon import counting, errors, privacy, reporting
from mailbeacon.counting.leads import Lead
from mailbeacon.counting.read_reports import ReaderRow
from mailbeacon.counting.segments import Member, Segment, Subscriber, audiences
from mailbeacon.store import MemorySink
from tests.making import SENT, beacon, message, request

PAGE = (DOCS / "explanation" / "fair-to-readers.md").read_text("utf-8")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
SHOP = "https://garden.example/seeds"
ADDRESS = "192.0.2.77"
LATER = SENT + timedelta(hours=2)


def hit(url: str, **fields: str) -> mb.Request:
    headers = {
        "User-Agent": FIREFOX,
        "Cookie": "a=b",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    return request(url, headers=headers, received_at=LATER)


def host(**options: object) -> tuple[mb.Beacon, MemorySink]:
    sink = MemorySink()
    return beacon(sink=sink, **options), sink


def device_is_forgotten() -> None:
    ours, sink = host()
    ours.handle(hit(ours.open_url(message())))
    [(event, verdict)] = sink.events()
    assert (event.address, event.user_agent, event.headers) == ("", "", ())
    kept = event.to_json() + verdict.to_json()
    assert [word for word in (ADDRESS, "Mozilla", "rv:145", "a=b") if word in kept] == []
    assert event.facts.client == "Firefox"


def no_address_in_a_token() -> None:
    with pytest.raises(errors.ConfigError):
        beacon().open_url(message("ada@garden.example"))


def the_browser_may_say_no() -> None:
    ours, sink = host()
    reply = ours.handle(hit(ours.click_url(message(), SHOP), Sec_GPC="1"))
    assert (reply.status, dict(reply.headers)["Location"]) == (302, SHOP)
    assert list(sink.events()) == []


def todays_choice_wins() -> None:
    answers = {"u-17": mb.Level.FULL}
    ours, sink = host(consent=lambda message, kind: answers[message.recipient])
    opened, clicked = ours.open_url(message()), ours.click_url(message(), SHOP)
    ours.handle(hit(opened))
    answers["u-17"] = mb.Level.NONE
    assert [ours.handle(hit(url)).status for url in (opened, clicked)] == [200, 302]
    assert len(list(sink.events())) == 1


def a_link_always_works() -> None:
    class Full:
        def record(self, event: mb.Event, verdict: mb.Verdict | None = None) -> None:
            raise OSError("no space left")

    ours = beacon(sink=Full(), max_age=timedelta(days=1), consent=lambda *_: mb.Level.NONE)
    for moment in (SENT - timedelta(days=900), LATER, SENT + timedelta(days=9_000)):
        replies = [
            ours.handle(request(url, received_at=moment))
            for url in (ours.open_url(message()), ours.click_url(message(), SHOP))
        ]
        assert [reply.status for reply in replies] == [200, 302]


def nothing_leads_elsewhere() -> None:
    ours, _ = host()
    headers = ours.handle(hit(ours.click_url(message(), SHOP) + "?url=https://evil.example/")).headers
    assert dict(headers)["Location"] == SHOP
    assert ("Referrer-Policy", "no-referrer") in headers
    assert "set-cookie" not in {name.lower() for name, _ in headers}


def nothing_shows_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    ours, _ = host()
    token = ours.click_url(message("u-canary"), SHOP).split("/")[-2]
    with caplog.at_level(logging.DEBUG, "mailbeacon"):
        pages = [ours.handle(hit(f"/m/{way}/{token}x")).body.decode("latin-1") for way in "cuo"]
        try:
            ours.decode(hit(f"/m/o/{token[:-1]}.gif"))
        except errors.TokenError as error:
            pages.append(str(error))
    said = "".join(pages) + caplog.text
    assert [word for word in ("u-canary", token[:20], ADDRESS) if word in said] == []
    assert len(pages) == 4


def unseen_is_not_inactive() -> None:
    apple = mb.Event(
        id="1",
        kind=mb.Kind.OPEN,
        received_at=LATER,
        recipient="u-17",
        campaign="spring",
        facts=mb.Facts(client="Apple Mail", network=mb.Network(operator="Apple Private Relay", kind="relay")),
    )
    proxy = mb.Verdict(actor=mb.Actor.PRIVACY_PROXY)
    reader = Subscriber(recipient="u-17", added_at=SENT - timedelta(days=900), mails=40)
    [member] = audiences([apple], [proxy], [reader], now=LATER + timedelta(days=300), since=SENT - timedelta(days=900))
    assert member.audience is Segment.UNMEASURABLE


def no_precise_place_or_time() -> None:
    for kind in (Lead, ReaderRow, Member):
        fields = get_type_hints(kind)
        moments = [said for said in fields.values() if re.search(r"datetime\.datetime|timedelta", str(said))]
        assert moments == []
        assert "datetime.date" in "".join(map(str, fields.values()))
        assert not {"city", "country", "address", "client"} & set(fields)


def many_before_one() -> None:
    ours, sink = host()
    ours.handle(hit(ours.open_url(message("u-canary"))))
    tally = mb.tally(sink.events())
    forms = [write(tally) for write in (reporting.to_text, reporting.to_json, reporting.to_csv, reporting.to_html)]
    assert [form for form in (*forms, tally.to_json()) if "u-canary" in form] == []
    assert json.loads(forms[1])["opens"]["hits"]["total"] == 1
    assert {"score", "hot", "read_report", "audiences"} <= set(counting.__all__)


def the_way_out_is_easy() -> None:
    left: list[mb.Leave] = []
    ours, sink = host(on_leave=left.append)
    for action in mb.Action:
        url = ours.leave_url(message(opens=mb.Level.NONE, clicks=mb.Level.NONE), action)
        page = ours.handle(hit(url))
        assert (page.status, page.body.count(b"<button"), b"<script" in page.body) == (200, 1, False)
        assert not left
        assert ours.handle(request(url, "POST")).status == 200
        assert [one.action for one in left] == [action]
        left.clear()
    assert [event.kind.value for event, _ in sink.events() if event.kind is not mb.Kind.LEAVE_PAGE] == [
        "unsubscribe",
        "withdraw",
    ]


def the_text_is_made_of_the_settings() -> None:
    said = privacy.notice(beacon().settings)
    assert "We record when you open our mails" in said
    assert "not kept" in said
    kept = privacy.notice(beacon(keep_address="keep").settings)
    assert "address is kept as it came" in kept


LINES: dict[str, Callable[..., None]] = {
    "What names the reader's device is forgotten": device_is_forgotten,
    "The token holds no address": no_address_in_a_token,
    "The reader's browser may say no": the_browser_may_say_no,
    "The reader's choice of today wins": todays_choice_wins,
    "A link always works": a_link_always_works,
    "Nothing leads elsewhere": nothing_leads_elsewhere,
    "No page or error shows the reader": nothing_shows_the_reader,
    "An unseen reader is not called inactive": unseen_is_not_inactive,
    "No precise place or time of one person": no_precise_place_or_time,
    "Figures of many before figures of one": many_before_one,
    "The way out is easy": the_way_out_is_easy,
    "What is done can be said": the_text_is_made_of_the_settings,
}


def test_the_page_has_these_lines_and_no_other():
    assert re.findall(r"^\| (?!for the reader|---)([^|]+?) \|", PAGE, re.MULTILINE) == list(LINES)


@pytest.mark.parametrize("line", LINES)
def test_what_the_page_says_happens_by_default(line, caplog):
    check = LINES[line]
    check(*([caplog] if check is nothing_shows_the_reader else []))
