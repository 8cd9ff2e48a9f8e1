"""What asks for pixels and links: mail clients, proxies, browsers and machines, by the header fields they send.

Data only. Each client's fields are made once and shared by all its requests. Which client is how common stands with the
audiences.
Source: user agents from uap-core and matomo device-detector test cases and vendors' documentation, 2026; header fields
from the Fetch standard (fetch destinations) and Fetch Metadata (W3C, 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailbeacon.fake.chance import Choices
from mailbeacon.model import Headers

__all__ = [
    "ANDROID_BROWSERS",
    "APPLE_PROXY",
    "BARE_CHROME",
    "CRAWLERS",
    "DESKTOP_BROWSERS",
    "GMAIL_PREFETCH",
    "GMAIL_PROXY",
    "IPHONE_BROWSERS",
    "LATE_PROXIES",
    "MAC_BROWSERS",
    "MAIL_CLIENTS",
    "NAMED_SCANNERS",
    "ODD_BROWSERS",
    "OLD_CHROMES",
    "PREVIEWS",
    "SANDBOXES",
    "SCRIPTS",
    "SIGNED_AGENT",
    "YAHOO_PROXY",
    "Browser",
    "Client",
]

_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
_LANGUAGES = ("en-GB,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.9,en;q=0.8", "en-US,en;q=0.9")
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_CHROMES = (148, 149, 150, 151, 152)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One program and the header fields it sends."""

    name: str
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser and the fields it sends by where the link was: it tells the site it came from.

    Attributes:
        plain: From a mail program.
        webmail: From Gmail's page.
        gateway: From a security gateway's rewritten link.
        private: From a mail program, with ``Sec-GPC: 1``.
    """

    name: str
    plain: Client
    webmail: Client
    gateway: Client
    private: Client


def _client(name: str, user_agent: str, **fields: str) -> Client:
    """Make a client of its user agent and other fields."""
    pairs = [("User-Agent", user_agent), *((key.replace("_", "-"), value) for key, value in fields.items())]
    return Client(name=name, headers=Headers(pairs))


def _browser(name: str, user_agent: str, language: str) -> Browser:
    """Make a browser that follows links as browsers do."""

    def fields(site: str, **more: str) -> Client:
        return _client(
            name,
            user_agent,
            Accept=_PAGE,
            Accept_Language=language,
            Sec_Fetch_Dest="document",
            Sec_Fetch_Mode="navigate",
            Sec_Fetch_Site=site,
            Sec_Fetch_User="?1",
            **more,
        )

    return Browser(
        name=name,
        plain=fields("none"),
        webmail=fields("cross-site", Referer="https://mail.google.com/"),
        gateway=fields("cross-site", Referer="https://eur03.safelinks.protection.outlook.com/"),
        private=fields("none", Sec_GPC="1"),
    )


def _chromes(name: str, form: str) -> list[tuple[float, Browser]]:
    """Make a Chromium browser in several versions and languages; the newest is the most common."""
    return [
        (weight, _browser(name, form.replace("#", str(version)), language))
        for weight, version in zip((1, 2, 4, 8, 16), _CHROMES, strict=True)
        for language in _LANGUAGES
    ]


def _others(name: str, user_agent: str, weight: float) -> list[tuple[float, Browser]]:
    return [(weight, _browser(name, user_agent, language)) for language in _LANGUAGES]


_CHROME_WINDOWS = _chromes("Chrome", f"{_WINDOWS} {_KIT} Chrome/#.0.0.0 Safari/537.36")
_EDGE = _chromes("Edge", f"{_WINDOWS} {_KIT} Chrome/#.0.0.0 Safari/537.36 Edg/#.0.0.0")
_FIREFOX = _others("Firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0", 6)
_LINUX = _others("Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", 1)
_SAFARI = f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

DESKTOP_BROWSERS: Choices[Browser] = Choices([*_CHROME_WINDOWS, *_EDGE, *_FIREFOX, *_LINUX])
MAC_BROWSERS: Choices[Browser] = Choices(
    [*_others("Safari", _SAFARI, 31), *_chromes("Chrome", f"{_MAC} {_KIT} Chrome/#.0.0.0 Safari/537.36")]
)
IPHONE_BROWSERS: Choices[Browser] = Choices(_others("Safari", f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", 1))
ANDROID_BROWSERS: Choices[Browser] = Choices(
    _chromes("Chrome", f"Mozilla/5.0 (Linux; Android 10; K) {_KIT} Chrome/#.0.0.0 Mobile Safari/537.36")
)

_WEBVIEW = f"Mozilla/5.0 (Linux; Android 15; #; wv) {_KIT} Version/4.0 Chrome/150.0.7700.100 Mobile Safari/537.36"
_ONE_OUTLOOK = f"{_WINDOWS} {_KIT} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0 OneOutlook/1.2026.1020.100"
_OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; .NET4.0C; .NET4.0E; .NET CLR 2.0.50727; "
    ".NET CLR 3.0.30729; .NET CLR 3.5.30729; Microsoft Outlook 16.0.19231; ms-office; MSOffice 16)"
)


def _reader(name: str, user_agent: str, **fields: str) -> tuple[Client, ...]:
    """Make a mail client that loads images, in each language."""
    return tuple(_client(name, user_agent, Accept=_IMAGE, Accept_Language=each, **fields) for each in _LANGUAGES)


MAIL_CLIENTS: Mapping[str, tuple[Client, ...]] = {
    "Outlook": (
        _client("Outlook", _OUTLOOK, Accept="*/*"),
        _client("Outlook", "Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Accept="*/*"),
        _client("Outlook", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19231; Pro)", Accept="*/*"),
    ),
    "New Outlook": _reader("New Outlook", _ONE_OUTLOOK),
    "Outlook mobile": _reader("Outlook mobile", "Outlook-iOS/709.2042344.prod.iphone (4.2540.0)"),
    "Apple Mail": (
        *_reader("Apple Mail", f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko)"),
        *_reader("Apple Mail", f"{_IPHONE} Mobile/15E148"),
    ),
    "Thunderbird": _reader(
        "Thunderbird", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"
    ),
    "Android": _reader("Android", _WEBVIEW.replace("#", "Pixel 8 Build/BP1A.250505.005"), X_Requested_With="com.fsck.k9"),
    "Samsung": _reader(
        "Samsung",
        _WEBVIEW.replace("#", "SM-A546B Build/AP3A.240905.015"),
        X_Requested_With="com.samsung.android.email.provider",
    ),
    "Webmail": _reader("Webmail", f"{_WINDOWS} {_KIT} Chrome/152.0.0.0 Safari/537.36", Sec_Fetch_Dest="image",
                       Sec_Fetch_Mode="no-cors", Sec_Fetch_Site="cross-site"),
}  # fmt: skip
"""Mail clients that load images from where the reader is, in the ways they are seen."""

APPLE_PROXY = _client("Apple", "Mozilla/5.0", Accept="*/*")
"""Source: Mailgun, open and click bot detection, 2026; uap-core issue 509, 2021."""
GMAIL_PROXY = _client(
    "Gmail",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    Accept="image/*",
)
"""Source: ScientiaMobile, "What is Google Image Proxy?", 2014."""
GMAIL_PREFETCH = _client(
    "Gmail prefetch",
    f"{_WINDOWS} {_KIT} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
    Referer="http://mail.google.com/",
)
"""Source: Bird, "Gmail prefetching images", 2021."""
YAHOO_PROXY = _client("Yahoo", "YahooMailProxy; https://senders.yahooinc.com/mail-proxy-servers", Accept="image/*")
"""Source: isbot fixtures, 2026."""

BARE_CHROME: Choices[Client] = Choices(
    [
        (1, _client("Chrome", f"{_WINDOWS} {_KIT} Chrome/{version}.0.0.0 Safari/537.36", Accept="*/*"))
        for version in (112, 118, 124, 131, 138, 145)
    ]
)
"""Scanners that pose as Chrome without sending what it sends. Source: opencollective issue 3656, Mautic issue 16263."""

LATE_PROXIES: Choices[Client] = Choices(
    [
        (1, _client(name, user_agent, Accept=_IMAGE))
        for name, user_agent in (
            ("HEY", "hey.com/imageproxy 1.0"),
            ("Seznam", "SeznamEmailProxy/2.0.1"),
            ("Fastmail", "FastmailUA/1.0"),
            ("made up", "GardenMailProxy/1.4 (+https://garden.example/proxy)"),
            ("made up", "Mozilla/5.0 (compatible; ExampleImageProxy/3.0; +https://mail.example/proxy)"),
        )
    ]
)
"""Image proxies of mail services that few lists name. Source: reports of hosts, 2026; the last two are made up."""

ODD_BROWSERS: Choices[Client] = Choices(
    [
        (1, _browser(name, user_agent, _LANGUAGES[0]).plain)
        for name, user_agent in (
            ("Honorlock", f"{_WINDOWS} {_KIT} Chrome/150.0.0.0 Safari/537.36 Honorlock"),
            ("Proctorio", f"{_WINDOWS} {_KIT} Chrome/150.0.0.0 Safari/537.36 Proctorio"),
            ("Ladybird", f"Mozilla/5.0 (X11; Linux x86_64) {_KIT} Ladybird/1.0 Chrome/140.0.0.0 Safari/537.36"),
            ("Snapchat", f"{_IPHONE} Mobile/15E148 Snapchat/13.50.0.44 (like Safari/8621.1.15.10.7, panda)"),
        )
    ]
)
"""Browsers that carry a tool's name, or an odd one of their own. Source: reports of hosts, 2026."""

