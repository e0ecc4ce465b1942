"""Files of people with numbers in a row, what the tables hold of them, and engines that are interrupted."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from engine.contacts.importer import Importer
from engine.contacts.importing import ContactImports
from engine.database import Database

AT_ONCE = timedelta(0)


def phone_of(number: int) -> str:
    return f"+6012{number:07d}"


def file_of(first: int, last: int) -> bytes:
    """A row for each number from the first to the last; every tenth row of the file cannot be used."""
    rows = [
        "Bad,12,Yoga,Ipoh" if number % 10 == 0 else f"Person {number},{phone_of(number)},Yoga,Ipoh"
        for number in range(first, last + 1)
    ]
    return "\n".join(["Name,Phone,Interest,City", *rows]).encode()


@dataclass
class People:
    database: Database

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def count(self, table: str) -> int:
        ((count,),) = await self.rows(f"SELECT count(*) FROM {table}")
        return count

    async def assert_all_there_once(self, first: int, last: int, *, lists: int = 1) -> None:
        """Everybody of such a file has one of each, and nobody else has anything."""
        expected = Counter(phone_of(number) for number in range(first, last + 1) if number % 10)
        for table, column in (("leads", "contact_id"), ("consents", "contact_id"), ("list_members", "contact_id")):
            found = await self.rows(f"SELECT c.phone FROM {table} t JOIN contacts c ON c.id = t.{column}")
            times = lists if table == "list_members" else 1
            assert Counter(phone for (phone,) in found) == Counter({one: times for one in expected}), table
        found = await self.rows("SELECT phone FROM contacts")
        assert Counter(phone for (phone,) in found) == expected


class Interrupted(Importer):
    """Small batches; after so many of them something happens."""

    def __init__(
        self,
        imports: ContactImports,
        *,
        after: int = 10**9,
        then: Callable[[], Awaitable[Any]] | None = None,
        rows: int = 10,
        **more: Any,
    ) -> None:
        super().__init__(imports._database, imports._clock, rows=rows, **{"pause": AT_ONCE, **more})
        self._left = after
        self._then = then

    async def _write(self, *arguments: Any) -> None:
        await super()._write(*arguments)
        await self._count_down()

    async def _remove_some(self, *arguments: Any) -> bool:
        more = await super()._remove_some(*arguments)
        await self._count_down()
        return more

    async def _put_some_back(self, *arguments: Any) -> bool:
        more = await super()._put_some_back(*arguments)
        await self._count_down()
        return more

    async def _count_down(self) -> None:
        self._left -= 1
        if self._left == 0 and self._then is not None:
            await self._then()
