// Counts what the widget leaves behind: listeners of the window and the document, timers, observers.
const ids = new WeakMap(), running = new Set(), watching = new Set(), held = new Set();
let last = 0;

function id(listener) {
  if (!ids.has(listener)) ids.set(listener, ++last);
  return ids.get(listener);
}

for (const where of [window, document]) {
  const name = (type, listener, options) => [where === window, type, id(listener), options === true || !!options?.capture].join();
  const { addEventListener, removeEventListener } = where;
  where.addEventListener = (type, listener, options) => {
    held.add(name(type, listener, options));
    addEventListener.call(where, type, listener, options);
  };
  where.removeEventListener = (type, listener, options) => {
    held.delete(name(type, listener, options));
    removeEventListener.call(where, type, listener, options);
  };
}

const start = window.setTimeout, stop = window.clearTimeout;
window.setTimeout = (work, ms, ...more) => {
  const timer = start(() => { running.delete(timer); work(...more); }, ms);
  running.add(timer);
  return timer;
};
window.clearTimeout = timer => { running.delete(timer); stop(timer); };

const { observe, disconnect } = IntersectionObserver.prototype;
IntersectionObserver.prototype.observe = function (node) { watching.add(this); return observe.call(this, node); };
IntersectionObserver.prototype.disconnect = function () { watching.delete(this); return disconnect.call(this); };

window.left = () => [held.size, running.size, watching.size];

/** A widget comes, is answered when it is inline, and goes. */
window.mountOnce = async display => {
  const node = document.createElement("touchstone-feedback");
  for (const [name, value] of Object.entries({ touchpoint: "checkout", trigger: "#open", display })) node.setAttribute(name, value);
  document.querySelector("main").append(node);
  while (!node.shadowRoot?.querySelector("input")) await new Promise(requestAnimationFrame);
  if (!display) {
    const stored = new Promise(done => node.addEventListener("touchstone:submitted", done));
    node.shadowRoot.querySelector("input").click();
    await stored;
  }
  node.remove();
};
