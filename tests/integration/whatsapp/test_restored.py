"""A device whose store is an older copy goes on: messages were sent and read since, which it knows nothing of."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.whatsapp.conftest import Connect
from tests.integration.whatsapp.library import Device
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"
STRANGER = "15551230002"


def text(words: str) -> Content:
    return Content(kind=Kind.TEXT, text=words)


async def stopped(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    await device.do("stop")
    assert await whatsapp.until_offline(phone)


@pytest.fixture
def store(tmp_path: Path, phone: str) -> Path:
    return tmp_path / f"{phone}.db"


async def restored(whatsapp: LoopbackServer, begin: Connect, phone: str, store: Path) -> Device:
    """Copied in the middle of a conversation that both sides then carried on, and put back."""
    device = await begin(phone)
    await device.until("Connected")
    await device.text(CONTACT, "One")
    await whatsapp.incoming(phone, CONTACT, text("Two"))
    await device.until("Message")
    await device.text(CONTACT, "Three")
    await stopped(whatsapp, device, phone)
    copy = shutil.copyfile(store, store.with_suffix(".copy"))

    device = await device.library.connect(phone, store, phone=phone)
    await device.until("Connected")
    await device.text(CONTACT, "Four")
    await whatsapp.incoming(phone, CONTACT, text("Five"))
    await device.until("Message")
    await device.text(CONTACT, "Six")
    await whatsapp.incoming(phone, STRANGER, text("Hello?"))
    await device.until("Message", 2)
    await stopped(whatsapp, device, phone)

    for leftover in store.parent.glob(f"{store.name}-*"):
        leftover.unlink()
    shutil.copyfile(copy, store)
    device = await device.library.connect(phone, store, phone=phone)
    await device.until("Connected")
    return device


async def test_what_it_sends_is_read_once(
    whatsapp: LoopbackServer, begin: Connect, phone: str, store: Path
) -> None:
    device = await restored(whatsapp, begin, phone, store)

    for contact, words in ((CONTACT, "Seven"), (CONTACT, "Eight"), (STRANGER, "Hello yourself")):
        await device.until_receipt(await device.text(contact, words))

    sent = [accepted.sent for accepted in await whatsapp.accepted(phone)]
    assert [each.text for each in sent] == ["One", "Three", "Four", "Six", "Seven", "Eight", "Hello yourself"]
    assert not any(each.unreadable for each in sent)


async def test_it_reads_what_is_written_to_it(
    whatsapp: LoopbackServer, begin: Connect, phone: str, store: Path
) -> None:
    device = await restored(whatsapp, begin, phone, store)

    for count, (contact, words) in enumerate(
        ((CONTACT, "Seven"), (STRANGER, "Anybody there?"), (CONTACT, "Eight")), 1
    ):
        await whatsapp.incoming(phone, contact, text(words))
        assert (await device.until("Message", count))["Message"] == {"conversation": words}


async def test_it_reads_those_who_begin_with_keys_that_its_store_does_not_have(
    whatsapp: LoopbackServer, begin: Connect, phone: str, store: Path
) -> None:
    """It left them at the server after the copy was made; so it sends others along."""
    device = await begin(phone)
    await device.until("Connected")
    await stopped(whatsapp, device, phone)
    with closing(sqlite3.connect(store)) as copy, copy:
        copy.execute("DELETE FROM whatsmeow_pre_keys WHERE key_id <= 9")
    device = await device.library.connect(phone, store, phone=phone)
    await device.until("Connected")

    await whatsapp.incoming(phone, CONTACT, text("Hello?"))

    assert (await device.until("Message"))["Message"] == {"conversation": "Hello?"}
