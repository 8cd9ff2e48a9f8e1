"""A Django app: settings with checks, the tracking routes, a mail back end, events in the database, admin and commands.

Put ``"mailbeacon.web.django"`` into ``INSTALLED_APPS``; its label is ``mailbeacon``. For Django 5.2 LTS and 6.x.
"""

from mailbeacon.errors import MissingExtra

try:
    import django  # noqa: F401 - only to say what is missing
except ImportError as missing:
    raise MissingExtra("django", purpose="the Django app") from missing

from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.django.signals import event_recorded

__all__ = ["beacon", "event_recorded"]
