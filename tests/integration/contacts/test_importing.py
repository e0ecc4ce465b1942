import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.actor import Actor
from engine.contacts.importing import forget_files
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from models.enums import ConsentSource, DuplicatePolicy, Face, ImportStatus, Role
from tests.imports import bring_in, bring_in_at_once, work
from tests.integration.contacts.people import file_of

FILE = (
    b"Name,Phone,Interest,City\nSiti,0123456789,Yoga,Ipoh\nBob,0198765432,,\n,0131112222,Boxing,Perth\nBad,12,,\n"
)


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
    results = await bring_in_at_once(imports, owner, *renamed)

    assert [result.updated for result in results] == [3000, 3000]
    assert len(await rows(database, "SELECT DISTINCT split_part(name, ' ', 1) FROM contacts")) == 1


async def test_twenty_thousand_rows_go_in_as_one_import(imports, database, owner):
    lines = (f"Person {n},+60 10-0{n:06d},Yoga,Ipoh" for n in range(1, 20_001))
    result = await bring_in(imports, owner, ("Name,Phone,Interest,City\n" + "\n".join(lines)).encode())
    assert (result.created, result.rejected) == (20_000, 0)
    members = "SELECT count(*) FROM list_members JOIN contacts c ON c.id = contact_id WHERE c.consent = 'opted_in'"
    assert await rows(database, members) == [(20_000,)]


class TestTheReview:
    async def test_it_is_counted_once_until_the_file_is_read_another_way(self, imports, database, owner):
        import_id = await imports.open(owner, FILE, "customers.csv")
        first = await imports.review(owner, import_id)
        await bring_in(imports, owner, FILE)
        await imports.choose(owner, import_id, niche="Swimming", attributes={"City": "Ipoh", "Where from": "expo"})
        again = await imports.review(owner, import_id)
        assert (again.new, again.known) == (first.new, first.known) == (3, 0)
        assert (again.niche, again.attributes) == ("Swimming", {"city": "Ipoh", "where_from": "expo"})
        assert (first.keys, again.keys) == (("city",), ("city", "where_from"))

        await imports.choose(owner, import_id, choices=replace(first.choices, country="SG"))
        third = await imports.review(owner, import_id)
        assert (third.choices.country, third.contacts, third.rejected) == ("SG", 0, 4)
        await imports.choose(owner, import_id, choices=replace(third.choices, country="MY", niche=-1))
        last = await imports.review(owner, import_id)
        assert (last.contacts, last.known, last.choices.niche) == (3, 3, -1)
        assert set(last.keys) == {"interest", "city", "where_from"}

    async def test_it_tells_what_there_is_to_choose_from(self, imports, owner):
        review = await imports.review(owner, await imports.open(owner, FILE, "customers.csv"))
        assert review.labels == ("Name", "Phone", "Interest", "City")
        assert (review.choices.phone, review.choices.names, review.choices.niche) == (1, (0,), 2)
        assert (review.sheets, review.duplicates) == ((), DuplicatePolicy.UPDATE)
        assert review.samples == (("Siti", "+60123456789"), ("Bob", "+60198765432"), ("", "+60131112222"))

    async def test_duplicates_landlines_and_rows_of_several_numbers_are_counted(self, imports, owner):
        data = b"Name,Phone\nSiti,0123456789 / 0198765432\nOffice,0321234567\nAgain,012-345 6789\nBad,12\n\n"
        review = await imports.review(owner, await imports.open(owner, data, "mixed.csv"))
        assert (review.rows, review.contacts, review.rejected) == (4, 3, 2)
        assert (review.crowded_rows, review.landlines) == (1, 1)
        assert review.reasons == ("row 4: same number as row 2", "row 5: too short for a phone number")

    async def test_a_large_file_is_counted_the_same(self, imports, owner, people):
        await bring_in(imports, owner, file_of(1, 1000))
        review = await imports.review(owner, await imports.open(owner, file_of(1, 6000), "large.csv"))
        assert (review.rows, review.contacts, review.new, review.known, review.rejected) == (
            6000, 5400, 4500, 900, 600,
        )  # fmt: skip
        assert len(review.reasons) == len(review.samples) == 5

    async def test_a_file_that_cannot_be_read_is_not_kept(self, imports, database, owner):
        with pytest.raises(InvalidInputError):
            await imports.open(owner, b"Name,City\nSiti,Ipoh\n", "people.csv")
        assert await rows(database, "SELECT count(*) FROM imports") == [(0,)]

    async def test_a_choice_that_cannot_be_is_refused_and_changes_nothing(self, imports, owner):
        import_id = await imports.open(owner, FILE, "customers.csv")
        before = await imports.review(owner, import_id)
        with pytest.raises(InvalidInputError):
            await imports.choose(owner, import_id, choices=replace(before.choices, phone=17))
        for attributes in ({"phone": "x"}, {"1st": "x"}, {"!": "x"}, {f"a{n}": "x" for n in range(21)}):
            with pytest.raises(InvalidInputError):
                await imports.choose(owner, import_id, attributes=attributes)
        assert await imports.review(owner, import_id) == before

    async def test_once_it_has_begun_nothing_is_chosen_any_more(self, imports, owner):
        done = await bring_in(imports, owner, FILE)
        with pytest.raises(ConflictError, match="has begun"):
            await imports.choose(owner, done.import_id, niche="Boxing")


