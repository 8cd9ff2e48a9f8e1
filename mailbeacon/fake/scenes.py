"""Play a mailing to an audience: who asks for what, and when, in order of time.

Keeps one pending hit for each recipient's behaviour: a single number while nothing has happened yet, the hits to come
from then on. All chance comes from one stream in the order of events, so a seed gives the same scene everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, heapreplace
from itertools import accumulate
from math import log
from operator import itemgetter
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

from mailbeacon.beacon import Beacon
from mailbeacon.errors import ConfigError
from mailbeacon.fake.addresses import OFFICES
from mailbeacon.fake.audiences import Audience
from mailbeacon.fake.behaviours import Behaviour, Scene
from mailbeacon.fake.chance import Choices, Rng
from mailbeacon.fake.hits import FORGED, LEAVE, PIXEL, Hit, Visit
from mailbeacon.fake.people import LastingScene, Person
from mailbeacon.links import Routes, short_name
from mailbeacon.model import Channel, Level, Link, Message, Request, Target, check_aware
from mailbeacon.template import Template

__all__ = ["MailingOptions", "recipient_name", "simulate"]

Life = tuple[str, list[Visit]]
_NUMBER_BITS, _PLACE_BITS = 32, 8
_by_time = itemgetter(0)

# A frozen data class filled in through its slots: what is made here needs no check, and takes a third of the time.
_blank = object.__new__
_put_request, _put_truth, _put_status = (getattr(Hit, field.name).__set__ for field in fields(Hit))


def recipient_name(number: int) -> str:
    """Return the name of a made-up recipient, from 0: ``r-000000``.

    Example:
        >>> recipient_name(17)
        'r-000017'
    """
    return f"r-{number:06d}"


class MailingOptions(TypedDict, total=False):
    """What few mailings need.

    Attributes:
        base: What the URLs begin with; the path of the beacon's base URL if empty.
        variant: Gives a recipient's arm of an experiment.
        leave: Whether the mails hold the beacon's leave link, which some scanners visit.
    """

    base: str
    variant: Callable[[str], str] | None
    leave: bool


def simulate(
    beacon: Beacon,
    template: Template,
    audience: Audience,
    *,
    recipients: int,
    seed: int,
    sent_at: datetime,
    **more: Unpack[MailingOptions],
) -> Iterator[Hit]:
    """Return the requests that a mailing brings, in order of time, each with the truth about it.

    Args:
        beacon: Signs the tokens; its settings are honoured where they leave out opens or clicks.
        template: The newsletter, compiled by this beacon.
        audience: Who gets it.
        recipients: How many; they are called ``r-000000`` and so on.
        seed: The same seed gives the same hits, in every process and on every platform.
        sent_at: When all mails are sent.
        more: What few mailings need: ``base``, ``variant`` and ``leave``, as in :class:`MailingOptions`.

    Raises:
        ConfigError: For a naive ``sent_at``, or a number of recipients below 0.
    """
    check_aware(sent_at, "sent_at")
    if not 0 <= recipients < 1 << _NUMBER_BITS:
        raise ConfigError(f"recipients must be 0 or more, got {recipients}")
    sent_at = _whole_millisecond(sent_at)
    rng = Rng(seed)
    scene = _scene(rng, template, audience, recipients, sent_at, more.get("leave", False))
    cast = [behaviour for layer in audience.layers for _, behaviour in layer]
    scenes = _scenes(scene, audience)
    waiting = _first_moments(scene, scenes, audience, recipients)
    maker = _Maker(beacon, template, sent_at, more.get("base", ""), more.get("variant"))
    return _in_order(scenes, cast, waiting, maker)


def _scene(rng: Rng, template: Template, audience: Audience, recipients: int, sent_at: datetime, leave: bool) -> Scene:
    places = tuple(range(1, len(template.links) + 1))
    shown = tuple(place for place in places if template.links[place - 1].channel is Channel.HTML)
    return Scene(
        rng=rng,
        links=places,
        seen=shown or places,
        leave=leave,
        sent=sent_at.timestamp(),
        zones=Choices(audience.zones),
        offices=tuple(OFFICES.draw(rng) for _ in range(20 + recipients // 100)),
    )


def _scenes(scene: Scene, audience: Audience) -> Callable[[int], Scene]:
    """Return what gives the scene as a recipient sees it: the same for all, but where people stay the same."""
    seed = audience.people
    if seed is None:
        return lambda _: scene
    layers = len(audience.layers)
    whole = {field.name: getattr(scene, field.name) for field in fields(scene)}
    return lambda number: LastingScene(**whole, person=Person(seed, number, scene.zones, layers))


def _first_moments(scene: Scene, scenes: Callable[[int], Scene], audience: Audience, recipients: int) -> list[int]:
    """Return when each recipient's behaviours begin, as numbers to sort: milliseconds, recipient, place in the cast."""
    random = scene.rng.random
    found: list[int] = []
    first = 0
    for index, layer in enumerate(audience.layers):
        borders = list(accumulate(share for share, _ in layer))
        starts = [behaviour.start for _, behaviour in layer]
        total = borders[-1] if borders else 0.0
        for number in _members(scene.rng, total, recipients) if audience.people is None else range(recipients):
            own = scenes(number)
            place: int | None = None
            if not isinstance(own, LastingScene):
                place = bisect_right(borders, random() * total, 0, len(borders) - 1)
            elif layer:
                place = own.person.plays(index, layer, scene.rng)
            if place is None:
                continue
            after = max(0, int(starts[place](own) * 1000.0 + 0.5))
            found.append(((after << _NUMBER_BITS | number) << _PLACE_BITS) | first + place)
        first += len(layer)
    found.sort(reverse=True)
    return found


