"""Contacts as a CSV file."""

import csv
import io

import pytest

from engine.contacts import exporting


async def files(world, list_id: int | None = None) -> list[list[list[str]]]:
    export = await world.exports.prepare(world.actor, list_id)
    return [
        list(csv.reader(io.StringIO(b"".join([chunk async for chunk in export.read(part)]).decode("utf-8-sig"))))
        for part in export.parts
    ]


async def test_everybody_with_what_is_known_of_them(world):
    (ann,) = await world.contacts(
        name="Ann",
        phone="+60123456789",
        attributes={"city": "Ipoh", "age": 30},
        time_zone="Asia/Tokyo",
        consent=None,
    )
    (ben,) = await world.contacts(name="Ben", phone="+60198765432", attributes={"city": "Johor"})
    await world.contacts(name="", phone="+60130000000", unlisted=True)
    await world.run(
        "INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at)"
        " VALUES (:w, :c, 'opted_in', 'event', 'expo.csv', now())",
        w=world.actor.workspace_id,
        c=ann,
    )
    await world.run("UPDATE contacts SET consent = 'opted_in' WHERE id = :id", id=ann)
    await world.leads.add(world.actor, ann, "Yoga")
    await world.leads.become_customer(world.actor, ann, "Boxing")
    await world.opt_outs.opt_out(world.actor, ben)
    assert await files(world) == [
        [
            ["Phone", "Name", "Interests", "Permission", "Evidence", "Time zone", "city", "age"],
            ["'+60123456789", "Ann", "Boxing (customer), Yoga", "can be sent to", "event: expo.csv", "Asia/Tokyo", "Ipoh", "30"],
            ["'+60198765432", "Ben", "", "opted out", "manual: an operator noted it", "", "Johor", ""],
        ]
    ]  # fmt: skip
    assert await world.one("SELECT detail FROM audit_log WHERE action = 'contacts.export'") == {"people": 2}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
async def test_no_cell_runs_as_a_formula(world, cell):
    await world.contacts(name=cell, attributes={"note": cell})
    [[_, row]] = await files(world)
    assert row[1] == f"'{cell}"
    assert row[-1] == f"'{cell}"


async def test_a_list_alone(world):
    ann, _ = await world.contacts(2)
    await world.run("INSERT INTO lists (workspace_id, name) VALUES (:w, 'Expo')", w=world.actor.workspace_id)
    await world.run(
        "INSERT INTO list_members (list_id, contact_id, workspace_id) SELECT id, :c, :w FROM lists",
        c=ann,
        w=world.actor.workspace_id,
    )
    expo = await world.one("SELECT id FROM lists")
    export = await world.exports.prepare(world.actor, expo)
    assert (export.name, export.people) == ("Expo", 1)
    [[_, row]] = await files(world, expo)
    assert row[1] == "Person 1"


async def test_many_come_page_by_page_in_files_that_telegram_takes(world, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)
    monkeypatch.setattr(exporting, "PART", 5)
    await world.contacts(12)
    parts = await files(world)
    assert [len(part) - 1 for part in parts] == [5, 5, 2]
    assert [row[1] for part in parts for row in part[1:]] == [f"Person {number}" for number in range(1, 13)]
    assert len({tuple(part[0]) for part in parts}) == 1


async def test_as_many_as_fit_into_one_file_are_one_file(world, monkeypatch):
    monkeypatch.setattr(exporting, "PART", 5)
    await world.contacts(5)
    assert [len(part) - 1 for part in await files(world)] == [5]


async def test_an_empty_book_is_a_header(world):
    assert await files(world) == [[["Phone", "Name", "Interests", "Permission", "Evidence", "Time zone"]]]
