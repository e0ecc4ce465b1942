"""The builder: a sequence's messages, pasted in one go or added one by one, with the dates they fall on."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.builder import adding, getters, handlers, texts
from bot.dialogs.builder.states import Builder
from bot.dialogs.launch.handlers import leave_when_launched, start_or_review
from bot.dialogs.navigation import back_and_home, choices, home, question
from bot.dialogs.rehearsal.getters import get_gaps
from bot.dialogs.rehearsal.handlers import rehearse_all, rehearse_step

PLAN = """\
<b>{{ card.name }}</b> · messages
{% if has_steps %}
<i>joined today: {{ dates }}</i>
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

<i>Type or paste more to add it; a day without a time goes at {{ card.default_time.strftime("%H:%M") }}. Edit a \
message of yours above, and it changes here.</i>
{% else %}

Paste the whole plan, or type it message by message:

<code>Day 1 09:00
Hi {{ "{{ name | default('there') }}" }}, welcome!
Day 2
Here is the price list.
D4 2.30pm
Shall we call you?</code>

A photo, video or file carries its day in the caption. Hari 2 9 pagi is understood as well.
{% if notice %}

{{ notice }}
{% endif %}
{% endif %}
{% if begun %}
⚠️ It has begun: before a change is saved, you see what it does to whom.
{% endif %}"""

STEP = """\
<b>{{ step.header }}</b>  <i>joined today: {{ date }}</i>

{{ shown|safe }}
{% if waiting %}

In the queue right now: {{ waiting|people }}.
{% endif %}
{% if notice %}

{{ notice }}
{% endif %}"""

REVIEW = """\
{% if crossed %}
<b>Somebody was here before you</b>
{% for one in meanwhile %}
· {{ one }}
{% else %}
It was changed since you looked.
{% endfor %}
{% if possible %}

Your change, as things are now:
{% endif %}
{% else %}
<b>Save this?</b>
{% endif %}
{% if possible %}

{{ changes|safe }}
{% if nobody %}

Nobody is in it whom this could touch.
{% elif total %}

In all, {{ total }} will wait for something else, or for another time.
{% endif %}
{% elif wrong %}

⚠️ {{ wrong }}
{% else %}

By now it is as you want it: there is nothing to save.
{% endif %}
{% if typed %}

What you typed:
<code>{{ typed }}</code>
{% endif %}"""

REPLACE = """\
<b>{{ card.name }}</b> · the plan as text

Paste the changed text here to replace the plan, or drop it as a .txt file. You see the difference before \
anything is saved.

<i>A message that keeps its text or its time stays the same one: who had it does not get it again. A line such as \
[photo: send it with this caption] keeps the file.</i>"""

dialog = Dialog(
    Window(
        Jinja(PLAN),
        LinkPreview(is_disabled=True),
        MessageInput(texts.take_message, content_types=[ContentType.ANY]),
        choices("open", items="buttons", on_click=handlers.open_step, width=2),
        Row(
            SwitchTo(Const("+ Add by buttons"), id="add", state=Builder.add_day),
            Button(Const("👁 Preview all"), id="preview", on_click=handlers.preview_all, when="has_steps"),
        ),
        Button(Const("🧪 Test all to me"), id="test", on_click=rehearse_all, when="has_steps"),
        Row(
            Button(Const("⇩ Export as text"), id="export", on_click=texts.export, when="has_steps"),
            SwitchTo(Const("⇄ Replace by text"), id="replace", state=Builder.replace, when="has_steps"),
        ),
        Button(Const("▶️ Start"), id="start", on_click=start_or_review, when="startable"),
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
            Button(Const("↑ Up"), id="up", on_click=handlers.swap, when="can_go_up"),
            Button(Const("↓ Down"), id="down", on_click=handlers.swap, when="can_go_down"),
        ),
        Row(
            SwitchTo(Const("⧉ Copy"), id="copy", state=Builder.copy),
            Button(Const("👁 Preview"), id="preview", on_click=handlers.preview),
            Button(Const("🧪 Test"), id="test", on_click=rehearse_step),
            Button(Const("🗑 Remove"), id="ask_remove", on_click=handlers.ask_to_remove),
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
        getter=getters.get_message,
    ),
    Window(
        Jinja(
            "<b>{{ step.header }}</b>\n\nWhen is it to go out? Type a time such as <code>14:30</code>, or "
            "<code>Day 3 2.30pm</code>; a day alone keeps the time. Who waits for this message waits for its new "
            "time."
        ),
        TextInput(id="time", on_success=handlers.change_time),
        back_and_home(Builder.step),
        state=Builder.time,
        getter=getters.get_message,
    ),
    Window(
        Jinja(
            "<b>A copy of {{ step.header }}</b>\n\nWhen is the copy to go out? {% if free %}Tap the next free "
            "day, or type{% else %}Type{% endif %} a time such as <code>14:30</code> or <code>Day 3 2.30pm</code>."
        ),
        TextInput(id="copy_time", on_success=handlers.copy_to),
        Button(Format("{free}"), id="free", on_click=handlers.copy_to_free_day, when="free"),
        back_and_home(Builder.step),
        state=Builder.copy,
        getter=getters.get_message,
    ),
    question(
        "<b>Remove {{ step.header }}?</b>\n\n{{ shown|safe }}",
        Button(Const("🗑 Remove"), id="remove", on_click=handlers.remove),
        "Keep it",
        state=Builder.remove,
        back=Builder.step,
        getter=getters.get_message,
    ),
    Window(
        Jinja(REPLACE),
        MessageInput(texts.replace_plan, content_types=[ContentType.TEXT, ContentType.DOCUMENT]),
        Button(Const("⇩ Export as text"), id="export", on_click=texts.export),
        back_and_home(Builder.plan),
        state=Builder.replace,
        getter=getters.get_card,
    ),
    Window(
        Jinja(REVIEW),
        LinkPreview(is_disabled=True),
        MessageInput(texts.take_more, content_types=[ContentType.ANY]),
        Row(
            Button(Format("{save}"), id="save", on_click=handlers.save_pending, when="possible"),
            Button(Const("Leave it"), id="leave", on_click=handlers.leave_pending),
        ),
        home(),
        state=Builder.review,
        getter=getters.get_review,
    ),
    Window(
        Const("<b>New message</b>\n\nOn which day after joining? Day 1 is the day of joining. Or type a number."),
        TextInput(id="day", on_success=adding.type_day),
        choices("days", items="days", on_click=adding.choose_day, width=2),
        back_and_home(Builder.plan),
        state=Builder.add_day,
        getter=getters.get_days,
    ),
    Window(
        Format("<b>Day {day}</b>\n\nAt what time? Tap one, or type one such as 14:30."),
        TextInput(id="time", on_success=adding.type_time),
        Group(
            Select(
                Format("{item}"),
                id="times",
                item_id_getter=str,
                items="times",
                on_click=adding.choose_time,
            ),
            width=3,
        ),
        Button(Const("Right after joining"), id="joining", on_click=adding.choose_joining, when="first_day"),
        back_and_home(Builder.add_day),
        state=Builder.add_time,
        getter=getters.get_new,
    ),
    Window(
        Format(
            "<b>Day {day}, {time}</b>\n\nNow send what it says: text, a photo, a video or a file with its text."
        ),
        MessageInput(adding.add, content_types=[ContentType.ANY]),
        back_and_home(Builder.add_time),
        state=Builder.add_content,
        getter=getters.get_new,
    ),
    on_start=handlers.on_start,
    on_process_result=leave_when_launched,
)
