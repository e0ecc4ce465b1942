"""Who is pairing a device or logging it out: one task of one process at a time.

The lock is a connection of its own. When the process dies so does the connection, and whoever looks next knows
that nobody is at it any more.
"""

from types import TracebackType
from typing import Self

import asyncpg
from sqlalchemy.engine import URL

from engine.connections import BROKEN, connect
from engine.database import AdvisoryLock


class LinkingLock:
    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def take(self, device_id: int) -> bool:
        """Try to be the one; ends with the process at the latest. Raises what `connect` raises."""
        if self._connection is None:
            self._connection = await connect(self._url)
        taken = await self._connection.fetchval(
            "SELECT pg_try_advisory_lock($1, $2)", AdvisoryLock.LINK_DEVICE, device_id % 2147483647
        )
        return bool(taken)

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.execute("SELECT pg_advisory_unlock_all()")  # the server may notice the end later
        except BROKEN:
            pass
        finally:
            connection.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.release()
