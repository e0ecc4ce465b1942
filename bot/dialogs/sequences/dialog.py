"""Sequences: the tabs, one card each, who is in it, and the questions for a new one."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import (
    Button,
    Cancel,
    Column,
    Multiselect,
    Next,
    Row,
    ScrollingGroup,
    Select,
    Start,
    SwitchTo,
)
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts.states import Contacts
from bot.dialogs.devices.states import Devices
from bot.dialogs.navigation import back_and_home, choices, home
from bot.dialogs.sequences import getters, handlers
from bot.dialogs.sequences.states import NewSequence, Sequences

LIST = """\
<b>Sequences · {{ tab_name }}</b>
{% for sequence in sequences %}

<b>{{ sequence.name }}</b>
{{ sequence.steps|counted("message") }} · {{ sequence.contacts|people }}\
{% if sequence.completed %} · {{ "{:,}".format(sequence.completed) }} finished{% endif %}\
{% if sequence.niche %} · {{ sequence.niche }}{% endif %}

{% else %}

{% if is_active_tab %}
Nothing is running. Make a sequence with “+ New”, or start one of your drafts.
{% else %}
Nothing here.
{% endif %}
{% endfor %}"""

CARD = """\
<b>{{ card.name }}</b>  {{ badge }}
{% if stopped %}
⛔ Everything is stopped; resume at Home.
{% endif %}
👥 {{ card.contacts|people }}{% if people %} · {{ people }}{% endif %}

📱 {{ card.devices|map(attribute=1)|join(", ") or "no device" }}\
{% if card.niche %} · 🏷 {{ card.niche }}{% endif %}\
{% if card.skip_weekends %} · skips days of rest{% endif %}

{% if next_due %}
Next message: {{ next_due }}
{% endif %}
{% for step in steps %}

<b>{{ step.header }}</b> <i>joined now: {{ step.date }}</i>
{{ step.html|safe }}
{% if step.results.planned %}
✓ {{ step.results.sent }} sent\
{% if step.results.queued %} · {{ step.results.queued }} queued{% endif %}\
{% if step.results.failed %} · {{ step.results.failed }} failed{% endif %}\
{% if step.results.skipped %} · {{ step.results.skipped }} skipped{% endif %}\
{% if step.results.unknown %} · {{ step.results.unknown }} not sure{% endif %}

{% endif %}
{% else %}

It has no messages yet. Write them with “Messages”.
{% endfor %}
{% if more %}

… and {{ more|counted("more message") }}.
{% endif %}"""

PEOPLE = """\
<b>{{ card.name }}</b> · {{ card.contacts|people }}
{% if no_contacts %}

You have no contacts yet. Drop a CSV file into this chat to import some.
{% else %}

