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
from engine.campaigns.correction import CampaignCorrections
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.files import CampaignFiles
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.rehearsal import CampaignRehearsals
from engine.campaigns.retrying import CampaignRetries
from engine.campaigns.review import CampaignReviews
from engine.campaigns.revoking import CampaignRevocations
from engine.contacts.answering import Answers
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.click_to_chat import ChatLinks
from engine.contacts.deleting import ContactDeletion
from engine.contacts.editing import ContactEditor
from engine.contacts.entering import NewContacts
from engine.contacts.exporting import ContactExports
from engine.contacts.importing import ContactImports
from engine.contacts.leads import Leads
from engine.contacts.lists import ContactLists
from engine.contacts.opt_out_lists import OptOutLists
from engine.contacts.opting_out import OptOuts
from engine.contacts.own_stop_words import OwnStopWords
from engine.contacts.replies import Replies
from engine.contacts.segmenting import Segments
from engine.contacts.segments import InSequence, OnList, Replied
from engine.contacts.stop_requests import StopRequests
from engine.devices.limits import DeviceLimits
from engine.devices.pairing import Pairings
from engine.devices.presets import NumberAge
from engine.devices.registry import Devices
from engine.devices.relocation import Relocation
from engine.devices.trying import DeviceTests
from engine.devices.unlinking import Unlinking
from engine.errors import NotAllowedError, NotFoundError
from engine.operators import Operators
from engine.reports.overview import Overviews
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
from engine.transports.contract import Inbound
from models import Campaign, ContactList, Media, Message
from models.enums import (
    CampaignPause,
    CampaignStatus,
    ConsentSource,
    ContentKind,
    DeviceState,
    Lane,
    LatePolicy,
    MessageStatus,
    Role,
    SequenceStatus,
)
from tests.imports import bring_in
from tests.integration.engine.campaigning import draft
from tests.integration.engine.world import World

