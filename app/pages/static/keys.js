// Single keys: `/` searches, `g` and a letter goes to a place, any other key presses the visible element with that
// `data-key`. Escape closes what is open. They are off while somebody types, and can be switched off (the help).
const STORED = "touchstone_single_keys", AFTER_G_MS = 1500;
let last = 0;

const on = () => localStorage.getItem(STORED) !== "off";
const typing = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const press = (selector) => {
  const found = [...document.querySelectorAll(selector)].find((one) => one.checkVisibility?.() ?? true) ?? document.querySelector(selector);
  if (found) found.click();
  return Boolean(found);
};

function search() {
  const field = [...document.querySelectorAll("main input[type=search], .search input")].find((one) => one.offsetParent);
  if (field) { field.focus(); field.select(); } else press(".seek");
  return true;
}

function pressed(key) {
  if (key === "/") return search();
  if (performance.now() - last < AFTER_G_MS && last) {
    last = 0;
    return press(`[data-go="${CSS.escape(key)}"]`);
  }
  if (key === "g") { last = performance.now(); return true; }
  return press(`[data-key="${CSS.escape(key)}"]`);
}

function close() {
  const open = document.querySelector("details.menu[open]");
  const card = document.querySelector(".tp:is(:hover, :focus-within):not(.hush)"); // on the map, beside the pointer
  if (card) {
    card.classList.add("hush");
    for (const gone of ["pointerleave", "focusout"]) card.addEventListener(gone, () => card.classList.remove("hush"), { once: true });
    return;
  }
  if (!open) return document.activeElement.blur(); // out of a field: the next key is a single one again
  open.open = false;
  open.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") return close();
  if (event.key.length !== 1 || !on() || typing(event.target)) return;
  if (pressed(event.key)) event.preventDefault();
});

document.querySelectorAll("[data-single-keys]").forEach((box) => {
  box.closest("[hidden]").hidden = false;
  box.checked = on();
  box.addEventListener("change", () => localStorage.setItem(STORED, box.checked ? "on" : "off"));
});
