"""What a user agent is: a proxy, a mail client, a browser or a machine, by rules kept as data.

Mail clients and proxies come before any rule for machines, because general lists of bots call mail clients bots. Does
not look at addresses, and judges nobody: that a user agent can be forged is the judges' concern.
"""

from mailbeacon.agents.identify import UNKNOWN, Agent, Agents
from mailbeacon.agents.table import Rule, RuleTable, read_rules

__all__ = ["UNKNOWN", "Agent", "Agents", "Rule", "RuleTable", "read_rules"]
