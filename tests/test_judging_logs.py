"""A person whose click stands in an access log is a person, whatever columns the log has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import mailbeacon as mb
from mailbeacon import fake, logs
from mailbeacon.fake.traffic import sample_beacon, sample_traffic
from mailbeacon.judging import classify, classify_all
from mailbeacon.model import AgentKind, Hint, NetworkKind
from tests.test_judging import Kind, Network, act

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
MORE = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
    ' "$http_host" "$http_x_forwarded_for" "$http_accept_language" "$http_cookie"'
)


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        pytest.param("combined", "", "", id="combined"),
        pytest.param("nginx-main", "", ' "-"', id="nginx's main"),
        pytest.param("apache-vhost", "t.example.com:443 ", "", id="Apache's vhost_combined"),
        pytest.param(f"log_format more '{MORE}';", "", ' "t.example.com" "-" "en" "-"', id="four more columns"),
    ],
)
def test_a_column_more_or_less_makes_no_machine(tmp_path: Path, form: str, before: str, after: str) -> None:
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef0123456789abcdef"])
    sent = datetime(2026, 11, 2, 9, tzinfo=UTC)
    url = beacon.click_url(mb.Message(recipient="u-1", campaign="spring", sent_at=sent), "https://example.com/1")
    target = url.removeprefix("https://t.example.com")
    path = tmp_path / "access.log"
    path.write_text(
        f'{before}24.17.3.9 - - [02/Nov/2026:09:05:00 +0000] "GET {target} HTTP/1.1" 302 0 "-" "{CHROME}"{after}\n'
    )
    (event,) = logs.read(path, beacon, format=form)
    assert Hint.NO_SEC_FETCH not in event.facts.hints
    assert event.received_at.microsecond == 0  # by which judging knows whole seconds
    assert classify(event).is_human is True


@pytest.mark.parametrize("form", ["cloudfront", "caddy"])
def test_a_reader_of_whom_a_servers_own_format_tells_is_a_person(tmp_path: Path, form: str) -> None:
    """CloudFront's lines have dates, whole seconds and an encoded user agent; Caddy's nearly everything."""
    beacon, _, _ = sample_beacon()
    hits = [
        hit
        for hit in sample_traffic(beacon, "business", recipients=400).hits
        if hit.truth.is_human and "/c/" in hit.request.url
    ]
    path = tmp_path / "access.log"
    path.write_text("".join(f"{line}\n" for line in fake.log_lines(hits, form)), "utf-8", "surrogateescape")
    seen = []
    events = list(logs.read(path, beacon, on_format=lambda *told: seen.append(told[1].name)))
    assert seen == [form]
    assert len(events) == len(hits) > 20
    assert {verdict.is_human for verdict in classify_all(events)} == {True}


@pytest.mark.parametrize("operator", ["Google", "Yahoo"])
def test_a_nameless_browser_from_a_proxy_that_names_itself_is_no_reader_s(operator: str) -> None:
    one = act(Kind.OPEN, agent=AgentKind.BROWSER, network=Network(operator=operator, kind=NetworkKind.MAIL))
    assert classify(one).is_human is None
