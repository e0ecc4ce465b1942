"""Editing one's own Telegram message edits what it has become in a sequence."""

PLAN = "Day 1 09:00\nOne\nDay 2\nTwo\nDay 4 2.30pm\nFour"


async def test_a_draft_follows_at_once_and_the_menu_says_so(builder, steps):
    await builder.say(PLAN)
    await builder.edit(builder.said, PLAN.replace("Two", "Two, better").replace("2.30pm", "3pm"))
    assert await steps() == [("Day 1 09:00", "One"), ("Day 2 09:00", "Two, better"), ("Day 4 15:00", "Four")]
    assert "✓ Day 2 09:00 changed, Day 4 15:00 changed by your edit." in builder.text
    assert "Two, better" in builder.text


async def test_a_part_that_comes_or_goes_in_the_message_comes_or_goes_in_the_draft(builder, steps):
    await builder.say(PLAN)
    paste = builder.said
    await builder.edit(paste, "Day 1 09:00\nOne\nDay 4 2.30pm\nFour")
    assert await steps() == [("Day 1 09:00", "One"), ("Day 4 14:30", "Four")]
    assert "✓ Day 2 09:00 removed by your edit." in builder.text
    await builder.edit(paste, "Day 1 09:00\nOne\nDay 3\nThree\nDay 4 2.30pm\nFour")
    await builder.edit(paste, "Day 1 09:00\nOne\nDay 3\nThree, better\nDay 4 2.30pm\nFour")
    assert await steps() == [("Day 1 09:00", "One"), ("Day 3 09:00", "Three, better"), ("Day 4 14:30", "Four")]


async def test_a_message_without_a_header_keeps_its_day(builder, steps):
    await builder.say(PLAN)
    await builder.say("And now?")
    await builder.edit(builder.said, "And then?")
    assert (await steps())[-1] == ("Day 5 09:00", "And then?")


async def test_both_parts_of_a_cut_paste_may_be_edited(builder, steps):
    first = "Day 1 09:00\n" + "a" * 3900
    await builder.say(first)
    part = builder.said
    await builder.say("the rest\nDay 2\nShort.")
    await builder.edit(builder.said, "another end\nDay 2\nShorter.")
    assert await steps() == [("Day 1 09:00", "a" * 3900 + "\nanother end"), ("Day 2 09:00", "Shorter.")]
    await builder.edit(part, first.replace("aaaa", "b", 1))
    assert (await steps())[0] == ("Day 1 09:00", "b" + "a" * 3896 + "\nanother end")


async def test_a_caption_is_followed_and_a_new_file_is_not(builder, telegram, steps):
    await builder.drop("prices.pdf", b"%PDF-1.7 prices", caption="Day 2 10:00\nOur prices")
    await builder.edit_caption(builder.said, "prices.pdf", "Day 3 11:00\nNew prices")
    assert await steps() == [("Day 3 11:00", "New prices")]
    await builder.edit_caption(builder.said, "prices.pdf", "Day 3 11:00\nNew prices", content="2")
    assert "The file itself stays as it was" in builder.text


async def test_a_closed_menu_and_a_restart_change_nothing_of_it(builder, steps, dispatcher):
    await builder.say(PLAN)
    paste = builder.said
    await builder.press("⌂ Home")
    await builder.edit(paste, PLAN.replace("Two", "Two, better"))
    assert (await steps())[1] == ("Day 2 09:00", "Two, better")
    assert builder.answer == "“Welcome”: ✓ Day 2 09:00 changed by your edit."
    assert "Sequences" in " ".join(builder.buttons)  # Home is below it


async def test_what_could_never_be_sent_is_answered_and_changes_nothing(builder, steps):
    await builder.say(PLAN)
    await builder.edit(builder.said, PLAN.replace("Two", "{{ nobody }}"))
    assert "there is no variable “nobody”" in builder.answer
    assert (await steps())[1] == ("Day 2 09:00", "Two")


async def test_another_message_in_the_chat_means_nothing(builder, steps):
    await builder.say("/start")
    shown = builder.texts[-1]
    await builder.edit(builder.said, "Day 1\nOne")
    assert await steps() == []
    assert builder.texts[-1] == shown


async def test_a_text_changed_by_the_menu_meanwhile_is_shown_beside_the_edit(builder, steps):
    await builder.say(PLAN)
    paste = builder.said
    await builder.press("2. Day 2 09:00")
    await builder.press("✏️ Text")
    await builder.say("Two of the menu")
    retyped = builder.said
    await builder.edit(paste, PLAN.replace("Two", "Two of the old message"))
    assert (await steps())[1] == ("Day 2 09:00", "Two of the menu")  # that message is not its source any more
    await builder.edit(retyped, "Two of the newer message")
    assert (await steps())[1] == ("Day 2 09:00", "Two of the newer message")


