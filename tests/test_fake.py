"""Scenes: made-up traffic keeps to the shares and times it promises, and is the same wherever it is made."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import DOCS

import mailbeacon as mb
from mailbeacon import fake
from mailbeacon.errors import ConfigError, TokenError
from mailbeacon.fake.machines import BURST_STARTS
from mailbeacon.model import NetworkKind
from mailbeacon.networks import builtin
from tests import making

SENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
PRESETS = (fake.CONSUMER, fake.BUSINESS, fake.INTERNAL)
LINKS = 8
HTML = (
    "<html><body>" + "".join(f'<a href="https://example.com/{n}">Read {n}</a>' for n in range(LINKS)) + "</body></html>"
)


@pytest.fixture(scope="module")
def beacon():
    return making.beacon()


@pytest.fixture(scope="module")
def template(beacon):
    return beacon.compile(HTML, campaign="spring")


@pytest.fixture(scope="module")
def business(beacon, template):
    return list(fake.simulate(beacon, template, fake.BUSINESS, recipients=12_000, seed=1, sent_at=SENT, leave=True))


@pytest.fixture(scope="module")
def consumer(beacon, template):
    return list(fake.simulate(beacon, template, fake.CONSUMER, recipients=12_000, seed=1, sent_at=SENT))


def is_click(hit):
    return "/c/" in hit.request.url


def chi_square_fits(seen, expected):
    """Check whether counts fit, at one in a thousand. Source: E. B. Wilson and M. M. Hilferty, PNAS 17 (1931)."""
    pairs = [(seen.get(key, 0), count) for key, count in expected.items()]
    assert all(count >= 5 for _, count in pairs), "too few for a chi-square test"
    statistic = sum((found - count) ** 2 / count for found, count in pairs)
    free = len(pairs) - 1
    limit = free * (1 - 2 / (9 * free) + 3.09 * (2 / (9 * free)) ** 0.5) ** 3
    return statistic < limit


class Counted(fake.Behaviour):
    """Note that a recipient drew it."""

    def __init__(self, name, counts):
        super().__init__(name)
        self.counts = counts

    def start(self, scene):
        self.counts[self.name] += 1
        return 1.0

    def visits(self, scene, start):
        return ()


@pytest.mark.parametrize("preset", [pytest.param(one, id=one.name) for one in PRESETS])
def test_recipients_draw_behaviours_in_the_shares_asked_for(beacon, template, preset):
    counts = Counter()
    layers = [tuple((share, Counted(behaviour.name, counts)) for share, behaviour in layer) for layer in preset.layers]
    counted = fake.Audience(name="counted", readers=layers[0], gateways=layers[1], strays=layers[2])
    total = 25_000
    assert list(fake.simulate(beacon, template, counted, recipients=total, seed=3, sent_at=SENT)) == []
    for layer in layers:
        if layer:
            expected = {behaviour.name: share * total for share, behaviour in layer}
            expected["nobody"] = total - sum(expected.values())
            nobody = total - sum(counts[behaviour.name] for _, behaviour in layer)
            assert chi_square_fits({**counts, "nobody": nobody}, expected)


def test_bursts_start_when_measured_bursts_did():
    """Source: craft-campaign issue 546: median 43 s, 0.5 % within 10 s, 2.6 % within 20 s, 31 % after a minute."""
    rng, total = fake.Rng(5), 20_000
    starts = [rng.quantile(BURST_STARTS) for _ in range(total)]
    borders = (10, 20, 43, 60, float("inf"))
    seen = Counter(next(border for border in borders if start <= border) for start in starts)
    expected = dict(zip(borders, (100, 420, 9480, 3800, 6200), strict=True))
    assert chi_square_fits(seen, expected)


def test_consumer_opens_come_through_the_proxies_that_make_most_opens(consumer):
    """Source: generator weights after Litmus, March 2022: Apple's proxy 45, Gmail's 27, Yahoo's 4 of 100 opens."""
    opens = Counter(hit.truth.behaviour for hit in consumer if not is_click(hit))
    total = opens.total()
    assert 0.42 < (opens["apple-reader"] + opens["apple-prefetch"]) / total < 0.48
    assert 0.25 < opens["gmail"] / total < 0.30
    assert 0.03 < opens["yahoo"] / total < 0.05


