"""Link the package's own words from wherever a page names them: settings, errors, signals, hints, reasons, warnings, metrics.

Writes nothing: what a page says in code style is looked up as the site is built, the first time in each section.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.pycode import ModuleAnalyzer

from mailbeacon import errors
from mailbeacon.judging import Windows
from mailbeacon.judging.classifier import DEFAULT_RULES
from mailbeacon.model import Hint, SkipReason, WarningKind
from mailbeacon.settings import Settings

__all__ = ["METRICS", "ROWS", "directives", "link_words", "mark_rows", "others", "targets"]

SETTINGS, RULES, REWRITING, FIGURES = (
    "reference/settings",
    "reference/rules",
    "reference/rewriting",
    "reference/metrics",
)
ROWS = {SETTINGS: "setting", RULES: "rule", REWRITING: "rewriting", FIGURES: "figure"}
"""The pages whose tables say what a word means, and how the anchors of their rows begin."""
METRICS = {
    "click-to-open rate": "rates",
    "open rate": "rates",
    "click rate": "rates",
    "readership": "readers-seen-or-not",
    "read report": "leads-audiences-read-reports-hours",
    "confidence interval": "rates",
}
"""What figures are called in sentences, and the section of the metrics that has their formula."""
_PLAIN = {"pixel", "scope", "empty", "amp", "anchor", "relative"}
"""Reasons and warnings that are everyday words: linked only where they are named in full, as ``WarningKind.PIXEL``."""
_WORD = re.compile(
    r"(?:(?:mb\.)?(?:errors\.)?|Settings\.|settings\.|[Ww]indows\.|MAILBEACON_)(\w[\w-]*)(=.*)?", re.DOTALL
)


def targets() -> dict[str, tuple[str, str]]:
    """Return the page and the anchor of each word."""
    found: dict[str, tuple[str, str]] = {}
    for one in fields(Windows):
        found[one.name] = RULES, f"rule-{one.name}"
    for kind in WarningKind:
        found[kind.value] = found[f"WarningKind.{kind.name}"] = REWRITING, f"rewriting-warnings-{kind.value}"
    for reason in SkipReason:
        found[reason.value] = found[f"SkipReason.{reason.name}"] = (
            REWRITING,
            f"rewriting-links-left-alone-{reason.value}",
        )
    for hint in Hint:
        found[hint.value] = found[f"Hint.{hint.name}"] = "reference/package/model", f"mailbeacon.model.Hint.{hint.name}"
    for rule in DEFAULT_RULES:
        found[rule.name] = RULES, f"rule-{rule.name}"
    for name in errors.__all__:
        found[name] = "reference/package/errors", f"mailbeacon.errors.{name}"
    for one in fields(Settings):
        found[one.name] = SETTINGS, f"setting-{one.name}"
    return {name: place for name, place in found.items() if name not in _PLAIN or place[0] == SETTINGS}


_TARGETS = targets()


def _target(text: str) -> tuple[str, str] | None:
    if text in _TARGETS and ("." in text or "-" in text or "_" in text or text[0].isupper() or text in _LONE):
        return _TARGETS[text]
    match = _WORD.fullmatch(text)
    if match is None:
        return None
    name = match[1] if match[1] in _TARGETS else match[1].lower()
    is_named = match[2] is not None or match[1] != text or text.isupper()  # a plain `sink` may be any sink
    return _TARGETS.get(name) if is_named else None


_LONE = {one.value for one in (*SkipReason, *WarningKind)} - _PLAIN | {"honeypot", "manifests", "namespace"}


def mark_rows(app: Any, doctree: nodes.document) -> None:
    """Add to each row of the tables of words an anchor of its own."""
    start = ROWS.get(app.env.docname)
    for row in doctree.findall(nodes.row) if start else ():
        cells = list(row.findall(nodes.entry))
        place = start or ""
        if start == "rewriting":
            place = f"{start}-{nodes.make_id(next(_sections(row)).next_node(nodes.title).astext())}"
        for word in cells[0].findall(nodes.literal):
            anchor = f"{place}-{word.astext()}"
            if anchor not in doctree.ids:
                word["ids"].append(anchor)
                doctree.ids[anchor] = word


def link_words(app: Any, doctree: nodes.document, docname: str) -> None:
    """Make links of the words a page names, the first time in each section."""
    if app.builder.format != "html":
        return
    seen: set[tuple[int, str]] = set()
    for word in list(doctree.findall(nodes.literal)):
        place = _target(word.astext())
        if place is None or word["ids"] or _is_linked(word) or (place[0] == docname and _defines(word)):
            continue
        where = id(next(_sections(word), doctree)), place[1]
        if where not in seen:
            seen.add(where)
            word.replace_self(_link(app, docname, place, word.deepcopy()))
    if docname != FIGURES:
        _link_metrics(app, doctree, docname)


def _link_metrics(app: Any, doctree: nodes.document, docname: str) -> None:
    left = dict(METRICS)
    for text in list(doctree.findall(nodes.Text)):
        if not left or _is_linked(text) or not isinstance(text.parent, nodes.paragraph | nodes.entry):
            continue
        for name in list(left):
            before, match, after = text.astext().partition(name)
            if match and not before[-1:].isalnum() and not before.endswith("-") and not after[:1].isalnum():
                link = _link(app, docname, (FIGURES, left.pop(name)), nodes.inline("", name))
                at = text.parent.index(text)
                text.parent[at : at + 1] = [nodes.Text(before), link, nodes.Text(after)]
                break


def _link(app: Any, docname: str, place: tuple[str, str], inner: nodes.Node) -> nodes.reference:
    uri = "" if place[0] == docname else app.builder.get_relative_uri(docname, place[0])
    return nodes.reference("", "", inner, internal=True, refuri=f"{uri}#{place[1]}")


def _sections(node: nodes.Node) -> Any:
    while node := node.parent:
        if isinstance(node, nodes.section):
            yield node


def _is_linked(node: nodes.Node) -> bool:
    """Check whether a node stands in a link, a title or code."""
    while node := node.parent:
        if isinstance(node, nodes.reference | nodes.title | nodes.literal_block | nodes.literal | nodes.rubric):
            return True
        if node.tagname in ("desc_signature", "pending_xref", "download_reference"):
            return True
    return False


def _defines(word: nodes.literal) -> bool:
    """Check whether a word stands in the row that has its own anchor."""
    node: Any = word
    while node := node.parent:
        if isinstance(node, nodes.row):
            return any(one["ids"] and one.astext() == word.astext() for one in node.findall(nodes.literal))
    return False


def others(module: str, shown: Iterable[str]) -> list[str]:
    """Return a module's names beside those a page has shown."""
    return [name for name in import_module(module).__all__ if name not in set(shown)]


def directives(module: str, names: Iterable[str]) -> list[str]:
    """Return the lines that describe names of a module."""
    lines: list[str] = []
    for name in names:
        one = getattr(import_module(module), name)
        if isinstance(one, ModuleType):  # has a page or a place of its own
            continue
        if isinstance(one, type):
            kind = "exception" if issubclass(one, BaseException) else "class"
        elif callable(one) and hasattr(one, "__qualname__"):
            kind = "function"
        else:
            lines += _data(module, name, one)
            continue
        lines += [f".. auto{kind}:: {module}.{name}", ""]
    return lines


def _data(module: str, name: str, value: object) -> list[str]:
    """Describe a constant, whose meaning stands where it is made: autodoc looks for it where it is imported."""
    source = Path(str(import_module(module).__file__)).read_text("utf-8")
    made_in = (
        one.module
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.ImportFrom) and one.module and name in {alias.name for alias in one.names}
    )
    said = ModuleAnalyzer.for_module(next(made_in, module)).find_attr_docs().get(("", name), [])
    shown = repr(value)
    option = [f"   :value: {shown}"] if isinstance(value, str | int) and len(shown) < 60 else []
    return [f".. py:data:: {module}.{name}", *option, "", *(f"   {line}" for line in said), ""]
