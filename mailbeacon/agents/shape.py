"""What the form of a user agent says by itself: browser or not, system, device, and whether it contradicts itself.

Works on the text in lower case, with substring tests and anchored or bounded patterns only, so that it is linear.
"""

from __future__ import annotations

import re

from mailbeacon.model import AgentKind, Hint

__all__ = ["SCRIPT_DEFAULT", "contradicts", "device_of", "hints_of", "kind_of", "major_of", "system_of"]

_BROWSER = re.compile(r"mozilla/[45]\.0 ?\+?[(\[]|opera/|mozilla/5\.0 [a-z]")
_ENGINES = ("applewebkit", "gecko", "trident/", "msie ", "presto", "khtml", "netfront", "opera", "webkit", "nintendo")
_APPS = ("cfnetwork/", "dalvik/", "android", "iphone", "ipad", "ios/", "midp", "blackberry", "nokia", "ucweb", "symbian",
         "up.browser", "opera mini", "hbbtv", "smart-tv", "windows phone", "[fban/", "playstation")  # fmt: skip
SCRIPT_DEFAULT = AgentKind.SCRIPT
"""What a text is that has neither a browser's form nor a device: browsers and mail apps always show one."""

_APPLE_MAIL = re.compile(r"applewebkit/[\d.+]+ \(khtml, like gecko\)(?: mobile/\w+)?$")
_WEBVIEW = re.compile(r"; wv\) applewebkit/[\d.]+ \(khtml, like gecko\) version/[\d.]+ chrome/[\d.]+(?: mobile)? safari/[\d.]+$")
_LONE_WORD = re.compile(r"(?:chrome|firefox)/[\d.]+(?: mobile)?(?: safari/[\d.]+)? [a-z][a-z_.-]*$")


def kind_of(lowered: str) -> tuple[AgentKind, str]:
    """Say what a user agent that no rule names is, and a mail client's name where the form gives it away."""
    if _BROWSER.match(lowered) is not None:
        if _APPLE_MAIL.search(lowered) is not None and ("mac os x" in lowered):
            return AgentKind.MAIL_CLIENT, "Apple Mail"
        if "; wv)" in lowered and _WEBVIEW.search(lowered) is not None:
            return AgentKind.MAIL_CLIENT, "Android WebView"
        if not any(engine in lowered for engine in _ENGINES):
            return (AgentKind.UNKNOWN if any(app in lowered for app in _APPS) else AgentKind.SCRIPT), ""
        if _LONE_WORD.search(lowered) is not None and "mobile" not in lowered:
            return AgentKind.CRAWLER, ""
        return AgentKind.BROWSER, ""
    if any(app in lowered for app in _APPS):
        return AgentKind.UNKNOWN, ""
    return (SCRIPT_DEFAULT, "") if lowered.strip() else (AgentKind.UNKNOWN, "")


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
    ("darwin/", "macOS"),
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
    """Say ``desktop``, ``phone`` or ``tablet``; empty when the user agent does not tell."""
    if system == "Android":
        return "phone" if "mobile" in lowered else "tablet"
    return _DEVICES.get(system, "")


_VERSIONS = re.compile(r"(chrome|firefox|version|edge|crios|fxios)/(\d{1,4})")
_WINDOWS = re.compile(r"windows nt (\d{1,2})\.(\d)")
_OLDEST = {"chrome": 100, "firefox": 91, "edge": 100}
"""Majors given up by spring 2022; the last ones for Windows 7 and 8 (Chrome 109, Firefox 115) still count as used.

Source: release calendars of Chromium (100: March 2022) and Firefox (91 ESR ended September 2022).
"""


def major_of(lowered: str, product: str) -> int:
    """Give the major version of a product, or 0."""
    for name, major in _VERSIONS.findall(lowered):
        if name == product:
            return int(major)
    return 0


def contradicts(lowered: str) -> bool:
    """Tell whether a browser's user agent says two things that exclude each other.

    Source: Trend Micro Phish Insight, rules for sandboxes (Internet Explorer on a Mac); Safari for Windows ended 2012.
    """
    mac, windows = "macintosh" in lowered or "mac os x" in lowered, "windows nt" in lowered
    if windows and (mac or "android" in lowered or "x11" in lowered or "iphone" in lowered):
        return True
    if mac and ("trident/" in lowered or "msie " in lowered) and "windows phone" not in lowered:
        return True
    if windows and " version/" in lowered and " safari/" in lowered and "chrome/" not in lowered:
        return True
    return "iphone;" in lowered and " chrome/" in lowered


def hints_of(lowered: str, kind: AgentKind) -> frozenset[Hint]:
    """Give the hints the user agent carries in itself."""
    found = set()
    if contradicts(lowered) or _unborn(lowered):
        found.add(Hint.CONTRADICTION)
    if kind in (AgentKind.BROWSER, AgentKind.SCANNER) and _outdated(lowered):
        found.add(Hint.OUTDATED)
    return frozenset(found)


def _unborn(lowered: str) -> bool:
    """Tell of a Windows that never was: browsers go on saying 10.0 for Windows 11."""
    version = _WINDOWS.search(lowered)
    return version is not None and (int(version[1]) > 10 or (version[1] == "10" and version[2] != "0"))


def _outdated(lowered: str) -> bool:
    """Tell of Windows XP or Vista, or of a browser years old.

    Source: Trend Micro Phish Insight counts Windows XP and Vista as a sandbox for certain.
    """
    windows = _WINDOWS.search(lowered)
    if windows is not None and (int(windows[1]) < 6 or (windows[1] == "6" and windows[2] == "0")):
        return True
    if "msie " in lowered and "trident/7" not in lowered and "trident/8" not in lowered:
        return True
    return any(int(major) < _OLDEST.get(name, 0) for name, major in _VERSIONS.findall(lowered))
