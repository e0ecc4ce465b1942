// The Telegram side: the chats, their tabs with unread badges, and the timeline of each.

import { avatar, el, find, stickToEnd } from "./dom.js";
import { day, initials, plural, time } from "./format.js";
import { renderMessage, replaceMessage, snippet } from "./message.js";

const TYPING_MILLISECONDS = 5000;

const entries = new Map(); // chat id → {chat, messages, list, scroll, tab, unread, below, lastDay}
let current = null;
let people = { bot: { name: "dripdesk" }, operator: { id: 1001 } };
let onShow = () => {};
let typingTimer;

export function introduce({ bot, operator, whenShown }) {
  people = { bot, operator };
  onShow = whenShown;
}

export const currentChat = () => current?.chat ?? null;

/** In a private chat one writes as the person whose chat it is, in a group as the operator. */
export const userIn = (chat) => (chat.type === "private" ? chat.id : people.operator.id);

export const findMessage = (messageId) => current.messages.get(messageId);

export function lastOwnMessage() {
  const own = [...current.messages.values()].filter(isOwn);
  return own.at(-1);
}

export const isOwn = (message) =>
  message.from?.id === userIn(entries.get(message.chat_id).chat) && !message.service;

/** A chat appeared or changed. */
export function describe(chat) {
  const entry = entries.get(chat.id) ?? open(chat);
  entry.chat = chat;
  renderTab(entry);
  if (entry === current) onShow(chat);
  return entry;
}

function open(chat) {
  const list = el("ol.timeline", { tabindex: 0, "aria-label": "Messages" });
  const tab = el("button.tab", {
    type: "button", role: "tab", testid: `chat-tab-${chat.id}`, onclick: () => show(chat.id),
  });
  const entry = { chat, messages: new Map(), list, tab, unread: 0, below: 0, lastDay: null };
  entry.scroll = stickToEnd(list, () => {
    entry.below = 0;
    renderPill();
  });
  list.addEventListener("keydown", walk);
  entries.set(chat.id, entry);
  find("timelines").append(list);
  find("chat-tabs").append(tab);
  return entry;
}

function walk(event) {
  if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const items = [...event.currentTarget.querySelectorAll(".message")];
  const here = items.indexOf(event.target.closest(".message"));
  const next = here < 0 ? items.at(-1) : items[here + (event.key === "ArrowUp" ? -1 : 1)];
  next?.focus();
  event.preventDefault();
}

/** The name the operator sees: the private chat bears the bot's name, as in Telegram. */
const titleOf = (chat) => (chat.id === people.operator.id ? people.bot.name : chat.title);

function renderTab(entry) {
  const { chat, tab, unread } = entry;
  const last = [...entry.messages.values()].at(-1);
  tab.setAttribute("aria-selected", entry === current);
  tab.replaceChildren(
    avatar(initials(titleOf(chat)), chat.id),
    el("span.title", {}, titleOf(chat)),
    last ? el("time", {}, time(last.date)) : "",
    el("span.preview", {}, last ? snippet(last) : chat.type === "group" ? "group" : "bot"),
    unread > 0 ? el("b.badge", { "aria-label": `${unread} unread` }, String(unread)) : "");
  const total = [...entries.values()].reduce((sum, { unread }) => sum + unread, 0);
  document.title = total > 0 ? `(${total}) dripdesk sandbox` : "dripdesk sandbox";
}

export function show(chatId) {
  const previous = current;
  current = entries.get(chatId);
  document.body.dataset.view = "chat";
  for (const { list } of entries.values()) list.classList.toggle("shown", list === current.list);
  current.unread = 0;
  if (previous) renderTab(previous);
  renderTab(current);
  renderPill();
  find("typing").hidden = true;
  current.scroll.settle();
  onShow(current.chat);
}

const isRead = (entry) => entry === current && find("telegram").checkVisibility() && !document.hidden;

/** The reader looks at the current chat again (the window or, on a narrow screen, its tab came back). */
function markRead() {
  if (!current || !isRead(current)) return;
  current.unread = 0;
  renderTab(current);
}

/** Make the timeline of a chat equal to what the server has; what did not change is not touched. */
export function restore(chatId, messages) {
  const entry = entries.get(chatId);
  const isFirst = entry.messages.size === 0;
  const ids = new Set(messages.map(({ message_id }) => message_id));
  const oldest = messages[0]?.message_id ?? -Infinity; // an empty answer means an empty chat
  for (const id of entry.messages.keys()) if (id >= oldest && !ids.has(id)) remove({ chat_id: chatId, message_id: id });
  for (const message of messages) entry.messages.has(message.message_id) ? change(message) : receive(message, { isFirst });
  renderTab(entry);
}

/** A new message; one that is already here (the answer to our own post came first) is ignored. */
export function receive(message, { isFirst = false } = {}) {
  const entry = entries.get(message.chat_id);
  if (!entry || entry.messages.has(message.message_id)) return;
  const own = isOwn(message);
  if (!isFirst && !own && !isRead(entry)) entry.unread += 1;
  if (!isFirst && !own && !entry.scroll.isAtEnd()) entry.below += 1;
  entry.messages.set(message.message_id, message);
  const date = day(message.date);
  if (date !== entry.lastDay) entry.list.append(el("li.day", {}, date));
  entry.lastDay = date;
  const item = render(entry, message);
  item.classList.toggle("arriving", !isFirst);
  entry.list.append(item);
  if (own && !isFirst) entry.scroll.toEnd();
  else entry.scroll.settle();
  if (entry === current) renderPill();
  if (entry === current && message.from?.is_bot) find("typing").hidden = true;
  if (!isFirst) renderTab(entry);
}

function render({ chat, messages }, message) {
  const own = isOwn(message);
  const quoted = messages.get(message.reply_to_message_id);
  return renderMessage(message, { own, named: chat.type === "group" && !own, quoted, userId: userIn(chat) });
}

const elementOf = (entry, messageId) => entry.list.querySelector(`[data-id="${messageId}"]`);

/** An edited message. */
export function change(message) {
  const entry = entries.get(message.chat_id);
  const known = entry?.messages.get(message.message_id);
  if (!known || JSON.stringify(known) === JSON.stringify(message)) return;
  entry.messages.set(message.message_id, message);
  const old = elementOf(entry, message.message_id);
  if (old) replaceMessage(old, render(entry, message));
  entry.scroll.settle();
  renderTab(entry);
}

export function remove({ chat_id, message_id }) {
  const entry = entries.get(chat_id);
  if (!entry?.messages.delete(message_id)) return;
  elementOf(entry, message_id)?.remove();
  renderTab(entry);
}

export function showTyping({ chat_id }) {
  if (chat_id !== current?.chat.id) return;
  find("typing").hidden = false;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => (find("typing").hidden = true), TYPING_MILLISECONDS);
}

function renderPill() {
  const below = current?.below ?? 0; // a timeline may settle before the first chat is shown
  find("pill").hidden = below === 0;
  find("pill").textContent = `${plural(below, "new message")} ↓`;
}

export function start() {
  find("pill").addEventListener("click", () => current.scroll.toEnd());
  document.addEventListener("visibilitychange", markRead);
}
