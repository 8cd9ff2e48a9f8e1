"""The demonstration from start to end; each step's work is elsewhere."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mailbeacon import judging, reporting
from mailbeacon.cli.console import INTERRUPTED, OK, CommandError, counted, shown, width
from mailbeacon.cli.demo import accuracy, live
from mailbeacon.cli.demo.folder import EVENTS, KEY, MAIL, REPORT, Folder, claim, open_folder
from mailbeacon.cli.demo.server import Server, serving
from mailbeacon.cli.demo.stage import Stage, play, set_stage, time_rendering
from mailbeacon.cli.keys import new_key
from mailbeacon.cli.newsletter import Newsletter, load
from mailbeacon.counting import tally
from mailbeacon.model import Event, Verdict
from mailbeacon.store import SqliteSink
from mailbeacon.template import Template

__all__ = ["run"]

_MOST_WARNINGS = 3


def run(file: Path | None, recipients: int, seed: int, out: Path, *, serve: bool = False) -> int:
    """Run the demonstration.

    Args:
        file: The newsletter; ``None`` for the sample.
        recipients: How many made-up readers.
        seed: The same gives the same readers.
        out: The folder for mail, events and report.
        serve: Keep serving afterwards, until Ctrl-C.

    Returns:
        The exit code; that of Ctrl-C where it served, for nothing else ends that.

    Raises:
        CommandError: If the file cannot be used, or the folder cannot be written to or is another demonstration's just now.
    """
    newsletter, key = load(file), new_key()
    logging.getLogger("mailbeacon").addHandler(logging.NullHandler())  # what was not kept is told once, at the end
    with claim(out), serving() as (server, thread):
        with open_folder(out) as folder:
            stage = _perform(newsletter, recipients, seed, key, server, folder)
        print(_files(out))
        if serve:
            live.serve(stage, server, thread, out / EVENTS)
            return INTERRUPTED
        print("\nThe links in the mail lead to this demonstration, which has ended: --serve keeps it running.")
    return OK


def _perform(newsletter: Newsletter, recipients: int, seed: int, key: str, server: Server, folder: Folder) -> Stage:
    """Play the scene, print the report, and put the files in place."""
    folder.write(EVENTS, b"")  # SQLite keeps to the permissions it finds
    with SqliteSink(folder.made / EVENTS) as sink:
        stage = set_stage(newsletter, server.url, key, sink)
        print("\n".join(_compiled(newsletter.name, stage.template)))
        print(time_rendering(stage, newsletter, recipients), flush=True)
        played = play(stage, server, recipients, seed)
        pairs = list(sink.events())
        print(
            f"{counted(recipients, 'made-up reader')} sent {counted(played.requests, 'request')} over HTTP in "
            f"{played.seconds:.1f} s; {counted(len(pairs), 'event')} stored."
        )
    if len(pairs) < len(played.truths):
        raise CommandError(f"only {len(pairs):,} of {len(played.truths):,} events could be stored")
    events = [event for event, _ in pairs]
    verdicts = judging.classify_all(events)
    report = reporting.Report(
        tally=tally(events, verdicts, deliveries=recipients),
        title=newsletter.name,
        links=stage.template.links,
        newsletter=newsletter.html,
        notes=[_revised(pairs, verdicts)],
    )
    print(f"\n{reporting.to_text(report, width=width())}")
    print(accuracy.table(events, verdicts, played.truths))
    folder.write(KEY, f"{key}\n".encode())
    folder.write(MAIL, newsletter.document.encode(stage.template.render(stage.message(0))))
    folder.write(REPORT, reporting.to_html(report).encode("utf-8", "replace"))
    folder.put_in_place()
    return stage


def _compiled(name: str, template: Template) -> Iterator[str]:
    """Yield the lines that report what compiling found."""
    reasons = Counter(one.reason.value for one in template.skipped)
    why = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
    wrapped = counted(len(template.links), "link")
    yield f"{name}: {wrapped} wrapped, {len(template.skipped)} left alone{f' ({why})' if why else ''}."
    warnings = Counter(warned.detail for warned in template.warnings)
    for detail, count in warnings.most_common(_MOST_WARNINGS):
        yield f"  ! {shown(detail)}{f' ({count} times)' if count > 1 else ''}"
    if len(warnings) > _MOST_WARNINGS:
        yield f"  ! and {len(warnings) - _MOST_WARNINGS} warnings more"


def _revised(pairs: Sequence[tuple[Event, Verdict | None]], verdicts: Sequence[Verdict]) -> str:
    """Return a line on how many verdicts what came later has changed."""
    changed = sum(
        first is None or first.actor is not last.actor for (_, first), last in zip(pairs, verdicts, strict=True)
    )
    return f"Judged again as a whole, {changed:,} of {len(pairs):,} first verdicts changed."


def _files(out: Path) -> str:
    """Return the lines that name where everything is."""
    said = {
        MAIL: "one of the mails",
        REPORT: "the report as a page",
        EVENTS: "the events, without address or user agent",
        KEY: "the key, for mailbeacon decode URL --key-file",
    }
    return "\n".join(f"{shown(str(out / name))}: {what}" for name, what in said.items())
