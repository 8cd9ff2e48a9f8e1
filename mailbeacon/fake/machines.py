"""Machines beside the readers: security scanners of several kinds, crawlers, scripts, forgers.

Source, where a class names no other: craft-campaign issue 546 (836 scanner bursts of one sender, 2025).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass

from mailbeacon.fake.addresses import ABROAD, HOSTING, SCANNERS, Pool
from mailbeacon.fake.behaviours import Behaviour, Scene
from mailbeacon.fake.chance import Choices
from mailbeacon.fake.clients import BARE_CHROME, DESKTOP_BROWSERS, Client
from mailbeacon.fake.hits import FORGED, LEAVE, PIXEL, GroundTruth, Visit
from mailbeacon.model import Actor

__all__ = ["BURST_STARTS", "Forger", "Replayer", "Scanner", "Stray"]

BURST_STARTS = (
    (0.0, 1.0),
    (0.005, 10.0),
    (0.026, 20.0),
    (0.5, 43.0),
    (0.69, 60.0),
    (0.9, 300.0),
    (0.97, 3600.0),
    (1.0, 40_000.0),
)
"""When bursts start: share of bursts, seconds after sending. The first five points are measured, the rest inferred."""
_PIXEL_WAIT = 13.0
"""The mean wait from a burst to its pixel fetch, in seconds: the median measured, 9, for a wait that forgets."""


@dataclass(eq=False, repr=False)
class Scanner(Behaviour):
    """Follow the links of a mail before anybody reads it.

    Args:
        name: What it is called.
        clients: What it calls itself; ``None`` for a browser, sending what browsers send in ``full`` of the cases.
        full: The share that poses as a browser down to the last header field.
        pools: Where it comes from.
        pace: The mean time between two links, in seconds.
        head: Whether it asks with HEAD first, and follows only some links with GET.
        pixel: How often it fetches the pixel too.
        scattered: Whether each link is followed from another address.
        single: Whether it follows one link only.
        leaves: Whether it visits the leave page too.
        detonates: How often a sandbox elsewhere follows some links again, minutes later.
    """

    name: str
    _: KW_ONLY
    clients: Choices[Client] | None = None
    full: float = 0.6
    pools: Choices[Pool] = SCANNERS
    pace: float = 0.1
    head: bool = False
    pixel: float = 0.5
    scattered: bool = False
    single: bool = False
    leaves: bool = False
    detonates: float = 0.0

    def __post_init__(self) -> None:
        super().__init__(self.name)
        self.scans = self.truth(Actor.SCANNER)
        self.later = GroundTruth(actor=Actor.SCANNER, behaviour=f"{self.name}, later")

    def start(self, scene: Scene) -> float:
        """Return the first link: median 43 s, 31 % after more than a minute."""
        return scene.rng.quantile(BURST_STARTS)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return the links, then perhaps the pixel, then perhaps the sandbox."""
        rng = scene.rng
        client, pool = self.disguise(scene), rng.choose(self.pools)
        address, moment, scans = pool.draw(rng), start, self.scans
        links = [rng.pick(scene.links)] if self.single and scene.links else rng.shuffled(scene.links)
        if self.leaves and scene.leave:
            links.append(LEAVE)
        found = []
        for link in links:
            if self.scattered:
                address = pool.draw(rng)
            if self.head:
                found.append(Visit(moment, scans, client, address, link, "HEAD"))
            if not self.head or rng.random() < 0.4:
                found.append(Visit(moment + (0.15 if self.head else 0.0), scans, client, address, link))
            moment += 2.0 * self.pace * rng.random()
        if not links or rng.random() < self.pixel:
            found.append(Visit(moment + (rng.exponential(_PIXEL_WAIT) if links else 0.0), scans, client, address))
        if self.detonates and rng.random() < self.detonates:
            found += self.detonate(scene, moment)
        return found

    def detonate(self, scene: Scene, moment: float) -> list[Visit]:
        """Return a sandbox's visits: minutes later, another network, a browser that really runs; its truth says "later".

        Source: Microsoft, Safe Links page, 2026 (asynchronous); the wait is inferred.
        """
        rng = scene.rng
        client, address = rng.choose(DESKTOP_BROWSERS).plain, HOSTING.draw(rng)
        moment += rng.lognormal(240.0, 0.8)
        found = []
        for link in rng.some(scene.links, 1 + rng.below(3)):
            found.append(Visit(moment, self.later, client, address, link))
            moment += rng.between(2.0, 9.0)
        return found

    def disguise(self, scene: Scene) -> Client:
        """Return what it calls itself today."""
        rng = scene.rng
        if self.clients is not None:
            return rng.choose(self.clients)
        return rng.choose(DESKTOP_BROWSERS).plain if rng.random() < self.full else rng.choose(BARE_CHROME)


class Stray(Behaviour):
    """Come upon a mail's URLs some days later: a crawler of a public page, a script.

    Args:
        name: What it is called.
        actor: Who it is.
        clients: What it calls itself.
        pool: Where it comes from.
    """

    def __init__(self, name: str, actor: Actor, clients: Choices[Client], pool: Pool = HOSTING) -> None:
        super().__init__(name)
        self.clients, self.pool = clients, pool
        self.is_it: GroundTruth = self.truth(actor)

    def start(self, scene: Scene) -> float:
        """Return a moment within two weeks, mostly days later (inferred, 2026)."""
        return scene.rng.lognormal(2.5 * 86_400.0, 0.9)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return a few links, some seconds apart, and perhaps the pixel."""
        rng = scene.rng
        client, address, moment = rng.choose(self.clients), self.pool.draw(rng), start
        links = rng.some(scene.links, 1 + rng.below(3)) or [PIXEL]
        found = []
        for link in links:
            found.append(Visit(moment, self.is_it, client, address, link))
            moment += rng.between(1.0, 20.0)
        return found


class Forger(Stray):
    """Try links with a token that was altered, in the hope of a redirect or another recipient's data."""

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return a few tries within seconds."""
        rng = scene.rng
        client, address = rng.choose(self.clients), self.pool.draw(rng)
        return [Visit(start + 0.4 * step, self.is_it, client, address, FORGED) for step in range(1 + rng.below(3))]


class Replayer(Stray):
    """Ask for the same URLs again and again, as somebody does who found them in a log."""

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return one link and the pixel, several times over."""
        rng = scene.rng
        client, address = rng.choose(self.clients), ABROAD.draw(rng)
        links = [PIXEL, *rng.some(scene.links, 1)]
        return [
            Visit(start + 30.0 * turn + 0.5 * place, self.is_it, client, address, link)
            for turn in range(2 + rng.below(4))
            for place, link in enumerate(links)
        ]
