"""The tables of the stores in a SQL database: their names begin with ``mailbeacon_``; none of the host's is among them."""

from __future__ import annotations

from typing import Final

from mailbeacon.errors import MissingExtra

try:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql
except ImportError as missing:
    raise MissingExtra("sql", purpose="a store in a SQL database") from missing

__all__ = ["EVENTS", "HISTORY", "LAST_OPENS"]

_metadata = sa.MetaData()
_COLLATION: Final = "utf8mb4_bin"
"""MySQL would otherwise take ``Ann`` and ``ann`` for one."""
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LongText = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
EVENTS: Final = sa.Table(
    "mailbeacon_events",
    _metadata,
    sa.Column("number", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(191), nullable=False, unique=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("campaign", sa.String(512), nullable=False),
    sa.Column("recipient", sa.String(512), index=True),
    sa.Column("received_at", sa.Double(), nullable=False, index=True, comment="Unix time in seconds"),
    sa.Column("actor", sa.String(32)),
    sa.Column("event", _LongText, nullable=False),
    sa.Column("verdict", _LongText),
    mysql_charset="utf8mb4",
    mysql_collate=_COLLATION,
)
LAST_OPENS: Final = sa.Table(
    "mailbeacon_last_opens",
    _metadata,
    sa.Column("recipient", sa.String(512), primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    mysql_charset="utf8mb4",
    mysql_collate=_COLLATION,
)
HISTORY: Final = sa.Table(
    "mailbeacon_history",
    _metadata,
    sa.Column("number", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(191), nullable=False, unique=True),
    sa.Column("mail", sa.String(64), index=True, comment="SHA-256 of campaign, message id and recipient"),
    sa.Column("network_id", sa.String(191), index=True),
    sa.Column("recipient", sa.String(512), index=True),
    sa.Column("event", _LongText, nullable=False),
    mysql_charset="utf8mb4",
    mysql_collate=_COLLATION,
)
