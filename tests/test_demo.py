"""The demonstration: what it prints, what it leaves behind, and what it never writes."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers import PATIENCE, fetch, running

import mailbeacon as mb
from mailbeacon import fake
from mailbeacon.cli import main
from mailbeacon.cli.console import Progress
from mailbeacon.cli.demo import folder
from mailbeacon.cli.demo.accuracy import table
from mailbeacon.fake import Hit
from mailbeacon.model import NetworkKind
from mailbeacon.store import SqliteSink
from tests import making

ROOT = Path(__file__).resolve().parent.parent
FILES = ["demo.key", "events.sqlite", "mail.html", "report.html"]
CHANGING = re.compile(r"^Rendered .* in .*? ms, .*? µs each| in [\d.]+ s;", re.MULTILINE)
"""What a seed does not determine: timing."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(out: Path, *arguments: str, recipients: int = 40) -> int:
    return main(["demo", *arguments, "--out", str(out), "--recipients", str(recipients)])


def steady(text: str) -> str:
    return CHANGING.sub("", text)


# what it prints


def test_the_report_has_all_that_a_newcomer_is_promised(out, capfd):
    assert run(out, recipients=150) == 0
    text, err = capfd.readouterr()
    assert err == ""  # no progress when piped
    assert "The sample newsletter: 24 links wrapped, 5 left alone" in text
    assert re.search(r"Rendered 150 mails in [\d.]+ ms, [\d.]+ µs each; [\d,]+ bytes became [\d,]+ \(\+[\d.]+%\)", text)
    assert "Delivered: 150\n" in text
    assert re.search(r"people +unknown +machines +total\nOpens +messages", text)
    for words in ("Open rate", "Click rate", "Click-to-open rate", "Machines made", "raw opens", "raw clicks"):
        assert words in text
    assert re.search(r"^Links.*\n(.+\n)*(Salt Ledger|See the books set at sea|Cover: )", text, re.MULTILINE)
    assert re.search(r"Verdicts against the truth.*: \d+\.\d% on the right side", text)
    assert re.search(r"^privacy proxy( +[\d,]+){4} +[\d.]+%$", text, re.MULTILINE)


def test_a_seed_gives_the_same_report_and_another_seed_another(out, capfd):
    texts = []
    for seed in ("7", "7", "8"):
        run(out, "--seed", seed)
        texts.append(steady(capfd.readouterr().out))
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize(("recipients", "seed"), [(30, 1), (30, 3), (100, 3), (5, 2), (1, 1)])
def test_a_small_audience_shows_a_click_too(recipients, seed, out, capfd):
    """These seeds' first scenes have none; the seed decides which scene is played in their place."""
    run(out, "--seed", str(seed), recipients=recipients)
    once = capfd.readouterr().out
    assert re.search(r"^Clicks +messages +[1-9]", once, re.MULTILINE)
    run(out, "--seed", str(seed), recipients=recipients)
    assert steady(capfd.readouterr().out) == steady(once)


def test_one_of_anything_is_not_called_many(out, capfd):
    run(out, recipients=1)
    text = capfd.readouterr().out
    assert "Rendered 1 mail in" in text
    assert "\n1 made-up reader sent " in text


def test_each_stored_event_came_by_http_and_the_figures_are_those_of_the_stored_events(out, capfd):
    run(out, recipients=80)
    text = capfd.readouterr().out
    with SqliteSink(out / "events.sqlite") as sink:
        events = [event for event, _ in sink.events()]
    assert f"; {len(events):,} events stored." in text
    tally = mb.tally(events, mb.classify_all(events), deliveries=80)
    opens = tally.count(mb.Kind.OPEN).hits
    row = f"{opens.people:>11,}{opens.unknown:>11,}{opens.machines:>11,}{opens.total:>11,}"
    assert row in text
    assert {event.campaign for event in events} == {"demo"}
    assert len({event.facts.network_id for event in events}) > 20  # loopback stands for many addresses
    assert NetworkKind.LOCAL not in {event.facts.network.kind for event in events}
    assert {event.recipient for event in events} <= {fake.recipient_name(number) for number in range(80)}


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    Progress().show("quiet")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = Progress()
    progress.show("12 requests")
    progress.clear()
    assert capsys.readouterr().err == "\r\x1b[K12 requests\r\x1b[K"


