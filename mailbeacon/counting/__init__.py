"""From events and verdicts to honest figures: tallies that merge, rates, readership, experiments, leads and audiences.

Does not judge who did it, and knows nothing of tokens, links or mails: it counts what it is given. What is worked out of a
tally is imported when it is first used, so that ``import mailbeacon`` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mailbeacon.counting.figures import Count, Dimension, LinkKey, Mark, Outcomes, Split
from mailbeacon.counting.gathering import Deliveries, Groups, NamedGroups, tally, tally_rows
from mailbeacon.counting.sentences import Sentence
from mailbeacon.counting.tallies import VIEW_WINDOW, Tally
from mailbeacon.renamed import renamed

if TYPE_CHECKING:
    from mailbeacon.counting.campaigns import CampaignRow, Change, compare_campaigns
    from mailbeacon.counting.experiments import Comparison, Contrast, compare, missing_for_comparison
    from mailbeacon.counting.hours import Hours, Suggestion, Zones, reading_hours
    from mailbeacon.counting.leads import HotLead, HotWatch, Lead, Weights, hot, score
    from mailbeacon.counting.proportions import sample_size
    from mailbeacon.counting.ratios import Interval, Range, Rate, Rates, Raw, interval, rate, rates
    from mailbeacon.counting.read_reports import GroupRow, ReaderRow, ReadReport, ReadState, read_report
    from mailbeacon.counting.reader_estimates import Readership, estimate_readers, readership
    from mailbeacon.counting.segments import Member, Segment, SegmentWindows, Subscriber, audiences, sunset

__all__ = [
    "VIEW_WINDOW",
    "CampaignRow",
    "Change",
    "Comparison",
    "Contrast",
    "Count",
    "Deliveries",
    "Dimension",
    "GroupRow",
    "Groups",
    "HotLead",
    "HotWatch",
    "Hours",
    "Interval",
    "Lead",
    "LinkKey",
    "Mark",
    "Member",
    "NamedGroups",
    "Outcomes",
    "Range",
    "Rate",
    "Rates",
    "Raw",
    "ReadReport",
    "ReadState",
    "ReaderRow",
    "Readership",
    "Segment",
    "SegmentWindows",
    "Sentence",
    "Split",
    "Subscriber",
    "Suggestion",
    "Tally",
    "Weights",
    "Zones",
    "audiences",
    "compare",
    "compare_campaigns",
    "estimate_readers",
    "hot",
    "interval",
    "missing_for_comparison",
    "rate",
    "rates",
    "read_report",
    "readership",
    "reading_hours",
    "sample_size",
    "score",
    "sunset",
    "tally",
    "tally_rows",
]

_MODULES = {
    "campaigns": ("CampaignRow", "Change", "compare_campaigns"),
    "experiments": ("Comparison", "Contrast", "compare", "missing_for_comparison"),
    "hours": ("Hours", "Suggestion", "Zones", "reading_hours"),
    "leads": ("HotLead", "HotWatch", "Lead", "Weights", "hot", "score"),
    "proportions": ("sample_size",),
    "ratios": ("Interval", "Range", "Rate", "Rates", "Raw", "interval", "rate", "rates"),
    "read_reports": ("GroupRow", "ReaderRow", "ReadReport", "ReadState", "read_report"),
    "reader_estimates": ("Readership", "estimate_readers", "readership"),
    "segments": ("Segment", "Member", "Subscriber", "SegmentWindows", "audiences", "sunset"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}
_OLD = {"Audience": "Segment", "Reader": "ReaderRow", "Windows": "SegmentWindows"}
"""Names of 0.1.0 that other packages have too, for other things."""


def _imported(name: str) -> object:
    """Import what is used for the first time."""
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)


__getattr__ = renamed(__name__, _OLD, _imported)


def __dir__() -> list[str]:
    """Return the public names, those not yet imported too."""
    return sorted(__all__)
