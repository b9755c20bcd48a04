// Answers wait here, in IndexedDB, until the server has named their id. Nothing else ever removes one.
export const CAPACITY = 50_000;
export const NEARLY = CAPACITY * 0.9;
const HOLD_MS = 120_000; // while the customer may still add a few words
const PAGE = crypto.randomUUID?.() ?? String(Math.random()); // performance.now() counts from a page's own start
const OLDEST_MS = 90 * 86_400_000;
const HOUR_MS = 3_600_000;

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("touchstone-kiosk", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("queue", { keyPath: "id" });
      request.result.createObjectStore("rejected", { keyPath: "id" });
      request.result.createObjectStore("meta");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Run `work(stores...)` in one transaction; what it returns counts only once it is on disk. */
async function transact(names, mode, work) {
  const database = await open();
  const transaction = database.transaction(names, mode, { durability: "strict" });
  const finished = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
  finished.catch(() => {}); // it is awaited below, after the work
  const value = await work(...names.map((name) => transaction.objectStore(name)));
  await finished;
  return value;
}

export const remember = (name, value) => transact(["meta"], "readwrite", (meta) => void meta.put(value, name));
export const recall = (name) => transact(["meta"], "readonly", (meta) => result(meta.get(name)));

// Words wait encrypted, under a key that no script can read out: a copy of the queue tells nobody what customers wrote.
const CIPHER = "AES-GCM";
let cipherKey;

async function makeKey() {
  const made = await crypto.subtle.generateKey({ name: CIPHER, length: 256 }, false, ["encrypt", "decrypt"]);
  return transact(["meta"], "readwrite", async (meta) => {
    const kept = await result(meta.get("words"));
    if (!kept) meta.put(made, "words");
    return kept ?? made;
  });
}

async function seal(text) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  cipherKey ??= await makeKey();
  return { iv, data: await crypto.subtle.encrypt({ name: CIPHER, iv }, cipherKey, new TextEncoder().encode(text)) };
}

/** The words; undefined when their key is lost, for the rating goes out in any case. */
async function unseal({ iv, data }) {
  try {
    cipherKey ??= await makeKey();
    return new TextDecoder().decode(await crypto.subtle.decrypt({ name: CIPHER, iv }, cipherKey, data));
  } catch (error) {
    console.error(error);
  }
}

/** A time-ordered random id (RFC 9562, version 7). */
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Math.max(0, Date.now());
  for (let place = 5; place >= 0; place -= 1) {
    bytes[place] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const moment = () => ({ at: new Date().toISOString(), tick: performance.now(), page: PAGE });

/** Keep a new answer; false when the tablet is full. It is held back for the customer's own changes. */
export async function add(answer) {
  const record = { ...answer, ...moment(), hold: Date.now() + HOLD_MS };
  try {
    return await transact(["queue"], "readwrite", async (queue) => {
      if ((await result(queue.count())) >= CAPACITY) return false;
      queue.add(record);
      return true;
    });
  } catch (error) {
    if (error.name === "QuotaExceededError") return false;
    throw error;
  }
}

/** Change an answer that still waits, or let it go (`hold: 0`). One that is gone already stays as it was sent. */
export async function amend(id, { comment, ...change }) {
  if (comment) change.comment = await seal(comment).catch(() => comment);
  await transact(["queue"], "readwrite", async (queue) => {
    const record = await result(queue.get(id));
    if (record) queue.put({ ...record, ...change });
  });
}

/** Up to `most` answers that may be sent, oldest first. A hold further off than it can be means that the clock was set back. */
export const next = (most, heldHere) =>
  transact(["queue"], "readonly", async (queue) => {
    const now = Date.now();
    const held = ({ id, hold }) => id === heldHere || (hold > now && hold <= now + HOLD_MS);
    const some = await result(queue.getAll(null, most + 20));
    return some.filter((record) => !held(record)).slice(0, most);
  });

/** What the server said of each: remove what it has, set aside what it refuses. */
export const settle = (results) =>
  transact(["queue", "rejected"], "readwrite", async (queue, rejected) => {
    for (const { id, status, error } of results) {
      const record = await result(queue.get(id));
      if (!record) continue;
      if (status === "rejected") rejected.put({ ...record, error });
      else if (!["created", "duplicate", "updated"].includes(status)) continue;
      queue.delete(id);
    }
  });

/** Put refused answers back, for example after the tablet was given their touchpoint again. */
export const retryRejected = () =>
  transact(["queue", "rejected"], "readwrite", async (queue, rejected) => {
    for (const { error, ...record } of await result(rejected.getAll())) queue.put(record);
    rejected.clear();
  });

/** How many answers wait, how many were refused, and when the oldest was given. */
export const state = () =>
  transact(["queue", "rejected"], "readonly", async (queue, rejected) => {
    const [depth, refused, first] = await Promise.all([
      result(queue.count()),
      result(rejected.count()),
      result(queue.getAll(null, 1)),
    ]);
    return { depth, refused, oldest: first[0]?.at ?? null };
  });

/** When it was, as the server takes it. The age is sent only where the wall clock was set since and cannot be right. */
function when({ at, tick, page }) {
  const age = Date.now() - Date.parse(at);
  const wrong = page === PAGE && (age < -1000 || age > OLDEST_MS);
  return wrong ? { occurred_at: at, age_s: Math.max(0, performance.now() - tick) / 1000 } : { occurred_at: at };
}

/** The answer as the server takes it. */
export async function toItem({ id, touchpoint, rating, comment, reasons, locale, ...record }) {
  const words = comment?.data ? await unseal(comment) : comment;
  return { id, touchpoint, rating, comment: words, reasons, locale, ...when(record) };
}

// How often the question was shown: a count by touchpoint and hour that only grows. `sent` is what the server has of it.
const growing = ({ at }) => Math.abs(Date.now() - Date.parse(at)) < HOUR_MS;
const counts = (work) =>
  transact(["meta"], "readwrite", async (meta) => void meta.put(work((await result(meta.get("asked"))) ?? []), "asked"));

/** Count one customer who is shown the question. */
export const ask = (touchpoint) =>
  counts((all) => {
    const count = all.find((one) => one.touchpoint === touchpoint && growing(one));
    if (count) count.n += 1;
    return count ? all : [...all, { id: uuid7(), touchpoint, ...moment(), n: 1, sent: 0 }];
  });

/** Up to `most` counts that the server does not have yet, as it takes them. */
export const toReport = async (most) =>
  ((await recall("asked")) ?? []).filter(({ n, sent }) => n > sent).slice(0, most)
    .map(({ id, touchpoint, n, ...count }) => ({ id, touchpoint, n, ...when(count) }));

/** The server has these counts: forget those that will not grow any more. */
export const reported = (said) =>
  counts((all) => {
    const had = new Map(said.map(({ id, n }) => [id, n]));
    const after = all.map((count) => ({ ...count, sent: Math.max(count.sent, had.get(count.id) ?? 0) }));
    return after.filter((count) => count.n > count.sent || growing(count));
  });
