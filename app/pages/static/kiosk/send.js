// One tab at a time sends what waits and says how the tablet is.
import * as queue from "./queue.js";

export const HOME = new URL("../../..", import.meta.url).pathname.replace(/\/$/, ""); // the path the service is served below

const BATCH = 500;
const EVERY_MS = 60_000;
const LONGEST_MS = 300_000;
const TIMEOUT_MS = 30_000;

export const status = { online: navigator.onLine, contact: null, skew: 0, persisted: false };

let device, hooks;
let timer, due = Infinity;
let failures = 0;
let running = false, again = false;

class Refused extends Error {
  constructor(code, http, wait) {
    super(code);
    Object.assign(this, { code, http, wait });
  }
}

/** POST `body`; a Refused for anything but 2xx, a TypeError or TimeoutError when nobody answers. */
export async function post(path, body, key) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const reply = await fetch(HOME + path, { method: "POST", headers, body: JSON.stringify(body), signal, credentials: "omit" });
  if (reply.ok) return reply.json();
  const { code } = await reply.json().catch(() => ({}));
  throw new Refused(code, reply.status, Number(reply.headers.get("retry-after")) * 1000 || 0);
}

/** Begin to send for `key`, with what was refused before: the service or the touchpoint may have changed. `on.config(config)`, `on.locked()`, `on.change()` are called as things happen; `on.held()` is the id being written. */
export function start(key, on) {
  device = key;
  hooks = on;
  failures = 0;
  queue.retryRejected().catch(console.error).finally(() => wake(0));
}

export function stop() {
  device = null;
  clearTimeout(timer);
  due = Infinity;
}

/** Send in `after` ms at the latest. By a clock that nobody sets: a tablet that learns the time must not oversleep. */
export function wake(after) {
  const now = performance.now();
  if (!device || (now < due && due <= now + after)) return;
  clearTimeout(timer);
  due = now + after;
  timer = setTimeout(run, after);
}

/** An answer is complete: send it, unless nobody answers anyway. */
export const answered = () => failures || wake(0);

async function run() {
  due = Infinity;
  again = running; // what was answered while a delivery runs may have missed it
  if (running) return;
  running = true;
  let wait = EVERY_MS * (0.9 + Math.random() / 5);
  try {
    await navigator.locks.request("touchstone-send", { ifAvailable: true }, (lock) => lock && deliver());
    failures = 0;
  } catch (error) {
    again = false;
    if (error.code === "device_revoked" || error.code === "key_invalid") return hooks.locked();
    failures += 1;
    status.online = false;
    wait = Math.max(error.wait ?? 0, Math.min(LONGEST_MS, 1000 * 2 ** failures) * (0.5 + Math.random()));
  } finally {
    running = false;
  }
  await hooks.change();
  wake(again ? 0 : wait);
}

async function deliver() {
  let most = BATCH;
  for (;;) {
    const records = await queue.next(most, hooks.held());
    if (!records.length) break;
    try {
      await sendBatch(records);
      most = Math.min(BATCH, most * 2);
    } catch (error) {
      if (![400, 413, 422].includes(error.http)) throw error;
      if (records.length === 1) await queue.settle([{ id: records[0].id, status: "rejected", error: { code: error.code } }]);
      most = Math.max(1, records.length >> 1); // one of them cannot be read at all: find it
    }
  }
  await beat();
  status.online = true;
}

async function sendBatch(records) {
  const items = await Promise.all(records.map(queue.toItem));
  const { results } = await post("/v1/feedback/batch", { sent_at: new Date().toISOString(), items }, device);
  const named = results.map((said) => (said.status === "rejected" ? { ...said, id: records[said.index]?.id } : said));
  await queue.settle(named);
  const left = new Set(records.map(({ id }) => id));
  if (!named.some(({ id }) => left.has(id))) throw new Error("the server named none of the answers");
}

async function beat() {
  const { depth, refused, oldest } = await queue.state();
  const age = oldest && Math.max(0, Math.round((Date.now() - Date.parse(oldest)) / 1000));
  const { version } = document.getElementById("kiosk").dataset;
  const asked = await queue.toReport(BATCH);
  const said = { queue_depth: depth, refused, oldest_age_s: age && Math.min(age, 1e9), version, persisted: status.persisted };
  const config = await post("/v1/devices/heartbeat", { ...said, sent_at: new Date().toISOString(), asked }, device);
  if (asked.length) await queue.reported(asked);
  status.contact = Date.now();
  status.skew = Math.round((Date.now() - Date.parse(config.now)) / 1000);
  await hooks.config(config);
}

addEventListener("online", () => wake(Math.random() * 5000)); // not all tablets of a store at once
addEventListener("offline", () => { status.online = false; hooks?.change(); });
document.addEventListener("visibilitychange", () => document.hidden || wake(0));
