// One Telegram message as an element.

import * as api from "./api.js";
import { avatar, el, icon } from "./dom.js";
import { initials, time } from "./format.js";
import { renderMedia } from "./media.js";
import { attempt, toast } from "./notices.js";

/** `own`: written by the person who reads; `named`: show who wrote it; `quoted`: the message it replies to. */
export function renderMessage(message, { own, named, quoted, userId }) {
  const testid = `message-${message.chat_id}-${message.message_id}`;
  if (message.service) return el("li.service", { testid }, message.service);
  const { media, buttons, from } = message;
  const bubble = el(media?.kind === "photo" ? "div.bubble.with-photo" : "div.bubble", { dir: "auto" },
    named && el("b.sender", {}, from.name),
    quoted && el("blockquote.quote", {}, el("b", {}, quoted.from?.name), snippet(quoted)),
    media && renderMedia({ ...media, url: api.fileUrl(media.file_id), name: media.file_name }),
    message.html && trustedText(message.html),
    el("span.meta", {}, message.edited && "edited ", el("time", { datetime: message.date }, time(message.date))));
  const item = el(own ? "li.message.own" : "li.message", { testid, tabindex: -1, "data-id": message.message_id },
    named && avatar(initials(from.name), from.id),
    el("div.stack", {}, bubble, buttons?.length > 0 && renderKeyboard(message, userId)));
  return item;
}

function trustedText(html) {
  const text = el("div.text");
  text.innerHTML = html; // the server escaped and sanitised it
  return text;
}

export const snippet = (message) => message.service || message.text || message.media?.file_name || "Photo";

function renderKeyboard(message, userId) {
  const rows = message.buttons.map((row) => el("div.row", {}, ...row.map((button) => renderButton(message, button, userId))));
  return el("div.keyboard", {}, ...rows);
}

function renderButton({ chat_id, message_id }, { label, kind, data, url }, userId) {
  if (kind === "url") {
    const open = () => /^https?:/.test(url) && window.open(url, "_blank", "noopener");
    return el("button", { type: "button", title: url, onclick: open }, label, icon("link"));
  }
  const press = (event) => attempt(async () => {
    const { answered } = await api.press({ chat_id, message_id, data, user_id: userId });
    if (!answered) toast("The bot did not answer this button.");
  }, event.currentTarget);
  return el("button", { type: "button", title: label, onclick: press }, label);
}

/** Put the new rendering in the place of the old one: pictures do not reload and the focus stays. */
export function replaceMessage(old, fresh) {
  const oldImage = old.querySelector("img");
  const freshImage = fresh.querySelector("img");
  if (oldImage && freshImage && oldImage.src === freshImage.src) freshImage.replaceWith(oldImage);
  const focused = old.contains(document.activeElement) ? document.activeElement.textContent : null;
  old.replaceWith(fresh);
  if (focused === null) return;
  const buttons = [...fresh.querySelectorAll(".keyboard button")];
  (buttons.find((button) => button.textContent === focused) ?? buttons[0] ?? fresh).focus({ preventScroll: true });
}
