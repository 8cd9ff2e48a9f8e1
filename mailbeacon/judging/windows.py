"""The times, counts and borders that judging goes by, in one place for a host to change.

Holds settings only: what they are used for stands with each rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from mailbeacon.errors import ConfigError

__all__ = ["Windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The windows, counts and borders of judging.

    "One client" means: of one mail, and with the same network id; or with the same agent id, where no address is known.

    Args:
        hand: The least time between two links that a hand can keep: what follows three or more faster is a burst.
        same_moment: Within this time two different links are closer together than a hand can be.
        same_second: Within this time two different links are closer together than most people's.
        burst: The longest burst that is looked for; within this time people open tabs, too.
        coverage: Within this time one client following nearly all links of a mail (four in five, at least eight) is no reader.
        many_links: How many different links count as nearly all where the number of links is not known.
        networks: Within this time clicks on one mail from ``networks_count`` networks, with as many user agents and links,
            may not be one person's.
        networks_count: How many different ones.
        same_link: The same for clicks on one link.
        leave: Within this time a content link and the unsubscribe link belong together.
        company: How far from a machine's click another hit with its network *and* user agent belongs to it.
        company_near: How far from a machine's click a hit with only one of the two may belong to it; it is unknown then.
        pixel_after: A pixel fetched this soon after the same client's click, with no open before it, is in a machine's
            order.
        address: How far from a click an open by a mail client, from the same rented address, shows a person's desktop; and
            how long after a click the same link again is a browser's that opens its tabs anew.
        recipients: Within this time hits for ``recipients_count`` recipients from one network are a machine's pace.
        recipients_count: How many different recipients: more than an office of hundreds has, on a newsletter just sent.
        instant: A hit sooner than this after the delivery (or the sending) is hardly a person's.
        soon: The same, less sure.
        quick: From ``soon`` to this (no longer than to ``early``) hardly a scanner comes yet, and whoever waits for a mail does.
        early: A hit sooner than this, but not ``quick``, is one of the first scanners' rather than a reader's.
        busy: From ``early`` to this after the sending half of all scanners come, and hardly anybody else.
        minutes: Up to this after the sending a scanner may still be as likely as a reader, if nobody had opened the mail.
        reading: A click this soon after a mail program opened the mail is its reader's.
        late: A hit later than this speaks a little for a person.
        delivery: How far from a hit a delivery of its message is looked for.
        clock_skew: How much later than a hit a delivery must be to count as later.
        sending_skew: A hit before the sending by no more than this shows clocks that differ, and says nothing.
        human_below: A chance of a machine at or below this is called a person's.
        machine_above: A chance of a machine at or above this is called a machine's; between the two is unknown.

    Raises:
        ConfigError: For a negative time, a count below 2, or borders out of order.
    """

    hand: timedelta = timedelta(milliseconds=350)
    same_moment: timedelta = timedelta(milliseconds=250)
    same_second: timedelta = timedelta(seconds=1)
    burst: timedelta = timedelta(seconds=2)
    coverage: timedelta = timedelta(minutes=15)
    many_links: int = 12
    networks: timedelta = timedelta(seconds=30)
    networks_count: int = 3
    same_link: timedelta = timedelta(seconds=10)
    leave: timedelta = timedelta(seconds=2)
    company: timedelta = timedelta(minutes=5)
    company_near: timedelta = timedelta(seconds=30)
    pixel_after: timedelta = timedelta(minutes=2)
    address: timedelta = timedelta(minutes=10)
    recipients: timedelta = timedelta(seconds=1)
    recipients_count: int = 10
    instant: timedelta = timedelta(seconds=3)
    soon: timedelta = timedelta(seconds=5)
    quick: timedelta = timedelta(seconds=20)
    early: timedelta = timedelta(seconds=30)
    busy: timedelta = timedelta(seconds=45)
    minutes: timedelta = timedelta(minutes=5)
    reading: timedelta = timedelta(minutes=5)
    late: timedelta = timedelta(minutes=10)
    delivery: timedelta = timedelta(minutes=10)
    clock_skew: timedelta = timedelta(seconds=2)
    sending_skew: timedelta = timedelta(minutes=5)
    human_below: float = 0.4
    machine_above: float = 0.6

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            wanted = type(item.default)
            if not isinstance(value, (int, float) if wanted is float else wanted):
                raise ConfigError(f"{item.name} must be a {wanted.__name__}, got {value!r}")
            if isinstance(value, timedelta) and value < timedelta(0):
                raise ConfigError(f"{item.name} must not be negative, got {value}")
            if isinstance(value, int) and wanted is not float and value < 2:
                raise ConfigError(f"{item.name} must be at least 2, got {value}")
        if not self.instant <= self.soon <= self.early <= self.late:
            raise ConfigError("instant, soon, early and late must be in this order")
        if not 0 <= self.human_below <= self.machine_above <= 1:
            raise ConfigError("human_below and machine_above must be in this order, between 0 and 1")

    @property
    def horizon(self) -> timedelta:
        """How far apart two events of one mail may be and still bear on each other's verdicts.

        The longest chain: who was near a machine's click, which was known by its neighbours, which were not left out as a
        burst, which was none of tabs opened again; each link of it by another window.
        """
        seed = max(self.burst, self.same_moment, self.same_second, 2 * self.hand, self.leave)
        near = max(self.company_near, self.pixel_after + self.company, self.reading)
        counted = max(self.networks, self.same_link) * 2 + max(self.coverage, 2 * seed + self.address) + 2 * seed
        return near + max(self.delivery, counted)
