"""The builder: a sequence's messages, pasted in one go or added one by one, with the dates they fall on."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.builder import getters, handlers
from bot.dialogs.builder.states import Builder
from bot.dialogs.launch.handlers import leave_when_launched, open_review
from bot.dialogs.navigation import back_and_home, choices, home
from bot.dialogs.rehearsal.getters import get_gaps
from bot.dialogs.rehearsal.handlers import rehearse_all, rehearse_step

PLAN = """\
<b>{{ card.name }}</b> · messages
{% if has_steps %}
<i>joined now: {{ dates }}</i>
{% for step in steps %}

<b>{{ loop.index }}. {{ step.header }}</b>  <i>{{ step.date }}</i>
{{ step.html|safe }}
{% endfor %}
{% if more %}

… and {{ more }} more.
{% endif %}
{% if notice %}

{{ notice }}
{% endif %}
{% for gap in gaps %}

⚠️ {{ gap }}
{% endfor %}

<i>Type or paste more to add it; a day without a time goes at {{ card.default_time.strftime("%H:%M") }}.</i>
{% else %}

Paste the whole plan, or type it message by message:

<code>Day 1 09:00
Hi {{ "{{ name | default('there') }}" }}, welcome!
Day 2
Here is the price list.
D4 2.30pm
Shall we call you?</code>

A photo, video or file carries its day in the caption.
{% endif %}
{% if running %}
⚠️ It is running: changes reach everybody who has not had the message yet.
{% endif %}"""

STEP = """\
<b>{{ step.header }}</b>  <i>joined now: {{ date }}</i>

{{ shown|safe }}
{% if waiting %}

Waiting for it right now: {{ waiting|people }}.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(PLAN),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.take_message, content_types=[ContentType.ANY]),
        choices("open", items="buttons", on_click=handlers.open_step, width=2),
        Row(
            SwitchTo(Const("+ Add by buttons"), id="add", state=Builder.add_day),
            Button(Const("👁 Preview all"), id="preview", on_click=handlers.preview_all, when="has_steps"),
        ),
        Button(Const("🧪 Test all to me"), id="test", on_click=rehearse_all, when="has_steps"),
        Row(
            Button(Const("⇩ Export as text"), id="export", on_click=handlers.export, when="has_steps"),
            Button(Const("▶️ Start it"), id="start", on_click=open_review, when="startable"),
        ),
        Row(Cancel(Const("‹ Done")), home()),
        state=Builder.plan,
        getter=(getters.get_plan, get_gaps),
    ),
    Window(
        Jinja(STEP),
        LinkPreview(is_disabled=True),
        Row(
            SwitchTo(Const("✏️ Text"), id="text", state=Builder.text),
            SwitchTo(Const("🕘 Day and time"), id="time", state=Builder.time),
        ),
        Row(
            Button(Const("👁 Preview"), id="preview", on_click=handlers.preview),
            Button(Const("🧪 Test"), id="test", on_click=rehearse_step),
            SwitchTo(Const("🗑 Remove"), id="remove", state=Builder.remove),
        ),
        back_and_home(Builder.plan),
        state=Builder.step,
        getter=getters.get_step,
    ),
    Window(
        Jinja("<b>{{ step.header }}</b>\n\nType the new text. It reaches everybody who has not had it yet."),
        MessageInput(handlers.change_text, content_types=[ContentType.TEXT]),
        back_and_home(Builder.step),
        state=Builder.text,
        getter=getters.get_step,
    ),
    Window(
        Jinja(
            "<b>{{ step.header }}</b>\n\nWhen is it to go out? Type a time such as <code>14:30</code>, or "
            "<code>Day 3 2.30pm</code>; a day alone keeps the time. In this sequence: {{ card.contacts|people }}; "
            "who waits for this message waits for its new time."
        ),
        TextInput(id="time", on_success=handlers.change_time),
        back_and_home(Builder.step),
        state=Builder.time,
        getter=getters.get_step,
    ),
    Window(
        Jinja("<b>Remove {{ step.header }}?</b>\n\nWho is waiting for it waits for the next message instead."),
        Row(
            Button(Const("🗑 Remove"), id="remove", on_click=handlers.remove),
            SwitchTo(Const("Keep it"), id="keep", state=Builder.step),
        ),
        state=Builder.remove,
        getter=getters.get_step,
    ),
    Window(
        Const("<b>New message</b>\n\nOn which day after joining? Day 1 is the day of joining. Or type a number."),
        TextInput(id="day", on_success=handlers.type_day),
        choices("days", items="days", on_click=handlers.choose_day, width=2),
        back_and_home(Builder.plan),
        state=Builder.add_day,
        getter=getters.get_days,
    ),
    Window(
        Format("<b>Day {day}</b>\n\nAt what time? Tap one, or type one such as 14:30."),
        TextInput(id="time", on_success=handlers.type_time),
        Group(
            Select(
                Format("{item}"),
                id="times",
                item_id_getter=str,
                items="times",
                on_click=handlers.choose_time,
            ),
            width=3,
        ),
        Button(Const("Right after joining"), id="joining", on_click=handlers.choose_joining, when="first_day"),
        back_and_home(Builder.add_day),
        state=Builder.add_time,
        getter=getters.get_new,
    ),
    Window(
        Format(
            "<b>Day {day}, {time}</b>\n\nNow send what it says: text, a photo, a video or a file with its text."
        ),
        MessageInput(handlers.add, content_types=[ContentType.ANY]),
        back_and_home(Builder.add_time),
        state=Builder.add_content,
        getter=getters.get_new,
    ),
    on_process_result=leave_when_launched,
)
