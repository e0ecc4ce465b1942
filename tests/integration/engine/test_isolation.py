"""No use case reaches into another workspace, and viewers change nothing.

Every public method of every class below must have a call here: one without the check fails the test, and a new
one without a call does too.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.alerts import Alerts, raise_signals
from engine.broadcast.doubts import Doubts
from engine.broadcast.settlement import KEEP_DOUBTS
from engine.campaigns.audience import Audience
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.catalogue import Tab as CampaignTab
from engine.campaigns.content import Content
from engine.campaigns.control import CampaignControl
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.rehearsal import CampaignRehearsals
from engine.campaigns.review import CampaignReviews
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.leads import Leads
from engine.contacts.opting_out import OptOuts
from engine.contacts.segmenting import Segments
from engine.contacts.segments import InSequence, OnList, Replied
from engine.devices.limits import DeviceLimits
from engine.devices.registry import Devices
from engine.devices.relocation import Relocation
from engine.errors import NotAllowedError, NotFoundError
from engine.operators import Operators
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.changes import Addition, Place, PlanEdit
from engine.sequences.control import SequenceControl
from engine.sequences.copying import SequenceCopies
from engine.sequences.coverage import Coverage
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.launch import Launches
from engine.sequences.moves import Moves
from engine.sequences.pastes import Paste, Pastes
from engine.sequences.people import SequencePeople, Tab
from engine.sequences.plan import PlannedStep
from engine.sequences.rehearsal import Rehearsals
from engine.sequences.results import Results
from engine.sequences.runs import Runs
from engine.sequences.settings import SequenceRules
from engine.sequences.steps import NewStep
from engine.signals import DeviceDown
from models import ContactList, Media, Message
from models.enums import (
    CampaignPause,
    CampaignStatus,
    ContentKind,
    DeviceState,
    Lane,
    LatePolicy,
    MessageStatus,
    Role,
    SequenceStatus,
)
from tests.integration.engine.world import World

USE_CASES = (
    SequenceEditor,
    SequenceControl,
    SequenceCopies,
    Launches,
    CampaignLaunches,
    CampaignReviews,
    CampaignRehearsals,
    Results,
    Enrolments,
    SequenceRules,
    ContactBook,
    Leads,
    SequenceCatalogue,
    Pastes,
    Devices,
    DeviceLimits,
    Alerts,
    Doubts,
    Relocation,
    Runs,
    Moves,
    SequencePeople,
    ContactCards,
    OptOuts,
    Rehearsals,
    Coverage,
    Operators,
    Segments,
    CampaignEditor,
    CampaignCatalogue,
    CampaignControl,
)
READERS = {
    "CampaignCatalogue.page", "CampaignCatalogue.card", "CampaignControl.stopped",
    "Enrolments.preview", "SequenceRules.get", "ContactBook.count", "ContactBook.lists", "ContactBook.find",
    "ContactBook.niches", "ContactBook.opted_out",
    "SequenceCatalogue.list", "SequenceCatalogue.page", "SequenceCatalogue.card", "SequenceCatalogue.export", "SequenceCatalogue.file",
    "SequenceCatalogue.sample", "SequenceEditor.changes", "Launches.review", "Results.get", "Results.export",
    "Devices.list", "Devices.card", "Devices.why", "Alerts.open",
    "Runs.if_resumed", "Moves.targets", "Moves.foresee", "SequencePeople.page",
    "ContactCards.get", "ContactCards.history",
    "Doubts.list", "Doubts.count", "Doubts.get", "Relocation.waiting", "Rehearsals.progress", "Coverage.gaps",
    "CampaignReviews.review",
    "Segments.all", "Segments.get", "Segments.match", "Segments.keys", "Segments.values",
}  # fmt: skip
WITHOUT_AN_ID = {
    "CampaignEditor.create", "CampaignCatalogue.page",
    "ContactBook.count", "ContactBook.lists", "ContactBook.find", "ContactBook.niches", "ContactBook.opted_out",
    "SequenceCatalogue.list", "SequenceCatalogue.page", "Devices.list", "Devices.add_simulated", "Alerts.open",
    "SequenceEditor.additions",
    "Pastes.find",  # by a chat's message, which says nothing of a team
    "Relocation.run_once",  # the job: it has no actor
    "Operators.phone", "Operators.set_phone",
    "Segments.all", "Segments.keys", "Segments.values",
    "Segments.match",  # a list of another team has nobody of this one on it: see test_segments.py
}  # fmt: skip


@dataclass
class Things:
    """What one workspace has."""

    world: World
    sequence: int
    step: int
    device: int
    contact: int
    list: int
    alert: int
    doubt: int
    run: int
    media: int
    draft: int  # a campaign …
    paused: int  # … and one that has begun
    segment: int


Call = Callable[[Things, Things, Actor], Awaitable[Any]]

# (theirs, ours, actor): the id under test is `theirs`; what else a call needs is `ours`.
CALLS: dict[str, list[Call]] = {
    "SequenceEditor.create": [
        lambda t, o, a: t.world.editor.create(
            a, name="New", device_ids=[t.device], niche=None, skip_weekends=False
        )
    ],
    "SequenceEditor.replace": [
        lambda t, o, a: replace_whole(t.world, a, t.sequence, o.device, o.step),
        lambda t, o, a: replace_whole(t.world, a, o.sequence, t.device, o.step),
        lambda t, o, a: replace_whole(t.world, a, o.sequence, o.device, t.step),
    ],
    "SequenceEditor.set_devices": [
        lambda t, o, a: t.world.editor.set_devices(a, t.sequence, [o.device]),
        lambda t, o, a: t.world.editor.set_devices(a, o.sequence, [t.device]),
    ],
    "SequenceEditor.add_steps": [
        lambda t, o, a: t.world.editor.add_steps(a, t.sequence, [NewStep(5, time(9), None, "x")])
    ],
    "SequenceEditor.preview": [
        lambda t, o, a: t.world.editor.preview(a, t.sequence, PlanEdit()),
        lambda t, o, a: t.world.editor.preview(a, o.sequence, PlanEdit(removed=frozenset({t.step}))),
    ],
    "SequenceEditor.save": [
        lambda t, o, a: t.world.editor.save(a, t.sequence, PlanEdit()),
        lambda t, o, a: t.world.editor.save(a, o.sequence, PlanEdit(texts={t.step: "x"})),
        lambda t, o, a: t.world.editor.save(a, o.sequence, PlanEdit(added=(photo(t),))),
    ],
    "SequenceEditor.difference": [lambda t, o, a: t.world.editor.difference(a, t.sequence, [])],
    "SequenceEditor.changes": [lambda t, o, a: t.world.editor.changes(a, t.sequence, since=0)],
    "Pastes.read": [lambda t, o, a: t.world.pastes.read(a, t.sequence, "Day 5 09:00\nx")],
    "Pastes.keep": [lambda t, o, a: t.world.pastes.keep(a, t.sequence, [paste(t)])],
    "Pastes.keep_whole": [lambda t, o, a: t.world.pastes.keep_whole(a, t.sequence, [paste(t)])],
    "Pastes.reread": [lambda t, o, a: t.world.pastes.reread(a, t.sequence, paste(t), "x")],
    "SequenceEditor.set_text": [lambda t, o, a: t.world.editor.set_text(a, t.step, "x")],
    "SequenceEditor.set_time": [
        lambda t, o, a: t.world.editor.set_time(a, t.step, day=3, send_time=time(9), after_join_minutes=None)
    ],
    "SequenceEditor.remove_step": [lambda t, o, a: t.world.editor.remove_step(a, t.step)],
    "SequenceEditor.delete": [lambda t, o, a: t.world.editor.delete(a, t.sequence)],
    "SequenceControl.start": [lambda t, o, a: t.world.control.start(a, t.sequence)],
    "SequenceControl.pause": [lambda t, o, a: t.world.control.pause(a, t.sequence)],
    "SequenceCopies.duplicate": [
        lambda t, o, a: SequenceCopies(t.world.database, t.world.clock).duplicate(a, t.sequence)
    ],
    "Launches.review": [lambda t, o, a: t.world.launch.review(a, t.sequence)],
    "CampaignLaunches.launch": [
        lambda t, o, a: CampaignLaunches(t.world.database, t.world.clock).launch(a, t.draft)
    ],
    "CampaignReviews.review": [
        lambda t, o, a: CampaignReviews(t.world.database, t.world.clock).review(a, t.draft)
    ],
    "CampaignRehearsals.run": [
        lambda t, o, a: CampaignRehearsals(t.world.database, t.world.clock).run(a, t.draft)
    ],
    "CampaignLaunches.undo": [lambda t, o, a: CampaignLaunches(t.world.database, t.world.clock).undo(a, t.draft)],
    "Results.get": [lambda t, o, a: t.world.results.get(a, t.sequence)],
    "Results.export": [lambda t, o, a: t.world.results.export(a, t.sequence)],
    "Enrolments.join": [
        lambda t, o, a: t.world.enrolments.join(a, t.sequence, Who(contact_ids=[o.contact])),
        lambda t, o, a: t.world.enrolments.join(a, o.sequence, Who(list_id=t.list)),
        lambda t, o, a: t.world.enrolments.join(a, o.sequence, Who(segment_id=t.segment)),
    ],
    "Enrolments.preview": [
        lambda t, o, a: t.world.enrolments.preview(a, t.sequence, Who(contact_ids=[o.contact])),
        lambda t, o, a: t.world.enrolments.preview(a, o.sequence, Who(list_id=t.list)),
    ],
    "Enrolments.join_contacts": [
        lambda t, o, a: t.world.enrolments.join_contacts(a, t.sequence, [o.contact]),
        lambda t, o, a: t.world.enrolments.join_contacts(a, o.sequence, [t.contact]),
    ],
    "SequenceRules.get": [lambda t, o, a: t.world.rules.get(a, t.sequence)],
    "SequenceRules.change": [
        lambda t, o, a: t.world.rules.change(a, t.sequence, skip_weekends=True),
        lambda t, o, a: t.world.rules.change(a, o.sequence, next_sequence_id=t.sequence),
    ],
    "Leads.become_customer": [
        lambda t, o, a: t.world.leads.become_customer(a, t.contact, None),
        lambda t, o, a: t.world.leads.become_customer(a, t.contact, "solar"),
    ],
    "ContactBook.set_time_zone": [lambda t, o, a: t.world.book.set_time_zone(a, t.contact, "Asia/Tokyo")],
    "SequenceCatalogue.card": [lambda t, o, a: t.world.catalogue.card(a, t.sequence)],
    "SequenceCatalogue.export": [lambda t, o, a: t.world.catalogue.export(a, t.sequence)],
    "SequenceCatalogue.sample": [lambda t, o, a: t.world.catalogue.sample(a, t.step)],
    "SequenceCatalogue.file": [lambda t, o, a: t.world.catalogue.file(a, t.step)],
    "Devices.card": [lambda t, o, a: t.world.devices.card(a, t.device)],
    "Devices.why": [lambda t, o, a: t.world.devices.why(a, t.device)],
    "DeviceLimits.set_delays": [lambda t, o, a: t.world.limits.set_delays(a, t.device, 1, 2)],
    "DeviceLimits.set_hourly_cap": [lambda t, o, a: t.world.limits.set_hourly_cap(a, t.device, 5)],
    "DeviceLimits.set_daily_cap": [lambda t, o, a: t.world.limits.set_daily_cap(a, t.device, 5)],
    "DeviceLimits.set_ramp": [lambda t, o, a: t.world.limits.set_ramp(a, t.device, 5, 5)],
    "DeviceLimits.end_ramp": [lambda t, o, a: t.world.limits.end_ramp(a, t.device)],
    "Devices.pause": [lambda t, o, a: t.world.devices.pause(a, t.device)],
    "Devices.resume": [lambda t, o, a: t.world.devices.resume(a, t.device)],
    "Devices.restart": [lambda t, o, a: t.world.devices.restart(a, t.device)],
    "Devices.remove": [lambda t, o, a: t.world.devices.remove(a, t.device)],
    "Doubts.list": [lambda t, o, a: t.world.doubts.list(a, t.device)],
    "Doubts.count": [lambda t, o, a: t.world.doubts.count(a, t.device)],
    "Doubts.get": [lambda t, o, a: t.world.doubts.get(a, t.doubt)],
    "Doubts.arrived": [lambda t, o, a: t.world.doubts.arrived(a, t.doubt)],
    "Doubts.send_again": [lambda t, o, a: t.world.doubts.send_again(a, t.doubt)],
    "Doubts.leave": [lambda t, o, a: t.world.doubts.leave(a, t.doubt)],
    "Relocation.waiting": [lambda t, o, a: t.world.relocation.waiting(a, t.device)],
    "Relocation.move": [
        lambda t, o, a: t.world.relocation.move(a, t.device, o.device),
        lambda t, o, a: t.world.relocation.move(a, o.device, t.device),
    ],
    "Relocation.hold": [lambda t, o, a: t.world.relocation.hold(a, t.device)],
    "Runs.pause": [lambda t, o, a: t.world.runs.pause(a, t.run)],
    "Runs.resume": [lambda t, o, a: t.world.runs.resume(a, t.run)],
    "Runs.remove": [lambda t, o, a: t.world.runs.remove(a, t.run)],
    "Runs.if_resumed": [lambda t, o, a: t.world.runs.if_resumed(a, t.run)],
    "Runs.resume_replied": [lambda t, o, a: t.world.runs.resume_replied(a, t.sequence)],
    "Moves.targets": [lambda t, o, a: t.world.moves.targets(a, t.run)],
    "Moves.foresee": [
        lambda t, o, a: t.world.moves.foresee(a, t.run, o.step),
        lambda t, o, a: t.world.moves.foresee(a, o.run, t.step),
    ],
    "Moves.move": [
        lambda t, o, a: t.world.moves.move(a, t.run, o.step),
        lambda t, o, a: t.world.moves.move(a, o.run, t.step),
    ],
    "SequencePeople.page": [lambda t, o, a: t.world.in_sequence.page(a, t.sequence, Tab.ACTIVE)],
    "ContactCards.get": [lambda t, o, a: t.world.cards.get(a, t.contact)],
    "ContactCards.history": [lambda t, o, a: t.world.cards.history(a, t.contact, 0)],
    "OptOuts.opt_out": [lambda t, o, a: t.world.opt_outs.opt_out(a, t.contact)],
    "Rehearsals.run": [
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).run(a, t.sequence),
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).run(a, o.sequence, step_id=t.step),
    ],
    "Rehearsals.progress": [
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).progress(a, [t.doubt]),
    ],
    "Coverage.gaps": [lambda t, o, a: Coverage(t.world.database).gaps(a, t.sequence)],
    "Segments.get": [lambda t, o, a: t.world.segments.get(a, t.segment)],
    "Segments.save": [
        lambda t, o, a: t.world.segments.save(a, "New", [OnList(t.list)]),
        lambda t, o, a: t.world.segments.save(a, "New", [InSequence(t.sequence)]),
    ],
    "Segments.change": [
        lambda t, o, a: t.world.segments.change(a, t.segment, [Replied()]),
        lambda t, o, a: t.world.segments.change(a, o.segment, [OnList(t.list)]),
    ],
    "Segments.rename": [lambda t, o, a: t.world.segments.rename(a, t.segment, "New")],
    "Segments.delete": [lambda t, o, a: t.world.segments.delete(a, t.segment)],
    "CampaignEditor.rename": [lambda t, o, a: t.world.campaign_editor.rename(a, t.draft, "Other")],
    "CampaignEditor.set_content": [
        lambda t, o, a: t.world.campaign_editor.set_content(a, t.draft, Content(ContentKind.TEXT, "x")),
        lambda t, o, a: t.world.campaign_editor.set_content(a, o.draft, picture(t)),
    ],
    "CampaignEditor.set_audience": [
        lambda t, o, a: t.world.campaign_editor.set_audience(a, t.draft, Audience()),
        lambda t, o, a: t.world.campaign_editor.set_audience(a, o.draft, Audience(list_id=t.list)),
        lambda t, o, a: t.world.campaign_editor.set_audience(a, o.draft, Audience(segment_id=t.segment)),
        lambda t, o, a: t.world.campaign_editor.set_audience(a, o.draft, Audience(follows_id=t.paused)),
    ],
    "CampaignEditor.set_devices": [
        lambda t, o, a: t.world.campaign_editor.set_devices(a, t.draft, [o.device]),
        lambda t, o, a: t.world.campaign_editor.set_devices(a, o.draft, [t.device]),
    ],
    "CampaignEditor.use_known_devices": [lambda t, o, a: t.world.campaign_editor.use_known_devices(a, t.draft)],
    "CampaignEditor.set_pacing": [lambda t, o, a: t.world.campaign_editor.set_pacing(a, t.draft, (1, 2))],
    "CampaignEditor.set_window": [
        lambda t, o, a: t.world.campaign_editor.set_window(a, t.draft, (time(9), time(18)))
    ],
    "CampaignEditor.set_late": [
        lambda t, o, a: t.world.campaign_editor.set_late(a, t.draft, LatePolicy.EXPIRE, 60)
    ],
    "CampaignEditor.clone": [lambda t, o, a: t.world.campaign_editor.clone(a, t.draft)],
    "CampaignEditor.delete": [lambda t, o, a: t.world.campaign_editor.delete(a, t.draft)],
    "CampaignCatalogue.card": [lambda t, o, a: t.world.campaigns.card(a, t.paused)],
    "CampaignControl.pause": [lambda t, o, a: t.world.campaign_control.pause(a, t.paused)],
    "CampaignControl.resume": [lambda t, o, a: t.world.campaign_control.resume(a, t.paused)],
    "CampaignControl.stop": [lambda t, o, a: t.world.campaign_control.stop(a, t.paused)],
    "CampaignControl.stopped": [lambda t, o, a: t.world.campaign_control.stopped(a, t.paused)],
    "CampaignControl.fix_text": [
        lambda t, o, a: t.world.campaign_control.fix_text(a, t.paused, Content(ContentKind.TEXT, "x")),
        lambda t, o, a: t.world.campaign_control.fix_text(a, o.paused, picture(t)),
    ],
    "CampaignControl.cancel_rest": [lambda t, o, a: t.world.campaign_control.cancel_rest(a, t.paused)],
    "Alerts.acknowledge": [lambda t, o, a: Alerts(t.world.database, t.world.clock).acknowledge(a, t.alert)],
}


def photo(things: Things) -> Addition:
    """A message with a file of theirs."""
    return Addition(Place(5, time(9), None), "x", ContentKind.IMAGE, things.media)


def picture(things: Things) -> Content:
    """What a campaign sends with a file of theirs."""
    return Content(ContentKind.IMAGE, "x", things.media)


def paste(things: Things) -> Paste:
    return Paste(things.step, 1, "x", 1, (things.step,))


async def replace_whole(world: World, actor: Actor, sequence: int, device: int, step: int) -> None:
    plan = [PlannedStep(1, time(11), None, "x", step)]
    await world.editor.replace(
        actor, sequence, name="Ours", device_ids=[device], niche=None, skip_weekends=False, plan=plan
    )


async def things_of(world: World) -> Things:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi"))
    (step,) = await world.steps(sequence)
    (contact, member) = await world.contacts(2)
    await world.enrolments.join_contacts(world.actor, sequence, [member])
    run = await world.one("SELECT id FROM sequence_contacts WHERE contact_id = :id", id=member)
    async with world.database.transaction() as session:
        people = ContactList(workspace_id=world.actor.workspace_id, name="People")
        session.add(people)
        down = DeviceDown(world.actor.workspace_id, device, "Sales", state=DeviceState.PARKED, reason="x")
        await raise_signals(session, [down], world.clock.now())
        doubt = Message(
            workspace_id=world.actor.workspace_id, lane=Lane.TEST, contact_id=contact, device_id=device,
            due_at=world.clock.now(), body="Hi", claimed_at=world.clock.now(), claim_epoch=0,
            outcome=MessageStatus.UNKNOWN,
        )  # fmt: skip
        media = Media(
            workspace_id=world.actor.workspace_id,
            sha256="0" * 64,
            mime_type="image/png",
            file_name="a",
            content=b"x",
        )
        session.add_all([doubt, media])
        await session.flush()
        await session.execute(text(KEEP_DOUBTS), {"ids": [doubt.id]})
    alert = await world.one("SELECT id FROM alerts WHERE workspace_id = :id", id=world.actor.workspace_id)
    segment = await world.segments.save(world.actor, "Who wrote", [Replied()])
    draft = await world.campaign_editor.create(world.actor, "Draft")
    paused = await world.campaign(
        [device], [contact], status=CampaignStatus.PAUSED, pause_reason=CampaignPause.BY_HAND
    )
    return Things(
        world,
        sequence,
        step,
        device,
        contact,
        people.id,
        alert,
        doubt.id,
        run,
        media.id,
        draft,
        paused,
        segment,
    )


def test_every_use_case_is_tried() -> None:
    methods = {
        f"{case.__name__}.{name}"
        for case in USE_CASES
        for name, _ in inspect.getmembers(case, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods == set(CALLS) | WITHOUT_AN_ID


async def test_another_workspaces_ids_do_not_exist_here(world: World, stranger: Actor) -> None:
    ours = await things_of(world)
    theirs = await things_of(World(world.database, world.clock, stranger))
    before = await snapshot(world, stranger)
    for name, calls in CALLS.items():
        for call in calls:
            assert await refused(call(theirs, ours, world.actor), NotFoundError), name
    assert await snapshot(world, stranger) == before


async def test_lists_show_only_what_is_ours(world: World, stranger: Actor) -> None:
    ours = await things_of(world)
    await things_of(World(world.database, world.clock, stranger))
    (sequence,) = await world.catalogue.list(world.actor, SequenceStatus.ACTIVE)
    assert [one.id for one in (await world.catalogue.page(world.actor)).sequences] == [ours.sequence]
    (device,) = await world.devices.list(world.actor)
    (draft,) = (await world.campaigns.page(world.actor, CampaignTab.DRAFTS)).campaigns
    assert draft.id == ours.draft
    (alert,) = await Alerts(world.database, world.clock).open(world.actor)
    (doubt,) = await world.doubts.list(world.actor)
    assert await world.doubts.count(world.actor) == 1
    found = (sequence.id, device.id, alert.id, doubt.message_id)
    assert found == (ours.sequence, ours.device, ours.alert, ours.doubt)
    assert (await world.relocation.waiting(world.actor, ours.device)).devices == ()


async def test_a_chat_message_of_another_team_became_nothing_here(world: World, stranger: Actor) -> None:
    theirs = await things_of(World(world.database, world.clock, stranger))
    await theirs.world.pastes.keep(stranger, theirs.sequence, [paste(theirs)])
    assert await theirs.world.pastes.find(stranger, theirs.step, 1) == (theirs.sequence, paste(theirs))
    assert await world.pastes.find(world.actor, theirs.step, 1) is None
    ours = await things_of(world)
    await world.pastes.keep(world.actor, ours.sequence, [paste(theirs)])
    assert await theirs.world.pastes.find(stranger, theirs.step, 1) == (theirs.sequence, paste(theirs))


async def test_a_viewer_sees_everything_and_changes_nothing(world: World) -> None:
    ours = await things_of(world)
    viewer = replace(world.actor, role=Role.VIEWER)
    before = await snapshot(world, viewer)
    changes = {
        **CALLS,
        "Devices.add_simulated": [lambda t, o, a: t.world.devices.add_simulated(a, "New")],
        "SequenceEditor.additions": [lambda t, o, a: t.world.editor.additions(a, [])],
        "CampaignEditor.create": [lambda t, o, a: t.world.campaign_editor.create(a, "New")],
        "Operators.set_phone": [
            lambda t, o, a: Operators(t.world.database, t.world.clock).set_phone(a, "0123456789")
        ],
    }
    for name, calls in changes.items():
        for call in calls:
            if name in READERS:
                await call(ours, ours, viewer)
                continue
            assert await refused(call(ours, ours, viewer), NotAllowedError), name
    assert await snapshot(world, viewer) == before


async def refused(call: Awaitable[Any], error: type[Exception]) -> bool:
    try:
        await call
    except error:
        return True
    return False


async def snapshot(world: World, actor: Actor) -> list[list[tuple[Any, ...]]]:
    tables = (
        "sequences", "sequence_steps", "sequence_contacts", "sequence_devices", "user_devices", "alerts",
        "messages", "doubts", "contacts", "leads", "suppressions", "pastes", "segments",
        "campaigns", "campaign_devices",
    )  # fmt: skip
    return [
        await world.rows(
            f"SELECT t::text FROM {table} t WHERE workspace_id = :id ORDER BY 1", id=actor.workspace_id
        )
        for table in tables
    ]
