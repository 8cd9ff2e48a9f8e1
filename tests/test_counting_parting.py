"""What processes counted of pieces of the same events, each closing the mails that nobody else has, is what one counts of all."""

from __future__ import annotations

import pickle
import tracemalloc
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting import Dimension, Outcomes, tally
from mailbeacon.counting.parting import closed_alone, closed_up, names_of
from mailbeacon.model import Actor, Kind, Verdict
from tests.making import NOON, hit

EVENTS = st.builds(
    lambda mail, kind, minute, link, variant, campaign: hit(
        f"m{mail}",
        kind,
        minutes=minute,
        recipient=None if mail == 3 else f"u{mail}",
        link=link if kind is Kind.CLICK else None,
        variant=variant,
        campaign=campaign,
    ),
    st.integers(0, 5),
    st.sampled_from([Kind.OPEN, Kind.OPEN, Kind.CLICK, Kind.SENT, Kind.DELIVERED, Kind.BOUNCED, Kind.UNSUBSCRIBE]),
    st.integers(0, 3000),
    st.integers(1, 3),
    st.sampled_from(["", "a"]),
    st.sampled_from(["spring", "autumn"]),
)
JUDGED = st.tuples(EVENTS, st.sampled_from([None, *(Verdict(actor=actor, version="1") for actor in Actor)]))


def counted_apart(parts, **options):
    """Count each part in a process of its own, as far as a process hands over no more than can be pickled."""
    tallies = [tally(part, groups={"u1": "sales"}) for part in parts]
    names = pickle.loads(pickle.dumps([names_of(one) for one in tallies]))
    found = tally([])
    for place, one in enumerate(tallies):
        part = closed_alone(one, [*names[:place], *names[place + 1 :]], **options)
        found = found.merge(pickle.loads(pickle.dumps(part)))
    return found


@given(st.lists(st.lists(JUDGED, max_size=10), min_size=1, max_size=3))
def test_law_parts_close_to_the_totals_of_all(parts):
    found = counted_apart(parts, zone="Europe/Berlin")
    used = tally([pair for part in parts for pair in part], groups={"u1": "sales"})
    whole = tally([pair for part in parts for pair in part], groups={"u1": "sales"})
    assert found.closed(zone="Europe/Berlin") == whole.closed(zone="Europe/Berlin")
    assert closed_up(used, zone="Europe/Berlin") == whole.closed(zone="Europe/Berlin")
    assert (found.mails, found.outcomes, found.deliveries) == (whole.mails, whole.outcomes, whole.deliveries)
    for kind in (Kind.OPEN, Kind.CLICK):
        assert found.by(Dimension.HOUR, kind, zone="Europe/Berlin") == whole.by(
            Dimension.HOUR, kind, zone="Europe/Berlin"
        )
        assert found.by("group", kind) == whole.by("group", kind)


def test_a_mail_that_only_one_part_has_is_no_longer_known():
    morning, evening = tally([(hit("m1"), None), (hit("m2"), None)]), tally([(hit("m2"), None), (hit("m3"), None)])
    found = closed_alone(morning, [names_of(evening)])
    shared = names_of(tally([(hit("m2"), None)]))["spring"]
    assert [mail for page in found._pages.values() for mail in page.mails] == [shared]
    assert found.mails == 2


def test_a_mail_of_which_the_provider_spoke_in_another_part_is_listed():
    """Its events may lack the variant that the links have, and stand in another page."""
    parts = [[(hit("m1", variant="b"), None)], [(hit("m1", Kind.DELIVERED, minutes=9), None)]]
    assert counted_apart(parts).outcomes == Outcomes(sent=1, delivered=1)


def test_whether_the_provider_spoke_of_others_may_be_known_to_another_part_only():
    parts = [[(hit("m1"), None)], [(hit("m2", Kind.DELIVERED), None)]]
    assert counted_apart(parts).outcomes == Outcomes(sent=1, delivered=1, unlisted=1)
    assert counted_apart(parts[:1]).outcomes == Outcomes()


def test_a_tally_that_is_used_up_lets_go_of_its_mails_as_their_totals_come():
    pairs = [(hit(f"m{n}", campaign=f"c{n % 300}"), None) for n in range(30_000)]
    tracemalloc.start()
    try:
        whole = tally(pairs)
        before = tracemalloc.get_traced_memory()[0]
        totals = whole.closed()
        size = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.reset_peak()
        used = closed_up(whole)
        more = tracemalloc.get_traced_memory()[1] - before - size
    finally:
        tracemalloc.stop()
    assert used == totals
    assert whole.mails == 0
    assert more < size / 2


def test_the_period_is_that_of_all_parts():
    parts = [[(hit("m1", minutes=n), None)] for n in (0, 90)]
    assert counted_apart(parts).period == (NOON, NOON + timedelta(minutes=90))
