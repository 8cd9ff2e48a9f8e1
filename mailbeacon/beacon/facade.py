"""The facade: one object that holds a host's settings and does the whole way out and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NoReturn, Self, SupportsIndex, Unpack, overload

from mailbeacon import replying
from mailbeacon.beacon.incoming import make_decoder, make_last_redactor, make_observer, make_redactor, make_signer
from mailbeacon.beacon.outgoing import Outgoing
from mailbeacon.decoding import Decoder, destination, is_open
from mailbeacon.errors import ConfigError
from mailbeacon.judging import Classifier
from mailbeacon.links import Routes, carried, check_destination, leave_fields, manifest_of
from mailbeacon.model import (
    Action,
    Answer,
    Event,
    History,
    Judge,
    Level,
    Link,
    Manifest,
    Message,
    Reply,
    Request,
)
from mailbeacon.observing import Observer
from mailbeacon.privacy import marked, personal
from mailbeacon.rewriting import LinkRules, Planner, Rewrite, unwrap
from mailbeacon.settings import MoreOptions, Options, Settings, read_environment
from mailbeacon.store import MemoryHistory
from mailbeacon.template import Template, prove

if TYPE_CHECKING:
    from mailbeacon.beacon.mails import Mails
    from mailbeacon.composing import Composed, MailTemplate
    from mailbeacon.composing.whole import AnyEmail

__all__ = ["Beacon"]


class Beacon:
    """Sign, rewrite, decode, judge and answer, with one host's settings; safe to use from several threads.

    Args:
        base_url: Where the tracking routes are mounted.
        settings: Instead of all other arguments.
        options: The fields of :class:`mailbeacon.Settings`, ``secret_keys`` above all.

    Raises:
        ConfigError: If the settings cannot work.
    """

    @overload
    def __init__(self, base_url: str, **options: Unpack[Options]) -> None: ...
    @overload
    def __init__(self, *, settings: Settings) -> None: ...
    def __init__(self, base_url: str = "", *, settings: Settings | None = None, **options: object) -> None:
        if settings is not None:
            _check(Settings, settings=settings)
            if base_url or options:
                raise ConfigError("give either settings or a base URL with options, not both")
        self.settings = Settings.of(base_url, options) if settings is None else settings
        self.signer = make_signer(self.settings)
        self.routes = Routes(self.settings.base_url)
        self.history: History = MemoryHistory() if self.settings.history is None else self.settings.history
        self.planner = Planner(LinkRules.of(self.settings, self.routes.owns))
        self._limit = replying.HitLimit(self.settings.max_hits_per_message)
        self.outgoing = Outgoing(self.settings, self.signer, self.routes, self.planner)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Unpack[MoreOptions]) -> Self:
        """Return a beacon whose base URL and signing keys stand in environment variables.

        For an application, its workers and its command line alike: each makes the same beacon, and no key stands in code.

        Args:
            environ: ``MAILBEACON_BASE_URL``, and ``MAILBEACON_SECRET_KEYS`` (white space or commas between, the newest last)
                or ``MAILBEACON_SECRET_KEYS_FILE`` (one a line); ``None`` for the process's own environment.
            options: The other settings.

        Raises:
            ConfigError: If a variable is missing, or the settings cannot work.
        """
        base_url, keys = read_environment(os.environ if environ is None else environ)
        return cls(base_url, secret_keys=keys, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.base_url!r}, secret_keys={self.settings.keys!r})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self.settings.keys.__reduce_ex__(protocol)

    @cached_property
    def observer(self) -> Observer:
        """What turns requests into facts; made when first needed."""
        return make_observer(self.settings)

    @cached_property
    def judge(self) -> Judge:
        """What says who it was."""
        return Classifier() if self.settings.judge is None else self.settings.judge

    @cached_property
    def _decoder(self) -> Decoder:
        return make_decoder(self.settings, self.signer)

    @cached_property
    def redact(self) -> Callable[[Event], Event]:
        """What takes from an event what the settings do not keep."""
        return make_redactor(self.settings)

    @cached_property
    def _mails(self) -> Mails:
        from mailbeacon.beacon.mails import Mails  # only where mail is composed: it imports email
        from mailbeacon.composing import Leaving

        leave = Leaving(headers=self.leave_headers, head=self.routes.leave(""), sign=self.outgoing.leave_token)
        return Mails(self.outgoing, self.signer.sign_message, leave)

    @cached_property
    def _responder(self) -> replying.Responder:
        settings, decode, observe = self.settings, self._decoder.decode, self.observer.observe
        redact = make_last_redactor(settings, self.redact)
        return replying.Responder(
            settings, decode=decode, observe=observe, judge=self.judge, redact=redact, action=self._decoder.action
        )

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
        if html.__class__ is not str:
            _check(str, html=html)
        rewriter = self.outgoing.rewriters(message, shared=False)
        if text:
            return rewriter.text(html)
        done = rewriter.html(html)
        if verify:
            prove(done, rewriter.pixel)
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
        _check(str, html=html, text=text, campaign=campaign)
        return self.outgoing.compiled(html, text, campaign=campaign, verify=verify, levels=self.levels)

    def compose_bytes(
        self,
        raw: bytes,
        message: Message,
        *,
        strip_signatures: bool = False,
        shared: bool = False,
        leave: bool = False,
    ) -> bytes:
        """Rewrite the bodies of a whole mail; every other byte stays.

        Args:
            raw: The mail.
            message: Whose mail it is.
            strip_signatures: Leave out DKIM and ARC fields, which would no longer hold.
            shared: Let several people get the mail; its token is then the campaign's alone.
            leave: Set the header fields of :meth:`leave_headers`, each on one line, in place of those there are.

        Raises:
            SignedMail: If a change would break a signature or encryption.
            RewriteError: For several recipients, or a mail beyond what can be rewritten safely.
            ConfigError: If the message cannot be signed, or has no campaign.
        """
        _check(bytes, raw=raw)
        return self._mails.composed(raw, message, strip_signatures=strip_signatures, shared=shared, leave=leave).data

    def compose_with_report(
        self,
        mail: bytes | AnyEmail,
        message: Message,
        *,
        strip_signatures: bool = False,
        shared: bool = False,
        leave: bool = False,
    ) -> Composed:
        """Do what :meth:`compose_bytes` or :meth:`compose` does, and tell of every link and of what to look at.

        The arguments and the errors are theirs. The mail is in ``data``, and for an email object its copy in ``email``.
        """
        return self._mails.composed(
            mail, message, strip_signatures=strip_signatures, shared=shared, leave=leave, labels=True
        )

    def compose(
        self,
        email: AnyEmail,
        message: Message,
        *,
        strip_signatures: bool = False,
        shared: bool = False,
        leave: bool = False,
    ) -> AnyEmail:
        """Return a tracked copy of an ``EmailMessage`` or legacy ``Message``; the object given is never touched.

        The other arguments and the errors are those of :meth:`compose_bytes`.
        """
        return self._mails.copied(email, message, strip_signatures=strip_signatures, shared=shared, leave=leave)

    def compile_mail(
        self,
        mail: bytes | AnyEmail,
        *,
        campaign: str,
        verify: bool = True,
        strip_signatures: bool = False,
        shared: bool = False,
        leave: bool = False,
    ) -> MailTemplate:
        """Compile a whole mail once for a campaign; one recipient's bytes are then one signature and one join.

        Args:
            mail: The mail as bytes, or an email object.
            campaign: The campaign its messages belong to.
            verify: Let html5lib prove that nothing else changed in its documents.
            strip_signatures: As for :meth:`compose_bytes`, which raises the same errors.
            shared: As for :meth:`compose_bytes`.
            leave: As for :meth:`compose_bytes`, for each recipient. In a body, ``{{ leave_url }}`` and ``{{ stop_url }}`` then
                stand for the recipient's own :meth:`leave_url` to unsubscribe and to stop being tracked.

        Raises:
            RewriteError: Also if the proof fails.
        """
        return self._mails.compiled(
            mail,
            campaign=campaign,
            verify=verify,
            strip_signatures=strip_signatures,
            shared=shared,
            leave=leave,
        )

    def manifest(self, campaign: str, links: Iterable[Link]) -> Manifest:
        """Return the destinations of short links that :meth:`rewrite` or :meth:`compose_with_report` wrapped: their ``.links``."""
        return manifest_of(campaign, links)

    def open_url(self, message: Message) -> str:
        """Return the URL of a message's pixel.

        Raises:
            ConfigError: If the message cannot be signed, or allows no opens.
        """
        levels = self.levels(message)
        if levels[0] is Level.NONE:
            raise ConfigError("the message allows no open tracking, so it has no pixel")
        return self.routes.open(self.outgoing.tokens(message, levels)[0])

    def click_url(self, message: Message, url: str) -> str:
        """Return the wrapped URL of one destination, as link number 0: one that stands in no document.

        Raises:
            ConfigError: If the destination must not be signed, the message has no campaign or allows no clicks, or links
                are short (a short link needs a manifest).
        """
        if self.settings.short_links:
            raise ConfigError("click_url cannot be used with short_links: only compiled links are in a manifest")
        levels = self.levels(message)
        if levels[1] is Level.NONE:
            raise ConfigError("the message allows no click tracking, so its links are not wrapped")
        _check(str, url=url)
        if check_destination(url) is not None:
            raise ConfigError("the destination must be an absolute http or https URL without control characters")
        wrapped = self.outgoing.linkers.of(message.campaign).wrap(self.outgoing.tokens(message, levels)[1])(0, url)
        if not wrapped:
            raise ConfigError("the destination is too long: the wrapped URL would pass 2,000 characters")
        return wrapped

    def metadata(self, message: Message, *, longest: int = 0) -> dict[str, str]:
        """Return a mail's metadata for a provider, whose webhooks give it back; what is over ``longest`` goes on after it."""
        return carried(self.signer.sign_message(personal(message, *self.levels(message))), longest)

    def leave_url(self, message: Message, action: Action) -> str:
        """Return the URL where a recipient can act: a GET shows a page with one button, and only a POST acts.

        Args:
            message: Whose mail it stands in; its levels do not matter.
            action: What the link is for: it serves for nothing else.

        Raises:
            ConfigError: If the message has no recipient, or cannot be signed.
        """
        _check(Message, message=message)
        _check(Action, action=action)
        return self.routes.leave(self.outgoing.leave_token(message, action))

    def leave_headers(self, message: Message) -> dict[str, str]:
        """Return the header fields by which mail programs offer to unsubscribe with one click.

        Both must be covered by the mail's DKIM signature.

        Raises:
            ConfigError: As for :meth:`leave_url`, and if the URL is too long for a line of mail.

        Source: RFC 2369 (1998), section 3.2; RFC 8058 (2017), section 3.1.
        """
        return leave_fields(self.leave_url(message, Action.UNSUBSCRIBE))

    def unwrap(self, html: str, *, text: bool = False) -> str:
        """Return a mail with its own destinations again and without our pixel.

        Only links that our keys signed change, and only a pixel they signed goes; foreign and forged ones stay as they
        are. A source without tags is read as plain text; ``text=True`` insists on it.
        """
        _check(str, html=html)
        return unwrap(html, self.destination, partial(is_open, signer=self.signer), text=text)

    def destination(self, url: str) -> str:
        """Return the verified destination behind a wrapped link, or the empty text."""
        _check(str, url=url)
        return destination(url, self.signer, self.settings.manifests)

    def decode(self, request: Request) -> Event:
        """Return the event a request stands for, with facts, nothing redacted.

        Raises:
            TokenError: If the URL is none of ours, or not signed by us.
        """
        _check(Request, request=request)
        if request.received_at is None:
            request = replace(request, received_at=self.settings.clock())
        event = self._decoder.decode(request)
        return replace(event, facts=marked(self.observer.observe(request, event.kind), event))

    def answer(self, request: Request, history: History | None = None) -> Answer:
        """Return the reply to a request, and what is to be recorded; changes nothing and never raises.

        Args:
            request: Any request at all.
            history: What came before; the verdict sees nothing without it.
        """
        return self._responder.answer(request, history)

    def handle(self, request: Request) -> Reply:
        """Answer a request, and tell the sink, the history and ``on_event``; never raises."""
        return replying.deliver(self.answer(request, self.history), self.settings, self.history, limit=self._limit)

    def levels(self, message: Message) -> tuple[Level, Level]:
        """Return how much may be known of a message's opens and clicks: its own levels or the host's, whichever is less.

        Raises:
            ConfigError: If the message asks for more than ``Settings.ceiling`` allows.
        """
        return self.outgoing.levels(message)

    def sign(self, message: Message) -> str:
        """Return a message's token.

        Raises:
            ConfigError: If the recipient is an e-mail address and the settings do not allow that.
        """
        _check(Message, message=message)
        return self.signer.sign_message(message)

    def message_id(self, message: Message) -> str:
        """Return the mail's name as its events have it: ``message.id``, or a digest keyed with the newest signing key.

        The digest hangs on the key that signs the mail: where a provider reports on mails of weeks ago, keep it at sending,
        or give each message an ``id``.
        """
        _check(Message, message=message)
        return self.signer.message_id(message)


def _check(kind: type, **values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, kind):
            raise ConfigError(f"{name} must be {kind.__name__}, got {type(value).__name__}")
