"""``mailbeacon keys new``: make a secret key."""

from __future__ import annotations

import secrets
from argparse import Namespace

from mailbeacon.cli.console import OK, Commands

__all__ = ["new_key", "register"]


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("keys", help="make a secret key", description="Make secret keys.")
    actions = parser.add_subparsers(metavar="action", required=True, dest="action")
    new = actions.add_parser("new", help="print a new key", description="Print a new secret key: 32 random bytes.")
    new.set_defaults(run=_run)


def new_key() -> str:
    """Return a new key: 32 bytes from the system's randomness, as text."""
    return secrets.token_urlsafe(32)


def _run(options: Namespace) -> int:  # noqa: ARG001 - the shape of a command
    print(new_key())
    return OK
