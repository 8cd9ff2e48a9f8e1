"""Templates given to ``compile``: rendered by the real engines, every link is alive or was left alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import djangosite
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import RewriteError
from mailbeacon.markup import COVER, read_tags
from mailbeacon.model import SkipReason, WarningKind
from mailbeacon.rewriting import Rewrite
from tests.linear import grows_too_fast
from tests.making import beacon

BEACON = beacon()
MESSAGE = mb.Message(recipient="u-17", campaign="spring")
X = "https://x.example/"
MERGE = SkipReason.MERGE_TAG


def compiled(html: str) -> Rewrite:
    """Return what compiling makes of a template, unproved."""
    return BEACON.compile(html, campaign="spring", verify=False)._html.done


def told(html: str) -> tuple[list[str], list[tuple[str, SkipReason]]]:
    """Return the destinations wrapped and the links left alone, proof included."""
    template = BEACON.compile(html, campaign="spring")
    assert template.source("T", opens=mb.Level.NONE, clicks=mb.Level.NONE) == html
    return [link.url for link in template.links], [(one.url, one.reason) for one in template.skipped]


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("""<p>{% trans "Read our <a href='https://x.example/'>terms</a>" %}</p>""", id="Django trans"),
        pytest.param("""<p>{{ _('see <a href="https://x.example/">x</a>') }}</p>""", id="Jinja gettext"),
        pytest.param("""{% set x = '<a href="https://x.example/">x</a>' %}<p>{{ x }}""", id="Jinja set"),
        pytest.param("""{{ '<a href="https://x.example/">x</a>'|trans|raw }}""", id="Twig trans"),
        pytest.param("""{% with l='<a href="https://x.example/">x</a>' %}{{ l }}{% endwith %}""", id="Django with"),
        pytest.param(
            """{% with 'href="https://x.example/"'|safe as l %}<a {{ l }}>x</a>{% endwith %}""", id="attributes alone"
        ),
        pytest.param("""<p>{% button href="https://x.example/" %}</p>""", id="a tag of the host's own"),
        pytest.param("""<p><%= t('<a href="https://x.example/">x</a>') %></p>""", id="ERB"),
        pytest.param("""<p>{!! __('<a href="https://x.example/">x</a>') !!}</p>""", id="Blade"),
        pytest.param("""<p><?= t('<a href="https://x.example/">x</a>') ?></p>""", id="PHP"),
        pytest.param("""{% blocktrans %}a <a href="https://x.example/">b</a>{% endblocktrans %}""", id="blocktrans"),
        pytest.param("""{% trans %}a <a href="https://x.example/">b</a>{% endtrans %}""", id="Jinja trans block"),
        pytest.param("""{% raw %}<a href="https://x.example/">b</a>{% endraw %}""", id="what is shown as it stands"),
        pytest.param("""<p><#noparse><a href="https://x.example/">b</a></#noparse></p>""", id="the same in FreeMarker"),
        pytest.param("""<p>#[[<a href="https://x.example/">b</a>]]#</p>""", id="the same in Velocity"),
        pytest.param("""<p>@verbatim <a href="https://x.example/">b</a> @endverbatim</p>""", id="the same in Blade"),
        pytest.param(
            """<p>{{{{raw}}}}<a href="https://x.example/">b</a>{{{{/raw}}}}</p>""", id="the same in Handlebars"
        ),
        pytest.param("""<p>@Html.Raw(Lang("see <a href='https://x.example/'>x</a>"))</p>""", id="Razor"),
        pytest.param("""<p>@(late ? "<a href='https://x.example/'>x</a>" : "")</p>""", id="an expression of Razor's"),
        pytest.param("""<p>@lang('see <a href="https://x.example/">x</a>')</p>""", id="Blade's directive"),
        pytest.param("""<p>%%=Concat('<a href="https://x.example/">', @n, '</a>')=%%</p>""", id="AMPscript"),
    ],
)
def test_a_link_inside_a_template_tag_is_left_alone(html: str) -> None:
    """Wrapped, it would be dead for everybody, or the translation of its message would be lost."""
    assert told(html) == ([], [(X, MERGE)])


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            "<a {% if c > 3 %}class='b'{% endif %} href='https://x.example/'>x</a>", id="a condition in the tag"
        ),
        pytest.param("{% if n <b %}<a href='https://x.example/'>x</a>{% endif %}", id="a comparison before it"),
        pytest.param("<a <#if x gt 3>class='b'</#if> href='https://x.example/'>x</a>", id="FreeMarker"),
        pytest.param("<a <% if (a > b) { %>class='b'<% } %> href='https://x.example/'>x</a>", id="EJS"),
        pytest.param("""<p title="{{ t|default:"a" }}"><a href='https://x.example/'>x</a>""", id="quotes in a value"),
        pytest.param("#if($a > 3)<a href='https://x.example/'>x</a>#end", id="Velocity"),
    ],
)
def test_a_link_beside_template_tags_is_found(html: str) -> None:
    """What HTML would misread in a tag hides no link."""
    assert told(html) == ([X], [])


