// What the page says outside of the chats: toasts, the modal alert, the strip of a lost connection.

import { el, find } from "./dom.js";

const TOAST_MILLISECONDS = 4000;

export function toast(text) {
  const note = el("p.toast", { testid: "toast", onclick: () => note.remove() }, text);
  find("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MILLISECONDS);
}

export function showAlert(text) {
  find("alert-text").textContent = text;
  if (!find("alert").open) find("alert").showModal();
}

export function showConnection(isUp) {
  find("connection").hidden = isUp;
}

/** Run what a person asked for; `control` is busy meanwhile, and a failure becomes a toast. */
export async function attempt(action, control) {
  if (control?.getAttribute("aria-busy") === "true") return;
  control?.setAttribute("aria-busy", "true");
  try {
    await action();
  } catch (error) {
    toast(error.message);
  } finally {
    control?.removeAttribute("aria-busy");
  }
}
