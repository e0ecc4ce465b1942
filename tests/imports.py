"""An import from the first look to its end, without an engine's loop."""

import asyncio

from engine.actor import Actor
from engine.contacts.import_reports import ImportProgress
from engine.contacts.importer import Importer
from engine.contacts.importing import UNSET, ContactImports, Unset
from models.enums import ConsentSource, DuplicatePolicy


async def bring_in(
    imports: ContactImports,
    actor: Actor,
    data: bytes,
    file_name: str = "customers.csv",
    *,
    source: ConsentSource | None = ConsentSource.WEB_FORM,
    evidence: str = "",
    niche: str | Unset | None = UNSET,
    duplicates: DuplicatePolicy | None = None,
    attributes: dict[str, str] | None = None,
) -> ImportProgress:
    import_id = await imports.open(actor, data, file_name)
    await imports.choose(actor, import_id, niche=niche, duplicates=duplicates, attributes=attributes)
    await imports.start(actor, import_id, source, evidence)
    await work(imports)
    return await imports.progress(actor, import_id)


async def bring_in_at_once(imports: ContactImports, actor: Actor, *files: bytes) -> list[ImportProgress]:
    """As many engines as files; each takes what it finds."""
    ids = [await imports.open(actor, data, "customers.csv") for data in files]
    for import_id in ids:
        await imports.start(actor, import_id, ConsentSource.WEB_FORM, "")
    await asyncio.gather(*(work(imports) for _ in files))
    return [await imports.progress(actor, import_id) for import_id in ids]


async def work(imports: ContactImports) -> None:
    """Let an engine do what is to be done."""
    importer = Importer(imports._database, imports._clock)
    while await importer.run_once(imports._clock.now()):
        pass
