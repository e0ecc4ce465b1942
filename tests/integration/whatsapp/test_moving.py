"""A device with the real library that goes on elsewhere, from the copy of its session: why ratchets are left out."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.transports.neonize.session_store import durable_copy, fingerprint, restore
from tests.integration.whatsapp.conftest import Connect
from tests.integration.whatsapp.library import Device, Library
from tests.unit.transports.neonize.stores import run
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.seeding import DeviceKeys
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT, STRANGER = "15551230001", "15551230002"
COUNTS = "SELECT (SELECT count(*) FROM whatsmeow_sessions), (SELECT count(*) FROM whatsmeow_pre_keys)"

Elsewhere = Callable[[Path], Awaitable[Device]]


@pytest.fixture
def elsewhere(library: Library, phone: str) -> Elsewhere:
    """The same account from another store. The library cannot have one twice at a time."""

    async def connect(store: Path) -> Device:
        device = await library.connect(f"{phone} elsewhere", store, phone=phone, number=DeviceKeys.NUMBER)
        await device.until("Connected")
        return device

    return connect


async def test_a_restored_session_logs_in_sends_and_receives(
    whatsapp: LoopbackServer, begin: Connect, elsewhere: Elsewhere, phone: str, tmp_path: Path
) -> None:
    device = await begin(phone)
    await device.until("Connected")
    for number in range(3):
        await device.text(CONTACT, f"Message {number}")
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="Thanks"))
    await device.until("Message")
    living = tmp_path / f"{phone}.db"
    copy = durable_copy(living)  # while the library has it open
    await device.text(CONTACT, "After the copy")
    await device.do("stop")

    restored = tmp_path / "elsewhere" / "session.sqlite"
    restore(copy, restored)
    assert run(living, COUNTS)[0][0] != 0
    assert run(restored, COUNTS)[0][0] == 0
    again = await elsewhere(restored)
    message_id = await again.text(CONTACT, "From elsewhere")
    await again.until_receipt(message_id)
    accepted = await whatsapp.accepted(phone)
    assert [one.sent.text for one in accepted][-2:] == ["After the copy", "From elsewhere"]
    assert [one.sent.unreadable for one in accepted] == [""] * 5
    for sender in (CONTACT, STRANGER):
        await whatsapp.incoming(phone, sender, Content(kind=Kind.TEXT, text=f"Hello from {sender}"))
    await again.until("Message", 2)
    texts = {message["Message"]["conversation"] for message in again.heard("Message")}
    assert texts == {f"Hello from {sender}" for sender in (CONTACT, STRANGER)}
    await again.do("stop")


async def test_with_its_ratchets_as_they_were_the_next_message_would_be_lost(
    whatsapp: LoopbackServer, begin: Connect, elsewhere: Elsewhere, phone: str, tmp_path: Path
) -> None:
    device = await begin(phone)
    await device.until("Connected")
    await device.text(CONTACT, "One")
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="Yes?"))
    await device.until("Message")
    await device.text(CONTACT, "Two")
    await device.do("stop")
    whole = tmp_path / "whole.sqlite"
    shutil.copyfile(tmp_path / f"{phone}.db", whole)
    device = await elsewhere(tmp_path / f"{phone}.db")
    await device.text(CONTACT, "Three")
    await device.do("stop")

    again = await elsewhere(whole)
    await again.text(CONTACT, "Four")
    *_, three, four = await whatsapp.accepted(phone)
    assert (three.sent.text, three.sent.unreadable) == ("Three", "")
    assert four.sent.unreadable != ""
    await again.do("stop")


async def test_messages_to_the_same_person_are_no_reason_for_a_copy_and_a_first_one_is(
    device: Device, phone: str, tmp_path: Path
) -> None:
    await device.text(CONTACT, "One")
    before = fingerprint(tmp_path / f"{phone}.db")
    await device.text(CONTACT, "Two")
    assert fingerprint(tmp_path / f"{phone}.db") == before
    await device.text(STRANGER, "One")
    assert fingerprint(tmp_path / f"{phone}.db") != before
