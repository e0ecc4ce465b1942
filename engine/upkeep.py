"""The jobs that keep the house in order: what is lost, cancelled or old, the books, the daily digest."""

from datetime import timedelta

import structlog

from engine.broadcast.books import Books
from engine.broadcast.pruning import Pruning
from engine.campaigns.cancelling import Cancelling
from engine.campaigns.watch import CampaignWatch
from engine.clock import Clock
from engine.contacts.importing import forget_files
from engine.database import Database
from engine.devices.relocation import Relocation
from engine.devices.session_keys import SessionKeys
from engine.devices.sessions import Sessions
from engine.jobs import Job
from engine.reports.digest import Digests
from engine.settings import Settings

log = structlog.get_logger()


def upkeep_jobs(database: Database, clock: Clock, settings: Settings) -> tuple[Job, ...]:
    """In machine time, as how soon somebody is told is no business of the clock's speed; but a day is."""
    relocation = Relocation(database, clock)
    watch = CampaignWatch(database)
    books = Books(database)
    digests = Digests(database)
    cancelling = Cancelling(database)
    pruning = Pruning(database, timedelta(days=settings.keep_messages_days))
    sessions = Sessions(database, SessionKeys(settings.session_key.get_secret_value()), settings.home)

    async def move_people() -> None:
        if people := await relocation.run_once():
            log.info("people of lost devices moved", people=people)

    async def end_cancelled() -> None:
        if messages := await cancelling.run_once(clock.now()):
            log.info("messages of cancelled campaigns ended", messages=messages)

    async def watch_campaigns() -> None:
        for campaign_id in await watch.run_once(clock.now()):
            log.warning("campaign paused itself", campaign=campaign_id)

    async def check_books() -> None:
        for finding in await books.run_once(clock.now()):
            log.error("the books do not balance", what=finding.in_words, workspace=finding.workspace_id)

    async def prune() -> None:
        if messages := await pruning.run_once(clock.now()):
            log.info("old messages pruned", messages=messages)

    async def make_digests() -> None:
        await digests.run_once(clock.now())

    async def drop_files() -> None:
        if files := await forget_files(database, clock.now()):
            log.info("files of old imports dropped", files=files)

    async def renew_sessions() -> None:
        if devices := await sessions.renew():
            log.info("sessions encrypted by the first SESSION_KEY", devices=devices)

    return (
        Job("lost devices", timedelta(seconds=15), accelerated=False, run=move_people),
        Job("cancelled campaigns", timedelta(minutes=1), accelerated=False, run=end_cancelled),
        Job("campaign breaker", timedelta(seconds=15), accelerated=False, run=watch_campaigns),
        Job("books", timedelta(hours=1), accelerated=False, run=check_books),
        Job("digest", timedelta(minutes=1), accelerated=True, run=make_digests),
        Job("prune", timedelta(days=1), accelerated=False, run=prune),
        Job("files of imports", timedelta(days=1), accelerated=False, run=drop_files),
        Job("session keys", timedelta(days=1), accelerated=False, run=renew_sessions),
    )
