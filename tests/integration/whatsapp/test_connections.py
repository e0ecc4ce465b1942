"""Connections and logins, as the real library sees them break, be refused and come back."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.whatsapp.conftest import Connect
from tests.integration.whatsapp.library import Device, Library
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.behaviour import Handshake, LoginFailure, Proxy, StreamError
from tests.whatsapp_loopback.messages import ReceiptKind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


async def test_a_dropped_device_comes_back_by_itself(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    assert await whatsapp.drop(phone) == 1

    await device.until("Disconnected")
    await device.until("Connected", 2)
    assert await device.text(CONTACT, "I am back")


@pytest.mark.parametrize("proxy", [Proxy.REFUSES, Proxy.RESETS])
async def test_after_an_outage_devices_come_back_and_get_what_happened_meanwhile(
    whatsapp: LoopbackServer, device: Device, phone: str, proxy: Proxy
) -> None:
    await whatsapp.deliver_at_once(False, phone)
    message_id = await device.text(CONTACT, "Before the storm")
    await whatsapp.begin_outage(proxy)
    await device.until("Disconnected")
    assert await whatsapp.until_offline(phone)
    await whatsapp.report(message_id, ReceiptKind.DELIVERED)
    assert not device.heard("Receipt")

    await whatsapp.set_proxy(Proxy.OPEN)

    await device.until("Connected", 2)
    await device.until_receipt(message_id)


async def test_a_connection_that_is_swallowed_waits_until_the_way_is_free(
    whatsapp: LoopbackServer, begin: Connect, phone: str
) -> None:
    await whatsapp.set_proxy(Proxy.SWALLOWS)
    try:
        device = await begin(phone)
        assert await whatsapp.until_swallowed(1)
        assert not device.heard("ended")
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)

    await device.until("Connected")


async def test_a_frozen_connection_is_open_and_dead(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    await whatsapp.freeze(phone)
    sending = asyncio.create_task(device.text(CONTACT, "Is anybody there?"))
    assert not await whatsapp.until_asked(phone, 1, seconds=0.3)
    assert await device.do("connected")

    await whatsapp.freeze(phone, frozen=False)
    await whatsapp.drop(phone)

    assert await sending


async def test_a_first_connect_that_is_refused_fails_at_once(
    whatsapp: LoopbackServer, begin: Connect, phone: str
) -> None:
    await whatsapp.refuse_upgrades(503)
    try:
        device = await begin(phone)
        ended = await device.until("ended")
    finally:
        await whatsapp.refuse_upgrades(None)

    assert "503" in ended["error"]


async def test_a_server_that_speaks_no_noise_is_refused(
    whatsapp: LoopbackServer, begin: Connect, phone: str
) -> None:
    await whatsapp.set_handshake(Handshake.GARBAGE)
    try:
        device = await begin(phone)
        ended = await device.until("ended")
    finally:
        await whatsapp.set_handshake(Handshake.PLAIN)

    assert "handshake" in ended["error"]


async def test_another_login_as_the_same_device_replaces_it(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    await whatsapp.end_stream(phone, StreamError.REPLACED)

    await device.until("StreamReplaced")
    assert not await whatsapp.online(phone)


@pytest.mark.parametrize("error", [StreamError.RESTART, StreamError.UNAVAILABLE])
async def test_a_server_that_restarts_is_gone_for_a_moment(
    whatsapp: LoopbackServer, device: Device, phone: str, error: StreamError
) -> None:
    await whatsapp.end_stream(phone, error)

    await device.until("Connected", 2)
    assert await whatsapp.until_online(phone, logins=2)


async def test_a_device_taken_off_on_the_phone_is_logged_out(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    await whatsapp.remove_device(phone)

    await device.until("LoggedOut")
    assert (await whatsapp.account(phone)).jid is None


async def test_a_device_can_log_itself_out(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    await device.do("logout")

    assert (await whatsapp.account(phone)).jid is None


@pytest.mark.parametrize(
    ("failure", "event"),
    [
        (LoginFailure(401), "LoggedOut"),
        (LoginFailure(403), "LoggedOut"),
        (LoginFailure(406), "LoggedOut"),
        (LoginFailure.client_outdated(), "ClientOutdated"),
        (LoginFailure(400), "ConnectFailure"),
    ],
)
async def test_logins_fail_with_their_reason(
    whatsapp: LoopbackServer, begin: Connect, phone: str, failure: LoginFailure, event: str
) -> None:
    await whatsapp.fail_logins(failure, phone)
    device = await begin(phone)

    await device.until(event)

    assert not device.heard("Connected")


async def test_a_ban_says_why_and_for_how_long(whatsapp: LoopbackServer, begin: Connect, phone: str) -> None:
    await whatsapp.fail_logins(LoginFailure.temporary_ban(code=101, expire=3600), phone)
    device = await begin(phone)

    assert await device.until("TemporaryBan") == {"Code": "SEND_TO_TOO_MANY_PEOPLE", "Expire": "3600"}


async def test_a_device_that_the_server_does_not_know_is_logged_out(
    whatsapp: LoopbackServer, library: Library, store_template: Path, tmp_path: Path, phone: str
) -> None:
    seeding.write_store(tmp_path / "unknown.db", phone, store_template)

    device = await library.connect(phone, tmp_path / "unknown.db", phone=phone)

    await device.until("LoggedOut")
    assert (await whatsapp.account(phone)).logins == 0


async def test_an_overloaded_server_is_tried_again(whatsapp: LoopbackServer, begin: Connect, phone: str) -> None:
    await whatsapp.fail_logins(LoginFailure(503, times=1), phone)
    device = await begin(phone)

    await device.until("Connected")


async def test_without_the_exchanged_key_the_library_does_not_trust_the_server(
    whatsapp: LoopbackServer, store_template: Path, tmp_path: Path, phone: str
) -> None:
    seeding.write_store(tmp_path / "wary.db", phone, store_template)
    await whatsapp.seed(phone)
    async with Library(whatsapp, trusting=False) as wary:
        device = await wary.connect("wary", tmp_path / "wary.db", phone=phone)

        ended = await device.until("ended")

    assert "cert" in ended["error"]
    assert (await whatsapp.account(phone)).logins == 0
