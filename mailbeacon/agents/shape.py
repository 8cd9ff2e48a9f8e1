"""What the form of a user agent says by itself: browser or not, system, device, and whether it contradicts itself.

Works on the text in lower case, with substring tests and anchored or bounded patterns only, so that it is linear.
"""

from __future__ import annotations

import re

from mailbeacon.model import AgentKind, Hint

__all__ = [
    "contradicts",
    "device_of",
    "hints_of",
    "is_plain_browser",
    "kind_of",
    "major_of",
    "system_of",
    "without_device",
]

_PLAIN = re.compile(
    r"mozilla/5\.0 \((?:"
    r"windows nt (?:6\.[1-3]|10\.0)(?:; (?:win64|wow64))?(?:; x64)?"
    r"|macintosh; intel mac os x [\d_.]{4,9}"
    r"|x11; (?:ubuntu; )?(?:linux|cros) (?:x86_64|i686|aarch64|armv7l)(?: [\d.]{5,12})?"
    r"|linux; android [\d.]{1,6}; (?:k|sm-\w{4,9}|pixel [\w ()]{1,12}|redmi [\w ]{1,20}|[a-z]{0,3}\d{4}\w{0,8})"
    r"|i(?:phone|pad); cpu (?:iphone )?os [\d_]{3,7} like mac os x"
    r")(?:; rv:[\d.]{4,6})?\) (?:"
    r"applewebkit/[\d.]{5,9} \(khtml, like gecko\) "
    r"(?:(?:version|crios|fxios|edgios|samsungbrowser|chrome)/[\d.]+ ){1,2}"
    r"(?:mobile(?:/\d{1,2}[a-z]\w{1,5})? )?safari/[\d.]{5,9}(?: (?:edg|edga|opr|vivaldi)/[\d.]+)?"
    r"|gecko/[\d.]{8,9} firefox/\d\d[\d.]+)"
)
"""A browser of today that says nothing but what such a browser says: no rule for machines needs to be asked."""

_BROWSER = re.compile(r"mozilla/[45]\.0 ?\+?[(\[]|opera/|mozilla/5\.0 [a-z]")
_ENGINE = re.compile(
    r"applewebkit|gecko|goanna/|trident/|msie |presto|khtml|netfront|opera|webkit|nintendo|servo/|libweb"
)
_APP = re.compile(
    r"android|iphone|ipad|ios/|cfnetwork/|dalvik/|midp|blackberry|bb10|nokia|ucweb|symb(?:ian|os)|up\.browser"
    r"|opera mini|sunos|hbbtv|openharmony|smart-tv|windows phone|\[fban/|playstation|nintendo|webos|playbook|bada/|os/2|bsd"
)
"""Devices and systems that people have, where none of the common systems is named."""

_APPLE_MAIL = re.compile(r"mac os x[^)]*\) applewebkit/[\d.+]+ \(khtml, like gecko\)(?: mobile/\w+)?$")
_WEBVIEW = re.compile(
    r"; wv\) applewebkit/[\d.]+ \(khtml, like gecko\) version/[\d.]+ chrome/[\d.]+(?: mobile)? safari/[\d.]+$"
)
_LONE_WORD = re.compile(r"(?:chrome|firefox)/[\d.]+(?: safari/[\d.]+)? (?![a-z_.-]*browser$)[a-z][a-z_.-]*$")
"""A name without a version behind a desktop browser: tools for testing pages sign so, browsers do not."""
_PHONE = re.compile(r"^(?:nokia|blackberry)\d|^ucweb/|midp-\d|up\.browser/")
"""Phones whose browsers have forms of their own.

Source: uap-core test cases, 2026.
"""
_DEVICE = re.compile(
    r"mozilla/5\.0 \(linux; (?:u; |arm_64; )?android [\d.]{1,8}; (?:[a-z]{2}[-_][a-z]{2}; )?"
    r"([^()/;]{1,60}(?:; (?!wv\))[^()/;]{1,60})?(?:build/[^();]{1,60})?)"
    r"(?:; wv)?\) applewebkit/[\d.+]+ \(khtml,? like gecko\) (?:[a-z]{1,20}/[\d.]{1,24} ){0,4}(?:mobile )?safari/"
)
"""A mobile browser's full form, with the device's name: no product with a version, as crawlers put there."""
_ADDONS = re.compile(r"mozilla/5\.0 \(windows nt [\d.]+;[^()]*?trident/7\.0([^()/]*)\) like gecko$")
"""Internet Explorer's full form, with what toolbars, virus guards and makers of computers add; none has a version."""


