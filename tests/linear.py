"""Whether work grows with its input and no faster: the hostile inputs, and how to measure. Knows nothing of the package."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from time import process_time
from typing import TypeVar

__all__ = [
    "HOSTILE_INPUTS",
    "LABELS",
    "MAILS",
    "MOST_SECONDS",
    "grows_too_fast",
    "quickest",
    "seconds",
    "takes_more",
    "texts",
]

T = TypeVar("T")

MOST_RATIO = 2.5
"""So many times as long may twice the input take."""
MOST_SECONDS = 0.5
"""For 100 KB of the worst input: far more than it takes, far less than quadratic work would."""

_SURE_RATIO, _SURE_SECONDS, _SURE_TIMES = 3.3, 0.005, 2
"""Work that is quadratic beyond doubt is not measured at larger sizes, where it would take minutes."""

_MOST_RUNS = 5

HOSTILE_INPUTS = {
    "nothing but less-than": "<",
    "open tags": "<a ",
    "unclosed quotes": '<a href="',
    "single quotes": "<a href='",
    "equals signs": "<a =",
    "attributes": "<a b c ",
    "attributes without space": '<a b="c"d="e"',
    "slashes": "<a /",
    "comments never closed": "<!--",
    "comments never closed either": "<!--x>",
    "comment ends": "-->",
    "dashes": "<!----",
    "bangs": "<!",
    "processing instructions": "<?",
    "end tags": "</",
    "bogus end tags": "</ ",
    "cdata": "<![CDATA[",
    "raw text": "<style>",
    "look-alike ends": "<style></styl",
    "titles": "<title></titl",
    "script escapes": "<script><!--<script>",
    "script ends": "<script><!--</script",
    "svg": "<svg>",
    "svg raw text": "<svg><style><a ",
    "svg cdata": "<svg><![CDATA[",
    "select": "<select><a href=x>",
    "templates": "<template>",
    "references": "<a href='&amp",
    "numbers": "<a href='&#1",
    "white space": "<a                                   ",
    "conditional comments": "<!--[if mso]>",
    "textarea": "<textarea>",
    "plain text": "a<b ",
}
"""What a scanner of HTML may be slow on, repeated."""

LABELS = {
    "links never closed": '<a href="https://x.example/">x',
    "links in an open comment": '<!--[if mso]><a href="https://x.example/">',
    "pixels": '<img src="https://t.example.com/m/o/aaa',
    "opt-out marks": "<a data-pm-no-track href='https://x.example/'>",
    "bases": '<base href="https://x.example/">',
    "areas": "<area href=https://x.example/>",
    "noscripts": "<noscript>",
    "merge tags": "{{ {% <% *| ${ [[ ",
    "provider tags": "{{TrackView ",
}
"""The same for what decides about links."""

MAILS = {
    "links": "https://x.example/ ",
    "opening brackets": "https://x.example/(",
    "closing brackets": "https://x.example/)",
    "lines": "\n https://x.example/\n\n\n",
    "no schemes": "://",
    "flowed": "a://b \r\n",
    "equals": "=",
    "boundaries": "\r\n--b",
    "semicolons": ";",
    "parameters": ";a=",
    "quotes": ';a="\\',
    "comments": "(",
    "folded": "\r\n ",
    "fields": "To: a\r\n",
    "dots": ".",
}
"""The same for text parts and the raw bytes of mails."""


def texts(size: int, *tables: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield hostile texts of about a size with their names: each repeated alone, and inside the label of a link."""
    for table in tables:
        for name, part in table.items():
            repeated = part * (size // len(part))
            yield name, repeated
            yield f"a label of {name}", f'<p>Hi <a href="https://x.example/">{repeated}</a></p>'


def grows_too_fast(
    work: Callable[[str], object], text: Callable[[int], str], *, size: int = 10_000, most: float = MOST_SECONDS
) -> str:
    """Return in what way work on a text grows faster than the text; empty when it does not.

    Measured at several sizes, for memory is not linear at each, and a busy machine is no finding. Twice the text may take at
    most two and a half times as long, and 100 KB at most ``most`` seconds.
    """
    found, sure = "", 0
    for scale in (1, 1, 2, 4, 8):
        once, twice = (seconds(work, text(size * scale * times)) for times in (1, 2))
        if twice > most * size * scale * 2 / 100_000:
            found = f"{twice:.3f} s for {size * scale * 2} characters"
        elif twice > MOST_RATIO * once:
            found = f"{twice / once:.1f} times as long for twice {size * scale} characters"
        else:
            return ""
        sure += twice > _SURE_RATIO * once and twice > _SURE_SECONDS
        if sure == _SURE_TIMES:
            break
    return found


def takes_more(work: Callable[[T], object], less: T, more: T, *, times: float, beside: float = 0.0) -> bool:
    """Check whether work on the second takes over so many times as long as on the first, whenever it is measured."""
    return all(seconds(work, more) > times * seconds(work, less) + beside for _ in range(_MOST_RUNS))


def quickest(work: Callable[[], object], enough: float) -> float:
    """Return the processor time of the fastest of up to five runs; the first that takes less than enough is the last."""
    times: list[float] = []
    while len(times) < _MOST_RUNS and min(times, default=enough) >= enough:
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def seconds(work: Callable[[T], object], given: T) -> float:
    """Return the processor time of the fastest of a few runs."""
    return min(timeit.repeat(lambda: work(given), number=1, repeat=3, timer=process_time))
