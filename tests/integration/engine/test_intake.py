"""A new lead joins the active sequences of its niche, in the transaction of the import that brings it in."""

from typing import Any

import pytest

from engine.contacts.import_reports import ImportProgress
from models.enums import ConsentSource, SequenceStatus
from tests import imports
from tests.integration.engine.world import World, at

FILE = b"Phone,Name,Interest\n0121111111,Ann,Solar\n0122222222,Ben,solar\n0123333333,Cho,Boxing\n0124444444,Dee,\n"
WHO_IS_IN = """
SELECT c.name FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id ORDER BY c.name
"""


async def solar(world: World, **columns: Any) -> int:
    device = await world.device()
    values = {"niche": "SOLAR", "auto_enroll": True, **columns}
    return await world.sequence([device], (1, 11, "Hi"), **values)


async def bring_in(world: World, data: bytes = FILE, **more: Any) -> ImportProgress:
    return await imports.bring_in(world.imports, world.actor, data, **{"source": ConsentSource.EVENT, **more})


async def joined(world: World) -> list[str]:
    return [name for (name,) in await world.rows(WHO_IS_IN)]


async def test_new_leads_of_the_niche_join_by_themselves_and_the_import_tells(world: World) -> None:
    await solar(world)
    result = await bring_in(world)
    assert await joined(world) == ["Ann", "Ben"]
    assert await world.rows("SELECT DISTINCT next_due_at FROM sequence_contacts") == [(at(5, 11),)]
    assert result.by_themselves == (("Welcome", 2),)
    entry = "SELECT detail FROM audit_log WHERE action = 'sequence.join'"
    assert await world.one(entry) == {"joined": 2, "refused": {}, "by": "new leads"}


async def test_the_niche_of_the_whole_file_counts_as_well(world: World) -> None:
    await solar(world)
    await bring_in(world, niche="Solar")
    assert await joined(world) == ["Ann", "Ben", "Dee"]


@pytest.mark.parametrize(
    "columns",
    [
        {"auto_enroll": False},
        {"niche": "Yoga"},
        {"niche": None},
        {"status": SequenceStatus.DRAFT},
        {"status": SequenceStatus.PAUSED},
        {"status": SequenceStatus.ARCHIVED},
    ],
)
async def test_other_sequences_take_nobody(world: World, columns: dict[str, Any]) -> None:
    await solar(world, **columns)
    result = await bring_in(world)
    assert (await joined(world), result.by_themselves) == ([], ())


async def test_a_lead_that_was_there_before_is_not_new(world: World) -> None:
    await bring_in(world)
    await solar(world)
    await bring_in(world, data=FILE + b"0125555555,Eve,SOLAR\n")
    assert await joined(world) == ["Eve"]


async def test_without_permission_nobody_joins_and_the_import_tells(world: World) -> None:
    await solar(world)
    result = await bring_in(world, source=None)
    assert await joined(world) == []
    assert result.by_themselves == (("Welcome", 0),)


async def test_another_workspaces_sequence_takes_nobody_from_here(world: World, stranger: Any) -> None:
    await solar(World(world.database, world.clock, stranger))
    await bring_in(world)
    assert await joined(world) == []


async def test_each_joins_every_sequence_of_their_niche(world: World) -> None:
    await solar(world)
    await world.sequence([1], (1, 11, "Hi"), name="Boxers", niche="boxing", auto_enroll=True)
    result = await bring_in(world)
    assert result.by_themselves == (("Welcome", 2), ("Boxers", 1))


async def test_leaving_the_niche_does_not_end_a_run(world: World) -> None:
    await solar(world)
    await bring_in(world)
    await world.run("DELETE FROM leads")
    assert await world.rows("SELECT DISTINCT status FROM sequence_contacts") == [("active",)]
