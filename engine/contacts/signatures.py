"""What kind of file it is, by how it starts. Pure."""

from typing import Literal

from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError

AS_CSV = "Open it in a spreadsheet, export it as CSV (File → Save as → CSV) and send that file."

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xlsb", ".ods")
_WORKBOOK_PARTS = (b"xl/", b"opendocument.spreadsheet")
_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"BEGIN:VCARD", "a vCard file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


def kind_of(data: bytes, file_name: str) -> Literal["text", "workbook"]:
    """Raise InvalidInputError, with what to do, when it can be no table of contacts."""
    if len(data) > MAX_BYTES:
        raise InvalidInputError(
            f"The file is too big: {len(data) / 1024 / 1024:.0f} MB; at most "
            f"{MAX_BYTES // 1024 // 1024} MB are read at once. Split it and send the parts."
        )
    start = data[:64].lstrip()
    if start.startswith(_OLD_OFFICE):
        return "workbook"
    named = file_name.lower().endswith(_WORKBOOK_NAMES)
    if start.startswith(_ZIP) and (named or any(part in data for part in _WORKBOOK_PARTS)):
        return "workbook"
    for signature, kind in _SIGNATURES:
        if start.lower().startswith(signature.lower()):
            raise InvalidInputError(f"This is {kind}, not a table of contacts. {AS_CSV}")
    if data[4:8] == b"ftyp":
        raise InvalidInputError(f"This is a picture or a film, not a table of contacts. {AS_CSV}")
    return "text"
