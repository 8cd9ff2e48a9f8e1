"""What a scene can be given out as: events, log lines, JSON lines, real HTTP; and how verdicts are scored on it."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import given, settings

import mailbeacon as mb
from mailbeacon import fake
from mailbeacon.errors import ConfigError
from mailbeacon.fake import strategies
from mailbeacon.model import Headers
from mailbeacon.store import MemorySink
from tests import making

SENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
HTML = '<html><body><a href="https://example.com/a">A</a> <a href="https://example.com/b">B</a></body></html>'


def beacon_of(**options):
    return making.beacon(base_url="http://127.0.0.1/m", **options)


BEACON = beacon_of()
TEMPLATE = BEACON.compile(HTML, campaign="spring")


def scene(recipients=120, preset=fake.INTERNAL, beacon=BEACON):
    return list(fake.simulate(beacon, TEMPLATE, preset, recipients=recipients, seed=1, sent_at=SENT))


@pytest.fixture(scope="module")
def hits():
    return scene()


COMBINED = re.compile(
    r'(\S+) - - \[([^]]+)\] "(\S+) (\S+) HTTP/1\.1" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"'
)


@pytest.mark.parametrize("form", ["nginx", "apache"])
def test_a_combined_line_says_what_the_hit_was(hits, form):
    for hit, line in zip(hits, fake.log_lines(hits, form), strict=True):
        address, time, method, url, status, size, _, agent = COMBINED.fullmatch(line).groups()
        request = hit.request
        assert (address, method, url, int(status)) == (request.address, request.method, request.url, hit.status)
        assert datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z") == request.received_at.replace(microsecond=0)
        assert agent == request.fields.get_lower("user-agent") or agent == "-"
        assert size == ("43" if hit.status == 200 else "0" if form == "nginx" else "-")


@pytest.mark.parametrize(
    ("form", "written"),
    [
        pytest.param("nginx", r"a\x22b\x5Cc\xC3\xBC\x09", id="nginx writes bytes in hexadecimal"),
        pytest.param("apache", r"a\"b\\c\xc3\xbc\x09", id="Apache writes quotes with a back-slash"),
    ],
)
def test_a_user_agent_cannot_break_a_line(hits, form, written):
    request = mb.Request(url="/m/o/x.gif", headers={"User-Agent": 'a"b\\cü\t'}, received_at=SENT)
    (line,) = fake.log_lines([fake.Hit(request=request, truth=hits[0].truth)], form)
    assert line.endswith(f'"{written}"')


def test_a_caddy_line_says_what_the_hit_was(hits):
    for hit, line in zip(hits, fake.log_lines(hits, "caddy", host="t.example.org"), strict=True):
        said = json.loads(line)
        request = said["request"]
        assert (request["remote_ip"], request["method"], request["uri"], request["host"], said["status"]) == (
            hit.request.address,
            hit.request.method,
            hit.request.url,
            "t.example.org",
            hit.status,
        )
        assert said["ts"] == pytest.approx(hit.request.received_at.timestamp(), abs=0.0006)
        assert Headers({name: ", ".join(values) for name, values in request["headers"].items()}) == hit.request.fields


def test_a_cloudfront_log_begins_with_its_fields(hits):
    version, fields, *rows = fake.log_lines(hits, "cloudfront")
    assert version == "#Version: 1.0"
    names = fields.removeprefix("#Fields: ").split(" ")
    assert len(rows) == len(hits)
    for hit, row in zip(hits, rows, strict=True):
        said = dict(zip(names, row.split("\t"), strict=True))
        assert (said["c-ip"], said["cs-uri-stem"], said["sc-status"]) == (
            hit.request.address,
            hit.request.url,
            str(hit.status),
        )
        moment = datetime.fromisoformat(f"{said['date']}T{said['time']}+00:00")
        assert moment == hit.request.received_at.replace(microsecond=0)


def test_json_lines_hold_the_request_and_the_truth(hits):
    for hit, line in zip(hits, fake.log_lines(hits, "jsonl"), strict=True):
        said = json.loads(line)
        again = mb.Request(
            url=said["url"],
            method=said["method"],
            headers=said["headers"],
            address=said["address"],
            received_at=datetime.fromisoformat(said["received_at"]),
        )
        assert again == hit.request
        assert said["truth"] == {
            "actor": hit.truth.actor.value,
            "behaviour": hit.truth.behaviour,
            "is_human": hit.truth.is_human,
        }


def test_an_unknown_format_is_refused_at_once():
    with pytest.raises(ConfigError, match="nginx"):
        fake.log_lines([], "iis")


def test_events_are_what_the_beacon_decodes(hits):
    events = list(fake.to_events(hits, BEACON))
    assert [event for event, _ in events] == [BEACON.decode(hit.request) for hit in hits]


class Server:
    """Serve a beacon over real HTTP, by the simulated clock; ``close`` hangs up after each reply without saying so."""

    def __init__(self, *, close=False):
        self.sink, self.clock = MemorySink(), fake.Clock(SENT)
        self.connections = 0
        self.paths = []
        outer = self
        beacon = beacon_of(sink=self.sink, clock=self.clock)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self):
                outer.connections += 1
                super().setup()

            def answer(self):
                outer.paths.append(self.path)
                forwarded = self.headers.get("X-Forwarded-For", "")
                pairs = [
                    (name, value) for name, value in self.headers.items() if name not in ("Host", "X-Forwarded-For")
                ]
                reply = beacon.handle(mb.Request(url=self.path, method=self.command, headers=pairs, address=forwarded))
                self.send_response(reply.status)
                for name, value in reply.headers:
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
                self.close_connection = close

            do_GET = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_playing_a_scene_records_what_the_scene_says(hits):
    with Server() as server:
        played = list(fake.play(hits, server.url, clock=server.clock))
        assert [hit for hit, _ in played] == hits
        assert [status for _, status in played] == [hit.status for hit in hits]
        recorded = [event for event, _ in server.sink.events()]
        wanted = [event for event, _ in fake.to_events(hits, BEACON)]
        assert [(e.kind, e.recipient, e.link, e.received_at, e.facts.client) for e in recorded] == [
            (e.kind, e.recipient, e.link, e.received_at, e.facts.client) for e in wanted
        ]
        assert [e.facts.network for e in recorded] == [e.facts.network for e in wanted]
        assert server.connections == 1


def test_a_server_that_hangs_up_is_asked_on_a_new_connection(hits):
    with Server(close=True) as server:
        assert len(list(fake.play(hits[:5], server.url))) == 5
        assert server.connections == 5


def test_a_mount_path_is_put_before_only_where_it_is_missing(hits):
    with Server() as server:
        list(fake.play(hits[:1], f"{server.url}/m"))
        list(fake.play(hits[:1], f"{server.url}/mail"))
        assert server.paths == [hits[0].request.url, f"/mail{hits[0].request.url}"]


def test_addresses_are_kept_back_when_asked(hits):
    with Server() as server:
        list(fake.play(hits[:3], server.url, forwarded=False))
        assert {event.facts.network_id for event, _ in server.sink.events()} == {""}


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://example.com", id="another machine"),
        pytest.param("ftp://127.0.0.1/", id="no web server"),
        pytest.param("127.0.0.1:8000", id="no URL"),
    ],
)
def test_play_goes_nowhere_else(url):
    with pytest.raises(ConfigError):
        fake.play([], url)


def test_a_clock_goes_where_it_is_set():
    clock = fake.Clock(SENT)
    clock.advance(timedelta(hours=1))
    assert clock() == SENT + timedelta(hours=1)
    clock.set(SENT)
    assert clock() == SENT
    with pytest.raises(ConfigError):
        clock.set(datetime(2026, 1, 1))


def told(actor, said, confidence=0.9, behaviour="b", kind=mb.Kind.OPEN):
    return (
        making.event(kind=kind),
        mb.Verdict(actor=said, confidence=confidence),
        fake.GroundTruth(actor=actor, behaviour=behaviour),
    )


def test_a_score_counts_who_was_taken_for_whom():
    person, scanner, unknown = mb.Actor.HUMAN, mb.Actor.SCANNER, mb.Actor.UNKNOWN
    rows = [
        told(person, person),
        told(person, person, 0.5),
        told(person, scanner),
        told(scanner, scanner, kind=mb.Kind.CLICK, behaviour="s"),
        told(scanner, unknown, kind=mb.Kind.CLICK, behaviour="s"),
    ]
    found = fake.assess(*zip(*rows, strict=True))
    assert found.events == 5
    assert found.accuracy == pytest.approx(0.6)
    assert found.precision(person) == 1.0
    assert found.recall(person) == pytest.approx(2 / 3)
    assert found.precision(scanner) == pytest.approx(0.5)
    assert found.recall(scanner) == pytest.approx(0.5)
    assert found.called_human("b") == pytest.approx(2 / 3)
    assert found.behaviours["s", mb.Kind.CLICK] == {False: 1, None: 1}
    assert [(one.low, one.events, one.said, one.right) for one in found.calibration] == [
        (0.5, 1, 0.5, 1.0),
        (0.9, 3, pytest.approx(0.9), pytest.approx(2 / 3)),
    ]
    assert found.brier == pytest.approx((0.25 + 0.01 + 0.81 + 0.01) / 4)
    assert "scanner" in found.text()


def test_whether_a_person_came_through_a_proxy_is_no_matter_of_confidence():
    """Without network data nobody can tell, and "a person, 90 %" is true of both."""
    rows = [told(mb.Actor.IMAGE_PROXY, mb.Actor.HUMAN), told(mb.Actor.PRIVACY_PROXY, mb.Actor.HUMAN)]
    found = fake.assess(*zip(*rows, strict=True))
    assert (found.accuracy, found.precision(mb.Actor.HUMAN)) == (0.0, 0.0)
    assert [(one.events, one.right) for one in found.calibration] == [(2, 0.5)]
    assert found.brier == pytest.approx((0.01 + 0.81) / 2)


def test_an_empty_score_is_not_an_error():
    found = fake.assess([], [], [])
    assert (found.events, found.accuracy, found.brier) == (0, 1.0, 0.0)


def test_a_score_of_unequal_lists_is_an_error():
    event, verdict, truth = told(mb.Actor.HUMAN, mb.Actor.HUMAN)
    with pytest.raises(ConfigError):
        fake.assess([event], [verdict, verdict], [truth])


def test_the_package_judges_its_own_scenes_well():
    found = list(fake.to_events(scene(6000, fake.BUSINESS), BEACON))
    events, truths = [event for event, _ in found], [truth for _, truth in found]
    score = fake.assess(events, mb.classify_all(events), truths)
    assert score.recall(mb.Actor.PRIVACY_PROXY) == 1.0
    assert score.called_human("scanner-burst") < 0.1
    assert score.called_human("outlook", mb.Kind.CLICK) > 0.9
    assert score.accuracy > 0.85


@settings(max_examples=30, deadline=None)
@given(strategies.messages(campaign="spring"), strategies.newsletters())
def test_newsletters_and_messages_can_be_rewritten(message, html):
    done = BEACON.rewrite(html, message, verify=True)
    assert done.restore() == html


@settings(max_examples=60, deadline=None)
@given(strategies.requests())
def test_a_beacon_stands_any_request(request):
    assert BEACON.answer(request).reply.status in {200, 302, 404, 405}


@settings(max_examples=20, deadline=None)
@given(strategies.hit_sequences(BEACON, TEMPLATE))
def test_hit_sequences_can_be_told(hits):
    events = [event for event, _ in fake.to_events(hits, BEACON)]
    assert Counter(event.campaign for event in events).keys() <= {"spring"}
    assert len(mb.classify_all(events)) == len(events)


def test_strategies_name_the_extra_they_need(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "mailbeacon.fake.strategies")
    with pytest.raises(mb.errors.MissingExtra, match=r"mailbeacon\[test\]"):
        import mailbeacon.fake.strategies  # noqa: F401


def judged(who: str, url: str, **said: object) -> str:
    """Return a line of a made-up hit, and what a tool said of it."""
    truth = {"actor": who, "behaviour": "b", "is_human": who != "scanner"}
    return json.dumps({"url": url, "truth": truth} | ({"said": said} if said else {}))


def test_anybodys_verdicts_are_scored_from_lines_with_the_truth_beside_them() -> None:
    told = fake.assess_lines(
        [
            judged("human", "/m/c/a/b", is_human=True),
            judged("image_proxy", "/m/o/a.gif", is_human=True),
            judged("scanner", "/m/c/a/b", is_human=True),
            judged("scanner", "/m/c/a/b", actor="scanner", confidence=0.9),
            judged("scanner", "/m/c/a/b"),
            "",
        ]
    )
    assert (told.events, told.accuracy) == (4, 0.75)
    assert told.recall(mb.Actor.SCANNER) == 0.5
    with pytest.raises(ConfigError, match="line 2"):
        fake.assess_lines(["", "[1]"])
