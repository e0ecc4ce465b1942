import hashlib

import pytest

from engine.transports.contract import MediaFile, Rejected, Sent
from engine.transports.simulator.network import SimulatedNetwork
from models.enums import DeviceState
from tests.unit.transports.harness import PHONE, Ear, SimulatorHarness, text

CONTENT = bytes(range(256)) * 1000
PICTURE = MediaFile(CONTENT, hashlib.sha256(CONTENT).hexdigest(), "image/png", "menu.png")


@pytest.fixture
def uploads(monkeypatch) -> list[str]:
    """The sha256 of each upload."""
    seen: list[str] = []
    add_media = SimulatedNetwork.add_media

    def note(self, sha256, mime_type, content):
        seen.append(sha256)
        add_media(self, sha256, mime_type, content)

    monkeypatch.setattr(SimulatedNetwork, "add_media", note)
    return seen


@pytest.fixture
async def harness(tmp_path):
    harness = SimulatorHarness(tmp_path)
    await harness.start()
    yield harness
    await harness.close()


async def online(harness, device):
    transport = harness.transport(device)
    ear = Ear(transport)
    await transport.connect()
    await ear.state(DeviceState.ONLINE)
    return transport, ear


async def test_bytes_cross_the_link_once_whoever_sends_them(harness, uploads):
    opened = [await online(harness, device) for device in (1, 2)]
    for transport, ear in opened:
        assert isinstance(await transport.send(text(media=PICTURE)), Sent)
        assert isinstance(await transport.send(text(media=PICTURE)), Sent)
        await transport.close()
        await ear.task
    assert uploads == [PICTURE.sha256]
    assert harness.network.media(PICTURE.sha256) == ("image/png", CONTENT)
    received = harness.network.phone(PHONE).messages[0].media
    assert (received.file_name, received.size) == ("menu.png", len(CONTENT))


async def test_a_network_that_has_the_bytes_is_not_sent_them_after_a_restart(harness, uploads):
    transport, ear = await online(harness, 1)
    await transport.send(text(media=PICTURE))
    await harness.network_down()
    await ear.state(DeviceState.CONNECTING)
    await harness.network_up()
    await ear.state(DeviceState.ONLINE, count=2)
    assert isinstance(await transport.send(text(media=PICTURE)), Sent)
    assert uploads == [PICTURE.sha256]
    await transport.close()
    await ear.task


async def test_a_network_that_lost_the_bytes_gets_them_again(harness, uploads, tmp_path):
    transport, ear = await online(harness, 1)
    await transport.send(text(media=PICTURE))
    await harness.network_down()
    await ear.state(DeviceState.CONNECTING)
    (tmp_path / "network.sqlite").unlink()
    await harness.network_up()
    await ear.state(DeviceState.ONLINE, count=2)
    assert isinstance(await transport.send(text(media=PICTURE)), Sent)
    assert uploads == [PICTURE.sha256] * 2
    await transport.close()
    await ear.task


async def test_bytes_that_cannot_be_uploaded_are_a_passing_rejection(harness):
    transport, ear = await online(harness, 1)
    forged = MediaFile(b"other bytes", PICTURE.sha256, "image/png", "menu.png")
    outcome = await transport.send(text(media=forged))
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == ("media_upload_failed", False)
    await transport.close()
    await ear.task
