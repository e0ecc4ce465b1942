// The card above a chat: the first steps in the private chat, adding the bot in a group.

import * as api from "./api.js";
import { post } from "./composer.js";
import { el, find, icon } from "./dom.js";
import { attempt } from "./notices.js";
import { upload } from "./upload.js";

const DISMISSED = "dripdesk.welcome-dismissed";

let claimCommand = null;
let operator = null;
let writesToPeople = false; // real numbers can be paired, too

/** `claim_command` of the state is null as soon as the installation has an owner. */
export function setState(state) {
  claimCommand = state.claim_command;
  operator = state.operator;
  writesToPeople = state.real_whatsapp;
}

/** A file was sent: the way on is in the chat, which needs the room. */
export function hasSentFile(chat) {
  localStorage.setItem(DISMISSED, "yes");
  showFor(chat);
}

export const isUnclaimed = () => claimCommand !== null;

export function showFor(chat) {
  find("card").replaceChildren(...cardFor(chat));
}

function cardFor(chat) {
  if (chat.type === "group" && !chat.bot_is_member) return [invitation(chat)];
  if (chat.id === operator.id && (isUnclaimed() || !localStorage.getItem(DISMISSED))) return [welcome(chat)];
  return [];
}

function invitation(chat) {
  const add = (event) => attempt(() => api.addBot(chat.id), event.currentTarget);
  return el("section.card.invitation", {},
    el("p", {}, el("b", {}, "Alerts arrive here. "), "When a device breaks or a message fails, the bot tells this group."),
    el("button.primary", { type: "button", testid: "add-bot", onclick: add }, "Add dripdesk to this group"));
}

function welcome(chat) {
  const dismiss = () => {
    localStorage.setItem(DISMISSED, "yes");
    showFor(chat);
  };
  return el("section.card", { "aria-label": "Welcome" },
    !isUnclaimed() && el("button.round.dismiss", { type: "button", "aria-label": "Dismiss", testid: "welcome-dismiss", onclick: dismiss }, icon("close")),
    el("h1", {}, "Welcome to dripdesk"),
    el("p", {}, "A Telegram chat on one side, simulated phones on the other. ", writesToPeople
      ? "Real numbers can be paired here as well: what they send reaches real people."
      : "Nothing leaves this machine."),
    el("ol.steps", {}, claimStep(), contactsStep(),
      el("li", {}, el("p", {}, el("b", {}, "Watch the phones. "), "Speed the clock up: days pass in minutes."))));
}

function claimStep() {
  if (!isUnclaimed()) return el("li.done", {}, el("p", {}, el("b", {}, "This installation is yours.")));
  const claim = (event) => attempt(() => post(claimCommand), event.currentTarget);
  return el("li", {},
    el("p", {}, el("b", {}, "Make it yours. "), "The first person to claim it becomes the owner."),
    el("button.primary", { type: "button", testid: "claim", onclick: claim }, "Claim this installation"));
}

function contactsStep() {
  const tryIt = (event) => attempt(async () => upload(await api.sampleContacts()), event.currentTarget);
  return el("li", {},
    el("p", {}, el("b", {}, "Bring contacts. "), "Drop a CSV or Excel file into the chat, or take ours: ",
      el("a", { href: api.SAMPLE_CONTACTS, download: "contacts.csv", testid: "sample-download" }, "contacts.csv")),
    el("button.plain", { type: "button", testid: "sample-contacts", disabled: isUnclaimed(), onclick: tryIt },
      "Try it with 250 sample contacts"));
}
