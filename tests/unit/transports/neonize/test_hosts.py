"""What becomes of devices and their sends when hosts crash, hang, and make way for fresh ones."""

import asyncio
import os
import signal
from pathlib import Path

from engine.transports.contract import Rejected, Sent, StateChanged, Unknown
from models.enums import DeviceState
from tests.unit.transports.harness import text
from tests.unit.transports.neonize.conftest import Fleet, children, until
from tests.unit.transports.neonize.fake_host import Fault

CONNECTING, ONLINE, PARKED = DeviceState.CONNECTING, DeviceState.ONLINE, DeviceState.PARKED


def told(fleet: Fleet, device: int) -> list[DeviceState]:
    return [event.state for event in fleet.ears[device].heard if isinstance(event, StateChanged)]


async def test_no_host_is_started_before_a_device_needs_one_and_the_last_device_takes_it_along(fleet):
    async with fleet.started():
        assert children() == []
        await fleet.online(1, 2)
        assert len(children()) == 1
        await fleet.close(1)
        assert len(children()) == 1
        await fleet.close(2)
        await until(lambda: children() == [])


async def test_a_device_that_comes_right_back_finds_its_host_still_there(fleet):
    async with fleet.started(linger=60):
        await fleet.online(1)
        pid = fleet.pid_of(1)
        await fleet.close(1)
        await fleet.online(1)
        assert fleet.pid_of(1) == pid


async def test_a_crash_makes_what_is_in_flight_unknown_and_the_devices_come_back_by_themselves(fleet):
    async with fleet.started():
        first, second = await fleet.online(1, 2)
        fleet.fault(1, Fault.HANG_ON_SEND)
        fleet.fault(2, Fault.CRASH_AFTER_SEND)
        sending = asyncio.create_task(first.send(text(1)))
        await until(lambda: bool(first._line._requests))
        outcome = await second.send(text(2))
        assert isinstance(outcome, Unknown)
        assert isinstance(await sending, Unknown)
        fleet.fault(1, Fault.NONE)
        fleet.fault(2, Fault.NONE)
        for device in (1, 2):
            assert "started again" in (await fleet.ears[device].state(CONNECTING)).reason
            await fleet.ears[device].state(ONLINE, count=2)
        assert isinstance(await first.send(text(3)), Sent)
        assert fleet.refs == [2, 3]  # nothing was sent twice, and what hung not at all


async def test_between_a_crash_and_the_new_host_nothing_is_handed_over(fleet):
    async with fleet.started():
        [transport] = await fleet.online(1)
        os.kill(fleet.pid_of(1), signal.SIGKILL)
        await fleet.ears[1].state(CONNECTING)
        outcome = await transport.send(text(1))
        assert isinstance(outcome, Rejected)
        assert (outcome.code, outcome.permanent) == ("not_connected", False)


async def test_a_device_that_kills_every_host_is_isolated_and_parked_and_the_others_work_on(fleet):
    async with fleet.started():
        fleet.fault(3, Fault.CRASH_ON_OPEN)
        devices = range(1, 7)
        for device in devices:
            await fleet.connect(device)
        parked = await fleet.ears[3].state(PARKED)
        assert "crashed 3 times" in parked.reason
        assert "SIGABRT" in parked.reason
        for device in (1, 2, 4, 5, 6):
            await fleet.ears[device].state(ONLINE)
            assert PARKED not in told(fleet, device)
            assert isinstance(await fleet.transports[device].send(text(device)), Sent)
        assert sorted(fleet.refs) == [1, 2, 4, 5, 6]


async def test_who_was_parked_can_be_connected_again_once_it_is_mended(fleet):
    async with fleet.started():
        fleet.fault(1, Fault.CRASH_ON_OPEN)
        transport = await fleet.connect(1)
        await fleet.ears[1].state(PARKED)
        fleet.fault(1, Fault.NONE)
        await transport.connect()
        await fleet.ears[1].state(ONLINE)
        assert isinstance(await transport.send(text(1)), Sent)


