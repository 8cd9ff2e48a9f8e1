"""The newsletter tool in Django, in one file, sending through django-anymail: here to a Postal server of one's own.

Run it with ``MAILBEACON_BASE_URL=http://127.0.0.1:8000/m MAILBEACON_SECRET_KEYS=… POSTAL_URL=… python django_newsletter.py 8000``.
All that is of mailbeacon is marked by ``# tracking``. In Django 6.1 and newer, ``MAILERS`` takes the place of ``EMAIL_BACKEND``.
"""

import os
import sys
from datetime import UTC, datetime

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from newsletter import FOLDER, FORM, FROM, SEEDS, letter, people, sign_up

import mailbeacon as mb  # tracking
from mailbeacon.model import Leave, Purpose  # tracking
from mailbeacon.store import SqliteConsents  # tracking
from mailbeacon.web.figures import report_of  # tracking

consents = SqliteConsents(f"{FOLDER}/consents.sqlite")  # tracking


def leave(left: Leave) -> None:
    """Take a reader who left off the list."""
    people.pop(left.recipient, None)
    consents.record_leave(left)  # tracking


settings.configure(
    SECRET_KEY=os.environ["MAILBEACON_SECRET_KEYS"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/site.sqlite"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "anymail", "mailbeacon.web.django"],
    ANYMAIL={"POSTAL_API_URL": os.environ["POSTAL_URL"], "POSTAL_API_KEY": os.environ.get("POSTAL_KEY", "key")},
    EMAIL_BACKEND="mailbeacon.web.django.mail.EmailBackend",
    MAILBEACON={
        "BASE_URL": os.environ["MAILBEACON_BASE_URL"],
        "SECRET_KEYS": os.environ["MAILBEACON_SECRET_KEYS"],
        "EMAIL_BACKEND": "anymail.backends.postal.EmailBackend",
        "SPOOL": f"{FOLDER}/spool",
        "CONSENT": consents.allows,
        "ON_LEAVE": leave,
    },
)
django.setup()


@csrf_exempt  # an example: yours has a token in the form
def sign(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return HttpResponse(FORM)
    key = sign_up(request.POST["address"])
    ticked = dict.fromkeys((Purpose.OPENS, Purpose.CLICKS), "consent" in request.POST)  # tracking
    consents.record_form(key, ticked, given_at=datetime.now(UTC), source="sign-up")  # tracking
    return HttpResponse("Thank you.")


@csrf_exempt
def send(request: HttpRequest) -> HttpResponse:
    from mailbeacon.web.django import beacon  # tracking

    for key, address in people.items():
        message = mb.Message(recipient=key, campaign="spring", sent_at=datetime.now(UTC))  # tracking
        leave_url = beacon().leave_url(message, mb.Action.UNSUBSCRIBE)  # tracking
        html = letter(request.build_absolute_uri("/").rstrip("/"), leave_url)
        email = EmailMultiAlternatives(
            "Seeds", "", FROM, [address], headers=beacon().leave_headers(message)
        )  # tracking
        email.attach_alternative(html, "text/html")
        email.mailbeacon = message  # tracking
        email.send()
    return HttpResponse(f"Sent to {len(people)}.")


def seeds(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SEEDS)


def report(request: HttpRequest) -> HttpResponse:
    from mailbeacon.web.django import beacon  # tracking

    return HttpResponse(report_of(beacon().settings.sink, "spring", as_page=True))  # tracking


urlpatterns = [
    path("", sign),
    path("send", send),
    path("seeds", seeds),
    path("report", report),
    path("m/", include("mailbeacon.web.django.urls")),  # tracking
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
