"""The age of a number, and the pace that suits it, in words. Pure."""

from bot.dialogs.devices.delays import write_delays
from engine.devices.presets import NumberAge, Preset

AGES = {
    NumberAge.NEW: "New, under a week",
    NumberAge.WEEKS: "Weeks",
    NumberAge.MONTHS: "Months",
    NumberAge.YEARS: "Over a year",
}


def pace_lines(preset: Preset) -> list[str]:
    lines = [
        f"After each message it waits {write_delays(preset.min_delay, preset.max_delay)}.",
        f"At most {preset.hourly_cap:,} an hour and {preset.daily_cap:,} a day.",
    ]
    if preset.ramp_start_cap and preset.ramp_days:
        lines.append(
            f"Warm-up: {preset.ramp_start_cap:,} on the first day, rising to {preset.daily_cap:,} a day within "
            f"{preset.ramp_days} days."
        )
    return lines
