"""People, and the proxies that fetch for them.

Each class says what one way of reading leaves in a log. How common each is stands with the audiences; times and shares
here carry their source, and what nobody measured is marked as inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

from mailbeacon.fake.addresses import APPLE_RELAY, GOOGLE_PROXY, HOMES, SAFE_LINKS, Pool
from mailbeacon.fake.behaviours import EVENINGS, Behaviour, Habits, Scene
from mailbeacon.fake.chance import Choices
from mailbeacon.fake.clients import (
    APPLE_PROXY,
    BARE_CHROME,
    DESKTOP_BROWSERS,
    GMAIL_PREFETCH,
    GMAIL_PROXY,
    IPHONE_BROWSERS,
    PREVIEWS,
    Browser,
    Client,
)
from mailbeacon.fake.hits import Visit
from mailbeacon.model import Actor

__all__ = ["AppleReader", "GmailPrefetch", "Reader", "SafeLinksReader", "Sharer"]

_COUNTS: Choices[int] = Choices([(72, 1), (17, 2), (8, 3), (3, 5)])
"""How many links a person follows who follows any. Source: inferred, 2026."""
_HASTY = 0.03
"""The share of people who open several links at once, in tabs. Source: inferred, 2026."""
_POINT = 0.4
"""The least time between two links of one hand, in seconds.

Source: S. K. Card, T. P. Moran, A. Newell, "The Psychology of Human-Computer Interaction", 1983: pointing takes 1.1 s in the
mean and a click 0.2; that the quickest need a third of it is inferred.
"""
_DAYS = 86_400.0


@dataclass(eq=False, repr=False)
class Reader(Behaviour):
    """Open a mail in one program, look again days later, and now and then follow links with a browser.

    Args:
        name: What it is called.
        looks: The programs that fetch the pixel, each as likely.
        browsers: What links are followed with.
        proxy: Where the pixel is fetched from, when a provider's proxy does it; ``None`` for the reader's own address.
        refetches: How often the proxy fetches again within seconds, of one look.
        shows: How often images are shown at all.
        again: How often somebody who looked looks again, a day or so later.
        elsewhere: How often that is on another device: another program, another address.
        clicks: How often a reader follows a link.
        office: The share of readers behind an office's address.
        private: The share of readers whose browser asks not to be tracked.
        webmail: Whether links are followed from a web mail's page.
        gateway: Whether links lead through a security gateway first.
        habits: When they read.
    """

    name: str
    _: KW_ONLY
    looks: Sequence[Client]
    browsers: Choices[Browser] = DESKTOP_BROWSERS
    proxy: Pool | None = None
    refetches: float = 0.0
    shows: float = 1.0
    again: float = 0.22
    elsewhere: float = 0.25
    clicks: float = 0.1
    office: float = 0.0
    private: float = 0.0
    webmail: bool = False
    gateway: bool = False
    habits: Habits = EVENINGS

    def __post_init__(self) -> None:
        super().__init__(self.name)
        self.person = self.truth(Actor.HUMAN)
        self.looked = self.truth(Actor.IMAGE_PROXY if self.proxy else Actor.HUMAN)

    def start(self, scene: Scene) -> float:
        """Return the first look: log-normal, half within eighty minutes, in the hours people read (inferred, 2026)."""
        return scene.awake(scene.rng.lognormal(4800.0, 1.7), self.habits)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return looks and clicks."""
        rng = scene.rng
        address = scene.person_at(self.office)
        found: list[Visit] = []
        if self.shows >= 1.0 or rng.random() < self.shows:
            look = scene.look(self.looks)
            found += self.look(scene, start, look, address)
            if rng.random() < self.again:
                found += self.return_later(scene, start, look, address)
        if rng.random() < self.clicks:
            found += self.follow(scene, start, address)
        return found

    def look(self, scene: Scene, moment: float, look: Client, address: str) -> list[Visit]:
        """Return the fetches of one look; a proxy may fetch more than once."""
        rng, proxy = scene.rng, self.proxy
        if proxy is None:
            return [Visit(moment, self.looked, look, address)]
        found = [Visit(moment, self.looked, look, proxy.draw(rng))]
        if self.refetches and rng.random() < self.refetches:
            found.append(Visit(moment + rng.between(0.2, 12.0), self.looked, look, proxy.draw(rng)))
        return found

    def return_later(self, scene: Scene, start: float, look: Client, address: str) -> list[Visit]:
        """Return one or two further looks, about the same time on later days."""
        rng = scene.rng
        if rng.random() < self.elsewhere:
            look, address = rng.pick(self.looks), HOMES.draw(rng)
        found = self.look(scene, start + self._days_later(scene), look, address)
        if rng.random() < 0.3:
            found += self.look(scene, start + 2 * self._days_later(scene), look, address)
        return found

    def follow(self, scene: Scene, start: float, address: str) -> list[Visit]:
        """Return the clicks of one reading: the first after half a minute or so, then at reading pace."""
        rng = scene.rng
        if not scene.seen:
            return []
        browser = scene.browser(self.browsers)
        if self.private and rng.random() < self.private:
            client = browser.private
        else:
            client = browser.gateway if self.gateway else browser.webmail if self.webmail else browser.plain
        hasty = rng.random() < _HASTY
        moment = start + rng.lognormal(28.0, 1.0)
        found = []
        for link in rng.some(scene.seen, rng.choose(_COUNTS)):
            found.append(Visit(moment, self.person, client, address, link))
            moment += _POINT + rng.exponential(1.0) if hasty else rng.lognormal(20.0, 1.0)
        return found

    def _days_later(self, scene: Scene) -> float:
        rng = scene.rng
        return (1 + rng.below(4)) * _DAYS + rng.between(-5400.0, 5400.0)


