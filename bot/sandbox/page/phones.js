// The list of contact phones: the latest first, searchable, drawn a few times a second at most.

import * as api from "./api.js";
import * as conversation from "./conversation.js";
import { avatar, el, find, highlight } from "./dom.js";
import { plural } from "./format.js";

const DRAW_MILLISECONDS = 120;
const DRAWN_AT_MOST = 300;
const KINDS = { image: "Photo", video: "Video", audio: "Audio" };

const phones = new Map(); // number → {summary, at, row, drawn}
let drawing = null;

export async function load() {
  for (const summary of await api.phones()) put(summary);
  draw();
}

function put(summary) {
  const entry = phones.get(summary.phone) ?? { row: el("li"), drawn: null };
  phones.set(summary.phone, Object.assign(entry, { summary, at: summary.last ? Date.parse(summary.last.at) : 0 }));
}

/** A phone got or wrote a message, or a device deleted one that it had sent. */
export function arrived({ phone, message }) {
  conversation.arrived(phone, message);
  const known = phones.get(phone)?.summary ?? { phone, on_whatsapp: true, received: 0, last: null };
  const isLast = known.last?.message_id === message.message_id; // the snapshot had it already
  if (message.revoked && !isLast) return;
  const isNew = !isLast && message.direction === "in";
  put({ ...known, received: known.received + (isNew ? 1 : 0), last: message });
  drawSoon();
}

function drawSoon() {
  drawing ??= setTimeout(() => {
    drawing = null;
    draw();
  }, DRAW_MILLISECONDS);
}

function draw() {
  const query = find("phone-search").value.replace(/[^\d+]/g, "");
  const all = [...phones.values()];
  const found = all.filter(({ summary }) => summary.phone.includes(query)).sort((a, b) => b.at - a.at);
  const shown = found.slice(0, DRAWN_AT_MOST);
  const list = find("phone-list");
  shown.forEach((entry, index) => {
    drawRow(entry);
    if (list.children[index] !== entry.row) list.insertBefore(entry.row, list.children[index] ?? null);
  });
  while (list.children.length > shown.length) list.lastChild.remove();
  describe(all, found, query);
}

function describe(all, found, query) {
  const active = all.filter(({ summary }) => summary.received > 0);
  const total = active.reduce((sum, { summary }) => sum + summary.received, 0);
  find("phone-counter").textContent = total > 0 ? `${plural(total, "message")} on ${plural(active.length, "phone")}` : "";
  const hidden = found.length - DRAWN_AT_MOST;
  find("phone-note").hidden = found.length > 0 && hidden <= 0;
  if (hidden > 0) find("phone-note").textContent = `${plural(hidden, "more phone")}: search to find one.`;
  else if (query) find("phone-note").textContent = "No phone has this number.";
  else find("phone-note").textContent = "Nothing received yet. Start a sequence in the chat and watch the phones here.";
}

function drawRow(entry) {
  const { phone, last, on_whatsapp } = entry.summary;
  const isOpen = phone === conversation.opened();
  const version = [last?.message_id, last?.revoked, on_whatsapp, isOpen].join();
  if (entry.drawn?.version === version) return;
  const isNews = entry.drawn && entry.drawn.last !== last?.message_id;
  entry.drawn = { version, last: last?.message_id };
  const button = el("button.phone-row", {
    type: "button", testid: `phone-${phone.slice(1)}`, "aria-label": `Phone ${phone}`, "aria-current": String(isOpen),
    onclick: () => open(phone),
  },
    avatar(phone.slice(-2), phone.slice(-4)),
    el("b.title", {}, phone),
    last && el("time", {}, conversation.shortTime(last)),
    el("span.preview", {}, on_whatsapp ? preview(last) : "Not on WhatsApp"));
  const hadFocus = entry.row.contains(document.activeElement);
  entry.row.replaceChildren(button);
  if (hadFocus) button.focus({ preventScroll: true });
  if (isNews) highlight(button);
}

function preview(last) {
  if (!last) return "No messages";
  const text = last.revoked ? "Deleted" : last.body || KINDS[last.kind] || last.media?.file_name || last.kind;
  return last.direction === "out" ? `You: ${text}` : text;
}

async function open(phone) {
  await conversation.open(phone, {
    onClose: draw,
    onPhone: (changed) => {
      put({ ...phones.get(phone).summary, on_whatsapp: changed.on_whatsapp });
      draw();
    },
  });
  draw();
}

export function start() {
  find("phone-search").addEventListener("input", draw);
}
