"""The URLs of tracking: ``routes`` (their form), ``destinations`` (where they may lead), ``short`` names, header ``fields``."""

from mailbeacon.links.destinations import ascii_host, check_destination, destination_forms, location
from mailbeacon.links.fields import FieldText, leave_fields
from mailbeacon.links.metadata import carried, token_in
from mailbeacon.links.routes import MAX_URL_LENGTH, Path, Routes, parse, route_of, split
from mailbeacon.links.short import manifest_of, short_name

__all__ = [
    "MAX_URL_LENGTH",
    "FieldText",
    "Path",
    "Routes",
    "ascii_host",
    "carried",
    "check_destination",
    "destination_forms",
    "leave_fields",
    "location",
    "manifest_of",
    "parse",
    "route_of",
    "short_name",
    "split",
    "token_in",
]
