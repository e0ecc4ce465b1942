"""A team with devices, people and sequences on a real PostgreSQL, and an engine whose every move a test makes."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast import store
from engine.broadcast.claims import Answer, Claimed, Claims
from engine.broadcast.doubts import Doubts
from engine.broadcast.media import MediaLibrary
from engine.broadcast.observations import Observations, ReceiptNote
from engine.broadcast.outcomes import Outcomes, Report
from engine.broadcast.store import Ask
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.control import CampaignControl
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.progress import CampaignProgress
from engine.clock import ManualClock
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.click_to_chat import ChatLinks
from engine.contacts.deleting import ContactDeletion
from engine.contacts.editing import ContactEditor
from engine.contacts.entering import NewContacts
from engine.contacts.exporting import ContactExports
from engine.contacts.importing import ContactImports
from engine.contacts.inbox import Inbox
from engine.contacts.leads import Leads
from engine.contacts.lists import ContactLists
from engine.contacts.opting_out import OptOuts
from engine.contacts.segmenting import Segments
from engine.database import Database
from engine.devices.limits import DeviceLimits
from engine.devices.ownership import Ownership
from engine.devices.pairing import Pairings
from engine.devices.registry import Devices
from engine.devices.relocation import Relocation
from engine.devices.trying import DeviceTests
from engine.devices.unlinking import Unlinking
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments
from engine.sequences.launch import Launches
from engine.sequences.moves import Moves
from engine.sequences.pastes import Pastes
from engine.sequences.people import SequencePeople
from engine.sequences.processor import SequenceProcessor
from engine.sequences.results import Results
from engine.sequences.runs import Runs
from engine.sequences.settings import SequenceRules
from engine.sequences.steps import NewStep
from engine.settings import Settings
from engine.transports.contract import Outcome, Sent, Unknown
from engine.workspaces import Workspaces
from models import Campaign, CampaignDevice, Contact, Message, UserDevice
from models import Sequence as SequenceRow
from models.enums import (
    CampaignStatus,
    ConsentState,
    DeviceState,
    Lane,
    ReceiptKind,
    SequenceStatus,
    TransportKind,
)
from tests.integration.engine.out_of_balance import OUT_OF_BALANCE
from tests.linking import PlainSessions, PlayedLinker, real_settings

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
MONDAY = datetime(2026, 1, 5, 10, 0, tzinfo=KUALA_LUMPUR)  # where the clock stands when a test begins
FAR = timedelta(days=3650)
SETTINGS = Settings(_env_file=None)
EPOCH = "SELECT epoch FROM user_devices WHERE id = :device AND owner = :engine"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of January 2026, local."""
    return datetime(2026, 1, day, hour, minute, tzinfo=KUALA_LUMPUR)


async def until(true: Callable[[], Any], within: float = 10) -> None:
    """Wait until something is so, which other tasks bring about."""
    async with asyncio.timeout(within):
        while True:
            so = true()
            if await so if inspect.isawaitable(so) else so:
                return
            await asyncio.sleep(0.005)


