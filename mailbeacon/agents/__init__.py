"""What a user agent is: a proxy, a mail client, a browser or a machine, by rules kept as data.

Mail clients and proxies come before any rule for machines, because general lists of bots call mail clients bots. Does
not look at addresses, and judges nobody: that a user agent can be forged is the judges' concern.
"""

import warnings

from mailbeacon.agents.identify import UNKNOWN, Agent, Agents
from mailbeacon.agents.table import AgentRule, RuleTable, read_rules

__all__ = ["UNKNOWN", "Agent", "AgentRule", "Agents", "RuleTable", "read_rules"]


def __getattr__(name: str) -> object:
    """Return an agent's rule by its name in 0.1.0, which the rules of judging have too."""
    if name == "Rule":
        warnings.warn(
            "mailbeacon.agents.Rule is deprecated and goes with 0.4: use AgentRule", DeprecationWarning, stacklevel=2
        )
        return AgentRule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
