// The sending devices: their state, and the switches that break them.

import * as api from "./api.js";
import { el, find, icon } from "./dom.js";
import { plural } from "./format.js";
import { attempt } from "./notices.js";

const FAULTS = {
  offline: ["Offline", "The phone loses its connection"],
  hang: ["Hang", "Sends get no answer at all"],
  ban: ["Ban", "WhatsApp bans the number for a while"],
  reject: ["Reject", "WhatsApp refuses every message"],
  lost_ack: ["Lost ack", "Messages arrive, but the confirmation is lost"],
};
const RARER_FAULTS = {
  logout: ["Log out", "The owner removes the linked device"],
  reachout_limit: ["Limit", "WhatsApp lets it write to nobody new"],
  outdated: ["Outdated", "WhatsApp does not accept this version of dripdesk"],
  duplicate_receipts: ["Double receipts", "Each receipt comes twice"],
};
const WELL = new Set(["online"]);
const WAITING = new Set(["connecting", "pairing", "degraded", "unpaired", "passkey_required"]);

const LOOK_MILLISECONDS = 300;

const rows = new Map(); // device id → {item, name, state, sent, hint, switches, isWanted}
const names = new Map(); // also of those that have been removed: what they sent is still on the phones
let looking = null;

export const deviceName = (id) => names.get(id) ?? `Device ${id}`;

export function restore(devices) {
  const ids = new Set(devices.map(({ device }) => device));
  for (const [id, { item }] of rows) {
    if (ids.has(id)) continue;
    item.remove();
    rows.delete(id);
  }
  devices.forEach(update);
  if (devices.length === 0) {
    find("device-list").replaceChildren(el("li.empty", {}, "No simulated device yet. Add one in the chat: Devices → Add."));
  }
}

/** Something happened to a device. */
export function changed(device) {
  if (device.wanted || rows.has(device.device)) update(device);
  lookSoon();
}

/** A device that nobody connects may have been removed by now, of which the network knows nothing. */
export function lookSoon() {
  if (![...rows.values()].some(({ isWanted }) => !isWanted)) return;
  looking ??= setTimeout(() => {
    looking = null;
    attempt(async () => restore(await api.devices()));
  }, LOOK_MILLISECONDS);
}

function update(device) {
  const row = rows.get(device.device) ?? add(device.device);
  const isAbandoned = device.state === "connecting" && !device.wanted;
  const state = isAbandoned ? "no_connection" : device.state;
  names.set(device.device, device.name);
  row.isWanted = device.wanted;
  row.name.textContent = device.name;
  row.hint.hidden = !isAbandoned;
  row.hint.textContent = isAbandoned ? `Nothing connects it by itself. In the chat: Devices → ${device.name} → Restart.` : "";
  row.state.textContent = state.replaceAll("_", " ");
  row.state.dataset.tone = WELL.has(state) ? "good" : WAITING.has(state) ? "waiting" : "bad";
  row.sent.textContent = plural(device.sent, "message");
  for (const [fault, control] of Object.entries(row.switches)) {
    control.setAttribute("aria-checked", fault in device.faults);
  }
}

function add(id) {
  const switches = {};
  const makeSwitch = ([fault, [label, title]]) => {
    const flip = () => attempt(async () => {
      const on = switches[fault].getAttribute("aria-checked") !== "true";
      changed(await api.setFault({ device: id, fault, on }));
    }, switches[fault]);
    switches[fault] = el("button.fault", {
      type: "button", role: "switch", "aria-checked": "false", title, testid: `fault-${id}-${fault}`, onclick: flip,
    }, label);
    return switches[fault];
  };
  const common = Object.entries(FAULTS).map(makeSwitch);
  const rarer = el("span.rarer", { hidden: true }, ...Object.entries(RARER_FAULTS).map(makeSwitch));
  const more = el("button.fault.more", {
    type: "button", "aria-label": "More ways to break it", "aria-expanded": "false", testid: `fault-${id}-more`,
    onclick: () => more.setAttribute("aria-expanded", !(rarer.hidden = !rarer.hidden)),
  }, icon("more"));
  const [name, state, sent] = [el("b.device-name"), el("span.state"), el("small.quiet")];
  const hint = el("small.hint.quiet", { hidden: true });
  const item = el("li.device", { testid: `device-${id}` }, name, state, sent,
    el("span.faults", {}, ...common, more, rarer), hint);
  find("device-list").querySelector(".empty")?.remove();
  find("device-list").append(item);
  rows.set(id, { item, name, state, sent, hint, switches });
  return rows.get(id);
}
