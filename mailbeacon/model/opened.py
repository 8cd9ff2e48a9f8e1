"""How records that are made by the million are made quickly: filled while they are open, then closed.

A frozen data class sets each of its fields by a call, which takes five times as long as an assignment, and every request,
every line of a log and every stored row makes an event. So such a record has a twin: a class with the same slots that may
still be written to. Its object is filled, and becomes the record by taking its class, after which nothing can be set::

    made = OpenEvent()
    made.id = ...
    event = made.close()

:class:`Message` and :class:`Event` are made this way, and the :class:`Facts` of an event are copied this way; nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

__all__ = ["copier", "slots_of"]

R = TypeVar("R")


def slots_of(record: Any) -> tuple[str, ...]:
    """Return the slots of a data class, for its twin."""
    return tuple(one.name for one in fields(record))


def copier(twin: type, record: type[R]) -> Callable[[R, Mapping[str, object]], R]:
    """Return what copies a record with some other values, which are not checked.

    It is written out as an assignment for each field, as ``dataclass`` writes the constructor: a loop over the fields at
    each copy takes four times as long.
    """
    copied = "".join(f"    copy.{name} = record.{name}\n" for name in slots_of(record))
    code = f"def copy(record, changes):\n    copy = twin()\n{copied}"
    code += "    for name, value in changes.items():\n        setattr(copy, name, value)\n"
    code += "    copy.__class__ = cls\n    return copy\n"
    made: dict[str, Any] = {"twin": twin, "cls": record}
    exec(code, made)
    return made["copy"]  # type: ignore[no-any-return]
