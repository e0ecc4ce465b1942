"""The people of one sequence: where each is, what is next, who is paused and why, and what failed."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home, question, tabs
from bot.dialogs.people import handlers
from bot.dialogs.people.getters import get_people
from bot.dialogs.people.states import People

LIST = """\
<b>{{ sequence }}</b> · {{ tab_name }}{% if search %} · “{{ search }}”{% endif %}\
{% if page %} · page {{ page + 1 }}{% endif %}

{% if draft %}

It has not been started. Everybody begins when it is.
{% elif held %}

⏸ The sequence is paused: nobody gets anything until it is resumed.
{% endif %}

{% for person in people %}
<b>{{ person.name }}</b>{% if person.told %} · {{ person.told }}{% endif %}

{% else %}
{{ empty }}
{% endfor %}

Type a part of a name or number to find somebody; tap one to see why and to act."""

REPLIED = """\
<b>Resume everybody of “{{ sequence }}” who replied?</b>

Each goes on where they stopped. What has become too late meanwhile follows the sequence's rule for late \
messages. Who was paused by hand stays paused."""

dialog = Dialog(
    Window(
        Jinja(LIST),
        LinkPreview(is_disabled=True),
        tabs(handlers.choose_tab, width=3),
        Group(
            Select(
                Format("{item[0]}"),
                id="person",
                item_id_getter=lambda item: item[1],
                items="labels",
                type_factory=int,
                on_click=handlers.open_person,
            ),
            width=2,
        ),
        Row(
            Button(Const("‹ Before"), id="newer", on_click=handlers.newer, when="newer"),
            Button(Const("More ›"), id="older", on_click=handlers.older, when="older"),
        ),
        TextInput(id="search", on_success=handlers.search),
        Row(
            Button(Const("✕ Show all"), id="all", on_click=handlers.show_all, when="searching"),
            SwitchTo(Const("▶️ Resume all who replied"), id="replied", state=People.resume_replied, when="replied"),
            Button(Const("＋ Add people"), id="add", on_click=handlers.add_people, when="addable"),
        ),
        back_and_home(),
        state=People.list,
        getter=get_people,
    ),
    question(
        REPLIED,
        Button(Const("▶️ Resume them"), id="resume", on_click=handlers.resume_replied),
        "Keep paused",
        state=People.resume_replied,
        back=People.list,
        getter=get_people,
    ),
)
