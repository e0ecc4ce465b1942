"""A device is added, from its name to its first message, as the operator sees it."""

import pytest
from aiogram.types import Contact
from sqlalchemy import text

from bot.live import LIVES, LiveCards
from engine.devices import pairing
from engine.devices.ownership import Ownership
from engine.devices.pairing import Pairings
from engine.operators import Operators
from engine.settings import Settings
from models.enums import DeviceState, Role
from tests.integration.engine.world import until
from tests.linking import PHONE

OTHER = "+60198765432"


async def only(devices, owner):
    [device] = await devices.list(owner)
    return await devices.card(owner, device.id)


class TestTheCode:
    async def test_first_its_name_then_the_way_then_the_number(self, chat, linker, shows):
        await chat.press("📱 Devices")
        await chat.press("+ Add a device")
        assert "one WhatsApp account" in chat.text
        await chat.say("Front desk")
        assert chat.text.startswith("Front desk · pair it with WhatsApp")
        assert chat.buttons == ["Code on this phone", "QR code", "Simulated device", "‹ Back", "⌂ Home"]
        await chat.press("Code on this phone")
        await chat.say("012-345 6789")
        assert "⏳ Asking WhatsApp for a code …" in chat.text
        linker.show_code("ABCD-1234")
        await shows("ABCD-1234")
        assert chat.text == (
            "Front desk · +60 12-345 6789\n\n"
            "Type this code on the phone:\n\n"
            "ABCD-1234\n"
            "1. Open WhatsApp → Settings (on Android: ⋮) → Linked devices\n"
            "2. Link a device → Link with phone number instead\n"
            "3. Type the code. WhatsApp may also ask for it by itself.\n\n"
            "It is good until 10:04. You may leave this screen: the pairing goes on, and Devices leads back here."
        )
        assert chat.buttons == [
            "New code", "QR instead", "✏️ Another number", "✖️ Stop pairing", "⟳ Refresh", "‹ Back", "⌂ Home",
        ]  # fmt: skip

    async def test_paired_it_asks_for_the_age_and_shows_the_pace_before_it_is_taken(
        self, *, at_code, linker, shows, devices, owner, run
    ):
        linker.agree()
        await shows("✅ +60 12-345 6789 is paired")
        assert "🟡 Sales-1: connecting…" in at_code.text
        await run("UPDATE user_devices SET state = 'online'")
        await shows("✅ +60 12-345 6789 is connected")
        assert "How old is this number on WhatsApp?" in at_code.text
        assert at_code.buttons == [
            "New, under a week", "Weeks", "Months", "Over a year", "⟳ Refresh", "⌂ Home",
        ]  # fmt: skip
        await at_code.press("Weeks")
        assert at_code.text == (
            "Sales-1 · Weeks\n\n"
            "• After each message it waits 45–120 s.\n"
            "• At most 20 an hour and 150 a day.\n"
            "• Warm-up: 30 on the first day, rising to 150 a day within 21 days.\n\n"
            "It takes the place of the present delays, caps and warm-up. All of it can be changed later: Delays & caps."
        )
        await at_code.press("Another age")
        await at_code.press("Over a year")
        assert "Warm-up" not in at_code.text.replace("caps and warm-up", "")
        await at_code.press("✓ Use this pace")
        assert at_code.buttons == [
            "⟳ Refresh", "🧪 Test to me", "Pair another", "📱 To the device", "⌂ Home",
        ]  # fmt: skip
        card = await only(devices, owner)
        assert (card.min_delay, card.max_delay, card.pace.hourly_cap, card.pace.daily_cap) == (10, 30, 60, 500)
        assert card.pace.ramp_days is None
        await at_code.press("📱 To the device")
        assert at_code.text.startswith("Sales-1 · +60 12-345 6789\n\n🟢 online")
        await at_code.press("‹ Back")
        assert at_code.buttons[0] == "🟢 Sales-1 · online"

    async def test_the_number_comes_from_a_contact_card(self, at_method, linker, shows):
        await at_method.press("Code on this phone")
        await at_method.drop_any(contact=Contact(phone_number="60123456789", first_name="Ali"))
        linker.show_code()
        await shows("Sales-1 · +60 12-345 6789")

    async def test_or_it_is_the_operators_own(self, at_method, container, owner, linker, shows):
        await (await container.get(Operators)).set_phone(owner, PHONE)
        await at_method.press("Code on this phone")
        await at_method.press("Use +60 12-345 6789")
        linker.show_code()
        await shows("ABCD-1234")

    async def test_what_is_no_number_is_asked_for_again(self, at_method, linker, shows):
        await at_method.press("Code on this phone")
        await at_method.say("my phone")
        assert "not a phone number" in at_method.answer
        await at_method.say(PHONE)
        linker.show_code()
        await shows("ABCD-1234")

    async def test_another_number_takes_the_place_of_a_wrong_one(self, at_code, linker, shows, devices, owner):
        await at_code.press("✏️ Another number")
        await at_code.say(OTHER)
        linker.show_code("NEXT-5678")
        await shows("NEXT-5678")
        assert "+60 19-876 5432" in at_code.text
        assert (linker.asked, linker.open) == ([PHONE, OTHER], 1)
        assert len(await devices.list(owner)) == 1

    async def test_five_quick_presses_on_new_code_are_one(self, at_code, linker, shows, monkeypatch):
        await at_code.press_times("New code", 5)
        assert linker.asked == [PHONE]  # it has just been asked for
        monkeypatch.setattr(pairing, "ANEW_AFTER", 0.0)
        await at_code.press("New code")
        linker.show_code("NEWX-0001")
        await shows("NEWX-0001")
        assert linker.asked == [PHONE, PHONE]