def test_every_link_a_person_sees_in_the_source_is_told() -> None:
    """Of two addresses in the branches of one tag none can be wrapped for sure; both are named, with their place."""
    html = "<p>\n<a {% if v %}href=https://a.example/{% else %}href=https://b.example/{% endif %}>x</a>"
    template = BEACON.compile(html, campaign="spring")
    assert [(one.url.rstrip("/") + "/", one.line, one.column) for one in template.skipped] == [
        ("https://a.example/", 2, 19),
        ("https://b.example/", 2, 52),
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "{# @ #}",
        "{% comment %}@{% endcomment %}",
        "<#-- @ -->",
        "{{!-- @ --}}",
        "{{-- @ --}}",
        "@* @ *@",
        "#* @ *#",
        "{{/* @ */}}",
        "<%# @ %>",
        "<%-- @ --%>",
    ],
)
def test_a_link_in_a_template_comment_is_none(comment: str) -> None:
    """Nobody will see it."""
    assert told(comment.replace(" @ ", f"<a href='{X}'>x</a>") + "<p>Hi") == ([], [])


@pytest.mark.parametrize(
    "tag",
    ["{x}", "{$x}", "{!x}", "#{x}", "[subscriber:email]", "[EMAIL]", "%EMAIL%", "$[X]$", "##x##", "[%x%]", "%(x)s",
     "{!! $x !!}", "<?= $x ?>", "{contactfield=externalid}", "{{ x }}", "*|X|*", "%%x%%", "${x}", "<%= x %>", "[[ x ]]"],
)  # fmt: skip
def test_a_merge_tag_in_an_address_keeps_it_from_being_signed(tag: str) -> None:
    """What a mailing program would have filled in would stay as it is inside the signed address."""
    done = BEACON.rewrite(f'<a href="https://x.example/?a={tag}&b=1">x</a> <a href="{tag}">y</a>', MESSAGE)
    assert [one.reason for one in done.skipped] == [MERGE, MERGE]


@pytest.mark.parametrize(
    "tag", ["@Model.Url", "@(Model.Url)", "@{/orders}", "@{${url}}", "$url", "$!{order.url}", "[LINK]", "%LINK%"]
)
def test_a_tag_that_is_the_whole_address_is_one(tag: str) -> None:
    """And no relative address, nor a place in the mail."""
    assert [one.reason for one in BEACON.rewrite(f'<a href="{tag}">y</a>', MESSAGE).skipped] == [MERGE]


@pytest.mark.parametrize(
    "url",
    [
        "?f[0]=1",
        "?a=%25%25",
        "?a=[[1,2]]",
        "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
        "?q=%7B%22a%22%3A1%7D",
        "?a=50%25off%25",
    ],
)
def test_a_genuine_address_that_looks_like_a_tag_is_wrapped(url: str) -> None:
    """And without a word about it."""
    done = BEACON.rewrite(f'<a href="{X}{url}">x</a>', MESSAGE)
    assert [(link.url, done.warnings) for link in done.links] == [(X + url, ())]


@pytest.mark.parametrize("tag", ["[NAME]", "%FACEID%"])
def test_a_doubtful_tag_is_wrapped_with_a_warning_that_quotes_it(tag: str) -> None:
    """It may be meant: PHP names parameters so."""
    done = BEACON.rewrite(f'<a href="{X}?list{tag}=1">x</a>', MESSAGE)
    assert len(done.links) == 1
    assert [(one.kind, tag in one.detail, one.line) for one in done.warnings] == [(WarningKind.MERGE_TAG, True, 1)]


