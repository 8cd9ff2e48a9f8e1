"""Templates given to ``compile``: every link a person sees is wrapped or told. The engines are in ``test_template_engines``."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import RewriteError
from mailbeacon.markup import COVER, SpanKind, read_tags
from mailbeacon.model import Place, SkipReason, WarningKind
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
        pytest.param(
            """<p><%- t('<a href="https://x.example/">x</a>') -%></p>""", id="ERB that trims, or EJS unescaped"
        ),
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
        pytest.param("""@{ var x = "<a href='https://x.example/'>x</a>"; if (a) { b(); } }""", id="Razor's code"),
        pytest.param("""<p>@L["see <a href='https://x.example/'>x</a>"]</p>""", id="Razor's localizer"),
        pytest.param("""<p>@Html.Raw(L(F("<a href='https://x.example/'>x</a>")))</p>""", id="brackets in brackets"),
        pytest.param("""@php $x = '<a href="https://x.example/">x</a>'; @endphp<p>""", id="Blade's code"),
        pytest.param("""@section('a', '<a href="https://x.example/">x</a>')""", id="any directive of Blade's"),
        pytest.param("""{% trans user=name %}<a href="https://x.example/">b</a>{% endtrans %}""", id="Jinja's names"),
        pytest.param("""{% trans trimmed %}<a href="https://x.example/">b</a>{% endtrans %}""", id="Jinja trimmed"),
        pytest.param("""{% trans with {'%a%': b} %}<a href="https://x.example/">b</a>{% endtrans %}""", id="Twig's %"),
        pytest.param("""<#assign x = "<a href='https://x.example/'>x</a>">${x}""", id="FreeMarker assign"),
        pytest.param("""[#assign x = "<a href='https://x.example/'>x</a>"]${x}""", id="its square brackets"),
        pytest.param("""[#noparse]<a href="https://x.example/">x</a>[/#noparse]""", id="shown as it stands in them"),
        pytest.param("""#set($x = '<a href="https://x.example/">x</a> #1')$x""", id="Velocity set"),
        pytest.param("""{assign var="x" value="<a href='https://x.example/'>x</a>"}{$x}""", id="Smarty"),
        pytest.param("""{literal}<a href="https://x.example/">x</a>{/literal}""", id="shown as it stands in Smarty"),
        pytest.param("""[% x = '<a href="https://x.example/">x</a>' %][% x %]""", id="Template Toolkit"),
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
        pytest.param(
            "<a [#if x > 3]class='b'[/#if] href='https://x.example/'>x</a>", id="FreeMarker's square brackets"
        ),
        pytest.param("<a {if $x > 3}class='b'{/if} href='https://x.example/'>x</a>", id="Smarty"),
        pytest.param(
            """<p title="{$x|default:"a"}"><a href='https://x.example/'>x</a>""", id="quotes in Smarty's value"
        ),
        pytest.param("<a [% IF x > 3 %]class='b'[% END %] href='https://x.example/'>x</a>", id="Template Toolkit"),
        pytest.param(
            "<a <? if ($x > 3): ?>class='b'<? endif ?> href='https://x.example/'>x</a>", id="PHP's short tags"
        ),
        pytest.param("@{ var a = 1 > 0; }<a href='https://x.example/'>x</a>", id="Razor's code before it"),
        pytest.param(
            "<p><?xml:namespace prefix = o /><a href='https://x.example/'>x</a></p><?p ?>", id="Word's namespace"
        ),
        pytest.param("<%- a -%><a href='https://x.example/'>x</a>", id="EJS that is not escaped"),
        pytest.param("\n## {{ a }} <a href='https://x.example/'>x</a>", id="two number signs without Velocity"),
        pytest.param("{% trans 'a' %}<a href='https://x.example/'>x</a>{% trans 'b' %}", id="Django's trans"),
        pytest.param("Mail me@x.example (see \"us\")<a href='https://x.example/'>x</a>", id="an address in the text"),
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
    ("html", "columns"),
    [
        pytest.param(
            "<!--[if mso]><v:rect {% if v %}href='https://a.example/'{% else %}href='https://b.example/'{% endif %}>"
            "</v:rect><![endif]-->",
            [38, 73],
            id="in what only Outlook shows",
        ),
        pytest.param(
            "<a {if $v}href='https://a.example/'{else}href='https://b.example/'{/if}>x</a>",
            [17, 48],
            id="Smarty",
        ),
        pytest.param("<a {v?}href='https://a.example/'{:}href='https://b.example/'{/}>x</a>", [14, 42], id="nobody's"),
        pytest.param("<a {v>3}href='https://a.example/'{/}>x</a>", [15], id="one that HTML reads as text"),
        pytest.param("<a th:href='@{https://a.example/}'>x</a>", [15], id="Thymeleaf"),
        pytest.param(
            "<a data-th-href='@{https://a.example/(u=${o.id})}'>x</a>", [20], id="Thymeleaf in a data attribute"
        ),
        pytest.param('<a :href="`https://a.example/${u}`">x</a>', [12], id="Vue"),
        pytest.param(
            "<a href='https://a.example/' th:href='${url}'>x</a>", [10], id="an address that Thymeleaf replaces"
        ),
    ],
)
def test_an_address_that_a_template_decides_about_is_told_with_its_place(html: str, columns: list[int]) -> None:
    """Whatever the language, and whatever HTML makes of its signs."""
    template = BEACON.compile(html, campaign="spring")
    assert not template.links
    assert [one.column for one in template.skipped] == columns
    assert {one.reason for one in template.skipped} == {MERGE}
    assert [one.kind for one in template.warnings] == [WarningKind.MERGE_TAG]


