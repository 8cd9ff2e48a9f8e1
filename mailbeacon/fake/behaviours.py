"""What a behaviour is, and what it may know of the scene it plays in.

A behaviour says when a recipient's first hit comes, and later, when that moment has come, what follows. It draws all
chance from the scene's rng and keeps nothing itself, so one object serves a million recipients.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from mailbeacon.fake.addresses import HOMES, ZSCALER
from mailbeacon.fake.chance import Choices, Rng
from mailbeacon.fake.hits import GroundTruth, Visit
from mailbeacon.model import Actor

__all__ = ["EVENINGS", "OFFICE_HOURS", "Behaviour", "Habits", "Scene"]

T = TypeVar("T")
_DAY = 86_400.0


class Habits(NamedTuple):
    """When people look at their mail.

    Attributes:
        begin: The first second of the day.
        end: The last second of the day.
        workdays: Whether only from Monday to Friday.
        strays: The share of looks at any time at all.
    """

    begin: float
    end: float
    workdays: bool
    strays: float


OFFICE_HOURS = Habits(begin=7.5 * 3600, end=18.5 * 3600, workdays=True, strays=0.12)
"""Source: inferred, 2026: eleven hours, for offices differ."""
EVENINGS = Habits(begin=6.5 * 3600, end=23 * 3600, workdays=False, strays=0.06)
"""Source: inferred, 2026: the hours most people are awake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What behaviours may know of the mailing they play in.

    Attributes:
        rng: Where all chance comes from.
        links: The places of all wrapped links, from 1.
        seen: The places of those that people see: of the HTML part, or of the text where there is no other.
        leave: Whether the mails hold a leave link of ours.
        sent: When it was sent, in seconds since 1970.
        zones: The recipients' time zones, in seconds east of Greenwich.
        offices: The addresses that a company's people share.
    """

    rng: Rng
    links: tuple[int, ...]
    seen: tuple[int, ...]
    leave: bool
    sent: float
    zones: Choices[float]
    offices: tuple[str, ...]

    def awake(self, after: float, habits: Habits) -> float:
        """Return the first moment from ``after`` on at which such people look at their mail, in seconds after sending."""
        rng = self.rng
        if rng.random() < habits.strays:
            return after
        days, second = divmod(self.sent + after + self.zone(), _DAY)
        weekday = (int(days) + 3) % 7  # 1 January 1970 was a Thursday
        wait = 0.0
        if second > habits.end:
            wait, weekday, second = _DAY - second, (weekday + 1) % 7, 0.0
        if habits.workdays and weekday >= 5:
            wait, second = wait + _DAY - second + (6 - weekday) * _DAY, 0.0
        if second < habits.begin:
            wait += habits.begin - second
        return after + wait + rng.exponential(2700.0) if wait else after

    def person_at(self, office: float) -> str:
        """Return a person's address: in this share of cases that of an office, shared with others."""
        rng = self.rng
        if office and rng.random() < office:
            return rng.pick(self.offices) if rng.random() < 0.75 else ZSCALER.draw(rng)
        return self.home()

    def zone(self) -> float:
        """Return a recipient's time zone, in seconds east of Greenwich."""
        return self.rng.choose(self.zones)

    def home(self) -> str:
        """Return the address of somebody at home."""
        return HOMES.draw(self.rng)

    def look(self, looks: Sequence[T]) -> T:
        """Return what a recipient reads mail with."""
        return self.rng.pick(looks)

    def browser(self, browsers: Choices[T]) -> T:
        """Return what a recipient follows links with."""
        return self.rng.choose(browsers)


class Behaviour(ABC):
    """What one kind of recipient, or machine beside a recipient, does with a mail; to be subclassed.

    Args:
        name: What it is called in truths and figures.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._truths = {actor: GroundTruth(actor=actor, behaviour=name) for actor in Actor}

    def start(self, scene: Scene) -> float:
        """Return when the first hit comes, in seconds after sending."""
        return scene.rng.lognormal(4800.0, 1.7)

    @abstractmethod
    def visits(self, scene: Scene, start: float) -> Iterable[Visit]:
        """Return all hits, the first at ``start``; none where a recipient does nothing that can be seen."""

    def truth(self, actor: Actor) -> GroundTruth:
        """Return the truth about a hit of this behaviour."""
        return self._truths[actor]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
