"""The machine below: disk, open files, and the simulated phones that it is told to use. Judgements are pure."""

import asyncio
import resource
import shutil
import tempfile
from pathlib import Path

import aiohttp

from engine.doctor.findings import Check, Finding, Ok, Problem, Warn
from engine.settings import Settings

GIGABYTE = 10**9
LITTLE_DISK = GIGABYTE
NO_DISK = GIGABYTE // 10
FILES_A_DEVICE = 2
FILES_BESIDE = 100


def machine_checks(settings: Settings) -> list[Check]:
    async def disk() -> Finding:
        return await asyncio.to_thread(look_at_disk, settings.home)

    async def files() -> Finding:
        return judge_open_files(*resource.getrlimit(resource.RLIMIT_NOFILE), settings.max_workers)

    async def phones() -> Finding:
        return await look_at_phones(settings.simulator_url)

    checks = [
        Check("disk", disk, f"see that {settings.home} is on a working disk"),
        Check("open files", files, "see `ulimit -n`"),
    ]
    if settings.simulator_url:
        mend = "start it (`dripdesk phones`), or correct SIMULATOR_URL"
        checks.append(Check("simulated phones", phones, mend))
    return checks


def look_at_disk(home: Path) -> Finding:
    """Where the home is, or would be made: nothing is left behind."""
    place = next(path for path in (home, *home.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"dripdesk")
    except OSError as error:
        mend = f"give the user of this process the right to write there, or set DRIPDESK_HOME (now {home})"
        return Problem(f"cannot write in {place}: {error.strerror}", mend)
    return judge_disk(shutil.disk_usage(place).free, place)


def judge_disk(free: int, place: Path) -> Finding:
    told = f"{free / GIGABYTE:.1f} GB free under {place}"
    mend = "free some space, or point DRIPDESK_HOME at a larger disk; PostgreSQL stops on a full one"
    if free < NO_DISK:
        return Problem(told, mend)
    return Warn(told, mend) if free < LITTLE_DISK else Ok(told)


def judge_open_files(limit: int, hard: int, max_workers: int) -> Finding:
    wanted = max_workers * FILES_A_DEVICE + FILES_BESIDE
    if limit == resource.RLIM_INFINITY or limit >= wanted:
        return Ok("enough for MAX_WORKERS" if limit == resource.RLIM_INFINITY else f"{limit:,} allowed")
    told = f"{limit:,} allowed, {max_workers:,} devices may need {wanted:,}"
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return Warn(told, f"raise the hard limit (LimitNOFILE={wanted} in systemd), or lower MAX_WORKERS")
    return Warn(told, f"`ulimit -n {wanted}` before the start, or lower MAX_WORKERS")


async def look_at_phones(url: str) -> Finding:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
        session.get(f"{url}/sandbox/devices") as response,
    ):
        return judge_phones(url, response.status)


def judge_phones(url: str, status: int) -> Finding:
    if status == 200:
        return Ok(f"{url} answers")
    return Problem(f"{url} answers with {status}: that is no network of dripdesk", "correct SIMULATOR_URL")
