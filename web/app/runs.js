// Runs: the list, one run beside its baseline, two runs side by side.
import { h } from "../src/dom.js";
import { number, signed } from "../src/data.js";
import { address, get } from "./api.js";
import { busy, button, field, grid, input, link, outside, pairs, put, round, select, thing, trouble, when } from "./parts.js";
import { bars } from "./bars.js";

const months = (r) => `${r.months} month${r.months === 1 ? "" : "s"} from ${r.from}`;

export async function runs(page) {
  const { runs: list } = await get(["runs"]);
  const readable = list.filter((r) => r.readable && r.kind === "run");
  const a = select(readable.map((r) => [r.name, r.name]), readable[1]?.name), b = select(readable.map((r) => [r.name, r.name]), readable[0]?.name);
  put(page, h("h1", { tabindex: "-1" }, "Runs"),
    h("p", { class: "note" }, "A run answers one scenario: today's course and the scenario, month by month, side by side. Ensembles are listed too: many worlds of one scenario, with the likelihoods of its statements. ", link(["scenarios"], "Open a scenario to make one.")),
    list.length === 0 ? h("p", { class: "empty" }, "There is no run in this folder yet.")
      : grid("Runs, newest first", ["run", "what it found", "months", "certificate", "written"], list.map((r) => [
        r.readable ? link([r.kind === "ensemble" ? "ensembles" : "runs", r.name], r.name) : r.name,
        r.readable ? [h("div", {}, r.kind === "ensemble" && h("span", { class: "tag carried" }, "many worlds"), r.kind === "ensemble" ? " " : "", r.title), h("small", {}, r.headline)] : h("span", { class: "bad" }, r.headline),
        r.readable ? months(r) : "", r.readable ? h("span", { class: r.certificate_passed ? "ok" : "bad" }, r.certificate_passed ? "passed" : "FAILED") : "", when(r.written)])),
    readable.length > 1 && h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); location.hash = `#/compare?a=${encodeURIComponent(a.value)}&b=${encodeURIComponent(b.value)}`; } },
      field("Compare", a), field("with", b), h("button", { type: "submit" }, "Compare")));
  return "Runs";
}

const three = (v, digits) => [v.baseline, v.scenario, signed(v.change, digits)];
const oil = (s) => [
  h("h2", {}, "Refineries"),
  change(["refinery", "used %, baseline", "scenario", "change", "crude Mt/year, baseline", "scenario", "change"], s.refineries.map((r) => [thing(r.refinery, r.name), ...three(r.utilisation_percent, 1), ...three(r.crude_mt_per_year, 2)]), "Refineries", "refineries"),
  s.regions && [h("h3", {}, "Products by region"), change(["product", "USD/bbl, baseline", "scenario", "change", "to be brought in Mt/year, baseline", "scenario", "change"], s.regions.map((r) => [r.name, ...three(r.price_usd_per_bbl, 2), ...three(r.shortfall_mt_per_year, 2)]), "Products by region", "regions")],
  s.crude && [h("h3", {}, "Crude by route [Mt/year]"), change(["refinery", "crude", "route", "baseline", "scenario", "change"], s.crude.map((r) => [thing(r.refinery), r.crude, r.name, ...three(r, 2)]), "Crude by route", "crude")],
  s.margins && [h("h3", {}, "Margins by owner [million USD]"), change(["refinery", "holder", "baseline", "scenario", "change"], s.margins.map((r) => [thing(r.refinery), thing(r.holder, r.name), ...three(r, 0)]), "Margins by owner", "margins")],
  s.flips && [h("h3", {}, "Findings that flip"), grid("Findings that flip", ["what", "regime", "test", "before", "after", "note"], s.flips.map((f) => [thing(f.id), f.regime, f.what, f.before, f.after, f.note]))],
];

const change = (head, rows, caption, file) => grid(caption, head, rows, { file });

