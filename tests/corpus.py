"""The shared test material as Python objects: documents as text, tokenizer cases, tree cases.

Reads ``shared/corpus``; knows nothing of the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["FOLDERS", "Document", "TokenCase", "TreeCase", "documents", "token_cases", "tree_cases"]

FOLDERS = ("html", "part", "bench")

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
_SECTION = re.compile(r"^#(data|errors|new-errors|document-fragment|script-off|script-on|document)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One HTML document of the corpus; ``name`` is such as ``html/0a1b.html``."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCase:
    """One run of a tokenizer case of html5lib-tests: one initial state.

    ``output`` has the suite's tokens as lists, such as ``["StartTag", "a", {"href": "x"}]``.
    """

    name: str
    input: str
    output: list[list[object]] = field(repr=False)
    state: str = "Data state"
    last_start_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCase:
    """One tree-construction case of html5lib-tests.

    ``fragment`` is the context element's name, empty for a whole document; ``tree`` the expected lines, each beginning
    with ``| ``; ``scripting`` is ``None`` when the case holds either way.
    """

    name: str
    data: str
    tree: str = field(repr=False)
    fragment: str = ""
    scripting: bool | None = None


def documents(shared: Path, *folders: str) -> Iterator[Document]:
    """Yield the documents of some folders, all of :data:`FOLDERS` when none is named, decoded, line ends as they are."""
    for folder in folders or FOLDERS:
        for path in sorted((shared / "corpus" / folder).glob("*.html")):
            yield Document(name=f"{folder}/{path.name}", text=_decode(path.read_bytes()))


def token_cases(shared: Path) -> Iterator[TokenCase]:
    """Yield the tokenizer cases, one for each initial state. ``xmlViolation.test`` is about XML and left out."""
    for path in sorted((shared / "corpus/html5lib-tests/tokenizer").glob("*.test")):
        for number, case in enumerate(json.loads(path.read_text("utf-8")).get("tests", ())):
            if case.get("doubleEscaped"):
                case = {**case, "input": _unescape(case["input"]), "output": _unescape(case["output"])}
            for state in case.get("initialStates", ["Data state"]):
                yield TokenCase(
                    name=f"{path.stem}-{number}",
                    input=case["input"],
                    output=case["output"],
                    state=state,
                    last_start_tag=case.get("lastStartTag", ""),
                )


def tree_cases(shared: Path) -> Iterator[TreeCase]:
    """Yield the tree-construction cases that need no script to run."""
    for path in sorted((shared / "corpus/html5lib-tests/tree-construction").glob("*.dat")):
        for number, lines in enumerate(_cases(path.read_bytes().decode("utf-8"))):
            parts = _sections(lines)
            scripting = True if "script-on" in parts else False if "script-off" in parts else None
            yield TreeCase(
                name=f"{path.stem}-{number}",
                data=parts["data"],
                tree=parts["document"],
                fragment=parts.get("document-fragment", ""),
                scripting=scripting,
            )


def _decode(data: bytes) -> str:
    """Decode as a mail reader without header fields would: UTF-8, what the document says, windows-1252."""
    named = _CHARSET.search(data[:2048])
    for charset in ("utf-8", named[1].decode() if named else "", "windows-1252"):
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")


def _unescape(value: object) -> object:
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, list):
        return [_unescape(item) for item in value]
    if isinstance(value, dict):
        return {_unescape(key): _unescape(item) for key, item in value.items()}
    return value


def _cases(text: str) -> Iterator[list[str]]:
    """Cut a file at each ``#data`` line that begins it or follows an empty line."""
    case: list[str] = []
    before = ""
    for line in text.split("\n"):
        if line == "#data" and not before and case:
            yield case
            case = []
        case.append(line)
        before = line
    yield case


def _sections(lines: list[str]) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        found = _SECTION.match(line)
        # inside the data or the tree, only what can follow there is a heading
        if found and (name != "data" or found[1] == "errors") and name != "document":
            name = found[1]
            parts[name] = []
        elif name:
            parts[name].append(line)
    return {
        key: "\n".join(value).rstrip("\n") if key == "document" else "\n".join(value) for key, value in parts.items()
    }
