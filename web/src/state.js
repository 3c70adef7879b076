// What is shown, kept in the address: #view=polar&mode=difference&month=2026-01&sel=flow:nord-stream-2-b
const ALLOWED = { view: ["polar", "europe", "world", "globe"], mode: ["baseline", "scenario", "difference"] };

export function makeState(months) {
  const state = { view: "polar", mode: "difference", month: -1, sel: "" };
  const heard = [];
  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const [k, values] of Object.entries(ALLOWED)) if (values.includes(given.get(k))) state[k] = given.get(k);
    if (given.has("month")) state.month = months.indexOf(given.get("month"));
    state.sel = given.get("sel") ?? "";
  }
  function write() {
    const out = new URLSearchParams({ view: state.view, mode: state.mode, month: state.month < 0 ? "all" : months[state.month] });
    if (state.sel) out.set("sel", state.sel);
    history.replaceState(null, "", "#" + out);
  }
  read();
  const tell = (changed) => heard.forEach((f) => f(state, changed));
  addEventListener("hashchange", () => { read(); tell(new Set(["view", "mode", "month", "sel"])); });
  return {
    now: state,
    on: (f) => heard.push(f),
    set(patch) {
      const changed = new Set(Object.keys(patch).filter((k) => state[k] !== patch[k]));
      if (!changed.size) return;
      Object.assign(state, patch);
      write();
      tell(changed);
    },
  };
}
