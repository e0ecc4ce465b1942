"""`dripdesk status`: the fleet as tables that fit 100 columns, or as JSON."""

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.database import Database
from engine.errors import NotFoundError
from engine.reports.fleet import DeviceLine, EngineLine, Fleet, FleetReport
from engine.settings import Settings
from engine.timekeeper import Timekeeper

WIDEST = 100
MOST_DEVICES = 40  # more than these, and only those that need a look are shown
MOST_NAMES = 5

GOOD, BAD, FAINT = "green", "red", "dim"


async def read_fleet(settings: Settings) -> FleetReport:
    """Look at the database as it is. Raises StartError."""
    database = await Database.find(settings)
    try:
        await database.check()
        return await Fleet(database, await Timekeeper.look(database)).report()
    finally:
        await database.close()


def chosen(report: FleetReport, name: str | None) -> Sequence[DeviceLine]:
    """The devices of that name, in any workspace. Raises NotFoundError."""
    if name is None:
        return report.devices
    found = [device for device in report.devices if device.name.casefold() == name.casefold()]
    if not found:
        raise NotFoundError(f"there is no device called “{name}”; `dripdesk status --all` lists them")
    return found


def print_json(report: FleetReport, devices: Sequence[DeviceLine]) -> None:
    told = asdict(report) | {"devices": [asdict(device) for device in devices]}
    sys.stdout.write(json.dumps(told, indent=2, default=datetime.isoformat) + "\n")


def print_tables(
    report: FleetReport, devices: Sequence[DeviceLine], *, name: str | None, everything: bool
) -> None:
    console = Console(markup=False, highlight=False, soft_wrap=False)
    console.width = min(console.width, WIDEST) if console.is_terminal else WIDEST
    if name is None:
        console.print(_engines(report.engines) if report.engines else "No engine is running.")
        console.print()
    shown = _worth_showing(devices, everything=everything or name is not None)
    if shown:
        console.print(_devices(shown, report.now, whole=name is not None))
        console.print()
    for look in _looks(shown):
        console.print(look)
    if name is None:
        for line in _summary(report, len(shown)):
            console.print(line)


def _worth_showing(devices: Sequence[DeviceLine], *, everything: bool) -> Sequence[DeviceLine]:
    if everything or len(devices) <= MOST_DEVICES:
        return devices
    troubled = [device for device in devices if device.trouble]
    return sorted(troubled, key=lambda device: -(device.lag or 0))[:MOST_DEVICES]


def _engines(engines: Sequence[EngineLine]) -> Table:
    table = _table("#", "Engine<60", "Started (UTC)", "Heartbeat", "", ">Devices")
    for engine in engines:
        table.add_row(
            str(engine.id),
            _cell(f"{engine.host}:{engine.pid}"),
            f"{engine.started_at:%d %b %H:%M}",
            f"{duration(engine.heartbeat_age)} ago",
            Text("alive", GOOD) if engine.alive else Text("dead", BAD),
            f"{engine.devices:,}",
        )
    return table


def _devices(devices: Sequence[DeviceLine], now: datetime, *, whole: bool) -> Table:
    """`whole`: one device was asked for, so no name is cut short."""
    short = ("Team<12", "Device<18", "State<20", "Engine<6")
    names = [column.partition("<")[0] for column in short] if whole else short
    table = _table("", *names, ">Due", ">Later", ">Lag", ">Next")
    for device in devices:
        table.add_row(
            Text("!" if device.trouble else "", BAD),
            _cell(device.workspace),
            _cell(device.name),
            Text(_state(device), FAINT if _held(device) else GOOD if device.state.may_send else BAD),
            f"#{device.engine_id}" if device.engine_id is not None else "–",
            f"{device.due:,}",
            f"{device.later:,}",
            duration(device.lag) if device.lag is not None else "–",
            _next(device, now),
        )
    return table


def _summary(report: FleetReport, shown: int) -> list[str]:
    totals = report.totals
    troubled = sum(device.trouble is not None for device in report.devices)
    count = len(report.devices)
    devices = (
        f"{count:,} device{'' if count == 1 else 's'}, {troubled:,} need{'s' if troubled == 1 else ''} a look"
    )
    if shown < count:
        devices += f"; {shown:,} shown, `--all` shows every one"
    lag = f"oldest {duration(totals.lag)} late" if totals.lag is not None else "nothing is late"
    speed = "" if report.clock_speed == 1 else f", clock ×{report.clock_speed:g} (lag is business time)"
    queue = f"queue: {totals.due:,} due, {totals.later:,} later, {totals.processing:,} on the way; {lag}{speed}"
    sent = f"sent: {totals.sent_this_hour:,} this hour, {totals.sent_today:,} today"
    return [devices, queue, f"{sent}; not sure it arrived: {totals.unknown:,}"]


def _table(*columns: str) -> Table:
    """Lay out columns; `>` begins one of numbers, which are never cut, and `<` ends one cut at so many letters."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True
    )
    for column in columns:
        name, _, longest = column.partition("<")
        table.add_column(
            name.removeprefix(">"),
            justify="right" if name.startswith(">") else "left",
            no_wrap=bool(longest) or name.startswith(">"),
            overflow="ellipsis" if longest else "fold",
            max_width=int(longest) if longest else None,
        )
    return table


def _cell(typed: str) -> str:
    """What somebody typed, without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in typed)


def _held(device: DeviceLine) -> bool:
    return device.paused or device.stopped


def _state(device: DeviceLine) -> str:
    words = [device.state.replace("_", " ")]
    if device.stopped:
        words.append("all stopped")
    elif device.paused:
        words.append("paused")
    return ", ".join(words)


def _next(device: DeviceLine, now: datetime) -> str:
    if device.sending:
        return "sending"
    if device.next_send_at is None:
        return "–"
    ahead = (device.next_send_at - now).total_seconds()
    return f"in {duration(ahead)}" if ahead >= 1 else "now"


def _looks(devices: Sequence[DeviceLine]) -> list[Text]:
    """What to look at, a line for each kind of trouble: an error's words do not fit into a table."""
    groups: dict[str, list[str]] = defaultdict(list)
    for device in devices:
        if device.trouble:
            words = f"{device.trouble}: {device.last_error}" if device.last_error else device.trouble
            groups[words].append(f"{device.name} ({device.workspace})")
    lines = []
    for words, names in groups.items():
        more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
        lines.append(Text(_cell(f"! {', '.join(names[:MOST_NAMES])}{more}: {words}"), BAD))
    return lines


def duration(seconds: float) -> str:
    """At most two units: 45s, 12m 5s, 3h 20m, 2d 4h."""
    left = int(max(timedelta(0), timedelta(seconds=seconds)).total_seconds())
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount}{unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0s"
