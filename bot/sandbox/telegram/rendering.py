"""A text with its entities as HTML that is safe to put into the page."""

from html import escape

from bot.sandbox.telegram.state import Entity, FormattedText

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
}


def to_html(formatted: FormattedText) -> str:
    """Line breaks stay line breaks: the page shows them with `white-space: pre-wrap`."""
    units = formatted.text.encode("utf-16-le")
    return _render(units, 0, len(units) // 2, list(formatted.entities))


def _render(units: bytes, start: int, end: int, entities: list[Entity]) -> str:
    """`entities` begin within start and end, outer ones before inner ones."""
    html = []
    at = start
    for index, entity in enumerate(entities):
        if entity.offset < at:
            continue  # shown within an earlier one
        html.append(escape(_slice(units, at, entity.offset)))
        at = min(entity.offset + entity.length, end)
        inner = [e for e in entities[index + 1 :] if e.offset < at]
        html.append(_wrap(entity, _slice(units, entity.offset, at), _render(units, entity.offset, at, inner)))
    html.append(escape(_slice(units, at, end)))
    return "".join(html)


def _wrap(entity: Entity, text: str, html: str) -> str:
    if tag := _TAGS.get(entity.type):
        return f"<{tag}>{html}</{tag}>"
    match entity.type:
        case "spoiler":
            return f'<span class="spoiler">{html}</span>'
        case "bot_command":
            return f'<span class="command">{html}</span>'
        case "url" | "text_link":
            address = entity.url or text
            if address.startswith(("http://", "https://")):
                return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{html}</a>'
    return html


def _slice(units: bytes, start: int, end: int) -> str:
    return units[start * 2 : end * 2].decode("utf-16-le", "replace")
