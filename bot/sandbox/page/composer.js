// The message box: writing, replying to a message, editing one's own.

import * as api from "./api.js";
import { change, currentChat, lastOwnMessage, receive, userIn } from "./chat.js";
import { find } from "./dom.js";
import { snippet } from "./message.js";
import { attempt } from "./notices.js";
import { offer } from "./upload.js";

let context = null; // null, or {kind: "reply" | "edit", message}

const box = () => find("composer-text");

export const reply = (message) => setContext({ kind: "reply", message });

export function edit(message) {
  setContext({ kind: "edit", message });
  box().value = message.text;
  fit();
}

function setContext(next) {
  if (context?.kind === "edit") box().value = "";
  context = next;
  find("composer-context").hidden = !next;
  if (next) {
    find("context-title").textContent = next.kind === "edit" ? "Edit message" : `Reply to ${next.message.from.name}`;
    find("context-text").textContent = snippet(next.message);
  }
  fit();
  box().focus();
}

async function submit() {
  const text = box().value.trim();
  if (!text) return;
  const submitted = context;
  box().value = ""; // what is typed while this one is under way belongs to the next
  try {
    if (submitted?.kind === "edit") change(await api.editMessage({ ...idsOf(submitted.message), text }));
    else await post(text, submitted?.message.message_id);
  } catch (error) {
    box().value = text;
    throw error;
  }
  setContext(null);
}

const idsOf = ({ chat_id, message_id }) => ({ chat_id, message_id });

/** What a file that is sent now is a reply to: as with a text, only the next one is. */
export function takeReply() {
  const messageId = context?.kind === "reply" ? context.message.message_id : null;
  if (messageId !== null) setContext(null);
  return messageId;
}

/** Write into the chat that is shown. */
export async function post(text, reply_to_message_id) {
  const chat = currentChat();
  receive(await api.sendMessage({ chat_id: chat.id, text, user_id: userIn(chat), reply_to_message_id }));
}

function fit() {
  const { style } = box();
  style.height = "auto";
  style.height = `${box().scrollHeight}px`;
  style.overflowY = box().scrollHeight - box().clientHeight > 1 ? "auto" : "hidden"; // a fraction of a line is no overflow
}

/** Another chat is shown: a reply or an edit begun elsewhere does not follow. */
export function reset(chat) {
  if (context && context.message.chat_id !== chat.id) setContext(null);
}

function onKey(event) {
  if (event.isComposing) return;
  const editLast = event.key === "ArrowUp" && !box().value && lastOwnMessage();
  if (event.key === "Enter" && !event.shiftKey) find("composer").requestSubmit();
  else if (event.key === "Escape" && context) setContext(null);
  else if (editLast) edit(editLast);
  else return;
  event.preventDefault();
}

export function start() {
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(submit);
  });
  box().addEventListener("keydown", onKey);
  box().addEventListener("input", fit);
  addEventListener("resize", fit); // a narrow screen has larger letters
  find("timelines").addEventListener("click", ({ target }) => {
    if (target.matches(".command")) attempt(() => post(target.textContent));
  });
  find("context-cancel").addEventListener("click", () => setContext(null));
  box().addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    offer(event.clipboardData.files);
  });
}
