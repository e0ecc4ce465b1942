"""The jobs that keep the house in order: lost devices, cancelled campaigns, old messages and files, the books."""

from datetime import timedelta

import structlog

from engine.broadcast.books import Books
from engine.broadcast.pruning import Pruning
from engine.campaigns.cancelling import Cancelling
from engine.clock import Clock
from engine.contacts.importing import forget_files
from engine.database import Database
from engine.devices.relocation import Relocation
from engine.jobs import Job
from engine.settings import Settings

log = structlog.get_logger()


def upkeep_jobs(database: Database, clock: Clock, settings: Settings) -> tuple[Job, ...]:
    """All in machine time: how soon somebody is told is no business of the clock's speed."""
    relocation = Relocation(database, clock)
    books = Books(database)
    cancelling = Cancelling(database)
    pruning = Pruning(database, timedelta(days=settings.keep_messages_days))

    async def move_people() -> None:
        if people := await relocation.run_once():
            log.info("people of lost devices moved", people=people)

    async def end_cancelled() -> None:
        if messages := await cancelling.run_once(clock.now()):
            log.info("messages of cancelled campaigns ended", messages=messages)

    async def check_books() -> None:
        for finding in await books.run_once(clock.now()):
            log.error("the books do not balance", what=finding.in_words, workspace=finding.workspace_id)

    async def prune() -> None:
        if messages := await pruning.run_once(clock.now()):
            log.info("old messages pruned", messages=messages)

    async def drop_files() -> None:
        if files := await forget_files(database, clock.now()):
            log.info("files of old imports dropped", files=files)

    return (
        Job("lost devices", timedelta(seconds=15), accelerated=False, run=move_people),
        Job("cancelled campaigns", timedelta(minutes=1), accelerated=False, run=end_cancelled),
        Job("books", timedelta(hours=1), accelerated=False, run=check_books),
        Job("prune", timedelta(days=1), accelerated=False, run=prune),
        Job("files of imports", timedelta(days=1), accelerated=False, run=drop_files),
    )
