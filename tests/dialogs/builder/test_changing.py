"""Changing the messages of a sequence: a draft at once, one that runs only after a look at what it does to whom."""

import pytest

from models.enums import Role


async def test_only_buttons_that_can_do_something_are_shown(builder):
    await builder.say("Day 1\nOne\nDay 2\nTwo\nDay 3\nThree")
    for label, up, down in (("1. Day 1 09:00", 0, 1), ("2. Day 2 09:00", 1, 1), ("3. Day 3 09:00", 1, 0)):
        await builder.press(label)
        assert ("↑ Up" in builder.buttons, "↓ Down" in builder.buttons) == (bool(up), bool(down))
        await builder.press("‹ Back")


async def test_a_draft_is_changed_at_once(builder, steps):
    await builder.say("Day 1\nOne\nDay 2\nTwo")
    await builder.press("1. Day 1 09:00")
    await builder.press("↓ Down")
    assert await steps() == [("Day 1 09:00", "Two"), ("Day 2 09:00", "One")]
    assert builder.text.startswith("Day 2 09:00")
    await builder.press("↑ Up")
    assert await steps() == [("Day 1 09:00", "One"), ("Day 2 09:00", "Two")]


async def test_one_that_goes_on_joining_changes_places_too(builder, steps):
    await builder.say("Day 1 on joining\nOne\nDay 2\nTwo")
    await builder.press("1. Day 1 on joining")
    await builder.press("↓ Down")
    assert await steps() == [("Day 1 on joining", "Two"), ("Day 2 09:00", "One")]


async def test_a_copy_goes_to_the_next_free_day_or_to_the_one_that_is_typed(builder, steps, telegram):
    await builder.drop("prices.pdf", b"%PDF-1.7 prices", caption="Day 1 10:00\nPrices")
    await builder.say("Day 2\nTwo")
    await builder.press("1. Day 1 10:00")
    await builder.press("⧉ Copy")
    await builder.press("Day 3 10:00")
    assert builder.text.startswith("Day 3 10:00")
    assert "📎 prices.pdf" in builder.text
    await builder.press("⧉ Copy")
    await builder.say("18:30")
    assert await steps() == [
        ("Day 1 10:00", "Prices"), ("Day 2 09:00", "Two"), ("Day 3 10:00", "Prices"), ("Day 3 18:30", "Prices"),
    ]  # fmt: skip


async def test_a_draft_asks_before_it_loses_a_message(builder, steps):
    await builder.say("Day 1\nOne\nDay 2\nTwo")
    await builder.press("1. Day 1 09:00")
    await builder.press("🗑 Remove")
    assert "Remove Day 1 09:00?" in builder.text
    await builder.press("Keep it")
    assert len(await steps()) == 2
    await builder.press("🗑 Remove")
    await builder.press("🗑 Remove")
    assert await steps() == [("Day 2 09:00", "Two")]


async def test_another_time_is_shown_with_those_whom_it_touches_before_it_is_saved(flight, steps):
    await flight.press("1. Day 1 09:00")
    await flight.press("🕘 Day and time")
    await flight.say("14:30")
    assert "Save this?" in flight.text
    assert "⇄ Day 1 09:00 → Day 1 14:30\n3 wait for it: tomorrow 09:00 → tomorrow 14:30." in flight.text
    assert "In all, 3 people will wait for something else, or for another time." in flight.text
    assert (await steps())[0] == ("Day 1 09:00", "Text 1")
    await flight.press("✓ Save")
    assert flight.toast.text == "Saved; 3 people wait anew."
    assert (await steps())[0] == ("Day 1 14:30", "Text 1")
    assert flight.text.startswith("Day 1 14:30")


async def test_leaving_it_changes_nothing(flight, steps):
    before = await steps()
    await flight.press("1. Day 1 09:00")
    await flight.press("🕘 Day and time")
    await flight.say("14:30")
    await flight.press("Leave it")
    assert flight.text.startswith("Day 1 09:00")
    assert await steps() == before


