"""Linking the real library to a phone, by picture and by characters, with the cryptography of both sides."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.whatsapp.library import Device, Library, LibraryError
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.pairing import (
    MOST_WRONG_CODES,
    ExpiredCodeError,
    PasskeyRequiredError,
    PhoneRefusedError,
    Refusal,
    TooManyTriesError,
)
from tests.whatsapp_loopback.phone import UnreadableQrError, WrongCodeError
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


@pytest_asyncio.fixture(loop_scope="module")
async def unlinked(whatsapp: LoopbackServer, tmp_path: Path) -> AsyncIterator[Device]:
    """A device that shows its codes, in a process of its own: the library cannot end one that still does."""
    async with Library(whatsapp) as library:
        device = await library.connect("new", tmp_path / "new.db")
        await device.until("code")
        yield device


@pytest_asyncio.fixture(loop_scope="module")
async def quick(whatsapp: LoopbackServer) -> AsyncIterator[None]:
    """Linked devices need not upload hundreds of one-time keys."""
    await whatsapp.spare_prekeys(True)
    yield
    await whatsapp.spare_prekeys(False)


async def shown(device: Device) -> str:
    return str((await device.until("code"))["text"])


async def test_a_phone_scans_the_picture(whatsapp: LoopbackServer, unlinked: Device, phone: str) -> None:
    await whatsapp.scan(await shown(unlinked), phone)

    linked = await unlinked.until("PairStatus")
    assert linked["ID"]["User"] == phone
    await unlinked.until("Connected")
    account = await whatsapp.account(phone)
    assert account.jid == f"{phone}:1@s.whatsapp.net"
    assert account.prekeys >= 100
    message_id = await unlinked.text(CONTACT, "From the new device")
    await unlinked.until_receipt(message_id)
    await whatsapp.incoming(phone, "15551230002", Content(kind=Kind.TEXT, text="Welcome"))
    assert (await unlinked.until("Message"))["Message"]["conversation"] == "Welcome"
    assert (await whatsapp.account(phone)).prekeys == account.prekeys - 1


@pytest.mark.usefixtures("quick")
async def test_a_phones_owner_types_the_characters(whatsapp: LoopbackServer, unlinked: Device, phone: str) -> None:
    characters = await unlinked.do("code", phone=phone)

    await whatsapp.enter_code(phone, characters)

    await unlinked.until("PairStatus")
    await unlinked.until("Connected")
    assert await unlinked.text(CONTACT, "From the new device")


@pytest.mark.usefixtures("quick")
async def test_wrong_characters_are_refused_and_the_right_ones_still_work(
    whatsapp: LoopbackServer, unlinked: Device, phone: str
) -> None:
    characters = await unlinked.do("code", phone=phone)
    for _ in range(2):
        with pytest.raises(WrongCodeError):
            await whatsapp.enter_code(phone, "AAAA-AAAA")

    await whatsapp.enter_code(phone, characters)

    await unlinked.until("PairStatus")


async def test_after_too_many_wrong_characters_the_right_ones_do_not_help(
    whatsapp: LoopbackServer, unlinked: Device, phone: str
) -> None:
    characters = await unlinked.do("code", phone=phone)
    for _ in range(MOST_WRONG_CODES):
        with pytest.raises(WrongCodeError):
            await whatsapp.enter_code(phone, "AAAA-AAAA")

    with pytest.raises(TooManyTriesError):
        await whatsapp.enter_code(phone, characters)


async def test_the_server_may_give_no_characters(whatsapp: LoopbackServer, unlinked: Device, phone: str) -> None:
    await whatsapp.refuse_codes(429, "rate-overlimit")
    try:
        with pytest.raises(LibraryError, match="429"):
            await unlinked.do("code", phone=phone)
    finally:
        await whatsapp.refuse_codes(None)


@pytest.mark.parametrize("refusal", [Refusal.RATE_LIMITED, Refusal.TOO_MANY_DEVICES])
async def test_the_phone_may_refuse(
    whatsapp: LoopbackServer, unlinked: Device, phone: str, refusal: Refusal
) -> None:
    await whatsapp.refuse_linking(phone, refusal)

    with pytest.raises(PhoneRefusedError):
        await whatsapp.scan(await shown(unlinked), phone)

    assert not unlinked.heard("PairStatus")


async def test_an_account_with_a_passkey_is_not_linked_without(
    whatsapp: LoopbackServer, unlinked: Device, phone: str
) -> None:
    await whatsapp.refuse_linking(phone, Refusal.PASSKEY)

    with pytest.raises(PasskeyRequiredError):
        await whatsapp.scan(await shown(unlinked), phone)

    await unlinked.library.until_printed("Login event: passkey-request")


async def test_what_is_no_code_of_whatsapp(whatsapp: LoopbackServer, phone: str) -> None:
    with pytest.raises(UnreadableQrError):
        await whatsapp.scan("https://example.org/menu", phone)


async def test_codes_run_out(whatsapp: LoopbackServer, unlinked: Device, phone: str) -> None:
    code = await shown(unlinked)

    assert await whatsapp.expire_codes() == 1

    await unlinked.library.until_printed("Login event: timeout")
    assert not await unlinked.do("connected")
    with pytest.raises(ExpiredCodeError):
        await whatsapp.scan(code, phone)


@pytest.mark.usefixtures("quick")
async def test_linking_again_takes_the_first_device_off(
    whatsapp: LoopbackServer, library: Library, unlinked: Device, phone: str, tmp_path: Path
) -> None:
    await whatsapp.scan(await shown(unlinked), phone)
    await unlinked.until("Connected")
    second = await library.connect("second", tmp_path / "second.db")
    await whatsapp.scan(await shown(second), phone)

    await unlinked.until("LoggedOut")
    await second.until("Connected")
    assert (await whatsapp.account(phone)).jid == f"{phone}:2@s.whatsapp.net"
