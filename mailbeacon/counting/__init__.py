"""From events and verdicts to honest figures: tallies that merge, and rates that name their denominators.

Does not judge who did it, and knows nothing of tokens, links or mails: it counts what it is given.
"""

from mailbeacon.counting.book import VIEW_WINDOW, Tally
from mailbeacon.counting.figures import Count, Dimension, LinkKey, Split
from mailbeacon.counting.gathering import Deliveries, Groups, tally
from mailbeacon.counting.rates import Interval, Range, Rate, Rates, Raw, interval, rate, rates

__all__ = [
    "VIEW_WINDOW",
    "Count",
    "Deliveries",
    "Dimension",
    "Groups",
    "Interval",
    "LinkKey",
    "Range",
    "Rate",
    "Rates",
    "Raw",
    "Split",
    "Tally",
    "interval",
    "rate",
    "rates",
    "tally",
]
