"""The facade: one object that holds a host's settings and does the whole way out and back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cached_property
from threading import Lock

from mailbeacon import replying
from mailbeacon.decoding import decode
from mailbeacon.errors import ConfigError, TokenError
from mailbeacon.judging import Classifier
from mailbeacon.links import Routes, check_destination, parse, short_name
from mailbeacon.model import (
    Answer,
    Channel,
    Event,
    Facts,
    History,
    Judge,
    Kind,
    Level,
    Message,
    Reply,
    Request,
    Target,
)
from mailbeacon.observing import Observer
from mailbeacon.privacy import redact
from mailbeacon.rewriting import LinkRules, Planner, Rewrite, rewrite_html, rewrite_text, unwrap
from mailbeacon.settings import Settings
from mailbeacon.store import MemoryHistory
from mailbeacon.template import Linker, Template, compile_template, prove
from mailbeacon.tokens import TokenSigner

__all__ = ["Beacon"]

_MAX_CAMPAIGNS = 64


class Beacon:
    """Sign, rewrite, decode, judge and answer, with one host's settings; safe to use from several threads.

    Args:
        base_url: Where the tracking routes are mounted.
        settings: The settings, instead of all other arguments.
        options: The fields of :class:`mailbeacon.Settings`, ``secret_keys`` above all.

    Raises:
        ConfigError: If the settings cannot work.
    """

    def __init__(self, base_url: str = "", *, settings: Settings | None = None, **options: object) -> None:
        if settings is not None and (base_url or options):
            raise ConfigError("give either settings or a base URL with options, not both")
        self.settings = _settings(base_url, options) if settings is None else settings
        self.signer = TokenSigner(self.settings.keys, self.settings.namespace)
        self.routes = Routes(self.settings.base_url)
        self.history: History = self.settings.history or MemoryHistory()
        self.planner = Planner(
            LinkRules(
                owns=self.routes.owns,
                exclude=self.settings.exclude,
                only=self.settings.only,
                utm=self.settings.utm,
                wrap_unsubscribe=self.settings.wrap_unsubscribe,
            )
        )
        self._linkers: OrderedDict[str, Linker] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def observer(self) -> Observer:
        """What turns requests into facts; made when first needed."""
        return Observer(self.settings.networks, secret=self.signer.derive("facts"))

    @cached_property
    def judge(self) -> Judge:
        """What says who it was."""
        return self.settings.judge or Classifier()

    # mail out

    def rewrite(self, html: str, message: Message, *, text: bool = False, verify: bool = False) -> Rewrite:
        """Rewrite one document for one message.

        Args:
            html: The document, or plain text.
            message: Whose mail it is; it needs a campaign wherever links are wrapped.
            text: Whether it is plain text: links are wrapped, and there is no pixel.
            verify: Let html5lib prove that nothing else changed.

        Raises:
            ConfigError: If the message cannot be signed, or has no campaign.
            RewriteError: If the proof fails.
        """
        opens, clicks = self.levels(message)
        token = self.sign(message) if opens or clicks else ""
        wrap = None
        if clicks:
            wrap = self._linker(message.campaign).wrap(token, Channel.TEXT if text else Channel.HTML)
        if text:
            return rewrite_text(html, wrap or _leave_alone, rules=self.planner.rules)
        pixel = self.routes.open(token) if opens else ""
        done = rewrite_html(html, wrap, pixel=pixel, position=self.settings.pixel, planner=self.planner)
        if verify:
            prove(done, pixel)
        return done

    def compile(self, html: str, text: str = "", *, campaign: str, verify: bool = True) -> Template:
        """Compile a newsletter once for a campaign.

        Args:
            html: The document.
            text: The plain-text part; the numbers of its links run on from the document's.
            campaign: The campaign its messages belong to.
            verify: Let html5lib prove that nothing else changed, and find the links' labels.

        Raises:
            ConfigError: If the campaign is empty.
            RewriteError: If the proof fails, or the document is too much for it.
        """
        return compile_template(
            html,
            text,
            campaign=campaign,
            linker=self._linker(campaign),
            routes=self.routes,
            planner=self.planner,
            position=self.settings.pixel,
            verify=verify,
            sign=self.sign,
            levels=self.levels,
        )

    def open_url(self, message: Message) -> str:
        """Give the URL of a message's pixel.

        Raises:
            ConfigError: If the message cannot be signed, or allows no opens.
        """
        if self.levels(message)[0] is Level.NONE:
            raise ConfigError("the message allows no open tracking, so it has no pixel")
        return self.routes.open(self.sign(message))

    def click_url(self, message: Message, url: str) -> str:
        """Give the wrapped URL of one destination, as link number 0: one that stands in no document.

        Raises:
            ConfigError: If the destination must not be signed, the message has no campaign or allows no clicks, or links
                are short (a short link needs a manifest).
        """
        if self.settings.short_links:
            raise ConfigError("click_url cannot be used with short_links: only compiled links are in a manifest")
        if self.levels(message)[1] is Level.NONE:
            raise ConfigError("the message allows no click tracking, so its links are not wrapped")
        if check_destination(url) is not None:
            raise ConfigError("the destination must be an absolute http or https URL without control characters")
        wrapped = self._linker(message.campaign).wrap(self.sign(message))(0, url)
        if not wrapped:
            raise ConfigError("the destination is too long: the wrapped URL would pass 2,000 characters")
        return wrapped

    def unwrap(self, html: str) -> str:
        """Give a mail its destinations back and take our pixel out.

        Only links that our keys signed change; foreign and forged ones stay as they are.
        """
        return unwrap(html, self.destination, self.routes.owns)

    def destination(self, url: str) -> str:
        """Give the verified destination behind a wrapped link, or the empty text."""
        try:
            path = parse(url)
            if path.kind != "c":
                return ""
            message = self.signer.read_message(path.token)
            if path.link[:1] == "s":
                manifest = self.settings.manifests(message.campaign) if self.settings.manifests else None
                target = manifest.targets.get(path.link) if manifest else None
            else:
                target = self.signer.read_link(path.link, message.campaign)
        except TokenError:
            return ""
        return target.url if target else ""

    # requests in

    def decode(self, request: Request) -> Event:
        """Say what a request tells, with facts, nothing redacted.

        Raises:
            TokenError: If the URL is none of ours, or not signed by us.
        """
        if request.received_at is None:
            request = replace(request, received_at=self.settings.clock())
        event = self._decode(request)
        return replace(event, facts=self._observe(request, event.kind))

    def answer(self, request: Request, history: History | None = None) -> Answer:
        """Give the reply to a request, and what is to be recorded; changes nothing and never raises.

        Args:
            request: Any request at all.
            history: What came before; the verdict sees nothing without it.
        """
        return replying.respond(
            request,
            self.settings,
            decode=self._decode,
            observe=self._observe,
            judge=self.judge,
            redact=self._redact,
            history=history,
        )

    def handle(self, request: Request) -> Reply:
        """Answer a request, and tell the sink, the history and ``on_event``; never raises."""
        return replying.deliver(self.answer(request, self.history), self.settings, self.history)

    # what the above share

    def levels(self, message: Message) -> tuple[Level, Level]:
        """Give how much may be known of a message's opens and clicks: its own levels or the host's, whichever is less."""
        most = self.settings.default_level
        if most is Level.FULL:
            return message.opens, message.clicks
        return min(message.opens, most), min(message.clicks, most)

    def sign(self, message: Message) -> str:
        """Give a message's token.

        Raises:
            ConfigError: If the recipient is an e-mail address and the settings do not allow that.
        """
        if "@" in message.recipient and not self.settings.allow_addresses:
            raise ConfigError(
                "recipient looks like an e-mail address, which would stand readable in every link: "
                "use the host's own key, or set allow_addresses=True"
            )
        return self.signer.sign_message(message)

    def _linker(self, campaign: str) -> Linker:
        """Give the link tokens of a campaign, remembered for the campaigns used last."""
        with self._lock:
            found = self._linkers.get(campaign)
            if found is None:
                found = self._linkers[campaign] = Linker(self._link_signer(campaign), self.routes)
                if len(self._linkers) > _MAX_CAMPAIGNS:
                    self._linkers.popitem(last=False)
            else:
                self._linkers.move_to_end(campaign)
            return found

    def _link_signer(self, campaign: str) -> Callable[[Target], str]:
        if not campaign:
            raise ConfigError("campaign must not be empty where links are wrapped: a link is signed for its campaign")
        if self.settings.short_links:
            return _short
        return lambda target: self.signer.sign_link(target, campaign)

    def _decode(self, request: Request) -> Event:
        settings = self.settings
        return decode(
            request,
            self.signer,
            manifests=settings.manifests,
            max_age=settings.max_age,
            clock_skew=settings.clock_skew,
        )

    def _observe(self, request: Request, kind: Kind) -> Facts:
        return self.observer.observe(request, kind)

    def _redact(self, event: Event) -> Event:
        settings = self.settings
        return redact(
            event,
            address=settings.keep_address,
            user_agent=settings.keep_user_agent,
            headers=settings.keep_headers,
            secret=self.signer.derive("privacy"),
        )


def _settings(base_url: str, options: Mapping[str, object]) -> Settings:
    """Make settings of keywords, and tell which one does not exist.

    Raises:
        ConfigError: If a keyword is unknown or ``secret_keys`` is missing.
    """
    known = {one.name for one in fields(Settings)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ConfigError(f"there is no setting {', '.join(unknown)}")
    if "secret_keys" not in options:
        raise ConfigError("secret_keys is missing: give at least one key of 16 bytes or more")
    return Settings(base_url=base_url, **options)  # type: ignore[arg-type]


def _leave_alone(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    return ""


def _short(target: Target) -> str:
    return short_name(target.number, target.url, target.channel)
