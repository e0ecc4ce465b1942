"""An operator's own number."""

from dataclasses import replace

import pytest

from engine.errors import InvalidInputError, NotAllowedError
from engine.operators import Operators
from models.enums import Role
from tests.integration.engine.world import World


@pytest.fixture
def operators(world: World) -> Operators:
    return Operators(world.database, world.clock)


async def test_a_number_is_read_as_one_of_the_teams_country_and_kept(world: World, operators: Operators) -> None:
    assert await operators.phone(world.actor) is None
    assert await operators.set_phone(world.actor, "012-345 6789") == "+60123456789"
    assert await operators.set_phone(world.actor, "my number is +65 9123 4567") == "+6591234567"
    assert await operators.phone(world.actor) == "+6591234567"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("hello", "not a phone number"), ("", "one phone number"), ("12", "too short"), ("0123456789 / 0134567890", "one phone number")],
)  # fmt: skip
async def test_what_is_no_number_is_explained(world: World, operators: Operators, typed: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        await operators.set_phone(world.actor, typed)
    assert await operators.phone(world.actor) is None


async def test_it_is_ones_own(world: World, operators: Operators, stranger) -> None:
    await operators.set_phone(stranger, "0123456789")
    assert await operators.phone(world.actor) is None
    with pytest.raises(NotAllowedError):
        await operators.set_phone(replace(world.actor, role=Role.VIEWER), "0123456789")
