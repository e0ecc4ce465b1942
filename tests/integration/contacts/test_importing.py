import asyncio

import pytest
from sqlalchemy import text

from engine.actor import Actor
from engine.contacts.importing import ContactImports
from engine.database import Database
from engine.errors import InvalidInputError, NotAllowedError
from models.enums import ConsentSource, Face, ImportStatus, Role
from tests.imports import bring_in

FILE = (
    b"Name,Phone,Interest,City\nSiti,0123456789,Yoga,Ipoh\nBob,0198765432,,\n,0131112222,Boxing,Perth\nBad,12,,\n"
)


@pytest.fixture
def imports(database, clock) -> ContactImports:
    return ContactImports(database, clock)


async def rows(database: Database, statement: str, **values) -> list[tuple]:
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(statement), values)]


async def suppress(database: Database, actor: Actor, phone: str) -> None:
    await rows(
        database,
        "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at) "
        "VALUES (:workspace, :phone, 'stop_word', 'STOP', now()) RETURNING id",
        workspace=actor.workspace_id,
        phone=phone,
    )


async def test_an_import_brings_in_contacts_leads_consents_and_a_list(imports, database, owner):
    result = await bring_in(imports, owner, FILE, evidence="open day form", niche="Swimming")

    assert (result.created, result.updated, result.opted_out) == (3, 0, 0)
    assert result.list_name == "customers · 5 Jan 2026"
    assert (result.status, result.rejected) == (ImportStatus.DONE, 1)
    assert not result.without_consent
    contacts = "SELECT phone, name, attributes, consent FROM contacts ORDER BY phone"
    assert await rows(database, contacts) == [
        ("+60123456789", "Siti", {"city": "Ipoh"}, "opted_in"),
        ("+60131112222", "", {"city": "Perth"}, "opted_in"),
        ("+60198765432", "Bob", {}, "opted_in"),
    ]
    leads = "SELECT c.phone, l.niche, l.status FROM leads l JOIN contacts c ON c.id = contact_id ORDER BY phone"
    assert await rows(database, leads) == [
        ("+60123456789", "Yoga", "prospect"),
        ("+60131112222", "Boxing", "prospect"),
        ("+60198765432", "Swimming", "prospect"),
    ]
    consents = "SELECT DISTINCT state, source, evidence, recorded_by FROM consents"
    evidence = "customers.csv: open day form"
    assert await rows(database, consents) == [("opted_in", "web_form", evidence, owner.operator_id)]
    members = "SELECT count(*) FROM list_members WHERE list_id = :list"
    assert await rows(database, members, list=result.list_id) == [(3,)]


async def test_an_import_is_in_the_audit_log(imports, database, owner):
    result = await bring_in(imports, owner, FILE)
    audit = "SELECT action, subject_id, operator_id, face, detail ->> 'created' FROM audit_log ORDER BY id"
    file, by = result.import_id, owner.operator_id
    assert await rows(database, audit) == [
        ("contacts.open_file", file, by, "menu", None),
        ("contacts.start_import", file, by, "menu", None),
        ("contacts.import", result.list_id, by, "system", "3"),
    ]


async def test_the_same_file_twice_makes_nobody_twice(imports, database, owner):
    await bring_in(imports, owner, FILE)
    again = await bring_in(imports, owner, FILE)

    assert (again.created, again.updated) == (0, 3)
    counts = """
        SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM leads), (SELECT count(*) FROM consents),
               (SELECT count(*) FROM lists)
    """
    assert await rows(database, counts) == [(3, 2, 3, 2)]


async def test_a_known_contact_is_filled_in_and_never_emptied(imports, database, owner):
    await bring_in(imports, owner, FILE)
    await bring_in(
        imports, owner, b"Name,Phone,Interest,Car\n,0123456789,YOGA,Myvi\nRobert,0198765432,,\nEve,0131112222,,\n"
    )

    assert await rows(database, "SELECT name, attributes FROM contacts ORDER BY phone") == [
        ("Siti", {"city": "Ipoh", "car": "Myvi"}),
        ("Eve", {"city": "Perth"}),
        ("Robert", {}),
    ]
    assert await rows(database, "SELECT niche FROM leads ORDER BY niche") == [("Boxing",), ("Yoga",)]


async def test_without_a_source_nobody_may_be_sent_to(imports, database, owner):
    result = await bring_in(imports, owner, FILE, source=None)
    assert result.without_consent
    assert await rows(database, "SELECT DISTINCT consent FROM contacts") == [(None,)]
    assert await rows(database, "SELECT count(*) FROM consents") == [(0,)]


