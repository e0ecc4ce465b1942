// A file inside a bubble, the same in Telegram and on the phones.

import { el, icon } from "./dom.js";
import { size as formatSize } from "./format.js";

/** `kind` is photo, video, animation, audio or document. */
export function renderMedia({ kind, url, name, size, width, height }) {
  if (kind === "photo") {
    const image = el("img", { src: url, alt: name || "Photo", width, height, loading: "lazy" });
    return el("a.photo", { href: url, target: "_blank", rel: "noopener" }, image);
  }
  if (kind === "video" || kind === "animation") {
    return el("video", { src: url, width, height, controls: true, preload: "metadata", "aria-label": name });
  }
  const tile = el("a.file", { href: url, download: name || "file" },
    el("span.file-icon", {}, icon("download")),
    el("span.file-text", {}, el("b", {}, name || "File"), el("small", {}, formatSize(size ?? 0))));
  if (kind === "audio") return el("div", {}, tile, el("audio", { src: url, controls: true, preload: "none" }));
  return tile;
}

/** How a file with this mime type is sent when it is not sent as a plain file. */
export function kindOf(mimeType) {
  const [family] = (mimeType || "").split("/");
  return { image: "photo", video: "video", audio: "audio" }[family] ?? "document";
}
