"""Two use cases that meet: each stops at one point until the other has come to it too, or waits for a lock."""

from types import ModuleType
from typing import Any

import pytest

from tests.integration.engine.world import World, until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def somebody_waits(world: World) -> bool:
    """Whether somebody waits for a lock just now."""
    return bool(await world.one(WAITING))


def let_them_meet(world: World, monkeypatch: pytest.MonkeyPatch, module: ModuleType, function: str) -> None:
    """Stop both behind this function of the module."""
    real, there = getattr(module, function), []

    async def stop_behind_it(*values: Any) -> Any:
        result = await real(*values)
        there.append(function)

        async def met() -> bool:
            return len(there) > 1 or await somebody_waits(world)

        await until(met)
        return result

    monkeypatch.setattr(module, function, stop_behind_it)
