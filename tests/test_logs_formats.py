"""Lines of access logs, one format at a time: each says what the server was sent, or says that it cannot be read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.errors import ConfigError
from mailbeacon.logs import NAMES, Format, JsonFields, Line, format_of, guess
from tests.linear import grows_too_fast


@pytest.fixture
def logs(shared: Path) -> Path:
    return shared / "data" / "logs"


NGINX_JSON = (
    """log_format j escape=json '{"t":"$time_iso8601","ms":"$msec","ip":"$remote_addr","m":"$request_method",'"""
    """'"u":"$request_uri","uri":"$uri","s":$status,"b":$body_bytes_sent,"r":"$http_referer","ua":"$http_user_agent",'"""
    """'"rt":"$request_time","xff":"$http_x_forwarded_for"}';"""
)
APACHE_X = (
    r'LogFormat "%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t|%{usec}t|%a|%{c}a|%m|%U|%q|%H|%>s|%B|%D|'
    r'%{X-Forwarded-For}i|%v:%p|%{User-Agent}i" x'
)
HAPROXY = "capture request header User-Agent len 400\n    capture request header Referer len 200"

SENT = {
    "aTOK.gif": ("/m/o/aTOK.gif", "Mozilla/5.0"),
    "q1": ("/m/o/q1.gif", 'He said "hi" \\ back'),
    "q2": ("/m/o/q2.gif", "Mozilla/5.0 (é 日本 😀)"),
    "q3": ("/m/o/q3.gif", "bad\udcff\udcfebyte"),
    "q4": ("/m/o/q4.gif", "tab\there"),
    "q5": ('/m/o/q5".gif?a="b"', "x"),
    "q6": ("/m/o/q6%22.gif?a=%22b%22&c=%20", "x%20y"),
    "q7": ("/m/o/q7\\.gif", "x"),
    "q8": ("/m/o/q8é.gif", "x"),
    "q9": ("/m/o/q9'.gif?u=a|b{c}", "it's"),
}
"""What was sent, by the first characters of the file asked for."""


def read(logs: Path, name: str, form: str | None) -> tuple[list[Line | None], int]:
    """What the lines of a real log say, and how many cannot be read."""
    lines = (logs / name).read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]
    made = guess(lines) if form is None else format_of(form)
    found, errors = [], 0
    for line in lines:
        try:
            found.append(made.parse(line))
        except ValueError:
            errors += 1
    return found, errors


def asked(line: Line) -> str:
    return next(
        (
            key
            for key in SENT
            if line.target.startswith(f"/m/o/{key}") and not line.target[6 + len(key) - 1 :][:1].isdigit()
        ),
        "",
    )


@pytest.mark.parametrize(
    ("name", "form", "lost"),
    [
        pytest.param("nginx-c.log", None, {}, id="nginx combined, guessed"),
        pytest.param("nginx-j.log", NGINX_JSON, {}, id="nginx escape=json, with raw bytes that are no UTF-8"),
        pytest.param("apache-c.log", None, {}, id="Apache combined, guessed"),
        pytest.param(
            "apache-x.log", APACHE_X, {"q6": '/m/o/q6".gif?a=%22b%22&c=%20'}, id="Apache with bars and a decoded path"
        ),
        pytest.param("caddy-c.log", None, {"q3": "bad\ufffd\ufffdbyte"}, id="Caddy, which replaces what is no UTF-8"),
        pytest.param("haproxy-c.log", HAPROXY, {"q8": None}, id="HAProxy httplog, which refuses raw UTF-8 in a target"),
    ],
)
def test_a_real_log_says_what_was_sent(logs: Path, name: str, form: str | None, lost: dict[str, str | None]):
    found, errors = read(logs, name, form)
    said = {asked(line): line for line in found if line is not None and asked(line)}
    for key, (target, agent) in SENT.items():
        if key in lost and lost[key] is None:
            assert key not in said
            continue
        change = lost.get(key)
        assert said[key].target == (change if change and change.startswith("/") else target)
        assert said[key].user_agent == (change if change and not change.startswith("/") else agent)
        assert said[key].address == "127.0.0.1"
        assert said[key].moment.replace(second=0, microsecond=0) in (
            datetime(2026, 11, 27, 4, 1, tzinfo=UTC),
            datetime(2026, 11, 27, 4, 2, tzinfo=UTC),
        )
    assert errors == (16 if name == "haproxy-c.log" else 0)  # lines of a format of its own in the same file


@pytest.mark.parametrize(
    ("name", "form"),
    [("nginx-c.log", None), ("apache-c.log", None), ("haproxy-c.log", HAPROXY), ("nginx-j.log", NGINX_JSON)],
)
def test_no_request_is_not_ours_and_no_error(logs: Path, name: str, form: str | None):
    found, _ = read(logs, name, form)
    assert None in found  # what spoke TLS to the port, or was refused


def test_an_absolute_target_is_kept_as_it_was_sent(logs: Path):
    for name in ("nginx-c.log", "apache-c.log", "caddy-c.log"):
        found, _ = read(logs, name, None)
        assert "http://t.example.com/m/o/abs.gif" in [line.target for line in found if line]


def test_an_agent_that_was_sent_empty_or_not_at_all_is_empty(logs: Path):
    for name in ("nginx-c.log", "apache-c.log", "caddy-c.log"):
        found, _ = read(logs, name, None)
        agents = {line.target: line.user_agent for line in found if line}
        assert agents["/m/o/q10.gif"] == agents["/m/o/q11.gif"] == ""


def test_milliseconds_are_read_where_the_log_has_them(logs: Path):
    found, _ = read(logs, "nginx-j.log", NGINX_JSON)
    assert found[0].moment == datetime(2026, 11, 27, 4, 1, 50, 400_000, tzinfo=UTC)
    found, _ = read(logs, "apache-x.log", APACHE_X)
    assert found[0].moment == datetime(2026, 11, 27, 4, 1, 50, 584_514, tzinfo=UTC)
    found, _ = read(logs, "haproxy-c.log", HAPROXY)
    assert found[0].moment == datetime(2026, 11, 27, 4, 1, 50, 976_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "what"),
    [
        pytest.param(
            "log_format r escape=none '$remote_addr|$request|$http_user_agent';", "without escaping", id="raw fields"
        ),
        pytest.param("'$remote_addr$request_uri [$time_local]'", "nothing stands between", id="no literal between"),
        pytest.param("$remote_addr [$time_local]", "no request target", id="no target"),
        pytest.param('$remote_addr "$request"', "no time", id="no time"),
        pytest.param(
            'log-format "%ci [%tr] \\"%[capture.req.hdr(0)]\\" %{+Q}r"', "without escaping", id="HAProxy's raw capture"
        ),
        pytest.param("%h %t %{X}i%r", "nothing stands between", id="Apache, no literal between"),
        pytest.param("%h %{%Q}t %r", "cannot be read back", id="a time nobody can read"),
        pytest.param("no such format", "there is no format", id="an unknown name"),
        pytest.param("log_format r escape=html '$request';", "escape must be", id="an unknown way of escaping"),
    ],
)
def test_a_format_that_cannot_be_read_safely_is_refused_with_the_reason(form: str, what: str):
    with pytest.raises(ConfigError, match=what):
        format_of(form)


MOMENT = datetime(2026, 11, 27, 4, 1, 50, tzinfo=UTC)
CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id\n"
    "2026-11-27\t04:01:50\tFRA56\t300\t192.0.2.1\tGET\td1.cloudfront.net\t/m/o/aT.s.gif\t200\thttps://mail.example/%22\t"
    "Mozilla/5.0%20(X11)\tq=1\t-\tMiss\tREQ1=="
)
IIS = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-27 04:00:00\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status\n"
    "2026-11-27 04:01:50 10.0.0.1 GET /m/o/aT.s.gif q=1 443 - 192.0.2.1 Mozilla/5.0+(X11) https://mail.example/ 200"
)
ALB = (
    "https 2026-11-27T04:01:50.123456Z app/lb/1 192.0.2.1:2817 10.0.0.1:80 0.0 0.1 0.0 200 200 34 366 "
    '"GET https://t.example.com:443/m/o/aT.s.gif?q=1 HTTP/2.0" "Mozilla/5.0 (X11)" TLS TLSv1.3 arn "Root=1" "t.example.com" '
    '"arn" 0 2026-11-27T04:01:50.000000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'
)
TRAEFIK = (
    '192.0.2.1 - - [27/Nov/2026:04:01:50 +0000] "GET /m/o/aT.s.gif?q=1 HTTP/2.0" 200 43 "-" "Mozilla/5.0 (X11)" 7 '
    '"web@docker" "http://10.0.0.1:80" 1ms'
)
TRAEFIK_JSON = (
    '{"ClientHost":"192.0.2.1","RequestMethod":"GET","RequestPath":"/m/o/aT.s.gif?q=1","DownstreamStatus":200,'
    '"StartUTC":"2026-11-27T04:01:50.000000001Z","request_User-Agent":"Mozilla/5.0 (X11)"}'
)
CLOUDFLARE = (
    '{"ClientIP":"192.0.2.1","ClientRequestMethod":"GET","ClientRequestURI":"/m/o/aT.s.gif?q=1","EdgeResponseStatus":200,'
    '"EdgeStartTimestamp":1795752110000000000,"RayID":"abc","ClientRequestUserAgent":"Mozilla/5.0 (X11)",'
    '"ClientXRequestedWith":"com.mail"}'
)
GOOGLE = (
    '{"httpRequest":{"requestMethod":"GET","requestUrl":"https://t.example.com/m/o/aT.s.gif?q=1","status":200,'
    '"userAgent":"Mozilla/5.0 (X11)","remoteIp":"192.0.2.1"},"insertId":"i1","timestamp":"2026-11-27T04:01:50Z"}'
)
CLOUDFRONT_JSON = (
    '{"date":"2026-11-27","time":"04:01:50","c-ip":"192.0.2.1","cs-method":"GET","cs-uri-stem":"/m/o/aT.s.gif",'
    '"cs-uri-query":"q=1","sc-status":"200","cs(User-Agent)":"Mozilla/5.0%20(X11)","x-edge-request-id":"REQ1=="}'
)
FASTLY_JSON = (
    '{"timestamp":"2026-11-27T04:01:50+0000","client_ip":"192.0.2.1","url":"\\/m\\/o\\/aT.s.gif?q=1","request_method":"GET",'
    '"response_status":200,"request_user_agent":"Mozilla\\/5.0 (X11)"}'
)
MAIN = (
    '192.0.2.1 - - [27/Nov/2026:04:01:50 +0000] "GET /m/o/aT.s.gif?q=1 HTTP/2.0" 200 43 "-" "Mozilla/5.0 (X11)" '
    '"203.0.113.9, 10.0.0.1"'
)
VHOST = (
    't.example.com:443 192.0.2.1 - - [27/Nov/2026:04:01:50 +0000] "GET /m/o/aT.s.gif?q=1 HTTP/1.1" 200 43 '
    '"-" "Mozilla/5.0 (X11)"'
)
COMMON = '192.0.2.1 - - [27/Nov/2026:09:31:50 +0530] "GET /m/o/aT.s.gif?q=1 HTTP/1.1" 200 43'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cloudfront", CLOUDFRONT), ("iis", IIS), ("alb", ALB), ("traefik", TRAEFIK), ("traefik-json", TRAEFIK_JSON),
        ("cloudflare", CLOUDFLARE), ("google", GOOGLE), ("cloudfront-json", CLOUDFRONT_JSON), ("fastly-json", FASTLY_JSON),
        ("nginx-main", MAIN), ("apache-vhost", VHOST), ("common", COMMON),
    ],
)  # fmt: skip
def test_each_named_format_is_guessed_and_says_what_was_sent(name: str, text: str):
    lines = text.split("\n")
    made = guess(lines)
    assert made.name == name
    *_, said = [made.parse(line) for line in lines]
    assert said.moment == MOMENT
    assert said.method == "GET"
    assert said.target.endswith("/m/o/aT.s.gif?q=1")
    assert said.status == "200"
    assert said.address == "192.0.2.1"
    assert said.user_agent == ("" if name == "common" else "Mozilla/5.0 (X11)")
    again = format_of(name)
    assert [again.parse(line) for line in lines][-1] == said


def test_the_server_s_own_name_for_a_request_is_kept():
    for name, text in (("cloudfront", CLOUDFRONT), ("cloudflare", CLOUDFLARE), ("google", GOOGLE)):
        made = format_of(name)
        assert [made.parse(line) for line in text.split("\n")][-1].identity in ("REQ1==", "abc", "i1")


def test_traefik_s_agent_is_unknown_where_a_bare_quote_stands_in_it():
    line = TRAEFIK.replace("(X11)", '"x" y')
    said = format_of("traefik").parse(line)
    assert (said.user_agent, said.target) == ("", "/m/o/aT.s.gif?q=1")


def test_fields_may_change_inside_an_iis_log_and_an_old_cloudfront_agent_is_encoded_twice():
    made = format_of("iis")
    for line in IIS.split("\n"):
        made.parse(line)
    made.parse("#Fields: date time c-ip cs-method cs-uri-stem sc-status")
    assert made.parse("2026-11-27 04:01:50 192.0.2.2 GET /m/o/aT.s.gif 200").address == "192.0.2.2"
    made = format_of("cloudfront")
    *_, said = [made.parse(line) for line in CLOUDFRONT.replace("5.0%20(", "5.0%2520(").split("\n")]
    assert said.user_agent == "Mozilla/5.0 (X11)"


def test_a_map_of_names_reads_any_json():
    fields = JsonFields(time="at.ms", target="req.path", address=("ip",), user_agent="ua")
    said = format_of(fields).parse('{"at":{"ms":1795752110400},"req":{"path":"/o/a.gif"},"ip":"::1","ua":"x"}')
    assert said.moment == MOMENT + timedelta(milliseconds=400)
    assert (said.target, said.address, said.user_agent, said.method) == ("/o/a.gif", "::1", "x", "GET")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('127.0.0.1 - - [27/Nov/2026:04:01:50 +0000] "GET /m/o/q1.gif HT', id="cut in the middle"),
        pytest.param(
            '127.0.0.1 - - [31/Xxx/2026:04:01:50 +0000] "GET /m/o/q1.gif HTTP/1.1" 200 2 "-" "x"', id="no month"
        ),
        pytest.param(
            '127.0.0.1 - - [29/Feb/2026:04:01:50 +0000] "GET /m/o/q1.gif HTTP/1.1" 200 2 "-" "x"', id="no such day"
        ),
        pytest.param(
            '127.0.0.1 - - [27/Nov/2026:04:61:50 +0000] "GET /m/o/q1.gif HTTP/1.1" 200 2 "-" "x"', id="no such minute"
        ),
        pytest.param("", id="empty"),
        pytest.param("{}", id="of another format"),
    ],
)
def test_what_is_no_line_of_the_format_is_an_error(line: str):
    with pytest.raises(ValueError):
        format_of("combined").parse(line)


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("27/Nov/2026:09:31:50 +0530", MOMENT),
        ("26/Nov/2026:20:01:50 -0800", MOMENT),
        ("29/Feb/2028:00:00:00 +0000", datetime(2028, 2, 29, tzinfo=UTC)),
        ("30/Jun/2026:23:59:60 +0000", datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_zones_leap_days_and_leap_seconds(time: str, moment: datetime):
    assert format_of("combined").parse(f'::1 - - [{time}] "GET /o/a.gif HTTP/1.1" 200 2 "-" "x"').moment == moment


def test_a_time_without_a_zone_is_read_in_the_one_that_is_given_and_said_where_none_is():
    line = (
        '192.0.2.1:1 [27/Nov/2026:05:01:50.000] f b/s 0/0/0/0/0 200 73 - - ---- 1/1/0/0/0 0/0 "GET /o/a.gif HTTP/1.1"'
    )
    assert format_of("haproxy", zone=ZoneInfo("Europe/Berlin")).parse(line).moment == MOMENT
    summer = line.replace("27/Nov", "27/Jul")
    assert format_of("haproxy", zone=ZoneInfo("Europe/Berlin")).parse(summer).moment.hour == 3
    assert "zone" in format_of("haproxy").notes[0]


def test_haproxy_s_own_format_with_captures_in_json_is_read():
    made = format_of(
        HAPROXY + '\nlog-format "%ci:%cp [%tr] %ft %ST %B %HM %{+Q}HU \\"%[capture.req.hdr(0),json(utf8s)]\\""'
    )
    line = (
        '192.0.2.1:5 [27/Nov/2026:04:01:50.000] f2 200 73 GET "/m/o/q5#22.gif?a=#22b#22" "He said \\"hi\\" \\\\ back"'
    )
    said = made.parse(line)
    assert (said.target, said.user_agent, said.address) == ('/m/o/q5".gif?a="b"', 'He said "hi" \\ back', "192.0.2.1")
    assert made.parse('192.0.2.1:5 [27/Nov/2026:04:01:50.000] f2 400 0 <BADREQ> "<BADREQ>" "-"') is None


def test_a_syslog_prefix_before_haproxy_s_line_is_passed_over():
    line = (
        "Nov 27 04:01:50 host haproxy[12]: 2001:db8::1:443 [27/Nov/2026:04:01:50.000] f b/s 0/0/0/0/0 200 73 - - ---- "
        '1/1/0/0/0 0/0 "GET /o/a.gif HTTP/1.1"'
    )
    assert format_of("haproxy").parse(line).address == "2001:db8::1"


def nginx_escaped(text: str) -> str:
    """How nginx writes a value. Source: ngx_http_log_escape, 1.22."""
    return "".join(
        f"\\x{byte:02X}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte) for byte in text.encode()
    )


def apache_escaped(text: str) -> str:
    """How Apache writes a value. Source: ap_escape_logitem, 2.4."""
    named = {8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    return "".join(named.get(byte) or (chr(byte) if 32 <= byte <= 126 else f"\\x{byte:02x}") for byte in text.encode())


@given(agent=st.text(), referer=st.text(min_size=1))
@pytest.mark.parametrize("escaped", [nginx_escaped, apache_escaped])
def test_whatever_a_client_sends_is_read_back(escaped, agent: str, referer: str):
    line = f'::1 - - [27/Nov/2026:04:01:50 +0000] "GET /o/a.gif HTTP/1.1" 200 2 "{escaped(referer)}" "{escaped(agent)}"'
    said = format_of("combined").parse(line)
    assert said.user_agent == ("" if agent == "-" else agent)
    assert said.fields == ((("referer", referer),) if referer != "-" else ())


@given(line=st.text(max_size=300))
@pytest.mark.parametrize("name", NAMES)
def test_any_text_is_a_line_or_an_error_that_is_told(name: str, line: str):
    made = format_of(name)
    try:
        said = made.parse(line)
    except ValueError:
        return
    assert said is None or isinstance(said, Line)


@pytest.mark.parametrize("name", NAMES)
def test_long_hostile_lines_take_linear_time(name: str):
    parse = format_of(name).parse
    head = '::1 - - [27/Nov/2026:04:01:50 +0000] "GET /o/a.gif HTTP/1.1" 200 2 "'

    def work(line: str) -> None:
        with suppress(ValueError):
            parse(line)

    for unit in ('"', " ", "\\", "[", "|", "{", '\\"', "%", "/o/", " - ", '" "'):
        for before in ("", head):
            text = lambda size, unit=unit, before=before: before + (unit * size)[:size]  # noqa: E731
            assert not grows_too_fast(work, text, size=3_500), f"{before[:3]}{unit}"


def test_bars_in_an_agent_do_not_move_the_fields_after_it():
    made = format_of("%h|%t|%{User-Agent}i|%r|%>s")
    said = made.parse("::1|[27/Nov/2026:04:01:50 +0000]|a|b|GET /o/a.gif HTTP/1.1|200")
    assert (said.user_agent, said.target, said.status) == ("a|b", "/o/a.gif", "200")
    with pytest.raises(ValueError):
        made.parse(f"::1|[27/Nov/2026:04:01:50 +0000]|{'|' * 100}|GET /o/a.gif HTTP/1.1|200")


def test_a_format_of_an_older_version_may_say_whether_its_times_are_whole_seconds():
    with pytest.warns(DeprecationWarning, match="leave it out") as warned:
        made = Format(name="ours", parse=lambda _: None, whole_seconds=True)
    assert warned[0].filename == __file__
    assert not hasattr(made, "whole_seconds") or made.whole_seconds is None
