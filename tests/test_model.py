"""The data the stages hand each other: JSON there and back, what is refused, and that nothing can be changed."""

from __future__ import annotations

import copy
import dataclasses
import json
import operator
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbeacon import model
from mailbeacon.counting import Tally
from mailbeacon.errors import ConfigError, DataError
from mailbeacon.model import (
    Actor,
    AgentKind,
    Channel,
    Edit,
    Event,
    Facts,
    Headers,
    Hint,
    Kind,
    Level,
    Link,
    Manifest,
    Message,
    Network,
    NetworkKind,
    Place,
    Reply,
    Request,
    Signal,
    Skipped,
    SkipReason,
    Target,
    Verdict,
    Warned,
    WarningKind,
    read_json,
    write_metadata,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EVENT = Event(id="e1", kind=Kind.OPEN, received_at=NOW)

TEXTS = st.text(max_size=20)
MOMENTS = st.datetimes(timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))))
"""Fixed offsets: Python calls two datetimes of different zones unequal in the hour a clock is put back (PEP 495)."""
NETWORKS = st.builds(Network, operator=TEXTS, kind=st.sampled_from(NetworkKind))
FACTS = st.builds(
    Facts,
    **dict.fromkeys(("client", "client_version", "system", "device", "country", "region", "city", "rules"), TEXTS),
    agent=st.sampled_from(AgentKind),
    network=NETWORKS,
    network_id=TEXTS,
    agent_id=TEXTS,
    hints=st.frozensets(st.sampled_from(Hint)),
    networks=TEXTS,
)
EVENTS = st.builds(
    Event,
    **dict.fromkeys(
        ("id", "campaign", "message_id", "variant", "url", "url_id", "method", "address", "user_agent"), TEXTS
    ),
    kind=st.sampled_from(Kind),
    received_at=MOMENTS,
    recipient=st.none() | TEXTS,
    sent_at=st.none() | MOMENTS,
    expired=st.booleans(),
    link=st.none() | st.integers(0, 10**6),
    links=st.none() | st.integers(0, 10**6),
    metadata=st.dictionaries(TEXTS, TEXTS, max_size=3),
    unrecorded=st.integers(0, 10**6),
    channel=st.sampled_from(Channel),
    level=st.sampled_from(Level),
    facts=FACTS,
    headers=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
    source=TEXTS,
)
SIGNALS = st.builds(
    Signal, name=TEXTS, weight=st.floats(allow_nan=False, allow_infinity=False), detail=TEXTS, family=TEXTS
)
VERDICTS = st.builds(
    Verdict,
    actor=st.sampled_from(Actor),
    confidence=st.floats(0, 1),
    signals=st.lists(SIGNALS, max_size=3).map(tuple),
    version=TEXTS,
)
NUMBERS = st.integers(0, 10**6)
TARGETS = st.builds(Target, number=NUMBERS, url=TEXTS, channel=st.sampled_from(Channel), links=NUMBERS)
LINKS = st.builds(
    Link,
    number=NUMBERS,
    url=TEXTS,
    place=st.sampled_from(Place),
    channel=st.sampled_from(Channel),
    label=TEXTS,
    line=NUMBERS,
    column=NUMBERS,
)
MANIFESTS = st.builds(Manifest, campaign=TEXTS, targets=st.dictionaries(TEXTS, TARGETS, max_size=4))
SKIPPED = st.builds(
    Skipped, url=TEXTS, reason=st.sampled_from(SkipReason), place=st.sampled_from(Place), line=NUMBERS, column=NUMBERS
)
WARNED = st.builds(Warned, kind=st.sampled_from(WarningKind), detail=TEXTS, line=NUMBERS, column=NUMBERS)
RECORDS = st.one_of(EVENTS, FACTS, NETWORKS, SIGNALS, VERDICTS, TARGETS, LINKS, MANIFESTS, SKIPPED, WARNED)

# JSON