@dataclass
class World:
    database: Database
    clock: ManualClock
    actor: Actor
    people: int = 0
    engines: list["HandEngine"] = field(default_factory=list)

    def __post_init__(self) -> None:
        database, clock = self.database, self.clock
        settings = SETTINGS
        self.editor = SequenceEditor(database, clock)
        self.pastes = Pastes(database, clock)
        self.control = SequenceControl(database, clock)
        self.launch = Launches(database, clock)
        self.results = Results(database, clock)
        self.enrolments = Enrolments(database, clock)
        self.catalogue = SequenceCatalogue(database, clock)
        self.devices = Devices(database, clock, settings)
        self.limits = DeviceLimits(database, clock)
        self.trying = DeviceTests(database, clock)
        linking = PlayedLinker(), PlainSessions(database)
        self.pairings = Pairings(database, clock, real_settings(), *linking)
        self.unlinking = Unlinking(database, clock, self.devices, *linking)
        self.workspaces = Workspaces(database, clock, settings)
        self.inbox = Inbox(database, clock)
        self.rules = SequenceRules(database, clock)
        self.leads = Leads(database, clock)
        self.book = ContactBook(database, clock)
        self.imports = ContactImports(database, clock)
        self.processor = SequenceProcessor(database)
        self.doubts = Doubts(database, clock)
        self.relocation = Relocation(database, clock)
        self.runs = Runs(database, clock)
        self.moves = Moves(database, clock)
        self.cards = ContactCards(database, clock)
        self.in_sequence = SequencePeople(database)
        self.opt_outs = OptOuts(database, clock)
        self.segments = Segments(database, clock)
        self.links = ChatLinks(database, clock)
        self.campaigns = CampaignCatalogue(database, clock)
        self.campaign_editor = CampaignEditor(database, clock)
        self.campaign_control = CampaignControl(database, clock)
        self.campaigns = CampaignCatalogue(database, clock)
        self.campaign_editor = CampaignEditor(database, clock)
        self.campaign_control = CampaignControl(database, clock)
        self.leads = Leads(database, clock)
        self.new_contacts = NewContacts(database, clock)
        self.contact_editor = ContactEditor(database, clock)
        self.deletion = ContactDeletion(database, clock)
        self.lists = ContactLists(database, clock)
        self.exports = ContactExports(database, clock)
        self.segments = Segments(database, clock)
        self.links = ChatLinks(database, clock)
        self.segments = Segments(database, clock)
        self.campaigns = CampaignCatalogue(database, clock)
        self.campaign_editor = CampaignEditor(database, clock)
        self.campaign_control = CampaignControl(database, clock)

    async def device(self, name: str = "Sales", **columns: Any) -> int:
        columns = {
            "min_delay_seconds": 0, "max_delay_seconds": 0, "state": DeviceState.ONLINE,
            "transport": TransportKind.SIMULATOR, **columns,
        }  # fmt: skip
        async with self.database.transaction() as session:
            device = UserDevice(workspace_id=self.actor.workspace_id, name=name, **columns)
            session.add(device)
        return device.id

    async def contacts(self, count: int = 1, **columns: Any) -> list[int]:
        columns = {"consent": ConsentState.OPTED_IN, **columns}
        rows = []
        for _ in range(count):
            self.people += 1
            named = {"name": f"Person {self.people}", "phone": f"+6012{self.people:07d}", **columns}
            rows.append(Contact(workspace_id=self.actor.workspace_id, **named))
        async with self.database.transaction() as session:
            session.add_all(rows)
        return [row.id for row in rows]

    async def sequence(
        self, devices: Sequence[int], *steps: tuple[int, int, str], name: str = "Welcome", **columns: Any
    ) -> int:
        """An active sequence; a step is (day, hour, text)."""
        sequence_id = await self.editor.create(
            self.actor, name=name, device_ids=devices, niche=None, skip_weekends=False
        )
        await self.editor.add_steps(
            self.actor, sequence_id, [NewStep(day, time(hour), None, body) for day, hour, body in steps]
        )
        async with self.database.transaction() as session:
            row = await session.get_one(SequenceRow, sequence_id)
            for column, value in {"status": SequenceStatus.ACTIVE, **columns}.items():
                setattr(row, column, value)
        return sequence_id

    async def running(self, *steps: tuple[int, int, str], people: int = 1, **columns: Any) -> tuple[int, int]:
        """One device, people in a sequence that has begun; (sequence, device)."""
        device = await self.device()
        sequence = await self.sequence([device], *(steps or [(1, 11, "Hi {{ name }}")]), **columns)
        await self.enrolments.join_contacts(self.actor, sequence, await self.contacts(people))
        return sequence, device

    async def campaign(
        self, devices: Sequence[int], contacts: Sequence[int], body: str = "Sale for {{ name }}", **columns: Any
    ) -> int:
        """A campaign that runs, with a message for each of the contacts, spread over the devices in turn."""
        now = self.clock.now()
        workspace = {"workspace_id": self.actor.workspace_id}
        begun = {"status": CampaignStatus.RUNNING, "scheduled_at": now, "started_at": now, "fanned_at": now}
        async with self.database.transaction() as session:
            campaign = Campaign(
                **workspace, **{"name": "Sale", "body": body, "audience_set": True, **begun, **columns}
            )
            session.add(campaign)
            await session.flush()
            session.add_all(CampaignDevice(**workspace, campaign_id=campaign.id, device_id=one) for one in devices)
            session.add_all(
                Message(
                    **workspace,
                    lane=Lane.CAMPAIGN,
                    campaign_id=campaign.id,
                    contact_id=contact,
                    device_id=devices[number % len(devices)],
                    due_at=campaign.scheduled_at or now,
                )
                for number, contact in enumerate(contacts)
            )
        return campaign.id

    async def progress(self, campaign_id: int) -> CampaignProgress:
        return (await self.campaigns.card(self.actor, campaign_id)).progress

    async def steps(self, sequence_id: int) -> list[int]:
        return [step.id for step in (await self.catalogue.card(self.actor, sequence_id)).steps]

    async def move_to(self, instant: datetime) -> None:
        """Let business time pass and the sequence processor run."""
        self.clock.set(instant)
        await self.processor.run_once(instant)

    async def engine(self) -> "HandEngine":
        ownership = await Ownership.register(self.database, self.clock, capacity=100)
        await ownership.take(100)
        engine = HandEngine(self, ownership)
        self.engines.append(engine)
        return engine

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.execute(text(statement), values)]

    async def run(self, statement: str, **values: Any) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(statement), values)

    async def one(self, statement: str, **values: Any) -> Any:
        """The only row; the bare value if it has one column."""
        (row,) = await self.rows(statement, **values)
        return row[0] if len(row) == 1 else row

    async def somebody_waits(self) -> bool:
        """Whether anybody waits for a lock that somebody else has."""
        return await self.one("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")

    async def statuses(self) -> list[str]:
        return [status for (status,) in await self.rows("SELECT status FROM broadcast_messages ORDER BY id")]

    async def alerts(self) -> list[tuple[Any, ...]]:
        return await self.rows("SELECT kind, status, occurrences FROM alerts ORDER BY id")

    async def assert_books_balance(self) -> None:
        """What must hold between any two transactions, whatever has happened."""
        async with self.database.transaction() as session:
            wrong = await session.rows(OUT_OF_BALANCE, {})
            assert wrong == [], f"{[tuple(row) for row in wrong]}"
            about = {"workspace": self.actor.workspace_id}
            sequences = await session.rows("SELECT id FROM sequences WHERE workspace_id = :workspace", about)
            campaigns = await session.rows("SELECT id FROM campaigns WHERE workspace_id = :workspace", about)
        for (sequence_id,) in sequences:
            card = await self.catalogue.card(self.actor, sequence_id)
            for results in (step.results for step in card.steps):
                ended = results.sent + results.failed + results.skipped + results.unknown + results.cancelled
                assert results.planned == results.queued + ended
                assert sum(results.skipped_by.values()) == results.skipped
                assert results.sent >= results.delivered >= results.read
        for (campaign_id,) in campaigns:
            done = await self.progress(campaign_id)
            ended = (
                done.sent + done.unknown + done.cancelled + sum((*done.failed.values(), *done.skipped.values()))
            )
            assert done.planned == done.pending + done.on_its_way + ended
            assert done.sent >= done.delivered >= done.read


