"""Templates given to ``compile`` and rendered by the real engines: every link is alive or was left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.template_engines import BEACON, Counted, Missing, Render, _modules, count, engines
from tests.template_sources import TEMPLATES

Maker = Callable[[str], Render]


@pytest.fixture(scope="module")
def maker() -> Maker:
    """Return what makes an engine's renderer, or skips; npm's packages are installed once."""
    folders: list[Path] = []

    def modules() -> Path:
        if not folders:
            folders.append(_modules())
        return folders[0]

    known = engines(modules)

    def make(engine: str) -> Render:
        try:
            return known[engine]()
        except Missing as missing:
            pytest.skip(f"rendering with {engine} needs {missing}")

    return make


@pytest.mark.parametrize("engine", TEMPLATES)
def test_engines_give_links_that_are_alive(engine: str, maker: Maker) -> None:
    """Each template, rendered with a token, leads where it would have led untracked, and has one pixel."""
    try:
        found = count(engine, maker(engine))
    except (ImportError, Missing) as missing:
        pytest.skip(f"rendering with {engine}: {missing} is not installed")
    assert found.wrapped > 0


def test_what_mjml_makes_is_tracked(maker: Maker) -> None:
    """Its buttons lead where they led."""
    source = "<mj-section><mj-column><mj-button href='https://x.example/'>x</mj-button></mj-column></mj-section>"
    (html,) = maker("mjml")([(f"<mjml><mj-body>{source}</mj-body></mjml>", {})])
    assert [link.url for link in BEACON.compile(html, campaign="spring").links] == ["https://x.example/"]


def test_what_inky_makes_is_tracked(maker: Maker) -> None:
    """Its button is no link before, and is told; after, it is one like any other."""
    source = "<container><row><columns><button href='https://x.example/'>x</button></columns></row></container>"
    assert [one.url for one in BEACON.compile(source, campaign="spring").skipped] == ["https://x.example/"]
    (html,) = maker("inky")([(source, {})])
    assert [link.url for link in BEACON.compile(html, campaign="spring").links] == ["https://x.example/"]


def test_a_dead_link_would_be_found(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count fails where a placeholder is not filled in."""
    monkeypatch.setitem(TEMPLATES, "chevron", ["{{#name}}<a href='https://x.example/'>x</a>{{/name}}"])
    render = maker("chevron")
    try:
        assert count("chevron", render) == Counted(1, 2, 1, 1)
    except ImportError as missing:
        pytest.skip(f"rendering with chevron: {missing} is not installed")
    with pytest.raises(AssertionError):
        count("chevron", lambda jobs: render([(source, {"name": "Ann"}) for source, _ in jobs]))
