"""A real device host with the real library: how its lines come up, go down, and come up again."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from engine.transports.contract import Rejected, Sent, StateChanged
from models.enums import DeviceState
from tests.integration.whatsapp.device_host.conftest import Make
from tests.integration.whatsapp.device_host.driver import DeviceHost, HostedDevice
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.behaviour import Answer, LoginFailure, OnMessage, Proxy, StreamError
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


async def test_a_device_comes_up(device: HostedDevice) -> None:
    assert device.states == [StateChanged(DeviceState.ONLINE)]


async def test_many_devices_are_opened_at_once(whatsapp: LoopbackServer, make: Make) -> None:
    devices = [await make(f"1666000{number:04}") for number in range(12)]
    states = await asyncio.gather(*(device.open() for device in devices))
    assert [change.state for change in states] == ["online"] * 12
    await asyncio.gather(*(device.sent(CONTACT, f"from {device.phone}") for device in devices))


async def test_a_line_that_drops_is_back_at_once(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.drop(phone)
    await device.until_state(DeviceState.ONLINE, count=2)
    assert (await device.until_state(DeviceState.CONNECTING)).reason == "the connection to WhatsApp was lost"
    await device.sent(CONTACT, "still here")


async def test_after_an_outage_a_device_is_back_sooner_than_the_library_would_bring_it(
    whatsapp: LoopbackServer, device: HostedDevice
) -> None:
    await whatsapp.begin_outage()
    refused = StateChanged(DeviceState.CONNECTING, "the proxy refuses: 502 Bad Gateway")
    await device.host.until(lambda: refused in device.states, "outage")
    outcome = await device.send(CONTACT, "in vain")
    assert outcome == Rejected("not_connected", "the proxy refuses: 502 Bad Gateway.", permanent=False)

    await asyncio.sleep(2.5)  # as long as it lasts: the library has tried after 0 and 2 s, and waits for 4 s now
    await whatsapp.set_proxy(Proxy.OPEN)
    back = monotonic()
    await device.until_state(DeviceState.ONLINE, count=2)
    assert monotonic() - back < 2.5
    await device.sent(CONTACT, "hello again")


async def test_a_send_in_an_outage_ends_as_unknown_when_it_was_under_way(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.on_next_messages(OnMessage(Answer.LOSE_ACK), phone=phone)
    sending = asyncio.create_task(device.send(CONTACT, "under way"))
    await whatsapp.until_accepted(1, phone)
    await whatsapp.begin_outage()
    try:
        outcome = await sending
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)
    assert "acknowledged it" in getattr(outcome, "text", "")
    await device.until_state(DeviceState.ONLINE, count=2)
    assert [accepted.times for accepted in await whatsapp.accepted(phone)] == [1]


@pytest.mark.parametrize(
    ("failure", "end"),
    [
        (LoginFailure(401), (DeviceState.LOGGED_OUT, "(401)")),
        (LoginFailure(403), (DeviceState.LOGGED_OUT, "(403)")),
        (LoginFailure(406), (DeviceState.LOGGED_OUT, "(406)")),
        (LoginFailure.client_outdated(), (DeviceState.OUTDATED, "dripdesk must be updated")),
    ],
)
async def test_a_login_that_is_refused_for_good_is_the_end(
    whatsapp: LoopbackServer, make: Make, phone: str, failure: LoginFailure, end: tuple[DeviceState, str]
) -> None:
    await whatsapp.fail_logins(failure, phone)
    device = await make(phone)
    change = await device.open()
    state, words = end
    assert change.state is state
    assert words in change.reason
    assert (await device.send(CONTACT, "in vain")).code == "not_connected"


async def test_a_ban_says_why_and_until_when(whatsapp: LoopbackServer, make: Make, phone: str) -> None:
    await whatsapp.fail_logins(LoginFailure.temporary_ban(code=104, expire=7200), phone)
    change = await (await make(phone)).open()

    assert change.state is DeviceState.TEMP_BANNED
    assert "it sent too many of the same message (104)" in change.reason
    assert change.until is not None
    assert abs(change.until - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)


@pytest.mark.parametrize("reason", [400, 500, 503])
async def test_a_login_that_is_refused_for_now_is_tried_again(
    whatsapp: LoopbackServer, make: Make, phone: str, reason: int
) -> None:
    await whatsapp.fail_logins(LoginFailure(reason, times=2), phone)
    device = await make(phone)
    await device.open()
    await device.until_state(DeviceState.ONLINE)


@pytest.mark.parametrize(
    ("error", "state"),
    [(StreamError.REPLACED, DeviceState.REPLACED), (StreamError.DEVICE_REMOVED, DeviceState.LOGGED_OUT)],
)
async def test_a_line_that_whatsapp_ends_for_good_is_not_taken_up_again(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str, error: StreamError, state: DeviceState
) -> None:
    await whatsapp.end_stream(phone, error)
    await device.until_state(state)
    assert await whatsapp.until_offline(phone)
    await device.close()
    assert (await whatsapp.account(phone)).logins == 1


@pytest.mark.parametrize("error", [StreamError.RESTART, StreamError.UNAVAILABLE])
async def test_a_line_that_whatsapp_ends_for_now_comes_back(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str, error: StreamError
) -> None:
    await whatsapp.end_stream(phone, error)
    assert await whatsapp.until_online(phone, logins=2)
    await device.sent(CONTACT, "again")


async def test_a_store_without_a_device_is_refused_before_the_library_sees_it(
    host: DeviceHost, make: Make, phone: str
) -> None:
    device = await make(phone)
    with closing(sqlite3.connect(device.store)) as store, store:
        store.execute("DELETE FROM whatsmeow_device")
    answer = await device.ask("open", store=str(device.store))

    assert answer.header["refused"] == "there is no session in its store; it has to be paired again"
    assert (await host.ask({"type": "ping"})).header["type"] == "answer"


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be one" * 100])
async def test_a_store_that_is_none_is_refused(host: DeviceHost, make: Make, phone: str, content: bytes) -> None:
    device = await make(phone)
    device.store.write_bytes(content)
    assert "the session cannot be read" in (await device.ask("open", store=str(device.store))).header["refused"]
    assert (await host.ask({"type": "ping"})).header["type"] == "answer"


async def test_a_line_that_fails_is_parked_and_takes_nobody_along(
    host: DeviceHost, device: HostedDevice, make: Make
) -> None:
    broken = StateChanged(DeviceState.PARKED, "an error inside of the device host, see the log")
    unreadable = await make("16670000002")
    with closing(sqlite3.connect(unreadable.store.with_name("inbox.sqlite"))) as spool, spool:
        spool.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, content TEXT)")
        spool.execute("INSERT INTO events (content) VALUES ('no JSON')")
    await unreadable.open()
    await host.until(lambda: broken in unreadable.states, "state")
    await device.sent(CONTACT, "not disturbed")


async def test_a_device_for_which_the_disk_has_no_room_is_opened_when_it_has(make: Make, phone: str) -> None:
    device = await make(phone)
    device.store.with_name("inbox.sqlite").mkdir()
    answer = await device.ask("open", store=str(device.store))
    assert "this machine's disk does not take what has to be kept on it" in answer.header["busy"]

    device.store.with_name("inbox.sqlite").rmdir()
    assert (await device.open()).state == "online"


async def test_one_account_is_not_opened_twice_in_a_host(
    device: HostedDevice, store_template: Path, tmp_path: Path
) -> None:
    twin = HostedDevice(device.host, 9_999, tmp_path / "twin.sqlite", device.phone)
    seeding.write_store(twin.store, device.phone, store_template)
    assert (await twin.open()).state is DeviceState.REPLACED
    await device.sent(CONTACT, "not disturbed")


async def test_a_device_is_opened_and_closed_again_and_again(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    for _ in range(3):
        await device.close()
        await device.close()
        assert await whatsapp.until_offline(phone)
        outcome = await device.send(CONTACT, "closed")
        assert outcome == Rejected("not_connected", "the device is not open in this host.", permanent=False)
        assert (await device.open()).state is DeviceState.ONLINE
        await device.sent(CONTACT, "open")


async def test_closing_waits_for_the_send_in_flight(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.on_next_messages(OnMessage(delay=0.5), phone=phone)
    sending = asyncio.create_task(device.send(CONTACT, "wait for me"))
    await whatsapp.until_accepted(1, phone)
    await device.close()
    assert isinstance(await sending, Sent)
