"""What a user agent is: a proxy, a mail client, a browser or a machine, by rules kept as data.

Mail clients and proxies come before any rule for machines, because general lists of bots call mail clients bots. Does
not look at addresses, and judges nobody: that a user agent can be forged is the judges' concern.
"""

from mailbeacon.agents.identify import UNKNOWN, Agent, Agents
from mailbeacon.agents.table import AgentRule, RuleTable, read_rules
from mailbeacon.renamed import renamed

__all__ = ["UNKNOWN", "Agent", "AgentRule", "Agents", "RuleTable", "read_rules"]

__getattr__ = renamed(__name__, {"Rule": "AgentRule"})  # the rules of judging are rules too
