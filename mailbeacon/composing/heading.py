"""The header of a compiled mail, with fields set or replaced for each recipient.

Source: RFC 5322 (2008), section 3.6: each of the address fields and the subject stands once.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailbeacon import mime
from mailbeacon.composing.reading import check_recipients
from mailbeacon.errors import ConfigError

__all__ = ["Heading"]

_RECIPIENTS = frozenset({"to", "cc", "bcc"})
_MAX_LAYOUTS = 64
_NEWLINE = b"\r\n"
_Layout = tuple[tuple[bytes, ...], tuple[str, ...], int]
"""What stands between the fields to write, their names in order, and how many recipients stay."""


class Heading:
    """Write a mail's header.

    Which names are set is the same for a whole campaign, so the way the header is cut for them is kept.
    """

    def __init__(self, raw: bytes, root: mime.Part, *, shared: bool) -> None:
        self._raw = raw[: root.body]
        self._root = root
        self._shared = shared
        self._layouts: dict[tuple[str, ...], _Layout] = {}

    def render(self, headers: Mapping[str, str]) -> bytes:
        """Give the header with its empty line.

        Raises:
            ConfigError: For a name twice, or a field that cannot be written.
            RewriteError: If the mail would go to several recipients and is not shared.
        """
        if not headers:
            return self._raw
        names = tuple(headers)
        statics, order, kept = self._layouts.get(names) or self._lay_out(names)
        if not self._shared:
            self._check(headers, kept)
        out = [statics[0]]
        for name, static in zip(order, statics[1:], strict=True):
            out += (mime.field(name, headers[name], _NEWLINE), static)
        return b"".join(out)

    def _check(self, headers: Mapping[str, str], kept: int) -> None:
        """Count the recipients, in the few cases where there can be several."""
        given = [value for name, value in headers.items() if name.lower() in _RECIPIENTS]
        if kept + len(given) > 1 or any("," in value or ";" in value for value in given if isinstance(value, str)):
            found = {one for value in given for one in mime.addresses(value.encode("utf-8", "replace"))}
            check_recipients(kept + len(found))

    def _lay_out(self, names: tuple[str, ...]) -> _Layout:
        """Cut the header for these names: the first field of a name is replaced, more of it left out, others added."""
        wanted = {name.lower(): name for name in names if isinstance(name, str)}
        if len(wanted) != len(names):
            raise ConfigError("headers must be named by text, and each only once")
        statics, order, at, kept = [b""], [], 0, 0
        for field in self._root.fields:
            if field.name not in wanted:
                kept += len(set(mime.addresses(mime.unfolded(self._raw, field)))) if field.name in _RECIPIENTS else 0
                continue
            statics[-1] += self._raw[at : field.start]
            if wanted[field.name] not in order:
                order.append(wanted[field.name])
                statics.append(b"")
            at = field.end
        end = self._root.fields[-1].end if self._root.fields else 0
        statics[-1] += self._raw[at:end]
        for name in names:
            if name not in order:
                order.append(name)
                statics.append(b"")
        statics[-1] += self._raw[end:] or _NEWLINE
        layout = tuple(statics), tuple(order), kept
        if len(self._layouts) < _MAX_LAYOUTS:
            self._layouts[names] = layout
        return layout
