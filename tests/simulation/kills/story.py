"""Import, launch and run, again and again, and kill -9 at random points of each; then the books are audited."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import text

from engine.actor import Actor
from engine.campaigns.audience import Audience
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.content import Content
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.launch import CampaignLaunches
from engine.contacts.importing import ContactImports
from models.enums import CampaignStatus, ConsentSource, ContentKind, ImportStatus
from tests.e2e.harness import read_ledger
from tests.simulation.audit import Violation
from tests.simulation.chaos import come_online
from tests.simulation.crowd import Crowd
from tests.simulation.installation import Installation, installed
from tests.simulation.kills import file
from tests.simulation.kills.audit import Campaign, audit
from tests.simulation.kills.plan import Kill, Phase, Round, plan
from tests.simulation.plan import Size

ENGINES, DEVICES = 2, 40
PHASE_WITHIN = 180.0  # machine seconds; a killed engine's import is another's after ten
LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds` is machine time; `unknown` messages were on their way when their engine was killed."""

    seed: int
    kills: int
    seconds: float
    imported: int
    messages: int
    unknown: int
    violations: list[Violation]


@dataclass
class Tale:
    installation: Installation
    actor: Actor
    devices: list[int]
    campaigns: list[Campaign] = field(default_factory=list)
    trouble: list[Violation] = field(default_factory=list)

    def __post_init__(self) -> None:
        about = (self.installation.database, self.installation.clock)
        self.imports = ContactImports(*about)
        self.editor = CampaignEditor(*about)
        self.launches = CampaignLaunches(*about)
        self.catalogue = CampaignCatalogue(*about)


async def run(seed: int, kills: int, *, people: int = file.ROWS, keep: bool = False) -> Result:
    """Never raises for what the product does wrong: that is in the violations."""
    size = Size(engines=ENGINES, devices=DEVICES, messages=0, sequences=0, seconds=0, min_delay=0, max_delay=2)
    rounds = plan(seed, kills, ENGINES)
    async with installed(size, keep=keep) as installation:
        crowd = await Crowd.gather(installation.database, installation.clock, size)
        tale = Tale(installation, crowd.actor, crowd.devices)
        await come_online(installation, crowd, seed)
        began = time.monotonic()
        for one in rounds:
            await _round(tale, one, file.write(one.number, people))
        took = time.monotonic() - began
        await installation.stop_engines()
        ledger = read_ledger(installation.phones.ledger)
        found = await audit(installation.database, installation.clock, tale.campaigns, ledger, kills * DEVICES)
    return Result(
        seed, kills, round(took, 1), found.imported, found.messages, found.unknown, tale.trouble + found.violations
    )


async def _round(tale: Tale, one: Round, content: file.File) -> None:
    import_id = await tale.imports.open(tale.actor, content.content, f"round {one.number}.csv")
    await tale.imports.start(tale.actor, import_id, ConsentSource.EVENT)
    await _phase(tale, one.of(Phase.IMPORT), lambda: _imported(tale, import_id), f"import {one.number}")
    campaign_id = await _draft(tale, content)
    await tale.launches.launch(tale.actor, campaign_id)
    tale.campaigns.append(Campaign(campaign_id, import_id, content))
    await _let_it_begin(tale, campaign_id)
    await _phase(tale, one.of(Phase.LAUNCH), lambda: _fanned_out(tale, campaign_id), f"launch {one.number}")
    await _phase(tale, one.of(Phase.RUN), lambda: _finished(tale, campaign_id), f"campaign {one.number}")


async def _draft(tale: Tale, content: file.File) -> int:
    campaign_id = await tale.editor.create(tale.actor, content.interest)
    text_of_all = Content(ContentKind.TEXT, f"{content.interest} for {{{{ name }}}}")
    await tale.editor.set_content(tale.actor, campaign_id, text_of_all)
    await tale.editor.set_audience(tale.actor, campaign_id, Audience(niche=content.interest))
    await tale.editor.set_devices(tale.actor, campaign_id, tale.devices)
    return campaign_id


async def _let_it_begin(tale: Tale, campaign_id: int) -> None:
    """The minute in which a launch can be undone is over at once."""
    about = {"id": campaign_id, "now": tale.installation.clock.now()}
    async with tale.installation.database.transaction() as session:
        await session.execute(text("UPDATE campaigns SET scheduled_at = :now WHERE id = :id"), about)
        await session.execute(text("UPDATE queue SET due_at = :now"), {"now": about["now"]})


async def _phase(tale: Tale, kills: list[Kill], over: Callable[[], Awaitable[bool]], name: str) -> None:
    """Kill while it goes on, and wait for its end; what does not end in time is a violation."""
    began = time.monotonic()
    for kill in kills:
        await asyncio.sleep(max(0.0, began + kill.after - time.monotonic()))
        engine = tale.installation.engines[kill.engine]
        engine.kill()
        await engine.ended()
        engine.start()
    while not await over():
        if time.monotonic() > began + PHASE_WITHIN:
            tale.trouble.append(Violation("ends", f"{name} did not end"))
            return
        await asyncio.sleep(LOOK_EVERY)


async def _imported(tale: Tale, import_id: int) -> bool:
    progress = await tale.imports.progress(tale.actor, import_id)
    if progress.status is ImportStatus.FAILED:  # it was killed three times at one place: an operator goes on
        await tale.imports.go_on(tale.actor, import_id)
    return progress.status is ImportStatus.DONE


async def _fanned_out(tale: Tale, campaign_id: int) -> bool:
    return (await tale.catalogue.card(tale.actor, campaign_id)).fanned


async def _finished(tale: Tale, campaign_id: int) -> bool:
    return (await tale.catalogue.card(tale.actor, campaign_id)).status is CampaignStatus.FINISHED
