"""Settings: what cannot work is said at once, in one clear error, before any mail goes out."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import UTC, datetime, timedelta

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError, MailbeaconError
from mailbeacon.model import Level
from mailbeacon.settings import MIN_KEY_BYTES, Settings, split_keys, utc_now

KEY = b"0123456789abcdef"
BASE = "https://t.example.com/m"


def settings(**options):
    return Settings(**{"base_url": BASE, "secret_keys": [KEY], **options})


class Dateless:
    def record(self, event, verdict):
        raise NotImplementedError


class Forgetful:
    """A history that can be asked, and told nothing."""

    def recent(self, event):
        return ()


def test_the_defaults_are_these():
    """Each is a promise to hosts that leave it out."""
    made = settings()
    assert (made.namespace, made.fallback_url, made.pixel) == ("", "", "auto")
    assert made.default_level is Level.FULL
    assert made.max_age is None
    assert made.clock_skew == timedelta(minutes=5)
    assert (made.keep_address, made.keep_user_agent, made.keep_headers) == ("drop", "drop", "drop")
    for off in ("encrypt", "short_links", "allow_addresses", "wrap_unsubscribe", "honor_dnt"):
        assert getattr(made, off) is False
    assert made.clock is utc_now
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        ("https://t.example.com", "https://t.example.com"),
        ("https://t.example.com/", "https://t.example.com"),
        ("https://t.example.com/m/", "https://t.example.com/m"),
        ("https://t.example.com:8443/m", "https://t.example.com:8443/m"),
        ("https://xn--e1afmkfd.example/m", "https://xn--e1afmkfd.example/m"),
        ("HTTPS://T.example.com", "HTTPS://T.example.com"),
        ("https://[2001:db8::1]/m", "https://[2001:db8::1]/m"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://news.localhost", "http://news.localhost"),
        ("http://127.0.0.1:8000/m", "http://127.0.0.1:8000/m"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_https_or_loopback_and_loses_its_last_slash(base_url, kept):
    assert settings(base_url=base_url).base_url == kept


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        pytest.param("", "absolute https", id="nothing"),
        pytest.param(None, "absolute https", id="none"),
        pytest.param(5, "absolute https", id="a number"),
        pytest.param(b"https://t.example.com", "absolute https", id="bytes"),
        pytest.param("t.example.com", "absolute https", id="no scheme"),
        pytest.param("//t.example.com", "absolute https", id="no scheme but slashes"),
        pytest.param("https://", "absolute https", id="no host"),
        pytest.param("https:///m", "absolute https", id="a path and no host"),
        pytest.param("https://:8000", "absolute https", id="a port and no host"),
        pytest.param("ftp://t.example.com", "absolute https", id="ftp"),
        pytest.param("https://t.example.com:99999", "absolute https", id="no such port"),
        pytest.param("https://[::1", "absolute https", id="a bracket open"),
        pytest.param("http://t.example.com", "must be https", id="http"),
        pytest.param("http://localhost.example.com", "must be https", id="a host that looks like loopback"),
        pytest.param("http://10.0.0.1", "must be https", id="a private address"),
        pytest.param("https://user:pw@t.example.com", "no user name", id="a user"),
        pytest.param("https://t.example.com/m?a=1", "no query", id="a query"),
        pytest.param("https://t.example.com?", "no query", id="an empty query"),
        pytest.param("https://t.example.com/m#x", "no query and no fragment", id="a fragment"),
        pytest.param("https://exämple.com", "xn--", id="beyond ASCII"),
        pytest.param("https://t.example.com/a b", "plain ASCII", id="a blank"),
        pytest.param(" https://t.example.com", "plain ASCII", id="a blank before it"),
        pytest.param("https://t.example.com\n", "plain ASCII", id="a line break"),
        pytest.param('https://t.example.com/"', "plain ASCII", id="a quote"),
        pytest.param("https://t.example.com/<", "plain ASCII", id="a bracket"),
        pytest.param("https://t.example.com/{{x}}", "plain ASCII", id="a merge tag"),
        pytest.param("https://t.example.com\\m", "plain ASCII", id="a back-slash"),
    ],
)
def test_a_base_url_that_cannot_work_is_refused(base_url, said):
    with pytest.raises(ConfigError, match=said):
        settings(base_url=base_url)


def test_keys_are_bytes_or_text_the_newest_last():
    made = settings(secret_keys=["an old key of text", KEY])
    assert made.keys == (b"an old key of text", KEY)
    assert made.secret_keys == made.keys
    assert settings(secret_keys=iter([KEY])).keys == (KEY,)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param([], "at least one key", id="none"),
        pytest.param(None, "list of bytes", id="nothing"),
        pytest.param(5, "list of bytes", id="a number"),
        pytest.param(KEY, "a single one", id="a single key"),
        pytest.param(KEY.decode(), "a single one", id="a single text"),
        pytest.param(bytearray(KEY), "a single one", id="a single bytearray"),
        pytest.param([KEY[:-1]], "at least 16 bytes, got 15", id="one byte short"),
        pytest.param([KEY, b""], "at least 16 bytes, got 0", id="an empty one among others"),
        pytest.param(["a" * 16], "only 1 different bytes.*mailbeacon keys new", id="one letter"),
        pytest.param(["passwordpassword"], "only 7 different bytes", id="a word twice"),
        pytest.param([KEY, bytes(16)], "only 1 different bytes", id="NULs among others"),
        pytest.param([17], "bytes or str, got int", id="a number for a key"),
        pytest.param([KEY, None], "bytes or str, got NoneType", id="nothing for a key"),
        pytest.param(["\ud800" * 16], "plain text", id="a lone surrogate"),
    ],
)
def test_keys_that_cannot_work_are_refused_without_being_shown(keys, said):
    with pytest.raises(ConfigError, match=said) as caught:
        settings(secret_keys=keys)
    assert KEY.decode()[:8] not in str(caught.value)
    assert MIN_KEY_BYTES == 16


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"default_level": 7}, "default_level must be a Level, got 7", id="no such level"),
        pytest.param({"default_level": "none"}, "default_level must be a Level", id="a level's name"),
        pytest.param({"exclude": ["("]}, "exclude must be regular expressions, got '\\('", id="a pattern that is none"),
        pytest.param({"exclude": "seeds"}, "exclude must be a list of patterns, got str", id="one pattern alone"),
        pytest.param({"only": [5]}, "only must be regular expressions, got 5", id="a number for a pattern"),
        pytest.param({"only": [b"x"]}, "only must be regular expressions of text", id="a pattern of bytes"),
        pytest.param({"fallback_url": "https://x.example\\a"}, "redirected to", id="a fallback with a back-slash"),
        pytest.param({"honeypot": "https://x..example/"}, "redirected to", id="a honeypot with an empty label"),
        pytest.param({"keep_url": "drop"}, "keep_url must be page or keep, got 'drop'", id="no such part of a URL"),
        pytest.param({"max_hits_per_message": 0}, "whole number from 1, got 0", id="no hits at all"),
        pytest.param({"max_hits_per_message": True}, "whole number from 1, got True", id="a switch for a number"),
        pytest.param({"digest_keys": [b"short"]}, "digest_keys must have at least 16 bytes", id="a short digest key"),
        pytest.param({"digest_keys": b"0123456789abcdef"}, "digest_keys must be a list", id="a single digest key"),
        pytest.param({"on_error": "log"}, "on_error must be callable, got str", id="a text for a callback"),
        pytest.param({"pixel": "left"}, "pixel must be auto, top or bottom, got 'left'", id="no such place"),
        pytest.param({"namespace": None}, "namespace must be plain text", id="no namespace"),
        pytest.param({"namespace": "\ud800"}, "namespace must be plain text", id="a lone surrogate"),
        pytest.param({"fallback_url": "/gone"}, "fallback_url must be an absolute", id="a relative fallback"),
        pytest.param(
            {"fallback_url": "javascript:x"}, "fallback_url must be an absolute", id="a script for a fallback"
        ),
        pytest.param(
            {"fallback_url": "https:///x"}, "fallback_url must be an absolute", id="a fallback without a host"
        ),
        pytest.param({"fallback_url": "http://["}, "fallback_url must be an absolute", id="a fallback with a bracket"),
        pytest.param(
            {"fallback_url": "https://a.example/\r\nX: y"}, "fallback_url must be plain", id="a fallback with CRLF"
        ),
        pytest.param({"honeypot": True}, "honeypot must be plain text", id="a flag for a honeypot"),
        pytest.param({"honeypot": "/home"}, "honeypot must be an absolute", id="a relative honeypot"),
        pytest.param({"geo": "GeoLite2.mmdb"}, "geo must have a method locate", id="a path for geo"),
        pytest.param({"fallback_url": None}, "fallback_url must be plain text", id="nothing for a fallback"),
        pytest.param({"keep_address": "some"}, "keep_address must be drop, truncate, hash or keep", id="addresses"),
        pytest.param({"keep_user_agent": True}, "keep_user_agent must be drop, truncate", id="user agents"),
        pytest.param({"keep_headers": "hash"}, "keep_headers must be drop or keep, got 'hash'", id="headers"),
        pytest.param(
            {"trusted_proxies": "10.0.0.0/8"}, "list of networks, got a single text", id="one proxy as a text"
        ),
        pytest.param({"trusted_proxies": ["proxy"]}, "CIDR form, got 'proxy'", id="a proxy's name"),
        pytest.param({"trusted_proxies": ["10.0.0.0/33"]}, "CIDR form", id="a proxy's mask"),
        pytest.param({"trusted_proxies": [167772160]}, "CIDR form, got 167772160", id="a proxy's number"),
        pytest.param({"max_age": 3600}, "max_age must be a timedelta", id="an age in seconds"),
        pytest.param({"max_age": timedelta(-1)}, "max_age must be a timedelta of zero or more", id="an age below zero"),
        pytest.param({"clock_skew": 300}, "clock_skew must be a timedelta", id="a skew in seconds"),
        pytest.param({"clock_skew": None}, "clock_skew must be a timedelta", id="no skew"),
        pytest.param({"utm": {"utm_source": 5}}, "utm must be a mapping of texts", id="a number for a parameter"),
        pytest.param({"utm": ["utm_source"]}, "utm must be a mapping of texts", id="a list of parameters"),
        pytest.param({"clock": None}, "clock must be callable", id="no clock"),
        pytest.param({"clock": datetime(2026, 1, 1, tzinfo=UTC)}, "clock must be callable", id="a moment for a clock"),
        pytest.param({"consent": Level.NONE}, "consent must be callable, got Level", id="a level for consent"),
        pytest.param({"manifests": {}}, "manifests must be callable, got dict", id="a dict of manifests"),
        pytest.param({"on_event": "log"}, "on_event must be callable, got str", id="a name for a callback"),
        pytest.param({"may_redirect": True}, "may_redirect must be callable, got bool", id="yes for a callback"),
        pytest.param({"sink": []}, "sink must have a method record, got list", id="a list for a sink"),
        pytest.param({"history": []}, "history must have a method recent, got list", id="a list for a history"),
        pytest.param({"trusted_proxies": None}, "must be a list of networks, got NoneType", id="nothing for proxies"),
        pytest.param({"utm": {"": "x"}}, "utm must not hold a parameter without a name", id="a nameless parameter"),
        pytest.param({"utm": {"a": "\ud800"}}, "utm must be a mapping of texts", id="a lone surrogate in a parameter"),
        pytest.param({"history": Forgetful()}, "history must have a method add", id="a history that keeps nothing"),
        pytest.param({"judge": print}, "judge must have a method classify", id="a function for a judge"),
        pytest.param(
            {"default_level": Level.DATE, "sink": Dateless()}, "sink must have .* for the level DATE", id="no days"
        ),
        pytest.param(
            {"ceiling": Level.DATE, "sink": Dateless()}, "put_last_open .*, got Dateless", id="no days below a ceiling"
        ),
        pytest.param({"networks": {}}, "networks must have a method lookup, got dict", id="a dict of networks"),
    ],
)
def test_a_value_that_cannot_work_is_one_clear_error(options, said):
    with pytest.raises(ConfigError, match=said):
        settings(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"exclude": ["("]},
        {"exclude": "shop"},
        {"only": [5]},
        {"only": ["["]},
    ],
)
def test_patterns_that_are_none_are_refused_when_the_beacon_is_made(options):
    with pytest.raises(ConfigError, match=f"^{next(iter(options))} "):
        mb.Beacon(BASE, secret_keys=[KEY], **options)


def test_good_values_are_taken_as_they_are():
    made = settings(
        default_level=0,
        trusted_proxies=["10.0.0.0/8", "10.1.2.3/8", "2001:db8::/32", "192.0.2.7"],
        max_age=timedelta(days=90),
        clock_skew=timedelta(),
        utm={"utm_source": "spring"},
        fallback_url="https://example.com/gone?a=1",
        keep_address="truncate",
        keep_user_agent="hash",
        keep_headers="keep",
        pixel="top",
        namespace="north",
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert made.default_level is Level.NONE


def test_what_is_given_as_an_iterator_is_not_used_up_by_the_checks():
    made = settings(exclude=iter(["a"]), only=iter(["b"]), merge_tags=iter(["c"]), trusted_proxies=iter(["10.0.0.0/8"]))
    assert [made.exclude, made.only, made.merge_tags, made.trusted_proxies] == [["a"], ["b"], ["c"], ["10.0.0.0/8"]]


def test_settings_are_frozen_and_show_no_key():
    made = settings(secret_keys=["a secret nobody may see"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.namespace = "other"
    assert "nobody" not in repr(made)


def test_settings_can_be_changed_by_copying_and_are_checked_again():
    made = dataclasses.replace(settings(), namespace="north")
    assert made.namespace == "north"
    with pytest.raises(ConfigError):
        dataclasses.replace(made, max_age=5)


# through the facade


def test_an_unknown_option_is_named():
    with pytest.raises(ConfigError, match=r"no setting colour, secret \(did you mean secret_keys\?\)"):
        mb.Beacon(BASE, secret_keys=[KEY], secret="x", colour="red")


def test_without_keys_there_is_no_beacon():
    with pytest.raises(ConfigError, match="secret_keys is missing"):
        mb.Beacon(BASE)


def test_settings_and_options_are_not_mixed():
    for arguments in ({"base_url": BASE}, {"namespace": "north"}):
        with pytest.raises(ConfigError, match="not both"):
            mb.Beacon(settings=settings(), **arguments)


def test_settings_and_keywords_make_the_same_beacon():
    message = mb.Message(recipient="u-17", campaign="spring")
    one = mb.Beacon(settings=settings(namespace="north"))
    other = mb.Beacon(BASE, secret_keys=[KEY], namespace="north")
    assert one.settings == other.settings
    assert one.open_url(message) == other.open_url(message)


def test_a_config_error_is_a_value_error_of_the_package():
    assert issubclass(ConfigError, ValueError)
    assert issubclass(ConfigError, MailbeaconError)


def test_settings_show_and_pickle_no_key(tmp_path):
    """By no accident: not printed, not as a dictionary, not in a cache, not in a worker's message."""
    made = settings(digest_keys=[b"another key of 22 byte"])
    for shown in (repr(made), str(made), repr(dataclasses.asdict(dataclasses.replace(made))), repr(made.keys)):
        assert KEY.decode() not in shown
        assert "another key" not in shown
    with pytest.raises(ConfigError, match=r"secret keys are not pickled: .*Beacon\.from_env"):
        pickle.dumps(made)
    assert copy.deepcopy(made) is copy.copy(made) is made


@pytest.mark.parametrize("keys", [b"0123456789abcdefABC", b"x7Jq_4wZ-m2Kp9Lr"])
def test_keys_of_eight_and_more_different_bytes_pass(keys):
    assert settings(secret_keys=[keys]).keys == (keys,)


def test_keys_stand_in_a_text_with_white_space_or_commas_between():
    assert split_keys(" old,new\nnewest ") == ["old", "new", "newest"]
