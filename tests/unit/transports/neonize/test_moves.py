"""Devices that go from one host to another, or away and back: never two lines of one at a time."""

import asyncio
import os
import signal

from engine.transports.contract import Rejected, Sent, StateChanged
from engine.transports.forms import state_frame
from models.enums import DeviceState
from tests.unit.transports.harness import text
from tests.unit.transports.neonize.conftest import children, told, until
from tests.unit.transports.neonize.fake_host import Fault

ONLINE = DeviceState.ONLINE


async def test_a_worn_host_makes_way_device_by_device_without_losing_a_send(fleet):
    async with fleet.started(recycle_after=0):
        devices = await fleet.online(1, 2, 3)
        before = fleet.pid_of(1)
        refs = iter(range(1, 100_000))
        stop = asyncio.Event()

        async def send_without_end(transport):
            while not stop.is_set():
                assert isinstance(await transport.send(text(next(refs))), Sent)

        async with asyncio.TaskGroup() as tasks:
            for transport in devices:
                tasks.create_task(send_without_end(transport))
            await until(lambda: len(fleet.refs) > 10)
            await fleet.hosts.look_once(asyncio.get_running_loop().time())
            count = len(fleet.refs)
            await until(lambda: len(fleet.refs) > count + 10)
            stop.set()
        assert len({row["pid"] for row in fleet.ledger}) == 2
        assert fleet.seats() == [[1, 2, 3]]
        assert before not in {fleet.pid_of(device) for device in (1, 2, 3)}
        await until(lambda: len(children()) == 1)
        assert sorted(fleet.refs) == list(range(1, len(fleet.refs) + 1))
        for device in (1, 2, 3):
            assert told(fleet, device) == [ONLINE]  # nobody has noticed


async def test_a_move_waits_for_the_send_in_flight_and_later_sends_wait_for_the_move(fleet):
    async with fleet.started(recycle_after=0):
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_SEND)
        in_flight = asyncio.create_task(transport.send(text(1)))
        await until(lambda: bool(transport._line._requests))
        moving = asyncio.create_task(fleet.hosts.look_once(asyncio.get_running_loop().time()))
        await until(lambda: transport._line._moving)
        later = asyncio.create_task(transport.send(text(2)))
        await asyncio.sleep(0.1)
        assert not in_flight.done()
        assert not later.done()
        fleet.fault(1, Fault.NONE)
        assert isinstance(await in_flight, Sent)
        assert isinstance(await later, Sent)
        await moving
        assert [row["pid"] for row in fleet.ledger][1] == fleet.pid_of(1)


async def test_a_host_that_crashes_in_the_middle_of_a_move_loses_nobody(fleet):
    async with fleet.started(recycle_after=0):
        await fleet.online(1, 2)
        fleet.fault(2, Fault.HANG_ON_CLOSE)
        moving = asyncio.create_task(fleet.hosts.look_once(asyncio.get_running_loop().time()))
        await until(lambda: len(fleet.seats()) == 2)
        old = fleet.pid_of(2)
        os.kill(old, signal.SIGKILL)
        fleet.fault(2, Fault.NONE)
        await moving
        await until(lambda: fleet.seats() == [[1, 2]] and fleet.pid_of(2) != old)
        for device in (1, 2):
            await until(lambda device=device: fleet.transports[device]._line._up)
            assert isinstance(await fleet.transports[device].send(text(device)), Sent)


async def test_a_device_that_leaves_in_the_middle_of_a_move_has_left_before_it_is_opened_again(fleet):
    async with fleet.started(recycle_after=0, close_within=0.05):
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_CLOSE)
        moving = asyncio.create_task(fleet.hosts.look_once(asyncio.get_running_loop().time()))
        await until(lambda: transport._line._leaving)
        await fleet.close(1)
        await fleet.connect(1)
        await asyncio.sleep(0.2)  # it would come up if it did not wait
        assert told(fleet, 1) == []
        fleet.fault(1, Fault.NONE)
        await fleet.ears[1].state(ONLINE)
        await moving


async def test_a_worn_host_ends_as_soon_as_it_is_empty(fleet):
    async with fleet.started(recycle_after=0, linger=60):
        await fleet.online(1)
        await fleet.hosts.look_once(asyncio.get_running_loop().time())
        await until(lambda: len(children()) == 1)


async def test_a_line_that_does_not_close_in_time_is_closed_before_the_device_is_opened_again(fleet):
    async with fleet.started(close_within=0.05):
        await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_CLOSE)
        await fleet.close(1)
        transport = await fleet.connect(1)
        await asyncio.sleep(0.1)
        assert told(fleet, 1) == []
        assert isinstance(await transport.send(text(1)), Rejected)
        fleet.fault(1, Fault.NONE)
        await fleet.ears[1].state(ONLINE)
        assert isinstance(await transport.send(text(2)), Sent)


async def test_a_device_whose_session_is_opened_elsewhere_in_the_middle_of_a_move_is_not_opened_again(fleet):
    """It would be taken back from whoever has it, who takes it back in turn."""
    async with fleet.started(recycle_after=0):
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_CLOSE)
        moving = asyncio.create_task(fleet.hosts.look_once(asyncio.get_running_loop().time()))
        await until(lambda: transport._line._leaving)
        change = state_frame(StateChanged(DeviceState.REPLACED, "the same session was opened elsewhere"))
        host = fleet.hosts._hosts[1].process
        fleet.hosts.heard(fleet.hosts._hosts[1], {"type": "state", "device": 1, "change": change})
        assert host.alive
        fleet.fault(1, Fault.NONE)
        await moving
        await fleet.ears[1].state(DeviceState.REPLACED)
        await until(lambda: 1 not in fleet.hosts._lines)
        assert told(fleet, 1) == [ONLINE, DeviceState.REPLACED]
