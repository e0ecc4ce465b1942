"""Somebody asks to stop in words of their own: nothing of a sequence goes on until an operator has decided."""

import asyncio
from dataclasses import replace

import pytest

from engine.broadcast.claims import Claimed
from engine.broadcast.store import Ask
from engine.contacts.card import ContactCards
from engine.contacts.inbox import OPTED_IN_ANSWER, Inbox
from engine.contacts.stop_requests import OPTED_OUT_ANSWER, StopRequests
from engine.errors import NotAllowedError, NotFoundError
from engine.transports.contract import Inbound
from models.enums import OnReply, Role
from tests.integration.engine.world import World

ASKS = "jangan hantar lagi"


@pytest.fixture
def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
def requests(world) -> StopRequests:
    return StopRequests(world.database, world.clock)


async def says(world: World, device: int, words: str, phone: str = "+60120000001") -> None:
    ids = await world.one("SELECT count(*) FROM inbound_messages")
    await Inbox(world.database, world.clock).receive(device, Inbound(f"in-{ids}", phone, words))


async def alert(world: World) -> tuple:
    return await world.one("SELECT status, subject, text, occurrences, resolution FROM alerts")


async def test_a_refusal_pauses_their_runs_whatever_the_sequence_does_on_a_reply_and_asks_the_operators(world):
    device = await world.device()
    (person,) = await world.contacts()
    for on_reply in OnReply:
        sequence = await world.sequence([device], (1, 11, "Hi"), name=on_reply, on_reply=on_reply)
        await world.enrolments.join_contacts(world.actor, sequence, [person])

    await says(world, device, ASKS)

    runs = await world.rows(
        "SELECT s.on_reply, e.status FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id ORDER BY 1"
    )
    assert runs == [("continue", "paused"), ("exit", "exited"), ("pause", "paused")]
    assert await alert(world) == (
        "firing",
        f"contact:{person}",
        f"Person 1 (+60120000001) wrote: “{ASKS}”. Their sequences are paused and campaigns wait until you decide.",
        1,
        None,
    )
    assert await world.rows("SELECT phone FROM suppressions") == []
    assert await world.one("SELECT asks_to_stop, opted_out FROM inbound_messages") == (True, False)


async def test_asking_again_makes_no_second_alert(world):
    _, device = await world.running()
    await says(world, device, ASKS)
    await says(world, device, "please stop sending me messages!!")
    status, _, told, occurrences, _ = await alert(world)
    assert (status, occurrences) == ("firing", 2)
    assert "please stop sending me messages!!" in told


async def test_an_ordinary_answer_asks_nobody(world):
    _, device = await world.running()
    await says(world, device, "How much is it?")
    assert await world.alerts() == []


async def test_opting_out_takes_their_words_as_evidence_and_confirms_once(world, requests):
    _, device = await world.running((1, 11, "Hi"), (2, 11, "You"))
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)

    assert await asyncio.gather(*(requests.opt_out(world.actor, person) for _ in range(3)))
    assert not await requests.opt_out(world.actor, person)

    assert await world.rows("SELECT phone, source, evidence FROM suppressions") == [
        ("+60120000001", "manual", ASKS)
    ]
    by = world.actor.operator_id
    assert await world.rows("SELECT state, source, evidence, recorded_by FROM consents") == [
        ("opted_out", "manual", ASKS, by)
    ]
    assert await world.rows("SELECT status, exit_reason FROM sequence_contacts") == [("exited", "opted_out")]
    replies = "SELECT body, device_id FROM messages WHERE lane = 'reply'"
    assert await world.rows(replies) == [(OPTED_OUT_ANSWER, device)]
    status, *_, resolution = await alert(world)
    assert (status, resolution) == ("resolved", "Opted out by Owner of Acme.")
    assert await world.one("SELECT asks_to_stop, opted_out FROM inbound_messages") == (True, True)
    assert await world.one("SELECT count(*) FROM audit_log WHERE action = 'contact.opt_out'") == 1


async def test_keeping_them_ends_the_alert_and_leaves_the_run_paused(world, requests):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)

    assert await requests.keep(world.actor, person)
    assert not await requests.keep(world.actor, person)
    assert not await requests.opt_out(world.actor, person)

    status, *_, resolution = await alert(world)
    assert (status, resolution) == ("resolved", "Kept by Owner of Acme: no wish to stop.")
    assert await world.rows("SELECT status FROM sequence_contacts") == [("paused",)]
    assert await world.rows("SELECT phone FROM suppressions") == []


async def test_keeping_them_lets_go_on_what_no_reply_pauses(world, requests):
    device = await world.device()
    (person,) = await world.contacts()
    for on_reply in (OnReply.CONTINUE, OnReply.PAUSE):
        sequence = await world.sequence([device], (1, 11, "Hi"), name=on_reply, on_reply=on_reply)
        await world.enrolments.join_contacts(world.actor, sequence, [person])
    await says(world, device, ASKS)
    await requests.keep(world.actor, person)
    assert await world.rows(
        "SELECT s.on_reply, e.status FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id ORDER BY 1"
    ) == [("continue", "active"), ("pause", "paused")]


