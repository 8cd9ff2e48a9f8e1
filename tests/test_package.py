"""The package as a whole: what it shows, what it loads, what lies beside it."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import djangosite
import pytest

import mailbeacon

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mailbeacon"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
HEAVY = (
    "html5lib",
    "ua_parser",
    "sqlite3",
    "email",
    "flask",
    "django",
    "werkzeug",
    "iporigin",
    "maxminddb",
    "cryptography",
    "pytest",
)

PUBLIC = [
    "Action",
    "Actor",
    "Answer",
    "Beacon",
    "Channel",
    "Classifier",
    "Composed",
    "Consent",
    "Edit",
    "Event",
    "Facts",
    "Hint",
    "History",
    "Kind",
    "Leave",
    "Level",
    "Link",
    "MailTemplate",
    "Manifest",
    "Message",
    "Network",
    "Purpose",
    "Reply",
    "Request",
    "Rewrite",
    "Settings",
    "Signal",
    "Sink",
    "SkipReason",
    "Skipped",
    "Tally",
    "Template",
    "Verdict",
    "Warned",
    "classify",
    "classify_all",
    "errors",
    "explain",
    "tally",
]


def _run(code: str) -> str:
    """Run a program in a fresh process and give what it printed."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


djangosite.ready()  # models are not to be imported before
MODULES = [_name(path) for path in FILES if path.name != "__main__.py"]


def test_the_public_names_are_these_and_no_others():
    """A name more or less is a decision, not an accident: it changes this list."""
    assert list(mailbeacon.__all__) == PUBLIC
    assert sorted(PUBLIC) == PUBLIC
    assert len(PUBLIC) <= 40


def test_every_public_name_exists_and_dir_shows_it():
    for name in PUBLIC:
        assert getattr(mailbeacon, name) is not None
    assert set(PUBLIC) <= set(dir(mailbeacon))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = mailbeacon.nothing_of_the_kind


def test_the_version_is_that_of_the_project_file():
    assert f'version = "{mailbeacon.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for_and_sorts_what_it_exports(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    exported = list(module.__all__)
    assert exported == _as_ruff_sorts(exported)
    for one in exported:
        assert hasattr(module, one), f"{name}.{one} does not exist"


def _as_ruff_sorts(names: list[str]) -> list[str]:
    """Sort constants, then classes, then the rest, each by the alphabet."""
    return sorted(names, key=lambda one: (0 if one.isupper() else 1 if one[:1].isupper() else 2, one))


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_a_docstring(name):
    """Classes, functions, methods and properties; a constant is documented by the text below it."""
    module = importlib.import_module(name)
    missing = [f"{name}.{one}" for one in module.__all__ if not _documented(module, one)]
    for one in module.__all__:
        found = getattr(module, one)
        if inspect.isclass(found) and found.__module__.startswith("mailbeacon"):
            source = inspect.getsource(module)  # a framework puts methods of its own into classes
            missing += [f"{name}.{one}.{member}" for member in _undocumented(found) if f"def {member}(" in source]
    assert not missing


def _documented(module: object, name: str) -> bool:
    found = getattr(module, name)
    if inspect.isclass(found) or inspect.isroutine(found) or inspect.ismodule(found):
        return bool(inspect.getdoc(found))
    return True


def _undocumented(cls: type) -> list[str]:
    """Return the public methods and properties a class defines itself that say nothing."""
    return [
        name
        for name, member in vars(cls).items()
        if not name.startswith("_")
        and (inspect.isroutine(member) or isinstance(member, (property, classmethod, staticmethod)))
        and not inspect.getdoc(getattr(cls, name))
    ]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_module_is_named_like_an_exported_function_and_none_is_longer_than_400_lines(path):
    assert path.stem not in {"classify", "classify_all", "explain", "tally"}
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400
    spans = [
        (node.name, (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert [one for one in spans if one[1] > 60] == []


def test_importing_the_package_loads_nothing_heavy():
    """Neither the import, nor looking at every public name but those of whole mails, loads a parser, a database or mail."""
    code = (
        "import sys, json, mailbeacon\n"
        "[getattr(mailbeacon, name) for name in mailbeacon.__all__ if name not in ('Composed', 'MailTemplate')]\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = {name.partition(".")[0] for name in json.loads(_run(code))}
    assert loaded.isdisjoint(HEAVY), f"loaded: {sorted(loaded & set(HEAVY))}"


def test_rewriting_and_rendering_load_nothing_heavy():
    """The parsers stay away from a process that only sends compiled mail without the proof."""
    code = (
        "import sys, json, mailbeacon as mb\n"
        "beacon = mb.Beacon('https://t.example.com', secret_keys=[bytes(range(16))])\n"
        "message = mb.Message(recipient='u-1', campaign='c')\n"
        "beacon.rewrite('<a href=\"https://example.org\">x</a>', message)\n"
        "beacon.compile('<p>x</p>', campaign='c', verify=False).render(message)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = {name.partition(".")[0] for name in json.loads(_run(code))}
    assert loaded.isdisjoint(HEAVY), f"loaded: {sorted(loaded & set(HEAVY))}"


_TIMES = """
import time
start = time.process_time()
import dataclasses, enum, re, datetime, json, itsdangerous
middle = time.process_time()
import mailbeacon
print(time.process_time() - start, middle - start)
"""


def test_importing_the_package_takes_little_more_than_what_it_stands_on():
    """At most 1.6 times dataclasses, enum, re, datetime, json and itsdangerous, measured in the same process.

    A busy machine can spoil one measurement, but not make a slow import fast: the best of several counts.
    """
    ratios = []
    for _ in range(10):
        whole, base = map(float, _run(_TIMES).split())
        ratios.append(whole / base)
        if ratios[-1] <= 1.6:
            return
    pytest.fail(f"importing mailbeacon takes {min(ratios):.2f} times its base, at best of {len(ratios)} runs")


def test_the_top_level_holds_nothing_else():
    """Whatever git knows or would add: the package, tests, docs, three files, and dotfiles."""
    if not (ROOT / ".git").exists():
        names = {path.name for path in ROOT.iterdir()} - {"build", "dist", "__pycache__", "mailbeacon-demo", "PKG-INFO"}
    else:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        names = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    extra = {name for name in names if not name.startswith(".")}
    assert extra <= {"mailbeacon", "tests", "docs", "pyproject.toml", "LICENSE", "README.md"}