async def test_started_five_times_it_is_one_import_with_one_list(imports, database, owner):
    import_id = await imports.open(owner, FILE, "customers.csv")
    await asyncio.gather(*(imports.start(owner, import_id, ConsentSource.EVENT) for _ in range(5)))
    await work(imports)
    await imports.start(owner, import_id, ConsentSource.EVENT)
    assert await rows(database, "SELECT count(*) FROM lists") == [(1,)]
    assert (await imports.progress(owner, import_id)).created == 3


async def test_recent_imports_are_told_newest_first(imports, owner):
    first = await bring_in(imports, owner, FILE, "first.csv")
    second = await bring_in(imports, owner, FILE, "second.csv")
    await imports.open(owner, FILE, "only looked at.csv")
    assert await imports.recent(owner) == [second, first]
    assert await imports.recent(owner, limit=1) == [second]


async def test_attributes_of_the_whole_file_are_everybodys_whose_row_says_nothing_else(imports, database, owner):
    await bring_in(imports, owner, FILE, attributes={"City": "Kuching", "Branch": "North"})
    assert await rows(database, "SELECT name, attributes FROM contacts ORDER BY name") == [
        ("", {"city": "Perth", "branch": "North"}),
        ("Bob", {"city": "Kuching", "branch": "North"}),
        ("Siti", {"city": "Ipoh", "branch": "North"}),
    ]


class TestSkippingWhoIsKnown:
    async def test_they_are_left_as_they_are_but_are_in_the_list(self, imports, database, owner):
        await bring_in(imports, owner, b"Name,Phone,City\nAnn,0123456789,Perak\n", source=None)
        done = await bring_in(imports, owner, FILE, duplicates=DuplicatePolicy.SKIP)
        assert (done.created, done.updated, done.skipped) == (2, 0, 1)
        known = "SELECT name, attributes, consent FROM contacts WHERE phone = '+60123456789'"
        assert await rows(database, known) == [("Ann", {"city": "Perak"}, None)]
        theirs = """
            SELECT (SELECT count(*) FROM leads l WHERE l.contact_id = c.id),
                   (SELECT count(*) FROM consents k WHERE k.contact_id = c.id),
                   (SELECT count(*) FROM list_members m WHERE m.contact_id = c.id AND m.list_id = :list)
              FROM contacts c WHERE phone = '+60123456789'
        """
        assert await rows(database, theirs, list=done.list_id) == [(0, 0, 1)]
        assert await rows(database, "SELECT count(*) FROM import_changes") == [(0,)]

    async def test_an_operators_own_phone_is_nobody_known(self, imports, database, owner):
        await rows(
            database,
            "INSERT INTO contacts (workspace_id, phone, name, unlisted)"
            " VALUES (:workspace, '+60123456789', 'Me', true) RETURNING id",
            workspace=owner.workspace_id,
        )
        done = await bring_in(imports, owner, FILE, duplicates=DuplicatePolicy.SKIP)
        assert (done.created, done.skipped) == (3, 0)
        mine = "SELECT name, unlisted, consent FROM contacts WHERE phone = '+60123456789'"
        assert await rows(database, mine) == [("Siti", False, "opted_in")]

    async def test_an_opt_out_is_marked_all_the_same(self, imports, database, owner):
        await bring_in(imports, owner, FILE, source=None)
        await suppress(database, owner, "+60123456789")
        done = await bring_in(imports, owner, FILE, duplicates=DuplicatePolicy.SKIP)
        assert (done.skipped, done.opted_out) == (3, 1)
        assert await rows(database, "SELECT phone FROM contacts WHERE consent = 'opted_out'") == [
            ("+60123456789",)
        ]


