"""Session stores as the library makes them, without the library: the tables that are read here, and a few rows."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from engine.transports.neonize.session_store import KEPT, LEFT_OUT

JID = "60123456789:5@s.whatsapp.net"

# The columns that matter; the library's own have constraints besides, which the tests with the library see to.
COLUMNS = {
    "whatsmeow_version": "version INTEGER",
    "whatsmeow_device": "jid TEXT PRIMARY KEY, lid TEXT, noise_key bytea",
    "whatsmeow_identity_keys": "our_jid TEXT, their_id TEXT, identity bytea",
    "whatsmeow_pre_keys": "jid TEXT, key_id INTEGER, key bytea, uploaded BOOLEAN",
    "whatsmeow_app_state_sync_keys": "jid TEXT, key_id bytea, timestamp BIGINT",
    "whatsmeow_privacy_tokens": "our_jid TEXT, their_jid TEXT, token bytea",
    "whatsmeow_nct_salt": "our_jid TEXT PRIMARY KEY, salt bytea",
    "whatsmeow_lid_map": "lid TEXT PRIMARY KEY, pn TEXT",
}


def make_store(path: Path, jids: Iterable[str] = (JID,), *, prekeys: int = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as store:
        for table in KEPT + LEFT_OUT:
            store.execute(f"CREATE TABLE {table} ({COLUMNS.get(table, 'our_jid TEXT, content bytea')})")
        store.execute("CREATE INDEX by_chat ON whatsmeow_retry_buffer (our_jid)")
        for jid in jids:
            store.execute("INSERT INTO whatsmeow_device VALUES (?, ?, ?)", (jid, "1@lid", os.urandom(32)))
            store.executemany(
                "INSERT INTO whatsmeow_pre_keys VALUES (?, ?, ?, true)",
                [(jid, number, os.urandom(32)) for number in range(1, prekeys + 1)],
            )
        store.commit()


def run(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute(statement, values).fetchall()
        store.commit()
        return rows
