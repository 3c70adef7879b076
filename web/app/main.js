// The app: which page the address names, and the frame around it. #/runs/NAME, #/things/ID?as_of=2025-06-01, ...
import { h } from "../src/dom.js";
import { post } from "./api.js";
import { field, input, trouble } from "./parts.js";
import { runs, run, compare } from "./runs.js";
import { many } from "./many.js";
import { scenarios, editor } from "./editor.js";
import { jobs, job } from "./jobs.js";
import { registry, thing, sources, source } from "./registry.js";
import { planner } from "./planner.js";
import { screening } from "./screening.js";
import { apiPage } from "./apidoc.js";

const PAGES = [
  [/^$/, runs], [/^runs$/, runs], [/^runs\/([^/]+)$/, run], [/^compare$/, compare], [/^ensembles\/([^/]+)$/, many],
  [/^scenarios$/, scenarios], [/^scenarios\/([^/]+)\/([^/]+)$/, editor],
  [/^jobs$/, jobs], [/^jobs\/([^/]+)$/, job],
  [/^registry$/, registry], [/^things\/([^/]+)$/, thing], [/^sources$/, sources], [/^sources\/([^/]+)$/, source],
  [/^voyages$/, planner], [/^screening$/, screening], [/^api$/, apiPage],
];
const TABS = [["runs", "Runs", /^(runs|compare|ensembles|$)/], ["scenarios", "Scenarios", /^scenarios/], ["jobs", "Jobs", /^jobs/], ["registry", "Registry", /^(registry|things)/], ["sources", "Sources", /^sources/], ["voyages", "Voyages", /^voyages/], ["screening", "Screening", /^screening/], ["api", "API", /^api/]];

const main = h("main", { id: "main" });
const tabs = TABS.map(([to, text, on]) => ({ on, a: h("a", { href: `#/${to}` }, text) }));
document.getElementById("app").append(
  h("a", { class: "skip", href: "#main", onclick: (e) => { e.preventDefault(); main.querySelector("h1")?.focus(); } }, "Skip to the page"),
  h("header", { class: "top" }, h("a", { class: "brand", href: "#/runs" }, "Polynya"), h("nav", { "aria-label": "Pages" }, tabs.map((t) => t.a))),
  main);

let leave = null, turn = 0;
async function show() {
  const now = (turn += 1), asked = location.hash;
  const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
  leave?.();
  leave = null;
  delete document.body.dataset.ready;
  const found = PAGES.map(([form, page]) => [form.exec(path), page]).find(([m]) => m);
  const page = h("div", { class: "page" });
  const end = (f) => { if (now === turn) leave = f; else f(); };
  let title = "Polynya";
  try {
    if (!found) throw Object.assign(new Error("there is no such page."), { status: 404 });
    title = await found[1](page, { args: found[0].slice(1).map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(search)), end });
  } catch (error) {
    if (error.status === 401) title = login(page);
    else { page.replaceChildren(h("h1", { tabindex: "-1" }, "That did not work"), trouble(error)); title = "Not shown"; }
  }
  if (now !== turn) return;
  for (const t of tabs) { if (t.on.test(path)) t.a.setAttribute("aria-current", "page"); else t.a.removeAttribute("aria-current"); }
  main.replaceChildren(page);
  document.title = `${title} · Polynya`;
  if (now > 1) { page.querySelector("h1")?.focus(); scrollTo(0, 0); }
  document.body.dataset.ready = asked;
}

function login(page) {
  const token = input({ type: "password", name: "token", required: true }), said = h("div", {});
  page.replaceChildren(h("h1", { tabindex: "-1" }, "This server asks for its token"),
    h("form", { onsubmit: async (e) => {
      e.preventDefault();
      try { await post(["login"], { token: token.value }); show(); } catch (error) { said.replaceChildren(trouble(error)); }
    } }, field("Token", token), h("button", { type: "submit" }, "Go on")), said);
  return "Token";
}
addEventListener("hashchange", show);
show();
