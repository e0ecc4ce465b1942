"""aiogram's storage in PostgreSQL: where each chat stands in the menus survives a restart."""

import json
from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, DefaultKeyBuilder, StateType, StorageKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from engine.database import Database
from models import DialogState


class PostgresStorage(BaseStorage):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        await self._write(key, state=state.state if isinstance(state, State) else state)

    async def get_state(self, key: StorageKey) -> str | None:
        row = await self._read(key)
        return row.state if row else None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._write(key, data=json.loads(json.dumps(dict(data), default=str)))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        row = await self._read(key)
        return dict(row.data) if row else {}

    async def close(self) -> None:
        """Do nothing: the database is not ours to close."""

    async def _read(self, key: StorageKey) -> DialogState | None:
        async with self._database.transaction() as session:
            return await session.scalar(select(DialogState).where(DialogState.key == self._keys.build(key)))

    async def _write(self, key: StorageKey, **values: Any) -> None:
        row = {"key": self._keys.build(key), "data": {}, **values}
        statement = insert(DialogState).values(row)
        async with self._database.transaction() as session:
            await session.execute(statement.on_conflict_do_update(index_elements=[DialogState.key], set_=values))
