import asyncio

import pytest

from engine.transports.contract import StateChanged
from engine.transports.simulator.link import DeviceLine, SimulatorLink
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer
from models.enums import DeviceState
from tests.unit.transports.lines import NotedLine


async def test_an_outage_is_told_once_however_often_the_link_tries():
    listener = NotedLine()
    line = DeviceLine(SimulatorLink("http://127.0.0.1:1"), 1, "Front desk", listener)
    line.connect()
    for _ in range(3):
        line.change_state(StateChanged(DeviceState.CONNECTING, "refused"))
    assert listener.states == [DeviceState.CONNECTING]


async def test_a_link_to_nobody_says_so_and_closes_at_once():
    told = asyncio.Event()

    class Listener(NotedLine):
        def state_changed(self, change):
            super().state_changed(change)
            told.set()

    link = SimulatorLink("http://127.0.0.1:1")
    listener = Listener()
    DeviceLine(link, 1, "Front desk", listener).connect()
    await link.start()
    async with asyncio.timeout(2):
        await told.wait()
        await link.close()
        await link.close()
    assert "cannot be reached" in listener.changes[0].reason


async def test_when_a_process_goes_its_devices_are_no_longer_connected():
    network = SimulatedNetwork()
    server = SimulatorServer(network)
    await server.start()
    link = SimulatorLink(server.url)
    await link.start()
    watching = network.subscribe()
    DeviceLine(link, 1, "Front desk", NotedLine()).connect()
    async with asyncio.timeout(2):
        assert (await anext(watching))["device"]["connected"]
        await link.close()
        assert not (await anext(watching))["device"]["connected"]
    await server.close()
    network.close()


async def test_a_cancelled_request_is_forgotten():
    line = DeviceLine(SimulatorLink("http://127.0.0.1:1"), 1, "Front desk", NotedLine())
    line.change_state(StateChanged(DeviceState.ONLINE))
    asking = asyncio.create_task(line.request({"type": "check"}))
    await asyncio.sleep(0)
    assert len(line._requests) == 1
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert line._requests == {}


async def test_a_taken_port_is_an_error_at_the_start():
    network = SimulatedNetwork()
    first = SimulatorServer(network)
    await first.start()
    second = SimulatorServer(network, port=int(first.url.rsplit(":", 1)[1]))
    with pytest.raises(OSError, match="in use"):
        await second.start()
    await second.close()
    await first.close()
    await first.close()
    network.close()