def _members(rng: Rng, share: float, recipients: int) -> Iterator[int]:
    """Return the recipients that a share of them is, each as likely: by the gaps between them where they are rare."""
    random = rng.random
    if share > 0.1:
        for number in range(recipients):
            if random() < share:
                yield number
    elif share > 0.0:
        gap = 1.0 / log(1.0 - share)
        number = int(log(1.0 - random()) * gap)
        while number < recipients:
            yield number
            number += 1 + int(log(1.0 - random()) * gap)


def _in_order(
    scenes: Callable[[int], Scene], cast: list[Behaviour], waiting: list[int], maker: _Maker
) -> Iterator[Hit]:
    """Merge the recipients who begin with those who have begun."""
    live: list[tuple[int, int, Life]] = []
    make, mask, shift = maker.make, (1 << _PLACE_BITS) - 1, _NUMBER_BITS + _PLACE_BITS
    while waiting or live:
        if waiting and (not live or waiting[-1] >> shift <= live[0][0]):
            first = waiting.pop()
            after = first >> shift
            number = (first >> _PLACE_BITS) & ((1 << _NUMBER_BITS) - 1)
            visits = list(cast[first & mask].visits(scenes(number), after / 1000.0))
            if not visits:
                continue
            token = maker.token(number)
            if len(visits) > 1:
                visits.sort(key=_by_time, reverse=True)
                moment = int(visits[-1][0] * 1000.0 + 0.5)
                heappush(live, (max(moment, after), first, (token, visits)))
            else:
                moment = max(after, int(visits[0][0] * 1000.0 + 0.5))
                if moment > after:
                    heappush(live, (moment, first, (token, visits)))
                elif (hit := make(visits[0], token, after)) is not None:
                    yield hit
            continue
        moment, first, life = live[0]
        token, visits = life
        visit = visits.pop()
        if visits:
            heapreplace(live, (max(moment, int(visits[-1][0] * 1000.0 + 0.5)), first, life))
        else:
            heappop(live)
        if (hit := make(visit, token, moment)) is not None:
            yield hit


class _Maker:
    """Make hits of visits."""

    def __init__(
        self,
        beacon: Beacon,
        template: Template,
        sent_at: datetime,
        base: str,
        variant: Callable[[str], str] | None,
    ) -> None:
        self._sign, self._campaign, self._sent_at, self._variant = beacon.sign, template.campaign, sent_at, variant
        self._beacon = beacon
        self._routes = Routes(base.rstrip("/") if base else urlsplit(beacon.settings.base_url).path)
        self._open_head, self._click_head = self._routes.open_head, self._routes.click_head
        levels = beacon.levels(Message(recipient="r", campaign=template.campaign))
        self._opens, self._clicks = (level is not Level.NONE for level in levels)
        several = Counter(channel for channel, _ in {(link.channel, link.url) for link in template.links})
        self._links = [
            "",
            *(_link_token(beacon, template.campaign, link, several[link.channel]) for link in template.links),
        ]

    def token(self, number: int) -> str:
        return self._sign(self._message(recipient_name(number)))

    def _message(self, name: str) -> Message:
        variant = self._variant(name) if self._variant is not None else ""
        return Message(recipient=name, campaign=self._campaign, variant=variant, sent_at=self._sent_at)

    def make(self, visit: Visit, token: str, after: int) -> Hit | None:
        """Return the hit of a visit, or nothing where the host tracks no such thing."""
        _, truth, client, address, link, method = visit
        if link == PIXEL:
            if not self._opens:
                return None
            url, status = f"{self._open_head}{token}.gif", 200
        elif link > PIXEL:
            if not self._clicks:
                return None
            url, status = f"{self._click_head}{token}/{self._links[link]}", 302
        else:
            url, status = self._odd(link, token)
        received_at = self._sent_at + timedelta(0, 0, after * 1000)
        request = Request(url=url, method=method, headers=client.headers, address=address, received_at=received_at)
        hit = _blank(Hit)
        _put_request(hit, request)
        _put_truth(hit, truth)
        _put_status(hit, status)
        return hit

    def _odd(self, link: int, token: str) -> tuple[str, int]:
        """Return the URL of the leave page, or one with a letter of the token altered, and the status it gets."""
        beacon, routes = self._beacon, self._routes
        if link == LEAVE:
            url = routes.leave(beacon.signer.sign_action(beacon.signer.read_message(token)))
        elif link == FORGED:
            forged = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
            url = routes.click(forged, self._links[-1] or "x")
        else:
            raise ConfigError(f"a visit's link must be the place of a link, PIXEL, LEAVE or FORGED, got {link}")
        return url, beacon.answer(Request(url=url, received_at=self._sent_at)).reply.status


def _link_token(beacon: Beacon, campaign: str, link: Link, links: int) -> str:
    if beacon.settings.short_links:
        return short_name(link.number, link.url, link.channel)
    return beacon.signer.sign_link(
        Target(number=link.number, url=link.url, channel=link.channel, links=links), campaign
    )


def _whole_millisecond(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