def test_of_two_addresses_in_one_tag_the_second_may_count_in_a_template() -> None:
    """It does where a condition drops the first; without a template the first counts."""
    html = "<a {% if v %} href='https://x.example/' {% else %} href='https://b.example/' {% endif %}>x</a>"
    assert told(html) == ([X], [("https://b.example/", MERGE)])
    assert told("<a href='https://x.example/' href='https://b.example/'>x</a>") == ([X], [])


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<button class='large' href='https://x.example/'>x</button>", id="Inky's button"),
        pytest.param("<menu><item href='https://x.example/'>x</item></menu>", id="Inky's menu"),
        pytest.param("<button href='https://x.example/'>{{ x }}</button>", id="in a template"),
        pytest.param("<td width=1 href='https://x.example/'>x", id="a cell"),
        pytest.param("<x-button href='https://x.example/'>x</x-button>", id="Blade's component"),
        pytest.param("<v:rect href='https://x.example/'></v:rect>", id="Outlook's shape where all see it"),
    ],
)
def test_an_address_in_an_element_that_is_no_link_is_told(html: str) -> None:
    """A program may make a link of it; to HTML it is none, and takes no label of another link's."""
    assert told(html) == ([], [(X, SkipReason.NO_LINK)])
    template = BEACON.compile(f"{html}<a href='{X}'>A link</a><a href='{X}'>Another</a>", campaign="spring")
    assert [one.label for one in template.links] == ["A link", "Another"]
    assert [(one.label, one.place) for one in template.skipped] == [("", Place.OTHER)]


@pytest.mark.parametrize(
    "html",
    [
        "<link rel=stylesheet href='https://x.example/'>",
        "<base href='https://x.example/'>",
        "<svg><image href='https://x.example/'/><use xlink:href='https://x.example/'/></svg>",
        "<div data-href='https://x.example/' title='href=\"https://x.example/\"'>",
        "<p>href='https://x.example/'</p>",
        "<!-- <a href='https://x.example/'> -->",
        "<!--[if mso]><b title='href=https://x.example/'></b><![endif]-->",
        "<style>a[href='https://x.example/'] { color: red }</style><title><a href='https://x.example/'></title>",
    ],
)
def test_what_is_loaded_or_only_said_is_no_link(html: str) -> None:
    """Nor in a template."""
    assert told(html) == told(f"{html}{{{{ x }}}}") == ([], [])


@pytest.mark.parametrize(
    "html",
    [
        "<a href=' https://x.example/ '>x</a>",
        "<area href='\n\thttps://x.example/'>",
        "<!--[if mso]><v:roundrect href=' https://x.example/'></v:roundrect><![endif]-->",
        "<svg><a xlink:href=' https://x.example/'/></svg>",
        "{% if a %}<a href=' https://x.example/'>x</a>{% endif %}",
    ],
)
def test_a_link_whose_address_has_a_blank_before_it_is_told_once(html: str) -> None:
    """As a link."""
    assert told(html) == (["https://x.example/"], [])


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
        "<%-# @ -%>",
        "[#-- @ --]",
        "{* @ *}",
        "<?php /* @ */ ?>",
        "<% /* @ */ %>",
        "#set($x = 1)\n  ## @ \n",
    ],
)
def test_a_link_in_a_template_comment_is_none(comment: str) -> None:
    """Nobody will see it."""
    assert told(comment.replace(" @ ", f"<a href='{X}'>x</a>") + "<p>Hi") == ([], [])


