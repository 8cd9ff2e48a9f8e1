"""From events and verdicts to honest figures: tallies that merge, rates, readership, experiments, leads and audiences.

Does not judge who did it, and knows nothing of tokens, links or mails: it counts what it is given.
"""

from mailbeacon.counting.audiences import Audience, Member, Subscriber, Windows, audiences, sunset
from mailbeacon.counting.book import VIEW_WINDOW, Tally
from mailbeacon.counting.experiments import Comparison, Contrast, compare
from mailbeacon.counting.figures import Count, Dimension, LinkKey, Split
from mailbeacon.counting.gathering import Deliveries, Groups, tally
from mailbeacon.counting.hours import Hours, Suggestion, Zones, reading_hours
from mailbeacon.counting.leads import HotWatch, Lead, Weights, hot, score
from mailbeacon.counting.proportions import sample_size
from mailbeacon.counting.rates import Interval, Range, Rate, Rates, Raw, interval, rate, rates
from mailbeacon.counting.readers import GroupRow, Reader, ReadReport, ReadState, read_report
from mailbeacon.counting.recapture import Readership, estimate_readers, readership

__all__ = [
    "VIEW_WINDOW",
    "Audience",
    "Comparison",
    "Contrast",
    "Count",
    "Deliveries",
    "Dimension",
    "GroupRow",
    "Groups",
    "HotWatch",
    "Hours",
    "Interval",
    "Lead",
    "LinkKey",
    "Member",
    "Range",
    "Rate",
    "Rates",
    "Raw",
    "ReadReport",
    "ReadState",
    "Reader",
    "Readership",
    "Split",
    "Subscriber",
    "Suggestion",
    "Tally",
    "Weights",
    "Windows",
    "Zones",
    "audiences",
    "compare",
    "estimate_readers",
    "hot",
    "interval",
    "rate",
    "rates",
    "read_report",
    "readership",
    "reading_hours",
    "sample_size",
    "score",
    "sunset",
    "tally",
]
