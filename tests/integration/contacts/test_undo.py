"""An import is taken back, as far as nothing has happened since."""

from datetime import timedelta

import pytest

from engine.contacts.book import ContactBook
from engine.contacts.editing import ContactEditor
from engine.contacts.entering import NewContacts
from engine.contacts.import_reports import KeptReason, UndoPreview
from engine.contacts.leads import Leads
from engine.contacts.opting_out import OptOuts
from engine.contacts.segmenting import Segments
from engine.contacts.segments import OnList
from engine.errors import ConflictError
from models.enums import ConsentSource, ImportStatus
from tests.imports import bring_in, work
from tests.integration.contacts.people import Interrupted, file_of, phone_of

DEVICE = "INSERT INTO user_devices (workspace_id, name, transport) VALUES (:workspace, 'Sales', 'simulator')"
WHO = "SELECT phone, name, attributes, consent FROM contacts ORDER BY phone"


@pytest.fixture
def undo(imports, owner):
    async def undo(import_id: int) -> None:
        await imports.undo(owner, import_id)
        await work(imports)
        assert (await imports.progress(owner, import_id)).status is ImportStatus.UNDONE

    return undo


async def nothing_is_left(people) -> bool:
    tables = ("contacts", "leads", "consents", "list_members", "lists", "import_changes")
    return not any([await people.count(table) for table in tables])


async def test_nothing_is_left_of_people_who_came_with_it(imports, owner, people, undo):
    done = await bring_in(imports, owner, file_of(1, 30))
    assert await imports.before_undo(owner, done.import_id) == UndoPreview(27, 0, {}, list_kept=False)
    await undo(done.import_id)
    assert await nothing_is_left(people)
    assert (await imports.progress(owner, done.import_id)).list_name == ""


async def test_who_was_there_before_is_as_before(imports, owner, people, undo):
    before = await bring_in(imports, owner, b"Name,Phone,City,Interest\nAnn,0121111111,Ipoh,Yoga\n", source=None)
    at_first = await people.rows(WHO)
    second = await bring_in(
        imports, owner, b"Name,Phone,City,Car,Interest\nAnna,0121111111,Perth,Myvi,Boxing\n", "more.csv"
    )
    assert await people.rows(WHO) == [
        ("+60121111111", "Anna", {"city": "Perth", "car": "Myvi"}, "opted_in"),
    ]
    assert await imports.before_undo(owner, second.import_id) == UndoPreview(0, 1, {}, list_kept=False)
    await undo(second.import_id)
    assert await people.rows(WHO) == at_first == [("+60121111111", "Ann", {"city": "Ipoh"}, None)]
    assert await people.rows("SELECT niche FROM leads") == [("Yoga",)]
    assert await people.count("consents") == 0
    assert await people.rows("SELECT id FROM lists") == [(before.list_id,)]


async def test_what_was_changed_again_since_stays(imports, owner, people, undo):
    await bring_in(imports, owner, b"Name,Phone,City,Car\nAnn,0121111111,Ipoh,Myvi\n", source=None)
    done = await bring_in(imports, owner, b"Name,Phone,City,Car\nAnna,0121111111,Perth,Saga\n", source=None)
    await people.rows("""UPDATE contacts SET name = 'Annie', attributes = attributes || '{"car": "Bezza"}'""")
    await undo(done.import_id)
    assert await people.rows(WHO) == [("+60121111111", "Annie", {"city": "Ipoh", "car": "Bezza"}, None)]


