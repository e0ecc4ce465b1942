"""What survives a restart: one SQLite file and a folder of file contents named by their sha256.

Every statement runs on the event loop's thread: each takes some ten microseconds. Only file contents,
which may be large, are written on another thread.
"""

import asyncio
import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot.sandbox.telegram.state import Chat, File, Message, User

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chats (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (chat_id, id);
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""

_USER = TypeAdapter(User)
_CHAT = TypeAdapter(Chat)
_FILE = TypeAdapter(File)
_MESSAGE = TypeAdapter(Message)

Json = dict[str, Any]


class Store:
    def __init__(self, directory: Path) -> None:
        self._contents = directory / "files"
        self._contents.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(directory / "telegram.sqlite3", isolation_level=None)
        # In WAL mode a commit with synchronous=NORMAL outlives the process (not a loss of power).
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another belongs to the outer one. Never await within."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # People and chats

    def user(self, user_id: int) -> User | None:
        row = self._one("SELECT body FROM users WHERE id = ?", user_id)
        return _USER.validate_json(row[0]) if row else None

    def save_user(self, user: User) -> None:
        self._db.execute("REPLACE INTO users VALUES (?, ?)", (user.id, _USER.dump_json(user).decode()))

    def chat(self, chat_id: int) -> Chat | None:
        row = self._one("SELECT body FROM chats WHERE id = ?", chat_id)
        return _CHAT.validate_json(row[0]) if row else None

    def save_chat(self, chat: Chat) -> None:
        self._db.execute("REPLACE INTO chats VALUES (?, ?)", (chat.id, _CHAT.dump_json(chat).decode()))

    def chats(self) -> list[Chat]:
        return [
            _CHAT.validate_json(body) for (body,) in self._db.execute("SELECT body FROM chats ORDER BY id < 0, id")
        ]

    # Messages

    def next_message_id(self) -> int:
        return self._next("message")

    def message(self, chat_id: int, message_id: int) -> Message | None:
        row = self._one("SELECT body FROM messages WHERE id = ? AND chat_id = ?", message_id, chat_id)
        return _MESSAGE.validate_json(row[0]) if row else None

    def save_message(self, message: Message) -> None:
        self._db.execute(
            "REPLACE INTO messages VALUES (?, ?, ?)",
            (message.message_id, message.chat_id, _MESSAGE.dump_json(message).decode()),
        )

    def delete_message(self, message: Message) -> None:
        self._db.execute("DELETE FROM messages WHERE id = ?", (message.message_id,))

    def last_messages(self, chat_id: int, limit: int) -> list[Message]:
        """The newest `limit` messages, oldest first."""
        rows = self._db.execute(
            "SELECT body FROM messages WHERE chat_id = ? ORDER BY id DESC LIMIT ?", (chat_id, limit)
        ).fetchall()
        return [_MESSAGE.validate_json(body) for (body,) in reversed(rows)]

    def last_message_id(self, chat_id: int) -> int | None:
        row = self._one("SELECT max(id) FROM messages WHERE chat_id = ?", chat_id)
        return row[0] if row else None

    # Files

    async def write_content(self, content: bytes) -> str:
        """Keep the bytes; returns their sha256, by which `content_path` finds them."""
        return await asyncio.to_thread(self._write_content, content)

    def _write_content(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        target = self._contents / sha256
        if not target.exists():
            unfinished = target.with_suffix(f".{secrets.token_hex(4)}")
            unfinished.write_bytes(content)
            os.replace(unfinished, target)  # noqa: PTH105  # a reader or a kill never meets half a file
        return sha256

    def content_path(self, file: File) -> Path:
        return self._contents / file.unique_id

    def next_file_number(self) -> int:
        return self._next("file")

    def save_file(self, file: File) -> None:
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?)",
            (file.file_id, file.file_path, _FILE.dump_json(file).decode()),
        )

    def file(self, file_id: str) -> File | None:
        row = self._one("SELECT body FROM files WHERE id = ?", file_id)
        return _FILE.validate_json(row[0]) if row else None

    def file_at(self, file_path: str) -> File | None:
        row = self._one("SELECT body FROM files WHERE path = ?", file_path)
        return _FILE.validate_json(row[0]) if row else None

    # Updates waiting for the bot

    def add_update(self, kind: str, body: Json) -> None:
        self._db.execute("INSERT INTO updates (kind, body) VALUES (?, ?)", (kind, json.dumps(body)))

    def pending_updates(self, limit: int) -> list[Json]:
        rows = self._db.execute("SELECT id, kind, body FROM updates ORDER BY id LIMIT ?", (limit,))
        return [{"update_id": update_id, kind: json.loads(body)} for update_id, kind, body in rows]

    def count_updates(self) -> int:
        row = self._one("SELECT count(*) FROM updates")
        return int(row[0]) if row else 0

    def forget_updates(self, before: int) -> None:
        self._db.execute("DELETE FROM updates WHERE id < ?", (before,))

    def keep_newest_updates(self, count: int) -> None:
        self._db.execute(
            "DELETE FROM updates WHERE id NOT IN (SELECT id FROM updates ORDER BY id DESC LIMIT ?)", (count,)
        )

    # Settings of the bot (webhook, commands, …)

    def setting(self, name: str) -> Any:
        row = self._one("SELECT body FROM settings WHERE name = ?", name)
        return json.loads(row[0]) if row else None

    def save_setting(self, name: str, value: Any) -> None:
        self._db.execute("REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def delete_setting(self, name: str) -> None:
        self._db.execute("DELETE FROM settings WHERE name = ?", (name,))

    def _one(self, statement: str, *values: int | str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._db.execute(statement, values).fetchone()
        return row

    def _next(self, counter: str) -> int:
        row = self._one(
            "INSERT INTO counters VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            counter,
        )
        if row is None:
            raise RuntimeError("a counter returned nothing")
        return int(row[0])
