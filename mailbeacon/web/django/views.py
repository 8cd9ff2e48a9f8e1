"""The view of the tracking routes.

An ordinary view, so that Django runs it where its database connections belong, under WSGI and ASGI alike.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from mailbeacon.web import MAX_BODY
from mailbeacon.web.asgi import raw_url
from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.wsgi import RequestReader

__all__ = ["track"]


@csrf_exempt  # a provider's one-click request (RFC 8058) brings no token of Django's, and the action's is signed
@transaction.non_atomic_requests  # an event is kept whatever becomes of the request
def track(request: HttpRequest) -> HttpResponse:
    """Answer an open, a click, or a visit of the pages for leaving."""
    found = beacon()
    environ = dict(request.META)
    scope = getattr(request, "scope", None)
    if scope is not None:  # under ASGI, the client's own text of the path
        environ["REQUEST_URI"] = raw_url(scope)
    environ["REQUEST_METHOD"] = request.method or "GET"
    reply = found.handle(RequestReader(found.settings).read(environ, lambda _: request.body[:MAX_BODY]))
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))