class TestRejects:
    async def test_rows_come_back_as_they_were_with_their_reasons(self, imports, owner):
        data = 'Name,Phone,Note\nSiti,0123456789,x\nBad,12,"=HYPERLINK(""evil"")"\n+Ann,+60 12,"a, b",more\n'
        import_id = await imports.open(owner, data.encode(), "people.csv")
        name, content = await imports.rejects(owner, import_id)
        assert name == "people rejects.csv"
        assert content.decode("utf-8-sig").splitlines() == [
            "Row,Name,Phone,Note,Column 4,Reason",
            '3,Bad,12,"\'=HYPERLINK(""evil"")",,too short for a phone number',
            "4,'+Ann,'+60 12,\"a, b\",more,too short for a phone number",
        ]

    async def test_those_of_a_large_file_too(self, imports, owner):
        import_id = await imports.open(owner, file_of(1, 6000), "large.csv")
        _, content = await imports.rejects(owner, import_id)
        lines = content.decode("utf-8-sig").splitlines()
        assert (len(lines), lines[1]) == (601, "11,Bad,12,Yoga,Ipoh,too short for a phone number")

    async def test_after_a_month_the_file_is_not_kept_any_more(self, imports, database, clock, owner):
        old = await bring_in(imports, owner, FILE)
        looked_at = await imports.open(owner, FILE, "looked at.csv")
        cancelled = await imports.open(owner, FILE, "cancelled.csv")
        await imports.start(owner, cancelled, None)
        await imports.cancel(owner, cancelled)
        clock.advance(timedelta(days=20))
        young = await bring_in(imports, owner, FILE)
        clock.advance(timedelta(days=10, minutes=1))
        assert await forget_files(database, clock.now()) == 3
        with pytest.raises(NotFoundError):
            await imports.review(owner, looked_at)
        with pytest.raises(ConflictError, match="not kept any more"):
            await imports.rejects(owner, old.import_id)
        with pytest.raises(ConflictError, match="not kept any more"):
            await imports.go_on(owner, cancelled)
        assert (await imports.rejects(owner, young.import_id))[1]
        assert (await imports.progress(owner, old.import_id)).created == 3
        shown = await rows(database, "SELECT review ->> 'samples', review ->> 'reasons' FROM imports ORDER BY id")
        assert shown[:-1] == [("[]", "[]"), ("[]", "[]")]  # who was in it
        assert (await imports.review(owner, old.import_id)).contacts == 3
        assert "Siti" in shown[-1][0]


async def test_the_longest_interest_can_be_kept(imports, database, owner):
    """One that no index could hold would otherwise end the import."""
    niche = "".join(chr(0x4E00 + n * 7) for n in range(1000))
    done = await bring_in(imports, owner, f"Phone,Interest\n0123456789,{niche}\n".encode())
    assert done.status is ImportStatus.DONE
    assert await rows(database, "SELECT niche FROM leads") == [(niche[:100],)]


async def test_names_are_taken_as_they_are(imports, database, owner):
    """Backslashes and the like mean something on the way into the table."""
    name = 'C:\\new\\table "N\\N" \\. \\\\ 🌸 林'
    data = f'Name,Phone,Note\n"{name.replace(chr(34), chr(34) * 2)}",0123456789,"{{a: \\b}}\\"\n'
    await bring_in(imports, owner, data.encode())
    assert await rows(database, "SELECT name, attributes FROM contacts") == [(name, {"note": "{a: \\b}\\"})]