class AppleReader(Reader):
    """A recipient whose pixel Apple's proxy fetches once, whether anybody reads or not; readers are seen only by their clicks.

    Args:
        name: What it is called.
        reads: The share with a reader behind it; the others never look.
        clicks: How often a reader follows a link.
        office: The share of readers behind an office's address.
        browsers: What links are followed with.
        habits: When they read.
    """

    def __init__(
        self,
        name: str,
        *,
        reads: float = 0.0,
        clicks: float = 0.1,
        office: float = 0.0,
        browsers: Choices[Browser] = IPHONE_BROWSERS,
        habits: Habits = EVENINGS,
    ) -> None:
        super().__init__(name, looks=(APPLE_PROXY,), browsers=browsers, clicks=clicks, office=office, habits=habits)
        self.reads = reads
        self.fetched = self.truth(Actor.PRIVACY_PROXY)

    def start(self, scene: Scene) -> float:
        """Return the fetch: when the mail program runs and the battery allows.

        Source: SocketLabs, 2021: seconds to many hours after delivery; the numbers are inferred.
        """
        return scene.rng.lognormal(5400.0, 1.6)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return the one fetch from Apple's relay, and perhaps a reader's clicks, through the relay or not."""
        rng = scene.rng
        found = [Visit(start, self.fetched, APPLE_PROXY, APPLE_RELAY.draw(rng))]
        if self.reads and rng.random() < self.reads * self.clicks:
            address = APPLE_RELAY.draw(rng) if rng.random() < 0.35 else scene.person_at(self.office)
            found += self.follow(scene, scene.awake(start + rng.lognormal(3600.0, 1.5), self.habits), address)
        return found


class GmailPrefetch(Reader):
    """A recipient whose pixel Gmail fetches as the mail arrives; most look later, through Gmail's open proxy.

    Args:
        name: What it is called.
        reads: The share that looks later.
        clicks: How often a reader follows a link.
        browsers: What links are followed with.
    """

    def __init__(
        self,
        name: str,
        *,
        reads: float = 0.5,
        clicks: float = 0.1,
        browsers: Choices[Browser] = DESKTOP_BROWSERS,
    ) -> None:
        super().__init__(name, looks=(GMAIL_PROXY,), browsers=browsers, proxy=GOOGLE_PROXY, clicks=clicks, webmail=True)
        self.reads = reads
        self.fetched = self.truth(Actor.PREFETCH)

    def start(self, scene: Scene) -> float:
        """Return the prefetch: as the mail arrives while a session is open. Source: Bird, 9.8 billion opens, 2021."""
        return scene.rng.lognormal(40.0, 1.2)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return the prefetch, and perhaps what a reader does."""
        rng = scene.rng
        found = [Visit(start, self.fetched, GMAIL_PREFETCH, GOOGLE_PROXY.draw(rng))]
        if rng.random() < self.reads:
            found += super().visits(scene, scene.awake(start + rng.lognormal(3600.0, 1.5), self.habits))
        return found


class SafeLinksReader(Reader):
    """Read behind Microsoft's Safe Links: what a person follows, Microsoft visits too, a little before or after.

    Source: Microsoft, Safe Links page, 2026; resend-node issue 901, 2025 (12 s after the person, from elsewhere).
    """

    def follow(self, scene: Scene, start: float, address: str) -> list[Visit]:
        """Return the person's clicks, and beside most of them a visit from Microsoft's own network."""
        rng = scene.rng
        own = super().follow(scene, start, address)
        scans = self.truth(Actor.SCANNER)
        beside = [
            Visit(
                max(start, click.after + rng.between(-2.0, 25.0)),
                scans,
                rng.choose(BARE_CHROME),
                SAFE_LINKS.draw(rng),
                click.link,
            )
            for click in own
            if rng.random() < 0.6
        ]
        return own + beside


class Sharer(Reader):
    """Pass the mail on to a colleague, or post one of its links where previews are made."""

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return the reader's own hits, then the colleague's look and clicks, or a preview and other people's clicks."""
        rng = scene.rng
        found = [*super().visits(scene, start)]
        moment = start + rng.lognormal(600.0, 1.0)
        if rng.random() < 0.5 or not scene.seen:
            address = scene.person_at(self.office)
            found += self.look(scene, moment, rng.pick(self.looks), address)
            if rng.random() < 0.4:
                found += self.follow(scene, moment, address)
            return found
        link = rng.pick(scene.seen)
        found.append(Visit(moment, self.truth(Actor.PREVIEW), rng.choose(PREVIEWS), SHARED_FROM.draw(rng), link))
        for _ in range(rng.below(3)):
            moment += rng.lognormal(120.0, 1.0)
            browser = rng.choose(self.browsers).plain
            found.append(Visit(moment, self.person, browser, scene.person_at(self.office), link))
        return found


SHARED_FROM = Pool(("54.144.0.0/14", "13.64.0.0/12", "34.192.0.0/12"), hosts=50)
"""Where previews are made: the cloud. Source: inferred, 2026."""
