// Building elements. Children become text or elements, never markup: nothing untrusted can turn into HTML here.

export const find = (id) => document.getElementById(id);

/** `el("li.row.wide", {title, onclick, testid}, "text", node)`; null, undefined and false are left out. */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key === "testid" ? "data-testid" : key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child || child === 0));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.classList.add("icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function avatar(initials, seed) {
  const node = el("span.avatar", { "aria-hidden": "true" }, initials);
  node.style.setProperty("--hue", (Number(seed) * 47) % 360);
  return node;
}

/** Draw the eye to something that has just changed, unless the reader asked for stillness. */
export function highlight(node) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const colour = getComputedStyle(node).getPropertyValue("--highlight");
  node.animate([{ backgroundColor: colour }, {}], { duration: 1200, easing: "ease-out" });
}

/** Keep a scrolling list at its end for as long as the reader is there; leave it alone otherwise. */
export function stickToEnd(list, onReachEnd = () => {}) {
  let atEnd = true;
  let height = 0;
  const toEnd = () => list.scrollTo({ top: list.scrollHeight, behavior: "instant" });
  const settle = () => atEnd && toEnd();
  list.addEventListener("scroll", () => {
    if (list.clientHeight !== height) return; // the list changed its size: that is not the reader's doing
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
    if (atEnd) onReachEnd();
  });
  new ResizeObserver(() => {
    height = list.clientHeight;
    settle();
  }).observe(list);
  list.addEventListener("load", settle, true); // a picture got its height
  return { isAtEnd: () => atEnd, settle, toEnd };
}
