"""What the network knew is there again, however its process ended."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from engine.transports.contract import Inbound, Receipt, Sent
from engine.transports.simulator.faults import Fault, FaultKind
from engine.transports.simulator.link import SimulatorLink
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.phones import Written
from engine.transports.simulator.transport import SimulatorTransport
from models.enums import DeviceState
from tests.processes import free_port
from tests.unit.transports.harness import Ear, text
from tests.unit.transports.lines import PHONE, NotedLine, submission

SERVE = """
import asyncio, sys
from pathlib import Path
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer

async def main(directory, port):
    network = SimulatedNetwork(directory / "network.sqlite", ledger=directory / "ledger.jsonl")
    server = SimulatorServer(network, port=port)
    await server.start()
    print(server.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


async def restarted(network: SimulatedNetwork, path: Path) -> SimulatedNetwork:
    network.close()
    return SimulatedNetwork(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.sqlite"


async def test_phones_devices_and_flags_survive(path):
    network = SimulatedNetwork(path)
    line = NotedLine(name="Front desk")
    network.connect(line)
    network.send(line, 1, submission(ref=1))
    network.reply(PHONE, "Yes")
    network.set_on_whatsapp("+60133333333", on=False)
    network.add_media("ab" * 32, "image/png", b"png")
    network.set_fault(1, FaultKind.BAN, Fault())
    before = (network.phones(), network.phone(PHONE), network.devices())
    network = await restarted(network, path)
    assert (network.phones(), network.phone(PHONE), network.devices()) == before
    assert network.media("ab" * 32) == ("image/png", b"png")
    network.connect(line)
    assert line.states[-1] is DeviceState.TEMP_BANNED
    network.close()


async def test_a_fault_that_was_half_spent_stays_half_spent(path):
    network = SimulatedNetwork(path)
    line = NotedLine()
    network.connect(line)
    network.set_fault(1, FaultKind.REJECT, Fault(times=2))
    network.send(line, 1, submission())
    network = await restarted(network, path)
    assert network.devices()[0].faults == {FaultKind.REJECT: Fault(times=1)}
    network.close()


async def test_receipts_and_replies_that_nobody_acknowledged_are_told_after_the_restart(path):
    network = SimulatedNetwork(path)
    line = NotedLine()
    network.connect(line)
    network.send(line, 1, submission())
    network.write(Written(PHONE, "Yes", attached="photo", lid="2010", hides_number=True))
    delivered, reply = line.events
    said = line.events[reply]
    network.acknowledge({1: [delivered]})
    network = await restarted(network, path)
    line = NotedLine()
    network.connect(line)
    assert {type(event) for event in line.events.values()} == {Receipt, Inbound}
    assert delivered not in line.events
    assert line.events[reply] == said
    network.close()


async def test_an_event_number_is_never_used_again_even_by_a_network_that_starts_afresh():
    numbers = []
    for _ in range(2):
        network = SimulatedNetwork()
        line = NotedLine()
        network.connect(line)
        network.reply(PHONE, "Yes", 1)
        numbers += line.events
        network.close()
    assert len(set(numbers)) == 2


async def serve(directory: Path, port: int) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(directory), str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    return process, (await process.stdout.readline()).decode().strip()


async def test_every_acked_message_survives_kill_9_and_the_transport_comes_back(tmp_path):
    port = free_port()
    process, url = await serve(tmp_path, port)
    link = SimulatorLink(url)
    await link.start()
    transport = SimulatorTransport(link, 1, "Front desk")
    ear = Ear(transport)
    acked: set[str] = set()

    async def send_without_end() -> None:
        for ref in range(1, 1_000_000):
            outcome = await transport.send(text(ref))
            if not isinstance(outcome, Sent):
                return
            acked.add(outcome.message_id)
            if ref == 200:
                process.send_signal(signal.SIGKILL)

    try:
        await transport.connect()
        await ear.state(DeviceState.ONLINE)
        await send_without_end()
        await process.wait()
        await ear.state(DeviceState.CONNECTING)
        assert len(acked) >= 200
        network = SimulatedNetwork(tmp_path / "network.sqlite")
        on_phone = {message.message_id for message in network.phone(PHONE).messages}
        network.close()
        lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        in_ledger = {json.loads(line)["message_id"] for line in lines}
        assert acked <= on_phone <= in_ledger
        assert len(in_ledger) <= len(acked) + 1  # at most the one in flight

        process, _ = await serve(tmp_path, port)
        await ear.state(DeviceState.ONLINE, count=2)
        assert isinstance(await transport.send(text(1_000_000)), Sent)
    finally:
        await transport.close()
        await ear.close()
        await link.close()
        if process.returncode is None:
            process.kill()
        await process.wait()