@pytest.mark.parametrize(
    "tag",
    ["{x}", "{$x}", "{!x}", "#{x}", "[subscriber:email]", "[EMAIL]", "%EMAIL%", "$[X]$", "##x##", "[%x%]", "%(x)s",
     "{!! $x !!}", "<?= $x ?>", "{contactfield=externalid}", "{{ x }}", "*|X|*", "%%x%%", "${x}", "<%= x %>", "[[ x ]]",
     "<%- x %>", "{first name}", "{0}", "%s", "%1$s", "<<name>>", "$name", "$!name", "@Model.Name", "@(Model.Name)",
     "@ViewData[x]"],
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
        "{ABF2504E-4F89-11D3-9A0C-0305E82C3301}",
        "?$filter=a&b=$100",
        "@first.last",
        "?a=%d3%dc",
    ],
)
def test_a_genuine_address_that_looks_like_a_tag_is_wrapped(url: str) -> None:
    """And without a word about it."""
    done = BEACON.rewrite(f'<a href="{X}{url}">x</a>', MESSAGE)
    assert [(link.url, done.warnings) for link in done.links] == [(X + url, ())]


@pytest.mark.parametrize("tag", ["[NAME]", "%FACEID%", "=@name&b"])
def test_a_doubtful_tag_is_wrapped_with_a_warning_that_quotes_it(tag: str) -> None:
    """It may be meant: PHP names parameters so."""
    done = BEACON.rewrite(f'<a href="{X}?list{tag}=1">x</a>', MESSAGE)
    assert len(done.links) == 1
    quoted = tag.strip("=&b")
    assert [(one.kind, quoted in one.detail, one.line) for one in done.warnings] == [(WarningKind.MERGE_TAG, True, 1)]


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
        pytest.param("<p>Hi</p>#if($a)<b>b</b>#end</body>", "#end|</body>", id="behind a condition in Velocity"),
        pytest.param("<p>Hi</p>@if ($a)<b>b</b>@endif</body>", "@endif|</body>", id="behind one in Blade"),
        pytest.param("<p>Hi</p>{if $a}<p>more</p></body>{/if}", "<p>Hi</p>|{if $a}", id="before one in Smarty"),
        pytest.param(
            "<p>Hi</p>[% IF a %]<p>more</p></body>[% END %]", "<p>Hi</p>|[% IF a %]", id="in Template Toolkit"
        ),
        pytest.param(
            "<p>Hi</p>[#if a]<p>more</p></body>[/#if]", "<p>Hi</p>|[#if a]", id="in FreeMarker's square brackets"
        ),
        pytest.param("<p>Hi</p><%- if a -%></body><%- end -%>", "<p>Hi</p>|<%- if a -%>", id="in ERB that trims lines"),
        pytest.param(
            "{% if a %}{% autoescape off %}x{% endautoescape %}<p>Hi</p></body>{% endif %}",
            "|{% if a %}",
            id="around a block",
        ),
        pytest.param("<p>{{ block.super }}</p></body>", "</p>|</body>", id="behind what another template says"),
        pytest.param(
            "@extends('b')\n@section('title', 't')\n@section('content')<p>Hi</p>@endsection\n",
            "<p>Hi</p>|@endsection",
            id="Blade",
        ),
        pytest.param(
            '{extends file="b"}{block name="title"}t{/block}{block name="content"}<p>Hi</p>{/block}',
            "<p>Hi</p>|{/block}",
            id="Smarty",
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
    for plain in (f"{{{{#if a}}}}{link}{{{{/if}}}}", f"{{{{ block.super }}}}{link}", f"{{{{ range(3) }}}}{link}"):
        assert not BEACON.compile(plain, campaign="spring").warnings


def test_mjml_is_to_be_compiled_first() -> None:
    """No mail program reads its source."""
    part = MJML[MJML.index("<mj-section") : MJML.index("</mj-body")]
    for source in (MJML, part, f"<?xml version='1.0'?>\n<!-- a letter -->{MJML}"):
        for work in (lambda: BEACON.rewrite(source, MESSAGE), lambda: BEACON.compile(source, campaign="spring")):  # noqa: B023
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
     "<a title='{{ \"<\" }}' href='https://y.example/'>", "{!!", "!!}", "<?= ", "?>", "#if(", ")", "#end",
     "[%", "[% IF a %]", "%]", "[#if a > b]", "[/#if]", "[#--", "--]", "{if $a > 1}", "{/if}", "{*", "*}",
     "{literal}", "{/literal}",
     "@php", "@endphp", "@{", "@L[", "]", "{% trans a=b %}", "{% endtrans %}", "\n## ", "#set($a = 'b')", "<button href='https://b.example/'>",
     "<a {% if v %}href='https://c.example/'{% else %}href='https://d.example/'", "<!--[if mso]>", "<![endif]-->", "href='https://e.example/'"]
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


