"""Campaigns side by side: each with its rates, and whether it did better than those before it or whether that could be chance.

Does not say why: a subject line, a season and a list that grew all move a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbeacon.counting.figures import Dimension
from mailbeacon.counting.proportions import difference, p_value
from mailbeacon.counting.ratios import Interval, Rates, rates
from mailbeacon.counting.tallies import Tally
from mailbeacon.model.message import check_bounds

__all__ = ["CampaignRow", "Change", "compare_campaigns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far a campaign's rate lies from that of the campaigns before it, all their messages together.

    Attributes:
        points: The difference as a fraction; below 0 it did worse.
        interval: Where the true difference may lie.
        p: How often chance alone would give as much.
        of: How many campaigns it is held against.
    """

    points: float
    interval: Interval
    p: float
    of: int

    @property
    def could_be_chance(self) -> bool:
        """Whether chance alone gives as much more often than one interval in twenty misses (or as was asked)."""
        return self.p >= 1 - self.interval.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """One campaign among others.

    Attributes:
        campaign: Its name.
        first: When its first hit came, in UTC; ``None`` without any.
        rates: Its rates; those of what was delivered are missing where that is not known.
        opens: The change of the open rate, by people; ``None`` where there is nothing to hold it against.
        clicks: The change of the click rate, by people.
    """

    campaign: str
    first: datetime | None
    rates: Rates
    opens: Change | None = None
    clicks: Change | None = None


def compare_campaigns(tally: Tally, *, last: int = 5, confidence: float = 0.95) -> list[CampaignRow]:
    """Return the campaigns in the order of their first hits, each with its change against those before it.

    Args:
        tally: Events of any number of campaigns, with their deliveries by campaign.
        last: How many campaigns before it a campaign is held against; fewer where there are not as many.
        confidence: Of every interval.

    Raises:
        ConfigError: If ``last`` is no whole number from 1.
    """
    check_bounds(last=last)
    parts = [(name, tally.select(campaign=name)) for name in tally.values(Dimension.CAMPAIGN)]
    found = [
        CampaignRow(
            campaign=name, first=part.period[0] if part.period else None, rates=rates(part, confidence=confidence)
        )
        for name, part in parts
    ]
    found.sort(key=lambda row: (row.first is None, str(row.first or ""), row.campaign))
    rows: list[CampaignRow] = []
    for row in found:
        before = rows[-last:]
        rows.append(
            CampaignRow(
                campaign=row.campaign,
                first=row.first,
                rates=row.rates,
                opens=_change(row, before, "opens", confidence),
                clicks=_change(row, before, "clicks", confidence),
            )
        )
    return rows


def _change(row: CampaignRow, before: Sequence[CampaignRow], name: str, confidence: float) -> Change | None:
    own = _cell(row, name)
    others = [cell for one in before if (cell := _cell(one, name)) is not None]
    if own is None or not own[1] or not others or not sum(total for _, total in others):
        return None
    base = (sum(hits for hits, _ in others), sum(total for _, total in others))
    return Change(
        points=own[0] / own[1] - base[0] / base[1],
        interval=difference(*own, *base, confidence=confidence),
        p=p_value(*own, *base),
        of=len(others),
    )


def _cell(row: CampaignRow, name: str) -> tuple[int, int] | None:
    found = getattr(row.rates, name)
    return None if found is None else (found.low.numerator, found.low.denominator)
