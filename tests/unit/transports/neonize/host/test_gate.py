import asyncio

import pytest

from engine.transports.neonize.host import gate as gates
from engine.transports.neonize.host.gate import Gate


async def test_changes_go_one_by_one():
    gate, running, most = Gate(), 0, 0

    async def change() -> None:
        nonlocal running, most
        async with gate.change():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(change() for _ in range(5)))
    assert most == 1


async def test_a_call_waits_for_the_change_that_is_under_way():
    gate, order = Gate(), []

    async def call() -> None:
        await gate.call()
        order.append("call")

    async with gate.change():
        calling = asyncio.create_task(call())
        await asyncio.sleep(0.01)
        order.append("change")
    await calling
    assert order == ["change", "call"]


async def test_but_not_for_one_that_lasts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "HELD_FOR", 0.02)
    gate = Gate()
    async with gate.change():
        async with asyncio.timeout(1):
            await gate.call()


async def test_a_change_leaves_a_call_the_time_to_begin():
    gate, loop = Gate(), asyncio.get_running_loop()
    await gate.call()
    begun = loop.time()
    async with gate.change():
        assert loop.time() - begun >= gates.SETTLED_AFTER
