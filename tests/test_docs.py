"""The documentation: its code runs, its tables are whole, its pictures are true."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pytest
from pages import DOCS, README, ROOT, blocks, unlike

import mailbeacon
from mailbeacon.model import Place, SkipReason, WarningKind
from mailbeacon.settings import Settings

PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
TUTORIALS = DOCS / "tutorials"
API = "".join(
    page.read_text("utf-8") for page in [DOCS / "reference/api.md", *(DOCS / "reference/package").glob("*.md")]
)
RUN = [page for page in PAGES if page.parent != TUTORIALS and any(one.language == "python" for one in blocks(page))]
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)\s]*)?\)")


def _names(pages: Iterable[Path]) -> list[object]:
    return [pytest.param(page, id=page.relative_to(DOCS).with_suffix("").as_posix()) for page in pages]


def _section(page: str, heading: str) -> str:
    """Return the text of a page below a heading, up to the next one."""
    source = (DOCS / page).read_text("utf-8")
    start = source.index(f"\n## {heading}\n")
    end = source.find("\n## ", start + 4)
    return source[start : end if end > 0 else None]


def _rows(page: str, heading: str) -> list[str]:
    return _ROW.findall(_section(page, heading))


@pytest.mark.parametrize("page", _names(RUN))
def test_every_python_block_of_a_page_runs_and_prints_what_is_shown(page, tmp_path):
    """The tutorial's are run with the README's."""
    assert unlike(page, tmp_path) == []


@pytest.mark.parametrize("page", [*_names(PAGES), pytest.param(README, id="README")])
def test_every_message_of_a_page_has_an_id_or_the_time_it_was_sent(page):
    """Without either, two mails of one campaign to one person are one in every figure."""
    for one in blocks(page):
        for found in re.finditer(r"\bMessage\(((?:[^()]|\([^()]*\))*)\)", one.text):
            assert "recipient=" not in found[1] or re.search(r"\b(?:sent_at|id)=|\*\*", found[1]), found[0]


_NAMED = {"anymail": "django-anymail", "dkim": "dkimpy", "flask_mail": "flask-mail"}
"""What a module is called by pip, where it is not its own name."""


@pytest.mark.parametrize("page", _names(RUN))
def test_a_page_says_what_has_to_be_installed_for_its_code(page):
    code = "\n".join(one.text for one in blocks(page) if one.language == "python")
    modules = {
        name.partition(".")[0] for name in re.findall(r"^ *(?:from|import) ([a-zA-Z_][\w.]*)", code, re.MULTILINE)
    }
    others = modules - set(sys.stdlib_module_names) - {"mailbeacon"}
    lines = " ".join(re.findall(r"pip install [^`\n]*", page.read_text("utf-8")))
    assert [name for name in others if _NAMED.get(name, name) not in lines] == []


@pytest.mark.parametrize("page", _names(PAGES))
def test_a_page_links_only_to_what_exists_and_knows_no_machine(page):
    source = page.read_text("utf-8")
    for target in _LINK.findall(source):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    assert not re.search(r"/(?:home|root|tmp|work)/", source)


def test_no_command_of_a_server_names_a_module_that_python_has_itself():
    """``uvicorn site:app`` finds the standard library's ``site``, and no ``app`` in it."""
    command = re.compile(
        r"\b(?:uvicorn|gunicorn|hypercorn|waitress-serve)\b[^`\n]*?(?<![\w:/.])(\w+)(?:\.\w+)*:\w+[^`\n]*`"
    )
    named = [
        (page.name, found[1])
        for page in (README, *DOCS.rglob("*.md"))
        for found in command.finditer(page.read_text("utf-8"))
    ]
    assert len(named) >= 3
    assert [one for one in named if one[1] in sys.stdlib_module_names] == []


def test_every_link_of_the_readme_leads_to_a_file():
    targets = _LINK.findall(README.read_text("utf-8"))
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_every_skip_reason_is_in_the_table_and_no_other():
    assert _rows("reference/rewriting.md", "Links left alone") == [reason.value for reason in SkipReason]


def test_every_warning_is_in_the_table_and_no_other():
    assert _rows("reference/rewriting.md", "Warnings") == [kind.value for kind in WarningKind]


def test_every_place_of_a_link_is_in_the_table_and_no_other():
    assert _rows("reference/rewriting.md", "Links") == [place.value for place in Place]


def test_every_setting_is_in_a_table_and_no_other():
    source = (DOCS / "reference" / "settings.md").read_text("utf-8")
    assert sorted(_ROW.findall(source)) == sorted(field.name for field in fields(Settings))


