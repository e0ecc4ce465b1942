"""One person: who they are, where in which sequence, what is next and why not, and what can be done about it."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices, question
from bot.dialogs.person import getters, handlers, texts
from bot.dialogs.person.states import Person

dialog = Dialog(
    Window(
        Jinja(texts.CARD),
        LinkPreview(is_disabled=True),
        choices("run", items="labels", on_click=handlers.open_run),
        Row(
            SwitchTo(Const("➕ Add to a sequence"), id="add", state=Person.add, when="may_opt_out"),
            Button(Const("📜 History"), id="history", on_click=handlers.open_history),
        ),
        Row(
            SwitchTo(Const("🕓 Time zone"), id="zone", state=Person.zone),
            SwitchTo(Const("🤝 Customer"), id="customer", state=Person.customer),
        ),
        Row(
            Button(Const("✏️ Edit"), id="edit", on_click=handlers.open_edit),
            SwitchTo(Const("🚫 Opt out"), id="ask_opt_out", state=Person.opt_out, when="may_opt_out"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Person.card),
        ),
        back_and_home(),
        state=Person.card,
        getter=getters.get_card,
    ),
    Window(
        Jinja(texts.RUN),
        LinkPreview(is_disabled=True),
        Row(
            Button(Const("⏸ Pause"), id="pause", on_click=handlers.pause, when="active"),
            Button(Const("▶️ Resume"), id="ask_resume", on_click=handlers.ask_resume, when="paused"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Person.run),
        ),
        Row(
            SwitchTo(Const("↪️ Move to…"), id="ask_move", state=Person.move, when="movable"),
            SwitchTo(Const("✖️ Remove"), id="ask_remove", state=Person.remove, when="open"),
        ),
        back_and_home(Person.card),
        state=Person.run,
        getter=getters.get_run,
    ),
    question(
        texts.RESUME,
        Button(Const("▶️ Resume"), id="resume", on_click=handlers.resume),
        "Keep paused",
        state=Person.resume,
        back=Person.run,
        getter=getters.get_words,
    ),
    question(
        texts.REMOVE,
        Button(Const("✖️ Remove"), id="remove", on_click=handlers.remove),
        "Keep them",
        state=Person.remove,
        back=Person.run,
        getter=getters.get_run,
    ),
    Window(
        Jinja(texts.MOVE),
        choices("step", items="labels", on_click=handlers.ask_move),
        back_and_home(Person.run),
        state=Person.move,
        getter=getters.get_targets,
    ),
    question(
        texts.CONFIRM_MOVE,
        Button(Const("↪️ Move"), id="move", on_click=handlers.move, when="moves"),
        "Leave as it is",
        state=Person.confirm_move,
        back=Person.run,
        getter=getters.get_words,
    ),
    Window(
        Jinja(texts.HISTORY),
        LinkPreview(is_disabled=True),
        Row(
            Button(Const("‹ Newer"), id="newer", on_click=handlers.newer, when="newer"),
            Button(Const("Older ›"), id="older", on_click=handlers.older, when="older"),
        ),
        back_and_home(Person.card),
        state=Person.history,
        getter=getters.get_history,
    ),
    Window(
        Jinja(texts.ADD),
        choices("sequence", items="labels", on_click=handlers.join),
        back_and_home(Person.card),
        state=Person.add,
        getter=(getters.get_person, getters.get_sequences),
    ),
    Window(
        Jinja(texts.ZONE),
        TextInput(id="typed", on_success=handlers.type_zone),
        Button(Const("Not known"), id="forget", on_click=handlers.forget_zone, when="zone_known"),
        back_and_home(Person.card),
        state=Person.zone,
        getter=getters.get_person,
    ),
    Window(
        Jinja(texts.CUSTOMER),
        choices("niche", items="niches", on_click=handlers.customer_of, label="🏷 {item[0]}"),
        Row(
            Button(Const("🤝 Everything"), id="all", on_click=handlers.customer_of_all),
            SwitchTo(Const("No"), id="keep", state=Person.card),
        ),
        back_and_home(Person.card),
        state=Person.customer,
        getter=getters.get_interests,
    ),
    question(
        texts.OPT_OUT,
        Button(Const("🚫 Opt out"), id="opt_out", on_click=handlers.opt_out),
        "Keep them",
        state=Person.opt_out,
        back=Person.card,
        getter=getters.get_person,
    ),
    on_process_result=handlers.on_result,
)
