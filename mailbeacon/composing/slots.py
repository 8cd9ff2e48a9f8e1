"""Cut an encoded mail at the places where a recipient's token goes.

Source: RFC 2045 (1996), section 6.7, for soft line breaks and the 76 octets of a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailbeacon import mime
from mailbeacon.model import Action

__all__ = [
    "SOFT_TOKEN",
    "TOKEN_ROOM",
    "Cut",
    "cut_body",
    "has_leave_link",
    "is_leave_tag",
    "needs_quoting",
    "placeholder_for",
    "split_at_slots",
    "with_leave_links",
]

SOFT_TOKEN = 75
"""The longest token that fits a quoted-printable line with its soft line break."""
TOKEN_ROOM = 512
"""The room a line without quoted-printable keeps for each token."""
ACTIONS = {"leave_url": Action.UNSUBSCRIBE, "stop_url": Action.STOP_TRACKING}
"""The tags in a body that stand for the recipient's own link to an action."""
_TAG = re.compile(r"\{\{\s{0,9}(leave_url|stop_url)\s{0,9}\}\}")


@dataclass(frozen=True, slots=True)
class Cut:
    """The bytes of a mail's bodies between the slots.

    Attributes:
        first: What stands before the first slot.
        rest: What stands after each slot.
        quoted: For each slot, whether it stands in quoted-printable.
        kinds: For each slot, the action whose token it takes; ``None`` for the message's.
        room: The longest token that keeps every line within what mail allows.
    """

    first: bytes
    rest: tuple[bytes, ...]
    quoted: tuple[bool, ...]
    kinds: tuple[Action | None, ...]
    room: int

    @property
    def has_actions(self) -> bool:
        """Whether any slot takes another token than the message's."""
        return any(self.kinds)

    def filled(self, tokens: Mapping[Action | None, bytes]) -> list[bytes]:
        """Put a token into each slot: one too long for a line of quoted-printable in soft lines there, whole elsewhere."""
        soft = {
            kind: b"=\r\n".join(token[at : at + SOFT_TOKEN] for at in range(0, len(token), SOFT_TOKEN))
            for kind, token in tokens.items()
        }
        out = [self.first]
        for is_quoted, kind, part in zip(self.quoted, self.kinds, self.rest, strict=True):
            out += (soft[kind] if is_quoted else tokens[kind], part)
        return out


def placeholder_for(texts: Sequence[str]) -> str:
    """Return a word that none of the texts holds, nor its beginning, nor any URL: it is not ASCII."""
    number = 0
    while any(f"\ue000{number}" in text for text in texts):
        number += 1
    return f"\ue000{number}\ue000"


def with_leave_links(text: str, placeholder: str, head: str) -> str:
    """Put the beginning of a link and its action's own placeholder in place of each tag that stands for one."""
    return _TAG.sub(lambda found: head + _own(placeholder, ACTIONS[found[1]]), text)


def has_leave_link(text: str) -> bool:
    """Check whether a body holds the tag of the recipient's own link to unsubscribe."""
    return any(ACTIONS[name] is Action.UNSUBSCRIBE for name in _TAG.findall(text))


def is_leave_tag(url: str) -> bool:
    """Check whether an address is a tag that stands for the recipient's own link to leave, and nothing else."""
    return _TAG.fullmatch(url) is not None


def split_at_slots(text: str, placeholder: str) -> tuple[list[str], list[Action | None]]:
    """Return what stands between the placeholders, and what each of these is for."""
    kinds = {placeholder: None, **{_own(placeholder, action): action for action in ACTIONS.values()}}
    first, *others = re.split(f"({'|'.join(map(re.escape, kinds))})", text)
    return [first, *others[1::2]], [kinds[found] for found in others[::2]]


def _own(placeholder: str, action: Action) -> str:
    return f"{placeholder[:-1]}{action}{placeholder[-1]}"


def needs_quoting(segments: Sequence[bytes]) -> bool:
    """Check whether a line would be too long once its slots are filled."""
    return _room(segments) < TOKEN_ROOM


def _room(segments: Sequence[bytes]) -> int:
    """Return the longest token that leaves no line of these bytes too long; -1 if one already is."""
    room = mime.MAX_LINE
    length = slots = 0
    for number, segment in enumerate(segments):
        slots += number > 0
        for index, line in enumerate(segment.split(b"\r\n")):
            if index:
                room = min(room, (mime.MAX_LINE - length) // slots) if slots else room
                length = slots = 0
            length += len(line)
            if length > mime.MAX_LINE:
                return -1
    return min(room, (mime.MAX_LINE - length) // slots) if slots else room


def cut_body(segments: Sequence[bytes], encoding: str) -> tuple[list[bytes], int]:
    """Encode what stands between slots, so that the token can stand there as it is.

    Returns:
        The encoded segments, and the room for a token.
    """
    if encoding != "quoted-printable":
        return list(segments), _room(segments)
    soft = b"=\r\n"
    out = []
    for number, segment in enumerate(segments):
        quoted = mime.quote(segment, b"\r\n")
        is_last = number == len(segments) - 1
        if number and not (is_last and not quoted) and not quoted.startswith(b"\r\n"):
            quoted = soft + quoted
        if not is_last and quoted and not quoted.endswith(b"\r\n"):
            quoted += soft
        out.append(quoted)
    return out, mime.MAX_LINE * TOKEN_ROOM