async def test_removing_says_what_comes_instead(flight, steps):
    await flight.press("1. Day 1 09:00")
    await flight.press("🗑 Remove")
    assert "− Day 1 09:00\nText 1\n3 wait for it: tomorrow 09:00 → Day 2 09:00, Wed 7 Jan 09:00." in flight.text
    await flight.press("✓ Save")
    assert len(await steps()) == 2


async def test_a_new_text_is_shown_beside_the_old_one(flight, steps):
    await flight.press("2. Day 2 09:00")
    await flight.press("✏️ Text")
    await flight.say("Fresh <b>words</b>")
    assert "✎ Day 2 09:00\nwas: Text 2\nnow: Fresh <b>words</b>\n3 people will get the new text." in flight.text
    await flight.press("✓ Save")
    assert (await steps())[1] == ("Day 2 09:00", "Fresh <b>words</b>")


async def test_messages_are_added_under_way_after_a_look(flight, steps):
    await flight.say("Day 1 08:00\nEarlier\nDay 9\nLater")
    assert "＋ Day 1 08:00\nEarlier\n3 people will get it.\n3 of them next, tomorrow 08:00." in flight.text
    assert "＋ Day 9 09:00\nLater\n3 people will get it." in flight.text
    assert len(await steps()) == 3
    await flight.press("✓ Save")
    assert [header for header, _ in await steps()] == [
        "Day 1 08:00", "Day 1 09:00", "Day 2 09:00", "Day 4 09:00", "Day 9 09:00",
    ]  # fmt: skip


async def test_a_message_added_by_buttons_is_looked_at_too(flight, steps):
    await flight.press("+ Add by buttons")
    await flight.press("Day 3")
    await flight.press("12:00")
    await flight.say("Three")
    assert "＋ Day 3 12:00\nThree" in flight.text
    await flight.press("✓ Save")
    assert ("Day 3 12:00", "Three") in await steps()


async def test_changing_places_shows_both(flight):
    await flight.press("1. Day 1 09:00")
    await flight.press("↓ Down")
    assert "⇄ Day 1 09:00 → Day 2 09:00" in flight.text
    assert "⇄ Day 2 09:00 → Day 1 09:00" in flight.text
    assert "3 wait for it: tomorrow 09:00 → Day 2 09:00" not in flight.text  # its header is the new one
    assert "tomorrow 09:00 → Day 1 09:00, tomorrow 09:00." in flight.text


async def test_a_long_paste_that_telegram_cut_is_looked_at_as_one(flight, steps):
    first = "Day 7 09:00\n" + "a" * 3900
    await flight.say(first)
    await flight.say("the rest\nDay 8\nShort.")
    await flight.press("✓ Save")
    assert (await steps())[3:] == [("Day 7 09:00", "a" * 3900 + "\nthe rest"), ("Day 8 09:00", "Short.")]
    await flight.edit(flight.said, "another end\nDay 8\nShort.")
    assert "another end" not in flight.text  # too far back in a text of 3,900 to be shown
    await flight.press("✓ Save")
    assert (await steps())[3] == ("Day 7 09:00", "a" * 3900 + "\nanother end")


async def test_what_is_sent_while_a_change_waits_is_not_mixed_with_it(flight, steps):
    await flight.say("Day 9\nNine")
    await flight.say("Day 10\nTen")
    assert "There is a change that is not saved yet. Save it or leave it" in flight.answer
    await flight.press("✓ Save")
    assert [body for _, body in await steps()][3:] == ["Nine"]


async def test_a_change_of_a_hundred_messages_fits_the_screen(flight, steps):
    plan = "\n".join(f"Day {day} 09:00\n" + f"{day} & <so on> " * 200 for day in range(10, 60))
    for start in range(0, len(plan), 4000):  # as Telegram would cut it, here at any place
        await flight.say(plan[start : start + 4000])
    assert "more messages." in flight.text
    await flight.press("✓ Save")
    assert len(await steps()) == 53


# Two operators


@pytest.fixture
async def colleague(newcomer):
    return await newcomer(Role.OPERATOR)


