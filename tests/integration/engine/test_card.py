"""A contact's card on a real database. What it says is in the way is what the claim refuses for: case by case."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Claimed, Refused
from engine.broadcast.outlook import Outlook
from engine.contacts.card import NextMessage, RunView
from engine.contacts.why_not import Obstacle, ObstacleKind
from engine.transports.contract import Inbound, Rejected, Unknown
from models.enums import (
    ConsentSource,
    ConsentState,
    DeviceState,
    EnrolmentStatus,
    MessageStatus,
    MissedPolicy,
    ReceiptKind,
    SequenceStatus,
)
from tests.integration.engine.world import HandEngine, World, at

ANN = "+60120000001"
BY = "Owner of Acme"


@dataclass
class Scene:
    """Person 1 has a message that is due, on Monday at 11:00; an engine works its device."""

    world: World
    sequence: int
    device: int
    engine: HandEngine

    @property
    async def contact(self) -> int:
        contact: int = await self.world.one("SELECT min(id) FROM contacts")
        return contact

    async def run(self) -> RunView:
        card = await self.world.cards.get(self.world.actor, await self.contact)
        return card.runs[0]

    async def next(self) -> NextMessage:
        upcoming = (await self.run()).next
        assert upcoming is not None
        return upcoming

    async def kinds(self) -> list[ObstacleKind]:
        return [obstacle.kind for obstacle in (await self.next()).obstacles]


@pytest.fixture
async def scene(world: World) -> Scene:
    sequence, device = await world.running((1, 11, "Hi {{ name }}"), (2, 9, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    return Scene(world, sequence, device, engine)


def sql(statement: str) -> Callable[[Scene], Awaitable[None]]:
    return lambda scene: scene.world.run(statement)


async def pause_run(scene: Scene) -> None:
    await scene.world.runs.pause(scene.world.actor, (await scene.run()).id)


async def reply(scene: Scene) -> None:
    await scene.world.inbox.receive(scene.device, Inbound("in-1", ANN, "Tell me more"))


async def cap(scene: Scene) -> None:
    await scene.world.limits.set_daily_cap(scene.world.actor, scene.device, 120)
    await scene.world.run("UPDATE user_devices SET day = '2026-01-05', day_count = 120")


async def hourly_cap(scene: Scene) -> None:
    await scene.world.limits.set_hourly_cap(scene.world.actor, scene.device, 3)
    await scene.world.run("UPDATE user_devices SET hour_started_at = '2026-01-05 11:00+08', hour_count = 3")


LATE = "UPDATE messages SET expires_at = '2026-01-05 10:00+08'"
NOW, HOLD = at(5, 11), Outlook()

# What is done; the obstacle that is told; what the claim answers; the message's status and error afterwards, and
# when it is due then; what was foreseen of it.
CASES = {
    "everything is stopped": (
        lambda scene: scene.world.workspaces.stop_everything(scene.world.actor),
        Obstacle(ObstacleKind.STOPPED, since=NOW, who=BY),
        Pause(None), ("pending", None, NOW), HOLD,
    ),
    "the device is paused": (
        lambda scene: scene.world.devices.pause(scene.world.actor, scene.device),
        Obstacle(ObstacleKind.DEVICE_PAUSED, since=NOW, who=BY),
        Pause(None), ("pending", None, NOW), HOLD,
    ),
    "the daily cap": (
        cap,
        Obstacle(ObstacleKind.DAILY_CAP, until=at(6, 0), used=120, cap=120),
        Pause(at(6, 0)), ("pending", None, NOW), Outlook(at=at(6, 11)),  # by then it is late
    ),
    "the hourly cap": (
        hourly_cap,
        Obstacle(ObstacleKind.HOURLY_CAP, until=at(5, 12), used=3, cap=3),
        Pause(at(5, 12)), ("pending", None, NOW), Outlook(at=at(5, 12)),
    ),
    "the delay": (
        sql("UPDATE user_devices SET next_send_at = '2026-01-05 11:00:20+08'"),
        Obstacle(ObstacleKind.DELAY, until=NOW.replace(second=20)),
        Pause(NOW.replace(second=20)), ("pending", None, NOW), Outlook(at=NOW.replace(second=20)),
    ),
    "no permission": (
        sql("UPDATE contacts SET consent = NULL"),
        Obstacle(ObstacleKind.NO_PERMISSION, words="there is no permission to write"),
        Refused(), ("skipped", "no_consent", NOW), None,
    ),
    "opted out": (
        sql(
            "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
            " SELECT workspace_id, phone, 'manual', '', now() FROM contacts"
        ),
        Obstacle(ObstacleKind.OPTED_OUT, words="the contact has opted out"),
        Refused(), ("skipped", "opted_out", NOW), None,
    ),
    "the sequence is paused": (
        lambda scene: scene.world.control.pause(scene.world.actor, scene.sequence),
        Obstacle(ObstacleKind.SEQUENCE_PAUSED, since=NOW, who=BY),
        Refused(), ("pending", None, NOW), HOLD,
    ),
    "the sequence is a draft again": (
        sql("UPDATE sequences SET status = 'draft'"),
        Obstacle(ObstacleKind.DRAFT),
        Refused(), ("pending", None, NOW), HOLD,
    ),
    "paused by hand": (
        pause_run,
        Obstacle(ObstacleKind.PAUSED_BY_HAND, since=NOW, who=BY),
        Refused(), ("pending", None, NOW), HOLD,
    ),
    "paused by a reply": (
        reply,
        Obstacle(ObstacleKind.REPLIED, since=NOW, words="Tell me more"),
        Refused(), ("pending", None, NOW), HOLD,
    ),
    "a day of rest": (
        sql("WITH rest AS (UPDATE workspaces SET rest_days = '{1}') UPDATE sequences SET skip_weekends = true"),
        Obstacle(ObstacleKind.REST_DAY, until=at(6, 11)),
        Refused(), ("pending", None, at(6, 11)), Outlook(at=at(6, 11)),
    ),
    "quiet hours": (
        sql("UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'"),
        Obstacle(ObstacleKind.QUIET_HOURS, until=at(5, 12)),
        Refused(), ("pending", None, at(5, 12)), Outlook(at=at(5, 12)),
    ),
    "too late, so it moves": (
        sql(LATE),
        Obstacle(ObstacleKind.LATE, until=at(6, 11)),
        Refused(), ("pending", None, at(6, 11)), Outlook(at=at(6, 11)),
    ),
    "too late, so it is left out": (
        sql(f"WITH late AS ({LATE}) UPDATE sequences SET missed_policy = '{MissedPolicy.SKIP}'"),
        Obstacle(ObstacleKind.LATE, words="it was too late to send it"),
        Refused(), ("skipped", "missed", NOW), None,
    ),
    "a word that nobody knows": (
        sql("UPDATE sequence_steps SET body = 'Hi {{ car }}'"),
        None,
        Refused(), ("failed", "missing_variable", NOW), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_what_is_told_is_what_the_claim_refuses_for(scene: Scene, case: str) -> None:
    do, told, answer, afterwards, foreseen = CASES[case]
    ask = await scene.engine.ask(scene.device)
    assert ask is not None
    await do(scene)
    upcoming = await scene.next()
    if told is not None:
        assert upcoming.obstacles == (told,)
    else:
        assert [one.kind for one in upcoming.obstacles] == [ObstacleKind.TEXT]
    assert await scene.engine.claims.claim([ask]) == [answer]
    ended = "SELECT status, error_code, due_at FROM broadcast_messages ORDER BY id LIMIT 1"
    assert await scene.world.one(ended) == afterwards
    if foreseen is None:
        assert upcoming.outlook.end is not None
        assert (upcoming.outlook.end.outcome, upcoming.outlook.end.code) == afterwards[:2]
    else:
        assert upcoming.outlook == foreseen


async def test_when_nothing_is_told_it_goes_out(scene: Scene) -> None:
    upcoming = await scene.next()
    assert (upcoming.header, upcoming.due_at, upcoming.obstacles) == ("Day 1 11:00", NOW, ())
    assert upcoming.outlook == Outlook(at=NOW)
    claimed = await scene.engine.claim(scene.device)
    assert isinstance(claimed, Claimed)
    assert (await scene.next()).on_its_way


async def test_the_claim_s_own_is_the_first_of_several(scene: Scene) -> None:
    ask = await scene.engine.ask(scene.device)
    assert ask is not None
    await cap(scene)
    await pause_run(scene)
    await sql("UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'")(scene)
    assert await scene.kinds() == [ObstacleKind.DAILY_CAP, ObstacleKind.PAUSED_BY_HAND, ObstacleKind.QUIET_HOURS]
    assert await scene.engine.claims.claim([ask]) == [Pause(at(6, 0))]


async def test_who_is_before_it(scene: Scene) -> None:
    world = scene.world
    await world.enrolments.join_contacts(world.actor, scene.sequence, await world.contacts(3))
    await world.run("UPDATE sequence_contacts SET next_due_at = '2026-01-05 10:59+08' WHERE next_due_at > now()")
    await world.run(
        "UPDATE sequence_contacts SET next_due_at = '2026-01-05 10:59+08' WHERE next_due_at IS NOT NULL"
    )
    await world.processor.run_once(NOW)
    assert (await scene.next()).obstacles == (Obstacle(ObstacleKind.TURN, ahead=3),)
    await world.run("UPDATE user_devices SET next_send_at = '2026-01-05 11:00:20+08'")
    delay = Obstacle(ObstacleKind.DELAY, until=NOW.replace(second=20), ahead=3)
    assert (await scene.next()).obstacles == (delay,)


async def test_a_device_that_is_away_is_told_when_it_matters(scene: Scene) -> None:
    world = scene.world
    await world.run("UPDATE user_devices SET state = 'phone_offline'")
    (away,) = (await scene.next()).obstacles
    assert (away.kind, away.state) == (ObstacleKind.DEVICE_AWAY, DeviceState.PHONE_OFFLINE)
    await world.run("UPDATE user_devices SET state = 'online'")
    await scene.engine.send_all(scene.device)
    await world.run("UPDATE user_devices SET state = 'phone_offline'")
    assert await scene.kinds() == []  # the next is due tomorrow
    await world.run("UPDATE user_devices SET state = 'logged_out'")
    assert await scene.kinds() == [ObstacleKind.DEVICE_AWAY]


async def test_without_an_engine(world: World) -> None:
    sequence, device = await world.running()
    await world.move_to(at(5, 11))
    scene = Scene(world, sequence, device, None)  # type: ignore[arg-type]
    assert await scene.kinds() == [ObstacleKind.NO_ENGINE]


async def test_what_is_not_in_the_queue_yet_is_told_as_it_will_be(world: World) -> None:
    sequence, device = await world.running()
    scene = Scene(world, sequence, device, await world.engine())
    assert ((await scene.next()).due_at, (await scene.next()).obstacles) == (at(5, 11), ())
    await world.run("UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'")
    assert (await scene.next()).obstacles == (Obstacle(ObstacleKind.QUIET_HOURS, until=at(5, 12)),)
    assert (await scene.next()).outlook == Outlook(at=at(5, 12))


async def test_an_answer_is_told_with_what_was_sent_the_newest_first(scene: Scene) -> None:
    world, engine = scene.world, scene.engine
    await engine.send_all(scene.device)
    reference = await world.one("SELECT provider_message_id FROM deliveries")
    world.clock.set(at(5, 11, 2))
    await engine.receipt(scene.device, reference, ANN, kind=ReceiptKind.READ)
    world.clock.set(at(5, 11, 5))
    await reply(scene)
    run = await scene.run()
    await world.runs.resume(world.actor, run.id)
    await world.move_to(at(6, 9))
    claimed = await engine.claim(scene.device)
    assert isinstance(claimed, Claimed)
    await engine.report(scene.device, claimed, Rejected("blocked", "they blocked us", permanent=True))
    history = await world.cards.history(world.actor, await scene.contact, 0)
    failed, answer, sent = history.entries
    assert (failed.header, failed.outcome, failed.error) == (
        "Day 2 09:00",
        MessageStatus.FAILED,
        "they blocked us",
    )
    assert (answer.inbound, answer.body, answer.at) == (True, "Tell me more", at(5, 11, 5))
    assert (sent.body, sent.outcome, sent.read_at) == ("Hi Person 1", MessageStatus.SENT, at(5, 11, 2))
    assert (sent.sequence, sent.device, history.more) == ("Welcome", "Sales", False)


async def test_a_long_history_comes_in_pages(scene: Scene) -> None:
    for number in range(8):
        scene.world.clock.set(at(5, 11, number))
        await scene.world.inbox.receive(scene.device, Inbound(f"in-{number}", ANN, f"{number}"))
    pages = [await scene.world.cards.history(scene.world.actor, await scene.contact, page) for page in (0, 1)]
    assert [(len(page.entries), page.more) for page in pages] == [(6, True), (2, False)]
    assert [entry.body for page in pages for entry in page.entries] == list("76543210")


async def test_where_somebody_is_and_who_they_are(scene: Scene) -> None:
    world = scene.world
    await scene.engine.send_all(scene.device)
    await world.run(
        "INSERT INTO leads (workspace_id, contact_id, niche, status)"
        " SELECT workspace_id, id, 'Solar', 'customer' FROM contacts"
    )
    await world.run(
        "INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at)"
        " SELECT workspace_id, id, 'opted_in', 'event', 'expo.csv', '2026-01-02 09:00+08' FROM contacts"
    )
    card = await world.cards.get(world.actor, await scene.contact)
    assert (card.name, card.phone, card.device, card.opted_out) == ("Person 1", ANN, "Sales", False)
    assert card.interests == (("Solar", "customer"),)
    assert card.permission is not None
    assert (card.permission.source, card.permission.evidence) == (ConsentSource.EVENT, "expo.csv")
    (run,) = card.runs
    assert (run.sequence, run.run_no, run.reached, run.steps) == ("Welcome", 1, 1, 2)
    assert (run.status, run.sequence_status) == (EnrolmentStatus.ACTIVE, SequenceStatus.ACTIVE)
    assert run.joined_at == at(5, 10)


async def test_opting_out_by_hand_does_what_the_stop_word_does(scene: Scene) -> None:
    world, contact = scene.world, await scene.contact
    assert [await world.opt_outs.opt_out(world.actor, contact) for _ in range(3)] == [True, False, False]
    card = await world.cards.get(world.actor, contact)
    assert (card.opted_out, card.suppressed_since, card.consent) == (True, NOW, ConsentState.OPTED_OUT)
    assert card.permission is not None
    assert (card.permission.source, card.permission.by) == (ConsentSource.MANUAL, BY)
    assert (card.runs[0].status, card.runs[0].exit_reason) == (EnrolmentStatus.EXITED, "opted_out")
    assert await world.statuses() == ["cancelled"]  # and no confirmation: nobody asked in the chat
    assert await world.one("SELECT count(*) FROM audit_log WHERE action = 'contact.opt_out'") == 1


async def test_what_is_not_sure_is_told_so(scene: Scene) -> None:
    claimed = await scene.engine.claim(scene.device)
    assert isinstance(claimed, Claimed)
    await scene.engine.report(scene.device, claimed, Unknown("the line broke"))
    (entry,) = (await scene.world.cards.history(scene.world.actor, await scene.contact, 0)).entries
    assert (entry.outcome, entry.at) == (
        MessageStatus.UNKNOWN,
        datetime.fromtimestamp(NOW.timestamp(), NOW.tzinfo),
    )
