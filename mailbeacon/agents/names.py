"""Names of browsers, through ua-parser: loaded when the first browser comes, and never before.

Gives names from a closed list only, so that no free text of a user agent gets into what is kept. Does not say what a
user agent is.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

__all__ = ["FAMILIES", "Namer"]

FAMILIES = {
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome WebView",
    "Chromium": "Chromium",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Firefox": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Firefox Focus": "Firefox",
    "Firefox ESR": "Firefox",
    "Safari": "Safari",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "iOS app",
    "WebKit": "WebKit",
    "Apple Mail": "Apple Mail",
    "Android": "Android browser",
    "Samsung Internet": "Samsung Internet",
    "Opera": "Opera",
    "Opera Mobile": "Opera",
    "Opera Mini": "Opera Mini",
    "Opera Touch": "Opera",
    "Opera GX iOS": "Opera",
    "Vivaldi": "Vivaldi",
    "Brave": "Brave",
    "Brave Mobile": "Brave",
    "DuckDuckGo": "DuckDuckGo",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Ecosia": "Ecosia",
    "Ecosia Android": "Ecosia",
    "Ecosia iOS": "Ecosia",
    "Yandex Browser": "Yandex Browser",
    "YandexSearch": "Yandex app",
    "UC Browser": "UC Browser",
    "MiuiBrowser": "Miui Browser",
    "HuaweiBrowser": "Huawei Browser",
    "QQ Browser": "QQ Browser",
    "QQ Browser Mobile": "QQ Browser",
    "Sogou Explorer": "Sogou Explorer",
    "Whale": "Whale",
    "Coc Coc": "Coc Coc",
    "Silk": "Silk",
    "Amazon Silk": "Silk",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "Google": "Google app",
    "Google Search App": "Google app",
    "Facebook": "Facebook app",
    "Facebook Messenger": "Messenger app",
    "Instagram": "Instagram app",
    "LinkedIn": "LinkedIn app",
    "Pinterest": "Pinterest app",
    "Snapchat": "Snapchat app",
    "Twitter": "Twitter app",
    "TikTok": "TikTok app",
    "WeChat": "WeChat app",
    "Line": "Line app",
    "Electron": "Electron app",
    "Tor Browser": "Tor Browser",
    "SeaMonkey": "SeaMonkey",
    "Konqueror": "Konqueror",
    "Epiphany": "GNOME Web",
    "Pale Moon": "Pale Moon",
    "Waterfox": "Waterfox",
    "Maxthon": "Maxthon",
    "PaleMoon": "Pale Moon",
}
"""ua-parser's families, and the names we give them."""


class Namer:
    """Name browsers, with ua-parser built on the first call (its Rust form where that is installed)."""

    __slots__ = ("_lock", "_parse")

    def __init__(self) -> None:
        self._lock = Lock()
        self._parse: Callable[[str], tuple[str, str]] | None = None

    def name(self, user_agent: str) -> tuple[str, str]:
        """Return a browser's name and its major version; empty where they are not known."""
        parse = self._parse
        if parse is None:
            with self._lock:
                parse = self._parse = self._parse or _build()
        return parse(user_agent)


def _build() -> Callable[[str], tuple[str, str]]:
    """Build ua-parser: its compiled engine where there is one, else pure Python; remembers the last answers."""
    from ua_parser import (
        BasicResolver,
        BestAvailableResolver,
        Cache,
        CachingResolver,
        Domain,
        load_builtins,
        load_lazy_builtins,
    )

    matchers = load_builtins() if BestAvailableResolver is BasicResolver else load_lazy_builtins()
    resolver = CachingResolver(BestAvailableResolver(matchers), Cache(2000))

    def parse(user_agent: str) -> tuple[str, str]:
        found = resolver(user_agent, Domain.USER_AGENT).user_agent
        if found is None or found.family not in FAMILIES:
            return "", ""
        major = found.major or ""
        return FAMILIES[found.family], major if len(major) <= 4 and major.isdigit() else ""

    return parse
