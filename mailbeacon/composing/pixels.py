"""Which HTML bodies of a mail get a pixel, so that its reader loads one, whatever the mail program shows.

Source: RFC 2046 (1996), section 5.1.4: of the parts of multipart/alternative a program shows the last one it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbeacon import mime

__all__ = ["Pixels", "places_of_pixels"]


class Pixels:
    """Choose the bodies that get a pixel: each that is not shown together with another that has one.

    Args:
        root: The mail's parts.
    """

    def __init__(self, root: mime.Part) -> None:
        self._above = {inner.start: part for part in mime.walk(root) for inner in part.parts}
        self._shown: dict[int, int] = {}
        """Of each multipart whose parts are all shown, the one with the pixel; by where they start."""

    def due(self, body: mime.Part) -> bool:
        """Check whether an HTML body is to have a pixel."""
        return all(self._shown.get(above, inner) == inner for above, inner in self._way(body))

    def put(self, body: mime.Part) -> None:
        """Note that a body has one."""
        self._shown.update(self._way(body))

    def _way(self, part: mime.Part) -> Iterator[tuple[int, int]]:
        """Return, from a part up to the mail, the multiparts whose parts are all shown, with the one it is in."""
        while above := self._above.get(part.start):
            if above.content_type != "multipart/alternative":
                yield above.start, part.start
            part = above


def places_of_pixels(root: mime.Part, bodies: Sequence[mime.Body]) -> set[int]:
    """Return which of a mail's HTML bodies, in their order, are to have a pixel."""
    pixels, found = Pixels(root), set()
    for place, body in enumerate(bodies):
        if pixels.due(body.part):
            pixels.put(body.part)
            found.add(place)
    return found
