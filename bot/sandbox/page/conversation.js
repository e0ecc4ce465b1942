// The opened contact phone: a WhatsApp chat as its owner sees it, with a box to answer.

import * as api from "./api.js";
import { timeZone } from "./clock.js";
import { deviceName } from "./devices.js";
import { avatar, el, find, highlight, icon, stickToEnd } from "./dom.js";
import { day, time, weekday, whatsapp } from "./format.js";
import { kindOf, renderMedia } from "./media.js";
import { attempt } from "./notices.js";

const read = new Set(); // ids of messages whose sender knows that they were read

let phone = null; // {number, list, scroll, items: message id → element, lastDay, lastDevice}

export const opened = () => phone?.number ?? null;

/** Business time; a reply has none, for only a device knows it. */
export const shortTime = ({ business_at }) =>
  business_at && `${weekday(business_at, timeZone())} ${time(business_at, timeZone())}`;

/** Show this phone. `onPhone` gets it whenever its owner changes it; `onClose` runs when it is put away. */
export async function open(number, { onPhone, onClose }) {
  const list = el("ol.whatsapp", { tabindex: 0, "aria-label": "Messages on this phone" });
  phone = { number, list, scroll: stickToEnd(list), items: new Map() };
  find("phone").inert = true; // the one shown until then must not get an answer that is meant for this one
  await attempt(async () => {
    const { on_whatsapp, messages } = await api.phone(number);
    if (opened() !== number) return; // another phone was opened meanwhile
    const close = () => {
      phone = null;
      find("phones").classList.remove("opened");
      find("phone").replaceChildren();
      onClose();
    };
    find("phone").replaceChildren(renderHeader(number, on_whatsapp, onPhone, close), list, renderReplyBox(number));
    find("phones").classList.add("opened");
    for (const message of messages) put(message);
    phone.scroll.toEnd();
  });
  if (opened() === number) find("phone").inert = false;
}

/** Read the opened phone again, after events may have been missed. */
export async function refresh() {
  if (!phone) return;
  const { number } = phone;
  for (const message of (await api.phone(number)).messages) arrived(number, message);
}

function renderHeader(number, isOnWhatsApp, onPhone, close) {
  const flip = () => attempt(async () => {
    const changed = await api.setNotOnWhatsApp(number, notOnWhatsApp.getAttribute("aria-checked") !== "true");
    notOnWhatsApp.setAttribute("aria-checked", !changed.on_whatsapp);
    onPhone(changed);
  }, notOnWhatsApp);
  const notOnWhatsApp = el("button.fault", {
    type: "button", role: "switch", "aria-checked": String(!isOnWhatsApp), testid: "not-on-whatsapp",
    title: "Messages to this number are refused", onclick: flip,
  }, "Not on WhatsApp");
  return el("header", {},
    el("button.round.narrow-only", { type: "button", "aria-label": "Back to the phones", onclick: close }, icon("back")),
    avatar(number.slice(-2), number.slice(-4)),
    el("p", {}, el("b", {}, number), el("small", {}, "this contact’s phone")),
    notOnWhatsApp);
}

function renderReplyBox(number) {
  const box = el("input", { testid: "reply-box", autocomplete: "off", dir: "auto" });
  const onDevice = el("button.round", {
    type: "button", role: "switch", "aria-checked": "false", testid: "type-on-device",
    title: "Type on the device’s own phone instead", "aria-label": "Type on the device’s own phone",
    onclick: () => setWriter(!isTeam()),
  }, icon("phone"));
  const isTeam = () => onDevice.getAttribute("aria-checked") === "true";
  const setWriter = (team) => {
    onDevice.setAttribute("aria-checked", String(team));
    box.placeholder = team ? "Type on the device’s own phone" : "Reply as this contact";
    box.setAttribute("aria-label", box.placeholder);
  };
  setWriter(false);
  const submit = async () => {
    await api.reply({ phone: number, text: box.value.trim(), typed_on_phone: isTeam() });
    box.value = "";
    setWriter(false);
  };
  const onsubmit = (event) => {
    event.preventDefault();
    if (box.value.trim()) attempt(submit, event.currentTarget);
  };
  return el("form.reply", { onsubmit }, onDevice, box,
    el("button.round.send", { testid: "reply-send", "aria-label": "Send the reply" }, icon("send")));
}

/** A message is new on a phone, or was deleted from it. */
export function arrived(number, message) {
  if (number !== opened()) return;
  const item = put(message);
  if (item) highlight(item);
  phone.scroll.settle();
}

/** Returns the element of a message that was not there before. */
function put(message) {
  const { list, items } = phone;
  const known = items.get(message.message_id);
  if (known) {
    if (message.revoked) known.replaceChildren(deletedText());
    return null;
  }
  const date = message.business_at ? day(message.business_at, timeZone()) : phone.lastDay;
  if (date !== phone.lastDay) list.append(el("li.day", {}, date));
  const item = render(message, message.device !== phone.lastDevice);
  Object.assign(phone, { lastDay: date, lastDevice: message.device });
  items.set(message.message_id, item);
  list.append(item);
  return item;
}

function render(message, isOtherDevice) {
  const { message_id, direction, device, business_at } = message;
  const isReceived = direction === "in";
  const item = el(isReceived ? "li.received" : "li.written", { testid: "phone-message", dir: "auto" },
    isReceived && isOtherDevice && el("b.sender", {}, deviceName(device)),
    ...(message.revoked ? [deletedText()] : content(message)),
    (business_at || isReceived) && el("span.meta", {},
      business_at && el("time", { datetime: business_at }, time(business_at, timeZone())),
      isReceived && icon("ticks")));
  item.classList.toggle("read", read.has(message_id));
  return item;
}

const deletedText = () => el("i.quiet", {}, "This message was deleted");

function content({ body, media }) {
  return [
    media && renderMedia({ ...media, kind: kindOf(media.mime_type), url: api.mediaUrl(media.sha256), name: media.file_name }),
    body && el("span.text", {}, whatsapp(body)),
  ];
}

export function receipt({ phone: number, message_id, kind }) {
  if (kind !== "read") return;
  read.add(message_id);
  if (number === opened()) phone.items.get(message_id)?.classList.add("read");
}
