"""The sessions of real devices: living stores on this disk, and an encrypted copy of each in the database.

Of all stores of a device that lie on disks, one lives: the one that was opened last. It has a mark beside it, and
the device's row has the same mark. Any other is out of date, whether it lies on the disk of an engine that had the
device before, or came back with a disk's own backup: it is replaced by the copy from the database. Each opening
makes a new mark, and only the engine that the device's epoch belongs to can make one, or save a copy.
"""

import asyncio
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import text

from engine.database import Database
from engine.devices.session_keys import SessionKeys
from engine.errors import DripdeskError
from engine.transactions import Session
from engine.transports.neonize.session_store import StoreError, device_rows, restore, write_private

log = structlog.get_logger()

NOWHERE = ""  # no disk has a living store
RENEWED_AT_ONCE = 100

READ = """
SELECT d.name, d.epoch, s.content, s.home
  FROM user_devices d JOIN device_sessions s ON s.device_id = d.id
 WHERE d.id = :device_id
   FOR NO KEY UPDATE OF s
"""
# A store that is taken over meanwhile has another epoch, or another mark by the time the row's lock is free.
MARK = """
UPDATE device_sessions s SET home = :mark
  FROM user_devices d
 WHERE s.device_id = :device_id AND d.id = s.device_id AND d.epoch = :epoch
RETURNING s.device_id
"""
SAVE = """
UPDATE device_sessions s SET content = :content, saved_at = clock_timestamp()
  FROM user_devices d
 WHERE s.device_id = :device_id AND s.home = :mark AND d.id = s.device_id AND d.epoch = :epoch
RETURNING s.device_id
"""
ADOPT = """
INSERT INTO device_sessions (device_id, workspace_id, content, home)
SELECT d.id, d.workspace_id, :content, ''
  FROM user_devices d
 WHERE d.id = :device_id AND d.workspace_id = :workspace_id
    ON CONFLICT (device_id) DO UPDATE SET content = :content, home = '', saved_at = clock_timestamp()
RETURNING device_id
"""
FORGET = "DELETE FROM device_sessions WHERE device_id = :device_id"

SESSIONS = """
SELECT device_id, content FROM device_sessions WHERE device_id > :after ORDER BY device_id LIMIT :at_once
"""
RENEW = """
UPDATE device_sessions s SET content = v.renewed
  FROM unnest(CAST(:device_ids AS bigint[]), CAST(:contents AS bytea[]), CAST(:renewed AS bytea[]))
       AS v(device_id, content, renewed)
 WHERE s.device_id = v.device_id AND s.content = v.content
"""


class SessionMissingError(DripdeskError):
    """The device is not paired, or its copy cannot be used."""


class DiskError(DripdeskError):
    """The session cannot be put on this disk, which may be full; the message says why."""


class LostError(DripdeskError):
    """Another engine has the device now, or it was paired anew."""


