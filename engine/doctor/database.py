"""The database, from whether it answers to what is in it. While it is dead, nothing else is asked of it."""

import asyncio
from dataclasses import replace

from engine.database import Database
from engine.devices.session_keys import SessionKeys
from engine.doctor.findings import Problem, Result, Warn, attempt
from engine.doctor.hosts import look_at_hosts
from engine.doctor.installation import Installation, judge_installation, judge_schema, read_installation
from engine.doctor.server import judge_server, look_at_listen, read_server
from engine.doctor.sessions import look_at_sessions
from engine.errors import NotRunningError
from engine.settings import Settings

REACH = "see that PostgreSQL runs, and that DATABASE_URL has its address, user and password"
HOME = "see that DRIPDESK_HOME belongs to the user of this process, and that no start hangs there"
LOOK_AGAIN = "mend what stands above, then look again"


async def examine_database(settings: Settings) -> list[Result]:
    """Look without starting or changing anything."""
    found = await attempt(_find(settings), HOME)
    if not isinstance(found, Database):
        return [Result("database", found)]
    try:
        return await _examine(found, settings)
    finally:
        await found.close()


async def _find(settings: Settings) -> Database | Warn:
    try:
        return await Database.find(settings)
    except NotRunningError as error:
        return Warn(error.what, error.mend)


async def _examine(database: Database, settings: Settings) -> list[Result]:
    server = await attempt(read_server(database), REACH)
    if isinstance(server, Problem):
        address = database.url.render_as_string()
        return [Result("database", replace(server, text=f"{address}: {server.text}"))]
    schema, listen = await asyncio.gather(
        attempt(database.schema(), LOOK_AGAIN), attempt(look_at_listen(database), REACH)
    )
    installation: Installation | Problem | None = None
    if not isinstance(schema, Problem) and schema.current == schema.head:
        installation = await attempt(read_installation(database), LOOK_AGAIN)
    known = installation if isinstance(installation, Installation) else None
    results = [
        *judge_server(server, known.alive if known else 0),
        Result("LISTEN", listen),
        Result("migrations", schema if isinstance(schema, Problem) else judge_schema(schema)),
    ]
    if known is not None:
        results += judge_installation(known, simulated_phones=settings.simulated_phones)
        keys = SessionKeys(settings.session_key.get_secret_value())
        looked = look_at_sessions(database, keys, wanted=settings.real_whatsapp)
        results.append(Result("session key", await attempt(looked, LOOK_AGAIN)))
        results.append(Result("device hosts", await attempt(look_at_hosts(database), LOOK_AGAIN)))
    elif isinstance(installation, Problem):
        results.append(Result("installation", installation))
    return results