export async function run(page, { args: [name] }) {
  const d = await get(["runs", name]), s = d.summary, t = s.trust;
  const where = input({ name: "address", value: s.market === "oil" ? `utilisation/pck-schwedt/${s.from}` : `prices/DE/${s.from}`, size: "34" }), traced = h("div", { "aria-live": "polite" });
  const ask = h("button", { type: "submit" }, "Explain");
  const europe = s.europe_price?.usd_per_mmbtu;
  put(page, h("p", { class: "kind" }, link(["runs"], "Runs"), " / ", name), h("h1", { tabindex: "-1" }, s.title), h("p", { class: "question" }, s.question),
    h("p", { class: "headline" }, s.headline),
    t.banner && h("p", { class: "banner" }, t.banner),
    h("p", { class: "row" }, outside(address(["runs", name, "report"]), s.market === "oil" ? "Open the report" : "Open the report with the map"), link(["scenarios", "run", name], "Open its scenario"), link(["compare"], "Compare with another run", { a: name })),
    europe && h("p", { class: "sr" }, `Europe: ${number(europe.baseline, 2)} to ${number(europe.scenario, 2)} USD per MMBtu`),
    h("h2", {}, "Prices beside the baseline"),
    h("div", { class: "duo" }, bars({ id: "hubs", title: "Change of prices", unit: s.price_unit ?? "USD/MMBtu", rows: s.hubs.map((r) => [r.hub, r.change]) }),
      change(["hub", "baseline", "scenario", "change"], s.hubs.map((r) => [r.hub, r.baseline, r.scenario, signed(r.change, 2)]), `Prices in ${s.price_unit ?? "USD/MMBtu"}, mean of the months`, "hubs")),
    s.refineries && oil(s),
    s.corridors && [h("h2", {}, "Pipelines that move most [bcm/year]"), change(["corridor", "from", "to", "baseline", "scenario", "change"], s.corridors.map((r) => [thing(r.corridor), thing(r.from), thing(r.to), r.baseline, r.scenario, signed(r.change, 1)]), "Pipelines in bcm per year", "corridors")],
    s.suppliers_of_europe && [h("h2", {}, "Who supplies Europe [bcm/year]"), h("div", { class: "duo" }, bars({ id: "suppliers", title: "Change of supply to Europe", unit: "bcm/year", rows: s.suppliers_of_europe.map((r) => [r.supplier, r.change]) }),
      change(["supplier", "baseline", "scenario", "change"], s.suppliers_of_europe.map((r) => [r.supplier, r.baseline, r.scenario, signed(r.change, 1)]), "Suppliers of Europe in bcm per year", "suppliers"))],
    h("h2", {}, "Who gains [million USD, discounted over the horizon]"),
    h("div", { class: "duo" },
      change(["consumers in", "change"], (s.gains.consumers ?? []).map((r) => [r.region, signed(r.musd, 0)]), "Gains of consumers by region", "consumers"),
      change(["group", "who", "change"], [...s.gains.largest_gains, ...[...s.gains.largest_losses].reverse()].map((r) => [r.group, thing(r.id), signed(r.musd, 0)]), "Largest gains and losses", "gains")),
    s.owners && [h("h3", {}, "Behind them, by economic share"), change(["holder", "change"], s.owners.map((r) => [thing(r.holder, r.name), signed(r.musd, 0)]), "Ultimate holders", "owners")],
    h("h2", {}, "What was changed"),
    grid("Changes", ["change", "what", "became", "effect"], s.changes.map((c) => [c.id, c.text, c.status.replaceAll("_", " "), c.effect])),
    s.gates?.length > 0 && h("ul", {}, s.gates.map((g) => h("li", {}, thing(g.subject), `: ${g.opened} of ${g.gates} gates opened`, g.still_closed.length ? `; still closed: ${g.still_closed.map((c) => c.name).join(", ")}` : ""))),
    h("h2", {}, "Does not move, or is not computed"), h("ul", {}, s.does_not_move.map((x) => h("li", {}, x))),
    h("h2", {}, "Where a number comes from"),
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); busy(ask, traced, async () => { const r = await get(["runs", name, "explain"], { address: where.value }); traced.replaceChildren(h("pre", { tabindex: "0", "aria-label": "Trace" }, r.text)); }); } },
      field("Number", where, s.market === "oil" ? "utilisation/REFINERY/YYYY-MM, crude/REFINERY/ROUTE/YYYY-MM, margins/REFINERY/HOLDER" : "prices/DE/2026-01, flows/nord-stream-2-b/2026-01, gains/gazprom"), ask), traced,
    h("h2", {}, "Trust"),
    h("p", {}, "Certificate ", h("span", { class: t.certificate_passed ? "ok" : "bad" }, t.certificate_passed ? "passed" : "FAILED"), `; worst residual ${Number(t.worst_residual).toExponential(1)}. Facts behind it: ${Object.entries(t.facts_percent).map(([k, v]) => `${v} % ${k}`).join(", ")}.`),
    h("ul", {}, t.notes.map((n) => h("li", {}, n))),
    pairs([["scenario", `${d.manifest.scenario.id} (sha256 ${d.manifest.scenario.sha256})`], ["registry", d.manifest.world.digest], ["made by", `Polynya ${d.manifest.polynya}`], ["months", months(d.manifest)]]),
    tables(name, d.tables));
  return name;
}

