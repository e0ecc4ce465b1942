"""What starting or resuming a sequence does, before it does it."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.launch import getters, handlers
from bot.dialogs.launch.states import Launch
from bot.dialogs.navigation import back_and_home
from bot.dialogs.rehearsal.getters import get_gaps

REVIEW = """\
<b>{{ verb }} “{{ name }}”?</b>

{% for line in lines %}
{{ line }}
{% endfor %}
{% if times %}

{% for line in times %}
{{ line }}
{% endfor %}
{% endif %}
{% for problem in problems + gaps %}

⚠️ {{ problem }}
{% endfor %}"""

dialog = Dialog(
    Window(
        Jinja(REVIEW),
        Button(Format("▶️ {verb}"), id="start", on_click=handlers.start, when="stands"),
        SwitchTo(Const("⟳ Look again"), id="refresh", state=Launch.review),
        back_and_home(),
        state=Launch.review,
        getter=(getters.get_review, get_gaps),
    ),
)
