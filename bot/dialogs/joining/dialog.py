"""Who is to join a sequence, and how many of them a day."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Row, Start, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts.states import Contacts
from bot.dialogs.joining import getters, handlers
from bot.dialogs.joining.states import Joining
from bot.dialogs.navigation import BACK, back_and_home, choices, home, ticks
from bot.dialogs.segments.states import Segments

WHO = """\
<b>{{ card.name }}</b> · {{ card.contacts|people }}
{% if no_contacts %}

You have no contacts yet. Drop a CSV file into this chat to import some.
{% else %}

Who is to join? Before anybody does, you see how many would, and who is left out.
{% endif %}"""

INTEREST = """\
{% if niches %}
Whoever is interested in what is to join?
{% else %}
Nobody's interests are known yet. An import can bring them along, in a column or for all its people.
{% endif %}"""

SEGMENT = """\
{% if segments %}
Whoever is in which segment at the moment is to join?
{% else %}
No segment yet: a segment is whoever meets some conditions, and you build one under Contacts → Segments.
{% endif %}"""

FIND = """\
<b>Who is to join?</b>

Type a part of a name or of a number and tick who it is. Or paste whole phone numbers, one a line.
{% if nobody %}

Nobody matches “{{ query }}”.
{% endif %}"""

REVIEW = """\
<b>{{ card.name }}</b>{% if chosen %} · {{ chosen }}{% endif %}


{% if somebody %}
<b>{{ joining|people }} would join.</b>
{% else %}
<b>Nobody of them can join.</b>
{% endif %}
{% if left_out %}
Left out: {{ left_out }}.
{% endif %}
{% if behind %}

Others join day by day until {{ behind }}. Whoever you let join day by day now comes after them.
{% endif %}
{% if is_draft and somebody %}

It is a draft: they begin when you start it. Dates are those of a start now.
{% endif %}"""

PACE = """\
<b>{{ card.name }}</b>

<b>{{ joining|people }}: how many of them a day?</b> Only days on which it sends are counted. Tap one, or type \
another number.
{% if behind %}

Others join day by day until {{ behind }}; these come after them.
{% endif %}"""

DONE = """\
<b>{{ card.name }}</b>

<b>{{ report }}</b>
{% for refusal in refusals %}
{% if loop.first %}

Left out:
{% endif %}
· {{ refusal.who }}: {{ refusal.why }}
{% endfor %}
{% if more %}
· … and {{ "{:,}".format(more) }} more
{% endif %}
{% if is_draft %}

It is a draft: nothing goes out until you start it.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(WHO),
        choices("list", items="lists", on_click=handlers.choose_list, label="📋 {item[0]}"),
        Button(
            Format("🏷 Everyone interested in {niche}"),
            id="niche",
            on_click=handlers.choose_niche,
            when="has_niche",
        ),
        Row(
            SwitchTo(Const("🏷 By interest"), id="interest", state=Joining.interest),
            SwitchTo(Const("🧩 By segment"), id="segment", state=Joining.segment),
            when="has_contacts",
        ),
        SwitchTo(Const("🔎 By name or number"), id="find", state=Joining.find, when="has_contacts"),
        Button(
            Format("👥 Everyone · {everyone}"),
            id="all",
            on_click=handlers.choose_everyone,
            when="has_contacts",
        ),
        Start(Const("Import contacts"), id="import", state=Contacts.main, when="no_contacts"),
        back_and_home(),
        state=Joining.who,
        getter=getters.get_people,
    ),
    Window(
        Jinja(INTEREST),
        choices("choose", items="niches", on_click=handlers.choose_interest, label="🏷 {item[0]}"),
        back_and_home(Joining.who),
        state=Joining.interest,
        getter=getters.get_interests,
    ),
    Window(
        Jinja(SEGMENT),
        choices("choose_segment", items="segments", on_click=handlers.choose_segment, label="🧩 {item[0]}"),
        Start(Const("🧩 Segments"), id="segments", state=Segments.all, when="nothing"),
        back_and_home(Joining.who),
        state=Joining.segment,
        getter=getters.get_segments,
    ),
    Window(
        Jinja(FIND),
        TextInput(id="query", on_success=handlers.find),
        ticks("people"),
        Button(Format("Continue with {ticked} ›"), id="go", on_click=handlers.choose_ticked, when="has_ticked"),
        back_and_home(Joining.who),
        state=Joining.find,
        getter=getters.get_found,
    ),
    Window(
        Jinja(REVIEW),
        Button(Const("✅ All at once"), id="at_once", on_click=handlers.join_at_once, when="somebody"),
        SwitchTo(Const("📅 So many a day ▸"), id="by_day", state=Joining.pace, when="several"),
        Button(Const("📄 Who is left out"), id="left_out", on_click=handlers.send_left_out, when="has_refusals"),
        Row(
            SwitchTo(BACK, id="back", state=Joining.who, when="came_alone"),
            Cancel(BACK, when="came_with_people"),
            home(),
        ),
        state=Joining.review,
        getter=getters.get_review,
    ),
    Window(
        Jinja(PACE),
        TextInput(id="type_pace", on_success=handlers.type_pace),
        choices("pace", items="paces", on_click=handlers.join_day_by_day),
        back_and_home(Joining.review),
        state=Joining.pace,
        getter=getters.get_review,
    ),
    Window(
        Jinja(DONE),
        Button(Const("📄 All of them as a file"), id="left_out", on_click=handlers.send_left_out, when="has_more"),
        Button(Const("Open the sequence"), id="open", on_click=handlers.open_sequence, when="came_with_people"),
        Row(Button(BACK, id="close", on_click=handlers.close), home()),
        state=Joining.done,
        getter=getters.get_done,
    ),
)
