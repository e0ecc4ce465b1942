"""What people have written back and nobody has answered: one tap, and one message, answers each."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.replies import handlers
from bot.dialogs.replies.getters import get_card, get_list
from bot.dialogs.replies.states import Replies

LIST = """\
<b>Replies</b>

{% if count %}
{{ "{:,}".format(count) }} {{ "waits" if count == 1 else "wait" }} for an answer. Tap one to read it.
{% else %}
None waits for an answer. What people write back is here until somebody answers it: here, by replying to its \
post in the alerts group, or on the device's phone.
{% endif %}"""

CARD = """\
<b>{{ reply.who }}</b>{% if reply.name and reply.phone %} · {{ reply.phone }}{% endif %}


{{ when }} to {{ reply.device }}{% if not reply.is_open %} · answered{% endif %}


{% if reply.attached %}
📎 <i>{{ reply.attached }}</i>
{% endif %}
{% if reply.body %}
{{ body }}
{% endif %}
{% if answers %}

↩︎ to “{{ answers }}”
{% endif %}
{% if not contact %}

Answer on the phone of {{ reply.device }}: this number cannot be written to from here.
{% endif %}"""

ANSWER = """\
<b>Answer {{ reply.who }}</b>

“{{ words }}”

Type your answer, or send a photo, a video, an audio or any other file. It goes out of {{ reply.device }} at \
once."""

dialog = Dialog(
    Window(
        Jinja(LIST),
        choices("open", items="labels", on_click=handlers.open_card),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=Replies.list),
        back_and_home(),
        state=Replies.list,
        getter=get_list,
    ),
    Window(
        Jinja(CARD),
        LinkPreview(is_disabled=True),
        Row(
            SwitchTo(Const("✏️ Answer"), id="ask_answer", state=Replies.answer, when="contact"),
            Button(Const("👤 Open contact"), id="person", on_click=handlers.open_person, when="contact"),
        ),
        Button(Const("✓ Done"), id="done", on_click=handlers.done, when="waits"),
        back_and_home(Replies.list),
        state=Replies.card,
        getter=get_card,
    ),
    Window(
        Jinja(ANSWER),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.answer),
        back_and_home(Replies.card),
        state=Replies.answer,
        getter=get_card,
    ),
)