def test_the_table_of_verdicts_tells_right_sides_from_exact_names():
    kinds = [("a", "human", "image_proxy"), ("b", "human", "scanner"), ("c", "scanner", "crawler")]
    beacon = making.beacon(base_url="https://t.example.com")
    message = mb.Message(recipient="u", campaign="c")
    event = beacon.decode(mb.Request(url=beacon.open_url(message)))
    events = [event.changed(id=name) for name, _, _ in kinds]
    verdicts = [mb.Verdict(actor=mb.Actor(called)) for _, _, called in kinds]
    truths = {name: fake.GroundTruth(actor=mb.Actor(truly), behaviour="x") for name, truly, _ in kinds}
    lines = table(events, verdicts, truths).splitlines()
    assert "66.7% on the right side" in lines[0]
    assert lines[2].split() == ["human", "2", "1", "0", "1", "0.0%"]
    assert lines[3].split() == ["scanner", "1", "0", "0", "1", "0.0%"]
    assert len(lines) == 4
    assert "side" not in table([], [], {})


# what it leaves behind

PROGRAM = """
import signal, sys
from mailbeacon.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have these ignored
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.exit(main())
"""


def test_it_leaves_four_files_and_nothing_half_done(out, capfd):
    run(out)
    assert sorted(path.name for path in out.iterdir()) == FILES
    text = capfd.readouterr().out
    for name in FILES:
        assert stat.S_IMODE((out / name).stat().st_mode) == 0o600, name
        assert f"{out / name}: " in text
    assert (out / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_mail_is_one_of_the_rendered_ones_and_its_key_reads_it(out, capfd):
    run(out)
    html = (out / "mail.html").read_text("utf-8")
    (pixel,) = re.findall(r'src="(http://127\.0\.0\.1:\d+/m/o/[^"]+)"', html)
    clicks = re.findall(r'href="(http://127\.0\.0\.1:\d+/m/c/[^"]+)"', html)
    assert len(clicks) == 24
    capfd.readouterr()
    assert main(["decode", pixel, "--key-file", str(out / "demo.key")]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["recipient"], found["campaign"]) == (fake.recipient_name(0), "demo")
    assert main(["decode", clicks[3], "--key-file", str(out / "demo.key")]) == 0
    assert "set-at-sea" in json.loads(capfd.readouterr().out)["url"]


def test_another_run_replaces_the_files_of_the_last_and_what_a_crash_left_of_them(out, capfd):
    run(out)
    key = (out / "demo.key").read_text()
    (out / "events.sqlite-wal").write_bytes(b"left by a crash")
    (out / "events.sqlite-shm").write_bytes(b"left by a crash")
    (out / "mine.txt").write_text("kept")
    assert run(out, recipients=20) == 0
    assert sorted(path.name for path in out.iterdir()) == [*FILES[:3], "mine.txt", FILES[3]]
    assert (out / "demo.key").read_text() != key
    with SqliteSink(out / "events.sqlite") as sink:
        assert f"; {len(sink)} events stored." in capfd.readouterr().out.split("20 made-up")[1]


@pytest.mark.parametrize("name", [*FILES, "events.sqlite-wal"])
def test_a_folder_where_a_file_is_to_go_is_told_before_any_file_is_replaced(name, out, capfd):
    run(out)
    (out / name).unlink(missing_ok=True)
    (out / name).mkdir()
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    capfd.readouterr()
    assert run(out) == 1
    text, err = capfd.readouterr()
    assert (text, err.count("\n")) == ("", 1)
    assert re.search(r"holds a \S+ that no demonstration wrote", err)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("name", [*FILES[1:], "events.sqlite-wal"])
def test_a_file_that_no_demonstration_wrote_is_not_touched(name, out, capfd):
    out.mkdir()
    (out / name).write_text("precious")
    assert run(out) == 1
    assert f"holds a {name} that no demonstration wrote" in capfd.readouterr().err
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [(name, "precious")]


def test_a_folder_that_cannot_be_is_one_line(tmp_path, capfd):
    (tmp_path / "file").write_text("x")
    for name, why in (("file", "file exists"), ("file/below", "not a directory")):
        assert run(Path(f"{tmp_path}/{name}")) == 1
        out, err = capfd.readouterr()
        assert err.count("\n") == 1
        assert why in err.lower()
        assert "The sample" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_without_leave_to_write_is_one_line(out, monkeypatch, capfd):
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied", str(out))

    monkeypatch.setattr(folder, "TemporaryDirectory", refuse)  # root may write anywhere, so no real folder will do
    assert run(out) == 1
    assert capfd.readouterr().err == f"mailbeacon: cannot write to {out}: permission denied\n"
    assert not out.exists()


def test_a_document_that_cannot_be_proved_leaves_no_folder_at_any_level(tmp_path, out, capfd):
    page = tmp_path / "deep.html"
    page.write_text("<div>" * 5_000)
    assert run(out / "b" / "c", str(page)) == 1
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "verify" not in err
    assert not out.exists()


@pytest.fixture
def stopped_after(monkeypatch):
    """Let something happen after some hits."""

    def arrange(count: int, act) -> None:
        real = fake.play

        def play(*arguments, **options) -> Iterator[tuple[Hit, int]]:
            for number, pair in enumerate(real(*arguments, **options)):
                yield pair
                if number == count:
                    act()

        monkeypatch.setattr(fake, "play", play)

    return arrange


def test_ctrl_c_in_the_middle_leaves_nothing(out, stopped_after, capfd):
    def interrupt() -> None:
        raise KeyboardInterrupt

    stopped_after(5, interrupt)
    assert run(out) == 130
    assert not out.exists()
    assert capfd.readouterr().err == "mailbeacon: stopped\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_being_told_to_end_leaves_nothing_either(name, out):
    with running(
        [sys.executable, "-c", PROGRAM, "demo", "--recipients", "50000", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("Rendered"))
        assert [one.name[:5] for one in out.iterdir()] == [".new-"]
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=PATIENCE)[1] == "mailbeacon: stopped\n"
    assert process.returncode == 130
    assert not out.exists()


def test_events_that_could_not_be_stored_are_no_report(out, monkeypatch, capfd):
    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(SqliteSink, "record", full)
    assert run(out) == 1
    text, err = capfd.readouterr()
    assert re.fullmatch(r"mailbeacon: only 0 of [\d,]+ events could be stored\n", err)
    assert "Delivered" not in text
    assert not out.exists()


def test_a_folder_without_a_name_is_refused(capfd):
    assert main(["demo", "--out", ""]) == 2
    assert "must be a folder's name" in capfd.readouterr().err


# what it never writes


def test_no_file_holds_an_address_or_a_user_agent_not_even_while_it_runs(out, monkeypatch, capfd):
    """Every byte is searched, of the write-ahead log too, for all that the readers sent."""
    sent: set[bytes] = set()
    seen: dict[str, bytes] = {}
    real = fake.play

    def watch(*arguments, **options) -> Iterator[tuple[Hit, int]]:
        for hit, status in real(*arguments, **options):
            sent.update({hit.request.address.encode(), hit.request.fields.get_lower("user-agent").encode()})
            sent.update(value.encode() for name, value in hit.request.fields.items() if name == "accept-language")
            yield hit, status
        seen.update({path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()})

    monkeypatch.setattr(fake, "play", watch)
    run(out, recipients=120)
    printed = "".join(capfd.readouterr())
    sent.discard(b"")
    assert len(sent) > 60
    assert b"Mozilla/5.0" in sent
    assert "events.sqlite-wal" in seen
    assert len(seen["events.sqlite-wal"]) > 10_000
    seen |= {path.name: path.read_bytes() for path in out.iterdir()} | {"printed": printed.encode()}
    found = [(name, value) for name, content in seen.items() for value in sent if value in content]
    assert found == []


# newsletters of one's own


def _mail(body: bytes, kind: str = "text/html; charset=windows-1252", **more: str) -> bytes:
    head = {"From": "a@example.com", "Subject": "x", "MIME-Version": "1.0", "Content-Type": kind, **more}
    return "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n" + body


_LINK = b'<p>%s <a href="https://shop.example.com/">shop</a></p>'
_ALTERNATIVE = (
    b"--x\r\nContent-Type: text/plain\r\n\r\nplain\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Caf=C3=A9 <a href=3D'https://shop.example.com/'>shop</a></p>"
    b"\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_mail(_LINK % b"Caf\xe9", **{"Content-Transfer-Encoding": "8bit"}), id="its charset is respected"),
        pytest.param(_mail(_ALTERNATIVE, 'multipart/alternative; boundary="x"'), id="HTML beside plain text"),
        pytest.param(_mail(_LINK % "Café".encode(), "text/html; charset=klingon"), id="an unknown charset"),
        pytest.param(
            _mail(_LINK % "Café".encode(), "text/html; charset=utf-8", **{"Content-Disposition": "attachment"}),
            id="attached HTML, where there is no other",
        ),
    ],
)
@pytest.mark.parametrize("name", ["mail.eml", "mail"])
def test_the_html_part_of_a_mail_is_used(name, data, tmp_path, out, capfd):
    (tmp_path / name).write_bytes(data)
    assert run(out, str(tmp_path / name), recipients=10) == 0
    assert f"{name}: 1 link wrapped, 0 left alone." in capfd.readouterr().out
    assert "<p>Café <a href=" in (out / "mail.html").read_text("utf-8")


