"""Who is in a sequence, tab by tab; on a real database."""

import pytest

from engine.broadcast.claims import Claimed
from engine.sequences.people import A_PAGE, PeoplePage, Tab
from engine.transports.contract import Inbound, Rejected
from models.enums import EnrolmentStatus, MessageStatus, PauseReason
from tests.integration.engine.world import World, at


@pytest.fixture
async def sequence(world: World) -> int:
    """Person 1 is on their way, 2 paused by hand, 3 replied, 4 has left, 5 waits in the queue, 6 is through."""
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "one"), (2, 9, "two"))
    contacts = await world.contacts(5)
    await world.enrolments.join_contacts(world.actor, sequence, contacts)
    runs = dict(await world.rows("SELECT contact_id, id FROM sequence_contacts"))
    await world.runs.pause(world.actor, runs[contacts[1]])
    world.clock.set(at(5, 10, 30))
    await world.inbox.receive(device, Inbound("in-1", "+60120000003", "Hm"))
    await world.runs.remove(world.actor, runs[contacts[3]])
    await world.run(
        "UPDATE sequence_contacts SET next_due_at = '2026-01-05 10:00+08' WHERE contact_id = :id", id=contacts[4]
    )
    await world.processor.run_once(world.clock.now())
    (through,) = await world.contacts(1)
    await world.enrolments.join_contacts(world.actor, sequence, [through])
    await world.run(
        "UPDATE sequence_contacts SET status = 'completed', next_due_at = NULL, next_step_id = NULL, ended_at = now()"
        " WHERE contact_id = :id", id=through,
    )  # fmt: skip
    return sequence


async def shown(world: World, sequence: int, tab: Tab, **about: object) -> PeoplePage:
    return await world.in_sequence.page(world.actor, sequence, tab, **about)  # type: ignore[arg-type]


async def test_tabs_and_counts(world: World, sequence: int) -> None:
    page = await shown(world, sequence, Tab.ACTIVE)
    assert page.counts == {Tab.ACTIVE: 2, Tab.PAUSED: 2, Tab.COMPLETED: 1, Tab.EXITED: 1}
    waiting, planned = page.people
    assert (waiting.name, waiting.due_at) == ("Person 5", at(5, 10))
    assert (planned.name, planned.header, planned.due_at) == ("Person 1", "Day 1 11:00", at(5, 11))
    paused = (await shown(world, sequence, Tab.PAUSED)).people
    assert [(one.name, one.pause, one.paused_by) for one in paused] == [
        ("Person 3", PauseReason.REPLIED, None), ("Person 2", PauseReason.BY_HAND, "Owner of Acme"),
    ]  # fmt: skip
    (left,) = (await shown(world, sequence, Tab.EXITED)).people
    assert (left.name, left.exit_reason, left.status) == ("Person 4", "removed", EnrolmentStatus.EXITED)
    (through,) = (await shown(world, sequence, Tab.COMPLETED)).people
    assert (through.name, through.header, through.due_at) == ("Person 6", None, None)


@pytest.mark.parametrize(
    ("search", "found"), [("son 1", ["Person 1"]), ("0120000005", ["Person 5"]), ("nobody", [])]
)
async def test_they_are_found_by_name_or_number(
    world: World, sequence: int, search: str, found: list[str]
) -> None:
    page = await shown(world, sequence, Tab.ACTIVE, search=search)
    assert [one.name for one in page.people] == found


async def test_what_failed_is_listed_by_name_with_the_reason(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("blocked", "they blocked us", permanent=True))
    await engine.unclear(device)
    await engine.send_all(device)
    unsure, failed = (await shown(world, sequence, Tab.TROUBLE)).people
    assert (failed.name, failed.header, failed.outcome, failed.error) == (
        "Person 1", "Day 1 11:00", MessageStatus.FAILED, "they blocked us",
    )  # fmt: skip
    assert (unsure.name, unsure.outcome, unsure.error) == ("Person 2", MessageStatus.UNKNOWN, "the line broke")


async def test_pages(world: World) -> None:
    sequence, _ = await world.running(people=A_PAGE + 1)
    first, second = [await shown(world, sequence, Tab.ACTIVE, page=page) for page in (0, 1)]
    assert [(len(page.people), page.more) for page in (first, second)] == [(A_PAGE, True), (1, False)]
    assert len({one.contact_id for page in (first, second) for one in page.people}) == A_PAGE + 1
