"""Access logs as events: what the live application would have recorded, but for what a log cannot show."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from mailbeacon import Beacon, Message, fake, logs
from mailbeacon.errors import ConfigError, LogLineError, MissingExtra
from mailbeacon.fake.traffic import SENT_AT, sample_beacon, sample_traffic
from mailbeacon.logs.files import Piece, blocks, open_log, pieces
from mailbeacon.model import Action, Event, Kind, Level, Request
from tests import making

FORMATS = ("nginx", "apache", "caddy", "cloudfront")


@pytest.fixture(scope="module")
def traffic():
    beacon, _, _ = sample_beacon()
    return sample_traffic(beacon, "business", recipients=300)


def write(path: Path, traffic, form: str = "nginx") -> Path:
    path.write_text("".join(f"{line}\n" for line in fake.log_lines(traffic.hits, form)), "utf-8", "surrogateescape")
    return path


def said(event: Event) -> tuple[object, ...]:
    return event.kind, event.mail, event.link, event.url, event.method, event.sent_at


@pytest.mark.parametrize("form", FORMATS)
def test_a_log_holds_the_events_of_the_requests(tmp_path: Path, traffic, form: str):
    live = [event for event, _ in traffic.events() if event.method in ("GET", "HEAD")]
    seen = []
    read = list(
        logs.read(
            write(tmp_path / "access.log", traffic, form), traffic.beacon, on_format=lambda *told: seen.append(told)
        )
    )
    assert Counter(map(said, read)) == Counter(map(said, live))
    assert {event.source for event in read} == {"log"}
    assert len({event.id for event in read}) == len(read)
    assert [told[1].name for told in seen] == ["combined" if form in ("nginx", "apache") else form]


def test_facts_are_those_of_the_request_but_for_headers_a_log_has_no_column_for(tmp_path: Path, traffic):
    live = {(said(event), event.received_at.replace(microsecond=0)): event for event, _ in traffic.events()}
    for event in logs.read(write(tmp_path / "access.log", traffic), traffic.beacon):
        facts, other = event.facts, live[said(event), event.received_at].facts
        assert (facts.agent, facts.client, facts.network_id, facts.network) == (
            other.agent,
            other.client,
            other.network_id,
            other.network,
        )
        assert facts.agent_id == other.agent_id
    caddy = list(logs.read(write(tmp_path / "caddy.log", traffic, "caddy"), traffic.beacon))
    whole = {(said(event), event.received_at.replace(microsecond=0)): event.facts for event, _ in traffic.events()}
    same = [event.facts == whole[said(event), event.received_at.replace(microsecond=0)] for event in caddy]
    assert sum(same) > 0.98 * len(same)  # two hits of one second may stand for each other here


def test_nothing_personal_is_in_an_event_unless_the_host_asks(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    assert not any(event.address or event.user_agent or event.headers for event in logs.read(path, traffic.beacon))
    keeps = making.beacon(
        secret_keys=[b"a key for tests, no secret at all"], keep_address="keep", keep_user_agent="keep"
    )
    assert all(event.address for event in logs.read(path, keeps))


def test_the_same_line_twice_is_two_hits_and_in_two_files_one(tmp_path: Path, traffic):
    lines = list(fake.log_lines(traffic.hits[:5], "nginx"))
    one, other = tmp_path / "access.log", tmp_path / "access.log.1"
    one.write_text("\n".join([lines[0], lines[0], lines[0], lines[1]]) + "\n")
    other.write_text("\n".join([lines[0], lines[0]]) + "\n")
    ids = [event.id for event in logs.read(one, traffic.beacon)]
    assert len(set(ids)) == 4
    assert [event.id for event in logs.read(other, traffic.beacon)] == ids[:2]
    assert [event.id for event in logs.read([one, other], traffic.beacon)] == [*ids, *ids[:2]]


def test_a_request_with_a_name_of_its_own_is_one_however_often_it_is_written(tmp_path: Path, traffic):
    path = write(tmp_path / "cloudfront.log", traffic, "cloudfront")
    text = path.read_text()
    doubled = tmp_path / "twice.log"
    doubled.write_text(text + text.splitlines()[-1] + "\n")
    assert [event.id for event in logs.read(path, traffic.beacon)] == [
        event.id for event in logs.read(doubled, traffic.beacon)
    ]


def test_every_line_is_an_event_or_not_ours_or_an_error_with_file_and_number(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    good = path.read_bytes().split(b"\n")[:-1]
    odd = [
        b'::1 - - [03/Nov/2026:09:00:00 +0000] "GET /favicon.ico HTTP/1.1" 404 0 "-" "x"',
        b'::1 - - [03/Nov/2026:09:00:00 +0000] "GET /m/o/aFORGED.AAAAAAAAAAAAAAAAAAAAAA.gif HTTP/1.1" 200 0 "-" "x"',
        b'::1 - - [03/Nov/2026:09:00:00 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"',
        b"\0\0\0\0",
        b'::1 - - [03/Nov/2026:09:00:00 +0000] "GET /m/o/a',
        b"",
        b"\xff\xfe\xfd",
    ]
    path.write_bytes(b"\n".join([*good[:10], *odd, *good[10:]]) + b"\n")
    told: list[tuple[LogLineError, str]] = []
    events = list(logs.read(path, traffic.beacon, on_error=lambda *one: told.append(one)))
    assert len(events) == len(list(logs.read(write(tmp_path / "b.log", traffic), traffic.beacon)))
    assert [error.number for error, _ in told] == [14, 15, 16, 17]
    assert {error.file for error, _ in told} == {str(path)}
    assert told[-1][1].encode("utf-8", "surrogateescape") == odd[-1]
    assert not any("aFORGED" in str(error) for error, _ in told)


def test_reading_ends_at_the_first_bad_line_only_for_whoever_asks(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    path.write_bytes(b"nonsense\n" + path.read_bytes())

    def stop(error: LogLineError, line: str) -> None:
        raise error

    with pytest.raises(LogLineError):
        list(logs.read(path, traffic.beacon, "combined", on_error=stop))


def test_lines_that_cannot_be_read_are_told_once_where_nobody_asks(tmp_path: Path, traffic, caplog):
    path = write(tmp_path / "access.log", traffic)
    path.write_bytes(path.read_bytes() + b"nonsense\nmore\n")
    assert list(logs.read(path, traffic.beacon))
    assert [record.message for record in caplog.records] == [f"2 of {len(traffic.hits) + 2} lines could not be read"]


def test_compressed_logs_and_patterns_are_read(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    whole = [event.id for event in logs.read(path, traffic.beacon)]
    data = path.read_bytes()
    middle = data.index(b"\n", len(data) // 2) + 1
    (tmp_path / "several.log.gz").write_bytes(
        gzip.compress(data[:middle]) + gzip.compress(data[middle:].removesuffix(b"\n"))
    )
    assert [event.id for event in logs.read(tmp_path / "*.gz", traffic.beacon)] == whole


def test_zstandard_is_read_with_its_extra(tmp_path: Path, traffic, need):
    zstandard = need("zstandard", "reading .zst")
    data = write(tmp_path / "access.log", traffic).read_bytes()
    (tmp_path / "a.zst").write_bytes(zstandard.compress(data))
    assert len(list(logs.read(tmp_path / "a.zst", traffic.beacon))) == len(traffic.hits) - sum(
        hit.request.method not in ("GET", "HEAD") or hit.status == 404 for hit in traffic.hits
    )


def test_without_the_extra_the_pip_line_is_told(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(MissingExtra, match=r"mailbeacon\[zstd\]"):
        open_log(str(tmp_path / "a.zst"))


def test_a_bom_line_ends_of_windows_and_latin_1_do_no_harm(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    whole = [said(event) for event in logs.read(path, traffic.beacon)]
    data = path.read_bytes().replace(b"\n", b"\r\n")
    odd = '::1 - - [03/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 0 "-" "é"\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + data + odd.encode("latin-1"))
    assert [said(event) for event in logs.read(path, traffic.beacon)] == whole


def test_a_last_line_without_its_end_may_still_be_written_and_is_left(tmp_path: Path, traffic):
    path = write(tmp_path / "access.log", traffic)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert (
        len(list(logs.read(path, traffic.beacon)))
        == len(list(logs.read(write(tmp_path / "b", traffic), traffic.beacon))) - 1
    )


def test_a_format_that_cannot_be_guessed_and_a_pattern_that_names_nothing_are_refused(tmp_path: Path, traffic):
    (tmp_path / "odd.log").write_text("a b c\nd e f\n")
    with pytest.raises(ConfigError, match="give one"):
        list(logs.read(tmp_path / "odd.log", traffic.beacon))
    with pytest.raises(ConfigError, match="no file is named"):
        list(logs.read(tmp_path / "*.gz", traffic.beacon))


def test_a_log_that_was_just_rotated_is_empty_and_ends_nothing(tmp_path: Path, traffic):
    whole = [event.id for event in logs.read(write(tmp_path / "access.log", traffic), traffic.beacon)]
    (tmp_path / "access.log.1").write_text("")
    said: dict[str, str] = {}
    found = logs.read(tmp_path / "access*", traffic.beacon, on_format=lambda path, made: said.update({path: made.name}))
    assert [event.id for event in found] == whole
    assert said == {str(tmp_path / "access.log"): "combined", str(tmp_path / "access.log.1"): "empty"}


@pytest.mark.parametrize("size", [1, 7, 100, 1_000, 1 << 20])
def test_pieces_of_any_size_hold_each_line_once(tmp_path: Path, traffic, size: int):
    path = write(tmp_path / "access.log", traffic)
    whole = path.read_text().split("\n")[:-1]
    cut = pieces([str(path)], max(size * 50, 400))
    read = []
    for piece in cut:
        with open_log(str(path)) as file:
            for block in blocks(file, piece, size=size):
                read += block.lines
    assert read == whole


def test_a_line_without_an_end_takes_no_memory_to_speak_of(tmp_path: Path):
    path = tmp_path / "long.log"
    path.write_bytes(b"x" * 9_000_000 + b"\nshort\n")
    with open_log(str(path)) as file:
        read = list(blocks(file, Piece(str(path))))
    assert [len(line) <= 3_200_000 for block in read for line in block.lines] == [True, True]
    assert read[-1].lines[-1] == "short"
    assert read[-1].end == 9_000_007


def line(
    beacon: Beacon,
    url: str,
    *,
    peer: str = "10.0.0.1",
    hops: str = "203.0.113.9",
    status: int = 200,
    method: str = "GET",
) -> str:
    target = url.removeprefix("https://t.example.com")
    return (
        f'{peer} - - [03/Nov/2026:09:00:00 +0000] "{method} {target} HTTP/1.1" {status} 43 "-" "Mozilla/5.0" "{hops}"\n'
    )


def test_the_reader_s_address_is_behind_the_proxies_the_host_trusts(tmp_path: Path):
    key = [b"a key for tests, no secret at all"]
    trusting = making.beacon(secret_keys=key, trusted_proxies=["10.0.0.1/32"], keep_address="keep")
    plain = making.beacon(secret_keys=key, keep_address="keep")
    path = tmp_path / "access.log"
    path.write_text(line(plain, plain.open_url(Message(recipient="u", campaign="c"))))
    assert [event.address for event in logs.read(path, trusting)] == ["203.0.113.9"]
    assert [event.address for event in logs.read(path, plain)] == ["10.0.0.1"]
    url = plain.open_url(Message(recipient="u", campaign="c")).removeprefix("https://t.example.com")
    values = {"date": "2026-11-03", "time": "09:00:00", "cs-method": "GET", "cs-uri-stem": url, "sc-status": "200"}
    seen = []
    for told in ({"c-ip": "10.0.0.1", "x-forwarded-for": "203.0.113.9"}, {"c-ip": "203.0.113.9"}):
        path.write_text(json.dumps(values | told) + "\n")
        seen += logs.read(path, trusting, "cloudfront-json")
    assert [event.address for event in seen] == ["203.0.113.9", "203.0.113.9"]
    assert seen[0].facts == seen[1].facts


@pytest.mark.parametrize(
    ("status", "method", "counts"),
    [
        (200, "GET", 1),
        (302, "GET", 1),
        (499, "GET", 1),
        (400, "GET", 0),
        (408, "GET", 0),
        (200, "HEAD", 1),
        (405, "PUT", 0),
    ],
)
def test_what_was_no_proper_request_is_not_counted(tmp_path: Path, status: int, method: str, counts: int):
    beacon, _, _ = sample_beacon()
    path = tmp_path / "access.log"
    path.write_text(line(beacon, beacon.open_url(Message(recipient="u", campaign="c")), status=status, method=method))
    assert len(list(logs.read(path, beacon))) == counts


def test_consent_decides_of_lines_too(tmp_path: Path):
    asked = []

    def consent(message: Message, kind: Kind) -> bool:
        asked.append((message.recipient, kind))
        return message.recipient != "no"

    beacon = making.beacon(secret_keys=[b"a key for tests, no secret at all"], consent=consent)
    urls = [beacon.open_url(Message(recipient=name, campaign="c")) for name in ("yes", "no")]
    path = tmp_path / "access.log"
    path.write_text("".join(line(beacon, url) for url in urls))
    assert [event.recipient for event in logs.read(path, beacon)] == ["yes"]
    assert asked == [("yes", Kind.OPEN), ("no", Kind.OPEN)]
    low = making.beacon(secret_keys=[b"a key for tests, no secret at all"], default_level=Level.AGGREGATE)
    assert [(event.recipient, event.facts.network_id) for event in logs.read(path, low)] == [(None, "")] * 2


def test_a_reader_who_opted_out_is_not_in_the_clicks_of_a_log_that_shows_it(tmp_path: Path):
    beacon, _, _ = sample_beacon()
    url = beacon.click_url(Message(recipient="u", campaign="c"), "https://example.com/").removeprefix(
        "https://t.example.com"
    )
    text = (
        '{"ts":1793696400.5,"msg":"handled request","status":302,"request":{"remote_ip":"192.0.2.1","method":"GET","uri":"%s",'
        '"headers":{"User-Agent":["Mozilla/5.0"]%s}}}\n'
    )
    path = tmp_path / "access.log"
    path.write_text(text % (url, "") + text % (url, ',"Sec-Gpc":["1"]'))
    assert len(list(logs.read(path, beacon))) == 1


def test_milliseconds_stay(tmp_path: Path, traffic):
    """An event of a log has the live one's time to the millisecond."""
    path = write(tmp_path / "caddy.log", traffic, "caddy")
    times = [event.received_at for event in logs.read(path, traffic.beacon)]
    live = [event.received_at for event, _ in traffic.events() if event.method in ("GET", "HEAD")]
    assert all(
        abs(one - other) <= timedelta(milliseconds=1) for one, other in zip(sorted(times), sorted(live), strict=True)
    )


def test_who_unsubscribed_is_one_event_with_the_id_of_the_live_application(tmp_path: Path):
    beacon, _, _ = sample_beacon()
    url = beacon.leave_url(Message(recipient="u", campaign="c"), Action.UNSUBSCRIBE)
    path = tmp_path / "access.log"
    path.write_text(line(beacon, url) + line(beacon, url, method="POST") * 2)
    live = beacon.decode(Request(url=url, method="POST", received_at=SENT_AT))
    found = [(event.kind, event.id == live.id) for event in logs.read(path, beacon)]
    assert found == [(Kind.LEAVE_PAGE, False), (Kind.UNSUBSCRIBE, True)]
