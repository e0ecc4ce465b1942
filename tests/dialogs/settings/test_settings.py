from datetime import time

import pytest
from pydantic import SecretStr

from engine.settings import Settings
from engine.workspaces import Workspaces
from models.enums import Role
from tests.dialogs.harness import TOKEN


@pytest.fixture
async def workspaces(container) -> Workspaces:
    return await container.get(Workspaces)


@pytest.fixture
async def at_settings(chat, workspaces, owner):
    await workspaces.set_frequency_cap(owner, 1)  # as it is for a new team
    await chat.press("⚙️ Settings")
    return chat


async def test_the_screen_shows_what_is_set(at_settings):
    assert at_settings.text == (
        "Settings · Acme\n\n🌍 Country: Malaysia\n🕘 Time zone: Asia/Kuala_Lumpur; it is Mon 5 Jan 10:00 there\n"
        "🌙 Quiet hours: none\n🚦 For one person: at most 1 campaign or sequence a day\n"
        "🚫 Stop words of your own: none\n🧪 Your own number, for tests: not known yet\n🔔 Alerts are only at Home. Add me to a group, and they are posted there too.\n"
        "💬 Replies: posted to the alerts group\n"
        "🗞 Daily summary: 18:00"
    )


async def test_quiet_hours_are_changed_and_we_are_back(at_settings, workspaces, owner):
    await at_settings.press("Hours & limits")
    await at_settings.press("🌙 Quiet hours")
    assert "of 3" not in at_settings.text
    await at_settings.press("22:00–07:00")
    assert "Quiet hours: 22:00–07:00" in at_settings.text
    workspace = await workspaces.get(owner)
    assert (workspace.quiet_start, workspace.quiet_end) == (time(22), time(7))


async def test_quiet_hours_need_two_different_ends(at_settings):
    await at_settings.press("Hours & limits")
    await at_settings.press("🌙 Quiet hours")
    await at_settings.say("22-22")
    assert "differs from their start" in at_settings.answer


async def test_a_new_country_asks_for_its_time(at_settings, workspaces, owner):
    await at_settings.press("Country")
    await at_settings.press("🇬🇧 Britain (UK)")
    await at_settings.press("London · now 02:00")
    assert "Britain (UK)" in at_settings.text
    assert "it is Mon 5 Jan 02:00 there" in at_settings.text
    assert (await workspaces.get(owner)).time_zone == "Europe/London"


async def test_a_time_zone_of_another_country_is_taken(at_settings, workspaces, owner):
    await at_settings.press("Time zone")
    await at_settings.say("Tokyo")
    workspace = await workspaces.get(owner)
    assert (workspace.country, workspace.time_zone) == ("MY", "Asia/Tokyo")


async def test_back_from_a_question_changes_nothing(at_settings):
    before = at_settings.text
    await at_settings.press("Time zone")
    await at_settings.press("‹ Back")
    assert at_settings.text == before


async def test_the_alerts_group_is_named_and_can_be_forgotten(chat, telegram, workspaces, owner):
    telegram.groups[-100] = "<Ops> & co"
    await workspaces.bind_alerts_chat(owner, -100)
    await chat.press("⚙️ Settings")
    assert "posted to “<Ops> & co”" in chat.text
    await chat.press("Stop posting alerts there")
    assert "Alerts are only at Home" in chat.text
    assert (await workspaces.get(owner)).alerts_chat_id is None


async def test_an_alerts_group_out_of_sight_is_told(chat, workspaces, owner):
    await workspaces.bind_alerts_chat(owner, -100)
    await chat.press("⚙️ Settings")
    assert "a group that I cannot see any more" in chat.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_only_an_owner_changes_settings(newcomer, workspaces, owner, role):
    chat = await newcomer(role)
    await chat.press("⚙️ Settings")
    await chat.press("Hours & limits")
    await chat.press("🌙 Quiet hours")
    await chat.press("22:00–07:00")
    assert "Only an owner" in chat.toast.text
    await chat.press("⌂ Home")
    await chat.press("⚙️ Settings")
    await chat.press("Country")
    await chat.say("Singapore")
    assert "Only an owner" in chat.answer
    workspace = await workspaces.get(owner)
    assert (workspace.country, workspace.quiet_start) == ("MY", None)


class TestWithRealTelegram:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(_env_file=None, telegram_bot_token=SecretStr(TOKEN))

    async def test_a_link_adds_the_bot_to_a_group(self, at_settings):
        links = [button.url for row in at_settings.menu.reply_markup.inline_keyboard for button in row]
        assert "https://t.me/dripdesk_bot?startgroup=alerts" in links


async def test_how_often_one_person_is_reached_is_one_tap(at_settings, workspaces, owner):
    await at_settings.press("Hours & limits")
    assert at_settings.buttons[:4] == ["✓ 1", "2", "3", "No limit"]
    await at_settings.press("3")
    assert "For one person: at most 3 campaigns or sequences a day." in at_settings.text
    assert (await workspaces.get(owner)).frequency_cap == 3
    await at_settings.press("No limit")
    assert at_settings.buttons[:4] == ["1", "2", "3", "✓ No limit"]
    assert (await workspaces.get(owner)).frequency_cap is None
    await at_settings.press("‹ Back")
    assert "For one person: no limit" in at_settings.text


async def test_the_daily_summary_has_a_time_or_is_off(at_settings, workspaces, owner):
    await at_settings.press("Daily summary")
    assert "It needs a group" in at_settings.text
    await at_settings.press("Off")
    assert "Daily summary: off" in at_settings.text
    assert (await workspaces.get(owner)).digest_at is None
    await at_settings.press("Daily summary")
    await at_settings.say("late")
    assert "type a time of the day" in at_settings.answer
    await at_settings.say("5.30pm")
    assert "Daily summary: 17:30" in at_settings.text
    assert (await workspaces.get(owner)).digest_at == time(17, 30)


async def test_the_teams_own_stop_words_are_added_and_removed(at_settings, workspaces, owner):
    await at_settings.press("Stop words")
    assert "For everybody: STOP, STOPALL" in at_settings.text
    assert "Of your team: none yet" in at_settings.text
    await at_settings.say(" Jangan  <hantar> ")
    assert "Of your team: “Jangan <hantar>”" in at_settings.text
    await at_settings.say("hentikan")
    await at_settings.say("HENTIKAN!")
    assert "among your stop words already" in at_settings.answer
    await at_settings.say("👋")
    assert "needs letters" in at_settings.answer
    assert (await workspaces.get(owner)).stop_words == ["Jangan <hantar>", "hentikan"]
    await at_settings.press("✖️ Jangan <hantar>")
    assert at_settings.toast.text == "“Jangan <hantar>” stops nobody any more."
    assert (await workspaces.get(owner)).stop_words == ["hentikan"]
    await at_settings.press("‹ Back")
    assert "Stop words of your own: “hentikan”" in at_settings.text


async def test_replies_are_posted_or_kept_at_home(chat):
    await chat.press("⚙️ Settings")
    assert "💬 Replies: posted to the alerts group" in chat.text
    await chat.press("Replies")
    assert "They need a group" in chat.text
    await chat.press("Do not post them")
    assert chat.toast.text == "Replies are only at Home now."
    await chat.press("‹ Back")
    assert "💬 Replies: only at Home" in chat.text
    await chat.press("Replies")
    await chat.press("Post them to the group")
    assert "Do not post them" in chat.buttons
