"""What is known of one person, changed by hand."""

import pytest

from engine.errors import ConflictError, InvalidInputError
from engine.sequences.settings import SequenceRules
from models.enums import ConsentSource


@pytest.fixture
async def ann(world) -> int:
    (contact,) = await world.contacts(name="Ann", attributes={"city": "Ipoh"}, consent=None)
    return contact


async def test_the_name(world, ann):
    assert await world.contact_editor.rename(world.actor, ann, "  Ann   Lee ") == "Ann Lee"
    assert await world.one("SELECT name FROM contacts") == "Ann Lee"
    with pytest.raises(InvalidInputError, match="type a name"):
        await world.contact_editor.rename(world.actor, ann, " ")


async def test_attributes_are_set_as_templates_know_them_and_removed(world, ann):
    editor = world.contact_editor
    assert await editor.set_attribute(world.actor, ann, "Post code = 31400") == "post_code"
    await editor.set_attribute(world.actor, ann, "City: Johor")
    assert await world.one("SELECT attributes FROM contacts") == {"city": "Johor", "post_code": "31400"}
    for _ in range(2):
        await editor.remove_attribute(world.actor, ann, "city")
    assert await world.one("SELECT attributes FROM contacts") == {"post_code": "31400"}
    assert len(await world.rows("SELECT * FROM audit_log")) == 3


async def test_interests_are_added_once_and_removed_whatever_their_case(world, ann):
    for niche in ("Yoga", "yoga", "Boxing"):
        await world.leads.add(world.actor, ann, niche)
    assert await world.rows("SELECT niche FROM leads ORDER BY id") == [("Yoga",), ("Boxing",)]
    await world.leads.become_customer(world.actor, ann, "Yoga")
    await world.leads.become_prospect(world.actor, ann, "YOGA")
    assert await world.rows("SELECT DISTINCT status FROM leads") == [("prospect",)]
    await world.leads.remove(world.actor, ann, "YOGA")
    assert await world.rows("SELECT niche FROM leads") == [("Boxing",)]
    with pytest.raises(InvalidInputError):
        await world.leads.add(world.actor, ann, " ")


async def test_a_new_interest_leads_into_its_sequence_and_leaving_it_ends_no_run(world, ann):
    await world.contact_editor.note_permission(world.actor, ann, ConsentSource.EVENT)
    sequence = await world.sequence([await world.device()], (1, 11, "Hi"))
    rules = SequenceRules(world.database, world.clock)
    await rules.change(world.actor, sequence, niche="Yoga", auto_enroll=True)
    (joined,) = await world.leads.add(world.actor, ann, "yoga")
    assert (joined.name, joined.joined) == ("Welcome", 1)
    await world.leads.remove(world.actor, ann, "yoga")
    assert await world.one("SELECT status FROM sequence_contacts") == "active"


async def test_permission_is_noted_once_with_who_has_typed_it(world, ann):
    for source in (ConsentSource.EVENT, ConsentSource.PURCHASE):
        await world.contact_editor.note_permission(world.actor, ann, source, "at the <expo>")
    assert await world.one("SELECT consent FROM contacts") == "opted_in"
    assert await world.one("SELECT source, evidence FROM consents") == (
        "event",
        "typed by Owner of Acme: at the <expo>",
    )


async def test_who_has_opted_out_is_not_brought_back_by_hand(world, ann):
    await world.opt_outs.opt_out(world.actor, ann)
    with pytest.raises(ConflictError, match="START"):
        await world.contact_editor.note_permission(world.actor, ann, ConsentSource.EVENT)
    assert await world.one("SELECT consent FROM contacts") == "opted_out"
