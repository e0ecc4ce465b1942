"""Sequences: the tabs, and a card each."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, Start, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.launch.handlers import open_review
from bot.dialogs.navigation import back_and_home, choices, question, tabs
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.sequences import getters, handlers
from bot.dialogs.sequences.states import Sequences

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

📱 {{ card.devices|map(attribute=1)|list|few or "no device" }}\
{% if card.niche %} · 🏷 {{ card.niche }}{% endif %}\
{% if card.skip_weekends %} · skips days of rest{% endif %}

{% if sent %}
📊 {{ sent }}
{% endif %}
{% if next_due %}
Next message: {{ next_due }}
{% endif %}
{% for step in steps %}
{% if loop.first %}

{% endif %}
<b>{{ step.header }}</b> · <i>{{ step.date }}</i> · {{ step.html|safe }}
{% else %}

It has no messages yet. Write them with “Messages”.
{% endfor %}
{% if more %}
… and {{ more|counted("more message") }}.
{% endif %}
{% if steps and editable %}

<i>The dates are those of somebody who joins now.</i>
{% endif %}"""

DELETE = """\
<b>{{ verb }} “{{ card.name }}”?</b>

{% if deletable %}
Nobody has ever joined it, so it goes for good.
{% else %}
It moves to the archive for good, with its results.\
{% if on_their_way %} {{ on_their_way|counted("person on their way gets", "people on their way get") }} \
nothing more{% if queued %}, {{ queued|counted("waiting message is", "waiting messages are") }} cancelled\
{% endif %}.\
{% endif %}


To use it again, make a copy of it.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(LIST),
        tabs(handlers.choose_tab, width=4),
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
            Button(Format("{start_label}"), id="start", on_click=open_review, when="startable"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Sequences.card),
        ),
        Row(
            Button(Const("✉️ Messages"), id="messages", on_click=handlers.edit_messages, when="editable"),
            Button(Const("👥 People"), id="people", on_click=handlers.open_people),
        ),
        Row(
            Button(Const("📊 Results"), id="results", on_click=handlers.open_results),
            SwitchTo(Const("⋯ More"), id="more", state=Sequences.more),
        ),
        back_and_home(Sequences.list),
        state=Sequences.card,
        getter=getters.get_card,
    ),
    Window(
        Jinja(
            "<b>{{ card.name }}</b>  {{ badge }}\n\n"
            "A copy has the same messages, devices and settings, and nobody in it."
        ),
        Button(Const("⚙️ Settings"), id="settings", on_click=handlers.open_settings, when="editable"),
        Button(Const("🔗 Click to chat"), id="links", on_click=handlers.open_links, when="editable"),
        Button(Const("⧉ Make a copy"), id="duplicate", on_click=handlers.duplicate),
        SwitchTo(Format("{verb_icon} {verb}"), id="ask_delete", state=Sequences.delete, when="editable"),
        back_and_home(Sequences.card),
        state=Sequences.more,
        getter=getters.get_card,
    ),
    question(
        DELETE,
        Button(Format("{verb_icon} {verb}"), id="delete", on_click=handlers.delete),
        "Keep it",
        state=Sequences.delete,
        back=Sequences.card,
        getter=getters.get_card,
    ),
    on_process_result=handlers.on_created,
)
