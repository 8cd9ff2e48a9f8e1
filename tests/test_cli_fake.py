"""``mailbeacon fake``: the same log for the same options, readable by the key it names, and a score."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers import PATIENCE, running

from mailbeacon import fake
from mailbeacon.cli import main
from mailbeacon.cli.fake import AUDIENCES, FORMATS, KEY
from mailbeacon.cli.keyring import VARIABLE

ROOT = Path(__file__).resolve().parent.parent
PAGE = '<html><body><a href="https://shop.example.com/a">a</a> <a href="https://shop.example.com/b">b</a></body></html>'


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "spring.html"
    path.write_text(PAGE)
    return str(path)


def log(capfdbinary, *arguments: str) -> list[str]:
    """Return the lines of a log, insisting that nothing else was said."""
    assert main(["fake", *arguments]) == 0
    out, err = capfdbinary.readouterr()
    assert err == b""
    assert out.endswith(b"\n")
    assert b"\r" not in out
    return out.decode().removesuffix("\n").split("\n")


def refused(capfd, *arguments: str) -> tuple[int, str]:
    code = main(["fake", *arguments])
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("mailbeacon: ")
    return code, err


def test_what_the_command_line_offers_is_what_there_is():
    assert sorted(FORMATS) == sorted(fake.FORMATS)
    assert {fake.audience(name).name for name in AUDIENCES} == set(AUDIENCES)


def test_nginx_lines_are_combined_format_with_the_path_of_the_base_url(page, capfdbinary):
    lines = log(capfdbinary, page, "--recipients", "300", "--base-url", "https://track.example.org/deep/m/")
    assert len(lines) > 50
    start = r"[\da-f.:]+ - - \[\d\d/(Nov|Dec)/2026:\d\d:\d\d:\d\d \+0000\] "
    rest = r'"(GET|HEAD) /deep/m/[ocu]/\S+ HTTP/1.1" \d{3} \d+ "[^"]*" "[^"]*"'
    assert [line for line in lines if not re.fullmatch(start + rest, line)] == []


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_options_give_the_same_log_and_another_seed_another(form, page, capfdbinary):
    first, again, other = (
        log(capfdbinary, page, "--recipients", "60", "--format", form, "--seed", seed) for seed in ("5", "5", "6")
    )
    assert first == again
    assert first != other


def test_it_is_the_same_in_another_process(page, capfdbinary):
    here = log(capfdbinary, page, "--recipients", "60")
    done = subprocess.run(
        [sys.executable, "-m", "mailbeacon", "fake", page, "--recipients", "60"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.decode().splitlines() == here


def test_the_audience_says_who_is_in_it(page, capfdbinary):
    behaviours = {}
    for audience in AUDIENCES:
        lines = log(capfdbinary, page, "--recipients", "400", "--format", "jsonl", "--audience", audience)
        behaviours[audience] = {json.loads(line)["truth"]["behaviour"] for line in lines}
    assert "safe-links" in behaviours["internal"] & behaviours["business"]
    assert "yahoo" in behaviours["consumer"]
    assert "safe-links" not in behaviours["consumer"]


def test_jsonl_holds_the_truth_in_order_of_time_from_the_moment_of_sending(page, capfdbinary):
    lines = log(capfdbinary, page, "--recipients", "100", "--format", "jsonl", "--sent-at", "2026-03-02T09:00+01:00")
    found = [json.loads(line) for line in lines]
    times = [one["received_at"] for one in found]
    assert times == sorted(times)
    assert times[0][:13] == "2026-03-02T08"
    assert all({"actor", "behaviour", "is_human"} == one["truth"].keys() for one in found)


def test_the_tokens_are_read_with_the_key_that_is_no_secret(page, monkeypatch, capfdbinary):
    monkeypatch.setenv(VARIABLE, KEY)
    lines = log(capfdbinary, page, "--recipients", "60", "--format", "jsonl")
    url = next(url for line in lines if "/o/" in (url := json.loads(line)["url"]))
    assert main(["decode", url]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert found["campaign"] == "spring"
    assert re.fullmatch(r"r-\d{6}", found["recipient"])


def test_a_key_and_a_campaign_of_ones_own_may_be_given(page, tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setenv(VARIABLE, KEY)
    keys = tmp_path / "keys"
    keys.write_text("a-key-of-my-own-of-32-letters-xx\n")
    lines = log(
        capfdbinary, page, "--recipients", "60", "--format", "jsonl", "--key-file", str(keys), "--campaign", "été"
    )
    url = next(url for line in lines if "/o/" in (url := json.loads(line)["url"]))
    assert main(["decode", url]) == 1
    assert main(["decode", url, "--key-file", str(keys)]) == 0
    assert json.loads(capfdbinary.readouterr().out)["campaign"] == "été"


def test_without_a_file_the_sample_is_sent(capfdbinary):
    assert len(log(capfdbinary, "--recipients", "50")) > 10


def test_caddy_and_cloudfront_name_the_host(page, capfdbinary):
    base = ["--base-url", "https://track.example.org/m", "--recipients", "40"]
    assert json.loads(log(capfdbinary, page, *base, "--format", "caddy")[0])["request"]["host"] == "track.example.org"
    cloudfront = log(capfdbinary, page, *base, "--format", "cloudfront")
    assert cloudfront[0] == "#Version: 1.0"
    assert "\ttrack.example.org\t" in cloudfront[2]


def test_score_tells_how_right_the_verdicts_are_in_place_of_a_log(page, capfdbinary):
    lines = log(capfdbinary, page, "--recipients", "300", "--audience", "internal", "--score")
    found = re.fullmatch(r"(\d+) events, ([\d.]+)% right, Brier score 0\.\d{4}", lines[-1])
    assert found
    assert int(found[1]) > 200
    assert float(found[2]) > 80
    assert lines[0].split() == ["behaviour", "kind", "events", "person", "unknown", "machine"]
    assert not any(" HTTP/1.1" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["--audience", "robots"], "invalid choice", id="an unknown audience"),
        pytest.param(["--format", "iis"], "invalid choice", id="an unknown format"),
        pytest.param(["--recipients", "0"], "from 1 to 1,000,000", id="no recipients"),
        pytest.param(["--recipients", "1e3"], "from 1 to 1,000,000", id="no whole number"),
        pytest.param(["--seed", "x"], "invalid int", id="no seed"),
        pytest.param(["--sent-at", "yesterday"], "must be a date", id="no date"),
        pytest.param(["--sent-at", "9999-12-31"], "must be a date", id="a date that time runs out on"),
        pytest.param(["--base-url", "http://track.example.org"], "https", id="http to the world"),
        pytest.param(["--campaign", ""], "campaign", id="no campaign"),
        pytest.param(["--score", "--format", "nginx"], "not allowed with", id="a score and a format"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(arguments, why, capfd):
    code, line = refused(capfd, *arguments)
    assert code == 2
    assert why in line


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        pytest.param("a.html", b"", "is empty", id="empty"),
        pytest.param("a.txt", b"plain text", "plain text", id="plain text"),
        pytest.param("a.png", b"\x89PNG\0", "binary", id="a picture"),
        pytest.param("a.html", b"<b>" * 3_000, "deep", id="more than can be proved"),
    ],
)
def test_a_bad_newsletter_is_one_line_and_exit_code_1(name, data, why, tmp_path, capfd):
    (tmp_path / name).write_bytes(data)
    code, line = refused(capfd, str(tmp_path / name))
    assert code == 1
    assert why in line
    assert "verify" not in line


def test_a_missing_newsletter_or_key_file_is_exit_code_1(page, tmp_path, capfd):
    assert refused(capfd, str(tmp_path / "none.html"))[0] == 1
    assert refused(capfd, page, "--key-file", str(tmp_path / "none"))[0] == 1


def test_a_reader_who_goes_away_ends_it_quietly(page):
    with running(
        [sys.executable, "-m", "mailbeacon", "fake", page, "--recipients", "5000"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith((b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"))
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 1


def test_another_tool_s_verdicts_are_scored(page, tmp_path, capfdbinary):
    """Who calls everybody a person is right about people only."""
    lines = log(capfdbinary, page, "--recipients", "60", "--format", "jsonl")
    told = tmp_path / "told.jsonl"
    told.write_text("\n".join(json.dumps(json.loads(line) | {"said": {"is_human": True}}) for line in lines))
    assert any("% right" in line for line in log(capfdbinary, "--judged", str(told)))


def test_what_is_no_judged_hit_is_said_with_its_line(tmp_path, capfd):
    told = tmp_path / "told.jsonl"
    told.write_text("nonsense\n")
    assert "line 1 is no judged hit" in refused(capfd, "--judged", str(told))[1]
    assert "No such file" in refused(capfd, "--judged", str(tmp_path / "none"))[1]
