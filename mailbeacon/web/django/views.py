"""The views of the tracking routes and of providers' webhooks.

Ordinary views, so that Django runs them where its database connections belong, under WSGI and ASGI alike.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from mailbeacon.web import MAX_BODY
from mailbeacon.web.asgi import raw_url
from mailbeacon.web.django.configuring import beacon, receivers
from mailbeacon.web.webhooks import MOST_READ, request_of
from mailbeacon.web.wsgi import RequestReader

__all__ = ["track", "webhook"]


@csrf_exempt  # a provider's one-click request (RFC 8058) brings no token of Django's, and the action's is signed
@transaction.non_atomic_requests  # an event is kept whatever becomes of the request
def track(request: HttpRequest) -> HttpResponse:
    """Answer an open, a click, or a visit of the pages for leaving."""
    found = beacon()
    reader = RequestReader(found.settings)
    reply = found.handle(reader.read(_environ(request), lambda _: _body(request, MAX_BODY)))
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))


@csrf_exempt  # a provider's post brings no token of Django's; the receiver checks who sent it
@transaction.non_atomic_requests
def webhook(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - the receivers read the URL themselves
    """Answer what a provider posts."""
    reply = receivers().answer(request_of(_environ(request), _body(request, MOST_READ)))
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))


def _environ(request: HttpRequest) -> dict[str, Any]:
    environ = dict(request.META)
    scope = getattr(request, "scope", None)
    if scope is not None:  # under ASGI, the client's own text of the path
        environ["REQUEST_URI"] = raw_url(scope)
    environ["REQUEST_METHOD"] = request.method or "GET"
    return environ


def _body(request: HttpRequest, most: int) -> bytes:
    """Return the raw body as far as it is taken, also beyond ``DATA_UPLOAD_MAX_MEMORY_SIZE``, which is for forms."""
    try:
        return request.body[:most]
    except RequestDataTooBig:
        return request.read(most)
