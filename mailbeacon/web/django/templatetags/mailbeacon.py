"""``{% load mailbeacon %}``: tracked links in a template of a mail."""

from __future__ import annotations

from django import template

from mailbeacon.model import Message
from mailbeacon.web.django.configuring import beacon

__all__ = ["register", "tracked_url"]

register = template.Library()


@register.simple_tag
def tracked_url(message: Message, url: str) -> str:
    """Return the tracked form of a destination: ``<a href="{% tracked_url message 'https://…' %}">``."""
    return beacon().click_url(message, url)
