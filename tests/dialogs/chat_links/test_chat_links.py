"""A link and its QR picture, made from a sequence's card."""

import pytest

from engine.clock import Clock
from engine.contacts.click_to_chat import ChatLinks
from engine.contacts.inbox import Inbox
from engine.database import Database
from engine.devices.registry import Devices
from engine.sequences.editor import SequenceEditor
from engine.transports.contract import Inbound
from models.enums import Role


@pytest.fixture
async def device(container, owner) -> int:
    return await (await container.get(Devices)).add_simulated(owner, "Sales-1")


@pytest.fixture
async def sequence(container, owner, device) -> int:
    editor = await container.get(SequenceEditor)
    return await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)


async def open_links(chat) -> None:
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Welcome · 0")
    await chat.press("⋯ More")
    await chat.press("🔗 Click to chat")


async def test_a_link_is_made_and_people_join_by_it(chat, container, owner, sequence, device):
    await open_links(chat)
    assert "Their message is their permission" in chat.text
    await chat.press("+ New link")
    await chat.press("📱 Sales-1")
    assert f"https://wa.me/1555{device:07d}?text=Hi" in chat.text
    [link] = await (await container.get(ChatLinks)).of_sequence(owner, sequence)
    inbox = Inbox(*[await container.get(kind) for kind in (Database, Clock)])
    await inbox.receive(device, Inbound("m1", "+60123456789", link.greeting))
    await chat.press("‹ Back")
    await chat.press("🔗 Sales-1 · 1")
    assert "1 person joined by it" in chat.text


async def test_the_picture_comes_as_a_file_and_the_menu_below_it(chat, telegram, sequence):
    await open_links(chat)
    await chat.press("+ New link")
    await chat.press("📱 Sales-1")
    await chat.press("▦ QR picture")
    assert telegram.sent_files["chat link.png"].startswith(b"\x89PNG")
    assert "▦ QR picture" in chat.buttons


async def test_the_words_are_changed_and_the_link_is_closed_and_opened(chat, sequence):
    await open_links(chat)
    await chat.press("+ New link")
    await chat.press("📱 Sales-1")
    await chat.press("✏️ Words")
    await chat.say("x" * 301)
    assert "at most 300" in chat.answer
    await chat.say("The price list, please!")
    assert "The price list, please! (" in chat.text
    await chat.press("🔒 Close")
    assert "🔒 closed" in chat.text
    assert "▦ QR picture" not in chat.buttons
    await chat.press("🔓 Open again")
    assert "▦ QR picture" in chat.buttons


async def test_a_viewer_sees_links_and_makes_none(newcomer, container, owner, sequence, device):
    links = await container.get(ChatLinks)
    await links.create_for_sequence(owner, sequence, device)
    viewer = await newcomer(Role.VIEWER)
    await open_links(viewer)
    assert "+ New link" not in viewer.buttons
    await viewer.press("🔗 Sales-1 · 0")
    assert "✏️ Words" not in viewer.buttons