async def at_step(chat, tab: str, sequence: str, label: str) -> None:
    await chat.press("✉️ Sequences")
    if tab in chat.buttons:
        await chat.press(tab)
    await chat.press(sequence)
    await chat.press("✉️ Messages")
    await chat.press(label)


async def test_the_second_of_two_is_told_what_the_first_did_and_keeps_what_was_typed(builder, colleague, steps):
    await builder.say("Day 1\nOne\nDay 2\nTwo")
    await builder.press("2. Day 2 09:00")
    await builder.press("✏️ Text")
    await at_step(colleague, "Drafts", "Welcome · 0", "2. Day 2 09:00")
    await colleague.press("🕘 Day and time")
    await colleague.say("14:00")
    await colleague.press("✏️ Text")
    await colleague.say("Two of the colleague")
    await builder.say("Two of mine")
    assert "Somebody was here before you" in builder.text
    assert "· A operator moved Day 2 09:00 to Day 2 14:00 at 10:00." in builder.text
    assert "· A operator changed the text of Day 2 14:00 at 10:00." in builder.text
    assert "was: Two of the colleague\nnow: Two of mine" in builder.text
    assert await steps() == [("Day 1 09:00", "One"), ("Day 2 14:00", "Two of the colleague")]
    await builder.press("Save anyway")
    assert await steps() == [("Day 1 09:00", "One"), ("Day 2 14:00", "Two of mine")]


async def test_the_second_may_leave_it(builder, colleague, steps):
    await builder.say("Day 1\nOne")
    await builder.press("1. Day 1 09:00")
    await at_step(colleague, "Drafts", "Welcome · 0", "1. Day 1 09:00")
    await colleague.press("🕘 Day and time")
    await colleague.say("14:00")
    await builder.press("🕘 Day and time")
    await builder.say("18:00")
    assert "A operator moved Day 1 09:00 to Day 1 14:00 at 10:00." in builder.text
    await builder.press("Leave it")
    assert await steps() == [("Day 1 14:00", "One")]
    assert builder.text.startswith("Day 1 14:00")


async def test_the_text_for_a_message_that_was_removed_meanwhile_is_given_back(builder, colleague, steps):
    await builder.say("Day 1\nOne\nDay 2\nTwo")
    await builder.press("1. Day 1 09:00")
    await builder.press("✏️ Text")
    await at_step(colleague, "Drafts", "Welcome · 0", "1. Day 1 09:00")
    await colleague.press("🗑 Remove")
    await colleague.press("🗑 Remove")
    await builder.say("A better one")
    assert "A operator removed Day 1 09:00 at 10:00." in builder.text
    assert "What you typed:\nA better one" in builder.text
    assert "Save anyway" not in builder.buttons
    await builder.press("Leave it")
    assert "Welcome · messages" in builder.text


async def test_somebody_who_comes_in_between_the_look_and_the_saving_is_seen(flight, colleague, steps):
    await flight.press("1. Day 1 09:00")
    await flight.press("🕘 Day and time")
    await flight.say("14:30")
    await at_step(colleague, "Active", "Welcome · 3", "3. Day 4 09:00")
    await colleague.press("🗑 Remove")
    await colleague.press("✓ Save")
    await flight.press("✓ Save")
    assert "It was changed again just now" in flight.toast.text
    assert "A operator removed Day 4 09:00 at 10:00." in flight.text
    await flight.press("Save anyway")
    assert await steps() == [("Day 1 14:30", "Text 1"), ("Day 2 09:00", "Text 2")]


async def test_a_time_for_a_message_that_was_removed_meanwhile_is_answered(builder, colleague, steps):
    await builder.say("Day 1\nOne\nDay 2\nTwo")
    await builder.press("1. Day 1 09:00")
    await builder.press("🕘 Day and time")
    await at_step(colleague, "Drafts", "Welcome · 0", "1. Day 1 09:00")
    await colleague.press("🗑 Remove")
    await colleague.press("🗑 Remove")
    await builder.say("14:00")
    assert "This message does not exist any more." in builder.answer
    assert "✉️ Sequences" in builder.buttons
    assert await steps() == [("Day 2 09:00", "Two")]