OLD_CHROMES = tuple(
    _client("Chrome", f"{_WINDOWS} {_KIT} Chrome/{version}.0.0.0 Safari/537.36", Accept="*/*")
    for version in (74, 87, 95, 101)
)
"""Source: opencollective issue 3656, 2021: old and varying versions of Chrome."""

SIGNED_AGENT = _client(
    "ChatGPT agent",
    f"{_MAC} {_KIT} Chrome/138.0.0.0 Safari/537.36",
    Accept=_PAGE,
    Accept_Language=_LANGUAGES[3],
    Sec_Fetch_Dest="document",
    Sec_Fetch_Mode="navigate",
    Sec_Fetch_Site="none",
    Sec_Fetch_User="?1",
    Signature_Agent='"https://chatgpt.com"',
    Signature_Input='sig1=("@authority" "signature-agent");created=1764000000;tag="web-bot-auth"',
)
"""An assistant that a person sent, and that signs what it asks for. Source: OpenAI, ChatGPT agent allow-listing, 2025."""

NAMED_SCANNERS: Choices[Client] = Choices(
    [
        (6, _client("Barracuda", "Barracuda Sentinel (EE)", Accept="*/*")),
        (2, _client("BingPreview", f"Mozilla/5.0 (Windows NT 6.1; WOW64) {_KIT.split('/')[0]}/534+ BingPreview/1.0b")),
        (1, _client("Microsoft", "Microsoft Exchange/15.20 (Windows NT 10.0; Win64; x64)")),
    ]
)
"""Source: Braze, bot clicks, 2024; phpList issue 415, 2018."""

