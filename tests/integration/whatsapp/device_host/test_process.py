"""A device host as a process: what it says of itself, what it leaves behind, how it ends."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from engine.transports.contract import StateChanged
from models.enums import DeviceState
from tests.integration.whatsapp.device_host.conftest import Make
from tests.integration.whatsapp.device_host.driver import DeviceHost, HostedDevice
from tests.whatsapp_loopback.behaviour import Answer, OnMessage
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


async def test_a_host_says_what_it_is(host: DeviceHost) -> None:
    assert host.ready["version"] == "0.5.2"
    assert host.ready["pid"] == host.process.pid
    assert (host.ready["can_send_media"], host.ready["trouble"]) == (True, "")


async def test_a_copy_of_the_session_is_as_it_says(device: HostedDevice) -> None:
    answer = await device.ask("durable")
    assert hashlib.sha256(answer.blob).hexdigest() == answer.header["sha256"]


async def test_a_session_that_is_worth_a_new_copy_is_told(
    whatsapp: LoopbackServer, make: Make, phone: str
) -> None:
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, changed_every=0.1) as host:
        watched = HostedDevice(host, device.id, device.store, phone)
        await watched.open()
        for number in range(3):
            await watched.sent(f"1555123020{number}", "hello")
        changed = {"type": "changed", "device": device.id}
        await host.until(lambda: changed in host.heard, "change")


async def test_nothing_that_names_people_or_says_what_they_were_told_reaches_the_log(
    whatsapp: LoopbackServer, make: Make, phone: str
) -> None:
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, send_within=1) as host:
        watched = HostedDevice(host, device.id, device.store, phone)
        await watched.open()
        await whatsapp.on_next_messages(OnMessage.refuse(463), OnMessage(Answer.LOSE_ACK), phone=phone)
        for _ in range(3):
            await watched.send(CONTACT, "for your eyes only")
        await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="a secret"))
        await watched.until_inbound()
        await whatsapp.drop(phone)
        await watched.until_state(DeviceState.ONLINE, count=3)
        await host.ask({"type": "send", "device": device.id, "message": {"phone": CONTACT}})
        host.tell({"type": "end"})
        await host.ends()
    assert "send failed: KeyError" in host.complaints
    for private in (CONTACT, phone, "for your eyes", "a secret"):
        assert private not in host.complaints


async def test_a_host_whose_library_cannot_be_loaded_says_what_is_missing(whatsapp: LoopbackServer) -> None:
    command = "tests.integration.whatsapp.device_host.host_without_libmagic"
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, command=command) as host:
        assert not host.ready["can_send_media"]
        assert "libmagic is missing (package pylibmagic)" in host.ready["trouble"]
        opened = await host.open(1, Path("session.sqlite"))
        assert opened == StateChanged(DeviceState.PARKED, host.ready["trouble"])
        answer = await host.ask({"type": "check", "device": 1, "phones": []})
        assert answer.header["refused"] == host.ready["trouble"]
        host.tell({"type": "end"})
        assert await host.ends() == 0


async def test_a_host_without_its_engine_ends_at_once_whatever_it_is_at(
    whatsapp: LoopbackServer, make: Make, phone: str
) -> None:
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file) as host:
        orphan = HostedDevice(host, device.id, device.store, phone)
        await orphan.open()
        await whatsapp.on_next_messages(OnMessage(Answer.LOSE_ACK), phone=phone)
        sending = asyncio.create_task(orphan.send(CONTACT, "in flight"))
        await whatsapp.until_accepted(1, phone)
        host.writer.close()
        assert await host.ends() == 0
    with pytest.raises(ConnectionError):
        await sending


async def test_a_host_ends_when_it_is_told_to_having_closed_its_lines(
    whatsapp: LoopbackServer, make: Make, phone: str
) -> None:
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file) as host:
        await host.open(device.id, device.store)
        host.tell({"type": "end"})
        assert await host.ends() == 0
    assert await whatsapp.until_offline(phone)


async def test_a_session_that_another_host_has_open_is_not_opened_beside_it(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    """Neither host, nor WhatsApp, hears of it: the account is not replaced."""
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file) as host:
        heir = HostedDevice(host, device.id, device.store, phone)
        opening = {"store": str(device.store)}
        assert "another dripdesk process" in (await heir.ask("open", **opening)).header["busy"]
        await device.sent(CONTACT, "from the first")
        assert DeviceState.REPLACED not in [change.state for change in device.states]
        await device.close()
        assert (await heir.open()).state == "online"
        await heir.sent(CONTACT, "from the heir")
        await heir.close()
        assert (await device.open()).state == "online"


async def test_a_host_whose_engine_is_silent_ends_and_lets_go_of_its_sessions(
    whatsapp: LoopbackServer, make: Make, phone: str
) -> None:
    """A frozen engine has lost its devices to another, and its end of the socket stays open."""
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, engine_within=1) as host:
        await host.open(device.id, device.store)
        assert await host.ends() == 0
    assert (await device.open()).state == "online"


async def test_a_host_whose_engine_asks_it_now_and_then_lives(
    whatsapp: LoopbackServer,
) -> None:
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, engine_within=0.3) as host:
        for _ in range(20):
            await host.ask({"type": "ping"})
            await asyncio.sleep(0.1)
        assert host.process.returncode is None