function tables(name, list) {
  const which = select(list, "prices"), place = h("div", {});
  const load = button("Show the table", () => busy(load, place, async () => {
    const t = await get(["runs", name, "tables", which.value], { limit: 500 });
    place.replaceChildren(grid(`Table ${t.table}`, t.columns, t.rows.map((r) => r.map((v) => (typeof v === "boolean" ? String(v) : v))), { file: t.table }), h("p", { class: "note" }, `${Math.min(500, t.total)} of ${t.total} rows. All of them lie in the run's folder, tables/${t.table}.parquet.`));
  }));
  return [h("h2", {}, "Tables"), h("div", { class: "row" }, field("Table", which), load), place];
}

export async function compare(page, { query }) {
  const { runs: list } = await get(["runs"]);
  const names = list.filter((r) => r.readable && r.kind === "run").map((r) => r.name);
  const a = select(names, query.a ?? names[1]), b = select(names, query.b ?? names.find((n) => n !== query.a));
  put(page, h("p", { class: "kind" }, link(["runs"], "Runs"), " / compare"), h("h1", { tabindex: "-1" }, "Two runs side by side"),
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); location.hash = `#/compare?a=${encodeURIComponent(a.value)}&b=${encodeURIComponent(b.value)}`; } }, field("First", a), field("Second", b), h("button", { type: "submit" }, "Compare")));
  if (!query.a || !query.b) return "Compare";
  try {
    const d = await get(["compare"], { a: query.a, b: query.b });
    const head = (r) => h("div", {}, h("h2", {}, link(["runs", r.name], r.name)), h("p", {}, r.title), h("p", {}, h("strong", {}, r.headline)), h("p", { class: "note" }, months(r)));
    put(page, h("div", { class: "grid" }, head(d.a), head(d.b)), h("ul", { class: "notes" }, d.notes.map((n) => h("li", { class: "warn" }, n))),
      h("h2", {}, "Changes"), grid("Changes of both", ["change", "what", "first", "second"], d.changes.filter((c) => c.differs).map((c) => [c.id, c.text, c.a.replaceAll("_", " "), c.b.replaceAll("_", " ")])),
      h("p", { class: "note" }, `${d.changes.filter((c) => !c.differs).length} changes are the same in both.`),
      h("h2", {}, `Prices [${d.units.prices}]`), bars({ id: "compare-prices", title: "Prices: second scenario less first", unit: "USD/MMBtu", rows: d.prices.slice(0, 12).map((r) => [r.node, r.b_less_a]) }),
      grid("Prices of both", ["node", "first baseline", "first scenario", "second baseline", "second scenario", "second less first"], d.prices.map((r) => [thing(r.node), round(r.a_baseline, 3), round(r.a_scenario, 3), round(r.b_baseline, 3), round(r.b_scenario, 3), signed(r.b_less_a, 3)]), { file: "compare-prices" }),
      h("h2", {}, `Flows [${d.units.flows}]`), bars({ id: "compare-flows", title: "Flows: second scenario less first", unit: "bcm/year", rows: d.flows.slice(0, 12).map((r) => [r.arc, r.b_less_a]) }),
      grid("Flows of both", ["arc", "kind", "first baseline", "first scenario", "second baseline", "second scenario", "second less first"], d.flows.map((r) => [r.kind === "pipeline" ? thing(r.arc) : r.arc, r.kind, round(r.a_baseline), round(r.a_scenario), round(r.b_baseline), round(r.b_scenario), signed(r.b_less_a, 2)]), { file: "compare-flows", most: 300 }));
  } catch (error) { put(page, trouble(error)); }
  return "Compare";
}
