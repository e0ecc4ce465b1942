// Sending files: by the clip, by drop and by paste, all through one sheet that asks how.

import * as api from "./api.js";
import { currentChat, receive, userIn } from "./chat.js";
import { el, find } from "./dom.js";
import { plural, size } from "./format.js";
import { kindOf, renderMedia } from "./media.js";
import { attempt } from "./notices.js";

const LABELS = { photo: "Photo", video: "Video", audio: "Music" };

let files = [];
let takeReply = () => null; // the message that the next one answers, once

const sheet = () => find("upload");
const form = () => sheet().querySelector("form");

/** Show the sheet for these files. */
export function offer(fileList) {
  files = [...fileList];
  if (files.length === 0) return;
  const kinds = new Set(files.map(({ type }) => kindOf(type)));
  const [kind] = kinds;
  const isMedia = kinds.size === 1 && kind !== "document";
  form().reset();
  find("upload-as").hidden = !isMedia;
  form().elements.as.value = isMedia ? "media" : "document";
  find("upload-as").querySelector("span").textContent = LABELS[kind];
  find("upload-title").textContent = files.length === 1 ? "Send a file" : `Send ${plural(files.length, "file")}`;
  find("upload-preview").replaceChildren(...files.map(preview));
  sheet().showModal();
  form().elements.caption.focus();
}

function preview(file) {
  if (kindOf(file.type) !== "photo") {
    return el("p.file", {}, el("span.file-text", {}, el("b", {}, file.name), el("small", {}, size(file.size))));
  }
  const url = URL.createObjectURL(file);
  const media = renderMedia({ kind: "photo", url, name: file.name });
  media.firstChild.onload = () => URL.revokeObjectURL(url);
  return media;
}

/** Post one file to the chat that is shown; the caption is that of Telegram. */
export async function upload(file, as = "document", caption = "") {
  const chat = currentChat();
  const replied = takeReply();
  const reply = replied === null ? {} : { reply_to_message_id: replied };
  receive(await api.upload({ chat_id: chat.id, file, as, caption, user_id: userIn(chat), ...reply }));
}

async function submit() {
  const { as, caption } = form().elements;
  for (const [index, file] of files.entries()) {
    await upload(file, as.value === "media" ? kindOf(file.type) : "document", index === 0 ? caption.value.trim() : "");
  }
  sheet().close();
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

/** `taken` tells what is being answered, and forgets it. */
export function start(taken) {
  takeReply = taken;
  const target = find("telegram");
  find("attach").addEventListener("change", ({ target }) => {
    offer(target.files);
    target.value = "";
  });
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(submit, form());
  });
  form().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.target !== form().elements.caption) return;
    event.preventDefault();
    form().requestSubmit();
  });
  find("upload-cancel").addEventListener("click", () => sheet().close());
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // also beside the chat: a file that misses must not replace the page
    target.classList.toggle("dropping", target.contains(event.target));
  });
  addEventListener("dragleave", (event) => !event.relatedTarget && target.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    target.classList.remove("dropping");
    if (target.contains(event.target)) offer(event.dataTransfer.files);
  });
}