def test_every_setting_shows_its_default():
    """Where a default is a plain value; functions and durations are put in words."""
    source = (DOCS / "reference" / "settings.md").read_text("utf-8")
    shown = dict(re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", source, re.MULTILINE))
    for field in fields(Settings):
        if field.name in shown and field.name not in ("utm", "leave_texts", "default_level", "ceiling"):
            assert shown[field.name] == repr(field.default).replace("'", '"'), field.name


def test_the_picture_shows_every_module_and_no_other():
    picture = (DOCS / "explanation" / "architecture.md").read_text("utf-8").partition(":name: picture")[2]
    shown = re.findall(r"^(?:[A-Z]+ +| {8})([a-z_]+)  ", picture.partition("```")[0], re.MULTILINE)
    assert sorted(shown) == sorted(_modules() | {"__main__"})


def test_every_module_is_in_the_reference():
    described = set(re.findall(r"automodule:: mailbeacon\.([a-z_]+)", API))
    assert described >= _modules()


def _modules() -> set[str]:
    """Return the modules and packages right below the package."""
    folder = ROOT / "mailbeacon"
    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/*.py")}
    return {name for name in found if not name.startswith("__")}


def test_every_extra_is_in_the_table_and_no_other():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    shown = _ROW.findall((DOCS / "reference" / "extras.md").read_text("utf-8"))
    assert shown == list(project["optional-dependencies"])


@pytest.mark.parametrize("page", [*_names(PAGES), pytest.param(README, id="README")])
def test_what_a_page_recommends_is_in_the_reference(page):
    """What is not there may change at any time."""
    source = page.read_text("utf-8")
    used = set(re.findall(r"^ *from (mailbeacon\.[a-z_.]+) import", source, re.MULTILINE))
    assert used <= set(re.findall(r"automodule:: (mailbeacon[a-z_.]*)", API))
    attributes = set(re.findall(r"(?<!\w)beacon\.([a-z_]+)", source))
    assert [name for name in attributes if not hasattr(mailbeacon.Beacon, name) and f"`beacon.{name}`" not in API] == []


def test_every_public_name_is_in_the_reference():
    assert re.findall(r"^   \* - ``mb\.(\w+)``$", API, re.MULTILINE) == list(mailbeacon.__all__)


def test_the_changelog_begins_with_this_version():
    source = (DOCS / "changelog.md").read_text("utf-8")
    assert re.findall(r"^## (?!Unreleased)(\S+)", source, re.MULTILINE)[0] == mailbeacon.__version__


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_ci_takes_the_commands_from_the_readme_and_is_a_sound_script():
    script = ROOT / ".ci" / "run"
    bash = shutil.which("bash") or "bash"
    assert subprocess.run([bash, "-n", str(script)], check=False).returncode == 0
    readme = README.read_text("utf-8")
    for ending in re.findall(r'command_of "([^"]+)"', script.read_text("utf-8")):
        assert len(re.findall(rf"^python3 -m venv .* {re.escape(ending)}$", readme, re.MULTILINE)) == 1


def test_the_gallerys_report_is_the_same_in_every_run_and_its_pictures_are_small():
    command = [
        sys.executable,
        "-c",
        "import gallery, hashlib; print(hashlib.md5(gallery.report().encode()).hexdigest())",
    ]
    runs = {
        subprocess.run(command, cwd=DOCS, env={**os.environ, "PYTHONPATH": f"{ROOT}", "PYTHONHASHSEED": seed},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1
    pictures = list((DOCS / "_static").glob("*.png"))
    assert pictures
    assert all(picture.stat().st_size <= 200_000 for picture in pictures)


def test_every_guide_stands_in_a_named_group_of_the_index():
    index = (DOCS / "how-to" / "index.md").read_text("utf-8")
    listed = re.findall(r"^([\w-]+)$", index, re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in (DOCS / "how-to").glob("*.md") if page.stem != "index")


_WORDS = re.findall(
    r"\w+",
    "GDPR consent unsubscribe FastAPI PostgreSQL Celery export retention erase dashboard Mailchimp pytracking ahoy_email Gmail "
    "Outlook Apple phones blocked images accurate legal webhook SendGrid nginx Flask Django DKIM segment bot scanner proxy",
)


@pytest.mark.parametrize("word", _WORDS)
def test_a_word_people_type_is_on_a_page(word):
    """The search of the documentation knows what stands on its pages."""
    found = [page for page in PAGES if re.search(rf"\b{word}", page.read_text("utf-8"), re.IGNORECASE)]
    assert found


@pytest.mark.parametrize("page", _names((DOCS / "reference/package").glob("*.md")))
def test_a_page_of_the_reference_shows_first_what_there_is_and_then_the_rest(page):
    """What a module offers stands in one of its two lists."""
    source = page.read_text("utf-8")
    for module, listed in re.findall(r"^\.\. names:: (\S+)\n\n((?: +[^\n]+\n)+)", source, re.MULTILINE):
        first = listed.replace(",", " ").split()
        offered = importlib.import_module(module).__all__
        assert [name for name in first if name not in offered] == []
        assert set(first) == set(offered) or f".. inside:: {module}" in API
