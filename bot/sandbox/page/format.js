// How times, sizes and WhatsApp's own markup are shown.

const LOCALE = "en-GB";

export const time = (instant, timeZone) =>
  new Date(instant).toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit", timeZone });

export const seconds = (instant, timeZone) =>
  new Date(instant).toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone });

export const day = (instant, timeZone) =>
  new Date(instant).toLocaleDateString(LOCALE, { weekday: "short", day: "numeric", month: "short", timeZone });

export const weekday = (instant, timeZone) => new Date(instant).toLocaleDateString(LOCALE, { weekday: "short", timeZone });

export function duration(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** Up to two letters for an avatar. */
export function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(0, 2).map((word) => word[0].toUpperCase()).join("");
}

export const plural = (count, word) => `${count.toLocaleString(LOCALE)} ${word}${count === 1 ? "" : "s"}`;

const TAGS = { "```": "code", "*": "b", _: "i", "~": "s" };
// A mark opens at the edge of a word, hugs its text and closes at the edge of a word, as in WhatsApp.
const MARKED = /(?<![\p{L}\p{N}])(?:(```)([^]+?)```|([*_~])(?!\s)([^\n]+?)(?<!\s)\3)(?![\p{L}\p{N}])/u;

/** WhatsApp's *bold* _italic_ ~strike~ ```mono``` as elements. */
export function whatsapp(text) {
  const fragment = document.createDocumentFragment();
  const match = MARKED.exec(text);
  if (!match) {
    fragment.append(text);
    return fragment;
  }
  const [whole, fence, code, mark, marked] = match;
  const node = document.createElement(TAGS[fence ?? mark]);
  node.append(fence ? code : whatsapp(marked));
  fragment.append(text.slice(0, match.index), node, whatsapp(text.slice(match.index + whole.length)));
  return fragment;
}