class TestThePicture:
    @pytest.fixture
    def another_picture(self, container):
        """Waits until another picture is on the screen."""

        async def wait(chat) -> None:
            live, before = await container.get(LiveCards), chat.pictures

            async def is_there() -> bool:
                await live.run_once()
                return chat.pictures != before

            await until(is_there, within=5)

        return wait

    async def test_it_is_refreshed_in_place_and_gone_once_it_was_scanned(
        self, *, at_method, linker, shows, another_picture, artifacts
    ):
        await at_method.press("QR code")
        assert "⏳ Asking WhatsApp for a QR code …" in at_method.text
        linker.show_qr("2@first,aaaa,bbbb,cccc")
        await shows("Point it at this picture")
        shown = at_method.menu.message_id
        [first] = at_method.pictures
        (artifacts / "pairing-qr.png").write_bytes(first)
        for what in ("2@second", "2@third"):
            linker.show_qr(what)
            await another_picture(at_method)
            assert at_method.menu.message_id == shown
            assert len(at_method.pictures) == 1
        linker.agree()
        await shows("✅ +60 12-345 6789 is paired")
        assert at_method.pictures == []
        assert at_method.menu.message_id != shown

    async def test_drawn_again_it_is_not_uploaded_again(self, at_method, linker, shows, telegram):
        await at_method.press("QR code")
        linker.show_qr()
        await shows("Point it at this picture")
        telegram.sent_files.clear()
        await at_method.press("⟳ Refresh")
        assert telegram.sent_files == {}
        assert len(at_method.pictures) == 1

    async def test_who_goes_home_leaves_no_picture_and_finds_back(self, at_method, linker, shows, devices, owner):
        await at_method.press("QR code")
        linker.show_qr()
        await shows("Point it at this picture")
        await at_method.press("⌂ Home")
        assert at_method.pictures == []
        await at_method.press("📱 Devices")
        await at_method.press("🟡 Sales-1 · waiting to be paired")
        assert "Restart" not in at_method.buttons
        assert "🗑 Remove" not in at_method.buttons
        await at_method.press("🔗 Go on pairing")
        assert len(at_method.pictures) == 1
        linker.agree()
        await shows("How old is this number on WhatsApp?")
        await at_method.press("Months")
        await at_method.press("✓ Use this pace")
        assert (await only(devices, owner)).min_delay == 20

    async def test_a_code_instead(self, at_method, linker, shows):
        await at_method.press("QR code")
        linker.show_qr()
        await shows("Point it at this picture")
        await at_method.press("Code instead")
        assert "which number?" in at_method.text
        await at_method.say(PHONE)
        assert at_method.pictures == []
        linker.show_code()
        await shows("ABCD-1234")
        await at_method.press("QR instead")
        assert "⏳ Asking WhatsApp for a QR code …" in at_method.text
        assert linker.asked == [None, PHONE, None]


