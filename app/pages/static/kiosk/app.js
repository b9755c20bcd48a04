// The tablet: which screen shows, what a touch leads to, and when it goes back to the first.
import * as queue from "./queue.js";
import * as screens from "./screens.js";
import * as sending from "./send.js";
import { pairing, staff } from "./staff.js";

const IDLE_MS = { choose: 30_000, question: 30_000, tell: 45_000, bye: 8_000, staff: 120_000 };
const STAFF_MS = 5_000;
const UPDATE_AFTER_MS = 86_400_000;
const root = document.getElementById("kiosk");
const said = JSON.parse(document.getElementById("said").content.textContent);

const s = {
  said,
  version: root.dataset.version,
  screen: null, config: null, touchpoint: null, rating: null, draft: null,
  language: "en", offered: ["en"], home: "en",
  online: navigator.onLine, awake: false, warning: null, full: false,
  get words() { return screens.wordsOf(s, s.language); },
  t: (id, values = {}) => s.words.texts[id].replace(/\{(\w+)\}/g, (_, name) => values[name]),
};

const number = (value) => value.toLocaleString(s.language);

// == screens ==
let idle;

function show(name, view) {
  s.screen = name;
  document.documentElement.lang = s.language;
  document.documentElement.dir = screens.direction(s, s.language);
  document.title = s.t("title");
  root.replaceChildren(view);
  root.dataset.screen = name;
  stir();
}

/** Somebody is there: wait anew before going back to the first screen. */
function stir() {
  clearTimeout(idle);
  const after = IDLE_MS[s.screen];
  if (after) idle = setTimeout(() => (s.screen === "tell" ? finish({}) : home()), after);
}

async function home() {
  await release({});
  if (s.stale) return location.reload();
  Object.assign(s, { touchpoint: null, rating: null, language: s.home });
  const { depth } = await queue.state();
  s.full = depth >= queue.CAPACITY;
  s.warning = depth >= queue.NEARLY ? s.t("nearly_full", { n: number(depth), most: number(queue.CAPACITY) }) : null;
  if (!s.config.touchpoints.length) return show("notice", screens.notice(s, s.t("empty_title"), s.t("empty_hint")));
  if (s.full) return full(depth);
  if (s.config.touchpoints.length === 1) s.touchpoint = s.config.touchpoints[0];
  show("attract", screens.attract(s, { begin }));
  await takeOver(depth);
}

/** Nothing more fits, by our count or the browser's: nobody is asked and nobody is thanked. */
function full(depth) {
  s.full = true;
  show("notice", screens.notice(s, s.t("full_title"), s.t("full_hint", { n: number(depth) })));
}

function begin() {
  if (s.touchpoint) return askAnew();
  show("choose", screens.choose(s, { pick, speak: (language) => speak(language, begin) }));
}

function pick(touchpoint) {
  s.touchpoint = touchpoint;
  askAnew();
}

/** Somebody new sees the question. That it is counted may fail; answering goes on. */
function askAnew() {
  queue.ask(s.touchpoint.key).catch(console.error);
  ask();
}

const ask = () => show("question", screens.question(s, { rate, speak: (language) => speak(language, ask), back: home }));

function speak(language, again) {
  s.language = language;
  again();
}

/** The rating is on disk before anything else happens; what follows only adds to it. */
async function rate(rating) {
  if (s.busy) return;
  s.busy = true;
  try {
    s.rating = rating;
    if (s.draft) await queue.amend(s.draft, { rating });
    else {
      const id = queue.uuid7();
      if (!(await queue.add({ id, touchpoint: s.touchpoint.key, rating, locale: s.language }))) return full((await queue.state()).depth);
      s.draft = id;
    }
    show("tell", screens.tell(s, { finish, change: ask }));
  } catch (error) {
    broken(error);
    setTimeout(home, IDLE_MS.question);
  } finally {
    s.busy = false;
  }
}

/** Nothing can be kept: say so rather than thank for an answer that is lost. */
function broken(error) {
  console.error(error);
  show("notice", screens.notice(s, s.t("storage_title"), s.t("storage_hint")));
}

async function finish(more) {
  await release(more);
  show("bye", screens.bye(s, { home }));
}

/** Let the answer go out, with what the customer added. */
async function release(more) {
  if (!s.draft) return;
  const id = s.draft;
  await queue.amend(id, { ...more, hold: 0 });
  s.draft = null;
  sending.answered();
}

async function openStaff() {
  const now = await queue.state();
  const retry = async () => { await queue.retryRejected(); sending.wake(0); await openStaff(); };
  const send = () => { sending.wake(0); setTimeout(() => s.screen === "staff" && openStaff(), 1500); };
  show("staff", staff(s, now, sending.status, { home, send, retry }));
}

// == pairing ==
async function askToPair(locked) {
  const { depth } = await queue.state();
  const [title, hint] = locked ? [s.t("locked_title"), s.t("locked_hint", { n: number(depth) })] : [s.t("pair_title"), s.t("pair_hint")];
  show(locked ? "locked" : "pairing", pairing(s, title, hint, pair));
}

