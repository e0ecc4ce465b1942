import pytest
from sqlalchemy import update

from engine.contacts.book import ContactBook, NicheSummary
from engine.contacts.importing import ContactImports
from engine.contacts.inbox import Inbox
from engine.transports.contract import Inbound
from models import Contact, UserDevice
from models.enums import ConsentSource, ConsentState, TransportKind
from tests.imports import bring_in

FILE = """Name,Phone,Interest
Siti Nurhaliza,0123456789,Yoga
陈小明,0198765432,yoga
100%_Bob,+44 7700 900123,Boxing
""".encode()


@pytest.fixture
async def book(database, clock, owner) -> ContactBook:
    imports = ContactImports(database, clock)
    await bring_in(imports, owner, FILE, "customers.csv", source=ConsentSource.EVENT)
    async with database.transaction() as session:
        device = UserDevice(workspace_id=owner.workspace_id, name="A", transport=TransportKind.SIMULATOR)
        session.add(device)
    await Inbox(database, clock).receive(device.id, Inbound("m1", "+60123456789", "Stop!"))
    return ContactBook(database, clock)


async def test_the_book_counts_its_contacts_and_lists(book, owner):
    assert await book.count(owner) == 3
    [only] = await book.lists(owner)
    assert (only.name, only.size) == ("customers · 5 Jan 2026", 3)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("siti", ["Siti Nurhaliza"]),
        ("小明", ["陈小明"]),
        ("012-345", ["Siti Nurhaliza"]),
        ("+60 19", ["陈小明"]),
        ("900123", ["100%_Bob"]),
        ("%", ["100%_Bob"]),
        ("100", ["100%_Bob"]),
        ("9", []),
        ("nobody", []),
        ("  ", []),
    ],
)
async def test_people_are_found_by_a_part_of_name_or_number(book, owner, text, names):
    assert [contact.name for contact in await book.find(owner, text)] == names


async def test_a_found_contact_shows_permission_and_interests(book, owner):
    [siti] = await book.find(owner, "Siti")
    assert (siti.phone, siti.consent, siti.suppressed) == ("+60123456789", ConsentState.OPTED_OUT, True)
    assert siti.niches == ("Yoga",)


async def test_finding_stops_at_the_limit(book, owner):
    assert len(await book.find(owner, "o", limit=1)) == 1


async def test_niches_are_counted_whatever_their_case(book, owner):
    assert [niche.contacts for niche in await book.niches(owner)] == [2, 1]
    assert (await book.niches(owner))[1] == NicheSummary("Boxing", 1)


async def test_a_stranger_sees_nothing(book, stranger):
    assert await book.count(stranger) == 0
    assert await book.lists(stranger) == []
    assert await book.find(stranger, "Siti") == []
    assert await book.niches(stranger) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("YOGA", ["Siti Nurhaliza", "陈小明"]),  # an interest as a whole …
        ("yog", []),  # … never a part of one
        ("city:Ipoh", ["100%_Bob"]),
        ("City = ipoh", ["100%_Bob"]),
        ("city = Ip", []),
        ("town = Ipoh", []),
    ],
)
async def test_people_are_found_by_interest_and_attribute(book, owner, database, text, names):
    async with database.transaction() as session:
        await session.execute(
            update(Contact).where(Contact.name == "100%_Bob").values(attributes={"city": "Ipoh"})
        )
    assert [contact.name for contact in await book.find(owner, text)] == names
