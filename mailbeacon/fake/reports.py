"""What a made-up provider has to report, before it is put into its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailbeacon.model import Kind

__all__ = ["TOPIC", "Json", "ProviderEvent"]

Json = object
TOPIC = "arn:aws:sns:eu-west-1:123456789012:made-up"
"""The topic that the posts of ``ses`` and ``scaleway`` come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """What is to be reported of one mail.

    Attributes:
        kind: What happened.
        at: When.
        id: The provider's name for the report.
        address: The recipient's address.
        message: The provider's name for the mail.
        campaign: The campaign.
        metadata: What ``Beacon.metadata`` gave.
        url: The link clicked.
        agent: The reader's user agent.
        ip: The reader's address.
        machine: Whether the provider's flag for machines is up.
        proxy: Whether its flag for privacy proxies is.
    """

    kind: Kind
    at: datetime
    id: str
    address: str
    message: str
    campaign: str
    metadata: Mapping[str, str]
    url: str
    agent: str
    ip: str
    machine: bool
    proxy: bool

    @property
    def seconds(self) -> int:
        """The Unix time."""
        return int(self.at.timestamp())

    @property
    def mark(self) -> str:
        """The metadata in one piece, for tags and headers."""
        return "".join(self.metadata.values())

    def iso(self, end: str = "Z", digits: int = 3) -> str:
        """Write the time as ISO 8601."""
        return f"{self.at:%Y-%m-%dT%H:%M:%S}.{self.at.microsecond:06d}"[: 20 + digits].ljust(20 + digits, "0") + end
