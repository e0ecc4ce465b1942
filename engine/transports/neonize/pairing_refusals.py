"""Why a pairing came to nothing: a code that stays the same, and words for the operator who holds the phone."""

from enum import StrEnum

from engine.transports.contract import PairingRefused


class Refusal(StrEnum):
    INVALID_NUMBER = "invalid_number"
    NOT_ON_WHATSAPP = "not_on_whatsapp"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    NO_CODE = "no_code"
    EXPIRED = "expired"
    PASSKEY_REQUIRED = "passkey_required"
    NOT_MULTI_DEVICE = "not_multi_device"
    NOT_CONFIRMED = "not_confirmed"
    BANNED = "banned"
    LOGGED_OUT = "logged_out"
    OUTDATED = "outdated"
    UNREACHABLE = "unreachable"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"


WORDS = {
    Refusal.INVALID_NUMBER: (
        "That is no phone number as WhatsApp wants it. Type it with its country code, as +60 12-345 6789."
    ),
    Refusal.NOT_ON_WHATSAPP: (
        "WhatsApp knows no account with this number. Type the number that stands in WhatsApp under Settings."
    ),
    Refusal.TOO_MANY_ATTEMPTS: (
        "WhatsApp gives no code for this number any more: it was asked too often. Wait an hour, or take the QR "
        "code."
    ),
    Refusal.NO_CODE: "WhatsApp gives no code for this number. Check the number, or take the QR code instead.",
    Refusal.EXPIRED: (
        "The code has expired and nothing was linked. If the phone has refused it, it says why: most often it has "
        "four linked devices already (remove one there), or somebody has tried too often (wait an hour)."
    ),
    Refusal.PASSKEY_REQUIRED: (
        "This account lets new devices in only with its passkey, which dripdesk cannot ask for. Remove the "
        "passkey on the phone (WhatsApp, Settings, Account, Passkeys), pair, and make a new one afterwards."
    ),
    Refusal.NOT_MULTI_DEVICE: "The WhatsApp on this phone is too old to link devices. Update it and try again.",
    Refusal.NOT_CONFIRMED: "The phone and WhatsApp did not agree about this device. Try again with a new code.",
    Refusal.BANNED: (
        "WhatsApp has banned this account for a while: no device can log in. Wait until WhatsApp works on the "
        "phone again, then pair."
    ),
    Refusal.LOGGED_OUT: "The phone has removed the device right after linking it. Try again.",
    Refusal.OUTDATED: "WhatsApp no longer lets this version of dripdesk in. Update dripdesk, then pair.",
    Refusal.UNREACHABLE: (
        "WhatsApp cannot be reached from here. Look at the internet connection of the machine that dripdesk runs "
        "on, and at WHATSAPP_PROXY if it is set; then try again."
    ),
    Refusal.UNAVAILABLE: "Real WhatsApp does not work on this machine. “dripdesk doctor” says what is missing.",
    Refusal.CRASHED: "dripdesk's connection helper ended unexpectedly; try again.",
}


def refused(why: Refusal, detail: str = "") -> PairingRefused:
    return PairingRefused(why, f"{WORDS[why]} ({detail})" if detail else WORDS[why])


def no_code(error: str) -> PairingRefused:
    """What WhatsApp has answered to asking for a code, in the library's words."""
    said = error.lower()
    if "phone number" in said:  # too short, or not international: it was not even asked for
        return refused(Refusal.INVALID_NUMBER)
    if "429" in said or "overlimit" in said:
        return refused(Refusal.TOO_MANY_ATTEMPTS)
    if "404" in said or "item-not-found" in said:
        return refused(Refusal.NOT_ON_WHATSAPP)
    return refused(Refusal.NO_CODE, error)
