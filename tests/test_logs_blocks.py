"""Lines that are read together give what they give one by one, whatever they are."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import Message, fake
from mailbeacon.errors import TokenError
from mailbeacon.fake.traffic import sample_beacon, sample_traffic
from mailbeacon.logs import LineReader, format_of, reading
from mailbeacon.model import Action, Event
from mailbeacon.tokens import TokenSigner
from tests.hosts import KEY
from tests.making import beacon as made

_FORMATS = ("nginx", "caddy", "cloudfront")

_BEACON = sample_beacon()[0]
_HITS = sample_traffic(_BEACON, "business", recipients=20).hits
_LEAVES = _BEACON.leave_url(Message(recipient="r-1", campaign="c"), Action.STOP_TRACKING)
_LINES = {form: [line for line in fake.log_lines(_HITS, form) if not line.startswith("#")] for form in _FORMATS}
_ACT = f'192.0.2.7 - - [03/Nov/2026:09:00:07 +0000] "POST {_LEAVES} HTTP/1.1" 200 1 "-" "Mozilla/5.0"'
_ODD = (_ACT, "", "\x85\x1c", '"', "x" * 70_000, _ACT.replace("POST", "GET"), _ACT.replace("200", "400"), '\\"' * 20)
_PUT = ("", '"', '\\"', "\\x22", "%", "-", " ", "\udcff", "/o/", "?")
_CHANGES = st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(_PUT))


def _changed(line: str, changes: list[tuple[int, int, str]]) -> str:
    for place, gone, put in changes:
        line = line[:place] + put + line[place + gone :]
    return line


def _lines(form: str) -> st.SearchStrategy[list[str]]:
    whole = st.sampled_from([*_LINES[form], *_ODD])
    cut = st.builds(lambda line, end: line[:end], whole, st.integers(0, 300))
    return st.lists(st.one_of(whole, st.builds(_changed, whole, st.lists(_CHANGES, max_size=3)), cut), max_size=12)


def _whole(events: list[Event]) -> list[list[object]]:
    return [[getattr(event, one.name) for one in fields(Event)] for event in events]


def _one_by_one(reader: LineReader, lines: list[str]) -> tuple[list[Event], list[tuple[int, str]]]:
    events, errors = [], []
    for place, line in enumerate(lines):
        try:
            event = reader.event(line)
        except ValueError as error:
            errors.append((place, str(error)))
            continue
        if event is not None:
            events.append(event)
    return events, errors


_HOSTS = {
    "plain": {},
    "keeps": {"keep_address": "truncate", "keep_user_agent": "keep", "keep_headers": "keep", "keep_url": "keep"},
    "proxies": {"trusted_proxies": ("10.0.0.0/8", "192.0.2.0/24")},
}


@pytest.mark.parametrize("host", _HOSTS)
@pytest.mark.parametrize("form", _FORMATS)
@given(data=st.data())
def test_lines_together_are_what_they_are_one_by_one(form: str, host: str, data: st.DataObject):
    beacon = made(secret_keys=[KEY], **_HOSTS[host])
    lines = data.draw(_lines(form))
    lines += data.draw(st.lists(st.sampled_from(lines), max_size=3)) if lines else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_TOGETHER", data.draw(st.sampled_from([1, 2, 5, 500])))
        events, errors = (together := LineReader(beacon, format_of(form))).events(lines)
    alone = LineReader(beacon, format_of(form))
    assert (_whole(events), [(place, str(error)) for place, error in errors]) == (
        _whole((found := _one_by_one(alone, lines))[0]),
        found[1],
    )
    assert together.forged == alone.forged


_PAYLOADS = (
    '["c","r",1793696400]', '["","r",1]', '["c","r\\"s",1793696400]', '["ü","ñ ",1793696400]', '["c","r",1793696400,"id","b"]',
    '["c","r",1793696400,"","","33",{"a":"b"}]', '["c","",0,"","","11"]', '["c","r",999999999999]', '["c","r",0]', '["c","",5]',
    '["c","r",05]', '["c","r",5] ', "[]", "", "\x7f", '["c","r\x01",5]', '["c","r\u2028",5]', '["c","\ufffd",5]', '"["c","r",5]',
)  # fmt: skip


@pytest.mark.parametrize("payload", _PAYLOADS)
def test_tokens_that_are_read_together_say_what_they_say_one_by_one(payload: str):
    token = TokenSigner([KEY])._hit.sign(payload)
    tokens = [token, f"{token}.gif", token[:-1], f"a{token}", token.replace(".", ":"), f"{token[:-1]}é", ""]
    for keys in ([KEY], [KEY, b"another key for tests"], [b"another key for tests"]):
        together, alone = TokenSigner(keys), TokenSigner(keys)
        together.remember(tokens)
        for one in tokens:
            assert _read(together, one) == _read(alone, one)


def _read(signer: TokenSigner, token: str) -> object:
    try:
        return signer.read_hit(token)
    except TokenError as error:
        return type(error), str(error)