def test_machines_click_seldom_for_consumers_and_half_the_time_for_business(consumer, business):
    def machine_share(hits):
        clicks = [hit.truth.is_human is False for hit in hits if is_click(hit)]
        return sum(clicks) / len(clicks)

    assert 0.05 < machine_share(consumer) < 0.35
    assert 0.40 < machine_share(business) < 0.65


def test_people_read_in_working_hours_of_their_zone(beacon, template):
    reader = fake.Reader("office", looks=fake.CONSUMER.readers[4][1].looks, habits=fake.OFFICE_HOURS, again=0.0)
    audience = fake.Audience(name="office", readers=((1.0, reader),), zones=((1.0, -5 * 3600.0),))
    hits = list(fake.simulate(beacon, template, audience, recipients=4000, seed=1, sent_at=SENT))
    local = [hit.request.received_at - timedelta(hours=5) for hit in hits if not is_click(hit)]
    at_work = [moment for moment in local if moment.weekday() < 5 and 7 <= moment.hour < 20]
    assert len(at_work) / len(local) > 0.9
    assert Counter(moment.hour for moment in local)[3] < len(local) * 0.02


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param("apple-prefetch", NetworkKind.RELAY, id="Apple fetches from its relay"),
        pytest.param("gmail", NetworkKind.MAIL, id="Gmail fetches from Google"),
        pytest.param("outlook-com", NetworkKind.MAIL, id="Outlook.com fetches from Microsoft"),
        pytest.param("scanner-scattered", NetworkKind.HOSTING, id="a scattered scanner rents its servers"),
        pytest.param("scanner-named", NetworkKind.SECURITY, id="a named scanner uses its vendor's network"),
    ],
)
def test_machines_come_from_networks_of_their_kind(business, behaviour, kind):
    table = builtin()
    addresses = [
        hit.request.address
        for hit in business
        if hit.truth.behaviour == behaviour and hit.truth.actor is not mb.Actor.HUMAN
    ]
    assert addresses
    assert {table.lookup(address).kind for address in addresses} == {kind}


def test_people_click_from_their_own_lines_relays_or_office_proxies(business):
    table = builtin()
    kinds = {table.lookup(hit.request.address).kind for hit in business if is_click(hit) and hit.truth.is_human}
    assert kinds <= {NetworkKind.UNKNOWN, NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY}


def test_office_workers_share_addresses(business):
    people = [hit.request.address for hit in business if is_click(hit) and hit.truth.is_human]
    assert len(set(people)) < len(people) * 0.7


def per_mail(hits, behaviour):
    """Return the hits of each mail that a behaviour touched, those of its later machines too."""
    mails = {}
    for hit in hits:
        if hit.truth.behaviour.removesuffix(", later") == behaviour:
            mails.setdefault(hit.request.url.split("/")[3].removesuffix(".gif"), []).append(hit)
    return list(mails.values())


def test_a_burst_follows_every_link_within_seconds(business):
    for hits in per_mail(business, "scanner-burst"):
        clicks = [hit for hit in hits if is_click(hit)]
        first = [hit.request.received_at for hit in clicks[:LINKS]]
        assert len({hit.request.url for hit in clicks[:LINKS]}) == LINKS
        assert first[-1] - first[0] < timedelta(seconds=2)


def test_some_bursts_are_detonated_again_minutes_later_from_elsewhere(business):
    late = [
        hits
        for hits in per_mail(business, "scanner-burst")
        if hits[-1].truth.behaviour == "scanner-burst, later"
        and is_click(hits[-1])
        and hits[-1].request.received_at - hits[0].request.received_at > timedelta(seconds=30)
        and hits[-1].request.address != hits[0].request.address
    ]
    assert late


def test_a_head_scanner_asks_with_head_first(business):
    for hits in per_mail(business, "scanner-head"):
        assert hits[0].request.method == "HEAD"
        assert [hit.request.method for hit in hits].count("HEAD") == LINKS


def test_a_slow_scanner_takes_its_time(business):
    spans = [
        hits[LINKS - 1].request.received_at - hits[0].request.received_at for hits in per_mail(business, "scanner-slow")
    ]
    assert min(spans) > timedelta(minutes=1)


def test_a_leaving_scanner_visits_the_leave_page(beacon, business):
    left = [hit for hit in business if "/u/" in hit.request.url]
    assert left
    assert {beacon.decode(hit.request).kind for hit in left} == {mb.Kind.LEAVE_PAGE}