def is_plain_browser(lowered: str) -> bool:
    """Check whether a user agent is, sign for sign, that of a common browser: the fast way for most people."""
    return _PLAIN.fullmatch(lowered) is not None


def without_device(lowered: str) -> str:
    """Leave out of a browser's user agent what others put there: the name of a phone, the add-ons of Internet Explorer.

    Makers call phones Robot or Spider; what a crawler adds stands behind the browser, or in place of the device with a
    slash.
    """
    form = _DEVICE if "android" in lowered else _ADDONS if "trident/7.0" in lowered else None
    found = form.match(lowered) if form is not None else None
    if found is None:
        return lowered
    device = found[1].partition(" build/")[0]
    rest = lowered[found.end(1) :].replace(f"({device};", "(k;").replace(f"; {device.partition(' ')[0]};", "; k;")
    return f"{lowered[: found.start(1)]}k{rest}"


def kind_of(lowered: str) -> tuple[AgentKind, str]:
    """Return what a user agent that no rule names is, and a mail client's name where the form gives it away.

    What has neither a browser's form nor a device is a script: browsers and apps always show one.
    """
    if _BROWSER.match(lowered) is None:
        if _PHONE.search(lowered) is not None:
            return AgentKind.BROWSER, ""
        return (AgentKind.UNKNOWN if _APP.search(lowered) or not lowered.strip() else AgentKind.SCRIPT), ""
    if "; wv)" in lowered and _WEBVIEW.search(lowered) is not None:
        return AgentKind.MAIL_CLIENT, "Android WebView"
    if "safari" not in lowered and "firefox" not in lowered and _APPLE_MAIL.search(lowered) is not None:
        return AgentKind.MAIL_CLIENT, "Apple Mail"
    if _ENGINE.search(lowered) is None:
        return (AgentKind.UNKNOWN if _APP.search(lowered) else AgentKind.SCRIPT), ""
    if not system_of(lowered) and _APP.search(lowered) is None:
        return AgentKind.SCRIPT, ""
    if "mobile" not in lowered and "smarttv" not in lowered and _LONE_WORD.search(lowered) is not None:
        return AgentKind.CRAWLER, ""
    return AgentKind.BROWSER, ""


_SYSTEMS = (
    ("windows phone", "Windows Phone"),
    ("windows", "Windows"),
    ("iphone", "iOS"),
    ("ipad", "iPadOS"),
    ("ipod", "iOS"),
    ("outlook-ios", "iOS"),
    ("android", "Android"),
    ("macintosh", "macOS"),
    ("mac os x", "macOS"),
    ("cros ", "ChromeOS"),
    ("linux", "Linux"),
    ("x11", "Linux"),
)


def system_of(lowered: str) -> str:
    """Name the operating system, by words every browser of it has; empty when none is there."""
    for mark, name in _SYSTEMS:
        if mark in lowered:
            return name
    return ""


_DEVICES = {"Windows": "desktop", "macOS": "desktop", "Linux": "desktop", "ChromeOS": "desktop", "iOS": "phone",
            "iPadOS": "tablet", "Windows Phone": "phone"}  # fmt: skip


def device_of(system: str, lowered: str) -> str:
    """Return ``desktop``, ``phone`` or ``tablet``; empty when the user agent does not tell."""
    if system == "Android":
        return "phone" if "mobile" in lowered else "tablet" if "mozilla/" in lowered else ""
    return _DEVICES.get(system, "")


