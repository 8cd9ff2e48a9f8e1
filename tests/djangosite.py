"""One Django site for all tests of a process: Django is set up once, and never again."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import types

__all__ = ["OUTBOX", "ready"]

OUTBOX = "django.core.mail.backends.locmem.EmailBackend"
TRACKING = "mailbeacon.web.django.mail.EmailBackend"
BASE = "https://t.example.com/m"
KEY = "0123456789abcdef0123456789abcdef"


def mail_settings(django, backend: str = OUTBOX) -> dict[str, object]:
    """Return the settings that send through our back end and then another, in this Django's own way."""
    options = {"BASE_URL": BASE, "SECRET_KEYS": KEY, "KEEP_ADDRESS": "keep"}
    if django.VERSION >= (6, 1):
        mailers = {"default": {"BACKEND": TRACKING, "OPTIONS": {"mailer": "real"}}, "real": {"BACKEND": backend}}
        return {"MAILERS": mailers, "MAILBEACON": options}
    return {"EMAIL_BACKEND": TRACKING, "MAILBEACON": {**options, "EMAIL_BACKEND": backend}}


def ready() -> None:
    """Set Django up, if that was not done yet."""
    import django
    from django.conf import settings
    from django.urls import include, path

    if settings.configured:
        return
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    urls = types.ModuleType("djangosite_urls")
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="s" * 50,
        USE_TZ=True,
        ROOT_URLCONF=urls,
        STATIC_URL="/static/",
        DEFAULT_FROM_EMAIL="news@garden.example",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "mailbeacon.web.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/site.sqlite"}},
        **mail_settings(django),
    )
    django.setup()
    from django.contrib import admin

    urls.urlpatterns = [path("admin/", admin.site.urls), path("m/", include("mailbeacon.web.django.urls"))]