async def test_an_import_without_a_source_takes_no_permission_away(imports, database, owner):
    await bring_in(imports, owner, FILE)
    await bring_in(imports, owner, FILE, source=None)
    assert await rows(database, "SELECT DISTINCT consent FROM contacts") == [("opted_in",)]


async def test_an_import_cannot_revive_an_opt_out(imports, database, owner):
    await suppress(database, owner, "+60123456789")
    result = await bring_in(imports, owner, FILE)
    await bring_in(imports, owner, FILE, evidence="they said yes, really")

    assert (result.created, result.opted_out) == (3, 1)
    by_phone = "SELECT phone, consent FROM contacts ORDER BY phone LIMIT 2"
    assert await rows(database, by_phone) == [("+60123456789", "opted_out"), ("+60131112222", "opted_in")]
    kept = """
        SELECT state, k.source, k.evidence FROM consents k JOIN contacts c ON c.id = contact_id
         WHERE phone = '+60123456789'
    """
    assert await rows(database, kept) == [("opted_out", "stop_word", "STOP")]


async def test_the_preview_counts_and_changes_nothing(imports, database, owner):
    await bring_in(imports, owner, b"Phone\n0123456789\n")
    await suppress(database, owner, "+60123456789")
    await suppress(database, owner, "+60131112222")

    review = await imports.review(owner, await imports.open(owner, FILE, "customers.csv"))

    assert (review.rows, review.contacts, review.new, review.known, review.opted_out) == (4, 3, 2, 1, 2)
    assert (review.rejected, review.reasons) == (1, ("row 5: too short for a phone number",))
    assert await rows(database, "SELECT count(*) FROM contacts") == [(1,)]


async def test_another_workspace_is_neither_seen_nor_touched(imports, database, owner, stranger):
    await bring_in(imports, owner, FILE)
    await suppress(database, owner, "+60123456789")

    review = await imports.review(stranger, await imports.open(stranger, FILE, "customers.csv"))
    result = await bring_in(imports, stranger, b"Name,Phone\nEve,0123456789\n", source=ConsentSource.EVENT)

    assert (review.new, review.known, review.opted_out) == (3, 0, 0)
    assert (result.created, result.opted_out) == (1, 0)
    theirs = "SELECT name, consent FROM contacts WHERE workspace_id = :workspace AND phone = '+60123456789'"
    assert await rows(database, theirs, workspace=owner.workspace_id) == [("Siti", "opted_in")]
    assert await rows(database, theirs, workspace=stranger.workspace_id) == [("Eve", "opted_in")]


async def test_phones_without_a_country_code_are_of_the_workspace(imports, database, owner):
    await rows(database, "UPDATE workspaces SET country = 'GB' RETURNING id")
    await bring_in(imports, owner, b"Phone\n07700 900123\n")
    assert await rows(database, "SELECT phone FROM contacts") == [("+447700900123",)]


async def test_a_file_without_one_usable_row_is_refused(imports, database, owner):
    with pytest.raises(InvalidInputError, match="None of the 2 rows can be used; row 2: too short"):
        await bring_in(imports, owner, b"Name,Phone\nA,12\nB,13\n")
    assert await rows(database, "SELECT count(*) FROM lists") == [(0,)]


async def test_a_viewer_cannot_import(imports, owner):
    viewer = Actor(owner.workspace_id, Role.VIEWER, Face.MENU, owner.operator_id)
    with pytest.raises(NotAllowedError):
        await imports.open(viewer, FILE, "customers.csv")


async def test_two_imports_of_the_same_people_at_once_take_turns(imports, database, owner):
    lines = [f"Person {n},+60 10-00{n:05d}" for n in range(1, 3001)]
    there, back = ("\n".join(["Name,Phone", *some]).encode() for some in (lines, lines[::-1]))
    await bring_in(imports, owner, there)

    renamed = (data.replace(b"Person", word) for data, word in ((there, b"One"), (back, b"Two")))
    results = await asyncio.gather(*(bring_in(imports, owner, data) for data in renamed))

    assert [result.updated for result in results] == [3000, 3000]
    assert len(await rows(database, "SELECT DISTINCT split_part(name, ' ', 1) FROM contacts")) == 1


async def test_twenty_thousand_rows_go_in_as_one_import(imports, database, owner):
    lines = (f"Person {n},+60 10-0{n:06d},Yoga,Ipoh" for n in range(1, 20_001))
    result = await bring_in(imports, owner, ("Name,Phone,Interest,City\n" + "\n".join(lines)).encode())
    assert (result.created, result.rejected) == (20_000, 0)
    members = "SELECT count(*) FROM list_members JOIN contacts c ON c.id = contact_id WHERE c.consent = 'opted_in'"
    assert await rows(database, members) == [(20_000,)]