class TestInVain:
    async def test_a_refusal_is_told_in_words_and_tried_again(self, at_code, linker, shows, devices, owner):
        linker.refuse("The phone has <no> more room.")
        await shows("❌ Not paired")
        assert "The phone has <no> more room." in at_code.text
        assert at_code.buttons == [
            "Try again", "QR instead", "✏️ Another number", "⟳ Refresh", "‹ Back", "⌂ Home",
        ]  # fmt: skip
        assert await devices.list(owner) == []
        await at_code.press("Try again")
        linker.show_code("NEXT-5678")
        await shows("NEXT-5678")
        assert [device.name for device in await devices.list(owner)] == ["Sales-1"]

    async def test_a_passkey_is_explained(self, at_code, linker, shows):
        linker.ask_for_passkey()
        await shows("🔑 WhatsApp wants a passkey")
        assert at_code.text.endswith("Confirm it on the phone.")  # nothing that would contradict it
        linker.agree()
        await shows("is paired")

    async def test_whoever_stops_has_added_nothing(self, at_code, devices, owner, linker):
        await at_code.press_times("✖️ Stop pairing", 5)
        assert "Stopped: nothing was paired" in at_code.text
        assert await devices.list(owner) == []
        assert linker.open == 0
        await at_code.press("‹ Back")
        assert at_code.text.startswith("Sales-1 · pair it with WhatsApp")

    async def test_after_a_restart_it_begins_again(self, *, at_code, container, linker, shows, devices, owner):
        """The chat remembers the window; the process that had the pairing is gone."""
        pairings = await container.get(Pairings)
        await pairings.give_up(owner, (await devices.list(owner))[0].id)
        pairings._runs.clear()
        await at_code.press("⟳ Refresh")
        assert "dripdesk was restarted" in at_code.text
        await at_code.press("Try again")
        linker.show_code("NEXT-5678")
        await shows("NEXT-5678")

    async def test_ten_minutes_later_it_says_as_of_when_it_is(self, at_code, container, shows):
        live = await container.get(LiveCards)
        now = live._time()
        live._time = lambda: now + LIVES
        await shows("as of 10:00")

    async def test_the_number_of_another_device_is_named(self, connected, linker, shows):
        await connected.press("Over a year")
        await connected.press("✓ Use this pace")
        await connected.press("Pair another")
        await connected.press("“Sales-2”")
        await connected.press("Code on this phone")
        await connected.say(PHONE)
        assert "is the device “Sales-1” already" in connected.answer

    async def test_a_second_pairing_waits_for_the_first(self, at_code):
        await at_code.press("⌂ Home")
        await at_code.press("📱 Devices")
        await at_code.press("+ Add a device")
        await at_code.say("Sales-2")
        await at_code.press("QR code")
        assert "You are just pairing Sales-1" in at_code.toast.text

    async def test_a_viewer_may_not(self, newcomer, devices, owner):
        viewer = await newcomer(Role.VIEWER)
        await viewer.press("📱 Devices")
        await viewer.press("+ Add a device")
        await viewer.press("“Sales-1”")
        assert "you are a viewer" in viewer.toast.text
        await viewer.say("Sales-1")
        assert "you are a viewer" in viewer.answer
        assert await devices.list(owner) == []

    async def test_a_viewer_does_not_see_the_code_of_somebody_else(self, at_code, newcomer):
        viewer = await newcomer(Role.VIEWER)
        await viewer.press("📱 Devices")
        await viewer.press("🟡 Sales-1 · waiting to be paired")
        await viewer.press("🔗 Go on pairing")
        assert "you are a viewer" in viewer.toast.text
        await viewer.press("⟳ Refresh")
        assert viewer.text.startswith("Sales-1\n\n🟡 waiting to be paired")
        await viewer.press("‹ Back")
        assert viewer.text.startswith("Devices")

    async def test_a_colleague_sees_it_and_leaves_it_be(self, at_code, newcomer, linker):
        colleague = await newcomer(Role.OPERATOR)
        await colleague.press("📱 Devices")
        await colleague.press("🟡 Sales-1 · waiting to be paired")
        await colleague.press("🔗 Go on pairing")
        assert "ABCD-1234" in colleague.text
        await colleague.press("QR instead")
        assert "Somebody else of your team is just pairing Sales-1." in colleague.toast.text
        assert linker.open == 1


