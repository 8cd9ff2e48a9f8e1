"""A plain paragraph on what is collected, made from the settings that collect it, so that the two do not drift apart.

It is a beginning for the host's own notice, not legal advice: who the sender is, whom to write to and what else the law
wants told, no setting knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from mailbeacon.model import Level
from mailbeacon.privacy.rights import Retention
from mailbeacon.settings import Settings

__all__ = ["notice"]

_COLLECTED = {
    Level.NONE: "We do not record whether you open our mails or which links you follow.",
    Level.AGGREGATE: (
        "We count how often our mails are opened and which links are followed, for everybody together. The mail holds "
        "nothing that tells you from anybody else."
    ),
    Level.DATE: (
        "Of your opening our mails or following their links we keep one thing: the day on which you last did. A later day "
        "replaces it."
    ),
    Level.FULL: (
        "We record when you open our mails and which links you follow, with your number on our list, the kind of program "
        "and device, the kind of network, and whether it was rather a person or a machine."
    ),
}
_KEPT = {
    "keep": "{what} is kept as it came.",
    "truncate": "{what} is kept in a shortened form.",
    "hash": "{what} is kept as a code that the same {small} gives again.",
}


def notice(settings: Settings, rules: Iterable[Retention] = ()) -> str:
    """Return a paragraph for readers: what is collected, on which basis, how long it is kept, and how to stop it.

    Args:
        settings: The host's own; the paragraph changes with them.
        rules: What :func:`retain` is run with.
    """
    most = min(settings.default_level, settings.ceiling)
    said = [_COLLECTED[most]]
    if most:
        said += [_basis(settings, most), *_details(settings, most), _how_long([*rules]), _how_to_stop(settings)]
    return " ".join(sentence for sentence in said if sentence)


def _basis(settings: Settings, most: Level) -> str:
    if settings.consent is not None:
        return "We do so only as far as you have agreed; without your answer, what you did not allow is not recorded."
    if most is Level.AGGREGATE:
        return "We do so to see how our mails are received on the whole."
    return "We do so on the basis that is named in our privacy policy."


def _details(settings: Settings, most: Level) -> list[str]:
    if most is not Level.FULL:
        return []
    found = []
    for how, what, small in (
        (settings.keep_address, "Your network address", "address"),
        (settings.keep_user_agent, "What your program says of itself", "text"),
    ):
        found.append(_KEPT[how].format(what=what, small=small) if how != "drop" else "")
    if settings.keep_address == settings.keep_user_agent == settings.keep_headers == "drop":
        found.append(
            "Your network address is looked at for this, and not kept; a code made of it, which changes every day, is."
        )
    if settings.keep_headers == "keep":
        found.append("Some of what your program sends along with a request is kept.")
    if settings.geo is not None:
        found.append("From the address we also derive the country and, where it is known, region and town.")
    if settings.keep_url == "keep":
        found.append("Addresses of links are kept whole.")
    return found


def _how_long(rules: list[Retention]) -> str:
    if not rules:
        return "It is kept until we delete it."
    whole = [rule.after for rule in rules if rule.drop == "event" and not rule.kinds]
    named = [rule.after for rule in rules if not rule.kinds]
    said = [f"After {_days(min(named))} at the latest nothing of it names you any more."] if named else []
    said += [f"After {_days(min(whole))} it is deleted."] if whole else []
    for rule in rules:
        if rule.kinds:
            kinds = ", ".join(kind.value.replace("_", " ") for kind in rule.kinds)
            what = "deleted" if rule.drop == "event" else "no longer kept with your number"
            said.append(f"Records of the kind {kinds} are {what} after {_days(rule.after)}.")
    return " ".join(said)


def _days(after: timedelta) -> str:
    """Return a time in whole days, never fewer than it is."""
    found = -(-after // timedelta(days=1))
    return "1 day" if found == 1 else f"{found} days"


def _how_to_stop(settings: Settings) -> str:
    said = (
        "You can stop it at any time by the link in our mails that says so, and go on getting them; it holds for mails you "
        "already have."
    )
    if settings.on_leave is None and settings.consent is None:
        said = "To stop it, write to us."
    said += " A browser that sends the signal Sec-GPC (Global Privacy Control) is not recorded when you follow a link."
    if settings.honor_dnt:
        said += " So is one that sends Do Not Track."
    return said
