"""What people agreed to is kept as it was given, and decides what may be known: the strictest of all that is asked wins."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError, DataError, StoreError
from mailbeacon.model import Action, Kind, Leave, Level, Purpose
from mailbeacon.privacy import Policy
from mailbeacon.store import MemoryConsents, MemorySink, SqliteConsents, SqliteSink
from tests import making

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NONE, AGGREGATE, DATE, FULL = Level
levels = st.sampled_from(Level)


def consent(purpose=Purpose.OPENS, level=FULL, after=0, **values):
    moment = NOW + timedelta(days=after)
    whole = {"recipient": "u-17", "purpose": purpose, "level": level, "given_at": moment, "text_version": "v2"}
    return mb.Consent(**{**whole, **values})


@pytest.fixture(params=["memory", "sqlite"])
def consents(request, tmp_path):
    if request.param == "memory":
        yield MemoryConsents()
    else:
        with SqliteConsents(tmp_path / "consents.sqlite") as kept:
            yield kept


# records


def test_the_last_answer_for_a_purpose_holds_and_all_are_kept_in_the_order_they_were_given(consents):
    given_ones = [consent(after=5, level=NONE), consent(after=1), consent(Purpose.CLICKS, after=3)]
    for one in given_ones:
        consents.record(one)
    consents.record(consent(recipient="u-18"))
    assert consents.current("u-17", Purpose.OPENS) == given_ones[0]
    assert consents.current("u-17", Purpose.MAIL) is None
    assert list(consents.history("u-17")) == [given_ones[1], given_ones[2], given_ones[0]]


def test_of_two_answers_at_the_same_moment_the_one_recorded_later_holds(consents):
    consents.record(consent())
    consents.record(consent(level=NONE))
    assert consents.current("u-17", Purpose.OPENS).level is NONE


def test_an_unticked_box_is_an_answer_of_a_new_person_and_no_withdrawal_of_one_who_answered(consents):
    boxes = {Purpose.OPENS: False, Purpose.CLICKS: True}
    consents.record(consent(Purpose.OPENS))
    consents.record_form("u-17", boxes, given_at=NOW + timedelta(days=2), text_version="v3", source="profile")
    consents.record_form("u-18", boxes, given_at=NOW, text_version="v3", source="signup form", proof="form 812")
    assert consents.current("u-17", Purpose.OPENS).level is FULL
    assert consents.current("u-17", Purpose.CLICKS).text_version == "v3"
    refused = consents.current("u-18", Purpose.OPENS)
    assert (refused.level, refused.source, refused.proof) == (NONE, "signup form", "form 812")


@pytest.mark.parametrize(
    ("action", "withdrawn"),
    [(Action.UNSUBSCRIBE, {Purpose.MAIL}), (Action.STOP_TRACKING, {Purpose.OPENS, Purpose.CLICKS})],
)
def test_leaving_withdraws_the_mail_or_the_measuring_and_never_the_other(consents, action, withdrawn):
    for purpose in Purpose:
        consents.record(consent(purpose))
    leave = Leave(
        action=action, recipient="u-17", campaign="spring", message_id="m", received_at=NOW + timedelta(days=1)
    )
    consents.record_leave(leave)
    assert {one for one in Purpose if consents.current("u-17", one).level is NONE} == withdrawn


def test_what_nobody_answered_is_not_allowed_and_a_mail_without_recipient_is_counted_only(consents):
    message = mb.Message(recipient="u-17", campaign="spring")
    assert consents.allows(message, Kind.OPEN) is NONE
    consents.record(consent(Purpose.CLICKS, level=DATE))
    assert (consents.allows(message, Kind.OPEN), consents.allows(message, Kind.CLICK)) == (NONE, DATE)
    for_all = mb.Message(recipient="", campaign="spring", opens=AGGREGATE, clicks=AGGREGATE)
    assert consents.allows(for_all, Kind.OPEN) is AGGREGATE


def test_no_stored_answer_can_be_changed(tmp_path):
    path = tmp_path / "consents.sqlite"
    with SqliteConsents(path) as kept:
        kept.record(consent())
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute("UPDATE mailbeacon_consents SET consent = '{}'")


def test_answers_live_in_the_sinks_file_too_and_survive_closing(tmp_path):
    path = tmp_path / "events.sqlite"
    with SqliteSink(path), SqliteConsents(path) as kept:
        kept.record(consent())
    with SqliteConsents(path) as again:
        assert again.current("u-17", Purpose.OPENS) == consent()


def test_threads_may_record_at_once(tmp_path):
    with SqliteConsents(tmp_path / "consents.sqlite", wait=timedelta(minutes=2)) as kept:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: kept.record(consent(after=number)), range(40)))
        assert len(list(kept.history("u-17"))) == 40


def test_the_last_answer_is_found_by_an_index(tmp_path):
    path = tmp_path / "consents.sqlite"
    SqliteConsents(path).close()
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT consent FROM mailbeacon_consents WHERE recipient = ? AND purpose = ?"
            " ORDER BY given_at DESC, number DESC LIMIT 1",
            ("u", "opens"),
        ).fetchall()
    assert "USING INDEX mailbeacon_consents_last" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


@given(st.builds(consent, st.sampled_from(Purpose), levels, st.integers(0, 99), proof=st.text(), source=st.text()))
def test_a_consent_survives_json(one):
    assert mb.Consent.from_json(one.to_json()) == one


def test_a_stored_level_of_a_later_version_is_read_as_none():
    text = consent(level=DATE).to_json()
    assert '"level":2' in text
    assert mb.Consent.from_json(text.replace('"level":2', '"level":9')).level is NONE


@pytest.mark.parametrize(
    "wrong", [{"recipient": ""}, {"purpose": "fun"}, {"level": 9}, {"given_at": datetime(2026, 1, 1)}, {"proof": 5}]
)
def test_a_consent_that_cannot_be_one_is_a_config_error(wrong):
    with pytest.raises(ConfigError):
        consent(**wrong)


def test_a_file_that_is_not_sqlites_is_refused(tmp_path):
    path = tmp_path / "consents.sqlite"
    path.write_bytes(b"no database, but long enough to be taken for one" * 30)
    with pytest.raises((DataError, StoreError)):
        SqliteConsents(path)


# the policy


class Fixed:
    def __init__(self, answers):
        self._answers = answers

    def current(self, recipient, purpose):
        return self._answers.get(purpose)


@given(
    asked=st.tuples(levels, levels), ceiling=st.tuples(levels, levels), region=levels, answers=st.tuples(levels, levels)
)
def test_the_strictest_of_message_ceiling_region_and_answer_wins_at_both_ends(asked, ceiling, region, answers):
    region = min(region, *ceiling)
    kept = MemoryConsents()
    for purpose, level in zip((Purpose.OPENS, Purpose.CLICKS), answers, strict=True):
        kept.record(consent(purpose, level))
    policy = Policy(ceiling=ceiling, by_region={"FR": region}, consents=kept, region=lambda message: "FR")
    message = mb.Message(recipient="u-17", campaign="spring", opens=asked[0], clicks=asked[1])
    wanted = [min(four) for four in zip(asked, ceiling, (region, region), answers, strict=True)]
    applied = policy.apply(message)
    decided = policy.decide(message)
    assert [applied.opens, applied.clicks] == [decided.opens, decided.clicks] == wanted
    assert [policy.allows(message, Kind.OPEN), policy(message, Kind.CLICK)] == wanted
    assert "u-17" not in decided.reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({}, "no answer is known", id="nobody asked yet"),
        pytest.param({"ceiling": NONE}, "the ceiling", id="the ceiling"),
        pytest.param({"by_region": {"FR": NONE}, "unknown": FULL}, "the region is not known", id="no region known"),
        pytest.param(
            {"by_region": {"FR": NONE}, "unknown": FULL, "region": lambda _: "FR"}, "limit of the region", id="a region"
        ),
        pytest.param(
            {"consents": Fixed({Purpose.OPENS: consent(level=NONE)})}, "withdrawn on 2026-11-23", id="withdrawn"
        ),
    ],
)
def test_a_decision_says_in_a_sentence_why(options, reason):
    policy = Policy(**{"consents": MemoryConsents(), **options})
    decided = policy.decide(mb.Message(recipient="u-17"))
    assert decided.opens is NONE
    assert reason in decided.reason.partition(";")[0]


def test_where_a_look_up_fails_nothing_is_tracked_and_the_mail_goes_out_unchanged(caplog):
    class Broken:
        def current(self, recipient, purpose):
            raise OSError(f"no connection for {recipient}")

    policy = Policy(consents=Broken(), unknown=FULL)
    beacon = making.beacon()
    html = '<p><a href="https://example.com/">Read</a></p>'
    with caplog.at_level(logging.DEBUG):
        message = policy.apply(mb.Message(recipient="u-17", campaign="spring"))
        assert beacon.rewrite(html, message).html == html
    assert "OSError" in caplog.text
    assert "u-17" not in caplog.text


@pytest.mark.parametrize("answer", [FULL, "yes", 5, {}], ids=str)
def test_a_look_up_that_gives_something_else_than_an_answer_is_no_consent(answer, caplog):
    class Odd:
        def current(self, recipient, purpose):
            return answer

    decided = Policy(consents=Odd()).decide(mb.Message(recipient="u-1", campaign="spring"))
    assert (decided.opens, decided.clicks) == (NONE, NONE)
    assert "could not be looked up" in decided.reason
    assert "consents, which counts as no consent, failed: AttributeError" in caplog.text


@pytest.mark.parametrize(
    ("region", "level"), [("fr", AGGREGATE), (" Fr ", AGGREGATE), (5, NONE), (["FR"], NONE)], ids=str
)
def test_a_region_is_known_however_it_is_written_and_what_is_no_text_is_none(region, level):
    policy = Policy(by_region={"FR": AGGREGATE, "it": NONE}, region=lambda message: region)
    decided = policy.decide(mb.Message(recipient="u-1", campaign="spring"))
    assert (decided.opens, decided.clicks) == (level, level)


def test_a_region_that_is_not_listed_is_not_limited_and_a_failing_one_is_as_if_unknown():
    policy = Policy(by_region={"FR": AGGREGATE, "IT": NONE}, region=lambda message: "SE")
    assert policy.decide(mb.Message(recipient="u")).opens is FULL
    failing = Policy(by_region={"FR": AGGREGATE, "IT": NONE}, region=lambda message: 1 / 0)
    assert failing.decide(mb.Message(recipient="u")).opens is NONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"ceiling": AGGREGATE, "unknown": FULL},
        {"ceiling": (FULL, NONE), "by_region": {"FR": AGGREGATE}},
        {"ceiling": 7},
        {"unknown": (NONE,)},
        {"by_region": {"FR": "full"}},
    ],
)
def test_a_policy_that_asks_for_more_than_its_ceiling_or_for_no_level_is_refused(wrong):
    with pytest.raises(ConfigError):
        Policy(**wrong)


def test_a_policy_answers_when_events_come_back_too():
    kept, sink = MemoryConsents(), MemorySink()
    kept.record(consent())
    policy = Policy(consents=kept)
    beacon = making.beacon(consent=policy.allows, sink=sink)
    url = beacon.open_url(policy.apply(mb.Message(recipient="u-17", campaign="spring")))
    beacon.handle(mb.Request(url=url, received_at=NOW))
    kept.record(consent(level=NONE, after=1))
    assert beacon.handle(mb.Request(url=url, received_at=NOW + timedelta(days=2))).status == 200
    assert len(sink) == 1


def test_the_region_is_that_of_the_messages_metadata_unless_the_host_says_otherwise():
    policy = Policy(by_region={"FR": (DATE, NONE), "IT": (NONE, AGGREGATE)})

    def decided(**metadata):
        found = policy.decide(mb.Message(recipient="u-17", metadata=metadata))
        return found.opens, found.clicks

    assert decided(region="FR") == (DATE, NONE)
    assert decided(region="IT") == (NONE, AGGREGATE)
    assert decided(region="SE") == (FULL, FULL)
    assert decided() == decided(region="") == decided(country="FR") == (NONE, NONE)


def test_of_a_mail_to_nobody_in_particular_only_counts_are_kept_for_nobody_could_be_asked():
    nobody = mb.Message(recipient="", campaign="spring", opens=AGGREGATE, clicks=NONE)
    policy = Policy(consents=MemoryConsents())
    assert policy.apply(nobody) is nobody
    assert [policy.allows(nobody, kind) for kind in (Kind.OPEN, Kind.CLICK)] == [AGGREGATE, NONE]
    with pytest.raises(ConfigError, match="recipient"):
        mb.Message(recipient="", opens=DATE)


def test_who_never_answered_is_not_tracked_unless_the_policy_says_otherwise_for_opens_and_clicks_alone():
    message = mb.Message(recipient="u-17")
    asked = Policy(consents=MemoryConsents()).apply(message)
    assert (asked.opens, asked.clicks) == (NONE, NONE)
    found = Policy(consents=MemoryConsents(), unknown=(AGGREGATE, DATE)).apply(message)
    assert (found.opens, found.clicks) == (AGGREGATE, DATE)


def test_a_decision_names_what_was_strictest_for_opens_and_for_clicks():
    kept = Fixed({Purpose.OPENS: consent(level=DATE), Purpose.CLICKS: consent(level=NONE, after=1)})
    decided = Policy(consents=kept).decide(mb.Message(recipient="u-17"))
    assert decided.reason == "opens DATE: agreed to on 2026-11-23; clicks NONE: refused or withdrawn on 2026-11-24"
    assert Policy().decide(mb.Message(recipient="u-17", clicks=NONE)).reason == (
        "opens FULL: as the message asks; clicks NONE: as the message asks"
    )


def test_a_look_up_that_fails_counts_as_no_consent_and_is_logged_by_what_failed(caplog):
    class Broken:
        def current(self, recipient, purpose):
            raise OSError(f"no connection for {recipient}")

    policy = Policy(consents=Broken(), by_region={"FR": FULL}, region=lambda message: 1 / 0, unknown=FULL)
    decided = policy.decide(mb.Message(recipient="u-17"))
    assert (decided.opens, decided.clicks) == (NONE, NONE)
    assert decided.reason.startswith("opens NONE: the consent could not be looked up; ")
    assert set(caplog.messages) == {
        "region, which counts as no consent, failed: ZeroDivisionError",
        "consents, which counts as no consent, failed: OSError",
    }


@pytest.mark.parametrize("name", ["ceiling", "unknown", "by_region"])
def test_a_policy_that_is_refused_names_the_setting(name):
    def refused(wrong):
        with pytest.raises(ConfigError) as caught:
            Policy(**{"ceiling": AGGREGATE, name: {"FR": wrong} if name == "by_region" else wrong})
        return str(caught.value)

    assert refused((FULL, FULL, FULL)) == f"{name} must be a Level, or one for opens and one for clicks"
    if name != "ceiling":
        assert refused((NONE, DATE)).startswith(f"{name} asks for more than the ceiling")
