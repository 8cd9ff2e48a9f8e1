"""Settings from plain values, as frameworks' configurations hold them."""

from __future__ import annotations

from datetime import timedelta

import pytest

import mailbeacon as mb
from mailbeacon.beacon.configuring import settings_of
from mailbeacon.errors import ConfigError
from mailbeacon.store import JsonlSink, MemorySink, SpoolSink, SqliteHistory, SqliteSink

NEEDED = {
    "MAILBEACON_BASE_URL": "https://t.example.com/m",
    "MAILBEACON_SECRET_KEYS": "0123456789abcdef, fedcba9876543210",
}
SINK = MemorySink()


def _made(values: dict[str, str]) -> mb.Settings:
    return settings_of({name.removeprefix("MAILBEACON_"): text for name, text in values.items()}, prefix="MAILBEACON_")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("honor_dnt", "yes", True),
        ("wrap_visible_urls", "0", False),
        ("max_age", "3600", timedelta(hours=1)),
        ("trusted_proxies", "10.0.0.1/32 127.0.0.1/32", ["10.0.0.1/32", "127.0.0.1/32"]),
        ("default_level", "none", mb.Level.NONE),
        ("sink", "test_configuring:SINK", SINK),
        ("pixel", "top", "top"),
    ],
)
def test_texts_become_what_the_setting_wants(name, text, value, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "test_configuring", __import__("sys").modules[__name__])
    found = _made({**NEEDED, f"MAILBEACON_{name.upper()}": text})
    assert getattr(found, name) == value


def test_a_sink_and_a_history_are_named_by_where_they_keep_events(tmp_path):
    made = settings_of(
        {"base_url": "https://t.example.com/m", "secret_keys": ["0123456789abcdef"], "sink": str(tmp_path / "a.jsonl"),
         "history": str(tmp_path / "h.sqlite"), "spool": tmp_path / "spool"}
    )  # fmt: skip
    assert isinstance(made.sink, SpoolSink)
    assert isinstance(made.sink.sink, JsonlSink)
    assert isinstance(made.history, SqliteHistory)
    plain = _made({**NEEDED, "MAILBEACON_SINK": str(tmp_path / "events.sqlite")})
    assert isinstance(plain.sink, SqliteSink)
    for store in (made.sink, made.sink.sink, made.history, plain.sink):
        store.close()


@pytest.mark.parametrize(("given", "seconds"), [("0.05", 0.05), (2, 2.0), (timedelta(seconds=1), 1.0), (None, 0.25)])
@pytest.mark.parametrize("name", ["a.jsonl", "a.sqlite", "sqlite:///{}/b.sqlite"])
def test_how_long_a_reply_waits_for_named_stores_is_one_setting(tmp_path, given, seconds, name):
    if "://" in name:
        pytest.importorskip("sqlalchemy", reason="a database is named with SQLAlchemy")
    text = name.format(tmp_path) if "://" in name else str(tmp_path / name)
    more = {} if given is None else {"WAIT": given}
    made = settings_of({"BASE_URL": "https://t.example.com/m", "SECRET_KEYS": ["0123456789abcdef"], "SINK": text,
                        "HISTORY": f"{tmp_path}/h.sqlite", **more})  # fmt: skip
    within = {
        JsonlSink: lambda sink: sink._wait_seconds,
        SqliteSink: lambda sink: sink._database._wait_seconds,
    }.get(type(made.sink), lambda sink: sink._tables.within._seconds)
    assert within(made.sink) == made.history._database._wait_seconds == seconds
    for store in (made.sink, made.history):
        store.close()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"MAILBEACON_WAIT": "1"}, "MAILBEACON_WAIT is in seconds, and for a sink or history named by a text"),
        ({"MAILBEACON_WAIT": "soon"}, "MAILBEACON_WAIT must be a number"),
        ({"MAILBEACON_WAIT": "-1", "MAILBEACON_SINK": "events.jsonl"}, "wait must be a timedelta of zero or more"),
        ({"MAILBEACON_WAITS": "1"}, "did you mean MAILBEACON_WAIT"),
        ({"MAILBEACON_SECRET_KEY": "x"}, "did you mean MAILBEACON_SECRET_KEYS"),
        ({"MAILBEACON_SPOOOL": "x"}, "did you mean MAILBEACON_SPOOL"),
        ({"MAILBEACON_ZEBRA": "x"}, "there is no setting MAILBEACON_ZEBRA$"),
        ({"MAILBEACON_MAX_AGE": "long"}, "MAILBEACON_MAX_AGE must be a number"),
        ({"MAILBEACON_MAX_AGE": "inf"}, "MAILBEACON_MAX_AGE must be a number"),
        ({"MAILBEACON_MAX_AGE": "nan"}, "MAILBEACON_MAX_AGE must be a number"),
        ({"MAILBEACON_CLOCK_SKEW": "1e300"}, "MAILBEACON_CLOCK_SKEW must be a number of seconds"),
        ({"MAILBEACON_MAX_HITS_PER_MESSAGE": "1e400"}, "MAILBEACON_MAX_HITS_PER_MESSAGE must be a number"),
        ({"MAILBEACON_MAX_HITS_PER_MESSAGE": "2.5"}, "MAILBEACON_MAX_HITS_PER_MESSAGE must be a whole number"),
        ({"MAILBEACON_HONOR_DNT": "maybe"}, "MAILBEACON_HONOR_DNT must be yes or no"),
        ({"MAILBEACON_DEFAULT_LEVEL": "all"}, "MAILBEACON_DEFAULT_LEVEL must be one of NONE"),
        ({"MAILBEACON_SINK": "no.such.module:thing"}, "package.module:name"),
        ({"MAILBEACON_BASE_URL": ""}, "MAILBEACON_BASE_URL is missing"),
    ],
)
def test_what_cannot_work_is_said_with_the_variables_name(values, says):
    with pytest.raises(ConfigError, match=says):
        _made({**NEEDED, **values})


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 10**20], ids=str)
def test_a_time_that_is_none_is_said(seconds):
    with pytest.raises(ConfigError, match="max_age must be a number of seconds"):
        settings_of({"base_url": "https://t.example.com/m", "secret_keys": ["0123456789abcdef"], "max_age": seconds})


def test_the_name_of_a_setting_is_a_text():
    with pytest.raises(ConfigError, match="must be a text, got 5"):
        settings_of({5: "x"})