@given(RECORDS)
def test_law_every_record_reads_back(record):
    found = type(record).from_json(record.to_json())
    assert found == record
    assert (
        type(record).from_json(found.to_json().encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass"))
        == record
    )


@given(RECORDS)
def test_law_a_record_is_one_line_of_strict_json_with_its_version(record):
    text = record.to_json()
    assert "\n" not in text
    assert json.loads(text)["v"] == 1
    assert text == json.dumps(record.to_dict(), ensure_ascii=False, separators=(",", ":"))


@given(RECORDS, st.dictionaries(TEXTS.map(lambda name: "later_" + name), st.integers() | TEXTS, max_size=3))
def test_law_fields_of_a_later_minor_form_are_ignored(record, more):
    assert type(record).from_dict({**record.to_dict(), **more}) == record


def test_what_is_empty_is_left_out_and_what_is_not_is_written_be_it_the_default_or_not():
    """A row says all it means."""
    assert EVENT.to_dict() == {
        "v": 1,
        "id": "e1",
        "kind": "open",
        "received_at": "2026-11-23T09:00:00+00:00",
        "channel": "html",
        "level": 3,
        "source": "request",
    }
    assert Facts().to_json() == '{"v":1}'
    assert Verdict(actor=Actor.HUMAN, confidence=0.0).to_dict() == {"v": 1, "actor": "human"}


RECORDS = [Event, Facts, Network, Verdict, Signal, Manifest, Target, Link, Skipped, Warned]


@pytest.mark.parametrize("kind", RECORDS)
def test_no_default_but_an_empty_one_can_change_what_an_old_row_means(kind):
    """A default that says something is written into each row, and what its absence means is fixed apart from it."""
    for one in dataclasses.fields(kind):
        default = one.default if one.default_factory is dataclasses.MISSING else one.default_factory()
        is_empty = (
            not default or default is dataclasses.MISSING or default in (Facts(), Network()) or default == "unknown"
        )
        assert is_empty or one.name in kind._absent, one.name


def test_an_old_row_means_what_it_meant_when_defaults_were_left_out():
    old = Event.from_json('{"v":1,"id":"e1","kind":"open","received_at":"2026-11-23T09:00:00+00:00"}')
    assert (old.channel, old.level, old.source) == (Channel.HTML, Level.FULL, "request")
    link = Link.from_json('{"v":1,"number":1,"url":"https://example.com/"}')
    assert (link.place, link.channel) == (Place.ANCHOR, Channel.HTML)
    assert Warned.from_json('{"v":1,"kind":"amp","detail":""}').count == 1


@pytest.mark.parametrize(
    ("row", "read"),
    [
        pytest.param({"kind": "dance"}, {"kind": Kind.UNKNOWN}, id="a kind"),
        pytest.param({"channel": "fax"}, {"channel": Channel.HTML}, id="a channel"),
        pytest.param({"level": 4}, {"level": Level.NONE}, id="a level, which is NONE"),
        pytest.param({"facts": {"agent": "glasses"}}, {"facts": Facts()}, id="a kind of agent"),
        pytest.param(
            {"facts": {"network": {"operator": "x", "kind": "moon"}}},
            {"facts": Facts(network=Network(operator="x"))},
            id="a kind of network",
        ),
        pytest.param({"facts": {"hints": ["new", "dnt"]}}, {"facts": Facts(hints=frozenset({Hint.DNT}))}, id="a hint"),
        pytest.param({"colour": "red"}, {}, id="a field"),
    ],
)
def test_a_word_of_a_newer_version_is_read_as_unknown(row, read):
    """One such row must not be lost, let alone hide those behind it."""
    assert Event.from_dict({**EVENT.to_dict(), **row}) == dataclasses.replace(EVENT, **read)


def test_an_actor_of_a_newer_version_is_read_as_unknown():
    verdict = Verdict.from_json('{"v":1,"actor":"android","confidence":0.9}')
    assert (verdict.actor, verdict.is_human) == (Actor.UNKNOWN, None)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(Facts(agent="mail-client"), id="a kind of agent"),  # type: ignore[arg-type]
        pytest.param(dataclasses.replace(EVENT, kind="open"), id="a kind"),  # type: ignore[arg-type]
        pytest.param(Verdict(actor="human"), id="an actor"),  # type: ignore[arg-type]
    ],
)
def test_a_text_where_a_word_belongs_is_not_written(record):
    """It would be read as unknown, or as something else."""
    with pytest.raises(DataError, match="must be a"):
        record.to_json()


def test_a_data_error_repeats_nothing_that_is_stored_not_even_by_its_cause():
    row = {**EVENT.to_dict(), "received_at": "ann@example.net"}
    for read in (lambda: Event.from_dict(row), lambda: Event.from_json('{"id": "ann@example.net" "}')):
        with pytest.raises(DataError) as caught:
            read()
        assert "ann" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