class TestOncePaired:
    @pytest.fixture
    async def ready(self, connected, database, clock):
        await connected.press("Over a year")
        await connected.press("✓ Use this pace")
        ownership = await Ownership.register(database, clock, capacity=10)
        await ownership.take(10)
        return connected

    async def test_a_test_goes_to_the_operators_own_phone(self, ready, database):
        await ready.press("🧪 Test to me")
        assert "simulated" not in ready.text
        assert ready.buttons == ["‹ Back", "⌂ Home"]  # a number that is only made up may be somebody's
        await ready.say("019-876 5432")
        assert ready.text == (
            "🧪 1 message to +60198765432\n\nFrom Sales-1, it goes out in a few seconds. No statistics count it.\n\n"
            "Sent so far: 0 of 1."
        )
        async with database.transaction() as session:
            bodies = list(await session.scalars(text("SELECT body FROM messages")))
        assert bodies == ["Hello, this is Sales-1. I can send."]
        await ready.press("‹ Back")
        assert "Pair another" in ready.buttons

    async def test_a_device_that_cannot_send_yet_says_so(self, ready, run, container, owner):
        await (await container.get(Operators)).set_phone(owner, OTHER)
        await run("UPDATE user_devices SET state = 'connecting'")
        await ready.press("🧪 Test to me")
        assert "No device of this test can send right now (Sales-1: not online)" in ready.text

    async def test_another_one_begins_with_its_name(self, ready):
        await ready.press("Pair another")
        assert "“Sales-2”" in ready.buttons
        await ready.press("“Sales-2”")
        await ready.press("Code on this phone")
        assert ready.text.startswith("Sales-2 · which number?")

    async def test_from_another_menu_it_leads_back_there(self, chat, linker, shows):
        await chat.press("✉️ Sequences")
        await chat.press("+ New")
        await chat.say("Welcome week")
        await chat.press("+ Add a device")
        await chat.press("“Sales-1”")
        await chat.press("QR code")
        linker.agree()
        await shows("is paired")
        await chat.press("New, under a week")
        await chat.press("✓ Use this pace")
        await chat.press("Done ›")
        assert "✓ Sales-1" in chat.buttons
        assert "Welcome week" in chat.text

    async def test_the_simulated_device_is_still_there(self, at_method):
        await at_method.press("Simulated device")
        assert at_method.text.startswith("Sales-1 · simulated")


class TestTheAgeLater:
    async def test_a_pace_is_taken_in_delays_and_caps(self, connected, devices, owner):
        await connected.press("⌂ Home")
        await connected.press("📱 Devices")
        await connected.press("🟢 Sales-1 · online")
        assert "Warm-up: from 10 to 100 a day, day 1 of 28: 10 today" in connected.text
        await connected.press("⏱ Delays & caps")
        await connected.press("By the number's age ▸")
        await connected.press("Months")
        await connected.press("✓ Use this pace")
        assert "now 20–60 s" in connected.text
        assert (await only(devices, owner)).pace.daily_cap == 300

    async def test_a_viewer_takes_none(self, connected, newcomer, devices, owner):
        viewer = await newcomer(Role.VIEWER)
        await viewer.press("📱 Devices")
        await viewer.press("🟢 Sales-1 · online")
        await viewer.press("⏱ Delays & caps")
        await viewer.press("By the number's age ▸")
        await viewer.press("Months")
        await viewer.press("✓ Use this pace")
        assert "you are a viewer" in viewer.toast.text
        assert (await only(devices, owner)).pace.daily_cap == 100


class TestWithoutAKey:
    @pytest.fixture
    def settings(self, tmp_path) -> Settings:
        return Settings(_env_file=None, whatsapp=True, dripdesk_home=tmp_path)

    async def test_it_is_said_how_to_make_one_and_simulated_ones_are_added(self, chat, devices, owner):
        await chat.press("📱 Devices")
        await chat.press("+ Add a simulated device")
        assert "dripdesk session-key" in chat.text.replace("“", "").replace("”", "")
        await chat.press("“Sales-1”")
        assert (await only(devices, owner)).state is DeviceState.CONNECTING
