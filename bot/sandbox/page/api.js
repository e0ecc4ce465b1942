// The HTTP routes of the sandbox, one function each, and its stream of events.

async function request(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body) Object.assign(options, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  const response = await fetch(path, options).catch(() => {
    throw new Error("dripdesk does not answer. Is it still running?");
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(explain(answer?.detail) ?? `That did not work (HTTP ${response.status}).`);
  return answer;
}

function explain(detail) {
  // A request that fails FastAPI's own validation carries a list instead of a sentence.
  return Array.isArray(detail) ? detail.map((problem) => problem.msg).join("; ") : detail;
}

const get = (path) => request("GET", path);
const post = (path, body) => request("POST", path, body);

export const state = () => get("/sandbox/state");
export const chats = () => get("/sandbox/chats");
export const messages = (chatId) => get(`/sandbox/chats/${chatId}/messages?limit=100`);
export const sendMessage = (message) => post("/sandbox/message", message);
export const editMessage = (edit) => post("/sandbox/edit", edit);
export const deleteMessage = ({ chat_id, message_id }) =>
  request("DELETE", `/sandbox/chats/${chat_id}/messages/${message_id}`);
export const press = (button) => post("/sandbox/press", button);
export const addBot = (chatId) => post(`/sandbox/groups/${chatId}/bot`, { member: true });
export const fileUrl = (fileId) => `/sandbox/files/${encodeURIComponent(fileId)}`;

export function upload({ file, ...fields }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return post("/sandbox/upload", form);
}

export const SAMPLE_CONTACTS = "/sandbox/page/contacts.csv";

export async function sampleContacts() {
  const response = await fetch(SAMPLE_CONTACTS);
  if (!response.ok) throw new Error("The sample contacts are missing from this installation.");
  return new File([await response.blob()], "contacts.csv", { type: "text/csv" });
}

export const devices = () => get("/sandbox/devices");
export const setFault = (fault) => post("/sandbox/fault", fault);
export const phones = () => get("/sandbox/phones?limit=10000");
export const phone = (number) => get(`/sandbox/phones/${encodeURIComponent(number)}`);
export const reply = (answer) => post("/sandbox/reply", answer);
export const setNotOnWhatsApp = (phone, on) => post("/sandbox/not-on-whatsapp", { phone, on });
export const mediaUrl = (sha256) => `/sandbox/media/${sha256}`;

export const clock = () => get("/sandbox/clock");
export const setClock = (change) => post("/sandbox/clock", change);

/** Follow the events for as long as the page lives. `onOpen` runs after each (re)connection. */
export function follow({ onOpen, onLost, onEvent }) {
  const source = new EventSource("/sandbox/events");
  source.onopen = onOpen;
  source.onmessage = ({ data }) => onEvent(JSON.parse(data));
  source.onerror = () => {
    onLost();
    if (source.readyState !== EventSource.CLOSED) return; // the browser is trying again by itself
    setTimeout(() => follow({ onOpen, onLost, onEvent }), 2000);
  };
}