FROZEN_EVENT = (
    '{"v":1,"id":"e1","kind":"click","received_at":"2026-11-23T10:00:00+01:00","recipient":"u-17","campaign":"spring",'
    '"message_id":"m-9","variant":"b","sent_at":"2026-11-23T09:00:00+00:00","expired":true,"link":3,'
    '"url":"https://example.com/é","channel":"text","method":"GET","level":0,"facts":{"agent":"browser","client":"Firefox",'
    '"client_version":"128","system":"Linux","device":"desktop","network":{"operator":"OVH","kind":"hosting"},'
    '"network_id":"n","agent_id":"a","hints":["gpc","head"],"country":"DE","region":"Berlin","city":"Berlin",'
    '"rules":"r1","networks":"n1"},"address":"192.0.2.1","user_agent":"x","headers":[["dnt","1"]],"source":"log"}'
)


def test_a_frozen_event_is_read_and_written_as_ever():
    """Hosts hold years of these."""
    event = Event.from_json(FROZEN_EVENT)
    assert event.to_json() == FROZEN_EVENT
    assert event.received_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert event.facts.network == Network(operator="OVH", kind=NetworkKind.HOSTING)
    assert event.facts.hints == {Hint.GPC, Hint.HEAD}
    assert (event.kind, event.channel, event.level) == (Kind.CLICK, Channel.TEXT, Level.NONE)
    assert event.headers == (("dnt", "1"),)


def test_a_frozen_verdict_is_read_and_written_as_ever():
    text = (
        '{"v":1,"actor":"scanner","confidence":0.97,"signals":[{"name":"burst","weight":2.9,"detail":"5 links",'
        '"family":"behaviour"}],"version":"1/2026-11"}'
    )
    verdict = Verdict.from_json(text)
    assert verdict.to_json() == text
    assert verdict.signals == (Signal(name="burst", weight=2.9, detail="5 links", family="behaviour"),)


def test_a_frozen_manifest_is_read_and_written_as_ever():
    text = '{"v":1,"campaign":"spring","targets":{"sA":{"number":1,"url":"https://example.com/"}}}'
    manifest = Manifest.from_json(text)
    assert manifest.targets["sA"] == Target(number=1, url="https://example.com/")
    assert manifest.to_json() == text.replace("}}}", ',"channel":"html"}}}')


@pytest.mark.parametrize("record", [EVENT, Facts(), Verdict(actor=Actor.HUMAN), Manifest(campaign="spring")], ids=repr)
def test_a_newer_version_is_a_data_error_that_names_both(record):
    with pytest.raises(DataError, match="version 2, this package reads up to 1"):
        type(record).from_dict({**record.to_dict(), "v": 2})


def test_a_newer_version_inside_is_a_data_error_too():
    with pytest.raises(DataError, match="Facts of version 2"):
        Event.from_dict({**EVENT.to_dict(), "facts": {"v": 2}})


def test_unknown_hints_are_left_out():
    """A later version may know more of them, and a verdict needs only those it knows."""
    assert Facts.from_dict({"hints": ["gpc", "not-yet-invented"]}).hints == {Hint.GPC}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param("{", id="broken"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("{}", id="fields missing"),
        pytest.param('{"id":"e","kind":["open"],"received_at":"2026-11-23T09:00:00+00:00"}', id="a list for a kind"),
        pytest.param('{"id":"e","kind":"open","received_at":"soon"}', id="no moment"),
        pytest.param('{"id":"e","kind":"open","received_at":5}', id="a number for a moment"),
        pytest.param('{"id":"e","kind":"open","received_at":"2026-11-23T09:00:00"}', id="a naive moment"),
        pytest.param(
            '{"v":true,"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00"}', id="a version of true"
        ),
        pytest.param('{"v":-1,"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00"}', id="version -1"),
        pytest.param('{"id":NaN,"kind":"open","received_at":"2026-11-23T09:00:00+00:00"}', id="an id that is no text"),
        pytest.param(
            '{"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00","message_id":["x"]}', id="a list of ids"
        ),
        pytest.param(
            '{"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00","link":true}', id="a true link"
        ),
        pytest.param('{"v":"1","id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00"}', id="a text version"),
        pytest.param(
            '{"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00","facts":[]}', id="facts that are a list"
        ),
        pytest.param(
            '{"id":"e","kind":"open","received_at":"2026-11-23T09:00:00+00:00","headers":[[1,2,3]]}', id="odd headers"
        ),
    ],
)
def test_what_is_no_event_is_a_data_error(text):
    with pytest.raises(DataError) as caught:
        Event.from_json(text)
    assert "2026" not in str(caught.value)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
