"""Segments: a saved choice of contacts, built condition by condition with live counts."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices, question
from bot.dialogs.segments import getters, handlers
from bot.dialogs.segments.states import Segments

ALL = """\
<b>Segments</b>

{% if segments %}
Whoever meets the conditions of a segment at the moment is in it.
{% else %}
No segment yet. A segment is whoever meets its conditions at the moment: interested in yoga, in Ipoh, and no \
message for 30 days, for example.
{% endif %}"""

BUILD = """\
<b>{{ name or "New segment" }}</b>

{% if lines %}
Everybody of whom this is true:
{% for line in lines %}
· {{ line }}
{% endfor %}
{% else %}
No condition yet: this is everybody.
{% endif %}

<b>{{ people|people }}</b>{% if sendable != people %}, {{ "{:,}".format(sendable) }} of whom may be written to\
{% endif %}

{% if some %}
{{ some|join(", ") }}{% if more > 0 %} and {{ "{:,}".format(more) }} more{% endif %}
{% endif %}"""

KIND = "<b>What is it about?</b>\n\nAll conditions of a segment have to hold."
INTEREST = """\
{% if niches %}
<b>Interested in what?</b>
{% else %}
Nobody's interests are known yet. An import can bring them along, in a column or for all its people.
{% endif %}"""
INTEREST_HOW = "<b>{{ niche or 'Any interest' }}</b>\n\nWho of them?"
LISTS = "{% if lists %}<b>Which list?</b>{% else %}No list yet: every import makes one.{% endif %}"
SEQUENCES = "{% if sequences %}<b>Which sequence?</b>{% else %}No sequence yet.{% endif %}"
HOW = "<b>{{ what }}</b>\n\nWho of them?"
KEYS = """\
{% if keys %}
<b>Which attribute?</b>
{% else %}
Your contacts have no attributes yet. Other columns of an import become attributes.
{% endif %}"""
COMPARISON = "<b>{{ key }}</b> …"
VALUE = "<b>{{ key }}</b> {{ comparison }} …\n\nTap a value, or type another."
CONTACTED = "<b>The last message to them</b>\n\nTap one, or type for how many days they have got nothing."
REPLIED = "<b>Have they written back?</b> Asking to stop does not count."
NAME = "What is the segment called? Type a name.{% if name %} Now it is “{{ name }}”.{% endif %}"
DELETE = "Delete the segment “{{ name }}”? The people stay, and campaigns that are over keep their numbers."

dialog = Dialog(
    Window(
        Jinja(ALL),
        choices("segment", items="segments", on_click=handlers.open_saved),
        Button(Const("+ New segment"), id="new", on_click=handlers.begin, when="may_change"),
        back_and_home(),
        state=Segments.all,
        getter=getters.get_all,
    ),
    Window(
        Jinja(BUILD),
        choices("less", items="removals", on_click=handlers.take_away, label="✕ {item[0]}"),
        SwitchTo(Const("+ Condition"), id="more", state=Segments.kind, when="may_change"),
        Button(Const("📣 Campaign"), id="campaign", on_click=handlers.new_campaign, when="is_usable"),
        Button(Const("💾 Save"), id="save", on_click=handlers.save, when="may_save"),
        Row(
            SwitchTo(Const("✏️ Rename"), id="rename", state=Segments.name),
            SwitchTo(Const("🗑 Delete"), id="ask_delete", state=Segments.delete),
            when="may_delete",
        ),
        back_and_home(Segments.all),
        state=Segments.build,
        getter=getters.get_built,
    ),
    Window(
        Jinja(KIND),
        Group(
            SwitchTo(Const("🏷 Interest"), id="by_interest", state=Segments.interest),
            SwitchTo(Const("📋 List"), id="by_list", state=Segments.list),
            SwitchTo(Const("🔤 Attribute"), id="by_attribute", state=Segments.attribute),
            SwitchTo(Const("🧵 Sequence"), id="by_sequence", state=Segments.sequence),
            SwitchTo(Const("📨 Last message"), id="by_contact", state=Segments.contacted),
            SwitchTo(Const("💬 Replied"), id="by_reply", state=Segments.replied),
            width=2,
        ),
        back_and_home(Segments.build),
        state=Segments.kind,
    ),
    Window(
        Jinja(INTEREST),
        choices("niche", items="niches", on_click=handlers.choose_niche, label="🏷 {item[0]}"),
        Button(Const("Any interest"), id="any_niche", on_click=handlers.any_niche),
        back_and_home(Segments.kind),
        state=Segments.interest,
        getter=getters.get_niches,
    ),
    Window(
        Jinja(INTEREST_HOW),
        Group(
            Button(Const("Interested"), id="interested", on_click=handlers.add_interest),
            Button(Const("Not interested"), id="not_interested", on_click=handlers.add_interest),
            Button(Const("Prospects"), id="prospects", on_click=handlers.add_interest),
            Button(Const("Customers"), id="customers", on_click=handlers.add_interest),
            width=2,
        ),
        back_and_home(Segments.interest),
        state=Segments.interest_how,
        getter=getters.get_pending,
    ),
    Window(
        Jinja(LISTS),
        choices("list", items="lists", on_click=handlers.choose_list, label="📋 {item[0]}"),
        back_and_home(Segments.kind),
        state=Segments.list,
        getter=getters.get_lists,
    ),
    Window(
        Jinja(HOW),
        Row(
            Button(Const("On it"), id="on_it", on_click=handlers.add_list),
            Button(Const("Not on it"), id="off_it", on_click=handlers.add_list),
        ),
        back_and_home(Segments.list),
        state=Segments.list_how,
        getter=getters.get_pending,
    ),
    Window(
        Jinja(KEYS),
        choices("key", items="keys", on_click=handlers.choose_key, width=2),
        back_and_home(Segments.kind),
        state=Segments.attribute,
        getter=getters.get_keys,
    ),
    Window(
        Jinja(COMPARISON),
        choices("comparison", items="comparisons", on_click=handlers.choose_comparison, width=2),
        back_and_home(Segments.attribute),
        state=Segments.comparison,
        getter=getters.get_comparisons,
    ),
    Window(
        Jinja(VALUE),
        choices("value", items="values", on_click=handlers.choose_value),
        TextInput(id="type_value", on_success=handlers.type_value),
        back_and_home(Segments.comparison),
        state=Segments.value,
        getter=getters.get_values,
    ),
    Window(
        Jinja(SEQUENCES),
        choices("sequence", items="sequences", on_click=handlers.choose_sequence),
        back_and_home(Segments.kind),
        state=Segments.sequence,
        getter=getters.get_sequences,
    ),
    Window(
        Jinja(HOW),
        Group(
            Button(Const("In it now"), id="in_it", on_click=handlers.add_sequence),
            Button(Const("Not in it now"), id="not_in_it", on_click=handlers.add_sequence),
            Button(Const("Now or before"), id="once", on_click=handlers.add_sequence),
            Button(Const("Never in it"), id="never", on_click=handlers.add_sequence),
            width=2,
        ),
        back_and_home(Segments.sequence),
        state=Segments.sequence_how,
        getter=getters.get_pending,
    ),
    Window(
        Jinja(CONTACTED),
        choices("quiet", items="days", on_click=handlers.add_contacted, label="None for {item[0]} days"),
        choices(
            "lately", items="few_days", on_click=handlers.add_lately_contacted, label="One within {item[0]} days"
        ),
        TextInput(id="type_days", on_success=handlers.type_contacted),
        back_and_home(Segments.kind),
        state=Segments.contacted,
        getter=getters.get_days,
    ),
    Window(
        Jinja(REPLIED),
        Row(
            Button(Const("Yes, once"), id="wrote", on_click=handlers.add_replied),
            Button(Const("Never"), id="silent", on_click=handlers.add_replied),
        ),
        choices(
            "wrote_lately", items="few_days", on_click=handlers.add_lately_replied, label="Within {item[0]} days"
        ),
        back_and_home(Segments.kind),
        state=Segments.replied,
        getter=getters.get_days,
    ),
    Window(
        Jinja(NAME),
        TextInput(id="type_name", on_success=handlers.type_name),
        back_and_home(Segments.build),
        state=Segments.name,
        getter=getters.get_pending,
    ),
    question(
        DELETE,
        Button(Const("🗑 Delete it"), id="delete", on_click=handlers.delete),
        "Keep it",
        state=Segments.delete,
        back=Segments.build,
        getter=getters.get_pending,
    ),
)
