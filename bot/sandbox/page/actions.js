// Reply, edit, delete: the small toolbar beside the message under the pointer, the focus or a long press.

import * as api from "./api.js";
import { findMessage, isOwn } from "./chat.js";
import { edit, reply } from "./composer.js";
import { el, find, icon } from "./dom.js";
import { attempt } from "./notices.js";

const LONG_PRESS_MILLISECONDS = 450;

let message = null;

const action = (name, label, act) =>
  el("button", { type: "button", title: label, "aria-label": label, testid: `action-${name}`, onclick: act }, icon(name));
const ownActions = [
  action("edit", "Edit", () => edit(message)),
  action("delete", "Delete", () => attempt(() => api.deleteMessage(message))),
];
const toolbar = el("span.actions", {}, action("reply", "Reply", () => reply(message)), ...ownActions);

function attach({ target }) {
  const item = target.closest(".message");
  if (!item || item.contains(toolbar)) return;
  message = findMessage(Number(item.dataset.id));
  for (const button of ownActions) button.hidden = !isOwn(message);
  item.querySelector(".stack").append(toolbar);
}

export function start() {
  const timelines = find("timelines");
  timelines.addEventListener("pointerover", (event) => event.pointerType !== "touch" && attach(event));
  timelines.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && attach(event));
  let timer;
  timelines.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    if (!toolbar.contains(event.target)) toolbar.remove();
    timer = setTimeout(() => attach(event), LONG_PRESS_MILLISECONDS);
  });
  for (const end of ["pointerup", "pointercancel"]) timelines.addEventListener(end, () => clearTimeout(timer));
}
