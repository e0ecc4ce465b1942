"""Campaigns: the tabs, and a card each that edits itself while something moves."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Keyboard, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaigns import getters, handlers
from bot.dialogs.campaigns.states import Campaigns
from bot.dialogs.navigation import back_and_home, choices, question, tabs
from bot.dialogs.new_campaign.handlers import open_new

LIST = """\
<b>Campaigns · {{ tab_name }}</b>
{% if empty %}

{{ empty }}
{% endif %}
{% if paged %}

{{ shown }} of {{ count }}
{% endif %}"""

CARD = """\
<b>{{ card.name }}</b>  {{ badge }}
{% if everything_stopped %}
⛔ Everything is stopped; resume at Home.
{% endif %}
{% if card.pause_reason == "breaker" %}
⚠️ {{ seen or "It has paused itself." }}
{% endif %}
{% for line in state %}
{{ line }}
{% endfor %}

{% for line in parts %}
{{ line }}
{% endfor %}
{% if left_out %}
– Left out: {{ left_out }}
{% endif %}
{% if message %}

{{ message|safe }}
{% endif %}
{% if as_of %}

<i>as of {{ as_of }}</i>
{% endif %}"""

RESULTS = """\
<b>{{ card.name }}</b> · results

{% for line in lines %}
{{ line }}
{% endfor %}
{% if left_out %}

Left out before it began: {{ left_out }}.
{% endif %}

<i>as of {{ now }}</i>"""

MORE = """\
<b>{{ card.name }}</b>

A clone is a draft with the same message, audience and devices. Nobody has got it."""

RENAME = """\
<b>{{ card.name }}</b>

Type another name. Only your team sees it."""

DELETE = """\
<b>Delete “{{ card.name }}”?</b>

Nothing of it has gone out. It goes for good."""

CANCEL = """\
<b>Cancel the rest of “{{ card.name }}”?</b>

{{ cancels }} It ends here; a clone can be sent later."""

# What can be done about a mistake; each is a row of the card of a campaign that is paused.
MENDING: tuple[Keyboard, ...] = (
    Button(Format("{fix_label}"), id="fix", on_click=handlers.fix_text, when="paused"),
    SwitchTo(Const("✖️ Cancel the rest"), id="ask_cancel", state=Campaigns.cancel, when="paused"),
    Button(Const("🗑 Delete for those who got it"), id="revoke", on_click=handlers.open_revoking, when="mendable"),
    Button(
        Const("✉️ Send a correction to those who got it"), id="correct", on_click=handlers.open_correcting,
        when="mendable",
    ),
    Button(Format("{retry_label}"), id="retry", on_click=handlers.open_retrying, when="retriable"),
)  # fmt: skip

dialog = Dialog(
    Window(
        Jinja(LIST),
        tabs(handlers.choose_tab, width=2),
        choices("open", items="labels", on_click=handlers.open_card),
        Row(
            Button(Const("‹ Newer"), id="newer", on_click=handlers.turn_back, when="has_newer"),
            Button(Const("Older ›"), id="older", on_click=handlers.turn_on, when="has_older"),
            when="paged",
        ),
        Button(Const("+ New campaign"), id="new", on_click=open_new, when="may_change"),
        back_and_home(),
        state=Campaigns.list,
        getter=getters.get_list,
    ),
    Window(
        Jinja(CARD),
        LinkPreview(is_disabled=True),
        Button(Format("{undo_label}"), id="undo", on_click=handlers.undo, when="starting"),
        Row(
            Button(Const("⏸ Pause"), id="pause", on_click=handlers.pause),
            Button(Const("⛔ STOP: a mistake"), id="stop", on_click=handlers.stop),
            when="sending",
        ),
        *MENDING,
        Button(Format("{resume_label}"), id="resume", on_click=handlers.resume, when="paused"),
        Button(Format("{go_on_label}"), id="go_on", on_click=handlers.go_on, when="editable"),
        Row(
            Button(Const("✉️ Message ▸"), id="message", on_click=handlers.change_message),
            Button(Const("👥 Audience ▸"), id="audience", on_click=handlers.change_audience),
            when="editable",
        ),
        Row(
            Button(Const("📱 Devices ▸"), id="devices", on_click=handlers.change_devices),
            Button(Const("⚙️ Pace and hours ▸"), id="settings", on_click=handlers.open_settings),
            when="editable",
        ),
        Row(
            Button(Const("📊 Results"), id="results", on_click=handlers.open_results, when="begun"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Campaigns.card, when="launched"),
        ),
        SwitchTo(Const("⋯ More"), id="more", state=Campaigns.more, when="may_change"),
        back_and_home(Campaigns.list),
        state=Campaigns.card,
        getter=(getters.get_card, getters.get_trouble),
    ),
    Window(
        Jinja(MORE),
        Button(Const("⧉ Clone"), id="clone", on_click=handlers.clone),
        Button(
            Const("🗑 Delete for those who got it"), id="revoke", on_click=handlers.open_revoking, when="finished"
        ),
        Button(
            Const("✉️ Send a correction to those who got it"),
            id="correct",
            on_click=handlers.open_correcting,
            when="finished",
        ),
        Button(Const("🔗 Click to chat"), id="links", on_click=handlers.open_links, when="going_on"),
        SwitchTo(Const("✏️ Name"), id="to_name", state=Campaigns.rename),
        SwitchTo(Const("🗑 Delete"), id="ask_delete", state=Campaigns.delete, when="editable"),
        back_and_home(Campaigns.card),
        state=Campaigns.more,
        getter=getters.get_facts,
    ),
    Window(
        Jinja(RESULTS),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=Campaigns.results),
        back_and_home(Campaigns.card),
        state=Campaigns.results,
        getter=getters.get_results,
    ),
    Window(
        Jinja(RENAME),
        TextInput(id="name", on_success=handlers.rename),
        back_and_home(Campaigns.card),
        state=Campaigns.rename,
        getter=getters.get_facts,
    ),
    question(
        DELETE,
        Button(Const("🗑 Delete it"), id="delete", on_click=handlers.delete),
        "Keep it",
        state=Campaigns.delete,
        back=Campaigns.card,
        getter=getters.get_facts,
    ),
    question(
        CANCEL,
        Button(Const("✖️ Cancel them"), id="cancel", on_click=handlers.cancel_rest),
        "Keep them",
        state=Campaigns.cancel,
        back=Campaigns.card,
        getter=getters.get_facts,
    ),
    on_process_result=handlers.on_result,
)
