"""Whole mails for a beacon: rewritten once for one recipient, or compiled for a campaign.

Loaded where mail is composed, for it imports ``email``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from mailbeacon import composing
from mailbeacon.beacon.outgoing import Outgoing
from mailbeacon.composing.reading import check_email
from mailbeacon.errors import ConfigError
from mailbeacon.model import Message
from mailbeacon.privacy import as_aggregate

if TYPE_CHECKING:
    from mailbeacon.composing import Composed, Leaving, MailTemplate
    from mailbeacon.composing.whole import AnyEmail

__all__ = ["Mails"]


class Mails:
    """Put one host's tokens, and where it wants them the header fields for leaving, into whole mails.

    Args:
        outgoing: Gives what rewrites a body.
        sign: Gives a message's token.
        leave: How a message's recipient can leave.
    """

    def __init__(self, outgoing: Outgoing, sign: Callable[[Message], str], leave: Leaving) -> None:
        self._outgoing = outgoing
        self._sign = sign
        self._leave = leave

    def composed(
        self,
        mail: bytes | AnyEmail,
        message: Message,
        *,
        strip_signatures: bool,
        shared: bool,
        leave: bool,
        labels: bool = False,
    ) -> Composed:
        """Return a rewritten mail, or a rewritten copy of an email object, and what was done."""
        rewriter = self._outgoing.rewriters(as_aggregate(message) if shared else message, shared=shared)
        fields = self._leave.headers(message) if _is_wanted(leave, shared) else None
        if isinstance(mail, bytes):
            return composing.compose_bytes(
                mail, rewriter, strip_signatures=strip_signatures, shared=shared, labels=labels, fields=fields
            )
        return composing.compose(
            mail, rewriter, strip_signatures=strip_signatures, shared=shared, labels=labels, fields=fields
        )

    def copied(
        self, email: AnyEmail, message: Message, *, strip_signatures: bool, shared: bool, leave: bool
    ) -> AnyEmail:
        """Return a rewritten copy of an email object."""
        check_email(email)
        done = self.composed(email, message, strip_signatures=strip_signatures, shared=shared, leave=leave)
        return cast("AnyEmail", done.email)

    def compiled(
        self,
        mail: bytes | AnyEmail,
        *,
        campaign: str,
        verify: bool,
        strip_signatures: bool,
        shared: bool,
        leave: bool,
    ) -> MailTemplate:
        """Return a mail compiled for a campaign."""
        levels = self._outgoing.least if shared else self._outgoing.levels
        return composing.compile_mail(
            mail,
            partial(self._outgoing.compiled, campaign=campaign, verify=verify, levels=levels),
            strip_signatures=strip_signatures,
            shared=shared,
            levels=levels,
            sign=self._sign,
            most=self._outgoing.most,
            leave=self._leave if _is_wanted(leave, shared) else None,
        )


def _is_wanted(leave: bool, shared: bool) -> bool:
    """Check whether a mail gets the fields for leaving, which a mail that several people share cannot have."""
    if leave and shared:
        raise ConfigError("a shared mail cannot have leave=True: a link to leave names one recipient")
    return leave
