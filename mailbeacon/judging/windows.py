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
    """Hold the windows, counts and borders of judging.

    "One client" means: of one message, and with the same network id; or with the same agent id, in one kind of network,
    where the events are not a network's burst.

    Args:
        burst: Within this time one client following ``burst_links`` links is a burst, or somebody opening tabs.
        burst_links: How many different links that takes.
        burst_sure: How many different links within ``burst`` are more than a hand can open; at least ``burst_links``.
        volley: ``burst_links`` links within this time are more than a hand can open.
        same_moment: Within this time two different links are closer together than a hand can be.
        same_second: Within this time two different links are closer together than most people's.
        coverage: Within this time following every link of a mail is unusual.
        coverage_pace: Time per link below which following every link is no person's pace.
        coverage_links: The least number of links a mail must have for coverage to say anything.
        many_links: How many different links count as all of them where the number of links is not known.
        networks: Within this time clicks of one message from ``networks_count`` networks are not one person's.
        networks_count: How many different networks.
        leave: Within this time a content link and the unsubscribe link belong together.
        honeypot: How far from a hit on a hidden link the same client's other hits are tainted.
        company: How far from a burst another hit with its network *and* user agent belongs to it.
        company_near: How far from a burst another hit with its network belongs to it, or with its user agent where the
            burst is scattered over several networks.
        pixel_after: A pixel fetched this soon after the same client's click, with no open before it, is in a machine's
            order.
        recipients: Within this time hits for ``recipients_count`` recipients from one network are a machine's pace.
        recipients_count: How many different recipients. Sources speak of three within a minute; so many people of one
            office behind one address open a newsletter, so it takes a pace no office has.
        instant: A hit sooner than this after the delivery (or the sending) is hardly a person's.
        soon: The same, less sure.
        early: The same, still less sure.
        late: A hit later than this speaks a little for a person.
        delivery: How far from a hit a delivery of its message is looked for.
        clock_skew: How much later than a hit a delivery must be to count as later.
        sending_skew: A hit before the sending by no more than this shows clocks that differ, and says nothing.
        human_below: A chance of a machine at or below this is called a person's.
        machine_above: A chance of a machine at or above this is called a machine's; between the two is unknown.

    Raises:
        ConfigError: For a negative time, a count below 2, or borders out of order.
    """

    burst: timedelta = timedelta(seconds=2)
    burst_links: int = 3
    burst_sure: int = 5
    volley: timedelta = timedelta(milliseconds=700)
    same_moment: timedelta = timedelta(milliseconds=300)
    same_second: timedelta = timedelta(seconds=1)
    coverage: timedelta = timedelta(seconds=60)
    coverage_pace: timedelta = timedelta(seconds=4)
    coverage_links: int = 3
    many_links: int = 6
    networks: timedelta = timedelta(seconds=30)
    networks_count: int = 3
    leave: timedelta = timedelta(seconds=2)
    honeypot: timedelta = timedelta(seconds=30)
    company: timedelta = timedelta(minutes=5)
    company_near: timedelta = timedelta(seconds=30)
    pixel_after: timedelta = timedelta(minutes=2)
    recipients: timedelta = timedelta(seconds=1)
    recipients_count: int = 4
    instant: timedelta = timedelta(seconds=1)
    soon: timedelta = timedelta(seconds=5)
    early: timedelta = timedelta(seconds=30)
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
        """How far apart two events may be and still bear on each other's verdicts."""
        seed = max(self.burst, self.volley, self.coverage)
        burst = 2 * seed  # whether an agent's clicks are a burst depends on which of them are a network's
        return max(
            burst,
            self.recipients,
            self.delivery,
            max(self.same_moment, self.same_second, self.leave) + seed,
            self.honeypot + seed,
            2 * self.networks + burst,
            self.pixel_after + max(self.company, seed),
            self.company + burst,
            self.company_near + burst,
        )