def test_the_mail_keeps_the_encoding_of_the_file_so_that_a_browser_shows_it_right(tmp_path, out, capfd):
    page = '<html><head><meta charset="koi8-r"></head><body>Книги</body></html>'
    (tmp_path / "a.html").write_bytes(page.encode("koi8-r"))
    run(out, str(tmp_path / "a.html"), recipients=5)
    assert "Книги" in (out / "mail.html").read_text("koi8-r")
    (tmp_path / "a.eml").write_bytes(_mail(page.encode("koi8-r"), "text/html; charset=koi8-r"))
    run(out, str(tmp_path / "a.eml"), recipients=5)
    mail = (out / "mail.html").read_bytes()
    assert mail.startswith(b"\xef\xbb\xbf<html>")  # the mark outdoes the charset named inside
    assert "Книги" in mail.decode()


def test_the_sizes_are_those_of_the_files(tmp_path, out, capfd):
    source = b"\xff\xfe" + "<p>Hi <a href='https://shop.example.com/'>you</a></p>".encode("utf-16-le")
    (tmp_path / "a.html").write_bytes(source)
    assert run(out, str(tmp_path / "a.html"), recipients=3) == 0
    written = (out / "mail.html").stat().st_size
    assert f"; {len(source):,} bytes became {written:,} (" in capfd.readouterr().out


