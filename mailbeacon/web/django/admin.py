"""Events in the admin, to look at and never to change, and a page with the report of each campaign."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from mailbeacon.errors import MailbeaconError, StoreError
from mailbeacon.reporting.page import POLICY
from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.django.models import Event
from mailbeacon.web.figures import report_of

__all__ = ["EventAdmin"]


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """The list of events."""

    list_display = ("received_at", "kind", "campaign_report", "recipient", "actor", "is_human", "url")
    list_filter = ("kind", "actor", "is_human", "received_at", "campaign")
    search_fields = ("recipient", "campaign", "url")
    date_hierarchy = "received_at"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Forbid making events up."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Forbid changing what happened."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a campaign."""
        page = self.admin_site.admin_view(self.report)
        return [path("report/", page, name="mailbeacon_report"), *super().get_urls()]

    @admin.display(description="campaign", ordering="campaign")
    def campaign_report(self, event: Event) -> str:
        """Return the campaign's name as a link to its report."""
        page = reverse("admin:mailbeacon_report", current_app=self.admin_site.name)
        return format_html(
            '<a href="{}?{}">{}</a>', page, urlencode({"campaign": event.campaign}), event.campaign or "(none)"
        )

    def report(self, request: HttpRequest) -> HttpResponse:
        """Return the report of the campaign that is asked for, or of all, as a page."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        one = beacon()
        try:
            page = report_of(one.settings.sink, request.GET.get("campaign", ""), judge=one.judge, as_page=True)
        except MailbeaconError as error:  # such as a table that is not there yet
            status = 503 if isinstance(error, StoreError) else 404
            return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
        # of two policies both hold, and a site's own may forbid the page its styles
        return HttpResponse(page, headers={"Content-Security-Policy": POLICY})