Who is to join? People without permission, opted out or in it already are left out, and you are told how many.
{% endif %}"""

devices_multiselect = ScrollingGroup(
    Column(
        Multiselect(
            Format("✓ {item[0]}"),
            Format("{item[0]}"),
            id="devices",
            item_id_getter=lambda item: item[1],
            items="devices",
            type_factory=int,
        )
    ),
    id="device_pages",
    width=1,
    height=8,
    hide_on_single_page=True,
)

sequences = Dialog(
    Window(
        Jinja(LIST),
        Row(
            Select(
                Format("{item[0]}"),
                id="tab",
                item_id_getter=lambda item: item[1],
                items="tabs",
                on_click=handlers.choose_tab,
            )
        ),
        choices("open", items="labels", on_click=handlers.open_card),
        Start(Const("+ New"), id="new", state=NewSequence.name),
        back_and_home(),
        state=Sequences.list,
        getter=getters.get_list,
    ),
    Window(
        Jinja(CARD),
        LinkPreview(is_disabled=True),
        Row(
            Button(Const("⏸ Pause"), id="pause", on_click=handlers.pause, when="active"),
            Button(Format("{start_label}"), id="start", on_click=handlers.start, when="startable"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Sequences.card),
        ),
        Row(
            Button(Const("✉️ Messages"), id="messages", on_click=handlers.edit_messages, when="editable"),
            SwitchTo(Const("👥 Add people"), id="people", state=Sequences.people, when="editable"),
        ),
        Row(
            SwitchTo(
                Const("⚙️ Settings"),
                id="settings",
                state=Sequences.settings,
                on_click=handlers.open_settings,
                when="editable",
            ),
            SwitchTo(Const("🗑 Delete"), id="delete", state=Sequences.delete, when="editable"),
        ),
        back_and_home(Sequences.list),
        state=Sequences.card,
        getter=getters.get_card,
    ),
    Window(
        Jinja(PEOPLE),
        choices("list", items="lists", on_click=handlers.join_list, label="📋 {item[0]}"),
        Button(
            Format("🏷 Everyone interested in {niche}"), id="niche", on_click=handlers.join_niche, when="has_niche"
        ),
        Button(
            Format("👥 Everyone · {everyone}"),
            id="all",
            on_click=handlers.join_everyone,
            when="has_contacts",
        ),
        Start(Const("Import contacts"), id="import", state=Contacts.main, when="no_contacts"),
        back_and_home(Sequences.card),
        state=Sequences.people,
        getter=getters.get_people,
    ),
    Window(
        Jinja(
            "<b>Delete “{{ card.name }}”?</b>\n\n"
            "{% if deletable %}Nobody has ever joined it, so it goes for good."
            "{% else %}It has, or had, {{ card.contacts|people }} in it, so it moves to the archive for good: "
            "who is on their way gets nothing more, and its history is kept.{% endif %}"
        ),
        Row(
            Button(Const("🗑 Delete"), id="delete", on_click=handlers.delete),
            SwitchTo(Const("Keep it"), id="keep", state=Sequences.card),
        ),
        state=Sequences.delete,
        getter=getters.get_card,
    ),
    Window(
        Jinja(
            "<b>{{ card.name }}</b> · settings\n\nTime zone {{ card.time_zone }}, default time "
            "{{ card.default_time.strftime('%H:%M') }}.\n"
            "{% if card.skip_weekends %}Days of rest are skipped: joined on Friday, Day 2 is Monday."
            "{% else %}It sends on every day of the week.{% endif %}\n\nWhich devices send to those who join?"
        ),
        Button(Const("Send on every day"), id="every_day", on_click=handlers.set_weekends, when="skips"),
        Button(Const("Skip days of rest"), id="skip", on_click=handlers.set_weekends, when="sends_daily"),
        devices_multiselect,
        Button(Const("Save devices"), id="save", on_click=handlers.save_devices),
        back_and_home(Sequences.card),
        state=Sequences.settings,
        getter=(getters.get_card, getters.get_devices),
    ),
    on_start=handlers.on_start,
    on_process_result=handlers.on_created,
)

new_sequence = Dialog(
    Window(
        Const(
            "<b>New sequence</b> · 1 of 4\n\n"
            "What is it called? Only you see the name. Type it, for example “Welcome week”; the messages come "
            "after these four questions."
        ),
        TextInput(id="name", on_success=handlers.take_name),
        Row(Cancel(Const("‹ Back")), home()),
        state=NewSequence.name,
    ),
    Window(
        Jinja(
            "<b>{{ name }}</b> · 2 of 4\n\n{% if has_devices %}Which devices send it? Tap one or more. "
            "Everybody keeps the device of their first message.{% else %}"
            "There is no device yet. Add one first; then come back here.{% endif %}"
        ),
        devices_multiselect,
        Button(Const("Continue ›"), id="continue", on_click=handlers.take_devices, when="has_devices"),
        Start(Const("+ Add a device"), id="add", state=Devices.add, when="no_devices"),
        back_and_home(NewSequence.name),
        state=NewSequence.device,
        getter=getters.get_devices,
    ),
    Window(
        Jinja("<b>{{ name }}</b> · 3 of 4\n\nWhich interest is it for? Tap one, type one, or leave it out."),
        TextInput(id="niche", on_success=handlers.take_niche),
        choices("choose", items="niches", on_click=handlers.choose_niche, label="🏷 {item[0]}"),
        Next(Const("No particular interest ›"), id="none"),
        back_and_home(NewSequence.device),
        state=NewSequence.niche,
        getter=(getters.get_devices, getters.get_niches),
    ),
    Window(
        Jinja(
            "<b>{{ name }}</b> · 4 of 4\n\nShould it skip your days of rest (Saturday and Sunday unless you set "
            "others)? Who joins on a Friday then gets Day 2 on Monday."
        ),
        Row(
            Button(Const("Skip them"), id="skip", on_click=handlers.create),
            Button(Const("Send on every day"), id="every_day", on_click=handlers.create),
        ),
        back_and_home(NewSequence.niche),
        state=NewSequence.weekends,
        getter=getters.get_devices,
    ),
    on_process_result=handlers.on_device_added,
)

dialogs = (sequences, new_sequence)