def test_safe_links_visits_what_a_person_clicked(business):
    pairs = 0
    for hits in per_mail(business, "safe-links"):
        own = {hit.request.url for hit in hits if is_click(hit) and hit.truth.actor is mb.Actor.HUMAN}
        scanned = {hit.request.url for hit in hits if hit.truth.actor is mb.Actor.SCANNER}
        assert scanned <= own
        pairs += bool(scanned)
    assert pairs


def test_apple_fetches_once_and_its_readers_show_only_by_their_clicks(consumer):
    mails = per_mail(consumer, "apple-reader")
    assert all([hit.truth.actor for hit in hits if not is_click(hit)] == [mb.Actor.PRIVACY_PROXY] for hits in mails)
    assert any(is_click(hit) for hits in mails for hit in hits)
    assert all(not is_click(hit) for hits in per_mail(consumer, "apple-prefetch") for hit in hits)


def test_gmail_refetches_make_several_opens_of_one_look(consumer):
    def close(hits):
        opens = [hit.request.received_at for hit in hits if not is_click(hit)]
        return any(later - earlier < timedelta(seconds=15) for earlier, later in pairwise(opens))

    assert any(close(hits) for hits in per_mail(consumer, "gmail"))


def test_private_browsers_send_global_privacy_control(consumer):
    clicks = [hit for hit in consumer if hit.truth.behaviour == "private" and is_click(hit)]
    assert clicks
    assert all(hit.request.fields.get_lower("sec-gpc") == "1" for hit in clicks)


def test_a_forger_gets_nothing_and_every_other_hit_is_signed(beacon, business):
    for hit in business:
        if hit.truth.behaviour == "forger":
            with pytest.raises(TokenError):
                beacon.decode(hit.request)
        else:
            assert beacon.decode(hit.request).campaign == "spring"


def test_a_hit_says_the_status_a_beacon_gives(beacon, business):
    seen = {}
    for hit in business:
        seen.setdefault((hit.request.url.split("/")[2], hit.request.method, hit.truth.behaviour), hit)
    for hit in seen.values():
        assert beacon.answer(hit.request).reply.status == hit.status


def test_sharers_bring_previews_and_colleagues(business):
    mails = per_mail(business, "sharer")
    assert any(hit.truth.actor is mb.Actor.PREVIEW for hits in mails for hit in hits)
    assert any(len({hit.request.address for hit in hits if hit.truth.is_human}) > 1 for hits in mails)


def test_a_replayer_asks_for_the_same_again(business):
    assert all(len(hits) > len({hit.request.url for hit in hits}) for hits in per_mail(business, "replayer"))


def test_every_behaviour_of_a_preset_shows(beacon, template):
    for preset in PRESETS:
        hits = fake.simulate(beacon, template, preset, recipients=20_000, seed=2, sent_at=SENT)
        shown = {hit.truth.behaviour.removesuffix(", later") for hit in hits}
        assert shown == {behaviour.name for layer in preset.layers for _, behaviour in layer}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 60), st.sampled_from(PRESETS))
def test_hits_come_in_order_to_the_millisecond_after_sending(beacon, template, seed, recipients, preset):
    sent = SENT + timedelta(microseconds=1234)
    last = SENT
    for hit in fake.simulate(beacon, template, preset, recipients=recipients, seed=seed, sent_at=sent):
        moment = hit.request.received_at
        assert moment >= last
        assert moment.microsecond % 1000 == 0
        last = moment


def digest(seed, recipients):
    beacon = making.beacon()
    hits = fake.simulate(
        beacon, beacon.compile(HTML, campaign="spring"), fake.BUSINESS, recipients=recipients, seed=seed, sent_at=SENT
    )
    return hashlib.sha256("\n".join(fake.log_lines(hits, "jsonl")).encode()).hexdigest()


def test_another_seed_gives_another_scene():
    assert digest(1, 200) == digest(1, 200) != digest(2, 200)


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_a_seed_gives_the_same_scene_in_every_process(hash_seed):
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_fake; print(test_fake.digest(7, 400))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(7, 400)


