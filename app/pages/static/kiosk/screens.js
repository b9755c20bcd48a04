// What customers see. Each function makes one view; `go` holds what its touches lead to.
import { h, icon } from "./dom.js";

/** What there is for a language, or for a wider one: de-AT, de. */
const nearest = (all, language) => all[language] ?? (language.includes("-") ? nearest(all, language.replace(/-[^-]*$/, "")) : undefined);

/** The tablet's words for customers who read the language. */
export const wordsOf = (s, language) => nearest(s.said, language) ?? s.said.en;

/** A touchpoint's own text in the language, or in the first it has. */
export const own = (texts, language) => nearest(texts, language) ?? texts.en ?? Object.values(texts)[0] ?? "";

export const direction = (s, language) => (s.config?.rtl?.includes(language) ? "rtl" : nearest(s.said, language)?.dir ?? "ltr");

const named = (s, language) => nearest(s.said, language)?.name ?? new Intl.DisplayNames([language], { type: "language" }).of(language);

const mark = (s) => h("span", { class: "mark" }, s.touchpoint ? own(s.touchpoint.name, s.language) : s.config.name);
/** How a touchpoint's scale is drawn: a company's own comes with the touchpoint. */
const drawn = (s, touchpoint = s.touchpoint) => s.words.scales[touchpoint.scale] ?? own(touchpoint.drawn, s.language);
const choices = (s) => drawn(s).choices;

export function attract(s, go) {
  const { question } = s.config.touchpoints[0];
  const one = s.config.touchpoints.length === 1;
  const asked = (language) => (one ? own(question, language) : wordsOf(s, language).texts.choose);
  const others = s.offered.filter((language) => language !== s.language);
  const scale = drawn(s, s.config.touchpoints[0]);
  const icons = scale.choices.map((choice) => choice.icon).filter(Boolean);
  return h("button", { class: "view attract", type: "button", onclick: go.begin },
    mark(s),
    h("span", { class: "say" },
      h("strong", {}, asked(s.language)),
      h("span", { class: "also" }, others.map((language) => h("span", { lang: language, dir: direction(s, language) }, asked(language))))),
    h("span", { class: "sr" }, s.t("touch")),
    s.warning && h("span", { class: "note warn" }, s.warning),
    h("span", { class: `peek n${icons.length} ${scale.look}` }, icons.map((name) => icon(name))));
}

const footer = (s, go) =>
  h("footer", {},
    h("div", { class: "langs", role: "group", "aria-label": s.t("language") },
      s.offered.length > 1 ? s.offered.map((language) =>
        h("button", { type: "button", lang: language, "aria-pressed": String(language === s.language), onclick: () => go.speak(language) },
          language.toUpperCase(), h("small", {}, named(s, language)))) : null),
    offline(s));

export const offline = (s) => h("p", { class: "off", role: "status", hidden: s.online }, icon("cloud-off"), h("span", {}, s.t("offline")));

const back = (s, go) => h("button", { class: "btn bare", type: "button", onclick: go.back }, s.t("back"));

export function choose(s, go) {
  const list = s.config.touchpoints.map((touchpoint) =>
    h("button", { class: "btn calm", type: "button", onclick: () => go.pick(touchpoint) }, own(touchpoint.name, s.language)));
  return h("div", { class: "view ask" },
    h("header", {}, mark(s)),
    h("div", { class: "mid" }, h("h1", {}, s.t("choose")), h("div", { class: "list" }, list)),
    footer(s, go));
}

const scaleOf = {
  faces: (s, go, all) => h("div", { class: `kfaces n${all.length}` }, all.map(({ value, word, icon: face }) =>
    h("button", { type: "button", value, onclick: () => go.rate(value) }, icon(face), h("span", {}, word)))),
  stars: (s, go, all) => h("div", { class: `kstars n${all.length}` }, all.map(({ value, word, label }) =>
    h("button", { type: "button", value, "aria-label": label, onclick: () => go.rate(value) }, icon("star"), h("span", { "aria-hidden": "true" }, word)))),
  cells: (s, go, all) => h("div", { class: `kcells n${all.length}` },
    all.map(({ value, label }) => h("button", { type: "button", value, "aria-label": label.startsWith(value) ? label : `${value}, ${label}`, onclick: () => go.rate(value) }, String(value))),
    h("p", { class: "ends" }, drawn(s).ends.map((end) => h("span", {}, end)))),
};
const KIND = { stars: "stars", nps: "cells", ces: "cells" };

export function question(s, go) {
  return h("div", { class: "view ask" },
    h("header", {}, mark(s), s.config.touchpoints.length > 1 ? back(s, go) : null),
    h("div", { class: "mid" },
      h("h1", {}, own(s.touchpoint.question, s.language)),
      scaleOf[KIND[drawn(s).look] ?? "faces"](s, go, choices(s))),
    footer(s, go));
}

/** The chosen rating as a drawing: a face, a thumb, so many stars, or the number. */
function chosen(s) {
  const { icon: name, value } = choices(s).find((choice) => choice.value === s.rating);
  if (drawn(s).look === "stars") return h("div", { class: "got", "aria-hidden": "true" }, choices(s).map((choice) => {
    const star = icon("star");
    star.classList.toggle("full", choice.value <= value);
    return star;
  }));
  return name ? icon(name, name.startsWith("face")) : h("div", { class: "figure", "aria-hidden": "true" }, String(value));
}

const word = (s) => choices(s).find((choice) => choice.value === s.rating).word;

export function tell(s, go) {
  const reasons = s.touchpoint.reasons.map(({ key, label }) =>
    h("label", { class: "chip" }, h("input", { type: "checkbox", name: "reasons", value: key }), h("span", {}, own(label, s.language))));
  const onsubmit = (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    go.finish({ reasons: said.getAll("reasons"), comment: said.get("comment").trim() || undefined });
  };
  return h("div", { class: "view tell" },
    h("div", { class: "you" }, chosen(s), h("h1", {}, s.t("thanks")), h("p", {}, word(s)),
      h("button", { class: "btn bare", type: "button", onclick: go.change }, s.t("change"))),
    h("form", { onsubmit },
      reasons.length ? h("fieldset", {}, h("legend", { class: "field" }, s.t("reasons")), h("div", { class: "line" }, reasons)) : null,
      h("div", {}, h("label", { class: "field", for: "comment" }, s.t("few_words")),
        h("textarea", { id: "comment", name: "comment", rows: 2, maxlength: 140, autocomplete: "off", dir: "auto" })),
      h("button", { class: "btn", type: "submit" }, s.t("done"))));
}

export const bye = (s, go) =>
  h("button", { class: "view bye", type: "button", onclick: go.home },
    chosen(s),
    h("span", {}, h("strong", { class: "h" }, s.t("thanks")), h("span", { class: "sub", role: "status" }, s.t(s.online ? "saved" : "kept"))),
    h("span", { class: "time" }, h("span", { class: "soft" }, s.t("closes")), h("span", { class: "bar" })));

/** A sentence instead of a question: nothing to rate, full, not secure. */
export const notice = (s, title, hint) =>
  h("div", { class: "view notice", role: "alert" }, h("span", { class: "mark" }, s.config?.name ?? "Touchstone"), h("h1", {}, title), h("p", {}, hint));
