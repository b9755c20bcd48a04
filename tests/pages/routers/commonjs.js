// React comes as CommonJS only: given[name] is a module's body, require(name) runs it once.
const given = {}, kept = {};
function run(body) {
  const module = { exports: {} };
  body(module, module.exports);
  return module.exports;
}
const require = name => (kept[name] ??= run(given[name]));