def test_the_random_numbers_are_the_same_on_every_python():
    """Frozen: ``Random.random`` never changes, and all draws are made of it."""
    rng = fake.Rng(2026)
    drawn = [rng.below(1000) for _ in range(4)]
    drawn += [round(rng.lognormal(4800.0, 1.7), 3), round(rng.exponential(9.0), 6)]
    drawn += rng.shuffled(range(6))
    assert drawn == [119, 502, 511, 860, 5478.31, 8.269836, 0, 1, 4, 2, 5, 3]


def test_a_scene_keeps_little_for_each_recipient(beacon, template):
    """A million recipients in 250 MB leave some 200 bytes each beside the interpreter."""
    total = 8000
    sum(1 for _ in fake.simulate(beacon, template, fake.BUSINESS, recipients=50, seed=1, sent_at=SENT))
    tracemalloc.start()
    try:
        count = sum(1 for _ in fake.simulate(beacon, template, fake.BUSINESS, recipients=total, seed=1, sent_at=SENT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count > total / 3
    assert peak / total < 200


def test_urls_stand_under_the_base_asked_for(beacon, template):
    audience = fake.Audience(name="one", readers=((1.0, fake.CONSUMER.readers[0][1]),))
    hits = fake.simulate(beacon, template, audience, recipients=1, seed=1, sent_at=SENT, base="https://x.example/t/")
    assert next(hits).request.url.startswith("https://x.example/t/o/")
    hits = fake.simulate(beacon, template, audience, recipients=1, seed=1, sent_at=SENT)
    assert next(hits).request.url.startswith("/m/o/")


def test_variants_are_put_into_the_tokens(beacon, template):
    hits = fake.simulate(
        beacon,
        template,
        fake.INTERNAL,
        recipients=50,
        seed=1,
        sent_at=SENT,
        variant=lambda name: "b" if int(name[2:]) % 2 else "a",
    )
    for event, _ in fake.to_events(hits, beacon):
        assert event.variant == ("b" if int(event.recipient[2:]) % 2 else "a")


def test_short_links_are_followed_too():
    manifests = {}
    short = making.beacon(short_links=True, manifests=manifests.get)
    template = short.compile(HTML, campaign="spring")
    manifests["spring"] = template.manifest()
    hits = fake.simulate(short, template, fake.INTERNAL, recipients=200, seed=1, sent_at=SENT)
    kinds = Counter(event.kind for event, _ in fake.to_events(hits, short))
    assert kinds[mb.Kind.CLICK] > 20


def test_what_the_host_does_not_track_is_not_hit(template):
    silent = making.beacon(default_level=mb.Level.NONE)
    hits = fake.simulate(silent, template, fake.INTERNAL, recipients=100, seed=1, sent_at=SENT)
    assert [hit for hit in hits if hit.truth.behaviour != "forger"] == []


def test_a_mail_without_links_is_only_opened(beacon):
    bare = beacon.compile("<html><body><p>Hello</p></body></html>", campaign="bare")
    hits = list(fake.simulate(beacon, bare, fake.BUSINESS, recipients=2000, seed=1, sent_at=SENT))
    assert hits
    assert not [hit for hit in hits if is_click(hit) and hit.truth.behaviour != "forger"]


def test_a_behaviour_of_ones_own_plays_along(beacon, template):
    class Eager(fake.Behaviour):
        def start(self, scene):
            return 2.0

        def visits(self, scene, start):
            client = fake.CONSUMER.readers[4][1].looks[0]
            yield fake.Visit(start + 5, self.truth(mb.Actor.HUMAN), client, "192.0.2.7", 2)
            yield fake.Visit(start, self.truth(mb.Actor.HUMAN), client, "192.0.2.7")

    audience = fake.Audience(name="eager", readers=((1.0, Eager("eager")),))
    hits = list(fake.simulate(beacon, template, audience, recipients=2, seed=1, sent_at=SENT))
    found = [
        (event.kind, event.link, (event.received_at - SENT).total_seconds())
        for event, _ in fake.to_events(hits, beacon)
    ]
    assert found == [
        (mb.Kind.OPEN, None, 2.0),
        (mb.Kind.OPEN, None, 2.0),
        (mb.Kind.CLICK, 2, 7.0),
        (mb.Kind.CLICK, 2, 7.0),
    ]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda b, t: fake.audience("martians"), id="an audience nobody knows"),
        pytest.param(lambda b, t: fake.Choices([(0.0, "x")]), id="choices without weight"),
        pytest.param(lambda b, t: fake.Choices([(2.0, "x"), (-1.0, "y")]), id="a negative weight"),
        pytest.param(
            lambda b, t: fake.Audience(name="x", readers=fake.INTERNAL.readers * 2),
            id="shares that add up to more than 1",
        ),
        pytest.param(
            lambda b, t: fake.Audience(name="x", readers=((0.0, fake.CONSUMER.readers[0][1]),) * 257),
            id="a cast too large",
        ),
        pytest.param(
            lambda b, t: fake.simulate(b, t, fake.CONSUMER, recipients=1, seed=1, sent_at=datetime(2026, 1, 1)),
            id="a naive moment",
        ),
        pytest.param(
            lambda b, t: fake.simulate(b, t, fake.CONSUMER, recipients=-1, seed=1, sent_at=SENT), id="fewer than none"
        ),
    ],
)
def test_what_cannot_work_is_a_config_error(beacon, template, ask):
    with pytest.raises(ConfigError):
        ask(beacon, template)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_found_by_its_name(preset):
    assert fake.audience(preset.name) is preset


