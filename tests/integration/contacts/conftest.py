import pytest

from engine.contacts.importing import ContactImports
from tests.integration.contacts.people import People


@pytest.fixture
def imports(database, clock) -> ContactImports:
    return ContactImports(database, clock)


@pytest.fixture
def people(database) -> People:
    return People(database)
