"""The real engines of template languages, each given many templates at once and asked for what becomes of them.

Those of Python run here; those of npm need node, and others what ``.ci/run`` installs. ``python -m tests.template_engines`` counts
links and renders over all of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple

import mailbeacon as mb
from tests.making import beacon
from tests.template_sources import TEMPLATES, VALUES

__all__ = ["NODE_PACKAGES", "Counted", "Missing", "Render", "count", "engines"]

Values = dict[str, object]
Jobs = Sequence[tuple[str, Values]]
Render = Callable[[Jobs], list[str]]
"""Returns what each of some templates becomes with some values."""

NODE_PACKAGES = (
    "handlebars@4", "ejs@3", "nunjucks@3", "twig@1", "liquidjs@10", "velocityjs@2", "vash@0", "thymeleaf@0", "freemarker@2",
    "inky@1", "mjml@4",
)  # fmt: skip

BEACON = beacon()
MESSAGE = mb.Message(recipient="u-17", campaign="spring")
PLACEHOLDERS = {
    "ejs": "<%= token %>",
    "erb": "<%= token %>",
    "php": "<?= $token ?>",
    "blade": "{{ $token }}",
    "velocity": "${token}",
    "velocityjs": "${token}",
    "freemarker": "${token}",
    "handlebars": "{{@root.token}}",
    "go": "{{$.token}}",
    "razor": "@(Model.token)",
    "thymeleaf": "TOKEN-GOES-HERE",
}
"""As the page on templates names them; ``{{ token }}`` for all others."""


class Missing(Exception):
    """What an engine needs is not installed."""


class Counted(NamedTuple):
    """What came of the templates of one engine.

    Attributes:
        templates: How many there are.
        renders: How often one was rendered, with tracking and without.
        links: The links in all that was rendered with tracking.
        wrapped: Those of them that are tracked, each of which leads where it led.
    """

    templates: int
    renders: int
    links: int
    wrapped: int


def links(html: str) -> list[str]:
    """Return what a reader's program would open for each link."""
    found = re.findall(r"""<a\b[^>]*?\bhref=(?:"([^"]*)"|'([^']*)'|([^\s>]*))""", html)
    return [unescape("".join(one)) for one in found]


def count(engine: str, render: Render) -> Counted:
    """Check that each template leads where it led before, with one pixel, and count.

    Args:
        engine: The engine's name.
        render: Renders with it.
    """
    jobs: list[tuple[str, Values]] = []
    for source in TEMPLATES[engine]:
        template = BEACON.compile(source, campaign="spring")
        tracked = template.source(PLACEHOLDERS.get(engine, "{{ token }}"))
        jobs += [(tracked, {**VALUES, "token": template.token(MESSAGE)}), (source, VALUES)]
    done = render(jobs)
    assert len(done) == len(jobs)
    found = wrapped = 0
    for source, after, before in zip(TEMPLATES[engine], done[::2], done[1::2], strict=True):
        seen = links(after)
        assert [BEACON.destination(one) or one for one in seen] == links(before), (source, after)
        if engine != "razor":  # this port of Razor reads on behind the bracket, where Razor itself does not
            assert after.count(BEACON.open_url(MESSAGE).rpartition(".")[0]) == 1, (source, after)
        found += len(seen)
        wrapped += sum(bool(BEACON.destination(one)) for one in seen)
    return Counted(len(TEMPLATES[engine]), len(jobs), found, wrapped)


# Python


def _jinja(jobs: Jobs) -> list[str]:
    import jinja2

    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.i18n"])
    environment.install_null_translations()  # type: ignore[attr-defined]
    return [str(environment.from_string(source).render(values)) for source, values in jobs]


def _django(jobs: Jobs) -> list[str]:
    from django.template import Context, Engine

    from tests import djangosite

    djangosite.ready()
    engine = Engine(autoescape=False, libraries={"i18n": "django.templatetags.i18n"})
    return [engine.from_string("{% load i18n %}" + source).render(Context(values)) for source, values in jobs]


def _liquid(jobs: Jobs) -> list[str]:
    import liquid

    return [str(liquid.Template(source).render(**values)) for source, values in jobs]


def _chevron(jobs: Jobs) -> list[str]:
    import chevron

    return [str(chevron.render(source, values)) for source, values in jobs]


