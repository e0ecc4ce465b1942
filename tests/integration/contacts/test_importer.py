"""The engine's part of an import: batches behind a fence, whoever is at it and whatever happens in between."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from engine.contacts import arrivals, importer
from engine.contacts.lists import ContactLists
from engine.errors import ConflictError
from models.enums import ConsentSource, ImportStatus
from tests.imports import bring_in
from tests.integration.contacts.people import Interrupted, file_of

A_MOMENT = timedelta(seconds=0.3)


@pytest.fixture
def begin(imports, owner):
    """Start an import of a hundred rows, ten of them bad; its id."""

    async def begin(data: bytes = file_of(1, 100)) -> int:
        import_id = await imports.open(owner, data, "people.csv")
        await imports.start(owner, import_id, ConsentSource.EVENT)
        return import_id

    return begin


@pytest.fixture
def run(clock):
    async def run(engine: importer.Importer) -> bool:
        return await engine.run_once(clock.now())

    return run


async def test_the_counts_move_with_every_batch(begin, run, imports, owner, people):
    import_id = await begin()
    seen = []

    async def look() -> None:
        seen.append(await imports.progress(owner, import_id))

    assert await run(Interrupted(imports, after=3, then=look))
    assert (seen[0].status, seen[0].rows_total, seen[0].rows_done) == (ImportStatus.RUNNING, 101, 30)
    assert (seen[0].created, seen[0].rejected) == (27, 2)  # the header is a row
    done = await imports.progress(owner, import_id)
    assert (done.status, done.rows_done, done.created, done.rejected) == (ImportStatus.DONE, 101, 90, 10)
    await people.assert_all_there_once(1, 100)


async def test_an_engine_with_nothing_to_do_says_so(begin, run, imports):
    assert not await run(Interrupted(imports))
    await begin()
    assert await run(Interrupted(imports))
    assert not await run(Interrupted(imports))


async def test_what_one_engine_works_on_is_left_alone_by_the_others(begin, run, imports, people):
    await begin()
    others = []

    async def ask() -> None:
        others.append(await run(Interrupted(imports)))

    await run(Interrupted(imports, after=2, then=ask))
    assert others == [False]
    await people.assert_all_there_once(1, 100)


async def test_of_two_engines_at_one_import_the_second_finds_its_batch_done(begin, run, imports, owner, people):
    """The first is so slow that its lease has ended; then both are at it. These people were known before."""
    await bring_in(imports, owner, file_of(1, 100))
    import_id = await begin()
    is_ahead, may_go_on = asyncio.Event(), asyncio.Event()
    second: asyncio.Task[bool] | None = None

    async def be_overtaken() -> None:
        nonlocal second
        await people.rows("UPDATE imports SET taken_until = now() - interval '1 second' WHERE status = 'running'")
        second = asyncio.create_task(run(Interrupted(imports, after=3, then=wait)))
        await is_ahead.wait()

    async def wait() -> None:
        is_ahead.set()
        await may_go_on.wait()

    assert await run(Interrupted(imports, after=2, then=be_overtaken))
    assert (await imports.progress(owner, import_id)).rows_done == 50
    may_go_on.set()
    assert second is not None
    assert await second
    progress = await imports.progress(owner, import_id)
    assert (progress.status, progress.updated, progress.rejected) == (ImportStatus.DONE, 90, 10)
    assert progress.rows_done == 101


async def test_many_engines_at_many_imports_do_each_once(begin, imports, clock, people):
    for first in range(1, 301, 50):
        await begin(file_of(first, first + 49))
    engines = [Interrupted(imports, rows=7) for _ in range(4)]

    async def work(engine: importer.Importer) -> None:
        while await engine.run_once(clock.now()):
            pass

    await asyncio.gather(*map(work, engines))
    await people.assert_all_there_once(1, 300)


async def test_an_engine_that_waits_for_the_reader_says_that_it_is_still_there(
    begin, run, imports, people, monkeypatch
):
    @asynccontextmanager
    async def slow(*arguments, **more):
        async def slowly(batches):
            await asyncio.sleep(1)
            async for batch in batches:
                yield batch

        async with arrivals.arriving(*arguments, **more) as batches:
            yield slowly(batches)

    monkeypatch.setattr(importer, "arriving", slow)
    await begin()
    working = asyncio.create_task(run(Interrupted(imports, lease=A_MOMENT)))
    await asyncio.sleep(0.7)
    assert not await run(Interrupted(imports))
    assert await working
    await people.assert_all_there_once(1, 100)


async def test_an_engine_that_ends_politely_leaves_its_import_to_the_next_at_once(begin, run, imports, people):
    await begin()
    working: asyncio.Task[bool]

    async def stop() -> None:
        working.cancel()
        await asyncio.sleep(0)

    working = asyncio.create_task(run(Interrupted(imports, after=4, then=stop)))
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await people.rows("SELECT rows_done, attempts, taken_until <= now() FROM imports") == [(40, 0, True)]
    assert await run(Interrupted(imports, rows=15))  # from there on, in whatever batches
    await people.assert_all_there_once(1, 100)


class TestCancelling:
    async def test_what_is_in_stays_and_the_rest_can_follow(self, begin, run, imports, owner, people):
        import_id = await begin()
        engine = Interrupted(imports, after=4, then=lambda: imports.cancel(owner, import_id))
        assert await run(engine)
        cancelled = await imports.progress(owner, import_id)
        assert (cancelled.status, cancelled.rows_done, cancelled.created) == (ImportStatus.CANCELLED, 40, 36)
        assert await people.count("contacts") == 36
        assert not await run(Interrupted(imports))

        await imports.go_on(owner, import_id)
        assert await run(Interrupted(imports))
        done = await imports.progress(owner, import_id)
        assert (done.status, done.created, done.rejected) == (ImportStatus.DONE, 90, 10)
        await people.assert_all_there_once(1, 100)

    async def test_before_anybody_has_taken_it_up(self, begin, run, imports, owner, people):
        import_id = await begin()
        await imports.cancel(owner, import_id)
        await imports.cancel(owner, import_id)
        assert not await run(Interrupted(imports))
        assert await people.count("contacts") == 0

    async def test_cancelled_and_gone_on_under_the_feet_of_an_engine(self, begin, run, imports, owner, people):
        import_id = await begin()

        async def again() -> None:
            await imports.cancel(owner, import_id)
            await imports.go_on(owner, import_id)

        await run(Interrupted(imports, after=2, then=again))
        await run(Interrupted(imports))
        assert (await imports.progress(owner, import_id)).status is ImportStatus.DONE
        await people.assert_all_there_once(1, 100)

    async def test_it_does_not_go_on_into_a_list_that_was_deleted(self, begin, run, imports, owner, people):
        import_id = await begin()
        await run(Interrupted(imports, after=2, then=lambda: imports.cancel(owner, import_id)))
        lists = ContactLists(imports._database, imports._clock)
        ((list_id,),) = await people.rows("SELECT id FROM lists")
        await lists.delete(owner, list_id)
        with pytest.raises(ConflictError, match="list of this import was deleted"):
            await imports.go_on(owner, import_id)
        await imports.undo(owner, import_id)
        await run(Interrupted(imports))
        assert await people.count("contacts") == await people.count("list_members") == 0

    async def test_what_is_through_cannot_be_cancelled(self, begin, run, imports, owner):
        import_id = await begin()
        await run(Interrupted(imports))
        with pytest.raises(ConflictError, match="does not run"):
            await imports.cancel(owner, import_id)
        with pytest.raises(ConflictError, match="cancelled or has failed"):
            await imports.go_on(owner, import_id)


async def fails() -> None:
    raise ZeroDivisionError


class TestFailing:
    async def test_a_batch_that_fails_three_times_fails_the_import(self, begin, run, imports, owner, people):
        import_id = await begin()
        await run(Interrupted(imports, after=2, then=fails))
        for _ in range(2):  # the same batch; the one before was written
            assert (await imports.progress(owner, import_id)).status is ImportStatus.RUNNING
            await run(Broken(imports))
        failed = await imports.progress(owner, import_id)
        assert failed.status is ImportStatus.FAILED
        assert failed.failure is not None
        assert "ZeroDivisionError" in failed.failure
        assert (failed.rows_done, failed.created) == (20, 18)
        assert not await run(Interrupted(imports))

        await imports.go_on(owner, import_id)
        assert (await imports.progress(owner, import_id)).failure is None
        assert await run(Interrupted(imports))
        await people.assert_all_there_once(1, 100)

    async def test_each_batch_has_three_attempts_of_its_own(self, begin, run, imports, people):
        await begin()
        for _ in range(10):
            await run(Interrupted(imports, after=1, then=fails))
        await run(Interrupted(imports))
        await people.assert_all_there_once(1, 100)

    async def test_an_import_that_kills_its_engines_is_given_up(self, begin, run, imports, owner, people):
        import_id = await begin()
        await people.rows("UPDATE imports SET attempts = 3, taken_until = now() - interval '1 second'")
        assert await run(Interrupted(imports))
        failed = await imports.progress(owner, import_id)
        assert (failed.status, failed.created) == (ImportStatus.FAILED, 0)

    async def test_a_database_that_goes_away_fails_nothing(self, begin, run, imports, owner, people):
        import_id = await begin()

        async def away() -> None:
            raise asyncpg.ConnectionDoesNotExistError

        for _ in range(5):
            with pytest.raises(asyncpg.ConnectionDoesNotExistError):
                await run(Broken(imports, away))
        assert (await imports.progress(owner, import_id)).status is ImportStatus.RUNNING
        await run(Interrupted(imports))
        await people.assert_all_there_once(1, 100)

    async def test_it_is_in_the_audit_log(self, begin, run, imports, people):
        await begin()
        for _ in range(3):
            await run(Broken(imports))
        audit = "SELECT detail ->> 'file' FROM audit_log WHERE action = 'contacts.import_failed'"
        assert await people.rows(audit) == [("people.csv",)]


class Broken(Interrupted):
    """No batch gets through."""

    def __init__(self, imports, how=fails) -> None:
        super().__init__(imports)
        self._how = how

    async def _write_once(self, *arguments):
        await self._how()
        return await super()._write_once(*arguments)


class TestALargeFile:
    async def test_it_is_read_by_a_process_of_its_own(self, begin, run, imports, owner, people):
        data = file_of(1, 5000)
        assert len(data) > arrivals.SMALL
        import_id = await begin(data)
        engine = Interrupted(imports, rows=2000, after=1, then=lambda: imports.cancel(owner, import_id))
        await run(engine)
        assert (await imports.progress(owner, import_id)).rows_done == 2000
        await imports.go_on(owner, import_id)
        await run(Interrupted(imports, rows=1500))
        await people.assert_all_there_once(1, 5000)

    async def test_a_reader_that_dies_is_started_again(self, begin, run, imports, people, monkeypatch):
        await begin(file_of(1, 5000))
        with monkeypatch.context() as broken:
            broken.setattr(arrivals.sys, "executable", "/bin/false")
            await run(Interrupted(imports))
        assert await people.rows("SELECT status, rows_done, attempts FROM imports") == [("running", 0, 1)]
        await run(Interrupted(imports, rows=1000))
        await people.assert_all_there_once(1, 5000)
