"""Sequences: the tabs, and a card each."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, Select, Start, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home, choices
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

dialog = Dialog(
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
            Button(Const("👥 People"), id="people", on_click=handlers.open_people),
        ),
        Row(
            Button(Const("⚙️ Settings"), id="settings", on_click=handlers.open_settings, when="editable"),
            SwitchTo(Const("🗑 Delete"), id="delete", state=Sequences.delete, when="editable"),
        ),
        back_and_home(Sequences.list),
        state=Sequences.card,
        getter=getters.get_card,
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
    on_process_result=handlers.on_created,
)