SANDBOXES: Choices[Client] = Choices(
    [
        (2, _client("Sandbox", "Mozilla/5.0 (Apple Mac OS X v10.9.3; Trident/7.0; rv:11.0) like Gecko")),
        (
            1,
            _client(
                "Sandbox",
                "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-GB; rv:1.8.1.16) Gecko/20080702 Firefox/2.0.0.16",
            ),
        ),
        (
            1,
            _client(
                "Sandbox",
                f"Mozilla/5.0 (Windows NT 6.0; WOW64) {_KIT} Chrome/49.0.2623.112 Safari/537.36",
                Accept="*/*",
            ),
        ),
    ]
)
"""Source: Trend Micro, Phish Insight rules, 2026."""

PREVIEWS: Choices[Client] = Choices(
    [
        (4, _client("Slack", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Accept="*/*")),
        (
            4,
            _client(
                "Teams",
                "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
            ),
        ),
        (3, _client("WhatsApp", "WhatsApp/2.23.20.0 A", Accept="*/*")),
        (
            1,
            _client(
                "LinkedIn", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"
            ),
        ),
    ]
)
"""Source: crawler-user-agents and isbot, 2026; the weights are inferred."""

CRAWLERS: Choices[Client] = Choices(
    [
        (
            4,
            _client(
                "Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Accept="*/*"
            ),
        ),
        (
            2,
            _client("bingbot", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Accept="*/*"),
        ),
        (
            1,
            _client(
                "GPTBot",
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            ),
        ),
    ]
)
"""Crawlers that found a mail on a public page. Source: the operators' documentation, 2026."""

SCRIPTS: Choices[Client] = Choices(
    [
        (3, _client("curl", "curl/8.14.1", Accept="*/*")),
        (3, _client("requests", "python-requests/2.32.3", Accept="*/*")),
        (1, _client("Go", "Go-http-client/2.0")),
        (1, _client("nobody", "", Accept="*/*")),
    ]
)
"""Source: crawler-user-agents, 2026."""
