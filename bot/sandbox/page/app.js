// Starts the page: reads the snapshots, then follows the events. After a lost connection it does both again.

import * as actions from "./actions.js";
import * as api from "./api.js";
import * as chat from "./chat.js";
import * as clock from "./clock.js";
import * as composer from "./composer.js";
import * as conversation from "./conversation.js";
import * as devices from "./devices.js";
import { find } from "./dom.js";
import * as notices from "./notices.js";
import * as phones from "./phones.js";
import * as upload from "./upload.js";
import * as welcome from "./welcome.js";

const RETRY_MILLISECONDS = 2000;

const onEvent = {
  message({ message }) {
    chat.receive(message);
    if (message.media && message.chat_id === chat.currentChat()?.id && chat.isOwn(message)) welcome.hasSentFile(chat.currentChat());
    if (welcome.isUnclaimed() && message.from?.is_bot) notices.attempt(readState); // it may be the answer to the claim
  },
  edited({ message }) {
    chat.change(message);
    clock.lookSoon();
    devices.lookSoon();
  },
  deleted: chat.remove,
  chat: (event) => chat.describe(event.chat),
  typing: chat.showTyping,
  toast: ({ text, show_alert }) => (show_alert ? notices.showAlert(text) : notices.toast(text)),
  phone: phones.arrived,
  receipt: conversation.receipt,
  device: (event) => devices.changed(event.device),
  clock: (event) => clock.setClock(event.clock),
};

async function readState() {
  const state = await api.state();
  welcome.setState(state);
  clock.setClock(state.clock);
  find("app").classList.toggle("no-phones", !state.simulator);
  chat.introduce({ bot: state.bot, operator: state.operator, whenShown: onChatShown });
  if (chat.currentChat()) welcome.showFor(chat.currentChat());
  return state;
}

function onChatShown(shown) {
  welcome.showFor(shown);
  composer.reset(shown);
}

async function readSnapshots() {
  const { operator, simulator } = await readState();
  for (const description of await api.chats()) {
    chat.describe(description);
    chat.restore(description.id, await api.messages(description.id));
  }
  if (!chat.currentChat()) chat.show(operator.id);
  if (!simulator) return;
  devices.restore(await api.devices());
  await phones.load();
  await conversation.refresh();
}

let waiting = null; // events that arrived while the snapshots were read, else null

async function synchronise() {
  waiting = [];
  try {
    await readSnapshots();
    notices.showConnection(true);
  } catch (error) {
    notices.toast(error.message);
    notices.showConnection(false);
    setTimeout(synchronise, RETRY_MILLISECONDS);
  }
  const missed = waiting;
  waiting = null;
  missed.forEach(dispatch);
}

function dispatch(event) {
  if (waiting) waiting.push(event);
  else onEvent[event.type]?.(event);
}

for (const tab of document.querySelectorAll("nav [data-view]")) {
  tab.addEventListener("click", () => (document.body.dataset.view = tab.dataset.view));
}
for (const part of [chat, actions, composer, clock, phones]) part.start();
upload.start(composer.takeReply);
api.follow({ onOpen: synchronise, onLost: () => notices.showConnection(false), onEvent: dispatch });