class TestPermission:
    FILE = b"Name,Phone\nAnn,0121111111\n"

    async def test_other_evidence_keeps_it(self, imports, owner, people, undo):
        await bring_in(imports, owner, self.FILE, source=None)
        first = await bring_in(imports, owner, self.FILE, "expo.csv", source=ConsentSource.EVENT)
        second = await bring_in(imports, owner, self.FILE, "form.csv", source=ConsentSource.WEB_FORM)
        await undo(first.import_id)
        assert await people.rows("SELECT consent FROM contacts") == [("opted_in",)]
        assert await people.rows("SELECT evidence FROM consents") == [("form.csv",)]
        await undo(second.import_id)  # the last witness: it found a permission that has gone since
        assert await people.rows("SELECT consent FROM contacts") == [(None,)]

    async def test_what_something_has_gone_out_on_stays_as_evidence(self, imports, owner, people, undo):
        await bring_in(imports, owner, self.FILE, source=None)
        done = await bring_in(imports, owner, self.FILE, "expo.csv")
        await send(people, imports)
        await undo(done.import_id)
        assert await people.rows("SELECT consent, evidence FROM contacts, consents") == [("opted_in", "expo.csv")]

    async def test_what_something_is_just_going_out_on_stays_too(self, imports, owner, people, undo):
        await bring_in(imports, owner, self.FILE, source=None)
        done = await bring_in(imports, owner, self.FILE, "expo.csv")
        await send(people, imports)
        await people.rows("UPDATE messages SET outcome = NULL, claimed_at = NULL, sent_at = NULL")
        await people.rows("DELETE FROM queue")
        await undo(done.import_id)
        assert await people.rows("SELECT consent, evidence FROM contacts, consents") == [("opted_in", "expo.csv")]

    async def test_an_opt_out_since_stays(self, imports, owner, people, undo):
        await bring_in(imports, owner, self.FILE, source=None)
        done = await bring_in(imports, owner, self.FILE, "expo.csv")
        ((contact,),) = await people.rows("SELECT id FROM contacts")
        await OptOuts(imports._database, imports._clock).opt_out(owner, contact)
        await undo(done.import_id)
        assert await people.rows("SELECT consent FROM contacts") == [("opted_out",)]
        assert await people.rows("SELECT state FROM consents") == [("opted_out",)]
        assert await people.count("suppressions") == 1


async def send(people, imports, phone: str = "+60121111111") -> None:
    """A message that has gone out to somebody."""
    about = {"phone": phone, "at": imports._clock.now()}
    await people.rows(DEVICE, workspace=1)
    await people.rows(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body, claimed_at, claim_epoch,"
        "                      sent_at, outcome)"
        " SELECT c.workspace_id, 'test', c.id, d.id, :at, 'Hi', :at, 1, :at, 'sent' FROM contacts c, user_devices d"
        "  WHERE c.phone = :phone",
        **about,
    )


