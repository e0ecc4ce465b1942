"""Whether real numbers can be paired here, and if not, how to get there. Pure."""

from engine.settings import Settings


def real_whatsapp_obstacle(settings: Settings, *, linker: bool) -> str | None:
    """What stands in the way, in words for an operator; None: nothing does."""
    if settings.clock_speed != 1:
        return (
            "Real WhatsApp numbers need real time: take CLOCK_SPEED out of the settings and start dripdesk again."
        )
    if not settings.real_whatsapp and settings.whatsapp is False:
        return (
            "Real WhatsApp is switched off here: take WHATSAPP=off out of the settings and start dripdesk again."
        )
    if not settings.real_whatsapp:
        return "This is the sandbox. To pair real WhatsApp numbers in it too, start dripdesk with WHATSAPP=on."
    if not settings.session_key.get_secret_value():
        return (
            "Before a number can be paired, dripdesk needs a key to lock its session away with. Run “dripdesk "
            "session-key”, set SESSION_KEY to what it prints, and start dripdesk again."
        )
    if not linker:
        return "Real WhatsApp could not be started here; the log of dripdesk says why. “dripdesk doctor” may help."
    return None