READ_FIELDS = st.sampled_from([field.name for field in dataclasses.fields(Event)])


@given(ANY_JSON, READ_FIELDS)
@example(None, "sent_at")
@example("click", "kind")
def test_law_a_value_of_any_shape_is_read_or_a_data_error(value, name):
    """And what was read is written so that it is read back as the same."""
    try:
        found = Event.from_dict({**EVENT.to_dict(), name: value})
    except DataError:
        return
    assert Event.from_dict(found.to_dict()) == found


@pytest.mark.parametrize("read", [one.from_json for one in (Event, Facts, Verdict, Manifest, Tally)])
@pytest.mark.parametrize("value", [None, 5, ["{}"], {}])
def test_what_is_no_text_at_all_is_a_data_error_too(read, value):
    with pytest.raises(DataError, match="not the JSON of"):
        read(value)


def test_what_was_read_is_named_in_the_error():
    with pytest.raises(DataError, match="Thing must be an object, got list"):
        read_json("[]", "Thing")


# what a message and an event refuse


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"recipient": ""}, "recipient must not be empty", id="no recipient"),
        pytest.param({"recipient": 17}, "recipient must be a str, got int", id="a number"),
        pytest.param({"recipient": None}, "recipient must be a str, got NoneType", id="nothing"),
        pytest.param({"recipient": b"u"}, "recipient must be a str, got bytes", id="bytes"),
        pytest.param({"recipient": "u", "campaign": 1}, "campaign must be a str, got int", id="a campaign's number"),
        pytest.param({"recipient": "u", "id": 1}, "id must be a str, got int", id="an id's number"),
        pytest.param({"recipient": "u", "variant": None}, "variant must be a str, got NoneType", id="no variant"),
        pytest.param({"recipient": "u", "sent_at": datetime(2026, 1, 1)}, "naive", id="a naive moment"),
        pytest.param({"recipient": "u", "sent_at": "now"}, "sent_at must be a datetime, got str", id="a text"),
        pytest.param(
            {"recipient": "u", "sent_at": 5}, "sent_at must be a datetime, got int", id="a number for a moment"
        ),
        pytest.param({"recipient": "u", "opens": 9}, "opens must be a Level, got 9", id="no such level"),
        pytest.param({"recipient": "u", "clicks": "full"}, "clicks must be a Level, got 'full'", id="a level's name"),
    ],
)
def test_a_message_refuses_what_cannot_work(fields, said):
    with pytest.raises(ConfigError, match=said):
        Message(**fields)


def test_a_message_takes_a_levels_number_and_texts_of_any_kind_of_str():
    class Name(str):
        __slots__ = ()

    made = Message(recipient=Name("u-17"), opens=0, clicks=3)
    assert made.opens is Level.NONE
    assert made.clicks is Level.FULL
    assert made.recipient == "u-17"


AGGREGATE, NONE, DATE, FULL = Level.AGGREGATE, Level.NONE, Level.DATE, Level.FULL


@pytest.mark.parametrize(("opens", "clicks"), [(AGGREGATE, AGGREGATE), (AGGREGATE, NONE), (NONE, AGGREGATE), (1, 0)])
def test_a_message_to_all_needs_no_recipient(opens, clicks):
    assert Message(recipient="", opens=opens, clicks=clicks).recipient == ""


@pytest.mark.parametrize(("opens", "clicks"), [(FULL, AGGREGATE), (AGGREGATE, DATE), (NONE, NONE), (DATE, DATE)])
def test_a_message_to_one_needs_a_recipient(opens, clicks):
    with pytest.raises(ConfigError, match="recipient must not be empty"):
        Message(recipient="", opens=opens, clicks=clicks)


def test_a_messages_fields_are_keywords():
    with pytest.raises(TypeError):
        Message("u-17")  # type: ignore[misc]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda moment: Event(id="e", kind=Kind.OPEN, received_at=moment), id="an event's"),
        pytest.param(lambda moment: Event(id="e", kind=Kind.OPEN, received_at=NOW, sent_at=moment), id="a mail's"),
        pytest.param(lambda moment: Request(url="/", received_at=moment), id="a request's"),
    ],
)
def test_a_naive_moment_is_a_config_error_everywhere(make):
    with pytest.raises(ConfigError, match="naive"):
        make(datetime(2026, 11, 23))


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        pytest.param({"order": 8841}, "texts alone, got int", id="a number"),
        pytest.param({"order": {"id": "8841"}}, "texts alone, got dict", id="not flat"),
        pytest.param({8841: "order"}, "texts alone, got int", id="a number for a name"),
        pytest.param(["order"], "mapping of texts to texts, got list", id="a list"),
        pytest.param({"order": "x" * 245}, "at most 256 bytes as JSON, got 257", id="a byte too long"),
        pytest.param({"order": "é" * 123}, "at most 256 bytes as JSON, got 258", id="bytes, not characters"),
    ],
)
def test_metadata_is_flat_and_short(metadata, said):
    with pytest.raises(ConfigError, match=said):
        Message(recipient="u-17", metadata=metadata)


