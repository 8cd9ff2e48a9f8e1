"""People who stay the same from one mailing to the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from mailbeacon import fake
from mailbeacon.fake.traffic import NEWSLETTER, SENT_AT, sample_beacon
from mailbeacon.model import Actor

RECIPIENTS = 1_500


def scene(audience, seed, campaign="c", recipients=RECIPIENTS):
    beacon, _, _ = sample_beacon()
    template = beacon.compile(NEWSLETTER, campaign=campaign)
    hits = list(fake.simulate(beacon, template, audience, recipients=recipients, seed=seed, sent_at=SENT_AT))
    return list(fake.to_events(hits, beacon))


def traits(pairs):
    """What each reader is: behaviour, and what the mail was looked at with from the reader's own address."""
    found = defaultdict(set)
    for event, truth in pairs:
        if truth.behaviour in {one.name for _, one in fake.CONSUMER.readers}:
            found[event.recipient].add(truth.behaviour)
    return found


def test_everybody_reads_as_before():
    """Lasting people have one way to read in every mailing; drawn anew, some have another."""
    lasting = fake.CONSUMER.lasting(3)
    one, other = traits(scene(lasting, 1)), traits(scene(lasting, 2, "d"))
    both = one.keys() & other.keys()
    assert len(both) > 100
    assert all(one[name] == other[name] for name in both)
    drawn = traits(scene(fake.CONSUMER, 1)), traits(scene(fake.CONSUMER, 2, "d"))
    assert any(drawn[0][name] != drawn[1][name] for name in drawn[0].keys() & drawn[1].keys())


def test_somebody_at_home_has_the_same_address_client_and_zone():
    person = fake.people.Person(3, 17, fake.Choices(fake.CONSUMER.zones), 3)
    again = fake.people.Person(3, 17, fake.Choices(fake.CONSUMER.zones), 3)
    assert (person.home, person.zone, person.look("abc")) == (again.home, again.zone, again.look("abc"))
    others = {fake.people.Person(3, number, fake.Choices(fake.CONSUMER.zones), 3).home for number in range(50)}
    assert len(others) == 50


def test_some_are_keen_and_some_are_not_and_the_share_of_all_stays():
    lasting = fake.CONSUMER.lasting(3)
    seen = Counter()
    numbers = []
    for seed in range(6):
        names = set(traits(scene(lasting, seed, f"c{seed}", recipients=600)))
        numbers.append(len(names))
        seen.update(names)
    share = sum(share for share, _ in fake.CONSUMER.readers)
    anew = [len(traits(scene(fake.CONSUMER, seed, "c", recipients=600))) for seed in range(6)]
    assert sum(numbers) == pytest.approx(sum(anew), rel=0.12)
    always, never = sum(count == 6 for count in seen.values()), 600 - len(seen)
    assert always > 2 * 600 * share**6
    assert never > 1.5 * 600 * (1 - share) ** 6


def test_another_list_is_of_other_people_and_the_same_seed_gives_the_same_scene():
    assert scene(fake.BUSINESS.lasting(1), 5, recipients=200) == scene(fake.BUSINESS.lasting(1), 5, recipients=200)
    assert traits(scene(fake.CONSUMER.lasting(1), 5)) != traits(scene(fake.CONSUMER.lasting(2), 5))


def test_machines_visit_the_same_mailboxes():
    lasting = fake.BUSINESS.lasting(1)

    def scanned(seed, campaign):
        return {event.recipient for event, truth in scene(lasting, seed, campaign) if truth.actor is Actor.SCANNER}

    one, other = scanned(1, "c"), scanned(2, "d")
    apart = (
        scanned(1, "c"),
        {event.recipient for event, truth in scene(fake.BUSINESS, 2, "d") if truth.actor is Actor.SCANNER},
    )
    assert len(one & other) > 1.1 * len(apart[0] & apart[1])


def test_a_year_is_played_by_the_clock():
    moments = [event.received_at for event, _ in scene(fake.CONSUMER.lasting(1), 5, recipients=100)]
    assert moments == sorted(moments)
    assert moments[0] >= SENT_AT - timedelta(seconds=1)
