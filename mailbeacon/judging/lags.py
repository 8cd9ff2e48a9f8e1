"""How long after its mail's delivery an event came, or after the sending where only that is known.

Weighs nothing: what a lag says stands with the rules of family ``time``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from mailbeacon.judging.batch import is_whole
from mailbeacon.judging.context import DeliveryLag
from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Kind

__all__ = ["UNTIMED", "Lag", "lag_after", "lag_of", "lags_from_delivery"]

Lag = tuple[DeliveryLag, bool]
"""How long after, and whether after a delivery."""
UNTIMED: Lag = (DeliveryLag.UNKNOWN, False)
_FROM_SENDING: Mapping[DeliveryLag, Lag] = {lag: (lag, False) for lag in DeliveryLag}
_DELIVERED = Kind.DELIVERED
_LONG_AFTER = _FROM_SENDING[DeliveryLag.LATE]
_UNKNOWN, _BEFORE, _INSTANT, _SOON, _EARLY, _LATER, _LATE, _BUSY, _MINUTES, _QUICK = DeliveryLag
_NO_TIME = timedelta(0)
_A_SECOND = timedelta(seconds=1)


def lag_of(event: Event, windows: Windows) -> Lag:
    """Return how long after the sending an event came."""
    sent_at = event.sent_at
    if sent_at is None:
        return UNTIMED
    if event.received_at - sent_at >= windows.late:  # as most do
        return _LONG_AFTER
    return _FROM_SENDING[_since(event, sent_at, windows, delivered=False)]


def lag_after(event: Event, windows: Windows, wait: timedelta) -> DeliveryLag:
    """Return how long after the sending something comes that follows an event after a wait."""
    return _UNKNOWN if event.sent_at is None else _since(event, event.sent_at - wait, windows, delivered=False)


def lags_from_delivery(events: Sequence[Event], windows: Windows) -> Iterator[tuple[int, Lag]]:
    """Time the events of mails whose delivery is known nearby: yield their indices, each with its lag.

    Args:
        events: In order of time, deliveries among them; a provider's may not know the campaign.
        windows: For what is nearby.
    """
    at: dict[tuple[str, str], list[datetime]] = {}
    for event in events:
        if event.kind is _DELIVERED and event.recipient is not None and event.message_id:
            at.setdefault((event.message_id, event.recipient), []).append(event.received_at)
    reach = windows.delivery
    for index, event in enumerate(events):
        recipient = event.recipient
        if recipient is not None and (moments := at.get((event.message_id, recipient))):
            received = event.received_at
            first = bisect_left(moments, received - reach)
            if first < len(moments) and moments[first] - received <= reach:
                yield index, (_since(event, moments[first], windows, delivered=True), True)


def _since(event: Event, start: datetime, windows: Windows, *, delivered: bool) -> DeliveryLag:
    """Return how long after a delivery or a sending an event came.

    What came a little before the sending shows only that the clocks of sender and receiver differ. What is written in
    whole seconds came up to a second later.
    """
    gone = event.received_at - start
    if gone >= windows.late:
        return _LATE
    if gone >= windows.early:
        return _after_early(gone, windows)
    known = gone + _A_SECOND if is_whole(event) else gone
    if known >= windows.soon:
        return _EARLY if gone >= windows.quick else _QUICK
    if known >= windows.instant:
        return _SOON
    if not delivered:
        early = _NO_TIME > gone >= -windows.sending_skew
        return _UNKNOWN if early else _INSTANT
    return _BEFORE if gone < -windows.clock_skew else _INSTANT


def _after_early(gone: timedelta, windows: Windows) -> DeliveryLag:
    if gone >= windows.minutes:
        return _LATER
    return _BUSY if gone < windows.busy else _MINUTES