USE_CASES = (
    SequenceEditor,
    SequenceControl,
    SequenceCopies,
    Launches,
    CampaignFiles,
    CampaignLaunches,
    CampaignReviews,
    CampaignRehearsals,
    Results,
    Enrolments,
    SequenceRules,
    ContactBook,
    Leads,
    NewContacts,
    ContactEditor,
    ContactDeletion,
    ContactLists,
    ContactExports,
    SequenceCatalogue,
    Pastes,
    Devices,
    DeviceLimits,
    DeviceTests,
    Pairings,
    Unlinking,
    Alerts,
    Doubts,
    Relocation,
    Runs,
    Moves,
    SequencePeople,
    ContactCards,
    ContactImports,
    OptOuts,
    StopRequests,
    Replies,
    Answers,
    OwnStopWords,
    OptOutLists,
    Rehearsals,
    Coverage,
    Operators,
    Segments,
    ChatLinks,
    CampaignEditor,
    CampaignCatalogue,
    CampaignControl,
    CampaignCorrections,
    CampaignRetries,
    CampaignRevocations,
)
READERS = {
    "CampaignCatalogue.page", "CampaignCatalogue.card", "CampaignControl.stopped",
    "Enrolments.preview", "SequenceRules.get", "ContactBook.count", "ContactBook.lists", "ContactBook.find",
    "ContactBook.niches", "ContactDeletion.before", "ContactLists.card",
    "SequenceCatalogue.list", "SequenceCatalogue.page", "SequenceCatalogue.card", "SequenceCatalogue.export", "SequenceCatalogue.file",
    "SequenceCatalogue.sample", "SequenceEditor.changes", "Launches.review", "Results.get", "Results.export",
    "Devices.list", "Devices.card", "Devices.why", "Unlinking.status", "Alerts.open",
    "Runs.if_resumed", "Moves.targets", "Moves.foresee", "SequencePeople.page",
    "ContactCards.get", "ContactCards.history",
    "ContactImports.review", "ContactImports.progress", "ContactImports.recent", "ContactImports.rejects",
    "ContactImports.before_undo",
    "Replies.get", "Doubts.list", "Doubts.count", "Doubts.get", "Relocation.waiting", "Rehearsals.progress", "Coverage.gaps",
    "ChatLinks.of_sequence", "ChatLinks.of_campaign", "ChatLinks.get",
    "CampaignReviews.review", "CampaignReviews.samples",
    "CampaignRetries.foresee", "CampaignRevocations.get",
    "Segments.all", "Segments.get", "Segments.match", "Segments.keys", "Segments.values",
}  # fmt: skip
WITHOUT_AN_ID = {
    "CampaignEditor.create", "CampaignCatalogue.page",
    "ContactBook.count", "ContactBook.lists", "ContactBook.find", "ContactBook.niches",
    "SequenceCatalogue.list", "SequenceCatalogue.page", "Devices.list", "Devices.add_simulated", "Alerts.open",
    "Pairings.check_name", "Pairings.run", "Pairings.run_once", "Unlinking.run", "Unlinking.run_once",
    "SequenceEditor.additions",
    "Replies.list",
    "Replies.of_post",  # by a chat's message; see test_replies_router.py
    "Pastes.find",  # by a chat's message, which says nothing of a team
    "NewContacts.read", "NewContacts.read_card", "NewContacts.add",
    "Relocation.run_once",  # the job: it has no actor
    "Operators.phone", "Operators.set_phone",
    "OptOutLists.find", "OptOutLists.review", "OptOutLists.take", "OptOutLists.export",
    "OwnStopWords.list", "OwnStopWords.add", "OwnStopWords.remove",
    "Segments.all", "Segments.keys", "Segments.values",
    "Segments.match",  # a list of another team has nobody of this one on it: see test_segments.py
    "ContactImports.open", "ContactImports.recent",
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
    reply: int
    run: int
    media: int
    segment: int
    draft: int  # of a campaign, …
    campaign: int  # … one that runs, …
    paused: int  # … and one that is paused
    link: int
    opened: int  # an import that was looked at, …
    imported: int  # … and one that is done


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
    "CampaignFiles.content": [
        lambda t, o, a: CampaignFiles(t.world.database, t.world.clock).content(a, "Hi", None, instead_in=t.draft)
    ],
    "CampaignLaunches.launch": [
        lambda t, o, a: CampaignLaunches(t.world.database, t.world.clock).launch(a, t.draft)
    ],
    "CampaignReviews.review": [
        lambda t, o, a: CampaignReviews(t.world.database, t.world.clock).review(a, t.draft)
    ],
    "CampaignReviews.samples": [
        lambda t, o, a: CampaignReviews(t.world.database, t.world.clock).samples(a, t.draft)
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
    "DeviceLimits.set_by_age": [lambda t, o, a: t.world.limits.set_by_age(a, t.device, NumberAge.NEW)],
    "DeviceTests.run": [lambda t, o, a: t.world.trying.run(a, t.device)],
    "Pairings.start_qr": [lambda t, o, a: t.world.pairings.start_qr(a, device_id=t.device)],
    "Pairings.start_code": [
        lambda t, o, a: t.world.pairings.start_code(a, "", device_id=t.device),
        lambda t, o, a: t.world.pairings.start_code(a, "+60123456789", device_id=t.device),
    ],
    "Pairings.status": [lambda t, o, a: t.world.pairings.status(a, t.device)],
    "Pairings.give_up": [lambda t, o, a: t.world.pairings.give_up(a, t.device)],
    "Unlinking.log_out": [lambda t, o, a: t.world.unlinking.log_out(a, t.device)],
    "Unlinking.remove": [lambda t, o, a: t.world.unlinking.remove(a, t.device)],
    "Unlinking.status": [lambda t, o, a: t.world.unlinking.status(a, t.device)],
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
    "StopRequests.opt_out": [lambda t, o, a: StopRequests(t.world.database, t.world.clock).opt_out(a, t.contact)],
    "StopRequests.keep": [lambda t, o, a: StopRequests(t.world.database, t.world.clock).keep(a, t.contact)],
    "Replies.get": [lambda t, o, a: Replies(t.world.database, t.world.clock).get(a, t.reply)],
    "Replies.done": [lambda t, o, a: Replies(t.world.database, t.world.clock).done(a, t.reply)],
    "Answers.answer": [lambda t, o, a: Answers(t.world.database, t.world.clock).answer(a, t.reply, "Yes")],
    "Leads.add": [lambda t, o, a: t.world.leads.add(a, t.contact, "Yoga")],
    "Leads.remove": [lambda t, o, a: t.world.leads.remove(a, t.contact, "Yoga")],
    "Leads.become_prospect": [lambda t, o, a: t.world.leads.become_prospect(a, t.contact, "Yoga")],
    "ContactEditor.rename": [lambda t, o, a: t.world.contact_editor.rename(a, t.contact, "Bob")],
    "ContactEditor.set_attribute": [
        lambda t, o, a: t.world.contact_editor.set_attribute(a, t.contact, "city = Ipoh")
    ],
    "ContactEditor.remove_attribute": [
        lambda t, o, a: t.world.contact_editor.remove_attribute(a, t.contact, "city")
    ],
    "ContactEditor.note_permission": [
        lambda t, o, a: t.world.contact_editor.note_permission(a, t.contact, ConsentSource.EVENT)
    ],
    "ContactDeletion.before": [lambda t, o, a: t.world.deletion.before(a, t.contact)],
    "ContactDeletion.delete": [lambda t, o, a: t.world.deletion.delete(a, t.contact)],
    "ContactLists.card": [lambda t, o, a: t.world.lists.card(a, t.list)],
    "ContactLists.rename": [lambda t, o, a: t.world.lists.rename(a, t.list, "Ours")],
    "ContactLists.delete": [lambda t, o, a: t.world.lists.delete(a, t.list)],
    "ContactExports.prepare": [lambda t, o, a: t.world.exports.prepare(a, t.list)],
    "ContactImports.review": [lambda t, o, a: t.world.imports.review(a, t.opened)],
    "ContactImports.choose": [lambda t, o, a: t.world.imports.choose(a, t.opened, niche="x")],
    "ContactImports.start": [lambda t, o, a: t.world.imports.start(a, t.opened, None)],
    "ContactImports.progress": [lambda t, o, a: t.world.imports.progress(a, t.imported)],
    "ContactImports.cancel": [lambda t, o, a: t.world.imports.cancel(a, t.imported)],
    "ContactImports.go_on": [lambda t, o, a: t.world.imports.go_on(a, t.imported)],
    "ContactImports.rejects": [lambda t, o, a: t.world.imports.rejects(a, t.imported)],
    "ContactImports.before_undo": [lambda t, o, a: t.world.imports.before_undo(a, t.imported)],
    "ContactImports.undo": [lambda t, o, a: t.world.imports.undo(a, t.imported)],
    "OptOuts.opt_out": [lambda t, o, a: t.world.opt_outs.opt_out(a, t.contact)],
    "Rehearsals.run": [
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).run(a, t.sequence),
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).run(a, o.sequence, step_id=t.step),
    ],
    "Rehearsals.progress": [
        lambda t, o, a: Rehearsals(t.world.database, t.world.clock).progress(a, [t.doubt]),
    ],
    "Coverage.gaps": [lambda t, o, a: Coverage(t.world.database).gaps(a, t.sequence)],
    "CampaignCorrections.draft": [
        lambda t, o, a: CampaignCorrections(t.world.database, t.world.clock).draft(
            a, t.campaign, Content(ContentKind.TEXT, "Sorry")
        )
    ],
    "CampaignRetries.foresee": [
        lambda t, o, a: CampaignRetries(t.world.database, t.world.clock).foresee(a, t.campaign)
    ],
    "CampaignRetries.retry": [
        lambda t, o, a: CampaignRetries(t.world.database, t.world.clock).retry(a, t.campaign)
    ],
    "CampaignRevocations.get": [
        lambda t, o, a: CampaignRevocations(t.world.database, t.world.clock).get(a, t.campaign)
    ],
    "CampaignRevocations.revoke": [
        lambda t, o, a: CampaignRevocations(t.world.database, t.world.clock).revoke(a, t.campaign)
    ],
    "ChatLinks.of_sequence": [lambda t, o, a: t.world.links.of_sequence(a, t.sequence)],
    "ChatLinks.of_campaign": [lambda t, o, a: t.world.links.of_campaign(a, t.campaign)],
    "ChatLinks.get": [lambda t, o, a: t.world.links.get(a, t.link)],
    "ChatLinks.create_for_sequence": [
        lambda t, o, a: t.world.links.create_for_sequence(a, t.sequence, o.device),
        lambda t, o, a: t.world.links.create_for_sequence(a, o.sequence, t.device),
    ],
    "ChatLinks.create_for_campaign": [
        lambda t, o, a: t.world.links.create_for_campaign(a, t.campaign, o.device),
        lambda t, o, a: t.world.links.create_for_campaign(a, o.campaign, t.device),
    ],
    "ChatLinks.set_greeting": [lambda t, o, a: t.world.links.set_greeting(a, t.link, "Hello")],
    "ChatLinks.close": [lambda t, o, a: t.world.links.close(a, t.link)],
    "ChatLinks.reopen": [lambda t, o, a: t.world.links.reopen(a, t.link)],
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
    device = await world.device(phone="+15550000000")
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
    await world.inbox.receive(device, Inbound(f"in-{device}", "+60120000001", "Hello"))
    reply = await world.one(
        "SELECT max(id) FROM inbound_messages WHERE workspace_id = :id", id=world.actor.workspace_id
    )
    file = b"Name,Phone\nZoe,0177777777\nBad,12\n"
    imported = (await bring_in(world.imports, world.actor, file)).import_id
    alert = await world.one("SELECT id FROM alerts WHERE workspace_id = :id", id=world.actor.workspace_id)
    async with world.database.transaction() as session:
        campaign = Campaign(
            workspace_id=world.actor.workspace_id, name="Sale", status=CampaignStatus.RUNNING,
            scheduled_at=world.clock.now(), body="Hi",
        )  # fmt: skip
        session.add(campaign)
    paused = {"status": CampaignStatus.PAUSED, "pause_reason": CampaignPause.BY_HAND}
    return Things(
        world,
        sequence,
        step,
        device,
        contact,
        people.id,
        alert,
        doubt.id,
        reply,
        run,
        media.id,
        segment=await world.segments.save(world.actor, "Who wrote", [Replied()]),
        draft=await draft(world, [device]),
        campaign=campaign.id,
        paused=await world.campaign([device], [contact], **paused),
        link=await world.links.create_for_sequence(world.actor, sequence, device),
        opened=await world.imports.open(world.actor, file, "people.csv"),
        imported=imported,
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
    assert [one.id for one in await Replies(world.database, world.clock).list(world.actor)] == [ours.reply]
    assert (await Overviews(world.database, world.clock).get(world.actor)).replies == 1
    assert found == (ours.sequence, ours.device, ours.alert, ours.doubt)
    assert (await world.relocation.waiting(world.actor, ours.device)).devices == ()
    assert [one.import_id for one in await world.imports.recent(world.actor)] == [ours.imported]


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
        "Pairings.check_name": [lambda t, o, a: t.world.pairings.check_name(a, "New")],
        "SequenceEditor.additions": [lambda t, o, a: t.world.editor.additions(a, [])],
        "ContactImports.open": [lambda t, o, a: t.world.imports.open(a, b"Phone\n0177777778\n", "x.csv")],
        "OptOutLists.review": [
            lambda t, o, a: OptOutLists(t.world.database, t.world.clock).review(a, b"phone\n0123456789", "a.csv")
        ],
        "OptOutLists.take": [
            lambda t, o, a: OptOutLists(t.world.database, t.world.clock).take(a, b"phone\n0123456789", "a.csv")
        ],
        "OwnStopWords.add": [lambda t, o, a: OwnStopWords(t.world.database, t.world.clock).add(a, "hentikan")],
        "OwnStopWords.remove": [lambda t, o, a: OwnStopWords(t.world.database, t.world.clock).remove(a, "x")],
        "CampaignEditor.create": [lambda t, o, a: t.world.campaign_editor.create(a, "New")],
        "Operators.set_phone": [
            lambda t, o, a: Operators(t.world.database, t.world.clock).set_phone(a, "0123456789")
        ],
        "NewContacts.add": [lambda t, o, a: t.world.new_contacts.add(a, "0123456789", source=None)],
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
        "campaigns", "chat_links", "inbound_messages", "answers",
        "messages", "doubts", "contacts", "leads", "suppressions", "pastes", "campaigns", "campaign_devices",
        "messages", "doubts", "contacts", "leads", "suppressions", "pastes", "lists",
        "messages", "doubts", "contacts", "leads", "lists", "suppressions", "pastes", "segments",
        "campaigns", "chat_links",
        "campaigns", "campaign_devices",
        "messages", "doubts", "contacts", "leads", "lists", "suppressions", "pastes", "segments",
        "campaigns", "chat_links",
    )  # fmt: skip
    imports = (
        "SELECT id::text, status, niche, choices::text, taken_until::text FROM imports WHERE workspace_id = :id"
    )
    return [
        await world.rows(f"{imports} ORDER BY id", id=actor.workspace_id),
        *[
            await world.rows(
                f"SELECT t::text FROM {table} t WHERE workspace_id = :id ORDER BY 1", id=actor.workspace_id
            )
            for table in tables
        ],
    ]