@given(st.lists(PARTS, max_size=6).map("".join))
@example("x{{ a }}{# b #}y{% c %}")
def test_a_stretch_is_of_the_first_tag_that_it_meets(source: str) -> None:
    """What ends where a tag begins meets none, nor does what begins where one ends; an empty stretch is a place."""
    tags = read_tags(source + "\n{{ a }}{# b #}{{ c }}")
    assert tags is not None
    for start in range(len(tags.source)):
        for end in range(start, len(tags.source)):
            met = range(start, max(end, start + 1))
            spans = (span.kind for span in tags.spans if span.start < met.stop and met.start < span.end)
            assert tags.at(start, end) is next(spans, None)


TAG, COMMENT, REGION = SpanKind.TAG, SpanKind.COMMENT, SpanKind.REGION


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        pytest.param("{{ a }}{% b %}", [("{{ a }}", TAG), ("{% b %}", TAG)], id="tags"),
        pytest.param(
            "{% raw %}{{ a }}<p>{{ b }}{% endraw %}{% c %}",
            [("{% raw %}{{ a }}<p>{{ b }}{% endraw %}", REGION), ("{% c %}", TAG)],
            id="a region, its tags, and one behind it",
        ),
        pytest.param(
            "{% raw %}{{ a }}{% endraw %}{% raw %}{{ b }}{% endraw %}",
            [("{% raw %}{{ a }}{% endraw %}", REGION), ("{% raw %}{{ b }}{% endraw %}", REGION)],
            id="two regions of a kind",
        ),
        pytest.param(
            "{% comment %}{{ a }}{% endcomment %}{# b #}{{ c }}",
            [("{% comment %}{{ a }}{% endcomment %}", COMMENT), ("{# b #}", COMMENT), ("{{ c }}", TAG)],
            id="comments",
        ),
        pytest.param("## {{ a }}\n{{ b }}", [("{{ a }}", TAG), ("{{ b }}", TAG)], id="a headline with a tag"),
        pytest.param(
            "#set($x = 1)\n ## {{ a }}\n## b\n#end",
            [("#set($x = 1)", TAG), (" ## {{ a }}", COMMENT), ("## b", COMMENT), ("#end", TAG)],
            id="Velocity's comments",
        ),
        pytest.param(
            "{% endraw %}{% raw %}{{ a }}",
            [("{% endraw %}", TAG), ("{% raw %}", TAG), ("{{ a }}", TAG)],
            id="an end before its region",
        ),
    ],
)
def test_a_template_is_cut_into_tags_comments_and_regions(source: str, spans: list[tuple[str, SpanKind]]) -> None:
    tags = read_tags(source)
    assert tags is not None
    assert [(source[span.start : span.end], span.kind) for span in tags.spans] == spans


def test_covered_are_comments_and_tags_that_html_would_misread_and_no_others() -> None:
    tags = read_tags("{{ a }}<p>{# b #}{{ '<' }}{% c %}{% raw %}'{{ d }}'{% endraw %}")
    assert tags is not None
    assert tags.covered == f"{{{{ a }}}}<p>{COVER * 16}{{% c %}}{{% raw %}}'{{{{ d }}}}'{{% endraw %}}"
    assert read_tags("no tag: { a } % # ! [ b ]") is None


@pytest.mark.parametrize(
    "part",
    ["{{", "{%", "{#", "<%", "<#--", "<#if ", "${", "*|", "%%[", "[[", "{!!", "<?=", "#if(", "@if((", "{{!--", "{{--", "{{/*",
     "<%--", "@*", "#*", "@(", "@Html.Raw((", "@lang('",
     "{{{{a}}}}", "{{{{", "%%=", "#[[", "@verbatim ", "<#noparse>",
     "[%", "[% a", "[#if ", "[#--", "{if ", "{*", "{$", "{literal}", "@php ", "@{", "@{x{y{", "@L[", "@a.b(", "@a((x) ",
     "<#a \"", "<#a '\"", "[#a '",
     "\n##", "#if(x)\n##", "#set((x) ", "{% trans %}", "{% trans a=b %}x{% endtrans %}", "<? ", "<? /* ",
     "<button href=https://x.example/ ", "<b href=https://x.example/>", "<a {x}href='https://x.example/'>",
     "<!--[if mso]><v:rect {x}href=https://x.example/", "href=https://x.example/ ", "<a {x>", "<!--[if mso]>href=https://x.example/",
     "{% blocktrans %}", "{% comment %}", "{{#each a}}", "{% if a %}", "{{ {% <% {# ",
     "<a href=https://x.example/ {% if > %}>x</a>"],
)  # fmt: skip
def test_tags_never_closed_cost_linear_time(part: str) -> None:
    """Each looks for its end no further than the next of its kind."""

    def work(text: str) -> object:
        done = compiled(text)
        return done.warnings, done.scoped, done.skipped

    assert not grows_too_fast(work, lambda size: part * (size // len(part)), size=5_000)