_VERSIONS = re.compile(r"(chrome|firefox|version|edge|crios|fxios)/(\d{1,4})")
_WINDOWS = re.compile(r"windows nt (\d{1,2})\.(\d)")
_DESKTOPS = ("windows nt", "macintosh", "x11;")
"""Systems whose browsers renew themselves; those of phones, their apps and Chromebooks are often years old."""
_OLDEST = {"chrome": 120, "firefox": 91, "edge": 120}
"""Majors years old: a Chromium before that was given up three years ago; of Firefox the browsers made of it keep old ones.

Source: release calendars of Chromium (120: December 2023) and Firefox (91 ESR ended September 2022).
"""
_LAST = {"chrome": {103, 109, 116}, "firefox": {78}, "edge": {109, 116}}
"""Older majors people still have, for their system gets no later one.

Source: release notes of Chrome (109 for Windows 7 and 8; 103 and 116 for macOS before 10.13 and 10.15), of Edge (the
same but 103), and of Firefox (78 ESR for macOS before 10.12), 2023.
"""


def major_of(lowered: str, product: str) -> int:
    """Return the major version of a product, or 0."""
    for name, major in _VERSIONS.findall(lowered):
        if name == product:
            return int(major)
    return 0


def contradicts(lowered: str) -> bool:
    """Check whether a browser's user agent says two things that exclude each other.

    Source: Trend Micro Phish Insight, rules for sandboxes (Internet Explorer on a Mac); Safari for Windows ended 2012.
    """
    mac, windows = "macintosh" in lowered or "mac os x" in lowered, "windows nt" in lowered
    if windows and (mac or "android" in lowered or "x11" in lowered or "iphone" in lowered):
        return True
    if mac and ("trident/" in lowered or "msie " in lowered) and "windows phone" not in lowered:
        return True
    return windows and " version/" in lowered and " safari/" in lowered and "chrome/" not in lowered


def hints_of(lowered: str, kind: AgentKind, *, named: bool = False) -> frozenset[Hint]:
    """Return the hints the user agent carries in itself.

    Args:
        lowered: The user agent in lower case.
        kind: What it was taken for.
        named: Whether a rule gave it a name: what names itself a scanner needs no looking through.
    """
    found = set()
    if kind is AgentKind.SCANNER and named:
        return frozenset()
    if contradicts(lowered) or _unborn(lowered):
        found.add(Hint.CONTRADICTION)
    if kind in (AgentKind.BROWSER, AgentKind.SCANNER) and _outdated(lowered):
        found.add(Hint.OUTDATED)
    return frozenset(found)


def _unborn(lowered: str) -> bool:
    """Check for a Windows that never was: browsers go on saying 10.0 for Windows 11."""
    version = _WINDOWS.search(lowered)
    return version is not None and (int(version[1]) > 10 or (version[1] == "10" and version[2] != "0"))


_ANCIENT = 4
"""Before this, Firefox ran on nothing that people still have. Source: Mozilla's release notes (4: March 2011)."""


def _outdated(lowered: str) -> bool:
    """Check for Windows XP or Vista, or for a browser years old.

    Source: Trend Micro Phish Insight counts Windows XP and Vista as a sandbox for certain.
    """
    windows = _WINDOWS.search(lowered)
    if windows is not None and (int(windows[1]) < 6 or (windows[1] == "6" and windows[2] == "0")):
        return True
    if "msie " in lowered and "trident/7" not in lowered and "trident/8" not in lowered:
        return True
    majors = [(name, int(major)) for name, major in _VERSIONS.findall(lowered)]
    if "cros " in lowered or not any(system in lowered for system in _DESKTOPS):
        return any(name == "firefox" and major < _ANCIENT for name, major in majors)
    return any(major < _OLDEST.get(name, 0) and major not in _LAST[name] for name, major in majors)