def test_a_newsletter_without_links_has_opens_only(tmp_path, out, capfd):
    (tmp_path / "a.html").write_text("<p>Hi</p>")
    assert run(out, str(tmp_path / "a.html")) == 0
    text = capfd.readouterr().out
    assert "Click rate: 0.0 %" in text
    assert re.search(r"Opens +messages +[1-9]", text)


REAL = [
    "bench/M.html",
    "bench/L.html",
    "html/08d336aa04c7c2e8.html",
    "html/55ada522fd22d9a5.html",
    "html/94108447804048e1.html",
    "eml/0002bd6fe692ce11.eml",
    "eml/8072dc056f0b0e54.eml",
    "eml/b14d5dbd9fb4a7cd.eml",
    "eml/e84e63af19202761.eml",
    "eml/0e0abf5be6bbcc62.eml",
    "html/6c2154e2eb06e725.html",
    "eml/409c1c377183006d.eml",
]


@pytest.mark.parametrize("name", REAL)
def test_real_newsletters_go_all_the_way(name, shared, out, capfd):
    assert run(out, str(shared / "corpus" / name), recipients=15) == 0
    assert "Delivered: 15" in capfd.readouterr().out
    assert (out / "mail.html").read_text("utf-8").count("/m/o/") == 1


# keeping on


AGENT = "Canary/17.4 (KnownAgent) Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CANARY = {"User-Agent": AGENT, "X-Forwarded-For": "203.0.113.77", "Referer": "https://canary.example.com/secret"}


def _get(url: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    reply, body = fetch(parts.port, parts.path, headers=CANARY)
    return reply.status, dict(reply.getheaders()), body


def test_serve_shows_each_event_live_and_ends_cleanly_on_ctrl_c(out):
    with running(
        [sys.executable, "-c", PROGRAM, "demo", "--serve", "--recipients", "5", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if line.startswith("The mail is at "))
        address = told.split()[4]
        status, headers, body = _get(address)
        html = body.decode()
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "script-src 'none'" in headers["Content-Security-Policy"]
        pixel = re.findall(r'src="(http://127[^"]+\.gif)"', html)
        click = re.findall(r'href="(http://127[^"]+)"', html)[3]
        assert _get(pixel[0])[:1] == (200,)
        shown = [next(line for line in process.stdout if line.strip())]
        assert _get(click)[1]["Location"].endswith("/sale/set-at-sea?code=HIGHTIDE&from=letter")
        for line in process.stdout:
            shown.append(line)
            if "click on" in line:
                break
        assert _get(address + "nothing")[0] == 404
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()  # communicate would lose what was read ahead
        assert process.stderr.read() == ""
        assert process.wait(PATIENCE) == 130
    assert re.match(r"\d\d:\d\d:\d\d  open$", shown[0])
    live = "".join(shown) + rest
    assert re.search(r"^\d\d:\d\d:\d\d  click on See the books set at sea$", live, re.MULTILINE)
    assert live.count("% sure)") + live.count("nearly even") == 2
    assert "2 events of yours" in live
    with SqliteSink(out / "events.sqlite") as sink:
        mine = [event for event, _ in sink.events() if event.recipient == "you"]
    assert [(event.kind, event.expired) for event in mine] == [("open", False), ("click", False)]
    assert abs(datetime.now(UTC) - mine[0].received_at) < timedelta(hours=1)  # the simulated clock stands elsewhere
    for path in out.iterdir():
        content = path.read_bytes()
        assert not any(value in content for value in (b"Canary", b"203.0.113.77", b"canary.example", b"127.0.0.1,"))
