from engine.settings import Settings
from engine.upkeep import upkeep_jobs
from tests.integration.engine.world import World, at


async def test_one_tick_of_each_job_does_its_work(world: World) -> None:
    first = await world.device("Sales-1")
    sequence = await world.sequence([first], (1, 11, "Hi"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(first)
    second = await world.device("Sales-2")
    await world.editor.set_devices(world.actor, sequence, [first, second])
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2))
    await world.run("UPDATE user_devices SET state = 'temp_banned' WHERE id = :id", id=first)
    await world.run("UPDATE sequence_contacts SET ended_at = ended_at - interval '181 days' WHERE contact_id = 1")
    await world.run("INSERT INTO queue VALUES (99, 1, 'test', now())")

    jobs = upkeep_jobs(world.database, world.clock, Settings(_env_file=None))
    assert {job.name: job.seconds(60) for job in jobs} == {
        "lost devices": 15, "campaign breaker": 15, "cancelled campaigns": 60, "books": 3600, "digest": 1, "prune": 86400,
        "files of imports": 86400, "session keys": 86400,
    }  # fmt: skip
    for job in jobs:
        await job.run()
    open_runs = "SELECT device_id, count(*) FROM sequence_contacts WHERE status = 'active' GROUP BY 1"
    assert await world.rows(open_runs) == [(second, 2)]
    assert [kind for kind, *_ in await world.alerts()] == ["people_moved", "books_unbalanced"]
    assert await world.statuses() == ["sent"]
    await world.run("DELETE FROM queue")
