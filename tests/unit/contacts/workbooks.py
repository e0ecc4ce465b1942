"""Workbooks as Excel writes them, and as nobody should."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from string import ascii_uppercase

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DATE = 1  # the second of the styles below


class Raw(str):
    """XML of a whole cell, its place left as {at}."""

    __slots__ = ()


class Day(int):
    """A date as Excel keeps it: a number with a format."""


Cell = str | float | bool | Raw | Day | None
Sheet = Sequence[Sequence[Cell]]


def workbook(sheets: Mapping[str, Sheet | str], hidden: Sequence[str] = ()) -> bytes:
    """A sheet is rows of cells, or XML to stand between its rows."""
    names = list(sheets)

    def state(name: str) -> str:
        return 'state="hidden"' if name in hidden else ""

    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONSHIPS}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{at}" {state(name)} r:id="rId{at}"/>'
            for at, name in enumerate(names, start=1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relationships(
            {f"rId{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(names) + 1)}
            | {"rIdStyles": ("styles", "styles.xml")}
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    for at, sheet in enumerate(sheets.values(), start=1):
        rows = (
            sheet if isinstance(sheet, str) else "".join(_row(row, number) for number, row in enumerate(sheet, 1))
        )
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return archive(parts)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return file.getvalue()


def cell(place: str, value: Cell) -> str:
    if isinstance(value, Raw):
        return value.replace("{at}", place)
    if isinstance(value, Day):
        return f'<c r="{place}" s="{_DATE}"><v>{int(value)}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return "" if value is None else f'<c r="{place}"><v>{value}</v></c>'


def _row(cells: Sequence[Cell], number: int) -> str:
    places = (f"{ascii_uppercase[at]}{number}" for at in range(len(cells)))
    return f'<row r="{number}">{"".join(map(cell, places, cells))}</row>'


def _relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="{name}" Type="{_RELATIONSHIPS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
