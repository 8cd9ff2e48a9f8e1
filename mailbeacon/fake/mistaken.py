"""People who are easily taken for machines, and machines that are easily taken for people: one behaviour each.

Measured against them is what a rule costs. None is common, so they are no part of the audiences' shares; ``MISTAKEN`` plays all
of them, each as often as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mailbeacon.fake.addresses import ABROAD, BARRACUDA, HOMES, HOSTING, OFFICES, SAFE_LINKS, Pool
from mailbeacon.fake.audiences import BUSINESS, Audience
from mailbeacon.fake.behaviours import Behaviour, Scene
from mailbeacon.fake.chance import Choices
from mailbeacon.fake.clients import (
    ANDROID_BROWSERS,
    BARE_CHROME,
    DESKTOP_BROWSERS,
    LATE_PROXIES,
    MAIL_CLIENTS,
    NAMED_SCANNERS,
    ODD_BROWSERS,
    OLD_CHROMES,
    SIGNED_AGENT,
)
from mailbeacon.fake.hits import GroundTruth, Visit
from mailbeacon.fake.machines import Scanner
from mailbeacon.model import Actor

__all__ = ["GATEWAYS", "MISTAKEN", "Play"]

Script = Callable[["Play", Scene, float], list[Visit]]
"""Returns what one recipient's mail brings, from a moment on."""


class Play(Behaviour):
    """A behaviour made of one function.

    Args:
        name: What it is called.
        script: The function.
        soon: The span within which it begins, in seconds after sending.
    """

    def __init__(self, name: str, script: Script, soon: tuple[float, float] = (900.0, 20_000.0)) -> None:
        super().__init__(name)
        self._script, self._soon = script, soon
        self.person, self.machine = self.truth(Actor.HUMAN), self.truth(Actor.SCANNER)
        self.later = GroundTruth(actor=Actor.SCANNER, behaviour=f"{name}, later")

    def start(self, scene: Scene) -> float:
        """Return when the first hit comes, anywhere within the span."""
        return scene.rng.between(*self._soon)

    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return all hits."""
        return self._script(self, scene, start)


def _paced(count: int, low: float, high: float) -> Script:
    """Make a reader who opens the mail and follows up to ``count`` links, one by one, that many seconds apart."""

    def script(play: Play, scene: Scene, start: float) -> list[Visit]:
        rng = scene.rng
        address, browser = HOMES.draw(rng), rng.choose(DESKTOP_BROWSERS).plain
        found = [Visit(start, play.person, rng.pick(MAIL_CLIENTS["Outlook"]), address)]
        moment = start + rng.between(20.0, 90.0)
        for link in rng.some(scene.seen, count):
            found.append(Visit(moment, play.person, browser, address, link))
            moment += rng.between(low, high)
        return found

    return script


def _restored(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Open four links one by one, and some minutes later all of them again, as a browser does that restores its tabs."""
    rng = scene.rng
    address, browser = HOMES.draw(rng), rng.choose(DESKTOP_BROWSERS).plain
    links = rng.some(scene.seen, 4)
    own = [Visit(start + 15.0 * place, play.person, browser, address, link) for place, link in enumerate(links)]
    again = start + rng.between(120.0, 400.0)
    return [
        *own,
        *(Visit(again + 0.05 * place, play.person, browser, address, link) for place, link in enumerate(links)),
    ]