def _airspeed(jobs: Jobs) -> list[str]:
    import airspeed

    return [str(airspeed.Template(source).merge(values)) for source, values in jobs]


# Node

_NODE = """
const [engine, jobs] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const makers = {
  handlebars: () => {
    const h = require('handlebars');
    h.registerHelper('equals', function (a, b, o) { return a === b ? o.fn(this) : o.inverse(this); });
    h.registerHelper('raw', o => o.fn());
    return (source, values) => h.compile(source, {noEscape: true})(values);
  },
  ejs: () => require('ejs').render,
  nunjucks: () => {
    const n = require('nunjucks');
    n.configure({autoescape: false});
    return (source, values) => n.renderString(source, values);
  },
  twig: () => (source, values) => require('twig').twig({data: source, autoescape: false}).render(values),
  liquidjs: () => { const {Liquid} = require('liquidjs'); const l = new Liquid(); return (s, v) => l.parseAndRenderSync(s, v); },
  velocityjs: () => require('velocityjs').render,
  razor: () => {
    const v = require('vash');
    Object.assign(v.config, {htmlEscape: false, useWith: false, modelName: 'Model'});
    return (source, values) => v.compile(source)(values);
  },
  thymeleaf: () => {
    const {TemplateEngine, STANDARD_CONFIGURATION} = require('thymeleaf');
    const engine = new TemplateEngine(STANDARD_CONFIGURATION);
    return (source, values) => engine.process(source, values).then(found => found.replaceAll('TOKEN-GOES-HERE', values.token));
  },
  inky: () => {
    const inky = new (require('inky').Inky)();
    return source => inky.releaseTheKraken(require('cheerio').load(source, {decodeEntities: false}));
  },
  mjml: () => source => Promise.resolve(require('mjml')(source)).then(found => found.html),
};
const render = makers[engine]();
(async () => {
  const done = [];
  for (const [source, values] of jobs) done.push(await render(source, values));
  process.stdout.write(JSON.stringify(done));
})();
"""
NODE = ("handlebars", "ejs", "nunjucks", "twig", "liquidjs", "velocityjs", "razor", "thymeleaf", "inky", "mjml")


def _modules() -> Path:
    """Return the folder of npm's packages, installed into it if they are not there."""
    named = os.environ.get("MAILBEACON_NODE_MODULES")
    modules = Path(named) if named else Path(tempfile.mkdtemp()) / "node_modules"
    if all((modules / package.partition("@")[0]).is_dir() for package in NODE_PACKAGES):
        return modules
    npm = _program("npm")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(modules.parent)]
    command = [npm, "install", *options, *NODE_PACKAGES]
    if subprocess.run(command, capture_output=True, check=False, timeout=1200).returncode:
        raise Missing("the engines of node, which npm cannot install here,")
    return modules


def _node(engine: str, modules: Path) -> Render:
    node = _program("node")
    return lambda jobs: _run([node, "-e", _NODE], [engine, jobs], NODE_PATH=str(modules))


# other languages

_RUBY = """
require 'erb'
require 'json'
puts JSON.generate(JSON.parse($stdin.read).map { |source, values| ERB.new(source).result_with_hash(values) })
"""
_PHP = """
[$engine, $jobs] = json_decode(stream_get_contents(STDIN), true);
if ($engine === 'blade') {
    require 'Illuminate/View/autoload.php';
    $loops = new class { use Illuminate\\View\\Concerns\\ManagesLoops; };
    $blade = new Illuminate\\View\\Compilers\\BladeCompiler(new Illuminate\\Filesystem\\Filesystem(), sys_get_temp_dir());
}
$render = function (string $__source, array $__values) use ($engine, &$loops): string {
    extract($__values);
    $__env = $loops;
    ob_start();
    eval('?>' . $__source);
    return ob_get_clean();
};
$done = [];
foreach ($jobs as [$source, $values]) $done[] = $render($engine === 'blade' ? $blade->compileString($source) : $source, $values);
echo json_encode($done);
"""
_GO = """
package main

import (
	"encoding/json"
	"html/template"
	"os"
	"strings"
)

type job struct {
	Source string
	Values map[string]any
}

func main() {
	var jobs []job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		panic(err)
	}
	done := []string{}
	for _, one := range jobs {
		var out strings.Builder
		if err := template.Must(template.New("mail").Parse(one.Source)).Execute(&out, one.Values); err != nil {
			panic(err)
		}
		done = append(done, out.String())
	}
	json.NewEncoder(os.Stdout).Encode(done)
}
"""
_FREEMARKER = """
import freemarker.template.*;
folder = new File(bsh.args[0]);
settings = new Configuration();
settings.setTagSyntax(Configuration.AUTO_DETECT_TAG_SYNTAX);
for (file : folder.listFiles()) {
    if (!file.getName().endsWith(".ftl")) continue;
    values = new Properties();
    values.load(new InputStreamReader(new FileInputStream(file.getPath() + ".values"), "UTF-8"));
    root = new HashMap();
    root.putAll(values);
    root.put("count", new Integer(values.getProperty("count")));
    root.put("items", Arrays.asList(values.getProperty("items").split(" ")));
    reader = new InputStreamReader(new FileInputStream(file), "UTF-8");
    writer = new OutputStreamWriter(new FileOutputStream(file.getPath() + ".out"), "UTF-8");
    new Template(file.getName(), reader, settings).process(root, writer);
    writer.close();
}
"""


