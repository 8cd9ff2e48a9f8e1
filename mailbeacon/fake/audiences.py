"""Who is on a list: which share of recipients behaves how.

The presets follow Litmus' shares of opens (March 2022: Apple 60.7, of it its proxy 53.1; Gmail 26.5; Outlook 4.1;
Yahoo 3.3; Android 1.7; Outlook.com 0.9; Samsung 0.3) and the shares of machine clicks that vendors report (AWeber 5 %,
Marketo 15 to 30 %, Evalanche 5 to 60 %, Omeda 63 %). How they come down to single recipients is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mailbeacon.errors import ConfigError
from mailbeacon.fake import clients
from mailbeacon.fake.addresses import BARRACUDA, FASTMAIL, GOOGLE_PROXY, HOSTING, MICROSOFT_MAIL, YAHOO_PROXY
from mailbeacon.fake.behaviours import OFFICE_HOURS, Behaviour
from mailbeacon.fake.chance import Choices
from mailbeacon.fake.clients import CRAWLERS, MAC_BROWSERS, MAIL_CLIENTS, NAMED_SCANNERS, SANDBOXES, SCRIPTS
from mailbeacon.fake.machines import Forger, Replayer, Scanner, Stray
from mailbeacon.fake.readers import AppleReader, GmailPrefetch, Reader, SafeLinksReader, Sharer
from mailbeacon.model import Actor

__all__ = ["BUSINESS", "CONSUMER", "INTERNAL", "MAX_BEHAVIOURS", "Audience", "Layer", "audience"]

Layer = tuple[tuple[float, Behaviour], ...]
"""Shares of recipients with their behaviours; the shares left over do nothing."""

MAX_BEHAVIOURS = 256
"""How many behaviours an audience may have."""

_HOUR = 3600.0
_EUROPE = ((30.0, 0.0), (60.0, _HOUR), (10.0, 2 * _HOUR))
_WORLD = ((14.0, -8 * _HOUR), (32.0, -5 * _HOUR), (20.0, 0.0), (26.0, _HOUR), (8.0, 5.5 * _HOUR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """What shares of a list behave how.

    Each recipient draws one behaviour of each layer, independently: one reader, one scanner before it, one stray.

    Args:
        name: What it is called.
        readers: People and the proxies that fetch for them.
        gateways: Security scanners.
        strays: Crawlers, scripts, forgers.
        zones: Time zones in seconds east of Greenwich, with their weights.
        people: The seed of people who stay the same from one mailing to the next: each with a client, a zone, a home and a
            keenness, so that a year can be played. ``None`` draws everything anew each time.

    Raises:
        ConfigError: If the shares of a layer are negative or add up to more than 1, or there are too many behaviours.
    """

    name: str
    readers: Layer = ()
    gateways: Layer = ()
    strays: Layer = ()
    zones: tuple[tuple[float, float], ...] = field(default=_EUROPE, repr=False)
    people: int | None = None

    def __post_init__(self) -> None:
        for layer in self.layers:
            if any(share < 0 for share, _ in layer) or sum(share for share, _ in layer) > 1.000001:
                raise ConfigError("the shares of a layer must be 0 or more, and add up to 1 at most")
        if sum(map(len, self.layers)) > MAX_BEHAVIOURS:
            raise ConfigError(f"an audience has at most {MAX_BEHAVIOURS} behaviours")

    @property
    def layers(self) -> tuple[Layer, Layer, Layer]:
        """The three layers."""
        return self.readers, self.gateways, self.strays

    def lasting(self, people: int = 1) -> Audience:
        """Return the same audience, of people who stay the same from one mailing to the next.

        Args:
            people: Their seed: another one is another list.
        """
        return replace(self, people=people)


_FASTMAIL = MAIL_CLIENTS["Webmail"]

_STRAYS: Layer = (
    (0.0008, Stray("crawler", Actor.CRAWLER, CRAWLERS)),
    (0.0008, Stray("script", Actor.SCRIPT, SCRIPTS)),
    (0.0005, Forger("forger", Actor.SCRIPT, SCRIPTS)),
    (0.0005, Replayer("replayer", Actor.SCRIPT, SCRIPTS)),
)
"""Source: inferred, 2026: rare, but every host sees them."""

CONSUMER = Audience(
    name="consumer",
    zones=_WORLD,
    readers=(
        (0.105, AppleReader("apple-prefetch")),
        (0.120, AppleReader("apple-reader", reads=1.0, clicks=0.09)),
        (0.104, Reader("gmail", looks=(clients.GMAIL_PROXY,), proxy=GOOGLE_PROXY, refetches=0.06, webmail=True)),
        (0.005, GmailPrefetch("gmail-prefetch")),
        (0.020, Reader("apple-mail", looks=MAIL_CLIENTS["Apple Mail"], browsers=MAC_BROWSERS)),
        (0.026, Reader("outlook", looks=MAIL_CLIENTS["Outlook"], shows=0.7)),
        (0.012, Reader("outlook-com", looks=MAIL_CLIENTS["Webmail"], proxy=MICROSOFT_MAIL, again=0.1)),
        (0.020, Reader("yahoo", looks=(clients.YAHOO_PROXY,), proxy=YAHOO_PROXY, again=0.0, refetches=0.03)),
        (0.011, Reader("android", looks=MAIL_CLIENTS["Android"], browsers=clients.ANDROID_BROWSERS)),
        (0.004, Reader("samsung", looks=MAIL_CLIENTS["Samsung"], browsers=clients.ANDROID_BROWSERS)),
        (0.004, Reader("thunderbird", looks=MAIL_CLIENTS["Thunderbird"], shows=0.6)),
        (0.006, Reader("fastmail", looks=_FASTMAIL, proxy=FASTMAIL)),
        (0.004, Reader("outlook-mobile", looks=MAIL_CLIENTS["Outlook mobile"], browsers=clients.IPHONE_BROWSERS)),
        (0.004, Reader("private", looks=MAIL_CLIENTS["Thunderbird"], private=1.0, clicks=0.25)),
        (0.003, Sharer("sharer", looks=MAIL_CLIENTS["Apple Mail"], browsers=MAC_BROWSERS, clicks=0.4)),
    ),
    gateways=(
        (0.0008, Scanner("scanner-burst")),
        (0.0003, Scanner("scanner-named", clients=NAMED_SCANNERS, pools=Choices([(1, BARRACUDA)]))),
        (0.0010, Scanner("scanner-single", single=True, pixel=0.1)),
        (0.0010, Scanner("scanner-pixel", single=True, pixel=1.0, pools=Choices([(1, HOSTING)]))),
    ),
    strays=_STRAYS,
)
"""A newsletter to private people."""

BUSINESS = Audience(
    name="business",
    readers=(
        (0.060, AppleReader("apple-prefetch", habits=OFFICE_HOURS)),
        (0.060, AppleReader("apple-reader", reads=1.0, browsers=MAC_BROWSERS, office=0.4, habits=OFFICE_HOURS)),
        (
            0.070,
            Reader(
                "gmail",
                looks=(clients.GMAIL_PROXY,),
                proxy=GOOGLE_PROXY,
                refetches=0.06,
                webmail=True,
                office=0.5,
                habits=OFFICE_HOURS,
            ),
        ),
        (0.003, GmailPrefetch("gmail-prefetch")),
        (0.070, Reader("outlook", looks=MAIL_CLIENTS["Outlook"], shows=0.6, office=0.7, habits=OFFICE_HOURS)),
        (0.030, Reader("new-outlook", looks=MAIL_CLIENTS["New Outlook"], office=0.7, habits=OFFICE_HOURS)),
        (
            0.030,
            Reader("outlook-com", looks=_FASTMAIL, proxy=MICROSOFT_MAIL, again=0.15, office=0.6, habits=OFFICE_HOURS),
        ),
        (
            0.050,
            SafeLinksReader(
                "safe-links",
                looks=MAIL_CLIENTS["Outlook"],
                shows=0.6,
                gateway=True,
                clicks=0.14,
                office=0.7,
                habits=OFFICE_HOURS,
            ),
        ),
        (0.020, Reader("apple-mail", looks=MAIL_CLIENTS["Apple Mail"], browsers=MAC_BROWSERS, office=0.4)),
        (0.012, Reader("outlook-mobile", looks=MAIL_CLIENTS["Outlook mobile"], browsers=clients.IPHONE_BROWSERS)),
        (0.010, Reader("android", looks=MAIL_CLIENTS["Android"], browsers=clients.ANDROID_BROWSERS)),
        (0.008, Reader("thunderbird", looks=MAIL_CLIENTS["Thunderbird"], shows=0.6, office=0.5)),
        (0.005, Reader("yahoo", looks=(clients.YAHOO_PROXY,), proxy=YAHOO_PROXY, again=0.0)),
        (0.003, Reader("private", looks=MAIL_CLIENTS["Thunderbird"], private=1.0, clicks=0.25)),
        (0.008, Sharer("sharer", looks=MAIL_CLIENTS["Outlook"], clicks=0.4, office=0.8, habits=OFFICE_HOURS)),
    ),
    gateways=(
        (0.0045, Scanner("scanner-burst", detonates=0.1)),
        (0.0008, Scanner("scanner-head", head=True, full=0.0, pixel=0.2)),
        (0.0010, Scanner("scanner-scattered", scattered=True, pools=Choices([(1, HOSTING)]))),
        (0.0010, Scanner("scanner-slow", pace=60.0, pixel=0.3)),
        (0.0010, Scanner("scanner-leaving", leaves=True)),
        (0.0008, Scanner("scanner-named", clients=NAMED_SCANNERS, pools=Choices([(1, BARRACUDA)]))),
        (0.0006, Scanner("scanner-sandbox", clients=SANDBOXES, pace=1.5)),
        (0.0040, Scanner("scanner-single", single=True, pixel=0.1)),
        (0.0040, Scanner("scanner-pixel", single=True, pixel=1.0, pools=Choices([(1, HOSTING)]))),
    ),
    strays=_STRAYS,
)
"""A newsletter to people at companies: scanners make about half of the clicks."""

INTERNAL = Audience(
    name="internal",
    readers=(
        (
            0.450,
            SafeLinksReader(
                "safe-links",
                looks=MAIL_CLIENTS["Outlook"],
                shows=0.95,
                gateway=True,
                clicks=0.2,
                office=0.9,
                habits=OFFICE_HOURS,
            ),
        ),
        (
            0.150,
            SafeLinksReader(
                "new-outlook",
                looks=MAIL_CLIENTS["New Outlook"],
                gateway=True,
                clicks=0.2,
                office=0.9,
                habits=OFFICE_HOURS,
            ),
        ),
        (0.120, Reader("outlook-mobile", looks=MAIL_CLIENTS["Outlook mobile"], browsers=clients.IPHONE_BROWSERS)),
        (0.040, AppleReader("apple-reader", reads=0.8, office=0.5, habits=OFFICE_HOURS)),
        (0.020, Sharer("sharer", looks=MAIL_CLIENTS["Outlook"], clicks=0.5, office=0.9, habits=OFFICE_HOURS)),
    ),
    gateways=(
        (0.0100, Scanner("scanner-burst", detonates=0.2)),
        (0.0050, Scanner("scanner-head", head=True, full=0.0, pixel=0.2)),
        (0.0100, Scanner("scanner-single", single=True, pixel=0.1)),
    ),
)
"""A mail to a company's own people: one mail system, few addresses, images shown."""

_PRESETS = (CONSUMER, BUSINESS, INTERNAL)


def audience(name: str) -> Audience:
    """Return a preset by its name.

    Raises:
        ConfigError: If there is none of that name.
    """
    for preset in _PRESETS:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in _PRESETS)
    raise ConfigError(f"there is no audience {name!r}, only {known}")
