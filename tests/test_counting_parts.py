"""Parts of a tally: what is chosen by campaign, variant and group, open or closed, and which deliveries go with it."""

from __future__ import annotations

import pytest

from mailbeacon.counting import Dimension, LinkKey, Outcomes, Tally, tally
from mailbeacon.counting.traits import LIMIT
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Verdict
from tests.making import hit

PERSON, SCANNER = Verdict(actor=Actor.HUMAN), Verdict(actor=Actor.SCANNER)


def people(*events, **options):
    return tally(events, [PERSON] * len(events), **options)


def whole(found):
    return found


def closed(found):
    return found.closed()


either = pytest.mark.parametrize("kept_as", [whole, closed])


# Choosing


@either
def test_a_part_holds_what_was_asked_for_and_nothing_else(kept_as):
    events = [hit(f"m{n}", campaign=campaign, variant=variant, recipient=who) for n, (campaign, variant, who) in
              enumerate([("spring", "a", "u1"), ("spring", "b", "u2"), ("autumn", "a", "u2"), ("", "", "u3")])]  # fmt: skip
    found = kept_as(people(*events, groups={"team": {"u1": "sales", "u2": "press"}, "site": {"u2": "Rome"}}))
    assert found.select().mails == 4
    assert found.select(campaign="spring").mails == 2
    assert found.select(campaign="").mails == 1
    assert found.select(variant="a").mails == 2
    assert found.select(campaign="spring", variant="a").mails == 1
    assert found.select(groups={"team": "press"}).mails == 2
    assert found.select(groups={"team": ""}).mails == 1
    assert found.select(groups={"site": ""}).mails == 2
    assert found.select(groups={"team": "press", "site": "Rome"}, variant="b").mails == 1
    assert found.select(groups={"team": "sales", "site": "Rome"}).mails == 0
    assert found.select(campaign="winter") == Tally()
    assert (found.values("team"), found.values("site")) == (["", "press", "sales"], ["", "Rome"])
    assert found.group_kinds == ["site", "team"]


@either
def test_who_has_no_group_can_be_chosen_too(kept_as):
    found = kept_as(people(hit("m1", recipient="u1"), hit("m2", recipient="u2"), groups={"u1": "sales"}))
    assert (found.select(group="sales").mails, found.select(group="").mails) == (1, 1)
    assert found.select(group="press").mails == 0


@either
def test_parts_are_tallies_that_are_written_and_add_up(kept_as):
    found = kept_as(people(hit("m1"), hit("m1", Kind.CLICK, link=1, client="Outlook"), hit("m2", campaign="autumn")))
    spring, autumn = found.select(campaign="spring"), found.select(campaign="autumn")
    assert spring.merge(autumn) == found
    assert Tally.from_json(spring.to_json()) == spring != autumn
    assert spring.by(Dimension.CLIENT, Kind.CLICK).keys() == {"Outlook"}
    assert kept_as(people(hit("m1"))).select(campaign="spring").by(Dimension.CLIENT, Kind.OPEN).keys() == {"Gmail"}


def test_equal_tallies_are_one_key():
    found = [people(hit("m1"), hit("m2")), people(hit("m2"), hit("m1"))]
    assert len({*found}) == 1
    assert len({*found, people(hit("m3")), found[0].closed(), found[1].closed(), Tally()}) == 4
    assert found[0] != "a tally"


# Deliveries


@either
def test_a_number_for_all_is_that_of_a_part_only_where_the_part_is_all(kept_as):
    one = kept_as(people(hit("m1", variant="a", recipient="u1"), deliveries=10, groups={"u1": "sales"}))
    for part in (one.select(campaign="spring"), one.select(variant="a"), one.select(group="sales"), one.select()):
        assert part.deliveries == 10
    assert one.select(campaign="autumn").deliveries is None
    two = one.merge(kept_as(people(hit("m2", variant="b", recipient="u2", campaign="autumn"))))
    for part in (two.select(campaign="spring"), two.select(variant="a"), two.select(group="sales")):
        assert part.deliveries is None
    assert two.select().deliveries == 10


@either
def test_a_campaigns_number_is_that_of_a_variant_only_where_there_is_no_other(kept_as):
    one = kept_as(people(hit("m1", variant="a"), deliveries={"spring": 10}))
    assert one.select(variant="a").deliveries == 10
    two = one.merge(kept_as(people(hit("m2", variant="b"))))
    assert two.select(variant="a").deliveries is None
    assert two.select(campaign="spring").deliveries == 10
    arms = people(hit("m1", variant="a"), hit("m2", variant="b"), deliveries={("spring", "a"): 4, ("spring", "b"): 6})
    assert [kept_as(arms).select(variant=name).deliveries for name in "abc"] == [4, 6, None]


@either
def test_campaigns_and_variants_of_which_only_a_number_is_known_are_named_too(kept_as):
    found = kept_as(people(hit("m1"), deliveries={("autumn", "b"): 5, ("winter", "c"): 1}))
    assert found.values(Dimension.CAMPAIGN) == ["autumn", "spring", "winter"]
    assert found.values(Dimension.VARIANT) == ["", "b", "c"]
    assert found.values(Dimension.GROUP) == [""]
    assert kept_as(people(hit("m1"), deliveries=5)).values(Dimension.CAMPAIGN) == ["spring"]
    assert kept_as(people(hit("m1"), deliveries={"autumn": 5})).values(Dimension.VARIANT) == [""]


