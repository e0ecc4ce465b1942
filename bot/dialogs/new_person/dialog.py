"""Somebody who is not in the contact book yet: who, interested in what, and where they opted in."""

from aiogram_dialog import Dialog, LaunchMode, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.new_person import getters, handlers
from bot.dialogs.new_person.states import NewPerson
from bot.dialogs.permission import source_buttons

REVIEW = """\
👤 <b>{{ person.name or "no name yet" }}</b> · {{ person.phone }}
Not in your contacts yet.
{% if person.opted_out %}

🚫 <b>This number has opted out earlier.</b> You can note who it is; nothing is sent to them unless they \
write START.
{% else %}

<b>Where did they opt in?</b> A tap adds them.
{% endif %}
{% if person.evidence %}

Evidence: “{{ person.evidence }}”
{% endif %}

{% if not person.name %}
Type their name, if you know it.
{% elif not person.opted_out %}
What you type here is kept as evidence, such as “asked at the counter, 3 May”.
{% endif %}"""

INTEREST = """\
👤 <b>{{ person.name or person.phone }}</b>

What are they interested in? Type it{% if niches %}, or tap one{% endif %}."""

dialog = Dialog(
    Window(
        Jinja(REVIEW),
        source_buttons(handlers.add, when="may_opt_in"),
        Button(Const("➕ Add them as opted out"), id="add_out", on_click=handlers.add_opted_out, when="opted_out"),
        SwitchTo(Format("🏷 Interest: {interest} ▸"), id="interest", state=NewPerson.interest),
        TextInput(id="typed", on_success=handlers.take_words),
        back_and_home(),
        state=NewPerson.review,
        getter=getters.get_person,
    ),
    Window(
        Jinja(INTEREST),
        choices("niche", items="niches", on_click=handlers.choose_interest, label="🏷 {item[0]}"),
        Button(Const("No interest"), id="none", on_click=handlers.clear_interest),
        TextInput(id="type_niche", on_success=handlers.type_interest),
        back_and_home(NewPerson.review),
        state=NewPerson.interest,
        getter=(getters.get_person, getters.get_niches),
    ),
    launch_mode=LaunchMode.SINGLE_TOP,  # a second person takes the place of the first
)
