"""The devices that the team still has: the simulated network remembers every account that ever connected."""

from sqlalchemy import select

from engine.database import Database
from models import UserDevice


async def devices_in_service(database: Database) -> set[int]:
    async with database.transaction() as session:
        return set(await session.scalars(select(UserDevice.id).where(UserDevice.removed_at.is_(None))))