@either
def test_of_campaigns_some_are_told_by_the_provider_some_by_numbers_and_some_by_nobody(kept_as):
    told = [hit("m1", Kind.DELIVERED), hit("m2", Kind.BOUNCED), hit("m1")]
    numbered, nobodys = hit("m3", campaign="autumn"), hit("m4", campaign="winter")
    found = kept_as(people(*told, numbered, nobodys, deliveries={"autumn": 7}))
    assert found.reported == ["spring"]
    assert found.without_deliveries == ["winter"]
    assert found.deliveries == 7 + 1
    part = found.with_deliveries()
    assert (part.values(Dimension.CAMPAIGN), part.mails, part.deliveries) == (["autumn", "spring"], 2, 8)
    assert found.select(campaign="winter").deliveries is None
    assert (found.bounces, found.mails_with(Kind.BOUNCED)) == (1, 1)


@either
def test_a_variant_without_a_number_is_left_out_where_another_of_its_campaign_has_one(kept_as):
    events = [hit("m1", variant="a"), hit("m2", variant="b"), hit("m3", campaign="autumn", variant="b")]
    found = kept_as(people(*events, deliveries={("spring", "a"): 4, "autumn": 6}))
    assert found.without_deliveries == ["spring"]
    assert found.with_deliveries().mails == 2
    assert found.with_deliveries().values(Dimension.VARIANT) == ["a", "b"]
    assert found.with_deliveries().select(campaign="spring").values(Dimension.VARIANT) == ["a"]


@either
def test_a_number_for_all_leaves_nothing_to_be_told_by_the_provider(kept_as):
    found = kept_as(people(hit("m1", Kind.DELIVERED), hit("m1"), hit("m2", campaign="autumn"), deliveries=9))
    assert (found.deliveries, found.reported, found.without_deliveries) == (9, [], [])
    assert found.with_deliveries() == found


def test_a_mail_the_provider_spoke_of_is_listed_whichever_part_is_looked_at():
    """Its events may lack the variant that the links have."""
    events = [hit("m1", Kind.DELIVERED), hit("m1", variant="b"), hit("m2", variant="b")]
    found = people(*events)
    assert found.outcomes == Outcomes(sent=1, delivered=1, unlisted=1)
    part = found.select(variant="b")
    assert part.outcomes == Outcomes(unlisted=1)
    assert part.select(campaign="spring").outcomes == Outcomes(unlisted=1)
    assert found.closed().outcomes == found.outcomes
    alone = people(hit("m2", variant="b")).select(variant="b")
    assert (alone.outcomes, alone.closed().outcomes) == (Outcomes(), Outcomes())
    two = people(*events, hit("m9", campaign="autumn"))
    assert two.closed().outcomes == two.outcomes == Outcomes(sent=1, delivered=1, unlisted=1)


@pytest.mark.parametrize(
    "groups",
    [
        lambda _: 3,
        lambda _: ["sales"],
        {"department": lambda _: b"sales"},
        {"u": 3},
        {"u": "sales", "v": None},
        {"u": ["a"]},
    ],
)
def test_a_group_that_is_no_text_is_told(groups):
    with pytest.raises(ConfigError, match=r"group.* text"):
        people(hit("m1"), groups=groups)


def test_who_belongs_to_nothing_is_in_the_group_without_a_name():
    assert people(hit("m1"), groups=lambda _: None).values("group") == [""]


# Names and outcomes of mails


def test_with_a_key_what_became_of_a_mail_and_who_opened_it_still_belong_together():
    found = people(hit("m1", Kind.BOUNCED), hit("m1"), names_key=b"a secret")
    assert found.outcomes == Outcomes(sent=1, bounced=1, seen_all_the_same=1)


@pytest.mark.parametrize("later", [Kind.SENT, Kind.COMPLAINED, Kind.UNSUBSCRIBE, Kind.REJECTED, Kind.DEFERRED])
def test_only_a_delivery_takes_a_bounce_back(later):
    found = people(hit("m1", Kind.BOUNCED), hit("m1", later, minutes=9)).outcomes
    assert (found.bounced, found.delivered) == (1, 0)
    assert people(hit("m1", Kind.BOUNCED), hit("m1", Kind.DELIVERED, minutes=9)).outcomes.delivered == 1


@pytest.mark.parametrize("tail", ["?mail=ann", "#ann", "#a?mail=ann", "?a#ann", ""])
def test_a_link_is_counted_by_its_page(tail):
    found = people(hit("m1", Kind.CLICK, link=1, url=f"https://x.example/leave{tail}"))
    assert [*found.by(Dimension.LINK, Kind.CLICK)] == [LinkKey("spring", 1, "https://x.example/leave")]


def test_of_more_links_than_a_mail_keeps_the_rest_are_counted_as_no_link_of_no_channel_and_no_client():
    number = 4 * LIMIT
    events = [
        hit("m1", Kind.CLICK, minutes=n, link=n + 1, url=f"https://x.example/{n}", client=f"client {n}")
        for n in range(number)
    ]
    found = tally(events, [SCANNER] * number)
    links = found.by(Dimension.LINK, Kind.CLICK)
    rest = links.pop(LinkKey("spring", 0, ""))
    assert (len(links), rest.hits.machines) == (2 * LIMIT, number - 2 * LIMIT)
    assert all(link.number for link in links)
    channels = found.by(Dimension.CHANNEL, Kind.CLICK)
    assert {name: count.hits.machines for name, count in channels.items()} == {
        "": rest.hits.machines,
        "html": 2 * LIMIT,
    }
    clients = found.by(Dimension.CLIENT, Kind.CLICK)
    assert (len(clients), clients[""].hits.machines) == (LIMIT + 1, number - LIMIT)
    assert found.by(Dimension.COUNTRY, Kind.CLICK).keys() == {""}
