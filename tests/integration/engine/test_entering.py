"""One person, typed or shared."""

import pytest

from engine.errors import InvalidInputError
from engine.sequences.settings import SequenceRules
from models.enums import ConsentSource

AISYAH = "+60123456789"


async def test_who_is_typed_is_in_the_book_with_the_permission_and_its_evidence(world):
    typed = await world.new_contacts.read(world.actor, "Aisyah 012-345 6789")
    assert (typed.name, typed.phone, typed.contact_id, typed.opted_out) == ("Aisyah", AISYAH, None, False)
    added = await world.new_contacts.add(
        world.actor,
        typed.phone,
        name=typed.name,
        niche="Yoga",
        source=ConsentSource.EVENT,
        evidence="Expo, hall 3",
    )
    assert added.created
    assert await world.one("SELECT name, phone, consent FROM contacts") == ("Aisyah", AISYAH, "opted_in")
    assert await world.one("SELECT state, source, evidence, recorded_by FROM consents") == (
        "opted_in", "event", "typed by Owner of Acme: Expo, hall 3", world.actor.operator_id,
    )  # fmt: skip
    assert await world.one("SELECT niche, status FROM leads") == ("Yoga", "prospect")
    assert await world.one("SELECT action FROM audit_log") == "contact.add"


async def test_without_a_known_origin_they_cannot_be_sent_to(world):
    await world.new_contacts.add(world.actor, AISYAH, source=None)
    assert await world.one("SELECT consent FROM contacts") is None
    assert await world.rows("SELECT * FROM consents") == []


async def test_who_is_in_the_book_already_stays_as_they_are(world):
    (known,) = await world.contacts(name="Aisyah", phone=AISYAH, consent=None)
    typed = await world.new_contacts.read(world.actor, "Somebody 0123456789")
    assert (typed.contact_id, typed.name) == (known, "Aisyah")
    added = await world.new_contacts.add(world.actor, AISYAH, name="Other", source=ConsentSource.EVENT)
    assert (added.contact_id, added.created) == (known, False)
    assert await world.one("SELECT name, consent FROM contacts") == ("Aisyah", None)


async def test_who_has_opted_out_stays_out(world):
    (gone,) = await world.contacts(phone=AISYAH)
    await world.opt_outs.opt_out(world.actor, gone)
    await world.deletion.delete(world.actor, gone)
    assert (await world.new_contacts.read(world.actor, AISYAH)).opted_out
    added = await world.new_contacts.add(world.actor, AISYAH, source=ConsentSource.WROTE_FIRST)
    assert added.opted_out
    assert await world.one("SELECT consent FROM contacts") == "opted_out"
    assert await world.one("SELECT state, source FROM consents") == ("opted_out", "manual")


async def test_an_operators_own_phone_becomes_a_contact(world):
    await world.contacts(phone=AISYAH, name="", unlisted=True, consent=None)
    assert (await world.new_contacts.read(world.actor, AISYAH)).contact_id is None
    added = await world.new_contacts.add(world.actor, AISYAH, name="Me", source=ConsentSource.MANUAL)
    assert added.created
    assert await world.one("SELECT name, unlisted, consent FROM contacts") == ("Me", False, "opted_in")


async def test_their_interest_leads_them_into_its_sequence(world):
    sequence = await world.sequence([await world.device()], (1, 11, "Hi"))
    rules = SequenceRules(world.database, world.clock)
    await rules.change(world.actor, sequence, niche="yoga", auto_enroll=True)
    added = await world.new_contacts.add(world.actor, AISYAH, niche="Yoga", source=ConsentSource.EVENT)
    assert [(one.name, one.joined) for one in added.by_themselves] == [("Welcome", 1)]


@pytest.mark.parametrize("typed", ["Aisyah", "12", "0123456789 0198765432"])
async def test_what_is_no_person_is_said(world, typed):
    with pytest.raises(InvalidInputError):
        await world.new_contacts.read(world.actor, typed)
