"""Re-pairing and logging out, from a device's card."""

import pytest

from engine.devices.unlinking import Unlinking
from models.enums import Role
from tests.linking import PHONE


@pytest.fixture
async def card(connected):
    """The owner's chat at the card of Sales-1, which is paired and online."""
    await connected.press("⌂ Home")
    await connected.press("📱 Devices")
    await connected.press("🟢 Sales-1 · online")
    return connected


@pytest.fixture
async def unlinking(container) -> Unlinking:
    return await container.get(Unlinking)


async def test_logging_out_asks_first_and_tells_when_whatsapp_has_heard(card, unlinking, linker, shows):
    await card.press("Log out")
    assert "+60 12-345 6789 does not list it any more" in card.text
    await card.press("Keep it")
    await card.press("Log out")
    await card.press("Log out")
    assert "⏳ Logging out of WhatsApp …" in card.text
    await unlinking.run_once()
    await shows("✅ Logged out: +60 12-345 6789 does not list it any more.")
    assert linker.unlinked == [b"session"]
    await card.press("‹ Back")
    assert "🔴 not paired: pair it to send" in card.text
    assert "Log out" not in card.buttons
    assert "Restart" not in card.buttons
    await card.press("Why?")
    assert "logged out from here: WhatsApp has confirmed it" in card.text


async def test_what_whatsapp_was_not_told_is_to_be_done_on_the_phone(card, unlinking, linker, shows):
    linker.hears = False
    await card.press("Log out")
    await card.press("Log out")
    await unlinking.run_once()
    await shows("⚠️ WhatsApp could not be told. The phone +60 12-345 6789 still lists this device")


async def test_paired_again_it_is_the_same_device(*, card, linker, shows, devices, owner, run):
    await run("UPDATE user_devices SET state = 'logged_out', min_delay_seconds = 7, max_delay_seconds = 8")
    await card.press("⟳ Refresh")
    await card.press("🔗 Re-pair")
    assert "Its settings, its people and its history stay. Use the same number: +60 12-345 6789." in card.text
    assert card.buttons == ["Code on this phone", "QR code", "‹ Back", "⌂ Home"]
    await card.press("Code on this phone")
    linker.show_code()
    await shows("ABCD-1234")
    assert linker.asked[-1] == PHONE
    assert "✏️ Another number" not in card.buttons
    linker.agree()
    await shows("is paired")
    assert "How old" not in card.text
    assert "🧪 Test to me" in card.buttons
    await card.press("📱 To the device")
    assert "Delay between messages: 7–8 s" in card.text
    assert len(await devices.list(owner)) == 1


async def test_logged_out_by_its_phone_only_pairing_helps(card, run):
    await run("UPDATE user_devices SET state = 'logged_out', owner = NULL")
    await card.press("⟳ Refresh")
    assert "Restart" not in card.buttons
    await card.press("Why?")
    assert card.buttons == ["🔗 Re-pair", "⟳ Refresh", "‹ Back", "⌂ Home"]
    await card.press("🔗 Re-pair")
    assert card.text.startswith("Sales-1 · pair it with WhatsApp")
    await card.press("‹ Back")
    assert "why is it not sending?" in card.text


async def test_another_number_is_refused_and_everything_is_as_before(card, linker, shows, run):
    await run("UPDATE user_devices SET state = 'logged_out'")
    await card.press("🔗 Re-pair")
    await card.press("QR code")
    linker.agree("+60198765432")
    await shows("This device was +60 12-345 6789; you scanned with +60 19-876 5432.")
    await card.press("‹ Back")
    await card.press("‹ Back")
    assert "🔴 logged out: pair again" in card.text


async def test_removing_logs_out_too(*, card, unlinking, shows, devices, owner):
    await card.press("🗑 Remove")
    assert "and is logged out of WhatsApp" in card.text
    await card.press("🗑 Remove")
    assert card.text.startswith("Sales-1 · removed\n\n⏳ Logging out of WhatsApp …")
    await unlinking.run_once()
    await shows("✅ Logged out")
    assert "Re-pair" not in card.text
    await card.press("‹ Back")
    assert "No device yet" in card.text
    assert await devices.list(owner) == []


async def test_a_viewer_neither_logs_out_nor_pairs(card, newcomer, linker):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📱 Devices")
    await viewer.press("🟢 Sales-1 · online")
    await viewer.press("Log out")
    await viewer.press("Log out")
    assert "you are a viewer" in viewer.toast.text
    await viewer.press("‹ Back")
    await viewer.press("🔗 Re-pair")
    await viewer.press("QR code")
    assert "you are a viewer" in viewer.toast.text
    assert linker.asked == [None]