def test_a_host_adds_its_own_merge_tags() -> None:
    """Whatever its mailing program fills in."""
    own = beacon(merge_tags=[r"~\w+~"])
    done = own.rewrite(f'<a href="{X}?a=~name~">x</a> <a href="{X}?a=b">x</a>', MESSAGE)
    assert ([one.reason for one in done.skipped], len(done.links)) == ([MERGE], 1)


@pytest.mark.parametrize(
    ("html", "before"),
    [
        pytest.param(
            '{% extends "b" %}{% block title %}t{% endblock %}{% block content %}<p>Hi</p>{% endblock %}\n',
            "<p>Hi</p>|{% endblock %}",
            id="inside the block with the mail's content",
        ),
        pytest.param(
            "<body><p>Hi</p>{% if a %}</body></html>{% else %}<hr></body></html>{% endif %}",
            "<p>Hi</p>|{% if a %}",
            id="before a condition around the body's end",
        ),
        pytest.param("<p>Hi</p>{{#if a}}<p>more</p></body>{{/if}}", "<p>Hi</p>|{{#if a}}", id="the same in Handlebars"),
        pytest.param("<p>Hi</p>{{if .A}}<p>more</p></body>{{end}}", "<p>Hi</p>|{{if .A}}", id="the same in Go"),
        pytest.param(
            "<p>Hi</p><% if (a) { %><p>more</p></body><% } %>", "<p>Hi</p>|<% if (a) { %>", id="the same in EJS"
        ),
        pytest.param(
            "<p>Hi</p><% if (a) { %><% b.forEach(c => { %>c<% }) %></body><% } else { %></body><% } %>",
            "<p>Hi</p>|<% if (a) { %>",
            id="behind a loop within it",
        ),
        pytest.param(
            "<p>Hi</p><% if a %><% b.each do |c| %>c<% end %></body><% else %></body><% end %>",
            "<p>Hi</p>|<% if a %>",
            id="in ERB",
        ),
        pytest.param(
            "<p>Hi</p><?php if ($a): ?></body><?php else: ?></body><?php endif ?>",
            "<p>Hi</p>|<?php if ($a): ?>",
            id="in PHP",
        ),
        pytest.param(
            "<p>Hi</p><?php foreach ($a as $b): ?><hr><?php endforeach ?></body>",
            "<?php endforeach ?>|</body>",
            id="behind a loop in PHP",
        ),
        pytest.param(
            "<p>Hi</p><?php if ($a) { ?></body><?php } else { ?></body><?php } ?>",
            "<p>Hi</p>|<?php if ($a) { ?>",
            id="in PHP's braces",
        ),
        *(
            pytest.param(
                f"<p>Hi</p><?php {loop} ($a): ?>b<?php end{loop}; ?></body>",
                f"<?php end{loop}; ?>|",
                id=f"behind PHP's {loop}",
            )
            for loop in ("for", "foreach", "while")
        ),
    ],
)
def test_the_pixel_stands_where_it_is_rendered(html: str, before: str) -> None:
    """A child template's text outside its blocks is dropped; a branch may be."""
    source = BEACON.compile(html, campaign="spring").source("T")
    assert re.sub("<img [^>]*>", "|", source).find(before) >= 0


def test_a_template_without_a_block_for_content_says_that_there_will_be_no_opens() -> None:
    """Rather than let the sender wonder."""
    template = BEACON.compile('{% extends "b" %}{% block subject %}s{% endblock %}', campaign="spring")
    assert "<img" not in template.source("T")
    assert [one.kind for one in template.warnings] == [WarningKind.PIXEL]


@pytest.mark.parametrize(
    "block",
    ["{{#each items}}@{{/each}}", "{{#with a}}@{{/with}}", "{{#equals a b}}@{{/equals}}", "{{range .Items}}@{{end}}",
     '{{define "a"}}@{{end}}', '{{block "a" .}}@{{end}}',
     "{% macro m(a) %}@{% endmacro %}"],
)  # fmt: skip
def test_a_placeholder_in_a_block_with_names_of_its_own_is_told_with_its_line(block: str) -> None:
    """There a plain placeholder comes out empty and kills the link."""
    link = f'<a href="{X}">x</a>'
    template = BEACON.compile(f"{link}\n\n{block.replace('@', link)}", campaign="spring")
    assert [(one.kind, one.line) for one in template.warnings] == [(WarningKind.SCOPE, 3)]
    assert not BEACON.compile(f"{{{{#if a}}}}{link}{{{{/if}}}}", campaign="spring").warnings