class HandEngine:
    """An engine without a loop: it claims and reports when the test says so."""

    def __init__(self, world: World, ownership: Ownership, media: MediaLibrary | None = None) -> None:
        self.world = world
        self.ownership = ownership
        self.claims = Claims(
            world.database,
            world.clock,
            media or MediaLibrary(),
            engine_id=ownership.engine_id,
            random=Random(1),
        )
        self.outcomes = Outcomes(world.database, world.clock)
        self.calls = 0

    async def epoch(self, device_id: int) -> int:
        devices, _ = await self.ownership.owned()
        return next(device.epoch for device in devices if device.id == device_id)

    async def ask(self, device_id: int) -> Ask | None:
        """What the device's worker would ask for now."""
        now = self.world.clock.now()
        mine = {"device": device_id, "engine": self.ownership.engine_id}
        async with self.world.database.transaction() as session:
            ahead = await store.read_ahead(session, [device_id], now, 1)
            epochs = await session.rows(EPOCH, mine)
        waiting = ahead.get(device_id, [])
        return Ask(device_id, epochs[0].epoch, waiting[0].message_id) if waiting else None

    async def claim(self, device_id: int) -> Answer | None:
        ask = await self.ask(device_id)
        return (await self.claims.claim([ask]))[0] if ask else None

    async def report(self, device_id: int, claimed: Claimed, outcome: Outcome) -> None:
        await self.outcomes.write([Report(device_id, claimed, outcome)])

    async def sent(self, device_id: int, claimed: Claimed) -> None:
        self.calls += 1
        await self.report(device_id, claimed, Sent(f"wamid-{claimed.message.ref}"))

    async def unclear(self, device_id: int) -> Claimed:
        """Send the next message; nobody can say whether it arrived."""
        claimed = await self.claim(device_id)
        assert isinstance(claimed, Claimed)
        await self.report(device_id, claimed, Unknown("the line broke"))
        return claimed

    async def receipt(self, device_id: int, provider_id: str, phone: str | None, **columns: Any) -> bool:
        """Whether the receipt has been dealt with; if not, it is to be told again."""
        columns = {"kind": ReceiptKind.DELIVERED, "at": self.world.clock.now(), **columns}
        note = ReceiptNote(device_id, provider_id, phone=phone, **columns)
        (done,) = await Observations(self.world.database, self.world.clock).receipts([note])
        return done

    async def send_all(self, device_id: int) -> list[str]:
        """Send whatever may be sent now; the texts."""
        texts = []
        while isinstance(claimed := await self.claim(device_id), Claimed):
            texts.append(claimed.message.body)
            await self.sent(device_id, claimed)
        return texts