async function pair(code) {
  try {
    const { key, ...config } = await sending.post("/v1/devices/pair", { code });
    await queue.remember("key", key);
    await queue.remember("locked", false);
    await persist();
    await work(key, config);
  } catch (error) {
    if (error.http === 429) return "pair_later";
    return error.http ? "pair_refused" : "pair_offline";
  }
}

async function lock() {
  sending.stop();
  await queue.remember("locked", true);
  await askToPair(true);
}

// == work ==
async function work(key, config) {
  await configure(config);
  await home();
  sending.start(key, { config: configure, locked: lock, change, held: () => s.draft });
}

/** The browser's first language that is among these, or whose wider one is. */
const preferred = (all) => navigator.languages.flatMap((tag) => [tag, tag.split("-")[0]]).find((tag) => all.includes(tag));

async function configure(config) {
  const before = JSON.stringify(s.config?.touchpoints);
  s.config = { name: config.name, touchpoints: config.touchpoints, rtl: config.rtl };
  await queue.remember("config", s.config);
  const everywhere = (language) => s.config.touchpoints.every(({ question }) => question[language]);
  const offered = Object.keys(s.config.touchpoints[0]?.question ?? {}).filter(everywhere);
  s.offered = offered.length ? offered : ["en"];
  s.home = preferred(s.offered) ?? s.offered[0];
  if (before && before !== JSON.stringify(s.config.touchpoints) && ["attract", "notice"].includes(s.screen)) await home();
}

/** Something about the network or the queue is different. */
async function change() {
  s.online = sending.status.online;
  root.querySelector(".off")?.toggleAttribute("hidden", s.online);
  const { depth } = await queue.state();
  const full = depth >= queue.CAPACITY;
  if (full !== s.full && ["attract", "notice"].includes(s.screen)) await home();
  else if (s.screen === "attract") await takeOver(depth);
}

async function persist() {
  sending.status.persisted = (await navigator.storage?.persist?.()) ?? false;
}

async function stayAwake() {
  if (document.hidden) return;
  const lock = await navigator.wakeLock?.request("screen").catch(() => null);
  s.awake = Boolean(lock);
  lock?.addEventListener("release", () => { s.awake = false; });
}

// == the shell: kept by a service worker, renewed when nothing waits or after a day ==
async function keepShell() {
  const policy = globalThis.trustedTypes?.createPolicy("touchstone", { createScriptURL: (url) => url });
  const url = `${sending.HOME}/kiosk/sw.js`;
  const registration = await navigator.serviceWorker.register(policy?.createScriptURL(url) ?? url, { scope: `${sending.HOME}/kiosk` });
  setInterval(() => registration.update().catch(() => {}), 3_600_000);
  let controlled = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (controlled && s.screen === "attract") location.reload();
    s.stale = controlled; // somebody is answering in this tab: reload when he has gone
    controlled = true;
  });
}

async function takeOver(depth) {
  const registration = await navigator.serviceWorker.getRegistration(`${sending.HOME}/kiosk`);
  if (!registration?.waiting || !registration.active) return;
  const since = (await queue.recall("waiting")) ?? {};
  if (since.for !== s.version) await queue.remember("waiting", { for: s.version, at: Date.now() });
  const day = since.for === s.version && Math.abs(Date.now() - since.at) > UPDATE_AFTER_MS;
  if (s.screen === "attract" && (depth === 0 || day)) registration.waiting.postMessage("take over");
}

// == no way out ==
for (const type of ["contextmenu", "dragstart", "dragover", "drop", "gesturestart", "selectstart"]) {
  document.addEventListener(type, (event) => event.target.closest?.("input, textarea") || event.preventDefault());
}
addEventListener("wheel", (event) => event.ctrlKey && event.preventDefault(), { passive: false });
addEventListener("popstate", () => history.pushState(null, ""));
for (const type of ["pointerdown", "keydown", "input"]) addEventListener(type, stir);

let hold;
addEventListener("pointerdown", (event) => {
  clearTimeout(hold);
  if (event.target.closest(".mark") && s.config) hold = setTimeout(openStaff, STAFF_MS);
});
for (const type of ["pointerup", "pointercancel"]) addEventListener(type, () => clearTimeout(hold));

async function boot() {
  if (!isSecureContext) return show("notice", screens.notice(s, s.t("insecure_title"), s.t("insecure_hint")));
  history.pushState(null, "");
  const [key, config, locked] = await Promise.all(["key", "config", "locked"].map(queue.recall));
  s.language = s.home = preferred(Object.keys(said)) ?? "en";
  sending.status.persisted = (await navigator.storage?.persisted?.()) ?? false;
  if (key && !sending.status.persisted) await persist();
  if (key && config && !locked) await work(key, config);
  else await askToPair(Boolean(key && locked));
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
  keepShell().catch(console.error); // works without, as long as there is a network
}

boot().catch(broken);
