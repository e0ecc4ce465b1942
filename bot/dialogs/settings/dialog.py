"""Settings of the team. What the welcome questions asked is asked by the same windows again."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, Start, SwitchTo, Url
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.rehearsal.getters import get_number
from bot.dialogs.rehearsal.states import Rehearsing
from bot.dialogs.settings import handlers, texts
from bot.dialogs.settings.getters import get_digest, get_limits, get_replies, get_settings, get_stop_words
from bot.dialogs.settings.states import Settings
from bot.dialogs.welcome.states import Welcome

CHANGING = {"changing": True}

dialog = Dialog(
    Window(
        Jinja(texts.MAIN),
        Row(
            Start(Const("Country"), id="country", state=Welcome.country, data=CHANGING),
            Start(Const("Time zone"), id="zone", state=Welcome.time_zone, data=CHANGING),
        ),
        Row(
            SwitchTo(Const("Hours & limits"), id="limits", state=Settings.limits),
            SwitchTo(Const("Stop words"), id="words", state=Settings.stop_words),
        ),
        Row(
            Start(Const("My number"), id="number", state=Rehearsing.number),
            SwitchTo(Const("Daily summary"), id="digest", state=Settings.digest),
            SwitchTo(Const("Replies"), id="replies", state=Settings.replies),
        ),
        Url(Const("Add me to a group"), url=Format("{group_link}"), id="add", when="group_link"),
        Button(
            Const("Stop posting alerts there"), id="forget", on_click=handlers.forget_alerts_group, when="bound"
        ),
        back_and_home(),
        state=Settings.main,
        getter=(get_settings, get_number),
    ),
    Window(
        Jinja(texts.LIMITS),
        Group(
            Select(
                Format("{item[0]}"),
                id="most",
                item_id_getter=lambda item: item[1],
                items="caps",
                type_factory=int,
                on_click=handlers.choose_frequency_cap,
            ),
            width=4,
        ),
        Start(Const("🌙 Quiet hours"), id="quiet", state=Welcome.quiet_hours, data=CHANGING),
        back_and_home(Settings.main),
        state=Settings.limits,
        getter=get_limits,
    ),
    Window(
        Jinja(texts.DIGEST),
        Group(
            Select(
                Format("{item[0]}"),
                id="at",
                item_id_getter=lambda item: item[1],
                items="times",
                on_click=handlers.choose_digest,
            ),
            width=4,
        ),
        TextInput(id="type_time", on_success=handlers.type_digest),
        back_and_home(Settings.main),
        state=Settings.digest,
        getter=get_digest,
    ),
    Window(
        Jinja(texts.REPLIES),
        Button(Const("Post them to the group"), id="post", on_click=handlers.post_replies, when="kept"),
        Button(Const("Do not post them"), id="keep", on_click=handlers.keep_replies, when="posted"),
        back_and_home(Settings.main),
        state=Settings.replies,
        getter=get_replies,
    ),
    Window(
        Jinja(texts.STOP_WORDS),
        choices("word", items="labels", on_click=handlers.remove_stop_word, label="✖️ {item[0]}", width=2),
        TextInput(id="type_word", on_success=handlers.add_stop_word),
        back_and_home(Settings.main),
        state=Settings.stop_words,
        getter=get_stop_words,
    ),
)