class TestKept:
    """Whom it created, and to whom something has happened since."""

    async def test_each_is_told_with_why_and_keeps_all(self, imports, owner, people, undo):
        done = await bring_in(imports, owner, file_of(1, 9))
        ids = dict(await people.rows("SELECT phone, id FROM contacts"))
        await send(people, imports, phone_of(1))
        await OptOuts(imports._database, imports._clock).opt_out(owner, ids[phone_of(2)])
        await people.rows(
            "INSERT INTO inbound_messages (workspace_id, device_id, contact_id, phone, provider_message_id, body,"
            " received_at) SELECT workspace_id, 1, id, phone, 'x', 'Hi', now() FROM contacts WHERE phone = :phone",
            phone=phone_of(3),
        )
        await Leads(imports._database, imports._clock).become_customer(owner, ids[phone_of(4)], "Yoga")
        await bring_in(imports, owner, file_of(5, 5), "other.csv")
        preview = await imports.before_undo(owner, done.import_id)
        kept = {
            KeptReason.MESSAGES: 1, KeptReason.OPTED_OUT: 1, KeptReason.REPLIED: 1, KeptReason.ELSEWHERE: 2,
        }  # fmt: skip
        assert preview == UndoPreview(removed=4, put_back=0, kept=kept, list_kept=False)

        await undo(done.import_id)
        left = await people.rows("SELECT phone FROM contacts ORDER BY phone")
        assert [phone for (phone,) in left] == [phone_of(number) for number in range(1, 6)]
        assert await people.rows("SELECT count(DISTINCT contact_id) FROM consents") == [(5,)]
        assert await people.count("leads") == 5
        assert await people.rows("SELECT consent FROM contacts WHERE phone = :phone", phone=phone_of(2)) == [
            ("opted_out",)
        ]

    async def test_whoever_was_changed_by_hand(self, imports, owner, people, undo):
        database, clock = imports._database, imports._clock
        await ContactEditor(database, clock).rename(owner, await self.somebody(imports, owner), "Before it")
        clock.advance(timedelta(seconds=1))
        done = await bring_in(imports, owner, file_of(1, 4))
        renamed, noted, placed, _ = sorted(found for (found,) in await people.rows("SELECT id FROM contacts"))[1:]
        await ContactEditor(database, clock).rename(owner, renamed, "Siti")
        await ContactEditor(database, clock).set_attribute(owner, noted, "city = Perth")
        await ContactBook(database, clock).set_time_zone(owner, placed, "Jakarta")
        preview = await imports.before_undo(owner, done.import_id)
        assert (preview.removed, preview.kept) == (1, {KeptReason.ELSEWHERE: 3})
        await undo(done.import_id)
        assert len(await people.rows("SELECT id FROM contacts")) == 4

    async def somebody(self, imports, owner) -> int:
        added = await NewContacts(imports._database, imports._clock).add(owner, "+60190000000", source=None)
        return added.contact_id

    async def test_whoever_is_in_a_sequence(self, imports, owner, people, undo):
        done = await bring_in(imports, owner, file_of(1, 2))
        await people.rows(DEVICE, workspace=owner.workspace_id)
        await people.rows(
            "INSERT INTO sequences (workspace_id, name, time_zone) VALUES (:workspace, 'Welcome', 'UTC')",
            workspace=owner.workspace_id,
        )
        await people.rows(
            "INSERT INTO sequence_contacts (workspace_id, sequence_id, contact_id, run_no, joined_at, anchor_date,"
            " time_zone, device_id, status, exit_reason, ended_at)"
            " SELECT workspace_id, 1, id, 1, now(), now(), 'UTC', 1, 'exited', 'removed', now() FROM contacts"
            "  WHERE id = 1"
        )
        preview = await imports.before_undo(owner, done.import_id)
        assert (preview.removed, preview.kept) == (1, {KeptReason.SEQUENCES: 1})
        await undo(done.import_id)
        assert await people.rows("SELECT id FROM contacts") == [(1,)]

    async def test_who_had_opted_out_before_goes_and_stays_out(self, imports, owner, people, undo):
        await people.rows(
            "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
            " VALUES (:workspace, :phone, 'stop_word', 'STOP', now())",
            workspace=owner.workspace_id,
            phone=phone_of(1),
        )
        done = await bring_in(imports, owner, file_of(1, 2))
        assert done.opted_out == 1
        await undo(done.import_id)
        assert await people.count("contacts") == 0
        assert await people.count("suppressions") == 1
        again = await bring_in(imports, owner, file_of(1, 2))
        assert again.opted_out == 1


async def test_an_operators_own_phone_is_for_tests_alone_again(imports, owner, people, undo):
    await people.rows(
        "INSERT INTO contacts (workspace_id, phone, name, unlisted) VALUES (:workspace, :phone, 'Me', true)",
        workspace=owner.workspace_id,
        phone=phone_of(1),
    )
    done = await bring_in(imports, owner, file_of(1, 1))
    assert (done.created, done.updated) == (1, 0)
    await undo(done.import_id)
    assert await people.rows("SELECT name, unlisted, consent FROM contacts") == [("Me", True, None)]


async def test_a_list_that_a_campaign_is_for_stays(imports, owner, people, undo):
    done = await bring_in(imports, owner, file_of(1, 3))
    await people.rows(
        "INSERT INTO campaigns (workspace_id, name, list_id) VALUES (:workspace, 'Sale', :list)",
        workspace=owner.workspace_id,
        list=done.list_id,
    )
    assert (await imports.before_undo(owner, done.import_id)).list_kept
    await undo(done.import_id)
    assert await people.count("lists") == 1
    assert await people.count("list_members") == 0


