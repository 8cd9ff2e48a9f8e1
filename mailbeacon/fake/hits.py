"""A made-up request and the truth about it.

Words only: they are made by ``scenes``, sent by ``playing``, written by ``writing`` and compared by ``assessment``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mailbeacon.fake.clients import Client
from mailbeacon.model import Actor, Request

__all__ = ["FORGED", "LEAVE", "PIXEL", "GroundTruth", "Hit", "Visit"]

PIXEL = 0
"""A visit's ``link`` for the pixel."""
LEAVE = -1
"""A visit's ``link`` for the page where a recipient can leave."""
FORGED = -2
"""A visit's ``link`` for a click whose token somebody altered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundTruth:
    """Who truly made a request.

    Attributes:
        actor: Who it was.
        behaviour: The name of the behaviour, such as ``scanner-burst``.
    """

    actor: Actor
    behaviour: str

    @property
    def is_human(self) -> bool | None:
        """``True`` for a person, ``False`` for a machine, ``None`` where nobody could know."""
        return self.actor.is_human


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One request with the truth about it.

    Attributes:
        request: What is asked, from where, and when.
        truth: Who asks.
        status: The HTTP status a beacon answers with.
    """

    request: Request
    truth: GroundTruth
    status: int = 200


class Visit(NamedTuple):
    """One thing a behaviour does, before it is a request.

    Attributes:
        after: How long after sending, in seconds.
        truth: Who does it.
        client: With which program.
        address: From where.
        link: The place of a link in the mail, from 1; or :data:`PIXEL`, :data:`LEAVE`, :data:`FORGED`.
        method: The HTTP method.
    """

    after: float
    truth: GroundTruth
    client: Client
    address: str
    link: int = PIXEL
    method: str = "GET"
