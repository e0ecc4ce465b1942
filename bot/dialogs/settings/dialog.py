"""Settings of the team. What the welcome questions asked is asked by the same windows again."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, Start, Url
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import back_and_home
from bot.dialogs.rehearsal.getters import get_number
from bot.dialogs.rehearsal.states import Rehearsing
from bot.dialogs.settings.getters import get_settings
from bot.dialogs.settings.handlers import forget_alerts_group
from bot.dialogs.settings.states import Settings
from bot.dialogs.welcome.states import Welcome

MAIN = """\
<b>Settings</b> · {{ team }}

🌍 Country: {{ country }}
🕘 Time zone: {{ time_zone }}; it is {{ local_time }} there
🌙 Quiet hours: {{ quiet_hours }}
🧪 Your own number, for tests: {{ number or "not known yet" }}
{% if bound %}
🔔 Alerts are posted to {{ "“%s”"|format(group) if group else "a group that I cannot see any more" }}
{% else %}
🔔 Alerts are only at Home. Add me to a group, and they are posted there too.
{% endif %}"""

CHANGING = {"changing": True}

dialog = Dialog(
    Window(
        Jinja(MAIN),
        Row(
            Start(Const("Country"), id="country", state=Welcome.country, data=CHANGING),
            Start(Const("Time zone"), id="zone", state=Welcome.time_zone, data=CHANGING),
            Start(Const("Quiet hours"), id="quiet", state=Welcome.quiet_hours, data=CHANGING),
        ),
        Start(Const("My number"), id="number", state=Rehearsing.number),
        Url(Const("Add me to a group"), url=Format("{group_link}"), id="add", when="group_link"),
        Button(Const("Stop posting alerts there"), id="forget", on_click=forget_alerts_group, when="bound"),
        back_and_home(),
        state=Settings.main,
        getter=(get_settings, get_number),
    )
)
