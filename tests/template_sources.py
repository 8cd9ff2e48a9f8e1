"""Templates in many languages, with what is hard about links in each; all of them can be rendered with the same values."""

from __future__ import annotations

__all__ = ["TEMPLATES", "VALUES"]

VALUES: dict[str, object] = {"name": "Ann", "url": "https://x.example/own", "count": 5, "items": ["a", "b"]}

LIKE_JINJA = [
    "<p>Hello {{ name }}</p><a href='https://x.example/1'>one</a> <a href='{{ url }}'>two</a>",
    "<a href='https://x.example/?u={{ name }}'>three</a>",
    "{% for i in items %}<a href='https://x.example/item'>{{ i }}</a>{% endfor %}",
    "<a {% if count > 3 %}class='b'{% endif %} href='https://x.example/2'>x</a>",
    "<a {% if count > 3 %}href='https://a.example/'{% else %}href='https://b.example/'{% endif %}>x</a>",
    "<a {% if count > 3 %} href='https://a.example/' {% else %} href='https://b.example/' {% endif %}>x</a>",
    "{% if count < 3 %}<a href='https://x.example/3'>x</a>{% else %}<a href='https://x.example/4'>y</a>{% endif %}",
    "<!--[if mso]><v:rect {% if count > 3 %}href='https://x.example/v'{% endif %}></v:rect><![endif]--><a href='https://x.example/'>x</a>",
    "<html><body>{% if count %}<a href='https://x.example/8'>x</a></body></html>{% else %}</body></html>{% endif %}",
]
COMMENT = "{# <a href='https://x.example/5'>x</a> #}<a href='https://x.example/6'>x</a>"
RAW = "{% raw %}<a href='https://x.example/7'>{{ x }}</a>{% endraw %}"
VERBATIM = RAW.replace("raw", "verbatim")

LIKE_VELOCITY = [
    "<p>$name</p><a href='https://x.example/1'>one</a> <a href='$url'>two</a> <a href='https://x.example/?u=$!{name}'>x</a>",
    "#foreach($i in $items)<a href='https://x.example/item'>$i</a>#end",
    "#if($count > 3)<a href='https://x.example/3'>x</a>#else<a href='https://x.example/4'>y</a>#end",
    "<a #if($count > 3)class='b'#end href='https://x.example/2'>x</a>",
    """#set($x = "<a href='https://x.example/9'>x</a>")$x""",
    """#set($x = '<a href="https://x.example/9">x</a>')$x""",
    "#[[<a href='https://x.example/9'>$x</a>]]#<a href='https://x.example/10'>x</a>",
    "#if($count)## <a href='https://x.example/9'>x</a>\n#end\n## <a href='https://x.example/'>\n<a href='https://x.example/10'>x</a>",
    "<html><body>#if($count)<a href='https://x.example/8'>x</a></body></html>#else</body></html>#end",
    "<a href='https://x.example/?u=$name'>x</a><a href='https://x.example/'>y</a>",
]

