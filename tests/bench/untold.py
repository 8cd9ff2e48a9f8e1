"""What machines do that nobody can tell from what people do: named apart from all else, by what was seen, never by a verdict.

Each is one of the lines of "What cannot be known" in ``docs/explanation/how-verdicts-are-made.md``.
"""

from __future__ import annotations

from mailbeacon import fake
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind, NetworkKind
from tests.scenes import FEW, LATE, LATE_RENTED, SCATTERED, UNDECIDABLE

__all__ = ["BESIDE", "FIRST", "NAMELESS", "PATIENT", "PIXEL", "UNTOLD", "name"]

FIRST = "machine: burst's first click, live: full browser, unknown network"
"""What a live verdict cannot tell from a person's: a single click as yet, with nothing that came before it."""
PATIENT = "machine: a patient scanner's first seven links, live: full browser, unknown network"
"""What a live verdict cannot tell from a reader's who follows some links one by one."""
NAMELESS = "machine: no user agent, unknown network, log"
"""What may be anybody whose user agent was not sent or not kept."""
BESIDE = "machine: a gateway looks at the link its reader follows, log, unknown network"
"""What a colleague may do to whom the mail was sent on."""
PIXEL = "machine: a mail provider's pixel beside its detonation, unknown network"
"""What Outlook.com does for its readers too; only the network tells."""
UNTOLD = frozenset({UNDECIDABLE, LATE_RENTED, SCATTERED, FEW, FIRST, PATIENT, NAMELESS, BESIDE, PIXEL})
"""What nobody can tell from what a person does, and is counted by itself."""

_BURSTS = frozenset(f"scanner-{style}" for style in ("burst", "head", "leaving", "named", "sandbox")) | {
    "burst, then detonation"
}
_LONE = frozenset(
    {
        "scanner-single",
        "scanner-pixel",
        "one link, from anywhere",
        "rented, one link and its pixel",
        "detonation with its pixel",
    }
)
_SCATTERED = frozenset({"scanner-scattered", "scattered over rented servers"})
_GATEWAYS = frozenset({"safe-links", "new-outlook"})
_PATIENT = frozenset({"scanner-slow", "patient scanner, unlisted", "patient scanner, rented"})
_MANY = 8
_WHO = {Actor.HUMAN: "person", Actor.IMAGE_PROXY: "person", Actor.PRIVACY_PROXY: "nobody knows"}


def name(event: Event, truth: fake.GroundTruth, *, headers: bool, before: int | None = None) -> str:
    """Name what somebody did.

    Args:
        event: What was seen of it.
        truth: Who it was.
        headers: Whether all header fields are known.
        before: Live: how many links of this mail, or from this network, were followed before; ``None`` where all is judged
            together.
    """
    behaviour = truth.behaviour
    who = _WHO.get(truth.actor, "machine")
    does = f"{who}: {behaviour}, {event.kind.value}"
    if who != "machine":
        return does
    unlisted = event.facts.network.kind is NetworkKind.UNKNOWN
    if event.kind is Kind.OPEN:
        return PIXEL if behaviour == "detonation with its pixel" and unlisted else does
    if not headers and unlisted and event.facts.agent is AgentKind.UNKNOWN:
        return NAMELESS
    return _scanned(event, behaviour, headers=headers, before=before) or does


def _scanned(event: Event, behaviour: str, *, headers: bool, before: int | None) -> str:
    """Name a machine's click; nothing for one of no special name."""
    plain = _plain(event, headers=headers)
    if behaviour in _BURSTS | _SCATTERED and plain and before == 0:
        return FIRST
    if behaviour in _SCATTERED and plain:
        return SCATTERED
    if behaviour in _BURSTS | _SCATTERED:
        return f"machine: burst, {behaviour}"
    if behaviour in _PATIENT and plain and before is not None and before < _MANY - 1:
        return PATIENT
    if behaviour in _GATEWAYS and plain and not headers:
        return BESIDE
    few = behaviour.endswith(", later")  # a sandbox's one to three links, minutes after a burst
    if few or behaviour in _LONE:
        if plain:
            return FEW if few else UNDECIDABLE
        return LATE_RENTED if _late_rented(event, headers=headers) else ""
    return ""


def _plain(event: Event, *, headers: bool) -> bool:
    """Check whether a click has all that a browser sends, as far as that is known, and comes from an unknown network."""
    full = Hint.SEC_FETCH in event.facts.hints or not headers
    return full and event.facts.network.kind is NetworkKind.UNKNOWN


def _late_rented(event: Event, *, headers: bool) -> bool:
    """Check whether a click came late, from rented servers, with all that a browser sends, as far as that is known."""
    full = Hint.SEC_FETCH_USER in event.facts.hints or not headers
    late = event.sent_at is not None and event.received_at - event.sent_at >= LATE
    return full and late and event.facts.network.kind is NetworkKind.HOSTING
