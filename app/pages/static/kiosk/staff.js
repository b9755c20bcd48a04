// What the staff see: pairing, and how the tablet is.
import { h } from "./dom.js";
import { CAPACITY } from "./queue.js";

export const normal = (code) => code.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 8);

/** Pairing, which a locked tablet shows too. `pair(code)` resolves to the id of what went wrong, or to nothing. */
export function pairing(s, title, hint, pair) {
  const wrong = h("p", { class: "note", role: "alert", id: "wrong", hidden: true });
  const input = h("input", { name: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": "wrong", oninput: dashed });
  const button = h("button", { class: "btn", type: "submit" }, s.t("pair"));
  const onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    const problem = await pair(normal(input.value));
    button.disabled = false;
    wrong.hidden = !problem;
    wrong.textContent = problem ? s.t(problem) : "";
    input.setAttribute("aria-invalid", String(Boolean(problem)));
  };
  return h("div", { class: "view pairing" },
    h("div", {}, h("h1", {}, title), h("p", {}, hint)),
    h("form", { onsubmit },
      h("label", { class: "code" }, h("span", { class: "sr" }, s.t("code")), Array.from({ length: 8 }, () => h("i")), input),
      wrong, button));
}

function dashed(event) {
  const code = normal(event.target.value);
  event.target.value = code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}

const box = (name, value, small, more) => h("div", {}, h("dt", {}, name), h("dd", { class: "n" }, value, small ? h("small", {}, ` ${small}`) : null), h("dd", {}, more));
const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)));

export function staff(s, now, status, go) {
  const number = (value) => value.toLocaleString(s.language);
  const time = (at) => new Date(at).toLocaleString(s.language, { dateStyle: "short", timeStyle: "short" });
  const yes = (value) => s.t(value ? "yes" : "no");
  const off = Math.abs(status.skew) > 2 ? s.t("clock_off", { n: number(status.skew) }) : s.t("clock_right");
  return h("div", { class: "view staff" },
    h("header", {}, h("h1", {}, now.depth ? s.t("staff_some", { n: number(now.depth) }) : s.t("staff_none")), now.depth ? h("p", { class: "soft" }, s.t("staff_hint")) : null),
    h("dl", { class: "three" },
      box(s.t("waiting"), number(now.depth), null, now.oldest ? s.t("oldest", { at: time(now.oldest) }) : s.t("nothing")),
      box(s.t("contact"), status.contact ? new Date(status.contact).toLocaleTimeString(s.language, { timeStyle: "short" }) : "–", null, status.contact ? time(status.contact) : s.t("never")),
      box(s.t("storage"), number(now.depth), s.t("of", { most: number(CAPACITY) }), s.t(status.persisted ? "persisted_yes" : "persisted_no"))),
    h("dl", { class: "facts" },
      fact(s.t("tablet"), s.config.name), fact(s.t("touchpoints"), s.config.touchpoints.map(({ key }) => key).join(", ")),
      fact(s.t("clock"), off), fact(s.t("refused"), now.refused),
      fact(s.t("awake"), yes(s.awake)), fact(s.t("version"), s.version)),
    h("div", { class: "line" },
      h("button", { class: "btn", type: "button", onclick: go.send }, s.t("send_now")),
      h("button", { class: "btn calm", type: "button", onclick: go.home }, s.t("close")),
      now.refused ? h("button", { class: "btn bare", type: "button", onclick: go.retry }, s.t("retry")) : null));
}