TEMPLATES: dict[str, list[str]] = {
    "jinja": [
        *LIKE_JINJA,
        COMMENT,
        RAW,
        "\n## {{ name }} <a href='https://x.example/1'>x</a>",
        """<p>{{ _('see <a href="https://x.example/9">x</a>') }}</p>""",
        "{% trans %}see <a href='https://x.example/9'>x</a>{% endtrans %}",
        "{% trans user=name %}see <a href='https://x.example/9'>{{ user }}</a>{% endtrans %}",
        "{% trans trimmed %} see <a href='https://x.example/9'>x</a> {% endtrans %}",
        """{% set x = '<a href="https://x.example/9">x</a>' %}{{ x }}""",
        "{% set block %}<a href='https://x.example/9'>x</a>{% endset %}{{ block }}",
    ],
    "django": [
        *LIKE_JINJA,
        COMMENT,
        VERBATIM,
        """{% trans "Read our <a href='https://x.example/t'>terms</a>" %}""",
        "{% trans 'a' %}<a href='https://x.example/9'>b</a>{% trans 'c' %}",
        "{% blocktrans %}a <a href='https://x.example/9'>b</a>{% endblocktrans %}",
        "{% comment %}<a href='https://x.example/9'>b</a>{% endcomment %}<a href='https://x.example/10'>b</a>",
        """{% with l='<a href="https://x.example/9">x</a>' %}{{ l }}{% endwith %}""",
        "<body>{% if count %}{% autoescape off %}x{% endautoescape %}"
        "<a href='https://x.example/9'>b</a></body>{% else %}</body>{% endif %}",
    ],
    "liquid": [*LIKE_JINJA, RAW, "{% comment %}<a href='https://x.example/9'>b</a>{% endcomment %}x"],
    "liquidjs": [*LIKE_JINJA, RAW, """{% assign x = '<a href="https://x.example/9">x</a>' %}{{ x }}"""],
    "nunjucks": [*LIKE_JINJA, COMMENT, RAW, """{% set x = '<a href="https://x.example/9">x</a>' %}{{ x }}"""],
    "twig": [*LIKE_JINJA, COMMENT, VERBATIM, """{{ '<a href="https://x.example/9">x</a>'|raw }}"""],
    "chevron": [
        "<p>{{ name }}</p><a href='https://x.example/1'>one</a>{{#count}}<a href='{{{url}}}'>x</a>{{/count}}",
        "{{#items}}<a href='https://x.example/item'>{{.}}</a>{{/items}}{{#name}}<a href='https://x.example/2'>x</a>{{/name}}",
        "{{! <a href='https://x.example/'>x</a> }}{{^nothing}}<a href='https://x.example/3'>x</a>{{/nothing}}",
    ],
    "handlebars": [
        "{{#each items}}<a href='https://x.example/item'>{{this}}</a>{{/each}}{{#with name}}<a href='https://x.example/w'>{{this}}</a>{{/with}}",
        "{{#equals count 5}}<a href='https://x.example/5'>x</a>{{/equals}}{{#each items}}{{#if this}}<a href='https://x.example/6'>x</a>{{/if}}{{/each}}",
        "<p>{{name}}</p><a href='https://x.example/1'>one</a> <a href='{{url}}'>two</a>{{!-- <a href='https://x.example/'> --}}",
        "<a {{#if count}}class='b'{{/if}} href='https://x.example/2'>x</a>{{#unless count}}<a href='https://x.example/3'>y</a>{{/unless}}",
        "<a {{#if count}}href='https://a.example/'{{else}}href='https://b.example/'{{/if}}>x</a>",
        "{{{{raw}}}}<a href='https://x.example/9'>{{x}}</a>{{{{/raw}}}}<a href='https://x.example/10'>y</a>",
        "<html><body>{{#if count}}<a href='https://x.example/8'>x</a></body></html>{{else}}</body></html>{{/if}}",
    ],
    "go": [
        "{{block \"a\" .}}<a href='https://x.example/b'>x</a>{{end}}<a href='https://x.example/?u={{.name}}'>y</a>",
        "<p>{{.name}}</p><a href='https://x.example/1'>one</a> <a href='{{.url}}'>two</a>{{/* <a href='https://x.example/'> */}}",
        "{{range .items}}<a href='https://x.example/item'>{{.}}</a>{{end}}{{with .name}}<a href='https://x.example/w'>{{.}}</a>{{end}}",
        "<a {{if .count}}class='b'{{end}} href='https://x.example/2'>x</a>",
        "{{if gt .count 3.0}}<a href='https://x.example/3'>x</a>{{else}}<a href='https://x.example/4'>y</a>{{end}}",
        "<a {{if .count}}href='https://a.example/'{{else}}href='https://b.example/'{{end}}>x</a>",
        "<html><body>{{if .count}}<a href='https://x.example/8'>x</a></body></html>{{else}}</body></html>{{end}}",
    ],
    "velocity": LIKE_VELOCITY,
    "velocityjs": LIKE_VELOCITY,
    "freemarker": [
        "<p>${name}</p><a href='https://x.example/1'>one</a> <a href='${url}'>two</a><#-- <a href='https://x.example/'> -->",
        "<#list items as i><a href='https://x.example/item'>${i}</a></#list>",
        "<a <#if count gt 3>class='b'</#if> href='https://x.example/2'>x</a>",
        "<#if (count > 3)><a href='https://x.example/3'>x</a><#else><a href='https://x.example/4'>y</a></#if>",
        "<a <#if count gt 3>href='https://a.example/'<#else>href='https://b.example/'</#if>>x</a>",
        """<#assign x = "<a href='https://x.example/9'>x</a>">${x}<a href='https://x.example/10'>y</a>""",
        "<#assign x><a href='https://x.example/9'>x</a></#assign>${x}",
        "<#macro m><a href='https://x.example/9'>x</a></#macro><@m/><@m/>",
        "<#noparse><a href='https://x.example/9'>${x}</a></#noparse><a href='https://x.example/10'>x</a>",
        "[#if (count > 3)][#-- <a href='https://x.example/'> --]<a [#if (count > 3)]class='b'[/#if] href='https://x.example/3'>x</a>[/#if]",
        """[#assign x = "<a href='https://x.example/9'>x</a>"]${x}[#noparse]<a href='https://x.example/9'>${x}</a>[/#noparse]""",
        "<html><body><#if count gt 3><a href='https://x.example/8'>x</a></body></html><#else></body></html></#if>",
    ],
    "ejs": [
        "<p><%- name %></p><a href='<%- url %>'>one</a><%- '<a href=\"https://x.example/9\">x</a>' %><a href='https://x.example/1'>y</a>",
        "<p><%= name %></p><a href='https://x.example/1'>one</a> <a href='<%= url %>'>two</a><%# <a href='https://x.example/'> %>",
        "<% items.forEach(i => { %><a href='https://x.example/item'><%= i %></a><% }) %>",
        "<a <% if (count > 3) { %>class='b'<% } %> href='https://x.example/2'>x</a><%- '<a href=\"https://x.example/9\">x</a>' %>",
        "<% /* <a href='https://x.example/'> */ %>"
        "<a <% if (count > 3) { %>href='https://a.example/'<% } else { %>href='https://b.example/'<% } %>>x</a>",
        "<html><body><% if (count > 3) { %><a href='https://x.example/8'>x</a></body></html><% } else { %></body></html><% } %>",
    ],
    "erb": [
        "<p><%= name %></p><a href='https://x.example/1'>one</a> <a href='<%= url %>'>two</a><%# <a href='https://x.example/'> %>",
        "<% items.each do |i| %><a href='https://x.example/item'><%= i %></a><% end %>",
        "<a <% if count > 3 %>class='b'<% end %> href='https://x.example/2'>x</a><%= '<a href=\"https://x.example/9\">x</a>' %>",
        "<a <% if count > 3 %>href='https://a.example/'<% else %>href='https://b.example/'<% end %>>x</a>",
        "<html><body><% if count > 3 %><a href='https://x.example/8'>x</a></body></html><% else %></body></html><% end %>",
    ],
    "php": [
        "<p><?= $name ?></p><a href='https://x.example/1'>one</a> <a href='<?= $url ?>'>two</a>"
        "<?php /* <a href='https://x.example/'> */ ?>",
        "<?php foreach ($items as $i): ?><a href='https://x.example/item'><?= $i ?></a><?php endforeach ?>",
        "<a <?php if ($count > 3) echo 'class=\"b\"'; ?> href='https://x.example/2'>x</a>"
        "<?= '<a href=\"https://x.example/9\">x</a>' ?>",
        "<a <?php if ($count > 3): ?>href='https://a.example/'<?php else: ?>href='https://b.example/'<?php endif ?>>x</a>",
        "<html><body><?php if ($count > 3) { ?><a href='https://x.example/8'>x</a></body></html>"
        "<?php } else { ?></body></html><?php } ?>",
    ],
    "blade": [
        "<p>{{ $name }}</p><a href='https://x.example/1'>one</a> <a href='{{ $url }}'>two</a>"
        "{{-- <a href='https://x.example/'> --}}",
        "@foreach ($items as $i)<a href='https://x.example/item'>{{ $i }}</a>@endforeach",
        "<a @if ($count > 3) class='b' @endif href='https://x.example/2'>x</a>{!! '<a href=\"https://x.example/9\">x</a>' !!}",
        "<a @if ($count > 3) href='https://a.example/' @else href='https://b.example/' @endif>x</a>",
        "@php $x = '<a href=\"https://x.example/9\">x</a>'; @endphp{!! $x !!}<a href='https://x.example/10'>x</a>",
        "@verbatim <a href='https://x.example/9'>{{ x }}</a> @endverbatim<a href='https://x.example/10'>x</a>",
        "<html><body>@if ($count > 3)<a href='https://x.example/8'>x</a></body></html>@else</body></html>@endif",
    ],
    "razor": [
        "<p>@Model.name</p><a href='https://x.example/1'>one</a> <a href='@Model.url'>two</a>@* <a href='https://x.example/'> *@",
        "@for (var i = 0; i < 2; i++) {<a href='https://x.example/item'>@Model.items[i]</a>}",
        "@if (Model.count > 3) {<a href='https://x.example/3'>x</a>} else {<a href='https://x.example/4'>y</a>}",
        "@{ var x = \"<a href='https://x.example/9'>x</a>\"; }<p>@html.raw(x)</p><a href='https://x.example/10'>y</a>",
        "<p>@html.raw(\"<a href='https://x.example/9'>x</a>\")</p><a href='https://x.example/?u=@(Model.name)'>y</a>",
    ],
    "thymeleaf": [
        "<p th:text='${name}'>x</p><a href='https://x.example/1'>one</a><a th:href='@{https://x.example/2}'>two</a>",
        "<a href='https://x.example/draft' th:href='${url}'>x</a><a href='https://x.example/3' th:if='${count}'>y</a>",
        "<ul><li th:each='i : ${items}'><a href='https://x.example/item' th:text='${i}'>q</a></li></ul>",
    ],
}
