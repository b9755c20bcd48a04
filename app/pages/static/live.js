// Keeps an open page of the dashboard fresh: when answers came in, its main part is fetched again and put in place.
// XMLHttpRequest parses a document without a sink that Trusted Types guard. Nothing is swapped under somebody's hands.
const PAUSE_MS = 5000;
let seen = null, waiting = false, last = 0;

const inUse = (main) => main.contains(document.activeElement) || main.querySelector("details.menu[open]");

function swap(fresh) {
  const main = document.getElementById("main"), next = fresh && fresh.getElementById("main");
  if (!next) return location.reload();
  if (inUse(main)) return later();
  main.querySelectorAll("details").forEach((old, place) => {
    const now = next.querySelectorAll("details")[place];
    if (now) now.open = old.open;
  });
  main.replaceWith(document.adoptNode(next));
}

function refresh() {
  waiting = false;
  last = Date.now();
  const ask = new XMLHttpRequest();
  ask.responseType = "document";
  ask.onload = () => swap(ask.response);
  ask.open("GET", location.href);
  ask.send();
}

function later() {
  if (waiting) return;
  waiting = true;
  setTimeout(refresh, Math.max(0, last + PAUSE_MS - Date.now()));
}

const events = new EventSource(new URL("../../live", import.meta.url));
events.onmessage = (event) => {
  if (seen !== null && event.data !== seen) later();
  seen = event.data;
};
