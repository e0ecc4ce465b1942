"""An import in words: how its file is read, how far it is, and what undoing it does. Pure."""

from collections.abc import Mapping

from bot.dialogs.formatting import counted, people
from bot.dialogs.person.wording import short
from bot.dialogs.welcome.answers import COUNTRIES
from engine.contacts.import_reports import ImportProgress, ImportReview, KeptReason, UndoPreview
from models.enums import DuplicatePolicy, ImportStatus

LONGEST_LABEL = 24  # of a column, on a button
LONGEST_FILE_NAME = 60
BAR = 16  # characters

SEPARATORS = {",": "comma ,", ";": "semicolon ;", "\t": "tab", "|": "bar |"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Western (Windows)",
    "latin-1": "Western (Latin-1)",
    "gb18030": "Chinese (GB)",
    "big5": "Chinese (Big5)",
}
KEPT = {
    KeptReason.OPTED_OUT: "opted out",
    KeptReason.REPLIED: "wrote to you",
    KeptReason.MESSAGES: "got a message",
    KeptReason.SEQUENCES: "in a sequence",
    KeptReason.ELSEWHERE: "on another list too, or changed since",
}
MARKS = {
    ImportStatus.REVIEWED: "📄",
    ImportStatus.RUNNING: "⏳",
    ImportStatus.CANCELLED: "✖️",
    ImportStatus.DONE: "✅",
    ImportStatus.FAILED: "⚠️",
    ImportStatus.UNDOING: "⏳",
    ImportStatus.UNDONE: "↩️",
}


def column(review: ImportReview, position: int | None) -> str:
    """Name a column as the file does."""
    if position is None or position < 0:
        return "none"
    return review.labels[position] if position < len(review.labels) else f"Column {position + 1}"


def names_of(review: ImportReview) -> str:
    return " + ".join(column(review, one) for one in review.choices.names or ()) or "none"


def header_words(review: ImportReview) -> str:
    row = review.choices.header_row
    return f"row {row:,}" if row else "none"


def country_words(review: ImportReview) -> str:
    code = review.choices.country or ""
    return COUNTRIES.get(code, code)


def separator_words(review: ImportReview) -> str:
    separator = review.choices.separator or ""
    return SEPARATORS.get(separator, separator)


def outcome_words(review: ImportReview) -> str:
    """Write "48,210 new, 1,022 updated, 310 rejected, 57 opted out earlier (stay out)"."""
    known = "updated" if review.duplicates is DuplicatePolicy.UPDATE else "known already (left as they are)"
    parts = [f"{review.new:,} new"]
    if review.known:
        parts.append(f"{review.known:,} {known}")
    if review.rejected:
        parts.append(f"{review.rejected:,} rejected")
    if review.opted_out:
        parts.append(f"{review.opted_out:,} opted out earlier (stay out)")
    return ", ".join(parts)


def rows_words(review: ImportReview) -> str:
    words = f"{counted(review.rows, 'row')} read"
    if review.crowded_rows:
        entries = counted(review.contacts + review.rejected, "entry", "entries")
        words += f" ({review.crowded_rows:,} with more than one number, so {entries})"
    return words


def layout_words(review: ImportReview) -> list[str]:
    """Tell how the file is read, so that a wrong guess is seen."""
    choices = review.choices
    table = []
    if review.sheets:
        table.append(f"Sheet “{short(choices.sheet or '', 40)}”")
    elif choices.separator:
        table.append(f"Columns by {separator_words(review)}")
    table.append(f"headers in {header_words(review)}" if choices.header_row else "no headers")
    table.append(f"numbers of {country_words(review)}")
    columns = [f"Phone “{short(column(review, choices.phone), 40)}”"]
    columns.append(f"name “{short(names_of(review), 60)}”" if choices.names else "no name")
    has_niche = choices.niche is not None and choices.niche >= 0
    columns.append(f"interest “{short(column(review, choices.niche), 40)}”" if has_niche else "no interest")
    lines = [" · ".join(table), " · ".join(columns)]
    if review.keys:
        shown = ", ".join(f"“{short(key, 24)}”" for key in review.keys[:6])
        lines.append(f"Attributes: {shown}{f' and {len(review.keys) - 6:,} more' if len(review.keys) > 6 else ''}")
    return lines


def interest_words(review: ImportReview) -> str:
    """Where the interest of these people comes from: "column “Interest”, else Yoga"."""
    niche = review.choices.niche
    if niche is None or niche < 0:
        return short(review.niche or "none", 30)
    return f"by column{f', else {short(review.niche, 24)}' if review.niche else ''}"


def bar(progress: ImportProgress) -> str:
    """Draw how far it is: "▓▓▓▓░░░░ 25 %"."""
    share = min(1.0, progress.rows_done / progress.rows_total) if progress.rows_total else 0.0
    full = int(share * BAR)
    return f"{'▓' * full}{'░' * (BAR - full)} {int(share * 100)} %"


def numbers(progress: ImportProgress) -> str:
    """Write "48,210 imported (47,188 new, 1,022 updated), 310 rejected"."""
    inside = [f"{progress.created:,} new", f"{progress.updated:,} updated"]
    if progress.skipped:
        inside.append(f"{progress.skipped:,} left as they were")
    parts = [f"{progress.created + progress.updated + progress.skipped:,} imported ({', '.join(inside)})"]
    parts.append(f"{progress.rejected:,} rejected")
    if progress.opted_out:
        parts.append(f"{progress.opted_out:,} opted out and left out")
    return ", ".join(parts)


def state_words(progress: ImportProgress) -> str:
    match progress.status:
        case ImportStatus.RUNNING:
            return "⏳ Importing …"
        case ImportStatus.CANCELLED:
            return "✖️ Cancelled. What was imported until then is in your contacts."
        case ImportStatus.FAILED:
            return f"⚠️ It stopped: {progress.failure or 'something went wrong'}"
        case ImportStatus.UNDOING:
            return "⏳ Undoing …"
        case ImportStatus.UNDONE:
            return "↩️ Undone: what it had brought is gone again."
        case ImportStatus.DONE:
            return "✅ Imported"
        case ImportStatus.REVIEWED:
            return "📄 Not imported yet"


def undo_words(before: UndoPreview) -> list[str]:
    """Tell what undoing does to whom."""
    lines = [f"{people(before.removed)} whom it brought {'goes' if before.removed == 1 else 'go'}."]
    if before.put_back:
        lines.append(f"{people(before.put_back)} known before: as they were.")
    kept: Mapping[KeptReason, int] = before.kept
    if kept:
        why = ", ".join(f"{count:,} {KEPT[reason]}" for reason, count in kept.items())
        lines.append(f"{people(sum(kept.values()))} {'stays' if sum(kept.values()) == 1 else 'stay'}: {why}.")
    if before.list_kept:
        lines.append("Its list stays: a campaign or a segment is made of it.")
    return lines


def label(progress: ImportProgress) -> str:
    """Name an import on a button."""
    count = progress.created + progress.updated + progress.skipped
    return f"{MARKS[progress.status]} {short(progress.file_name, 36)} · {count:,}"