async def test_who_kills_a_host_from_outside_makes_nobody_a_suspect(fleet):
    async with fleet.started():
        await fleet.online(1, 2, 3, 4)
        for count in range(2, 7):
            os.kill(fleet.pid_of(1), signal.SIGKILL)
            for device in (1, 2, 3, 4):
                await fleet.ears[device].state(ONLINE, count=count)
        assert fleet.seats() == [[1, 2, 3, 4]]


async def test_a_host_that_does_not_answer_any_more_is_killed_and_its_devices_come_back(fleet):
    async with fleet.started(hung_after=0.3):
        first, second = await fleet.online(1, 2)
        fleet.fault(1, Fault.DEAF)
        assert isinstance(await first.send(text(1)), Unknown)
        fleet.fault(1, Fault.NONE)
        await fleet.ears[2].state(ONLINE, count=2)
        assert isinstance(await second.send(text(2)), Sent)


async def test_a_host_that_talks_gibberish_is_killed(fleet):
    async with fleet.started():
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.GIBBERISH)
        assert isinstance(await transport.send(text(1)), Unknown)
        fleet.fault(1, Fault.NONE)
        await fleet.ears[1].state(ONLINE, count=2)


async def test_a_flood_of_receipts_neither_fills_the_memory_nor_holds_up_the_others(fleet):
    async with fleet.started():
        first, second = await fleet.online(1, 2)
        await fleet.ears[1].close()  # nobody reads them
        fleet.fault(1, Fault.FLOOD)
        assert isinstance(await first.send(text(1)), Sent)
        assert isinstance(await second.send(text(2)), Sent)
        await until(lambda: len(first._inbox._items) >= 1000)
        assert isinstance(await second.send(text(3)), Sent)
        assert len(first._inbox._items) <= 1001


async def test_a_host_that_cannot_start_is_tried_again_and_the_reason_is_told(fleet, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('the library libmagic is missing')")
    async with fleet.started(command=("python3", str(broken))):
        await fleet.connect(1)
        assert "libmagic is missing" in (await fleet.ears[1].state(CONNECTING)).reason
        await until(lambda: children() == [])
        await until(lambda: children() != [])
    async with fleet.started(command=("/no/such/program",)):
        await fleet.connect(1)
        assert "No such file" in (await fleet.ears[1].state(CONNECTING)).reason


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


def open_of_ours() -> tuple[int, int]:
    """Descriptors and threads."""
    return len([*Path("/proc/self/fd").iterdir()]), len([*Path("/proc/self/task").iterdir()])


async def test_the_end_of_the_hosts_leaves_no_child_task_thread_or_descriptor(fleet):
    async def round_trip():
        async with fleet.started():
            await fleet.online(1, 2)
            await fleet.connect(3)

    await round_trip()
    tasks, (descriptors, threads) = len(asyncio.all_tasks()), open_of_ours()
    for _ in range(3):
        await round_trip()
    assert children() == []
    assert len(asyncio.all_tasks()) == tasks
    now = open_of_ours()
    assert now[0] <= descriptors
    assert now[1] <= threads


async def test_the_hosts_end_in_time_even_with_a_send_that_hangs(fleet):
    async with fleet.started(close_within=0.1):
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_SEND)
        sending = asyncio.create_task(transport.send(text(1)))
        await until(lambda: bool(transport._line._requests))
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 3
    assert isinstance(await sending, Unknown)


async def test_figures_tell_how_much_memory_a_host_has(fleet):
    async with fleet.started(devices_per_host=2):
        await fleet.online(1, 2, 3)
        figures = fleet.hosts.figures
        assert sorted(sorted(one.devices) for one in figures) == [[1, 2], [3]]
        assert all(5e6 < one.memory < 500e6 for one in figures)
        assert {one.pid for one in figures} == {child.pid for child in children()}
