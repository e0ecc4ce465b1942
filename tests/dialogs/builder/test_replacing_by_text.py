"""Export as text, change it, paste it back, and see the difference before it is saved."""

PLAN = "Day 1 09:00\nOne\nDay 2 09:00\nTwo\nDay 4 14:30\nFour"


async def exported(chat) -> str:
    await chat.press("⇩ Export as text")
    assert "Paste the changed text here to replace the plan" in chat.text
    return chat.answer


async def test_the_difference_is_shown_and_saved(builder, steps):
    await builder.say(PLAN)
    assert await exported(builder) == PLAN
    await builder.say("Day 1 09:00\nOne, better\nDay 3 10:00\nTwo\nDay 5\nFive")
    assert "✎ Day 1 09:00\nwas: One\nnow: One, better" in builder.text
    assert "⇄ Day 2 09:00 → Day 3 10:00" in builder.text
    assert "− Day 4 14:30\nFour" in builder.text
    assert "＋ Day 5 09:00\nFive" in builder.text
    assert len(await steps()) == 3
    await builder.press("✓ Save")
    assert await steps() == [("Day 1 09:00", "One, better"), ("Day 3 10:00", "Two"), ("Day 5 09:00", "Five")]
    await builder.edit(builder.said, "Day 1 09:00\nOne, best\nDay 3 10:00\nTwo\nDay 5\nFive")
    assert (await steps())[0] == ("Day 1 09:00", "One, best")


async def test_leaving_it_keeps_the_plan(builder, steps):
    await builder.say(PLAN)
    await builder.press("⇄ Replace by text")
    await builder.say("Day 1 09:00\nOne")
    await builder.press("Leave it")
    assert len(await steps()) == 3


async def test_the_same_text_changes_nothing_and_says_so(builder):
    await builder.say(PLAN)
    text = await exported(builder)
    await builder.say(text)
    assert "This is the plan that there is already" in builder.answer


async def test_a_long_plan_is_a_file_and_may_be_dropped_again(builder, telegram, steps):
    for day in range(1, 6):
        await builder.say(f"Day {day} 09:00\n" + f"text {day} " * 150)
    await builder.press("⇩ Export as text")
    plan = telegram.sent_files["sequence.txt"].decode()
    await builder.drop("sequence.txt", plan.replace("Day 5 09:00", "Day 6 10:00").encode())
    assert "⇄ Day 5 09:00 → Day 6 10:00" in builder.text
    await builder.press("✓ Save")
    assert [header for header, _ in await steps()][-1] == "Day 6 10:00"


async def test_something_else_than_a_text_file_is_answered(builder):
    await builder.say(PLAN)
    await builder.press("⇄ Replace by text")
    await builder.drop("plan.docx", b"PK\x03\x04\xff\xfe")
    assert "This is not a text file" in builder.answer


async def test_a_long_plan_pasted_in_two_parts_is_compared_as_one(builder, steps):
    await builder.say("Day 1 09:00\nOne")
    await builder.say("Day 2 09:00\nTwo")
    await builder.press("⇄ Replace by text")
    await builder.say("Day 1 09:00\n" + "a" * 3900)
    assert "− Day 2 09:00" in builder.text
    await builder.say("the end\nDay 2 09:00\nTwo")
    assert "− Day 2 09:00" not in builder.text
    await builder.press("✓ Save")
    assert await steps() == [("Day 1 09:00", "a" * 3900 + "\nthe end"), ("Day 2 09:00", "Two")]
    await builder.edit(builder.said, "the very end\nDay 2 09:00\nTwo")
    assert (await steps())[0] == ("Day 1 09:00", "a" * 3900 + "\nthe very end")


async def test_a_file_stays_with_its_message(builder, catalogue, owner, sequence_id):
    await builder.drop("prices.pdf", b"%PDF-1.7 prices", caption="Day 2 10:00\nOur prices")
    text = await exported(builder)
    await builder.say(text.replace("Our prices", "New prices"))
    await builder.press("✓ Save")
    [step] = (await catalogue.card(owner, sequence_id)).steps
    assert (step.body, step.media_name) == ("New prices", "prices.pdf")


async def test_the_plan_pasted_where_it_would_be_added_is_told_where_to_paste_it(builder, steps):
    await builder.say(PLAN)
    await builder.say(PLAN.replace("Two", "Two, better"))
    assert "To change the plan by its text, tap “⇄ Replace by text” first." in builder.answer
    assert (await steps())[1] == ("Day 2 09:00", "Two")


async def test_under_way_it_says_what_it_does_to_whom(flight, steps):
    text = await exported(flight)
    await flight.say(text.replace("Day 1 09:00", "Day 1 12:00"))
    assert "⇄ Day 1 09:00 → Day 1 12:00\n3 wait for it: tomorrow 09:00 → tomorrow 12:00." in flight.text
    await flight.press("✓ Save")
    assert (await steps())[0] == ("Day 1 12:00", "Text 1")