@pytest.mark.parametrize("how", ["by their own STOP", "by hand"])
async def test_any_other_way_out_answers_the_question(world, how):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)
    if how == "by hand":
        await world.opt_outs.opt_out(world.actor, person)
    else:
        await says(world, device, "STOP")
    status, *_, resolution = await alert(world)
    assert (status, resolution) == ("resolved", "They have opted out.")


async def test_who_is_out_already_is_not_asked_about(world):
    _, device = await world.running()
    await says(world, device, "STOP")
    await says(world, device, "I said stop sending me messages")
    assert await world.alerts() == []


async def test_a_new_request_after_a_decision_is_a_new_alert(world, requests):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)
    await requests.keep(world.actor, person)
    await says(world, device, "别发了")
    assert await world.alerts() == [("asks_to_stop", "resolved", 1), ("asks_to_stop", "firing", 1)]


async def test_an_unknown_phone_is_not_asked_about(world):
    _, device = await world.running()
    await says(world, device, ASKS, phone="+447700900123")
    assert await world.alerts() == []


async def test_the_card_shows_the_open_request(world, requests):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    cards = ContactCards(world.database, world.clock)
    assert (await cards.get(world.actor, person)).request is None
    await says(world, device, ASKS)
    request = (await cards.get(world.actor, person)).request
    assert (request.words, request.at) == (ASKS, world.clock.now())
    await requests.keep(world.actor, person)
    assert (await cards.get(world.actor, person)).request is None


async def test_about_somebody_who_was_deleted_nobody_is_asked_any_more(world, requests):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)
    await world.run("UPDATE contacts SET unlisted = true")
    with pytest.raises(NotFoundError, match="not in the contact book any more"):
        await requests.opt_out(world.actor, person)
    assert (await alert(world))[0] == "resolved"


async def test_viewers_and_other_teams_decide_nothing(world, requests, stranger):
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    await says(world, device, ASKS)
    for decide in (requests.opt_out, requests.keep):
        with pytest.raises(NotAllowedError):
            await decide(replace(world.actor, role=Role.VIEWER), person)
        with pytest.raises(NotFoundError):
            await decide(stranger, person)
    assert (await alert(world))[0] == "firing"


async def in_a_campaign(world: World, person: int, device: int) -> None:
    """A message of a running campaign that is due now."""
    await world.run(
        "WITH c AS (INSERT INTO campaigns (workspace_id, name, status, body, scheduled_at)"
        " VALUES (:id, 'Sale', 'running', 'Buy', :now) RETURNING id)"
        " INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at, body)"
        " SELECT :id, 'campaign', id, :person, :device, :now, 'Buy' FROM c",
        id=world.actor.workspace_id, person=person, device=device, now=world.clock.now(),
    )  # fmt: skip


async def test_nothing_is_claimed_after_an_opt_out_and_start_brings_nothing_back(world, requests):
    _, device = await world.running((1, 11, "One"), (2, 11, "Two"))
    person = await world.one("SELECT id FROM contacts")
    await in_a_campaign(world, person, device)
    engine = await world.engine()

    await says(world, device, ASKS)
    await requests.opt_out(world.actor, person)

    cancelled = "SELECT lane::text, outcome, error_code FROM messages WHERE lane <> 'reply' ORDER BY id"
    assert ("campaign", "cancelled", "opted_out") in await world.rows(cancelled)
    assert await engine.send_all(device) == [OPTED_OUT_ANSWER]
    before = await world.rows(cancelled)

    await says(world, device, "START")
    assert await engine.send_all(device) == [OPTED_IN_ANSWER]
    await world.move_to(world.clock.now().replace(day=9))
    assert await engine.claim(device) is None
    assert await world.rows(cancelled) == before
    assert await world.rows("SELECT status, exit_reason FROM sequence_contacts") == [("exited", "opted_out")]
    await world.assert_books_balance()


async def test_what_a_fan_out_adds_after_the_opt_out_is_not_sent(world):
    """A message that was planned while the opt-out was committed: the claim looks once more."""
    _, device = await world.running()
    person = await world.one("SELECT id FROM contacts")
    engine = await world.engine()
    await says(world, device, "STOP")
    await engine.send_all(device)
    await in_a_campaign(world, person, device)
    planned = await world.one("SELECT id FROM messages WHERE lane = 'campaign'")
    (answer,) = await engine.claims.claim([Ask(device, await engine.epoch(device), planned)])
    assert not isinstance(answer, Claimed)
    late = "SELECT outcome, error_code FROM messages WHERE lane = 'campaign'"
    assert await world.rows(late) == [("skipped", "opted_out")]