def _go(jobs: Jobs) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "main.go"
        program.write_text(_GO)
        given = [{"Source": source, "Values": values} for source, values in jobs]
        places = {"GOCACHE": f"{folder}/cache", "GOPATH": f"{folder}/go", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}
        return _run([_program("go"), "run", str(program)], given, **places)


def _freemarker(modules: Path) -> Render:
    """Return what renders with the FreeMarker that a package of npm's brings along, by the shell for Java beside it."""
    java, lib = _program("java"), modules / "freemarker" / "fmpp" / "lib"

    def render(jobs: Jobs) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "run.bsh").write_text(_FREEMARKER)
            for number, (source, values) in enumerate(jobs):
                (folder / f"{number}.ftl").write_text(source)
                told = {key: " ".join(value) if isinstance(value, list) else value for key, value in values.items()}
                (folder / f"{number}.ftl.values").write_text("".join(f"{key}={told[key]}\n" for key in told))
            jars = os.pathsep.join(str(lib / jar) for jar in ("bsh.jar", "freemarker.jar"))
            command = [java, "-cp", jars, "bsh.Interpreter", str(folder / "run.bsh"), name]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
            assert not done.stderr, done.stderr
            return [(folder / f"{number}.ftl.out").read_text() for number in range(len(jobs))]

    return render


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Missing(name)
    return found


def _run(command: Sequence[str], given: object, **variables: str) -> list[str]:
    done = subprocess.run(
        command,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def engines(modules: Callable[[], Path] = _modules) -> dict[str, Callable[[], Render]]:
    """Return what makes the renderer of each engine; it raises :class:`Missing`, or ``ImportError``, where one is not installed.

    Args:
        modules: Gives the folder of npm's packages.
    """
    here = {"jinja": _jinja, "django": _django, "liquid": _liquid, "chevron": _chevron, "velocity": _airspeed}
    made: dict[str, Callable[[], Render]] = {name: lambda render=render: render for name, render in here.items()}  # type: ignore[misc]
    made |= {name: lambda name=name: _node(name, modules()) for name in NODE}  # type: ignore[misc]
    made["freemarker"] = lambda: _freemarker(modules())
    made["erb"] = lambda: lambda jobs: _run([_program("ruby"), "-e", _RUBY], jobs)
    for name in ("php", "blade"):
        made[name] = lambda name=name: lambda jobs: _run([_program("php"), "-r", _PHP], [name, jobs])  # type: ignore[misc]
    made["go"] = lambda: _go
    return made


def main() -> None:
    """Print for each engine its templates, renders, links and tracked links; a dead one ends the run."""
    total = Counted(0, 0, 0, 0)
    modules = _modules()
    write = sys.stdout.write
    write(f"{'engine':<12} templates  renders  links  wrapped\n")
    for name, make in engines(lambda: modules).items():
        if name in TEMPLATES:
            found = count(name, make())
            total = Counted(*map(sum, zip(total, found, strict=True)))
            write(f"{name:<12} {found.templates:>9}  {found.renders:>7}  {found.links:>5}  {found.wrapped:>7}\n")
    write(
        f"{'all':<12} {total.templates:>9}  {total.renders:>7}  {total.links:>5}  {total.wrapped:>7}, none of them dead\n"
    )


if __name__ == "__main__":
    main()
