"""A sequence's settings: one screen that says how it is, and one for each thing that can be set."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.sequence_settings import getters, handlers
from bot.dialogs.sequence_settings.states import SequenceSettings
from bot.dialogs.sequences.pool import device_ticks, get_devices

MAIN = """\
<b>{{ card.name }}</b> · settings

📅 Days: {{ days }}
⏰ A message that is {{ window }} late {{ late }}
💬 A reply {{ on_reply }}
🔁 Who had it before: {{ again }}
🌐 Time zone: {{ settings.time_zone }}{% if settings.use_contact_time_zone %}, or each contact's own{% endif %}

🕘 Default time: {{ settings.default_time.strftime("%H:%M") }}
🏷 Interest: {{ settings.niche or "none" }}{% if settings.auto_enroll %}; new leads join by themselves{% endif %}

➡️ Afterwards: {{ afterwards }}
📱 Devices: {{ card.devices|map(attribute=1)|list|few or "none" }}"""

DAYS = """\
<b>{{ card.name }}</b> · days

On which days does it send? Skipped days are not counted: with Sat and Sun skipped, who joins on a Friday gets \
Day 2 on Monday. Whoever waits is planned anew."""

LATE = """\
<b>{{ card.name }}</b> · if a message is late

What becomes of a message that could not go out in time, because of a pause, a cap or a device that is away? \
It is late after <b>{{ window }}</b>. Tap another time, or type it, such as 3 h."""

REPLY = """\
<b>{{ card.name }}</b> · when somebody replies

What does a reply do to the messages that are still to come? STOP and the other stop words always end them."""

AGAIN = """\
<b>{{ card.name }}</b> · who had it before

May somebody join once more who has been in it? Tap an answer, or type after how many days. \
“After leaving early” is for those who did not get it to its end."""

ZONE = """\
<b>{{ card.name }}</b> · time zone

It goes by <b>{{ settings.time_zone }}</b>{% if settings.use_contact_time_zone %}, and by each contact's own \
where that is set or their number tells it{% endif %}.

Type a city for another one. It counts for those who join from now on."""

TIME = """\
<b>{{ card.name }}</b> · default time

A message without a time of its own goes out at <b>{{ settings.default_time.strftime("%H:%M") }}</b>. Tap another \
time, or type it. Messages that are there already keep theirs."""

INTEREST = """\
<b>{{ card.name }}</b> · interest

It is for <b>{{ settings.niche or "no particular interest" }}</b>. Tap another one, or type it.
{% if has_niche %}

Whoever an import brings in with this interest can join by themselves. Who has it already joins with “Add people”.
{% endif %}"""

AFTERWARDS = """\
<b>{{ card.name }}</b> · afterwards

Who has had all of its messages: <b>{{ afterwards }}</b>.
{% if others %}

Tap the sequence that they are to go on to. They join it by its own rules.
{% else %}

There is no other sequence yet. Make one with “+ New” under Sequences.
{% endif %}"""

DEVICES = """\
<b>{{ card.name }}</b> · devices

Which devices send to those who join? Who is in it already keeps their device."""


def _options(name: str, width: int = 1) -> Group:
    """Make the buttons of one group of wording.OPTIONS."""
    buttons = Select(
        Format("{item[0]}"),
        id=name,
        item_id_getter=lambda item: item[1],
        items=f"{name}_options",
        type_factory=int,
        on_click=handlers.choose,
    )
    return Group(buttons, width=width)


dialog = Dialog(
    Window(
        Jinja(MAIN),
        Row(
            SwitchTo(Const("📅 Days"), id="to_days", state=SequenceSettings.days),
            SwitchTo(Const("⏰ If late"), id="to_late", state=SequenceSettings.late),
        ),
        Row(
            SwitchTo(Const("💬 On a reply"), id="to_reply", state=SequenceSettings.reply),
            SwitchTo(Const("🔁 Had it before"), id="to_again", state=SequenceSettings.again),
        ),
        Row(
            SwitchTo(Const("🌐 Time zone"), id="to_zone", state=SequenceSettings.zone),
            SwitchTo(Const("🕘 Default time"), id="to_time", state=SequenceSettings.time),
        ),
        Row(
            SwitchTo(Const("🏷 Interest"), id="to_interest", state=SequenceSettings.interest),
            SwitchTo(Const("➡️ Afterwards"), id="to_afterwards", state=SequenceSettings.afterwards),
        ),
        SwitchTo(Const("📱 Devices"), id="to_devices", state=SequenceSettings.devices),
        back_and_home(),
        state=SequenceSettings.main,
    ),
    Window(
        Jinja(DAYS),
        Button(Format("{rest_label}"), id="skip_weekends", on_click=handlers.toggle),
        Button(Format("{holidays_label}"), id="skip_holidays", on_click=handlers.toggle),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.days,
    ),
    Window(
        Jinja(LATE),
        _options("missed"),
        _options("window", width=5),
        TextInput(id="type_window", on_success=handlers.type_window),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.late,
    ),
    Window(
        Jinja(REPLY),
        _options("reply"),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.reply,
    ),
    Window(
        Jinja(AGAIN),
        _options("again"),
        TextInput(id="type_cooldown", on_success=handlers.type_cooldown),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.again,
    ),
    Window(
        Jinja(ZONE),
        Button(
            Format("Your team's: {team_zone}"), id="team", on_click=handlers.take_team_zone, when="is_other_zone"
        ),
        Button(Format("{own_zone_label}"), id="use_contact_time_zone", on_click=handlers.toggle),
        TextInput(id="type_zone", on_success=handlers.type_zone),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.zone,
    ),
    Window(
        Jinja(TIME),
        _options("time", width=3),
        TextInput(id="type_time", on_success=handlers.type_time),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.time,
    ),
    Window(
        Jinja(INTEREST),
        Button(Format("{auto_label}"), id="auto_enroll", on_click=handlers.toggle, when="has_niche"),
        choices("niche", items="niches", on_click=handlers.choose_niche, label="🏷 {item[0]}"),
        Button(Const("No particular interest"), id="none", on_click=handlers.clear_niche, when="has_niche"),
        TextInput(id="type_niche", on_success=handlers.type_niche),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.interest,
        getter=getters.get_niches,
    ),
    Window(
        Jinja(AFTERWARDS),
        choices("next", items="others", on_click=handlers.choose_next, label="➡️ {item[0]}"),
        Button(Const("Nowhere: it ends there"), id="nowhere", on_click=handlers.clear_next),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.afterwards,
        getter=getters.get_others,
    ),
    Window(
        Jinja(DEVICES),
        device_ticks,
        Button(Const("Save devices"), id="save", on_click=handlers.save_devices),
        back_and_home(SequenceSettings.main),
        state=SequenceSettings.devices,
        getter=get_devices,
    ),
    getter=getters.get_settings,
    on_start=handlers.on_start,
)
