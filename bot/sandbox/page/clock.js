// The business clock: what time it is in the workspace, how fast it runs, and the jump to what is due next.

import * as api from "./api.js";
import { find } from "./dom.js";
import { day, duration, seconds, time } from "./format.js";
import { attempt } from "./notices.js";

const REFRESH_MILLISECONDS = 5000; // what is due next changes without an event of the clock
const SOON_MILLISECONDS = 300;

let clock = null;
let looking = null;
let anchor = 0; // performance.now() at which `clock.now` was true

export const timeZone = () => clock?.time_zone;

const now = () => Date.parse(clock.now) + (performance.now() - anchor) * clock.speed;

export function setClock(next) {
  clock = next;
  anchor = performance.now();
  for (const button of find("speeds").children) {
    button.setAttribute("aria-pressed", Number(button.dataset.speed) === clock.speed);
  }
  find("clock-zone").textContent = clock.speed === 1 ? clock.time_zone : `${clock.time_zone} · ×${clock.speed}`;
  render();
}

function render() {
  const [date, clockTime] = find("clock-now").children;
  const instant = now();
  const shownTime = clock.speed > 60 ? time : seconds; // at a day a minute the seconds are only a blur
  setText(clockTime, shownTime(instant, clock.time_zone));
  setText(date, day(instant, clock.time_zone));
  find("jump").disabled = clock.next_due === null;
  setText(find("jump").querySelector("small"), describeDue(instant));
}

function describeDue(instant) {
  if (clock.next_due === null) return "nothing is waiting";
  const due = Date.parse(clock.next_due);
  if (due <= instant) return "due now";
  return `${day(due, clock.time_zone)} ${time(due, clock.time_zone)} (${duration(due - instant)})`;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const look = () => api.clock().then(setClock, () => {});

/** Something happened that may have changed what is due next. */
export function lookSoon() {
  looking ??= setTimeout(() => {
    looking = null;
    look();
  }, SOON_MILLISECONDS);
}

export function start() {
  setInterval(() => clock && !document.hidden && render(), 200);
  setInterval(() => !document.hidden && look(), REFRESH_MILLISECONDS);
  const change = (control, body) => attempt(async () => setClock(await api.setClock(body)), control);
  for (const button of find("speeds").children) {
    button.addEventListener("click", () => change(button, { speed: Number(button.dataset.speed) }));
  }
  find("jump").addEventListener("click", () => change(find("jump"), { jump_to: "next_due" }));
}