def test_metadata_of_exactly_256_bytes_passes_and_is_a_copy():
    given = {"order": "x" * 244}
    made = Message(recipient="u-17", metadata=given)
    given["order"] = ""
    assert made.metadata == {"order": "x" * 244}
    assert hash(made) == hash(Message(recipient="u-17"))
    assert made != Message(recipient="u-17")


@pytest.mark.parametrize("metadata", [{"order": "8841", "shop": "Kök"}, None], ids=["some", "none"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda texts: texts.__setitem__("order", "x" * 300), id="set"),
        pytest.param(lambda texts: texts.update(order="x" * 300), id="update"),
        pytest.param(lambda texts: texts.setdefault("more", "x" * 300), id="setdefault"),
        pytest.param(lambda texts: operator.ior(texts, {"order": "x" * 300}), id="|="),
        pytest.param(lambda texts: texts.__delitem__("order"), id="del"),
        pytest.param(lambda texts: texts.pop("order", None), id="pop"),
        pytest.param(lambda texts: texts.popitem(), id="popitem"),
        pytest.param(lambda texts: texts.clear(), id="clear"),
    ],
)
def test_nobody_changes_metadata_that_were_checked(metadata, change):
    made = Message(recipient="u-17", metadata=metadata)
    with pytest.raises(TypeError, match="cannot be changed"):
        change(made.metadata)
    assert made.metadata == (metadata or {})
    assert Message(recipient="u-17").metadata == {}


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        lambda message: pickle.loads(pickle.dumps(message)),
        dataclasses.replace,
        lambda message: Message(**dataclasses.asdict(message)),
    ],
    ids=["copy", "deepcopy", "pickle", "replace", "asdict"],
)
def test_metadata_are_copied_whole_and_stay_unchangeable(copied):
    made = Message(recipient="u-17", metadata={"shop": "Kök", "order": "8841"})
    again = copied(made)
    assert again == made
    assert again.metadata == {"order": "8841", "shop": "Kök"}
    assert write_metadata(again.metadata) == write_metadata(made.metadata) == '{"order":"8841","shop":"Kök"}'
    assert json.loads(json.dumps(again.metadata)) == {**again.metadata}
    with pytest.raises(TypeError, match="cannot be changed"):
        again.metadata["order"] = ""
    assert copy.deepcopy(made.metadata) == pickle.loads(pickle.dumps(made.metadata)) == made.metadata


# words, verdicts, manifests


def test_levels_are_ordered_by_how_much_may_be_known():
    assert list(Level) == sorted(Level) == [Level.NONE, Level.AGGREGATE, Level.DATE, Level.FULL]
    assert [f"{level:d}" for level in Level] == ["0", "1", "2", "3"]


def test_only_people_are_human_and_what_cannot_be_known_is_none():
    human = {actor: Verdict(actor=actor).is_human for actor in Actor}
    assert {actor for actor, value in human.items() if value is True} == {Actor.HUMAN, Actor.IMAGE_PROXY}
    assert {actor for actor, value in human.items() if value is None} == {Actor.PRIVACY_PROXY, Actor.UNKNOWN}


@given(st.lists(MANIFESTS.map(lambda made: dataclasses.replace(made, campaign="spring")), min_size=2, max_size=3))
def test_law_merged_manifests_know_the_links_of_all(made):
    merged = made[0]
    for manifest in made[1:]:
        merged = merged.merge(manifest)
    assert set(merged.targets) == {name for manifest in made for name in manifest.targets}


def test_manifests_of_different_campaigns_do_not_merge():
    with pytest.raises(ConfigError, match="different campaigns"):
        Manifest(campaign="spring").merge(Manifest(campaign="summer"))


# requests


