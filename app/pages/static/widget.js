// Touchstone's widget, version 1: asks one question, sends the answer at once, takes a comment.
//
//   <script src="https://feedback.example/widget.v1.js" data-touchpoint="checkout" async></script>
//   <touchstone-feedback touchpoint="checkout" display="button"></touchstone-feedback>
//
// Attributes (data-* on the script): touchpoint, display (inline, button, modal), lang, label, trigger (a selector of what
// opens the panel), server (where the service is; where the script came from otherwise), cooldown-days, context (JSON),
// context-store and the like (one entry of it) and respondent, which go with the answer. The element follows them:
// another touchpoint shows another question.
// It has open(), close(), reset() for the next person, and the properties context and respondent, which count before the
// attributes. It says `touchstone:submitted` when an answer is stored. Without cooldown-days nothing is kept on the device.
(() => {
	const NAME = "touchstone-feedback", doc = document, script = doc.currentScript;
	const home = script && script.src ? new URL(".", script.src).href : location.origin + "/";
	const DAY = 864e5, SHOWN = ["touchpoint", "server", "lang", "display", "label"];

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
	const uuid = () => (Date.now().toString(16).padStart(12, 0) + "-7xxx-8xxx-xxxxxxxxxxxx").replace(/.{4}-/, "-$&")
		.replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16));
	const warn = what => console.warn("touchstone: " + what);
	// What is typed into our fields opens nothing on the page around: there its target is the element, which is no field.
	const keep = event => {
		if (/^(input|textarea)$/.test(event.target.localName) && !/^(Escape|Tab)$/.test(event.key)) event.stopPropagation();
	};

	class Feedback extends HTMLElement {
		static observedAttributes = SHOWN;

		connectedCallback() {
			doc.addEventListener("click", this, true);
			this.look();
			this.follow();
		}

		disconnectedCallback() {
			doc.removeEventListener("click", this, true);
			this.watch?.disconnect();
			this.talk?.leave();
		}

		attributeChangedCallback() {
			this.follow();
		}

		handleEvent({target}) {
			const trigger = this.getAttribute("trigger");
			if (trigger && target.closest(trigger)) this.open();
		}

		// A page changes several attributes one by one: what they say together is followed.
		async follow() {
			await 0;
			const shown = SHOWN.map(name => this.getAttribute(name)).join("\n"), key = this.getAttribute("touchpoint");
			if (!this.isConnected || shown == this.shown) return;
			this.shown = shown;
			this.show();
			if (!key || this.cooling(key)) return;
			const lang = this.closest("[lang]")?.lang || navigator.language;
			const at = (this.getAttribute("server") || home).replace(/\/?$/, "/v1/touchpoints/") + encodeURIComponent(key) + "/";
			try {
				const answer = await fetch(at + "widget?lang=" + encodeURIComponent(lang));
				const said = await answer.json();
				if (!answer.ok) throw Error(said.detail);
				// A form inside, for browsers without scripts, stays when somebody has begun with it, or where it looks better.
				if (shown == this.shown && !this.querySelector(CSSStyleSheet.prototype.replaceSync ? ":checked" : "form"))
					this.show(new Talk(this, said, key, at));
			} catch (error) {
				if (shown == this.shown) this.shown = warn(key + " is not shown: " + error.message);
			}
		}

		// Only where the page's author asks for it does the device remember that it has answered.
		cooling(key, set) {
			const days = this.getAttribute("cooldown-days"), name = "touchstone:" + key;
			try {
				if (days > 0 && set) localStorage.setItem(name, Date.now());
				return days > 0 && Date.now() - localStorage.getItem(name) < days * DAY;
			} catch { /* where storage is blocked, it asks again */ }
		}

		// What goes with an answer: an object and a text, whatever was given, for anything else would cost the answer.
		about() {
			const given = this.context ?? this.getAttribute("context"), context = {};
			// data-context-store="nord" on the script is the attribute context-store here.
			for (const {name, value} of this.attributes) if (/^context-/.test(name)) context[name.slice(8)] = value;
			try {
				Object.assign(context, given?.trim ? JSON.parse(given) : given);
			} catch { warn(given); /* is no JSON */ }
			return {context, respondent: "" + (this.respondent ?? this.getAttribute("respondent") ?? "") || null};
		}

		show(talk) {
			this.talk?.leave();
			this.talk = talk;
			let root = this.shadowRoot, style = "";
			if (!talk) return root?.replaceChildren();
			if (!root) root = this.attachShadow({mode: "open"});
			const css = "@widget.css";
			try {
				if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
				root.adoptedStyleSheets = [sheet];
			} catch { style = h("style", {}, css); }
			root.replaceChildren(style, ...talk.panel());
			this.look();
		}

		// Inline, the question counts as asked when half of it is seen.
		look() {
			const {talk} = this;
			if (!talk || talk.pop || talk.seen) return;
			this.watch?.disconnect();
			this.watch = new IntersectionObserver(([entry]) => entry.isIntersecting && talk.asked(), {threshold: .5});
			this.watch.observe(this);
		}

		open() {
			this.talk?.open(true);
		}

		close() {
			this.talk?.open(false);
		}

		// The same question for the next person.
		reset() {
			const {talk} = this;
			if (talk) this.show(new Talk(this, talk.said, talk.key, talk.at));
		}
	}

	// Frameworks set a property where there is one, and an attribute otherwise.
	Feedback.prototype.context = Feedback.prototype.respondent = null;

	// One person's answer at one touchpoint: it is sent there, whatever its element shows or wherever it has gone meanwhile.
	class Talk {
		constructor(host, said, key, at) {
			Object.assign(drawings, said.drawings);
			// Others are told the id; only who sends the secret too may change the answer. Our own page brings both.
			Object.assign(this, {host, said, key, at, answer: {id: uuid(), secret: uuid(), locale: said.language}});
			for (const field of host.querySelectorAll("[name=id],[name=secret]")) {
				this.answer[field.name] = field.value;
				field.remove();
			}
			this.wanted = this.stored = this.flying = this.tries = 0;
			this.live = h("p.live", {role: "status"});
			this.cards = [this.ask(), this.more(), this.sent()];
			this.box = h("div.box", {lang: said.language, dir: said.dir || "auto"}, this.live, ...this.cards);
			this.box.onkeydown = this.box.onkeyup = this.box.onkeypress = keep;
			this.step(0);
		}

		panel() {
			const {box, host, said: {texts}} = this, display = host.getAttribute("display");
			if (display != "button" && display != "modal") return [box];
			const close = h("button.btn.bare.x", {type: "button", "aria-label": texts.close, part: "close"}, draw("close", 24));
			const label = host.getAttribute("label") || texts.feedback;
			box.append(close);
			this.pop = h(display == "modal" ? "dialog" : "div.pop", {role: "dialog", "aria-label": label, part: "panel"}, box);
			close.onclick = () => this.open(false);
			if (display == "modal") return [this.pop];
			this.fab = h("button.btn.fab.line", {type: "button", "aria-expanded": "false", part: "button"}, draw("chat", 24), label);
			this.fab.onclick = () => this.open(this.pop.hidden);
			this.pop.hidden = true;
			this.pop.onkeydown = event => { if (event.key == "Escape") this.open(false); };
			return [this.fab, this.pop];
		}

		open(open) {
			const {fab, pop} = this;
			if (!pop) return;
			if (fab) {
				pop.hidden = !open;
				fab.setAttribute("aria-expanded", open);
				(open ? pop.querySelector(".card:not([hidden]) :is(input, textarea, button)") : fab)?.focus();
			} else if (!open) pop.close();
			else if (!pop.open) pop.showModal();
			if (open) this.asked();
		}

		ask() {
			const said = this.said, name = "rating" + ++count;
			const row = h("div.row", {}, ...said.choices.map(({value, word, label, icon}) =>
				h("label", {}, h("input", {type: "radio", name, value, part: "choice", "aria-label": label == word ? null : label}),
					icon ? draw(icon) : h("b", {"aria-hidden": "true"}, value), ...said.scale == "csat" ? [h("b.soft", {}, value)] : [],
					h(said.scale == "thumbs" ? "span.soft" : "span.w", {}, word))));
			if (said.scale != "thumbs") row.append(h("span.ends.soft", {"aria-hidden": "true"}, h("span", {}, said.low), h("span", {}, said.high)));
			const legend = h("div.q", {id: name, part: "question"}, said.question);
			const scale = h("div.scale." + said.scale + ".n" + said.choices.length, {role: "radiogroup", "aria-labelledby": name, part: "scale"}, legend, row);
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
			return form;
		}

		more() {
			const {reasons, comment_prompt, texts} = this.said, id = "comment" + count;
			this.mark = h("span.mark");
			this.stands = h("p.soft");
			const bare = (text, onclick) => Object.assign(h("button.btn.bare", {type: "button"}, text), {onclick});
			this.why = h("p");
			this.soon = h("span");
			this.retry = h("div.line.soft", {}, bare(texts.try_now, () => this.send()), this.soon);
			this.note = h("div.note", {part: "note", hidden: ""}, draw("cloud-off", 24), h("div", {}, this.why, this.retry));
			const comment = h("textarea", {id, rows: 3, maxlength: 4000, dir: "auto", part: "comment"});
			const form = h("form.card", {part: "card", tabindex: -1},
				h("div.line.head", {part: "status"}, this.mark, h("div", {}, h("p.q", {}, texts.thanks), this.stands), bare(texts.change, () => this.step(0))), this.note,
				...reasons.length ? [h("fieldset", {}, h("legend.field", {}, texts.reasons), h("div.line", {}, ...reasons.map(({key, label}) =>
					h("label.chip", {part: "reason"}, h("input", {type: "checkbox", value: key}), h("span", {}, label)))))] : [],
				h("div", {}, h("label.field", {for: id}, comment_prompt), comment),
				h("div.line", {}, h("button.btn", {type: "submit", part: "submit"}, texts.send), bare(texts.skip, () => this.finish())));
			form.onsubmit = event => {
				event.preventDefault();
				this.finish({comment: comment.value.trim(), reasons: [...form.querySelectorAll(":checked")].map(box => box.value)});
			};
			return form;
		}

		sent() {
			const {texts} = this.said;
			return h("div.card", {part: "card", tabindex: -1}, h("div.line.head", {part: "status"}, draw("check", 48),
				h("div", {}, h("p.q", {}, texts.sent), h("p.soft", {}, texts.sent_thanks))));
		}

		step(which) {
			const {cards} = this, inside = this.host.shadowRoot?.activeElement;
			clearTimeout(this.turning);
			this.turning = 0;
			cards.forEach((card, place) => card.hidden = place != which);
			if (inside && this.box.contains(inside)) (which ? cards[which] : cards[0].querySelector(":checked, input")).focus({preventScroll: true});
		}

		rate(rating) {
			const {answer, icon} = this.said.choices.find(choice => choice.value == rating);
			this.spoken = this.said.texts.saved.replace("{answer}", answer);
			this.stands.textContent = "";
			this.mark.replaceChildren(draw(icon || "check", 48, true));
			this.done = false;
			if (rating != this.answer.rating) this.want({rating});
			else if (this.stored == this.wanted) this.stands.textContent = this.spoken;
			clearTimeout(this.turning);
			// Long enough to see what was pressed.
			this.turning = setTimeout(() => this.step(1), 180);
		}

		finish(more) {
			this.done = true;
			if (more) this.want(more);
			this.settled();
		}

		// While something is not stored, and only then, it listens for the network's return and the page's end.
		want(more) {
			Object.assign(this.answer, more, this.host.about());
			this.wanted++;
			this.hear("add");
			this.send();
		}

		hear(how) {
			for (const type of ["online", "pagehide"]) window[how + "EventListener"](type, this);
		}

		handleEvent({type}) {
			if (type == "online") this.timer && this.send();
			else if (this.wanted > Math.max(this.stored, this.flying)) this.post("feedback", this.answer).catch(() => {});
		}

		// Its element goes, or shows something else: nothing waits but what is not stored, which is tried at once.
		leave() {
			if (this.turning) this.step(1);
			if (this.timer) this.send();
		}

		asked() {
			if (!this.seen) this.post("asked", {}).catch(() => {});
			this.seen = true;
		}

		// As text/plain a POST needs no preflight; keepalive lets it outlive the page.
		post(path, body) {
			return fetch(this.at + path, {method: "POST", keepalive: true, headers: {"Content-Type": "text/plain"}, body: JSON.stringify(body)});
		}

		// One request at a time, each with all that is known, until what is wanted is stored. The id makes a repeat harmless.
		async send() {
			if (this.flying) return;
			clearTimeout(this.timer);
			this.timer = 0;
			this.flying = this.wanted;
			const {answer, host, key, said: {texts}, wanted} = this;
			let status = 0, wait;
			try {
				const reply = await this.post("feedback", answer);
				status = reply.status;
				wait = +reply.headers.get("Retry-After");
			} catch { /* no answer: try again */ }
			this.flying = 0;
			if (status == 200 || status == 201) {
				this.stored = wanted;
				this.tries = 0;
				this.note.hidden = true;
				this.live.textContent = texts.thanks + ". " + (this.stands.textContent = this.spoken);
				host.cooling(key, true);
				host.dispatchEvent(new CustomEvent("touchstone:submitted", {bubbles: true, composed: true, detail: {touchpoint: key, ...answer, secret: null}}));
				if (this.wanted > wanted) return this.send();
				this.hear("remove");
				return this.settled();
			}
			const again = !status || status == 408 || status == 429 || status > 499;
			this.note.hidden = false;
			this.retry.hidden = !again;
			this.live.textContent = this.why.textContent = again ? texts.not_sent : texts.refused;
			if (again) return this.tick(Math.ceil(Math.min(300, wait || Math.min(60, 2 ** ++this.tries) * (.8 + Math.random() * .4))));
			this.hear("remove");
			warn(key + " refused the answer with " + status);
		}

		tick(seconds) {
			this.soon.textContent = this.said.texts.next_try.replace("{n}", seconds);
			this.timer = setTimeout(() => seconds > 1 ? this.tick(seconds - 1) : this.send(), 1e3);
		}

		settled() {
			if (!this.done || this.stored < this.wanted) return;
			this.live.textContent = this.said.texts.sent + ". " + this.said.texts.sent_thanks;
			this.step(2);
		}
	}

	if (!customElements.get(NAME)) customElements.define(NAME, Feedback);
	if (script && script.dataset.touchpoint) {
		const node = doc.createElement(NAME);
		for (const {name, value} of script.attributes) if (/^data-/.test(name)) node.setAttribute(name.slice(5), value);
		// A router that restores a page restores what stood on it, and runs the script again.
		const put = () => {
			if (script.closest("head")) doc.body.append(node);
			else if (script.nextElementSibling?.localName != NAME) script.after(node);
		};
		if (doc.body) put();
		else addEventListener("DOMContentLoaded", put, {once: true});
	}
})();
