"""The product's hosts with the real library: one is killed, one makes way for a fresh one, and nobody gets anything twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from engine.transports.contract import Sent, Transport, Unknown
from engine.transports.simulator.faults import FaultKind
from models.enums import DeviceState
from tests.integration.whatsapp.neonize_harness import NeonizeHarness, RealWorld, real_world
from tests.unit.transports.harness import Ear, text
from tests.unit.transports.test_contract import Online, bringing_online

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealWorld]:
    async with real_world(store_template, tmp_path_factory.mktemp("hosts")) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def harness(world: RealWorld) -> AsyncIterator[NeonizeHarness]:
    harness = NeonizeHarness(world)
    await harness.start()
    yield harness
    await harness.close()


@pytest_asyncio.fixture(loop_scope="module")
async def online(harness: NeonizeHarness) -> AsyncIterator[Online]:
    async with bringing_online(harness) as bring:
        yield bring


def pids(world: RealWorld) -> set[int]:
    return {host.pid for host in world.hosts.figures if host.devices}


async def test_a_killed_host_leaves_what_was_in_flight_unknown_and_comes_back(
    world: RealWorld, harness: NeonizeHarness, online: Online
) -> None:
    devices = [await online(number) for number in range(1, 5)]
    await harness.switch(1, FaultKind.LOST_ACK)
    in_flight = asyncio.create_task(devices[0][0].send(text(1)))
    assert await world.whatsapp.until_accepted(1, harness._account(1).phone)
    [pid] = pids(world)
    os.kill(pid, signal.SIGKILL)
    assert isinstance(await in_flight, Unknown)
    for number, (transport, ear) in enumerate(devices, start=2):
        await ear.state(DeviceState.ONLINE, count=2)
        assert isinstance(await transport.send(text(number)), Sent)
    assert pids(world) != {pid}
    assert sorted(await harness.taken()) == [1, 2, 3, 4, 5]
    assert {receipt.kind for receipt in await devices[0][1].receipts(4)} == {"delivered", "read"}


async def test_a_worn_host_makes_way_while_its_devices_send(
    world: RealWorld, harness: NeonizeHarness, online: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [await online(number) for number in range(1, 4)]
    before = pids(world)
    refs = iter(range(1, 1000))
    is_over = asyncio.Event()

    async def send_without_end(transport: Transport) -> None:
        while not is_over.is_set():
            assert isinstance(await transport.send(text(next(refs))), Sent)

    async with asyncio.TaskGroup() as tasks:
        for transport, _ in devices:
            tasks.create_task(send_without_end(transport))
        await world.whatsapp.until_accepted(5, harness._account(1).phone)
        monkeypatch.setattr(world.hosts, "_policy", replace(world.hosts._policy, recycle_after=0))
        await world.hosts.look_once(asyncio.get_running_loop().time())
        monkeypatch.undo()
        count = len(await world.whatsapp.accepted(harness._account(1).phone))
        await world.whatsapp.until_accepted(count + 5, harness._account(1).phone)
        is_over.set()
    assert pids(world).isdisjoint(before)
    assert sorted(await harness.taken()) == list(range(1, next(refs)))
    for _, ear in devices:
        assert _states(ear) == [DeviceState.ONLINE]


def _states(ear: Ear) -> list[DeviceState]:
    return [event.state for event in ear.heard if hasattr(event, "state")]
