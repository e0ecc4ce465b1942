"""Test all to me: a whole sequence on the operator's own phone, and nowhere else."""

import asyncio
from datetime import timedelta

import pytest

from engine.broadcast.books import Books
from engine.broadcast.claims import Claimed, Refused
from engine.broadcast.pruning import Pruning
from engine.contacts.importing import ContactImports
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.operators import Operators
from engine.reports.overview import Overviews
from engine.sequences.enrolment import RefusalReason, Who
from engine.sequences.rehearsal import Rehearsals
from engine.sequences.steps import Attachment, NewStep
from engine.transports.contract import Inbound, Rejected
from models.enums import ContentKind, DeviceState, SequenceStatus
from tests.imports import bring_in
from tests.integration.engine.world import MONDAY, World, at

OWN = "+60123456789"
STEPS = ((1, 9, "Hi {{ name }}"), (2, 9, "Prices"), (4, 14, "Shall we call?"))


@pytest.fixture
def rehearsals(world: World) -> Rehearsals:
    return Rehearsals(world.database, world.clock)


@pytest.fixture(autouse=True)
async def _own_number(world: World) -> None:
    await Operators(world.database, world.clock).set_phone(world.actor, "012-345 6789")


async def draft(world: World, *steps: tuple[int, int, str], **columns: object) -> tuple[int, int]:
    """A sequence that nobody is in, on one device whose engine runs; (sequence, device)."""
    device = await world.device("Sales-1", **columns)
    sequence = await world.sequence([device], *(steps or STEPS), status=SequenceStatus.DRAFT)
    return sequence, device


async def say(world: World, device: int, text: str, number: int = 1) -> None:
    await world.inbox.receive(device, Inbound(f"in-{number}", OWN, text))


async def send_all(world: World, device: int) -> list[str]:
    """Whatever is due in the next minute."""
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    return await world.engines[0].send_all(device)


async def refuse_all(world: World, device: int) -> None:
    """Ask for whatever is due, none of which may go out."""
    while (answer := await world.engines[0].claim(device)) is not None:
        assert answer == Refused()


