"""Leads: what a sign is worth, the most that one mail adds, from which score somebody is hot, and how links are named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mailbeacon.counting import HotWatch, LinkKey, Weights, hot, score
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Facts, Kind, Link, Verdict
from tests import making

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PERSON = Verdict(actor=Actor.HUMAN)


def act(kind=Kind.OPEN, *, ago=0.0, mail="m1", recipient="u1", place=("", ""), **fields):
    facts = Facts(country=place[0], region=place[1])
    return making.event(
        recipient=recipient, message_id=mail, kind=kind, received_at=NOW - timedelta(days=ago), facts=facts, **fields
    )


def click(link=1, **fields):
    return act(Kind.CLICK, **{"link": link, "url": f"https://x.example/{link}"} | fields)


def points(*events, **options):
    (lead,) = score([(one, PERSON) for one in events], now=NOW, **options)
    return round(lead.score, 6)


def test_what_signs_are_worth_and_the_most_that_one_message_adds():
    assert (points(act()), points(click())) == (1, 3)
    assert points(act(), act(), click(), click()) == 4
    assert points(act(), click(1), click(2)) == 4.5
    assert points(act(), click(1), click(2), act(mail="m2")) == 5.5
    weights = Weights(open=2, click=4)
    assert (points(act(), weights=weights), points(click(1), click(2), weights=weights)) == (2, 7)
    assert points(click(1), click(2), weights=Weights(message=2.5)) == 2.5
    assert points(act(), click(), weights=Weights(open=0)) == 3
    assert points(act(), weights=Weights(message=0)) == 0


def test_what_came_too_late_is_no_sign_but_for_clocks_that_differ():
    """A token is read as too old, too, where its mail seems to be sent after the hit."""
    assert score([(act(expired=True, sent_at=NOW - timedelta(days=900)), PERSON)], now=NOW) == []
    assert points(act(expired=True, sent_at=NOW + timedelta(days=1))) == 1


def test_signs_fade_by_half_in_a_half_life_and_later_ones_than_now_count_for_nothing():
    assert points(act(ago=14)) == 0.5
    assert points(act(ago=2), half_life=timedelta(days=1)) == 0.25
    assert points(act(), act(ago=-0.001, mail="m2")) == 1
    assert points(act(), act(mail="m2", campaign="autumn"), campaign="autumn") == 1
    assert points(act(), act(mail="m2", campaign="autumn")) == 2


@pytest.mark.parametrize("later", [False, True], ids=["in order", "the other way round"])
def test_a_lead_has_the_metadata_of_the_mail_with_the_last_sign(later):
    events = [act(ago=3, mail="m1", metadata={"order": "1"}), act(ago=1, mail="m2", metadata={"order": "2"})]
    (lead,) = score([(one, PERSON) for one in events[:: -1 if later else 1]], now=NOW)
    assert lead.metadata == {"order": "2"}


def test_a_lead_says_when_where_and_what():
    events = [
        act(ago=3, place=("DE", "Hesse")),
        act(ago=1, place=("FR", "")),
        click(2, ago=2),
        click(1, ago=2),
        click(2),
        act(recipient="u2", ago=3, place=("", "")),
    ]
    first, second = score([(one, PERSON) for one in events], now=NOW)
    assert first.opened == (date(2026, 5, 29), date(2026, 5, 31))
    assert first.clicked == (LinkKey("spring", 1, "https://x.example/1"), LinkKey("spring", 2, "https://x.example/2"))
    assert (first.last, first.region) == (date(2026, 6, 1), "")
    assert (second.recipient, second.region) == ("u2", "")
    (alone,) = score([(one, PERSON) for one in events[:2]], now=NOW)
    assert (alone.last, alone.region) == (date(2026, 5, 31), "FR")


@pytest.mark.parametrize(
    ("event", "links", "words"),
    [
        (click(7, url=""), (), "clicked link 7"),
        (click(7), (), "clicked https://x.example/7"),
        (click(7), [Link(number=7, url="https://x.example/7?q", label="Prices")], "clicked Prices"),
        (click(7), [Link(number=7, url="https://x.example/7", label="")], "clicked https://x.example/7"),
        (click(7), {"spring": [Link(number=7, url="https://x.example/7", label="Prices")]}, "clicked Prices"),
        (
            click(7),
            {"autumn": [Link(number=7, url="https://x.example/7", label="Prices")]},
            "clicked https://x.example/7",
        ),
        (act(), (), "opened on 1 day"),
    ],
)
def test_why_somebody_is_a_lead_is_said_in_words(event, links, words):
    (lead,) = score([(event, PERSON)], now=NOW)
    assert lead.reasons(links) == words


def test_the_hottest_come_first_from_a_score_on_and_so_many_as_were_asked_for():
    events = [
        click(n, mail=f"m{n}{who}", recipient=who)
        for who, number in (("a", 2), ("b", 3), ("c", 2))
        for n in range(number)
    ]
    leads = score([(one, PERSON) for one in events], now=NOW)
    links = (Link(number=n, url=f"https://x.example/{n}", label=f"L{n}") for n in range(3))
    found = hot(leads, at_least=6, links=links)
    assert [(one.lead.recipient, one.why) for one in found] == [
        ("b", "clicked L0, L1, L2"),
        ("a", "clicked L0, L1"),
        ("c", "clicked L0, L1"),
    ]
    assert [one.lead.recipient for one in hot(leads[::-1], at_least=6.1)] == ["b"]
    assert [one.lead.recipient for one in hot(leads, at_least=0, most=2)] == ["b", "a"]
    assert hot(score([(act(), PERSON)] * 9, now=NOW)) == []


def test_the_watch_reports_who_reaches_the_score_itself():
    told = []
    watch = HotWatch(told.append, at_least=6)
    for one in (click(mail="m1"), click(mail="m2"), click(mail="m3")):
        watch(one, PERSON)
    assert [(lead.recipient, lead.score) for lead in told] == [("u1", 6)]


def test_links_with_and_without_a_number_stand_beside_each_other():
    (lead,) = score([(click(None, url="https://x.example/9"), PERSON), (click(1), PERSON)], now=NOW)
    assert [(link.number, link.url) for link in lead.clicked] == [
        (0, "https://x.example/9"),
        (1, "https://x.example/1"),
    ]


@pytest.mark.parametrize("verdict", [Verdict(actor=Actor.SCANNER), Verdict(actor=Actor.PRIVACY_PROXY), None])
def test_only_what_people_did_makes_somebody_hot(verdict):
    told = []
    watch = HotWatch(told.append, at_least=3)
    for number in range(9):
        watch(click(number, mail=f"m{number}"), verdict)
    assert told == []
    assert score([(click(), verdict)], now=NOW) == []
    watch(click(mail="own"), PERSON)
    assert [(lead.recipient, lead.score) for lead in told] == [("u1", 3)]


def test_the_watch_tells_again_of_whom_it_forgot_and_of_whom_cooled():
    def told(*events, **options):
        found = []
        watch = HotWatch(found.append, **{"at_least": 2.5, **options})
        for one in events:
            watch(one, PERSON)
        return [(lead.recipient, lead.score) for lead in found]

    first, other = click(recipient="u1", ago=5), click(recipient="u2", ago=4)
    again = click(2, recipient="u1", mail="m2", ago=3)
    assert told(first, other, again, keep=2) == [("u1", 3), ("u2", 3)]
    assert told(first, other, again, keep=1) == [("u1", 3), ("u2", 3), ("u1", 3)]
    day = timedelta(days=1)
    assert told(first, again, half_life=day) == [("u1", 3), ("u1", 3.75)], "cooled to a quarter, and hot again"
    assert told(click(ago=10), click(2, mail="m2"), half_life=day) == [("u1", 3), ("u1", pytest.approx(3 + 3 / 1024))]
    assert told(click(ago=11), click(2, mail="m2"), half_life=day) == [("u1", 3), ("u1", 3)], "forgotten by then"
    assert told(click(ago=0.5), half_life=day / 2) == [("u1", 3)]


def test_the_watch_keeps_a_bounded_number_of_signs_of_each():
    found = []
    watch = HotWatch(found.append, at_least=101, weights=Weights(click=1, message=1))
    for number in range(201):
        watch(act(mail=f"m{number:03}", kind=Kind.CLICK, link=1, url="https://x.example/"), PERSON)
    assert [(lead.recipient, lead.score, len(lead.clicked)) for lead in found] == [("u1", 101, 1)]
    patient = HotWatch(found.append, at_least=201, weights=Weights(click=1, message=1))
    for number in range(400):
        patient(act(mail=f"m{number:03}", kind=Kind.CLICK, link=1, url="https://x.example/"), PERSON)
    assert len(found) == 1, "of more than two hundred the latest hundred are kept"
    third = HotWatch(found.append, at_least=1, keep=2)
    for number in range(201):
        third(act(mail=f"m{number:03}"), PERSON)
    assert sorted(sign.mail[1] for sign in third._signs["u1"].days) == [f"m{number}" for number in range(101, 201)]
    for number in range(9):
        third(act(recipient=f"v{number}"), PERSON)
    assert {name: signs.is_hot for name, signs in third._signs.items()} == {"v7": True, "v8": True}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: score([]), "now is missing: give the moment to fade towards"),
        (lambda: score([], now=datetime(2026, 6, 1)), "now must"),
        (lambda: score([], now=NOW, half_life=timedelta(0)), "half_life must be longer than nothing"),
        (lambda: HotWatch(print, half_life=timedelta(0)), "half_life must be longer than nothing"),
        (lambda: Weights(click=-1), "the weight click must be a number from 0, got -1"),
        (lambda: Weights(open=None), "the weight open must be a number from 0, got None"),
        (lambda: Weights(message=True), "the weight message must be a number from 0, got True"),
    ],
)
def test_what_cannot_be_scored_is_told(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
