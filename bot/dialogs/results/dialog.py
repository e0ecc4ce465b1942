"""What became of a sequence's messages: in numbers and as a picture."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home
from bot.dialogs.results import getters, handlers
from bot.dialogs.results.states import Results

RESULTS = """\
<b>{{ results.name }}</b> · results
{% if steps %}

<b>All messages</b>
{{ total|safe }}

{% for step in steps %}
<b>{{ step.number }} {{ step.header }}</b>{% if step.removed %} <i>(removed)</i>{% endif %}

{{ step.lines|safe }}

{% endfor %}
{% if running %}
Due in the next hour: {{ next_hour }}
In the next 24 hours: {{ next_day }}
{% endif %}
<i>{% if paged %}{{ shown }} of {{ count }} · {% endif %}as of {{ now }}</i>
{% else %}

It has no messages yet. Write them with “Messages” on its card.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(RESULTS),
        Row(
            Button(Const("‹ Earlier"), id="earlier", on_click=handlers.turn_back, when="has_earlier"),
            Button(Const("Later ›"), id="later", on_click=handlers.turn_on, when="has_later"),
            when="paged",
        ),
        Row(
            Button(Const("🖼 Picture"), id="picture", on_click=handlers.send_picture, when="has_steps"),
            Button(Const("⇩ CSV"), id="csv", on_click=handlers.send_csv, when="has_steps"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Results.steps),
        ),
        back_and_home(),
        state=Results.steps,
        getter=getters.get_results,
    ),
)
