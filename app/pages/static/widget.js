// Touchstone's widget, version 1: asks one question, sends the answer at once, takes a comment.
//
//   <script src="https://feedback.example/widget.v1.js" data-touchpoint="checkout" async></script>
//   <touchstone-feedback touchpoint="checkout" display="button"></touchstone-feedback>
//
// Attributes (data-* on the script): touchpoint, display (inline, button, modal), lang, label, trigger (a selector that
// opens a modal), server (where the service is; where the script came from otherwise), cooldown-days.
// The element has open(), close(), and the properties context and respondent, which go with the answer. It says
// `touchstone:submitted` when an answer is stored. Without cooldown-days nothing is kept on the device.
(() => {
	const NAME = "touchstone-feedback", doc = document, script = doc.currentScript;
	const home = script && script.src ? new URL(".", script.src).href : location.origin + "/";
	const DAY = 864e5;

	// h("p.soft", {part: "status"}, "text", child): an element with its class, attributes and children.
	const h = (what, set, ...kids) => {
		const [name, ...classes] = what.split(".");
		const node = /^(svg|path|circle)$/.test(name) ? doc.createElementNS("http://www.w3.org/2000/svg", name) : doc.createElement(name);
		if (classes[0]) node.setAttribute("class", classes.join(" "));
		for (const key in set) if (set[key] != null) node.setAttribute(key, set[key]);
		node.append(...kids);
		return node;
	};
	const drawings = {};
	let sheet, count = 0;
	const draw = (name, size, lit) => {
		const {tint, lines, full} = drawings[name];
		return h("svg." + name + (lit ? ".lit" : ""), {viewBox: "0 0 48 48", width: size, height: size, "aria-hidden": "true"},
			tint ? h("circle", {cx: 24, cy: 24, r: 24, fill: tint}) : "", h("path", {d: lines}), full ? h("path.full", {d: full}) : "");
	};
	// A UUIDv7: its first 48 bits are the time, so that answers stored together lie together.
	const uuid = () => {
		const bytes = crypto.getRandomValues(new Uint8Array(10));
		bytes[0] = bytes[0] & 15 | 112;
		bytes[2] = bytes[2] & 63 | 128;
		const hex = Date.now().toString(16).padStart(12, "0") + [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
		return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
	};

	class Feedback extends HTMLElement {
		async connectedCallback() {
			if (this.key) return;
			this.key = this.getAttribute("touchpoint") || "";
			if (this.cooling()) return;
			const page = this.closest("[lang]"), lang = this.getAttribute("lang") || page && page.lang || navigator.language;
			try {
				const answer = await fetch(this.at("widget") + "?lang=" + encodeURIComponent(lang), {credentials: "omit"});
				const said = await answer.json();
				if (!answer.ok) throw Error(said.detail);
				// A form inside, for browsers without scripts, stays when somebody has begun with it.
				if (!this.querySelector(":checked")) this.show(said);
			} catch (error) {
				console.warn("touchstone: " + this.key + " is not shown: " + error.message);
			}
		}

		at(path) {
			return (this.getAttribute("server") || home).replace(/\/?$/, "/v1/touchpoints/") + encodeURIComponent(this.key) + "/" + path;
		}

		// Only where the page's author asks for it does the device remember that it has answered.
		cooling(set) {
			const days = +this.getAttribute("cooldown-days"), name = "touchstone:" + this.key;
			if (!(days > 0)) return false;
			try {
				if (set) localStorage.setItem(name, Date.now());
				return Date.now() - localStorage.getItem(name) < days * DAY;
			} catch { return false; }
		}

		show(said) {
			this.said = said;
			Object.assign(drawings, said.drawings);
			this.answer = {id: uuid()};
			this.wanted = this.stored = this.flying = this.tries = 0;
			this.live = h("p.live", {role: "status"});
			this.box = h("div.box", {lang: said.language, dir: "auto"}, this.live, this.ask(), this.more(), this.sent());
			this.step(0);
			const display = this.getAttribute("display"), root = this.attachShadow({mode: "open"}), text = said.texts;
			if (!sheet) (sheet = new CSSStyleSheet()).replaceSync("@widget.css");
			root.adoptedStyleSheets = [sheet];
			if (display == "button" || display == "modal") {
				const close = h("button.btn.bare.x", {type: "button", "aria-label": text.close, part: "close"}, draw("close", 24));
				const label = this.getAttribute("label") || text.feedback;
				this.box.append(close);
				this.pop = h(display == "modal" ? "dialog" : "div.pop", {"aria-label": label, part: "panel"}, this.box);
				close.onclick = () => this.close();
				if (display == "button") {
					this.fab = h("button.btn.fab.line", {type: "button", "aria-expanded": "false", part: "button"}, draw("chat", 24), label);
					this.fab.onclick = () => this.pop.hidden ? this.open() : this.close();
					this.pop.setAttribute("role", "dialog");
					this.pop.hidden = true;
					this.pop.onkeydown = event => { if (event.key == "Escape") this.close(); };
				}
				root.append(...this.fab ? [this.fab] : [], this.pop);
				const trigger = this.getAttribute("trigger");
				if (trigger) doc.querySelectorAll(trigger).forEach(node => node.addEventListener("click", () => this.open()));
			} else {
				root.append(this.box);
				const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && (watch.disconnect(), this.asked()), {threshold: .5});
				watch.observe(this);
			}
			addEventListener("online", () => this.timer && this.send());
			addEventListener("pagehide", () => this.wanted > Math.max(this.stored, this.flying) && this.post("feedback", this.answer).catch(() => {}));
		}

		open() {
			if (!this.pop) return;
			if (this.fab) {
				this.pop.hidden = false;
				this.fab.setAttribute("aria-expanded", "true");
				const first = this.pop.querySelector(".card:not([hidden]) :is(input:checked, input, textarea, button)");
				if (first) first.focus();
			} else if (!this.pop.open) this.pop.showModal();
			this.asked();
		}

		close() {
			if (!this.fab) return this.pop && this.pop.close();
			this.pop.hidden = true;
			this.fab.setAttribute("aria-expanded", "false");
			this.fab.focus();
		}

		ask() {
			const said = this.said, name = "rating" + ++count, kind = {csat: "faces", smiley: "faces", ces: "cells", nps: "cells"}[said.scale] || "";
			const row = h("div.row", {}, ...said.choices.map(({value, word, label, icon}) =>
				h("label", {}, h("input", {type: "radio", name, value, part: "choice", "aria-label": label == word ? null : label}),
					...icon ? [draw(icon)] : [],
					...kind == "cells" ? [h("b", {"aria-hidden": "true"}, value)] : said.scale == "csat" ? [h("b.soft", {}, value)] : [],
					h(said.scale == "thumbs" ? "span.soft" : "span.w", {}, word))));
			if (said.scale != "thumbs") row.append(h("span.ends.soft", {"aria-hidden": "true"}, h("span", {}, said.low), h("span", {}, said.high)));
			const legend = h("div.q", {id: name, part: "question"}, said.question);
			const scale = h("div.scale." + said.scale + (kind && "." + kind), {role: "radiogroup", "aria-labelledby": name, part: "scale"}, legend, row);
			const send = h("button.btn", {type: "submit", part: "submit", hidden: ""}, said.texts.send);
			const form = h("form.card", {part: "card"}, scale, send);
			// A press sends at once. With the keyboard the arrows choose, and Enter, Space or the button sends.
			let arrow = false;
			form.onkeydown = event => { arrow = /^Arrow/.test(event.key); };
			form.onkeyup = form.onpointerdown = () => { arrow = false; };
			form.onclick = event => {
				if (event.target.type != "radio") return;
				if (arrow) send.hidden = false;
				else this.rate(+event.target.value);
			};
			form.onsubmit = event => {
				event.preventDefault();
				const chosen = form.querySelector(":checked");
				if (chosen) this.rate(+chosen.value);
			};
			return this.first = form;
		}

		more() {
			const {reasons, comment_prompt, texts} = this.said, id = "comment" + count;
			this.mark = h("span.mark");
			this.state = h("p.soft");
			const again = h("button.btn.bare", {type: "button"}, texts.change), now = h("button.btn.bare", {type: "button"}, texts.try_now);
			const skip = h("button.btn.bare", {type: "button"}, texts.skip);
			this.why = h("p");
			this.next = h("span");
			this.retry = h("div.line.soft", {}, now, this.next);
			this.note = h("div.note", {part: "note", hidden: ""}, draw("cloud-off", 24), h("div", {}, this.why, this.retry));
			this.comment = h("textarea", {id, rows: 3, maxlength: 4000, dir: "auto", part: "comment"});
			const form = h("form.card", {part: "card", tabindex: -1},
				h("div.line.head", {part: "status"}, this.mark, h("div", {}, h("p.q", {}, texts.thanks), this.state), again), this.note,
				...reasons.length ? [h("fieldset", {}, h("legend.field", {}, texts.reasons), h("div.line", {}, ...reasons.map(({key, label}) =>
					h("label.chip", {part: "reason"}, h("input", {type: "checkbox", value: key}), h("span", {}, label)))))] : [],
				h("div", {}, h("label.field", {for: id}, comment_prompt), this.comment),
				h("div.line", {}, h("button.btn", {type: "submit", part: "submit"}, texts.send), skip));
			again.onclick = () => this.step(0);
			now.onclick = () => this.send();
			skip.onclick = () => this.finish();
			form.onsubmit = event => {
				event.preventDefault();
				this.finish({comment: this.comment.value.trim() || undefined, reasons: [...form.querySelectorAll(":checked")].map(box => box.value)});
			};
			return this.second = form;
		}

		sent() {
			const {texts} = this.said;
			return this.third = h("div.card", {part: "card", tabindex: -1}, h("div.line.head", {part: "status"}, draw("check", 48),
				h("div", {}, h("p.q", {}, texts.sent), h("p.soft", {}, texts.sent_thanks))));
		}

		step(which) {
			const cards = [this.first, this.second, this.third], inside = this.shadowRoot && this.shadowRoot.activeElement;
			cards.forEach((card, place) => card.hidden = place != which);
			if (inside) (which ? cards[which] : this.first.querySelector(":checked, input")).focus({preventScroll: true});
		}

		rate(rating) {
			const {answer, icon} = this.said.choices.find(choice => choice.value == rating);
			this.spoken = this.said.texts.saved.replace("{answer}", answer);
			this.state.textContent = "";
			this.mark.replaceChildren(draw(icon || "check", 48, true));
			this.done = false;
			if (rating != this.answer.rating) this.want({rating});
			else if (this.stored == this.wanted) this.state.textContent = this.spoken;
			clearTimeout(this.turning);
			// Long enough to see what was pressed.
			this.turning = setTimeout(() => this.step(1), 180);
		}

		finish(more) {
			this.done = true;
			if (more) this.want(more);
			this.settled();
		}

		want(more) {
			Object.assign(this.answer, more);
			this.wanted++;
			this.send();
		}

		asked() {
			if (!this.seen) this.post("asked", {}).catch(() => {});
			this.seen = true;
		}

		// As text/plain a POST needs no preflight; keepalive lets it outlive the page.
		post(path, body) {
			return fetch(this.at(path), {method: "POST", credentials: "omit", keepalive: true, headers: {"Content-Type": "text/plain"}, body: JSON.stringify(body)});
		}

		// One request at a time, each with all that is known, until what is wanted is stored. The id makes a repeat harmless.
		async send() {
			if (this.flying) return;
			clearTimeout(this.timer);
			this.timer = 0;
			this.flying = this.wanted;
			const {context, respondent, said, wanted} = this, body = {...this.answer, locale: said.language, context, respondent};
			let status = 0, wait;
			try {
				const answer = await this.post("feedback", body);
				status = answer.status;
				wait = +answer.headers.get("Retry-After");
			} catch { /* no answer: try again */ }
			this.flying = 0;
			if (status == 200 || status == 201) {
				this.stored = wanted;
				this.tries = 0;
				this.note.hidden = true;
				this.live.textContent = said.texts.thanks + ". " + (this.state.textContent = this.spoken);
				this.cooling(true);
				this.dispatchEvent(new CustomEvent("touchstone:submitted", {bubbles: true, composed: true, detail: {touchpoint: this.key, ...this.answer}}));
				if (this.wanted > wanted) return this.send();
				return this.settled();
			}
			const again = !status || status == 408 || status == 429 || status > 499;
			this.note.hidden = false;
			this.retry.hidden = !again;
			this.live.textContent = this.why.textContent = again ? said.texts.not_sent : said.texts.refused;
			if (again) this.tick(Math.ceil(Math.min(300, wait || Math.min(60, 2 ** ++this.tries) * (.8 + Math.random() * .4))));
			else console.warn("touchstone: " + this.key + " refused the answer with " + status);
		}

		tick(seconds) {
			this.next.textContent = this.said.texts.next_try.replace("{n}", seconds);
			this.timer = setTimeout(() => seconds > 1 ? this.tick(seconds - 1) : this.send(), 1e3);
		}

		settled() {
			if (!this.done || this.stored < this.wanted) return;
			this.live.textContent = this.said.texts.sent + ". " + this.said.texts.sent_thanks;
			clearTimeout(this.turning);
			this.step(2);
		}
	}

	if (!customElements.get(NAME)) customElements.define(NAME, Feedback);
	if (script && script.dataset.touchpoint) {
		const node = doc.createElement(NAME);
		for (const {name, value} of script.attributes) if (/^data-/.test(name)) node.setAttribute(name.slice(5), value);
		const put = () => script.closest("head") ? doc.body.append(node) : script.after(node);
		if (doc.body) put();
		else addEventListener("DOMContentLoaded", put);
	}
})();
