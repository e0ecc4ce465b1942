"""What every screen shares: Back and Home, times as people write them, and text typed by people."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram.fsm.state import State
from aiogram_dialog import DialogManager, ShowMode, StartMode, Window
from aiogram_dialog.widgets.kbd import (
    Cancel,
    Group,
    Keyboard,
    Multiselect,
    Row,
    ScrollingGroup,
    Select,
    Start,
    SwitchTo,
)
from aiogram_dialog.widgets.kbd.select import OnItemClick
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.home.states import Home
from engine.contacts.time_zones import city_of
from engine.errors import DripdeskError

BACK = Const("‹ Back")


def home() -> Keyboard:
    return Start(Const("⌂ Home"), id="home", state=Home.main, mode=StartMode.RESET_STACK)


def back_and_home(to: State | None = None) -> Keyboard:
    """Make the last row of a screen: back to a window of this dialog, or out of the dialog."""
    back = Cancel(BACK) if to is None else SwitchTo(BACK, id="back", state=to)
    return Row(back, home())


def question(
    text: str,
    yes: Keyboard,
    no: str,
    *,
    state: State,
    back: State,
    getter: Callable[..., Awaitable[dict[str, Any]]],
) -> Window:
    """Make a window that asks before something is done; Back is no as well.

    The button that leads here has another id than `yes`: a press is for whatever window stands, so the second of
    two quick ones would answer.
    """
    return Window(
        Jinja(text),
        LinkPreview(is_disabled=True),
        Row(yes, SwitchTo(Const(no), id="keep", state=back)),
        back_and_home(back),
        state=state,
        getter=getter,
    )


def when(instant: datetime, now: datetime, zone: str) -> str:
    """Write an instant in the workspace's time: "today 14:05", "Mon 5 Jan 09:00"."""
    local, today = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    days = (local.date() - today.date()).days
    if days == 0:
        return f"today {local:%H:%M}"
    if days == 1:
        return f"tomorrow {local:%H:%M}"
    if days == -1:
        return f"yesterday {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"


def when_in_both(instant: datetime, now: datetime, zone: str, team_zone: str) -> str:
    """Write it in somebody's time and in the team's: "today 09:00 London = 17:00 Kuala Lumpur"; once if alike."""
    theirs = when(instant, now, zone)
    here, there = (instant.astimezone(ZoneInfo(name)) for name in (team_zone, zone))
    if here.utcoffset() == there.utcoffset():
        return theirs
    ours = f"{here:%H:%M}" if here.date() == there.date() else when(instant, now, team_zone)
    return f"{theirs} {city_of(zone)} = {ours} {city_of(team_zone)}"


def choices(
    id: str,  # noqa: A002 (what the widgets call it)
    *,
    items: str,
    on_click: OnItemClick[Any, int],
    label: str = "{item[0]}",
    width: int = 1,
) -> Keyboard:
    """Make a button for each of `items`, pairs of a label and an id, eight rows on a page."""
    buttons = Select(
        Format(label),
        id=id,
        item_id_getter=lambda item: item[1],
        items=items,
        type_factory=int,
        on_click=on_click,
    )
    return ScrollingGroup(buttons, id=f"{id}_pages", width=width, height=8, hide_on_single_page=True)


def tabs(on_click: OnItemClick[Any, str], *, width: int) -> Keyboard:
    """Make a button for each of the window's `tabs`, pairs of a label and what it stands for."""
    buttons = Select(
        Format("{item[0]}"), id="tab", item_id_getter=lambda item: item[1], items="tabs", on_click=on_click
    )
    return Group(buttons, width=width)


def ticks(items: str) -> Keyboard:
    """Make a button with a tick for each of `items`, pairs of a label and an id; eight on a page."""
    buttons = Multiselect(
        Format("✓ {item[0]}"),
        Format("{item[0]}"),
        id=items,
        item_id_getter=lambda item: item[1],
        items=items,
        type_factory=int,
    )
    return ScrollingGroup(buttons, id=f"{items}_pages", width=1, height=8, hide_on_single_page=True)


def coming(instant: datetime, now: datetime, zone: str) -> str:
    """Write when something goes out; what is due already is waiting its turn."""
    return when(instant, now, zone) if instant > now else "now"


async def replace_with(manager: DialogManager, state: State, data: dict[str, Any]) -> None:
    """Close this menu and open another in its place: Back leads to where this one was opened."""
    await manager.done(show_mode=ShowMode.NO_UPDATE)
    await manager.start(state, data=data, show_mode=ShowMode.AUTO)


async def show_below(manager: DialogManager) -> None:
    """Show the menu below what was just said; Home, if what the menu is about is gone."""
    try:
        await manager.show(ShowMode.DELETE_AND_SEND)
    except DripdeskError:
        show = ShowMode.DELETE_AND_SEND
        await manager.start(Home.main, mode=StartMode.RESET_STACK, show_mode=show)