class Sessions:
    """Where the sessions are kept. `home` is the directory of this installation's files on this disk."""

    def __init__(self, database: Database, keys: SessionKeys, home: Path) -> None:
        self._database = database
        self._keys = keys
        self._devices = home / "devices"

    def path(self, device_id: int) -> Path:
        return self._devices / str(device_id) / "session.sqlite"

    async def ready(self, device_id: int, epoch: int) -> Path:
        """Return the store to open: the living one if it is on this disk, else one made from the copy.

        Raises SessionMissingError, SessionKeyError, DiskError, LostError.
        """
        path = self.path(device_id)
        async with self._database.transaction() as session:
            row = await _read(session, device_id)
            if row.epoch != epoch:
                raise LostError(f"{row.name} is worked by another engine now")
            if not await asyncio.to_thread(_lives, path, row.home):
                content = self._keys.decrypt(device_id, row.content)
                await _on_disk(_restore, content, path, row.name)
                log.info("session restored", device=row.name)
            mark = secrets.token_hex(16)
            # If this is not committed, neither mark is right: the store is restored once more.
            await _on_disk(_write_mark, path, mark)
            await _need(session, MARK, device_id=device_id, epoch=epoch, mark=mark)
        return path

    async def save(self, device_id: int, epoch: int, content: bytes) -> None:
        """Keep a newer copy of the living store. Raises SessionKeyError, LostError."""
        mark = await asyncio.to_thread(_mark_of, self.path(device_id))
        encrypted = self._keys.encrypt(device_id, content)
        async with self._database.transaction() as session:
            await _need(session, SAVE, device_id=device_id, epoch=epoch, mark=mark, content=encrypted)

    async def adopt(
        self, device_id: int, workspace_id: int, content: bytes, *, session: Session | None = None
    ) -> None:
        """Keep the session of a device that was just paired, in the caller's transaction if there is one.

        Raises SessionKeyError; LostError if the device is not there.
        """
        encrypted = self._keys.encrypt(device_id, content)
        async with nullcontext(session) if session is not None else self._database.transaction() as current:
            await _need(current, ADOPT, device_id=device_id, workspace_id=workspace_id, content=encrypted)

    async def read(self, device_id: int) -> bytes:
        """The copy in the clear. Raises SessionMissingError, SessionKeyError."""
        async with self._database.transaction() as session:
            row = await _read(session, device_id)
        return self._keys.decrypt(device_id, row.content)

    async def forget(self, device_id: int) -> None:
        """Leave nothing of a session here: neither the copy nor what is on this disk."""
        async with self._database.transaction() as session:
            await session.execute(text(FORGET), {"device_id": device_id})
        await asyncio.to_thread(shutil.rmtree, self.path(device_id).parent, ignore_errors=True)

    async def renew(self) -> int:
        """Encrypt by the first key whatever needs another one, which can be taken away then; how many."""
        renewed, after = 0, 0
        while True:
            async with self._database.transaction() as session:
                page = {"after": after, "at_once": RENEWED_AT_ONCE}
                rows = (await session.execute(text(SESSIONS), page)).all()
                if not rows:
                    return renewed
                renewed += await self._renew(session, rows)
            after = rows[-1].device_id

    async def _renew(self, session: Session, rows: Sequence[Any]) -> int:
        stale = []
        for row in rows:
            if self._keys and not self._keys.is_current(row.content):
                with suppress(InvalidToken):  # the doctor tells of it
                    stale.append((row.device_id, row.content, self._keys.renew(row.content)))
        if not stale:
            return 0
        device_ids, contents, renewed = (list(column) for column in zip(*stale, strict=True))
        columns = {"device_ids": device_ids, "contents": contents, "renewed": renewed}
        await session.execute(text(RENEW), columns)
        return len(stale)


async def _read(session: Session, device_id: int) -> Any:
    row = (await session.execute(text(READ), {"device_id": device_id})).one_or_none()
    if row is None:
        raise SessionMissingError("This device is not paired; pair it first")
    return row


async def _need(session: Session, statement: str, **values: object) -> None:
    if (await session.execute(text(statement), values)).one_or_none() is None:
        raise LostError("This device is worked by another engine now, or was paired anew")


async def _on_disk(write: Callable[..., None], *values: object) -> None:
    try:
        await asyncio.to_thread(write, *values)
    except OSError as error:
        raise DiskError(f"this machine's disk does not take the session: {error.strerror or error}") from error


def _mark(path: Path) -> Path:
    return path.with_name("session.mark")


def _mark_of(path: Path) -> str:
    try:
        return _mark(path).read_text()
    except OSError:
        return NOWHERE


def _lives(path: Path, mark: str) -> bool:
    return mark != NOWHERE and _mark_of(path) == mark and len(device_rows(path)) == 1


def _restore(content: bytes, path: Path, name: str) -> None:
    try:
        restore(content, path)
    except StoreError as error:
        raise SessionMissingError(f"The session of {name} cannot be restored, {error}; pair it again") from None


def _write_mark(path: Path, mark: str) -> None:
    beside = path.with_name("session.mark.new")
    beside.unlink(missing_ok=True)
    write_private(beside, mark.encode())
    beside.replace(_mark(path))