async def test_under_way_an_edit_is_looked_at_before_it_reaches_anybody(flight, steps):
    await flight.say("Day 6\nSix")
    paste = flight.said
    await flight.press("✓ Save")
    await flight.edit(paste, "Day 6\nSix, better")
    assert "Save this?" in flight.text
    assert "✎ Day 6 09:00\nwas: Six\nnow: Six, better\n3 people will get the new text." in flight.text
    assert (await steps())[-1] == ("Day 6 09:00", "Six")
    await flight.press("✓ Save")
    assert (await steps())[-1] == ("Day 6 09:00", "Six, better")


async def test_under_way_from_any_menu(flight, steps):
    await flight.say("Day 6\nSix")
    paste = flight.said
    await flight.press("✓ Save")
    await flight.press("⌂ Home")
    await flight.edit(paste, "Day 6 10:00\nSix")
    assert "⇄ Day 6 09:00 → Day 6 10:00" in flight.text
    await flight.press("Leave it")
    assert (await steps())[-1] == ("Day 6 09:00", "Six")
    await flight.press("‹ Done")
    assert "✉️ Sequences" in flight.buttons
    await flight.edit(paste, "Day 6 10:00\nSix, later")  # compared with what was saved, not with what was left
    await flight.press("✓ Save")
    assert (await steps())[-1] == ("Day 6 10:00", "Six, later")


async def test_what_waits_to_be_saved_follows_an_edit_too(flight, steps):
    await flight.say("Day 6\nSix")
    await flight.edit(flight.said, "Day 7\nSeven")
    assert "＋ Day 7 09:00\nSeven" in flight.text
    await flight.press("✓ Save")
    assert (await steps())[-1] == ("Day 7 09:00", "Seven")
    await flight.press("4. Day 7 09:00")
    await flight.press("✏️ Text")
    await flight.say("Seven again")
    await flight.edit(flight.said, "Seven at last")
    assert "now: Seven at last" in flight.text
    await flight.press("✓ Save")
    assert (await steps())[-1] == ("Day 7 09:00", "Seven at last")


async def test_a_part_that_was_removed_by_hand_is_told_to_be_gone(builder, steps):
    await builder.say(PLAN)
    paste = builder.said
    await builder.press("2. Day 2 09:00")
    await builder.press("🗑 Remove")
    await builder.press("🗑 Remove")
    await builder.edit(paste, PLAN.replace("Two", "Two, better"))
    assert "is not among the messages of the sequence any more" in builder.text
    assert await steps() == [("Day 1 09:00", "One"), ("Day 4 14:30", "Four")]


async def test_a_text_that_was_changed_elsewhere_is_shown_before_an_edit_goes_over_it(  # noqa: PLR0917
    builder, steps, editor, catalogue, owner, sequence_id
):
    await builder.say(PLAN)
    _, two, _ = (await catalogue.card(owner, sequence_id)).steps
    await editor.set_text(owner, two.id, "Two of the API")
    await builder.edit(builder.said, PLAN.replace("Two", "Two of the chat"))
    assert "was: Two of the API\nnow: Two of the chat" in builder.text
    assert (await steps())[1] == ("Day 2 09:00", "Two of the API")
    await builder.press("✓ Save")
    assert (await steps())[1] == ("Day 2 09:00", "Two of the chat")


async def test_a_question_that_is_open_stays_open(builder, steps):
    await builder.say(PLAN)
    paste = builder.said
    await builder.press("1. Day 1 09:00")
    await builder.press("✏️ Text")
    await builder.edit(paste, PLAN.replace("Two", "Two, better"))
    assert builder.answer == "“Welcome”: ✓ Day 2 09:00 changed by your edit."
    await builder.say("One, typed")
    assert await steps() == [
        ("Day 1 09:00", "One, typed"),
        ("Day 2 09:00", "Two, better"),
        ("Day 4 14:30", "Four"),
    ]


async def test_a_question_about_a_part_that_the_edit_removes_ends_at_home(builder, steps):
    await builder.say(PLAN)
    paste = builder.said
    await builder.press("2. Day 2 09:00")
    await builder.press("✏️ Text")
    await builder.edit(paste, "Day 1 09:00\nOne\nDay 4 2.30pm\nFour")
    assert "Day 2 09:00 removed by your edit." in builder.answer
    assert "✉️ Sequences" in builder.buttons
