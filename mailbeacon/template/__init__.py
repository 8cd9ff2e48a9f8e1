"""A newsletter compiled once for a campaign: one recipient is then one signature and one join.

``linkers`` signs the links of a campaign, ``compiling`` rewrites and ``proving`` proves, ``template`` renders.
"""

from mailbeacon.template.compiling import Instructions, compile_template
from mailbeacon.template.linkers import Linker, Linkers, leave_alone, no_campaign, short
from mailbeacon.template.proving import prove
from mailbeacon.template.template import Issuer, Template

__all__ = [
    "Instructions",
    "Issuer",
    "Linker",
    "Linkers",
    "Template",
    "compile_template",
    "leave_alone",
    "no_campaign",
    "prove",
    "short",
]
