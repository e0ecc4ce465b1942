"""The example files are as messy as real exports, and nobody can be reached by them.

Their numbers: +1 xxx 555-01xx, +44 7700 900xxx, +61 491 57x xxx and +33 6 39 98 xx xx are reserved for fiction;
+60 10-000 xxxx is a range that is assigned to nobody.
"""

import re
from pathlib import Path

import pytest

from tests.unit.contacts.files import Read, columns, read

EXAMPLES = Path(__file__).parents[3] / "examples"
NOBODYS = re.compile(r"\+1\d{3}55501\d\d|\+447700900\d{3}|\+6149157\d{4}|\+33639980\d{3}|\+6010000\d{4}")


def read_example(name: str) -> Read:
    return read((EXAMPLES / name).read_bytes(), name)


def test_the_example_gives_over_two_hundred_contacts_and_every_kind_of_reject():
    file = read_example("contacts.csv")
    assert (len(file.contacts), len(file.rejected), file.blank_rows) == (228, 22, 6)
    reasons = " ".join(row.reason for row in file.rejected)
    for reason in ("rounded", "same number as row", "no phone number", "not a phone", "too short", "too long"):
        assert reason in reasons
    assert {"陈小明", "José Álvarez"} <= {contact.name for contact in file.contacts}


def test_the_semicolon_example_is_read_as_well():
    file = read_example("contacts-semicolon.csv")
    assert (len(file.contacts), len(file.rejected), file.blank_rows) == (35, 4, 2)
    assert columns(file) == ("No. Telefon", ("Nama",), "Minat")
    assert any("Conceição" in contact.name for contact in file.contacts)


@pytest.mark.parametrize("name", ["contacts.csv", "contacts-semicolon.csv"])
def test_no_number_of_the_examples_belongs_to_anybody(name):
    assert [contact for contact in read_example(name).contacts if not NOBODYS.fullmatch(contact.phone)] == []