@given(st.lists(st.tuples(st.floats(0, 10), st.integers()), min_size=1), st.integers(0, 2**32))
def test_choices_give_only_what_has_weight(pairs, seed):
    if not any(weight for weight, _ in pairs):
        pairs = [(1.0, 0), *pairs]
    rng, choices = fake.Rng(seed), fake.Choices(pairs)
    kept = {item for weight, item in pairs if weight}
    assert {rng.choose(choices) for _ in range(20)} <= kept


@given(st.lists(st.integers(), unique=True), st.integers(0, 12), st.integers(0, 2**32))
def test_some_gives_different_things(items, count, seed):
    """As many as asked for, or all there are, and none twice."""
    found = fake.Rng(seed).some(items, count)
    assert len(found) == len(set(found)) == min(count, len(items))
    assert set(found) <= set(items)


def test_a_lognormal_delay_has_the_median_and_spread_asked_for():
    rng = fake.Rng(1)
    drawn = sorted(rng.lognormal(100.0, 1.0) for _ in range(20_000))
    assert 97 < drawn[10_000] < 103
    assert 100 / 2.9 < drawn[int(20_000 * 0.1587)] < 100 / 2.55


@pytest.mark.parametrize("preset", PRESETS)
def test_the_page_gives_each_share(preset):
    source = (DOCS / "reference" / "fake.md").read_text("utf-8")
    section = source.partition(f"\n### {preset.name}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", section, re.MULTILINE)
    shares = [(behaviour.name, share) for layer in preset.layers for share, behaviour in layer]
    assert [(name, float(share)) for name, share in rows] == [
        (name, pytest.approx(100 * share)) for name, share in shares
    ]


@pytest.mark.parametrize("share", [0.09, 0.11])
def test_a_share_is_kept_whether_it_is_drawn_by_gaps_or_one_by_one(beacon, template, share):
    counts, total = Counter(), 40_000
    counted = fake.Audience(name="counted", gateways=((share, Counted("it", counts)),))
    assert list(fake.simulate(beacon, template, counted, recipients=total, seed=4, sent_at=SENT)) == []
    assert chi_square_fits(
        {"it": counts["it"], "not": total - counts["it"]}, {"it": share * total, "not": (1 - share) * total}
    )


def test_nobody_reads_office_mail_at_the_weekend_but_strays(beacon, template):
    reader = fake.Reader("office", looks=fake.CONSUMER.readers[4][1].looks, habits=fake.OFFICE_HOURS, again=0.0)
    audience = fake.Audience(name="office", readers=((1.0, reader),), zones=((1.0, 0.0),))
    friday = datetime(2026, 11, 6, 20, tzinfo=UTC)
    hits = fake.simulate(beacon, template, audience, recipients=3000, seed=1, sent_at=friday)
    days = Counter(hit.request.received_at.weekday() for hit in hits if not is_click(hit))
    assert (days[5] + days[6]) / days.total() < fake.OFFICE_HOURS.strays
    assert days[0] / days.total() > 0.7


def test_a_behaviour_of_ones_own_must_say_what_it_visits():
    with pytest.raises(TypeError, match="visits"):
        fake.Behaviour("idle")