async def test_a_list_that_a_segment_asks_for_stays(imports, owner, people, undo):
    done = await bring_in(imports, owner, file_of(1, 3))
    segments = Segments(imports._database, imports._clock)
    segment = await segments.save(owner, "Not bought", [OnList(done.list_id, holds=False)])
    assert (await imports.before_undo(owner, done.import_id)).list_kept
    await undo(done.import_id)
    assert await people.count("lists") == 1
    await segments.delete(owner, segment)
    again = await bring_in(imports, owner, file_of(1, 3))
    assert not (await imports.before_undo(owner, again.import_id)).list_kept


class TestInBatches:
    @pytest.fixture(autouse=True)
    def _small_batches(self, monkeypatch):
        monkeypatch.setattr("engine.contacts.undo_store.ROWS", 10)

    async def both(self, imports, owner) -> int:
        """An import of 45 people who are new and 45 who were there before."""
        await bring_in(imports, owner, file_of(1, 50), source=None, niche=None)
        return (await bring_in(imports, owner, file_of(1, 100), "all.csv")).import_id

    async def test_an_import_that_was_cancelled_in_the_middle(self, imports, owner, people, undo):
        import_id = await imports.open(owner, file_of(1, 100), "all.csv")
        await imports.start(owner, import_id, ConsentSource.EVENT)
        stop = Interrupted(imports, after=4, then=lambda: imports.cancel(owner, import_id))
        await stop.run_once(imports._clock.now())
        await undo(import_id)
        assert await nothing_is_left(people)

    @pytest.mark.parametrize("after", [1, 3, 5, 6, 8, 10])
    async def test_a_crash_in_the_middle(self, imports, owner, people, undo, after):
        import_id = await self.both(imports, owner)
        await imports.undo(owner, import_id)

        async def crash() -> None:
            raise ZeroDivisionError

        await Interrupted(imports, after=after, then=crash).run_once(imports._clock.now())
        assert (await imports.progress(owner, import_id)).status is ImportStatus.UNDOING
        await undo(import_id)
        assert await people.count("contacts") == 45
        assert await people.rows("SELECT count(*) FROM contacts WHERE consent IS NULL") == [(45,)]
        assert await people.count("list_members") == 45
        assert await people.count("consents") == 0
        assert await people.count("import_changes") == 0

    async def test_an_undo_that_failed_goes_on_as_an_undo(self, imports, owner, people):
        import_id = await self.both(imports, owner)
        await imports.undo(owner, import_id)
        await people.rows("UPDATE imports SET status = 'failed', failure = 'x', list_id = list_id WHERE undo")
        await imports.go_on(owner, import_id)
        assert (await imports.progress(owner, import_id)).status is ImportStatus.UNDOING
        await work(imports)
        assert await people.count("contacts") == 45


async def test_undoing_twice_is_undoing_once(imports, owner, people, undo):
    done = await bring_in(imports, owner, file_of(1, 9))
    await imports.undo(owner, done.import_id)
    await undo(done.import_id)
    await imports.undo(owner, done.import_id)
    audit = "SELECT action FROM audit_log WHERE action LIKE '%undo%' ORDER BY id"
    assert await people.rows(audit) == [("contacts.begin_undo",), ("contacts.undo_import",)]


async def test_what_runs_or_has_not_begun_is_not_undone(imports, owner):
    import_id = await imports.open(owner, file_of(1, 9), "people.csv")
    for ask in (imports.undo, imports.before_undo):
        with pytest.raises(ConflictError, match="nothing of this import"):
            await ask(owner, import_id)
    await imports.start(owner, import_id, None)
    with pytest.raises(ConflictError, match="Cancel it first"):
        await imports.undo(owner, import_id)


async def test_another_teams_people_stay(imports, owner, stranger, people, undo):
    ours = await bring_in(imports, owner, file_of(1, 9))
    await bring_in(imports, stranger, file_of(1, 9))
    await undo(ours.import_id)
    assert await people.rows("SELECT DISTINCT workspace_id, count(*) FROM contacts GROUP BY 1") == [
        (stranger.workspace_id, 9)
    ]