async def test_the_whole_sequence_arrives_in_order_filled_in_for_the_newest_contact(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, device = await draft(world)
    await world.engine()
    await world.contacts(2)
    rehearsal = await rehearsals.run(world.actor, sequence)
    assert (rehearsal.phone, rehearsal.device, rehearsal.sample) == (OWN, "Sales-1", "Person 2")
    assert await send_all(world, device) == ["Hi Person 2", "Prices", "Shall we call?"]
    progress = await rehearsals.progress(world.actor, rehearsal.message_ids)
    assert (progress.messages, progress.sent, progress.waiting, progress.trouble) == (3, 3, 0, None)


async def test_one_message_alone(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    await world.engine()
    _, second, _ = await world.steps(sequence)
    await rehearsals.run(world.actor, sequence, step_id=second)
    assert await send_all(world, device) == ["Prices"]


async def test_a_file_goes_with_its_caption_and_is_stored_once(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    engine = await world.engine()
    photo = Attachment(ContentKind.IMAGE, b"\xff\xd8 studio", "image/jpeg", "photo.jpg")
    steps = [NewStep(day, None, None, f"Our studio {day}", photo) for day in (7, 8)]
    ids = await world.editor.add_steps(world.actor, sequence, steps)
    for step_id in ids:
        await rehearsals.run(world.actor, sequence, step_id=step_id)
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        assert claimed.message.media is not None
        sent = (claimed.message.kind, claimed.message.body.partition(" ")[0], claimed.message.media.content)
        assert sent == (ContentKind.IMAGE, "Our", b"\xff\xd8 studio")
        await engine.sent(device, claimed)
    assert await world.one("SELECT count(*) FROM media") == 1


async def test_five_presses_at_once_are_one(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    await world.engine()
    await asyncio.gather(*(rehearsals.run(world.actor, sequence) for _ in range(5)))
    assert await send_all(world, device) == ["Hi Alex Tan", "Prices", "Shall we call?"]
    assert sorted(set(await world.statuses())) == ["cancelled", "sent"]


async def test_a_press_in_the_middle_begins_anew_and_takes_nothing_back(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, device = await draft(world)
    engine = await world.engine()
    await rehearsals.run(world.actor, sequence)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await rehearsals.run(world.actor, sequence)
    await engine.sent(device, claimed)
    assert await send_all(world, device) == ["Hi Alex Tan", "Prices", "Shall we call?"]
    assert await world.statuses() == ["sent", "cancelled", "cancelled", "sent", "sent", "sent"]


async def test_it_goes_no_faster_than_the_device_and_says_how_long_it_takes(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, device = await draft(world, min_delay_seconds=20, max_delay_seconds=40)
    engine = await world.engine()
    rehearsal = await rehearsals.run(world.actor, sequence)
    assert rehearsal.last_in == timedelta(seconds=60)
    assert await engine.send_all(device) == ["Hi Alex Tan"]
    world.clock.set(MONDAY + timedelta(seconds=19))
    assert await engine.send_all(device) == []
    world.clock.set(MONDAY + timedelta(seconds=41))
    assert await engine.send_all(device) == ["Prices"]


async def test_the_device_that_is_done_first_takes_it(world: World, rehearsals: Rehearsals) -> None:
    slow = await world.device("Slow", min_delay_seconds=60, max_delay_seconds=90)
    resting = await world.device("Resting", next_send_at=MONDAY + timedelta(minutes=30))
    quick = await world.device("Quick", max_delay_seconds=10)
    paused = await world.device("Paused", paused_at=MONDAY)
    sequence = await world.sequence([slow, resting, quick, paused], *STEPS)
    await world.engine()
    assert (await rehearsals.run(world.actor, sequence)).device == "Quick"
    await world.devices.pause(world.actor, quick)
    assert (await rehearsals.run(world.actor, sequence)).device == "Slow"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"paused_at": MONDAY}, "Sales-1: paused"),
        ({"state": DeviceState.CONNECTING}, "Sales-1: not online"),
        ({"daily_cap": 5, "day": MONDAY.date(), "day_count": 5}, "Sales-1: has sent all that it may today"),
        ({"daily_cap": 5, "day": MONDAY.date(), "day_count": 3}, "Sales-1 may send only 2 more for now"),
    ],
)
async def test_a_pool_that_cannot_send_it_all_now_is_told_and_nothing_is_queued(
    world: World, rehearsals: Rehearsals, columns: dict[str, object], said: str
) -> None:
    sequence, _ = await draft(world, **columns)
    await world.engine()
    with pytest.raises(ConflictError, match=said):
        await rehearsals.run(world.actor, sequence)
    assert await world.statuses() == []


async def test_without_an_engine_it_says_so(world: World, rehearsals: Rehearsals) -> None:
    sequence, _ = await draft(world)
    with pytest.raises(ConflictError, match="no engine runs"):
        await rehearsals.run(world.actor, sequence)


async def test_an_unknown_number_is_asked_for(world: World, rehearsals: Rehearsals) -> None:
    sequence, _ = await draft(world)
    await world.engine()
    await world.run("UPDATE operators SET phone = NULL")
    with pytest.raises(ConflictError, match="My number"):
        await rehearsals.run(world.actor, sequence)


async def test_a_missing_variable_names_the_message_and_nothing_goes_out(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, _ = await draft(world, (1, 9, "Hi"), (2, 9, "In {{ attributes.city }}"))
    await world.engine()
    await world.contacts(name="Siti")
    said = r"Day 2 09:00 needs {{ attributes.city }}, and Siti has none. Give it a default: {{ attributes.city \|"
    with pytest.raises(InvalidInputError, match=said):
        await rehearsals.run(world.actor, sequence)
    assert await world.statuses() == []


async def test_a_text_of_which_nothing_is_left_is_never_sent(world: World, rehearsals: Rehearsals) -> None:
    sequence, _ = await draft(world, (1, 9, "{{ attributes.offer | default('') }}"))
    await world.engine()
    with pytest.raises(InvalidInputError, match="Day 1 09:00: nothing is left of the text"):
        await rehearsals.run(world.actor, sequence)


async def test_it_is_filled_in_for_the_operator_if_they_are_in_the_book(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, device = await draft(world, (1, 9, "{{ name }} in {{ attributes.city }}"))
    await world.engine()
    await world.contacts(phone=OWN, name="Aisyah", attributes={"city": "Ipoh"})
    await world.contacts(name="Newest", attributes={"city": "Johor"})
    await rehearsals.run(world.actor, sequence)
    assert await send_all(world, device) == ["Aisyah in Ipoh"]


async def test_somebody_in_the_sequence_comes_before_the_newest_of_the_team(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, _ = await draft(world)
    await world.engine()
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(name="In it"))
    await world.contacts(name="Newest")
    assert (await rehearsals.run(world.actor, sequence)).sample == "In it"


async def test_an_opted_out_number_gets_nothing_and_start_makes_it_good(
    world: World, rehearsals: Rehearsals
) -> None:
    sequence, device = await draft(world)
    await world.engine()
    await rehearsals.run(world.actor, sequence)
    await say(world, device, "STOP")
    assert "unsubscribed" in (await send_all(world, device))[0]
    with pytest.raises(ConflictError, match="write START from it to Sales-1"):
        await rehearsals.run(world.actor, sequence)
    await say(world, device, "START", 2)
    await rehearsals.run(world.actor, sequence)
    assert (await send_all(world, device))[1:] == ["Hi Alex Tan", "Prices", "Shall we call?"]


async def test_an_opt_out_between_the_press_and_the_send_holds(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    await world.engine()
    await rehearsals.run(world.actor, sequence)
    await world.run(
        "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
        " SELECT workspace_id, phone, 'stop_word', 'STOP', now() FROM contacts"
    )
    world.clock.set(MONDAY + timedelta(minutes=1))
    await refuse_all(world, device)
    assert await world.statuses() == ["skipped"] * 3


async def test_a_test_that_nobody_waits_for_any_more_is_not_sent(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    await world.engine()
    rehearsal = await rehearsals.run(world.actor, sequence)
    world.clock.set(at(6, 8))
    await refuse_all(world, device)
    progress = await rehearsals.progress(world.actor, rehearsal.message_ids)
    assert (progress.sent, progress.waiting) == (0, 0)
    assert progress.trouble == "nobody waits for this test any more"


async def test_quiet_hours_are_for_others(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world)
    await world.engine()
    await world.run("UPDATE workspaces SET quiet_start = '00:00', quiet_end = '23:00'")
    await rehearsals.run(world.actor, sequence)
    assert len(await send_all(world, device)) == 3


async def test_a_refusal_is_told_where_one_looks(world: World, rehearsals: Rehearsals) -> None:
    sequence, device = await draft(world, (1, 9, "Hi"))
    engine = await world.engine()
    rehearsal = await rehearsals.run(world.actor, sequence)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("not_on_whatsapp", "not on WhatsApp", permanent=True))
    assert (await rehearsals.progress(world.actor, rehearsal.message_ids)).trouble == "not on WhatsApp"


class TestOutsideOfStatistics:
    async def test_results_and_people_of_the_sequence_do_not_know_of_it(
        self, world: World, rehearsals: Rehearsals
    ) -> None:
        sequence, device = await draft(world)
        await world.engine()
        before = await world.catalogue.card(world.actor, sequence)
        await rehearsals.run(world.actor, sequence)
        assert await world.catalogue.card(world.actor, sequence) == before
        await send_all(world, device)
        after = await world.catalogue.card(world.actor, sequence)
        assert [step.results for step in after.steps] == [step.results for step in before.steps]
        assert after.people == {}
        await world.run("UPDATE sequences SET status = 'active'")
        assert await Books(world.database).run_once(world.clock.now()) == []
        await Pruning(world.database, timedelta()).run_once(world.clock.now() + timedelta(days=900))
        assert await world.one("SELECT count(*) FROM pruned_messages") == 0

    async def test_the_operator_is_no_contact(self, world: World, rehearsals: Rehearsals) -> None:
        sequence, _ = await draft(world)
        await world.engine()
        await rehearsals.run(world.actor, sequence)
        book = world.book
        assert await book.count(world.actor) == 0
        assert await book.find(world.actor, "345678") == []
        assert (await Overviews(world.database, world.clock).get(world.actor)).contacts == 0
        everyone = await world.enrolments.join(world.actor, sequence, Who(everyone=True))
        assert (everyone.joined, everyone.refusals) == (0, ())
        named = await world.enrolments.join(world.actor, sequence, Who(phones=[OWN]))
        assert dict(named.refused) == {RefusalReason.NOT_FOUND: 1}

    async def test_an_import_makes_the_operator_a_contact_and_a_test_leaves_one_as_it_is(
        self, world: World, rehearsals: Rehearsals
    ) -> None:
        sequence, device = await draft(world, (1, 9, "Hi"))
        await world.engine()
        await rehearsals.run(world.actor, sequence)
        imports, file = ContactImports(world.database, world.clock), f"Phone\n{OWN}\n".encode()
        review = await imports.review(world.actor, await imports.open(world.actor, file, "us.csv"))
        result = await bring_in(imports, world.actor, file, "us.csv", evidence="form")
        assert (review.new, review.known, result.created, result.updated) == (1, 0, 1, 0)
        await rehearsals.run(world.actor, sequence)
        await send_all(world, device)
        [contact] = await world.book.find(world.actor, "345678")
        assert (contact.phone, contact.consent) == (OWN, "opted_in")

    async def test_an_answer_to_a_test_pauses_nothing(self, world: World, rehearsals: Rehearsals) -> None:
        sequence, device = await draft(world)
        await world.engine()
        contacts = await world.contacts(phone=OWN, name="Aisyah")
        await world.enrolments.join_contacts(world.actor, sequence, contacts)
        await rehearsals.run(world.actor, sequence)
        await send_all(world, device)
        await say(world, device, "Looks good")
        assert await world.one("SELECT status FROM sequence_contacts") == "active"

    async def test_an_answer_to_the_sequence_still_pauses_it(self, world: World, rehearsals: Rehearsals) -> None:
        sequence, device = await draft(world, (1, 11, "Hi"), (2, 11, "And?"))
        await world.engine()
        contacts = await world.contacts(phone=OWN, name="Aisyah")
        await world.enrolments.join_contacts(world.actor, sequence, contacts)
        await rehearsals.run(world.actor, sequence)
        await send_all(world, device)
        await world.control.start(world.actor, sequence)
        await world.move_to(at(5, 11))
        assert await world.engines[0].send_all(device) == ["Hi"]
        await say(world, device, "Yes please")
        assert await world.one("SELECT status FROM sequence_contacts") == "paused"


async def test_another_teams_test_cannot_be_looked_at(
    world: World, rehearsals: Rehearsals, stranger: object
) -> None:
    sequence, _ = await draft(world)
    await world.engine()
    rehearsal = await rehearsals.run(world.actor, sequence)
    with pytest.raises(NotFoundError):
        await rehearsals.progress(stranger, rehearsal.message_ids)  # type: ignore[arg-type]
