"""What a receipt says of the message that it belongs to, and of one that nobody was sure of."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.broadcast.claims import Claimed
from engine.broadcast.observations import Observations, ReceiptNote
from engine.broadcast.outcomes import Report
from engine.transports.contract import Receipt, Sent, Unknown
from models.enums import ReceiptKind
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import HandEngine, World, at, until

PHONE = "+60120000001"
DELIVERY = "SELECT provider_message_id, delivered_at, read_at FROM deliveries"
FATES = "SELECT delivered_at, read_at, failed_at FROM deliveries"


@pytest.fixture
async def unsure(world: World) -> tuple[HandEngine, int]:
    """The first message of two days was sent, perhaps."""
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.unclear(device)
    return engine, device


async def test_receipts_come_doubled_and_out_of_order(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Sent("id-1"))
    for hour, kind in ((12, ReceiptKind.READ), (13, ReceiptKind.DELIVERED), (14, ReceiptKind.READ)):
        world.clock.set(at(5, hour))
        assert await engine.receipt(device, "id-1", PHONE, kind=kind)
    assert await world.one(DELIVERY) == ("id-1", at(5, 12), at(5, 12))


async def test_that_the_provider_has_it_is_no_delivery_and_that_it_cannot_be_shown_is_kept(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Sent("id-1"))
    await engine.receipt(device, "id-1", PHONE, kind=ReceiptKind.SENT)
    assert await world.one(FATES) == (None, None, None)
    for hour in (12, 13):
        world.clock.set(at(5, hour))
        await engine.receipt(device, "id-1", PHONE, kind=ReceiptKind.FAILED)
    assert await world.one(FATES) == (None, None, at(5, 12))
    await engine.receipt(device, "id-1", PHONE, kind=ReceiptKind.READ)
    assert await world.one(FATES) == (at(5, 13), at(5, 13), at(5, 12))


async def test_all_kinds_in_one_batch_are_each_written_at_their_first_instant(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Sent("id-1"))
    kinds = (ReceiptKind.FAILED, ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.READ)
    notes = [ReceiptNote(device, "id-1", kind, PHONE, at(5, 12 + hour)) for hour, kind in enumerate(kinds)]
    await Observations(world.database, world.clock).receipts(notes)
    assert await world.one(FATES) == (at(5, 14), at(5, 15), at(5, 12))


@pytest.mark.parametrize(
    ("kind", "fates"),
    [(ReceiptKind.SENT, (None, None, None)), (ReceiptKind.FAILED, (None, None, at(5, 11)))],
)
async def test_what_the_provider_has_was_sent_though_it_claims_no_delivery(
    world: World, unsure: tuple[HandEngine, int], kind: ReceiptKind, fates: tuple[object, ...]
) -> None:
    engine, device = unsure
    await engine.receipt(device, "id-1", PHONE, kind=kind)
    assert await world.statuses() == ["sent"]
    assert await world.alerts() == [("send_unknown", "resolved", 1)]
    assert await world.one(FATES) == fates


async def test_a_receipt_of_nobody_knows_whom_is_written_by_its_id(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    assert await engine.receipt(device, "id-9", None)
    assert await world.statuses() == ["unknown"], "it may be anybody's"
    await world.move_to(at(6, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert not await engine.receipt(device, "id-2", None), "it may be of what is on its way"
    await engine.report(device, claimed, Sent("id-2"))
    assert await engine.receipt(device, "id-2", None)
    assert await world.one(DELIVERY) == ("id-2", at(6, 11), None)


async def test_a_receipt_of_nobody_knows_whom_settles_the_unknown_message_that_has_its_id(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await world.run(
        "INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)"
        " SELECT workspace_id, id, device_id, 'id-1' FROM messages"
    )
    await engine.receipt(device, "id-1", None)
    assert await world.statuses() == ["sent"]


async def test_a_receipt_settles_the_only_unknown_message_to_that_person(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    world.clock.set(at(5, 12))
    for kind in (ReceiptKind.READ, ReceiptKind.DELIVERED):
        assert await engine.receipt(device, "id-1", PHONE, kind=kind)
    assert await world.statuses() == ["sent"]
    assert await world.one(DELIVERY) == ("id-1", at(5, 12), at(5, 12))
    assert await world.alerts() == [("send_unknown", "resolved", 1)]
    assert await world.doubts.count(world.actor) == 0
    # The run went on when the message became unknown, and does not go on again.
    assert await world.one("SELECT next_due_at, last_day_number FROM sequence_contacts") == (at(6, 11), 1)


async def test_the_alert_stays_while_another_message_of_the_device_is_unknown(world: World) -> None:
    _, device = await world.running(people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.unclear(device)
    await engine.unclear(device)
    await engine.receipt(device, "id-1", PHONE)
    assert await world.statuses() == ["sent", "unknown"]
    assert await world.alerts() == [("send_unknown", "firing", 2)]


async def test_two_unknown_messages_to_one_person_are_settled_by_no_receipt(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await world.move_to(at(6, 11))
    await engine.unclear(device)
    await engine.receipt(device, "id-1", PHONE)
    assert await world.statuses() == ["unknown", "unknown"]


async def test_a_receipt_settles_nothing_that_was_claimed_after_it_arrived(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await engine.receipt(device, "id-0", PHONE, at=at(5, 10))
    assert await world.statuses() == ["unknown"]
    await world.move_to(at(6, 11))
    await engine.unclear(device)
    await engine.receipt(device, "id-1", PHONE, at=at(5, 12))
    assert await world.statuses() == ["sent", "unknown"]


async def test_of_two_unknown_ids_in_one_batch_the_first_is_taken(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    _, device = unsure
    now = world.clock.now()
    notes = [
        ReceiptNote(device, "id-1", ReceiptKind.DELIVERED, PHONE, now),
        ReceiptNote(device, "id-2", ReceiptKind.DELIVERED, PHONE, now),
        ReceiptNote(device, "id-1", ReceiptKind.READ, PHONE, now),
    ]
    for _ in range(2):  # the commit's answer was lost, the batch is run again
        assert await Observations(world.database, world.clock).receipts(notes) == [True] * 3
    assert await world.one(DELIVERY) == ("id-1", now, now)


@pytest.mark.parametrize("other", ["+60120000002", "+60129999999"])
async def test_receipts_of_other_people_settle_nothing(
    world: World, unsure: tuple[HandEngine, int], other: str
) -> None:
    engine, device = unsure
    await world.contacts(1)
    assert await engine.receipt(device, "id-1", other)
    assert await world.statuses() == ["unknown"]


async def test_receipts_of_another_device_settle_nothing(world: World, unsure: tuple[HandEngine, int]) -> None:
    engine, _ = unsure
    assert await engine.receipt(await world.device("Other"), "id-1", PHONE)
    assert await world.statuses() == ["unknown"]


async def test_while_a_message_to_the_same_person_is_on_its_way_nothing_is_settled(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await world.move_to(at(6, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert not await engine.receipt(device, "id-2", PHONE)  # before its own outcome
    assert await world.statuses() == ["unknown", "processing"]
    await engine.report(device, claimed, Sent("id-2"))
    assert await engine.receipt(device, "id-2", PHONE)
    assert await world.statuses() == ["unknown", "sent"]
    assert await engine.receipt(device, "id-1", PHONE)
    assert await world.statuses() == ["sent", "sent"]


async def test_a_receipt_that_races_with_the_outcome_of_its_message_never_settles_an_older_one(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await world.move_to(at(6, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    report = Report(device, claimed, Sent("id-2"))
    await asyncio.gather(
        engine.outcomes.write([report]), *(engine.receipt(device, "id-2", PHONE) for _ in range(3))
    )
    assert await world.statuses() == ["unknown", "sent"]


async def test_a_receipt_of_a_known_id_settles_its_unknown_message_even_among_others(
    world: World, unsure: tuple[HandEngine, int]
) -> None:
    engine, device = unsure
    await world.move_to(at(6, 11))
    second = await engine.unclear(device)
    await world.run(
        "INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)"
        " SELECT workspace_id, id, device_id, 'id-2' FROM messages WHERE id = :id",
        id=second.message.ref,
    )
    await engine.receipt(device, "id-2", PHONE)
    assert await world.statuses() == ["unknown", "sent"]


class TestWorker:
    @pytest.fixture
    def script(self) -> Script:
        return Script()

    @pytest.fixture
    async def rig(self, world: World, script: Script) -> AsyncIterator[Rig]:
        async with engine_running(world, script) as rig:
            yield rig

    async def test_a_receipt_before_the_acknowledgement_waits_for_the_outcome(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        """The acknowledgement is lost; the receipt, which came before that was clear, proves that it arrived."""
        _, device = await world.running()
        rig.pool.control()
        await until(lambda: script.lines[device])
        script.flowing.clear()
        script.outcomes = [Unknown("the acknowledgement was lost")]
        await rig.move_to(at(5, 11))
        await until(lambda: script.asked)
        line = script.lines[device][0]
        for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ):
            line.say(Receipt("id-1", kind, PHONE))
        worker = rig.pool._employed[device].worker
        await until(lambda: len(worker._early) == 2)
        assert await world.statuses() == ["processing"]
        script.flowing.set()
        await rig.status("sent")
        assert await world.one("SELECT provider_message_id FROM deliveries") == "id-1"
        await until(lambda: world.one("SELECT read_at IS NOT NULL FROM deliveries"))

    async def test_the_providers_word_is_no_sign_of_life_from_the_phones(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        _, device = await world.running()
        rig.pool.control()
        await until(lambda: script.lines[device])
        await rig.move_to(at(5, 11))
        await rig.status("sent")
        provider_id = await world.one("SELECT provider_message_id FROM deliveries")
        worker = rig.pool._employed[device].worker
        for kind, confirmed in ((ReceiptKind.SENT, False), (ReceiptKind.FAILED, True)):
            script.lines[device][0].say(Receipt(provider_id, kind, PHONE))
            script.lines[device][0].say(Receipt("of-nobody", kind, None))
            await until(lambda: worker.vitals.confirmed is confirmed)  # noqa: B023
        assert await world.one("SELECT delivered_at IS NULL AND failed_at IS NOT NULL FROM deliveries")

    async def test_receipts_of_others_do_not_wait_for_a_send_that_hangs(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        _, device = await world.running(people=2)
        rig.pool.control()
        await until(lambda: script.lines[device])
        script.outcomes = [Unknown("the line broke")]
        await rig.move_to(at(5, 11))
        await rig.status("unknown", "sent")
        third = await world.sequence([device], (1, 12, "again"), name="Third")
        await world.enrolments.join_contacts(world.actor, third, [2])
        script.flowing.clear()
        await rig.move_to(at(5, 12))
        await until(lambda: len(script.asked) == 3)
        script.lines[device][0].say(Receipt("id-1", ReceiptKind.DELIVERED, PHONE))
        await rig.status("sent", "sent", "processing")
