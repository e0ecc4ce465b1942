"""kill -9 at any point of an import, and of its undoing: nobody twice, no gap, and the counts are right."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from engine.contacts import arrivals
from models.enums import ConsentSource, ImportStatus
from tests.imports import bring_in
from tests.integration.contacts.people import file_of
from tests.processes import ROOT, clean_environment

pytestmark = pytest.mark.long  # tests/simulation/test_kills.py kills whole engines in every run of the tests

KILLS = int(os.environ.get("IMPORT_KILLS", "5"))
PEOPLE = 10_000

Start = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(database) -> AsyncIterator[Start]:
    """Start a process that takes imports in, until none is left."""
    url = database.url.render_as_string(hide_password=False)
    processes: list[asyncio.subprocess.Process] = []

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.contacts.process", url,
            cwd=ROOT, env=clean_environment(), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def kill_until_done(start: Start, progress: Callable[[], Awaitable[tuple[int, bool]]]) -> int:
    """Kill it at random moments, each time after it has got on; how many kills that were."""
    kills, last = 0, (await progress())[0]
    while not (await progress())[1]:
        process = await start()
        while kills < KILLS:
            await asyncio.sleep(random.uniform(0, 0.05))
            done, over = await progress()
            if over:
                break
            if done != last:
                last = done
                process.kill()
                kills += 1
                break
        await process.wait()
        await asyncio.sleep(0.4)  # the lease of the dead
    return kills


async def test_an_import_whose_engine_is_killed_again_and_again(start, imports, owner, people):
    data = file_of(1, PEOPLE)
    assert len(data) > arrivals.SMALL
    import_id = await imports.open(owner, data, "people.csv")
    await imports.start(owner, import_id, ConsentSource.EVENT)

    async def progress() -> tuple[int, bool]:
        now = await imports.progress(owner, import_id)
        return now.rows_done, now.status is not ImportStatus.RUNNING

    assert await kill_until_done(start, progress) == KILLS
    done = await imports.progress(owner, import_id)
    assert (done.status, done.failure) == (ImportStatus.DONE, None)
    assert (done.created, done.updated, done.rejected) == (PEOPLE * 9 // 10, 0, PEOPLE // 10)
    await people.assert_all_there_once(1, PEOPLE)


async def test_an_undo_whose_engine_is_killed_again_and_again(start, imports, owner, people):
    before = await bring_in(imports, owner, file_of(1, PEOPLE // 2), "before.csv", source=None)
    import_id = (await bring_in(imports, owner, file_of(1, PEOPLE), "all.csv")).import_id
    await imports.undo(owner, import_id)

    async def progress() -> tuple[int, bool]:
        left = await people.count("contacts") + await people.count("import_changes")
        return left, (await imports.progress(owner, import_id)).status is not ImportStatus.UNDOING

    await kill_until_done(start, progress)  # it may be through before
    assert (await imports.progress(owner, import_id)).status is ImportStatus.UNDONE
    assert await people.rows("SELECT count(*), count(consent) FROM contacts") == [(PEOPLE * 9 // 20, 0)]
    assert await people.rows("SELECT list_id, count(*) FROM list_members GROUP BY 1") == [
        (before.list_id, PEOPLE * 9 // 20)
    ]
    assert await people.count("consents") == 0
