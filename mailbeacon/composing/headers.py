"""The header of a compiled mail, with fields set or replaced for each recipient.

Source: RFC 5322 (2008), section 3.6: each of the address fields and the subject stands once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailbeacon import mime
from mailbeacon.composing.reading import check_recipients
from mailbeacon.errors import ConfigError
from mailbeacon.mime.headers import FOLD

__all__ = ["HeaderTemplate"]

_RECIPIENTS = frozenset({"to", "cc", "bcc"})
_MAX_LAYOUTS = 64
_NEWLINE = b"\r\n"


@dataclass(frozen=True, slots=True)
class _Layout:
    """The header cut for a set of names.

    Attributes:
        form: The header with ``%s`` where a value goes, one character a byte.
        order: The names, in the order of the header.
        room: How long every value may be to stay on one line.
        recipients: Which of the names say who gets the mail.
        kept: How many recipients are in the fields that stay.
    """

    form: str
    order: tuple[str, ...]
    room: int
    recipients: tuple[str, ...]
    kept: int


class HeaderTemplate:
    """Write a mail's header.

    Which names are set is the same for a whole campaign, so the way the header is cut for them is kept.
    """

    def __init__(self, raw: bytes, root: mime.Part, *, shared: bool) -> None:
        self._raw = raw[: root.body]
        self._root = root
        self._shared = shared
        self._layouts: dict[tuple[str, ...], _Layout] = {}

    def render(self, headers: Mapping[str, str]) -> bytes:
        """Return the header with its empty line.

        Args:
            headers: At least one field to set.

        Raises:
            ConfigError: For a name twice, or a field that cannot be written.
            RewriteError: If the mail would go to several recipients and is not shared.
        """
        names = tuple(headers)
        layout = self._layouts.get(names) or self._lay_out(names)
        values = [headers[name] for name in layout.order]
        if not _are_plain(values, layout.room):
            lines = zip(layout.order, values, strict=True)
            values = [mime.field(name, value, _NEWLINE)[len(name) + 2 : -2].decode() for name, value in lines]
        if layout.recipients and not self._shared:
            _check(headers, layout)
        return (layout.form % tuple(values)).encode("latin-1")

    def _lay_out(self, names: tuple[str, ...]) -> _Layout:
        """Cut the header for these names: the first field of a name is replaced, more of it left out, others added."""
        for name in names:
            mime.field(name, "", _NEWLINE)
        wanted = {name.lower(): name for name in names}
        if len(wanted) != len(names):
            raise ConfigError("a header can be set only once: names differ in more than capital letters")
        statics, order, at = [b""], [], 0
        for field in self._root.fields:
            if field.name in wanted:
                name = wanted[field.name]
                statics[-1] += self._raw[at : field.start]
                at = field.end
                if name not in order:
                    order.append(name)
                    statics[-1] += name.encode() + b": "
                    statics.append(_NEWLINE)
        end = self._root.fields[-1].end if self._root.fields else 0
        statics[-1] += self._raw[at:end]
        if statics[-1] and not statics[-1].endswith(_NEWLINE):
            statics[-1] += _NEWLINE
        for name in names:
            if name not in order:
                order.append(name)
                statics[-1] += name.encode() + b": "
                statics.append(_NEWLINE)
        statics[-1] += self._raw[end:] or _NEWLINE
        layout = _Layout(
            form="%s".join(static.decode("latin-1").replace("%", "%%") for static in statics),
            order=tuple(order),
            room=FOLD - 2 - max(map(len, order)),
            recipients=tuple(name for low, name in wanted.items() if low in _RECIPIENTS),
            kept=self._kept(wanted),
        )
        if len(self._layouts) < _MAX_LAYOUTS:
            self._layouts[names] = layout
        return layout

    def _kept(self, wanted: Mapping[str, str]) -> int:
        """Count the recipients that no name replaces."""
        left = [field for field in self._root.fields if field.name in _RECIPIENTS and field.name not in wanted]
        return len({one for field in left for one in mime.addresses(mime.unfolded(self._raw, field))})


def _are_plain(values: list[str], room: int) -> bool:
    """Check whether all values can be written as they are."""
    try:
        joined = "".join(values)
    except TypeError:
        return False
    return joined.isascii() and joined.isprintable() and max(map(len, values)) <= room


def _check(headers: Mapping[str, str], layout: _Layout) -> None:
    """Count the recipients, in the few cases where there can be several."""
    given = [headers[name] for name in layout.recipients]
    if layout.kept + len(given) > 1 or "," in given[0] or ";" in given[0]:
        found = {one for value in given for one in mime.addresses(value.encode("utf-8", "replace"))}
        check_recipients(layout.kept + len(found))
