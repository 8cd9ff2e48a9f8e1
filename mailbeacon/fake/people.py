"""People who stay the same from one mailing to the next: the same client, zone and home, and as keen as they were.

Holds who somebody is; what somebody does with a mail stands with the behaviours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from mailbeacon.fake.addresses import HOMES
from mailbeacon.fake.behaviours import Behaviour, Scene
from mailbeacon.fake.chance import Choices, Rng

__all__ = ["LastingScene", "Person"]

T = TypeVar("T")
_PRIME = 1_000_003
"""Parts the people of one seed from those of the next."""


class Person:
    """One of a list's people: all that is drawn once, from the list's seed and the recipient's number alone.

    Args:
        seed: The list's.
        number: The recipient's.
        zones: The list's time zones.
        layers: How many layers of behaviours there are.
    """

    __slots__ = ("_browser", "_keen", "_look", "_roles", "home", "zone")

    def __init__(self, seed: int, number: int, zones: Choices[float], layers: int) -> None:
        rng = Rng(seed * _PRIME + number)
        self._roles = [rng.random() for _ in range(layers)]
        self._keen = [rng.random() for _ in range(layers)]
        self._look, self._browser = rng.random(), rng.random()
        self.zone = rng.choose(zones)
        self.home = HOMES.draw(rng)

    def plays(self, layer: int, behaviours: Sequence[tuple[float, Behaviour]], rng: Rng) -> int | None:
        """Return the place of what this person does with a mail, of a layer; ``None`` for nothing this time.

        Always the same behaviour. Of all people a share does something, as without lasting people; but one does nearly
        always, another hardly ever. Source: inferred, 2026: that keenness is spread evenly.
        """
        borders = list(accumulate(share for share, _ in behaviours))
        total = borders[-1] if borders else 0.0
        spread = min(total, 1.0 - total)
        if rng.random() >= total + spread * (2.0 * self._keen[layer] - 1.0):
            return None
        role = self._roles[layer] * total
        return next((place for place, border in enumerate(borders) if role < border), len(borders) - 1)

    def look(self, looks: Sequence[T]) -> T:
        """Return what the person reads mail with."""
        return looks[int(self._look * len(looks))]

    def browser(self, browsers: Choices[T]) -> T:
        """Return what the person follows links with."""
        return browsers.items[sum(border <= self._browser for border in browsers.borders)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingScene(Scene):
    """A scene as one person sees it.

    Attributes:
        person: Whose.
    """

    person: Person

    def zone(self) -> float:
        """Return the person's zone."""
        return self.person.zone

    def look(self, looks: Sequence[T]) -> T:
        """Return what the person reads mail with."""
        return self.person.look(looks)

    def browser(self, browsers: Choices[T]) -> T:
        """Return what the person follows links with."""
        return self.person.browser(browsers)

    def home(self) -> str:
        """Return the person's address at home."""
        return self.person.home
