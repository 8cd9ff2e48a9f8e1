"""The tracking routes: ``path("m/", include("mailbeacon.web.django.urls"))``, for a base URL that ends in ``/m``.

Providers post to ``m/webhooks/<name>``, for those that ``MAILBEACON["WEBHOOKS"]`` names.
"""

from __future__ import annotations

from django.urls import re_path

from mailbeacon.web.django.views import track, webhook

__all__ = ["app_name", "urlpatterns"]

app_name = "mailbeacon"
urlpatterns = [
    re_path(r"^[ocu]/", track, name="track"),
    re_path(r"^webhooks/(?P<name>[a-z]+)/?$", webhook, name="webhook"),
]
