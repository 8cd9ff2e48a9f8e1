"""Judging in two groupings, by network and then by mail, as a cluster does it."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

import pytest

from mailbeacon import fake
from mailbeacon.fake.traffic import sample_beacon, sample_traffic
from mailbeacon.judging import Classifier
from mailbeacon.judging.crowds import NetworkHit
from mailbeacon.model import Event


def hit(event: Event) -> NetworkHit:
    return NetworkHit(event.id, event.facts.network_id, event.received_at, event.recipient or "")


def crowded(audience: str) -> list[Event]:
    """A campaign's events, of which some came from one network within a moment."""
    beacon, _, _ = sample_beacon()
    traffic = sample_traffic(beacon, audience, recipients=400)
    events = [event for event, _ in fake.to_events(traffic.hits, beacon)]
    moment = events[len(events) // 2].received_at
    classifier = Classifier()
    for place in [place for place, event in enumerate(events) if classifier.crowds(event)][:40:4]:
        facts = events[place].facts.changed(network_id="one network")
        events[place] = events[place].changed(received_at=moment + timedelta(milliseconds=place), facts=facts)
    return events


@pytest.mark.parametrize("audience", ["consumer", "business"])
@pytest.mark.parametrize("parts", [1, 2, 7, 64])
def test_two_groupings_give_the_verdicts_of_one_list(audience: str, parts: int):
    events, classifier = crowded(audience), Classifier()
    whole = dict(zip([event.id for event in events], classifier.classify_all(events), strict=True))
    noted = classifier.note_networks(hit(event) for event in events if classifier.crowds(event))
    assert noted
    for part in range(parts):
        mails = [event for event in events if crc32(event.message_id.encode()) % parts == part]
        assert classifier.classify_all(mails, networks=noted) == [whole[event.id] for event in mails]


def test_a_part_judged_without_what_was_noted_of_networks_can_differ():
    """So the first grouping is needed."""
    events, classifier = crowded("consumer"), Classifier()
    assert classifier.classify_all(events, networks={}) != classifier.classify_all(events)