def test_headers_are_found_in_any_case_and_repeated_ones_are_joined():
    headers = Headers([("User-Agent", "x"), ("ACCEPT", "a"), ("accept", "b")])
    assert headers["uSER-aGENT"] == headers.get("User-Agent") == headers.get_lower("user-agent") == "x"
    assert headers["Accept"] == "a, b"
    assert headers.get_lower("referer") == ""
    assert "Accept" in headers
    assert list(headers) == ["user-agent", "accept"]
    assert len(headers) == 2
    with pytest.raises(KeyError):
        headers["Cookie"]


def test_headers_come_as_a_mapping_or_as_pairs_and_may_be_given_on():
    one = Request(url="/", headers={"DNT": "1"})
    assert one.fields.get_lower("dnt") == "1"
    assert Request(url="/", headers=[("dnt", "1")]).fields == one.fields
    assert Request(url="/", headers=one.fields).fields is one.fields


def test_a_request_shows_nothing_personal():
    shown = repr(Request(url="/x", headers={"Cookie": "secret"}, address="192.0.2.1", body=b"private"))
    assert shown == "Request(method='GET', received_at=None)"
    for personal in ("secret", "192.0.2.1", "private", "/x"):
        assert personal not in shown
    assert "secret" not in repr(Headers({"Cookie": "secret"}))


def test_neither_an_event_nor_a_message_shows_whose_it_is():
    event = EVENT.changed(
        address="192.0.2.1", user_agent="Mozilla", headers=(("dnt", "1"),), recipient="u-17", url="/a?b"
    )
    shown = repr(event) + repr(Message(recipient="u-17", id="u-17-9", metadata={"order": "u-17"}))
    assert "u-17" not in shown
    assert "/a" not in shown
    assert "192.0.2.1" not in shown
    assert "Mozilla" not in shown
    assert "dnt" not in shown


def test_a_url_must_be_text():
    with pytest.raises(ConfigError, match="url must be a str, got bytes"):
        Request(url=b"/o/")  # type: ignore[arg-type]


# frozen, slotted, and copied whole


SAMPLES = [
    EVENT,
    Facts(),
    Network(),
    Signal(name="burst", weight=1.0),
    Verdict(actor=Actor.HUMAN),
    Target(number=1, url="https://example.com/"),
    Link(number=1, url="https://example.com/"),
    Manifest(campaign="spring"),
    Skipped(url="", reason=SkipReason.EMPTY),
    Warned(kind=WarningKind.CLIPPED, detail=""),
    Edit(start=0, end=0, old="", new=""),
    Message(recipient="u-17", sent_at=NOW),
    Request(url="/"),
    Reply(status=200, headers=[]),
    model.Answer(reply=Reply(status=200, headers=[])),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_data_is_frozen_slotted_and_given_by_keyword(sample):
    name = dataclasses.fields(sample)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(sample, name, "other")
    with pytest.raises((AttributeError, TypeError)):
        sample.unheard_of = 1
    assert not hasattr(sample, "__dict__")
    assert all(field.kw_only for field in dataclasses.fields(sample))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_data_can_be_copied_pickled_and_replaced(sample):
    """Work is handed between processes."""
    assert copy.deepcopy(sample) == copy.copy(sample) == dataclasses.replace(sample) == sample
    assert pickle.loads(pickle.dumps(sample)) == sample


@given(EVENTS, FACTS, st.none() | NUMBERS, TEXTS)
def test_law_changed_is_replace(event, facts, link, client):
    """``changed`` gives what ``dataclasses.replace`` gives, and leaves what it was asked of as it was."""
    for record, changes in ((event, {"facts": facts, "link": link}), (facts, {"client": client, "hints": frozenset()})):
        before = copy.copy(record)
        assert record.changed(**changes) == dataclasses.replace(record, **changes)
        assert record == before


@pytest.mark.parametrize("record", [EVENT, Facts()], ids=["event", "facts"])
def test_changed_knows_no_other_fields(record):
    with pytest.raises((AttributeError, TypeError)):
        record.changed(colour="red")


@pytest.mark.parametrize("record", [EVENT, EVENT.changed(url="x"), Facts().changed(client="x"), Message(recipient="u")])
def test_what_was_closed_or_copied_is_frozen(record):
    field = dataclasses.fields(record)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, field, "other")


def test_a_mail_is_named_by_campaign_message_id_and_recipient():
    """One message id may serve a whole mailing, and one recipient many mails."""
    event = dataclasses.replace(EVENT, campaign="spring", message_id="m", recipient="u-17")
    assert event.mail == ("spring", "m", "u-17")
    assert EVENT.mail == ("", "", None)