def test_mjml_is_to_be_compiled_first() -> None:
    """No mail program reads its source."""
    for work in (lambda: BEACON.rewrite(MJML, MESSAGE), lambda: BEACON.compile(MJML, campaign="spring")):
        with pytest.raises(RewriteError, match="compiled to HTML first"):
            work()


@pytest.mark.parametrize(
    ("source", "outermost", "scope"),
    [
        pytest.param("{% if a %}|{% endif %}", "{% if a %}", None, id="a condition"),
        pytest.param("|{% if a %}{% endif %}", None, None, id="right before it"),
        pytest.param("{% if a %}{% endif %}|", None, None, id="behind it"),
        pytest.param("{% endif %}{% if a %}|", "{% if a %}", None, id="after an end that nothing began"),
        pytest.param("{# b #}{% if a %}|{% endif %}", "{% if a %}", None, id="after a comment"),
        pytest.param("{{#each a}}{{#if b}}|{{/if}}{{/each}}", "{{#each a}}", "{{#each a}}", id="in a loop's condition"),
        pytest.param("{{#if b}}{{#each a}}|{{/each}}{{/if}}", "{{#if b}}", "{{#each a}}", id="in a condition's loop"),
        pytest.param("{{#each a}}{{#with b}}|{{/with}}", "{{#each a}}", "{{#with b}}", id="the innermost with names"),
        pytest.param("{{#each a}}{{#if b}}{{/if}}|{{/each}}", "{{#each a}}", "{{#each a}}", id="behind the condition"),
        pytest.param("<% if (a) { %>|<% } %>", "<% if (a) { %>", None, id="code that opens a block"),
        pytest.param("<% a = {} %>|", None, None, id="code that opens none"),
        pytest.param("<% case { %>|", None, None, id="code that goes on with one"),
    ],
)
def test_what_is_open_at_a_place(source: str, outermost: str | None, scope: str | None) -> None:
    """The outermost tag says where an image may be left out, the innermost one with names of its own what they mean."""
    before, _, after = source.partition("|")
    tags = read_tags(before + after)
    assert tags is not None
    for places in ([len(before)], [0, len(before), len(before)]):
        *_, found = tags.open_blocks(places)
        assert [one and tags.source[one.start : one.end] for one in found] == [outermost, scope]


MJML = '<mjml><mj-body><mj-section><mj-column><mj-button href="https://x.example/">x</mj-button></mj-column></mj-section></mj-body></mjml>'

PARTS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "<%", "%>", "<#if x>", "</#if>", "<#--", "-->", "${", "}", "*|", "|*", "%%[", "]%%",
     "%%=", "=%%", "#[[", "]]#",
     "@verbatim", "@endverbatim", "{{{{", "{{{{a}}}}", "{{{{/a}}}}", "<#noparse>", "</#noparse>", "{{--", "--}}",
     "{% blocktrans %}", "{% endblocktrans %}", "{% comment %}", "{% endcomment %}", "{% extends 'a' %}", "{% block a %}",
     "{% endblock %}", "{% if a > b %}", "{% endif %}", "{{#each a}}", "{{/each}}", "<p>", "</p>", "<body>", "</body>", "'",
     '"', ">",
     "<a href='https://x.example/'>", "<a href=https://x.example/a", "</a>", "<!--", "x", " ", "\n", "<style>", "</style>",
     "<a title='{{ \"<\" }}' href='https://y.example/'>", "{!!", "!!}", "<?= ", "?>", "#if(", ")", "#end"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30).map("".join))
def test_any_template_comes_back_and_its_covered_form_keeps_every_place(source: str) -> None:
    """The way back is exact, and no sign moves."""
    done = compiled(source)
    assert done.restore() == source
    tags = read_tags(source)
    if tags:
        assert len(tags.covered) == len(source)
        assert all(new in (old, COVER) for old, new in zip(source, tags.covered, strict=True))
        assert all(a.end <= b.start for a, b in zip(tags.spans, tags.spans[1:], strict=False))