def _reset(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Wait for a mail, and follow its link at once: a password reset."""
    rng = scene.rng
    return [Visit(start, play.person, rng.choose(DESKTOP_BROWSERS).plain, HOMES.draw(rng), rng.pick(scene.seen))]


def _roaming(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Follow three links within half a minute while a phone goes from Wi-Fi to the mobile network and back."""
    rng = scene.rng
    browser = rng.choose(ANDROID_BROWSERS).plain
    return [
        Visit(start + rng.between(6.0, 9.0) * place, play.person, browser, HOMES.draw(rng), link)
        for place, link in enumerate(rng.some(scene.seen, 3))
    ]


def _late_images(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Read in web mail, follow a link, and allow images only then."""
    rng = scene.rng
    address, browser = HOMES.draw(rng), rng.choose(DESKTOP_BROWSERS)
    clicked = Visit(start, play.person, browser.webmail, address, rng.pick(scene.seen))
    return [clicked, Visit(start + rng.between(4.0, 60.0), play.person, browser.webmail, address)]


def _desktop(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Read on a desktop in the cloud: a mail client and a browser on one rented address."""
    rng = scene.rng
    address = HOSTING.draw(rng)
    clicked = start + rng.between(8.0, 120.0)
    return [
        Visit(start, play.person, rng.pick(MAIL_CLIENTS["Outlook"]), address),
        Visit(clicked, play.person, rng.choose(DESKTOP_BROWSERS).plain, address, rng.pick(scene.seen)),
    ]


def _vpn(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Follow one link, late, through a VPN on a rented server: nobody can tell, so it must not be called a machine."""
    rng = scene.rng
    return [Visit(start, play.person, rng.choose(DESKTOP_BROWSERS).plain, HOSTING.draw(rng), rng.pick(scene.seen))]


def _from(pool: Pool, low: float, high: float) -> Script:
    """Make one of an office's many who follow a link in the minute after an announcement."""

    def script(play: Play, scene: Scene, start: float) -> list[Visit]:
        rng = scene.rng
        moment = start + rng.between(low, high)
        return [Visit(moment, play.person, rng.choose(DESKTOP_BROWSERS).plain, pool.draw(rng), rng.pick(scene.seen))]

    return script


def _proxied(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Open in a service whose image proxy has a name few lists know."""
    rng = scene.rng
    return [Visit(start, play.truth(Actor.IMAGE_PROXY), rng.choose(LATE_PROXIES), HOMES.draw(rng))]


def _named_tool(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Follow a link with a browser that carries a tool's or its own odd name."""
    rng = scene.rng
    return [Visit(start, play.person, rng.choose(ODD_BROWSERS), HOMES.draw(rng), rng.pick(scene.seen))]


def _patient(low: float, high: float, pool: Pool) -> Script:
    """Make a scanner that follows every link, one by one, that many seconds apart."""

    def script(play: Play, scene: Scene, start: float) -> list[Visit]:
        rng = scene.rng
        address, client, moment = pool.draw(rng), rng.choose(DESKTOP_BROWSERS).plain, start
        found = []
        for link in rng.shuffled(scene.links):
            found.append(Visit(moment, play.machine, client, address, link))
            moment += rng.between(low, high)
        return [*found, Visit(moment, play.machine, client, address)]

    return script


def _asked_first(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Ask with HEAD, and fetch the same link and the pixel with GET."""
    rng = scene.rng
    address, client, link = ABROAD.draw(rng), rng.choose(DESKTOP_BROWSERS).plain, rng.pick(scene.links)
    return [
        Visit(start, play.machine, client, address, link, "HEAD"),
        Visit(start + rng.between(0.2, 4.0), play.machine, client, address, link),
        Visit(start + rng.between(5.0, 90.0), play.machine, client, address),
    ]


def _detonated(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Visit a link from Microsoft's own network, and load the pixel from beside it."""
    rng = scene.rng
    return [
        Visit(start, play.machine, rng.choose(BARE_CHROME), SAFE_LINKS.draw(rng), rng.pick(scene.links)),
        Visit(start + rng.between(2.0, 60.0), play.machine, rng.choose(BARE_CHROME), SAFE_LINKS.draw(rng)),
    ]


def _crowded(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Visit one link with three old browsers from three networks within seconds."""
    rng = scene.rng
    link, clients = rng.pick(scene.links), rng.some(OLD_CHROMES, 3)
    return [Visit(start + rng.between(0.0, 6.0), play.machine, client, ABROAD.draw(rng), link) for client in clients]


def _assistant(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Follow a link as an assistant that a person sent, and that signs its requests."""
    rng = scene.rng
    return [Visit(start, play.truth(Actor.UNKNOWN), SIGNED_AGENT, HOSTING.draw(rng), rng.pick(scene.links))]


def _detonated_later(play: Play, scene: Scene, start: float) -> list[Visit]:
    """Follow a burst's links from rented servers, and one of them again from elsewhere some minutes later, with another browser."""
    rng = scene.rng
    address, client, moment = HOSTING.draw(rng), rng.choose(DESKTOP_BROWSERS).plain, start
    found = []
    for link in rng.shuffled(scene.links):
        found.append(Visit(moment, play.machine, client, address, link))
        moment += rng.between(0.05, 0.3)
    again = Visit(
        moment + rng.between(60.0, 420.0),
        play.later,
        rng.choose(BARE_CHROME),
        HOSTING.draw(rng),
        rng.pick(scene.links),
    )
    return [*found, again]


_ONE_OFFICE = Pool(("80.146.7.0/24",), hosts=1)
_RENTED: Choices[Pool] = Choices([(1, HOSTING)])
_PEOPLE = (
    Play("six of many, in tabs", _paced(6, 4.0, 5.0)),
    Play("five tabs in 2.4 s", _paced(5, 0.55, 0.65)),
    Play("three links at reading pace", _paced(3, 3.0, 40.0)),
    Play("tabs restored", _restored),
    Play("password reset after 5 s", _reset, (5.0, 25.0)),
    Play("phone changes networks", _roaming),
    Play("images allowed after a click", _late_images),
    Play("desktop in the cloud", _desktop),
    Play("late click through a rented VPN", _vpn),
    Play("office of many in a minute", _from(_ONE_OFFICE, 0.0, 60.0), (1200.0, 1200.1)),
    Play("colleagues, scattered", _from(OFFICES, 0.0, 600.0)),
    Play("proxy with an unknown name", _proxied),
    Play("browser with a tool's name", _named_tool),
)
_MACHINES = (
    Play("patient scanner, unlisted", _patient(4.0, 30.0, ABROAD), (30.0, 400.0)),
    Play("patient scanner, rented", _patient(4.0, 30.0, HOSTING), (30.0, 400.0)),
    Play("HEAD, then GET", _asked_first, (30.0, 400.0)),
    Play("detonation with its pixel", _detonated, (30.0, 400.0)),
    Play("three old browsers, one link", _crowded, (30.0, 400.0)),
    Play("at once after sending", _patient(0.2, 0.6, ABROAD), (0.7, 3.0)),
    Scanner("rented, one link and its pixel", single=True, pixel=1.0, pools=_RENTED),
    Play("assistant that signs", _assistant),
)

MISTAKEN = Audience(
    name="mistaken",
    readers=tuple((0.06, behaviour) for behaviour in _PEOPLE),
    gateways=tuple((0.05, behaviour) for behaviour in _MACHINES),
)
"""All of them, each as often as any other. Source: inferred, 2026, of what hosts reported."""

_PATIENT = {name: play for play in _MACHINES if (name := play.name).startswith("patient")}
GATEWAYS = Audience(
    name="gateways",
    readers=BUSINESS.readers,
    gateways=(
        (0.0040, Play("burst, then detonation", _detonated_later, (20.0, 300.0))),
        (0.0020, _PATIENT["patient scanner, unlisted"]),
        (0.0020, _PATIENT["patient scanner, rented"]),
        (0.0020, Scanner("named gateway", clients=NAMED_SCANNERS, pools=Choices([(1, BARRACUDA)]))),
        (0.0020, Scanner("scattered over rented servers", scattered=True, pools=_RENTED)),
        *((0.0030, behaviour) for behaviour in _MACHINES if behaviour.name not in (*_PATIENT, "assistant that signs")),
        (0.0010, Scanner("one link, from anywhere", single=True)),
    ),
    strays=BUSINESS.strays,
)
"""The readers of ``BUSINESS`` behind the gateways of 2026: nine in ten clicks are machines'. Source: inferred, 2026, of what hosts
reported of patient scanners, detonation and rented servers."""