@given(st.lists(PARTS, max_size=12).map("".join), st.data())
def test_a_stretch_is_of_the_first_tag_that_it_meets(source: str, data: st.DataObject) -> None:
    """What ends where a tag begins meets none, nor does what begins where one ends; an empty stretch is a place."""
    tags = read_tags(source + "{{ a }}{# b #}")
    assert tags is not None
    start = data.draw(
        st.integers(0, len(tags.source)) | st.sampled_from([place for span in tags.spans for place in span[:2]])
    )
    end = data.draw(
        st.integers(start, len(tags.source))
        | st.sampled_from([start, *(span.start for span in tags.spans if span.start >= start)])
    )
    met = {*range(start, max(end, start + 1))}
    assert tags.at(start, end) is next((span.kind for span in tags.spans if met & {*range(span.start, span.end)}), None)


@pytest.mark.parametrize(
    "part",
    ["{{", "{%", "{#", "<%", "<#--", "<#if ", "${", "*|", "%%[", "[[", "{!!", "<?=", "#if(", "@if((", "{{!--", "{{--", "{{/*",
     "<%--", "@*", "#*", "@(", "@Html.Raw((", "@lang('",
     "{{{{a}}}}", "{{{{", "%%=", "#[[", "@verbatim ", "<#noparse>",
     "{% blocktrans %}", "{% comment %}", "{{#each a}}", "{% if a %}", "{{ {% <% {# ",
     "<a href=https://x.example/ {% if > %}>x</a>"],
)  # fmt: skip
def test_tags_never_closed_cost_linear_time(part: str) -> None:
    """Each looks for its end no further than the next of its kind."""

    def work(text: str) -> object:
        done = compiled(text)
        return done.warnings, done.scoped

    assert not grows_too_fast(work, lambda size: part * (size // len(part)), size=5_000)


# the real engines


def _jinja(source: str, values: dict[str, object]) -> str:
    jinja2 = pytest.importorskip("jinja2", reason="Jinja2 is not installed")
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.i18n"])
    environment.install_null_translations()
    return str(environment.from_string(source).render(values))


def _django(source: str, values: dict[str, object]) -> str:
    pytest.importorskip("django", reason="Django is not installed")
    from django.template import Context, Engine

    djangosite.ready()
    engine = Engine(autoescape=False, libraries={"i18n": "django.templatetags.i18n"})
    return str(engine.from_string("{% load i18n %}" + source).render(Context(values)))


def _liquid(source: str, values: dict[str, object]) -> str:
    liquid = pytest.importorskip("liquid", reason="python-liquid is not installed")
    return str(liquid.Template(source).render(**values))


def _chevron(source: str, values: dict[str, object]) -> str:
    chevron = pytest.importorskip("chevron", reason="chevron (Mustache) is not installed")
    return str(chevron.render(source, values))


def _airspeed(source: str, values: dict[str, object]) -> str:
    airspeed = pytest.importorskip("airspeed", reason="airspeed (Velocity) is not installed")
    return str(airspeed.Template(source).merge(values))


_SCRIPT = """
const [engine, source, values] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const done = text => process.stdout.write(text);
if (engine === 'handlebars') {
  const h = require('handlebars');
  h.registerHelper('equals', function (a, b, o) { return a === b ? o.fn(this) : o.inverse(this); });
  done(h.compile(source, {noEscape: true})(values));
}
if (engine === 'ejs') done(require('ejs').render(source, values));
if (engine === 'nunjucks') {
  const n = require('nunjucks');
  n.configure({autoescape: false});
  done(n.renderString(source, values));
}
if (engine === 'twig') done(require('twig').twig({data: source, autoescape: false}).render(values));
if (engine === 'liquidjs') { const {Liquid} = require('liquidjs'); done(new Liquid().parseAndRenderSync(source, values)); }
if (engine === 'mjml') Promise.resolve(require('mjml')(source)).then(found => done(found.html));
"""


@pytest.fixture(scope="session")
def node(need: Callable[[str, str], object], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Give what renders a template with an engine of npm's, in a folder of its own."""
    program, npm = (
        need("node", "rendering with JavaScript engines"),
        need("npm", "installing JavaScript engines with node"),
    )
    named = os.environ.get("MAILBEACON_NODE_MODULES")
    modules = Path(named) if named else tmp_path_factory.mktemp("node") / "node_modules"
    if not (modules / "handlebars").is_dir():
        engines = ("handlebars@4", "ejs@3", "nunjucks@3", "twig@1", "liquidjs@10", "mjml@4")
        command = [
            str(npm),
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(modules.parent),
            *engines,
        ]
        if subprocess.run(command, capture_output=True, check=False, timeout=600).returncode:
            pytest.skip("the JavaScript engines cannot be installed with node's npm here")

    def render(engine: str, source: str, values: dict[str, object]) -> str:
        done = subprocess.run(
            [str(program), "-e", _SCRIPT],
            input=json.dumps([engine, source, values]),
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        return done.stdout

    return render


LIKE_JINJA = [
    "<p>Hello {{ name }}</p><a href='https://x.example/1'>one</a> <a href='{{ url }}'>two</a>",
    "<a href='https://x.example/?u={{ name }}'>three</a>",
    "{% for i in items %}<a href='https://x.example/item'>{{ i }}</a>{% endfor %}",
    "<a {% if count > 3 %}class='b'{% endif %} href='https://x.example/2'>x</a>",
    "<a {% if count > 3 %}href='https://a.example/'{% else %}href='https://b.example/'{% endif %}>x</a>",
    "{% if count < 3 %}<a href='https://x.example/3'>x</a>{% else %}<a href='https://x.example/4'>y</a>{% endif %}",
    "{# <a href='https://x.example/5'>x</a> #}<a href='https://x.example/6'>x</a>",
    "{% raw %}<a href='https://x.example/7'>{{ x }}</a>{% endraw %}",
    "<html><body>{% if count %}<a href='https://x.example/8'>x</a></body></html>{% else %}</body></html>{% endif %}",
]
TEMPLATES: dict[str, list[str]] = {
    "jinja": [
        *LIKE_JINJA,
        """<p>{{ _('see <a href="https://x.example/9">x</a>') }}</p>""",
        "{% trans %}see <a href='https://x.example/9'>x</a>{% endtrans %}",
        """{% set x = '<a href="https://x.example/9">x</a>' %}{{ x }}""",
        "{% set block %}<a href='https://x.example/9'>x</a>{% endset %}{{ block }}",
    ],
    "django": [
        *(
            one.replace("{% raw %}", "{% verbatim %}").replace("{% endraw %}", "{% endverbatim %}")
            for one in LIKE_JINJA
        ),
        """{% trans "Read our <a href='https://x.example/t'>terms</a>" %}""",
        "{% blocktrans %}a <a href='https://x.example/9'>b</a>{% endblocktrans %}",
        "{% comment %}<a href='https://x.example/9'>b</a>{% endcomment %}<a href='https://x.example/10'>b</a>",
        """{% with l='<a href="https://x.example/9">x</a>' %}{{ l }}{% endwith %}""",
    ],
    "liquid": [*LIKE_JINJA[:5], *LIKE_JINJA[6:], "{% comment %}<a href='https://x.example/9'>b</a>{% endcomment %}x"],
    "liquidjs": [*LIKE_JINJA[:5], *LIKE_JINJA[6:], """{% assign x = '<a href="https://x.example/9">x</a>' %}{{ x }}"""],
    "nunjucks": [*LIKE_JINJA, """{% set x = '<a href="https://x.example/9">x</a>' %}{{ x }}"""],
    "twig": [
        *(
            one.replace("{% raw %}", "{% verbatim %}").replace("{% endraw %}", "{% endverbatim %}")
            for one in LIKE_JINJA
        ),
        """{{ '<a href="https://x.example/9">x</a>'|raw }}""",
    ],
    "chevron": [
        "<p>{{ name }}</p><a href='https://x.example/1'>one</a>{{#count}}<a href='{{{url}}}'>x</a>{{/count}}",
        "{{#items}}<a href='https://x.example/item'>{{.}}</a>{{/items}}{{#name}}<a href='https://x.example/2'>x</a>{{/name}}",
    ],
    "handlebars": [
        "{{#each items}}<a href='https://x.example/item'>{{this}}</a>{{/each}}{{#with name}}<a href='https://x.example/w'>{{this}}</a>{{/with}}",
        "{{#equals count 5}}<a href='https://x.example/5'>x</a>{{/equals}}{{#each items}}{{#if this}}<a href='https://x.example/6'>x</a>{{/if}}{{/each}}",
        "<p>{{name}}</p><a href='https://x.example/1'>one</a> <a href='{{url}}'>two</a>{{!-- <a href='https://x.example/'> --}}",
        "<a {{#if count}}class='b'{{/if}} href='https://x.example/2'>x</a>{{#unless count}}<a href='https://x.example/3'>y</a>{{/unless}}",
        "<html><body>{{#if count}}<a href='https://x.example/8'>x</a></body></html>{{else}}</body></html>{{/if}}",
    ],
    "velocity": [
        "<p>$name</p><a href='https://x.example/1'>one</a> <a href='$url'>two</a> <a href='https://x.example/?u=$!{name}'>x</a>",
        "#foreach($i in $items)<a href='https://x.example/item'>$i</a>#end",
        "#if($count > 3)<a href='https://x.example/3'>x</a>#else<a href='https://x.example/4'>y</a>#end",
        "<a #if($count > 3)class='b'#end href='https://x.example/2'>x</a>",
        """#set($x = "<a href='https://x.example/9'>x</a>")$x""",
        "#[[<a href='https://x.example/9'>$x</a>]]#<a href='https://x.example/10'>x</a>",
        "## <a href='https://x.example/9'>x</a>\n<a href='https://x.example/10'>x</a>",
        "<html><body>#if($count)<a href='https://x.example/8'>x</a></body></html>#else</body></html>#end",
    ],
    "ejs": [
        "<p><%= name %></p><a href='https://x.example/1'>one</a> <a href='<%= url %>'>two</a><%# <a href='https://x.example/'> %>",
        "<% items.forEach(i => { %><a href='https://x.example/item'><%= i %></a><% }) %>",
        "<a <% if (count > 3) { %>class='b'<% } %> href='https://x.example/2'>x</a><%- '<a href=\"https://x.example/9\">x</a>' %>",
    ],
}
PLACEHOLDERS = {"ejs": "<%- token %>", "velocity": "${token}", "handlebars": "{{@root.token}}"}
VALUES: dict[str, object] = {"name": "Ann", "url": "https://x.example/own", "count": 5, "items": ["a", "b"]}
PYTHON = {"jinja": _jinja, "django": _django, "liquid": _liquid, "chevron": _chevron, "velocity": _airspeed}


def links(html: str) -> list[str]:
    """Return what a reader's program would open for each link."""
    found = re.findall(r"""<a\b[^>]*?\bhref=(?:"([^"]*)"|'([^']*)'|([^\s>]*))""", html)
    return [unescape("".join(one)) for one in found]


def alive(engine: str, source: str, render: Callable[[str, dict[str, object]], str]) -> int:
    """Insist that a template leads where it led before, with a pixel; return how many of its links are wrapped."""
    template = BEACON.compile(source, campaign="spring")
    values = {**VALUES, "token": template.token(MESSAGE)}
    tracked = render(template.source(PLACEHOLDERS.get(engine, "{{ token }}")), values)
    found = links(tracked)
    assert [BEACON.destination(one) or one for one in found] == links(render(source, values)), source
    assert tracked.count(BEACON.open_url(MESSAGE).rpartition(".")[0]) == 1, source
    return sum(bool(BEACON.destination(one)) for one in found)


@pytest.mark.parametrize("engine", PYTHON)
def test_python_engines_give_links_that_are_alive(engine: str) -> None:
    """Each template, rendered with a token, leads where it would have led untracked."""
    assert sum(alive(engine, source, PYTHON[engine]) for source in TEMPLATES[engine]) > 0


@pytest.mark.parametrize("engine", ["handlebars", "ejs", "nunjucks", "twig", "liquidjs"])
def test_javascript_engines_give_links_that_are_alive(engine: str, node: Callable[..., str]) -> None:
    """The same with the engines of npm."""
    render = lambda source, values: node(engine, source, values)  # noqa: E731
    assert sum(alive(engine, source, render) for source in TEMPLATES[engine]) > 0


def test_what_mjml_makes_is_tracked(node: Callable[..., str]) -> None:
    """Its buttons lead where they led."""
    html = node("mjml", MJML, {})
    template = BEACON.compile(html, campaign="spring")
    assert [link.url for link in template.links] == [X]
