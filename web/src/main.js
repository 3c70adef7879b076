// The report's page: reads the document in the page, draws, and listens.
import { h, sourceLink, table } from "./dom.js";
import { load, at, factual, saidBy, signed, staged, unit } from "./data.js";
import { makeState } from "./state.js";
import { makeMap } from "./map.js";
import { makeTrace } from "./trace.js";
import { figure, keepTable } from "./download.js";
import { lines, bars, supply, HUES } from "./charts.js";
import { makeRules } from "./rules.js";
import { seasonFigure, waysFigure } from "./season.js";

const HUBS = { NL: "TTF (Netherlands)", DE: "Germany", "US-GULF": "Henry Hub (US Gulf)", JP: "Japan", KR: "South Korea", "CN-COAST": "China coast" };
const VIEWS = { polar: "North pole", europe: "Europe", world: "World", globe: "Globe" };
const MODES = { baseline: "Baseline", scenario: "Scenario", difference: "Difference" };

const started = performance.now();
const data = load(document.getElementById("data").textContent);
const store = makeState(data.months);
const map = makeMap(data, store);
const source = sourceLink(data);
const rules = makeRules(data, (sel) => pick(sel), source);
const trace = makeTrace(data, store, map, rules, source);
const pick = (sel) => { store.set({ sel }); if (innerWidth < 1000) trace.element.scrollIntoView(); };
const link = (sel, text) => h("button", { type: "button", class: "link", onclick: () => pick(sel) }, text);
const toMap = (sel) => { store.set({ sel }); (innerWidth < 1000 ? trace.element : document.getElementById("map")).scrollIntoView(); };

// -- controls ---------------------------------------------------------------------------------------------------------
function choice(name, legend, values) {
  const inputs = Object.entries(values).map(([k, text]) => [k, h("input", { type: "radio", name, value: k, onchange: () => store.set({ [name]: k }) }), text]);
  return { element: h("fieldset", {}, h("legend", {}, legend), inputs.map(([, input, text]) => h("label", {}, input, h("span", {}, text)))), set: (v) => inputs.forEach(([k, input]) => { input.checked = k === v; }) };
}
const view = choice("view", "View", VIEWS), mode = choice("mode", "Show", MODES);
const slider = h("input", { type: "range", id: "month", min: -1, max: data.months.length - 1, step: 1, oninput: () => store.set({ month: Number(slider.value) }) });
const monthName = h("output", { for: "month" });
const places = new Map([...data.routes.filter((r) => r.kind !== "ship").map((r) => [data.name(r.arc), `flow:${r.arc}`]), ...data.nodes.map((n) => [n.name, `price:${n.id}`]), ...data.routes.filter((r) => r.kind === "ship" && Math.max(at(r.b, -1), at(r.s, -1)) > 0.05).map((r) => [data.name(r.arc), `flow:${r.arc}`])]);
const find = h("input", { type: "search", id: "find", list: "places", placeholder: "pipeline, terminal, country", onchange: () => { const sel = places.get(find.value); if (sel) store.set({ sel }); } });
const controls = h("div", { class: "controls" }, view.element, mode.element,
  h("div", { class: "slide" }, h("label", { for: "month" }, "Month "), monthName, slider),
  h("div", {}, h("label", { for: "find" }, "Find"), find, h("datalist", { id: "places" }, [...places.keys()].map((k) => h("option", { value: k })))),
  h("div", { class: "zoom" }, h("button", { type: "button", "aria-label": "Zoom in", onclick: () => map.zoom(1.5) }, "+"), h("button", { type: "button", "aria-label": "Zoom out", onclick: () => map.zoom(1 / 1.5) }, "−")));

// -- figures ----------------------------------------------------------------------------------------------------------
const said = (st) => `${MODES[st.mode].toLowerCase()}, ${st.month < 0 ? "mean of all months" : data.months[st.month]}`;
const legend = h("p", { class: "legend" });
const mapFigure = figure({ id: "map", title: "Flows on pipelines and sea lanes",
  note: data.routes.some((r) => r.via) ? "Ships are drawn on schematic lanes, by the passages that each month's voyage takes (Northern Sea Route, Suez, Cape, Panama)." : "Ships are drawn on the shortest schematic lane in every month, also along the Northern Sea Route in winter: this run counts voyages as great circles times a detour and does not say which way a ship goes.", svg: () => map.svg, data: () => { const d = map.table(store.now); return { ...d, pick, sels: d.rows.map((r) => `flow:${r[0]}`) }; }, controls,
  caption: () => `Gas flows, ${said(store.now)}, ${unit(store.now)}; ${store.now.mode === "difference" ? "blue: more than in the baseline, orange: less" : "dark: pipeline, violet: sea lane"}; width: square root of the flow`,
  label: () => `Map of gas flows, ${VIEWS[store.now.view]}, ${said(store.now)}, ${unit(store.now)}. The table below has the same numbers.` });
mapFigure.picture.append(map.svg);
mapFigure.picture.after(legend);

const hubs = Object.entries(HUBS).filter(([id]) => data.prices.has(id));
const chosen = hubs.length ? hubs : [...data.prices.keys()].slice(0, 6).map((id) => [id, data.name(id)]);
const series = chosen.map(([id, name], i) => ({ id, name, colour: HUES[i % HUES.length], ...data.prices.get(id) }));
const most = [...(data.hubs ?? [])].filter((o) => o.largest).sort((a, b) => Math.abs(b.largest.change) - Math.abs(a.largest.change))[0];
let priceSvg, sankeySvg;
const priceFigure = figure({ id: "prices", title: "Hub prices by month", note: `USD/MMBtu. Solid: scenario, dashed: baseline; in the difference view scenario less baseline.${most ? ` It moves most at ${most.hub}, in ${most.largest.period}: ${signed(most.largest.change, 2)}.` : ""} ${data.trust.notes.find((n) => n.includes("foresee")) ?? ""}`, svg: () => priceSvg,
  caption: () => `Prices by month, USD/MMBtu, ${store.now.mode === "difference" ? "scenario less baseline" : "solid: scenario, dashed: baseline"}`,
  label: () => `Prices by month at ${chosen.map(([, n]) => n).join(", ")}`,
  data: () => ({ pick, sels: series.flatMap((o) => data.months.map(() => `price:${o.id}`)), head: ["hub", "month", "baseline", "scenario", "change", "unit"], rows: series.flatMap((o) => data.months.map((m, i) => [o.name, m, o.b[i], o.s[i], o.b[i] === null || o.s[i] === null ? null : Number((o.s[i] - o.b[i]).toFixed(3)), "USD/MMBtu"])) }) });

const regions = [...new Set(data.nodes.map((n) => n.region))];
const target = h("select", { id: "target", onchange: () => drawSupply(store.now) }, [...regions.map((r) => [r, `to ${r}`]), ["*", "to all regions"]].map(([v, t]) => h("option", { value: v }, t)));
target.value = regions.includes("Europe") ? "Europe" : "*";
function supplyLinks() {
  const all = target.value === "*", regionOf = (n) => data.nodeOf.get(n)?.region ?? "other";
  const rows = data.supply.filter((r) => all || regionOf(r.node) === target.value);
  const weigh = (r) => (store.now.mode === "difference" ? Math.abs(r.s - r.b) : Math.max(r.b, r.s));
  const top = (key, size) => { const t = new Map(); rows.forEach((r) => t.set(key(r), (t.get(key(r)) ?? 0) + weigh(r))); return new Set([...t].sort((a, b) => b[1] - a[1]).slice(0, size).map(([k]) => k)); };
  const end = (r) => (all ? regionOf(r.node) : r.node), from = top((r) => r.supplier, 12), to = top(end, 16);
  const out = new Map();
  for (const r of rows) {
    const f = from.has(r.supplier) ? r.supplier : "other", t = to.has(end(r)) ? end(r) : "other", key = `${f}>${t}`, mine = [r.supplier, end(r)];
    const row = out.get(key) ?? { from: f, to: t, fromName: f === "other" ? "Other suppliers" : data.countries[f] ?? f, toName: t === "other" ? "Other buyers" : data.name(t), b: 0, s: 0, ends: [new Set(), new Set()] };
    row.b += r.b; row.s += r.s; mine.forEach((x, i) => row.ends[i].add(x));
    out.set(key, row);
  }
  return [...out.values()].map((r) => ({ ...r, sel: `supply:${r.ends.map((e) => [...e].join("+")).join(">")}`, v: store.now.mode === "baseline" ? r.b : store.now.mode === "scenario" ? r.s : r.s - r.b }));
}
const supplyFigure = figure({ id: "supply", title: "Who supplies whom", note: "Mean over all months. Sales of price takers by average mixing (a tie-break).", svg: () => sankeySvg, controls: h("div", { class: "controls" }, h("label", { for: "target" }, "Buyers "), target),
  caption: () => `Who supplies whom, ${MODES[store.now.mode].toLowerCase()}, mean over all months, bcm/year`,
  label: () => `Flows from supplying countries to buyers, ${MODES[store.now.mode].toLowerCase()}`,
  data: () => ({ pick, sels: supplyLinks().map((l) => l.sel), head: ["from", "to", "baseline", "scenario", "change", "unit"], rows: supplyLinks().map((l) => [l.fromName, l.toName, ...[l.b, l.s, l.s - l.b].map((v) => Number(v.toFixed(3))), "bcm/year"]) }) });
function drawSupply(st) {
  sankeySvg = supply({ links: supplyLinks(), difference: st.mode === "difference", onpick: (l) => pick(l.sel),
    onend: (left, id) => pick(left ? `supply:${id}>${target.value}` : target.value === "*" ? `mean:${id}` : `price:${id}`) });
  supplyFigure.picture.replaceChildren(sankeySvg);
  supplyFigure.refresh();
}
const groups = [["region", "Consumers by region"], ["producers", "Sellers"], ["operators", "Operators of pipes, terminals, stores"], ["owners", "Ultimate holders behind sellers and operators"], ["states", "States (taxes on flows)"]];
const gainFigures = groups.map(([group, title]) => {
  const rows = group === "region" ? data.gain_totals.consumers.map((c) => ({ id: c.region, name: c.region, v: c.musd })) : data.gains.filter((g) => g.group === group).map((g) => ({ id: g.id, name: data.name(g.id), v: g.change }));
  const big = [...rows].sort((a, b) => Math.abs(b.v) - Math.abs(a.v)).slice(0, 10).sort((a, b) => b.v - a.v);
  const svg = bars({ rows: big, unit: "million USD", onpick: (r) => pick(`gain:${group}>${r.id}`) });
  const f = figure({ id: `gains-${group}`, title, svg: () => svg, caption: () => `${title}: change of discounted income over the whole time, million USD`, label: () => `${title}: change in million USD`, data: () => ({ pick, sels: rows.map((r) => `gain:${group}>${r.id}`), head: ["who", "group", "change", "unit"], rows: rows.map((r) => [r.name, group, r.v, "million USD"]) }) });
  f.picture.append(svg);
  return f;
});
// Fields by the change of what they give.
const fieldRows = [...new Set(data.production.map((r) => r.supply))].map((id) => { const list = data.production.filter((r) => r.supply === id), sum = (k) => list.reduce((a, r) => a + at(r[k], -1), 0); return { id, name: data.name(id), b: sum("b"), s: sum("s"), v: sum("s") - sum("b") }; }).sort((a, b) => Math.abs(b.v) - Math.abs(a.v));
const productionSvg = fieldRows.length > 0 && bars({ rows: fieldRows.slice(0, 12).filter((r, i) => i === 0 || Math.abs(r.v) >= 0.005).sort((a, b) => b.v - a.v), unit: "change, bcm/year", digits: 2, width: 900, onpick: (r) => pick(`production:${r.id}`) });
const productionFigure = productionSvg && figure({ id: "production", title: "Fields whose output moves most", note: "Mean over all months; all fields are in the table.", svg: () => productionSvg, label: () => "Fields by change of production in bcm a year",
  data: () => ({ pick, sels: fieldRows.map((r) => `production:${r.id}`), head: ["field", "baseline", "scenario", "change", "unit"], rows: fieldRows.map((r) => [r.name, ...[r.b, r.s, r.v].map((v) => Number(v.toFixed(3))), "bcm/year"]) }) });
if (productionFigure) productionFigure.picture.append(productionSvg);
const season = seasonFigure(data, pick), ways = waysFigure(data, store, pick);

// -- sections ---------------------------------------------------------------------------------------------------------
const section = (id, title, ...body) => h("section", { id: `s-${id}`, "aria-labelledby": `h-${id}` }, h("h2", { id: `h-${id}` }, title), ...body);
const certificate = data.trust.certificate_passed ? h("span", { class: "ok" }, "certificate passed") : h("span", { class: "bad" }, "CERTIFICATE FAILED");
const europe = data.nodes.filter((n) => n.region === "Europe" && data.consumption.has(n.id)).map(data.short);
const kindLink = (text, k) => h("button", { type: "button", class: "link", onclick: () => toMap(`facts:${k}`) }, text);
// A number keeps the bracket before it and the sign behind it on its line: [text] or ["(", number, what it selects, ")."].
function tight(parts) {
  const out = parts.map(([t, sel]) => ["", t, sel, ""]);
  out.forEach((p, i) => {
    if (!p[2]) return;
    const before = out[i - 1], after = out[i + 1];
    if (before && !before[2]) { p[0] = /[^\s]*$/.exec(before[1])[0]; before[1] = before[1].slice(0, before[1].length - p[0].length); }
    if (after && !after[2]) { p[3] = /^[^\s]*/.exec(after[1])[0]; after[1] = after[1].slice(p[3].length); }
  });
  return out;
}
const first = h("header", {}, h("p", { class: "kind" }, "Polynya report: a conditional answer, not a forecast"), h("h1", {}, data.title), h("p", { class: "question" }, data.question),
  h("ol", { class: "answer" }, data.sentences.map((parts) => h("li", {}, tight(parts).map(([before, t, sel, after]) => (sel ? h("span", { class: "tight" }, before, h("button", { type: "button", class: "link", title: "Where does this number come from?", onclick: () => toMap(sel) }, t), after) : t))))),
  h("p", { class: "condition" }, data.condition, " ", h("a", { href: "#s-claims", onclick: (e) => { e.preventDefault(); document.getElementById("s-claims").scrollIntoView(); } }, data.claims.some((c) => c.kind === "claim") ? "The\u00a0claims" : "The\u00a0assumptions"), data.conditions.length > 0 && h("details", {}, h("summary", {}, "The\u00a0conditions"), h("ul", {}, data.conditions.map((c) => h("li", {}, `${c.text}: taken as ${c.assume}${c.on ? ` from ${c.on}` : ""}. `, c.because.split(" ").filter(Boolean).map((k) => [link(`claim:${k}`, k), " "]))))),
    europe.length > 0 && h("details", {}, h("summary", {}, "What Europe is here"), h("p", {}, europe.join(", "), "."))),
  data.banner && h("p", { class: "banner" }, data.banner),
  h("p", { class: "note" }, certificate, ": the solution was checked outside the solver (worst residual ", h("button", { type: "button", class: "link", onclick: () => document.getElementById("s-method").scrollIntoView() }, data.trust.worst_residual.toExponential(1)), "); that says nothing about the inputs. Facts behind it: ",
    Object.entries(data.trust.facts_percent).map(([k, v], i) => [i ? ", " : "", kindLink(`${v} % ${k}`, k)]), "."));

const gateList = data.gate_counts.map((g) => h("li", {}, link(`flow:${g.subject}`, data.name(g.subject)), ` ${g.opened} of ${g.gates} open in the last month`, g.still_closed.length ? h("ul", {}, g.still_closed.map((c) => h("li", {}, `closed, ${c.kind}: ${c.name} [`, source(c.source), "]"))) : ": gas may flow."));
const others = [...new Set(data.gates.map((g) => g.subject))].filter((x) => !data.gate_counts.some((g) => g.subject === x));
const claimRows = data.claims.map((c) => ({ id: `claim-${c.id}`, cells: [h("button", { type: "button", class: "link", onclick: () => toMap(`claim:${c.id}`) }, c.id), c.kind, c.text, saidBy(c.attribution), factual(c.factuality), staged(c.stage), c.conditions,
  h("span", {}, data.changes.filter((x) => data.claimsOf(x).includes(c.id)).map((x, i) => [i ? ", " : "", h("button", { type: "button", class: "link", onclick: () => toMap(`change:${x.id}`) }, x.id)]))] }));
const changeRows = data.changes.map((c) => ({ id: `change-${c.id}`, cells: [h("button", { type: "button", class: "link", onclick: () => toMap(`change:${c.id}`) }, c.text || c.id), c.status, c.effect, c.from ?? "", c.when.map((w) => data.conditionOf.get(w)?.text ?? w).join("; "), h("span", {}, c.because.map((k, i) => [i ? ", " : "", link(`claim:${k}`, k)]))] }));
const measures = new Map();
for (const b of data.bans) {
  const key = `${b.measure}|${b.reason}`, row = measures.get(key) ?? { ...b, rows: 0, arcs: new Set(), nodes: new Set(), cases: new Set(), lo: b.first_period, hi: b.last_period };
  row.rows++; if (b.arc) row.arcs.add(b.arc); if (b.node) row.nodes.add(b.node); row.cases.add(b.case);
  row.lo = row.lo < b.first_period ? row.lo : b.first_period; row.hi = row.hi > b.last_period ? row.hi : b.last_period;
  measures.set(key, row);
}
const some = (set, most, act) => [[...set].slice(0, most).map((x, i) => [i ? ", " : "", act(x)]), set.size > most ? ` and ${set.size - most} more` : ""];
const banRows = [...measures.values()].map((m) => ({ cells: [m.measure, m.reason, h("span", {}, m.arcs.size > 0 && some(m.arcs, 4, (a) => link(`flow:${a}`, data.name(a))), m.arcs.size > 0 && m.nodes.size > 0 && "; ", m.nodes.size > 0 && ["sales in ", some(m.nodes, 4, (n) => link(`price:${n}`, data.name(n)))]), `${m.lo} to ${m.hi}`, [...m.cases].sort().join(", "), h("span", {}, source(m.source))] }));
const kinds = new Map(); data.facts.forEach((f) => kinds.set(f.kind, (kinds.get(f.kind) ?? 0) + 1));
const sources = data.sources.map((r) => ({ id: `source-${r.id}`, cells: [r.id, r.url ? h("a", { href: r.url, rel: "noreferrer noopener", target: "_blank" }, r.title) : r.title, r.publisher, r.published ?? "", r.licence, r.reliability, r.notice ?? ""] }));

const main = h("main", {}, first,
  section("map", "Where gas flows", h("div", { class: "duo" }, mapFigure.element, trace.element)),
  section("prices", "What gas costs", priceFigure.element),
  section("supply", "Who supplies whom", supplyFigure.element),
  section("gains", "Who gains, who loses", h("p", {}, `Change of discounted income over ${data.months.length} ${data.spans?.some(([a, b]) => a.slice(0, 7) !== b.slice(0, 7)) ? "months and seasons" : "months"}. All parties together: `, link("gain:all>all", `${signed(data.gain_totals.total_musd, 0)} million USD`), `. Parties that move by less than half a million USD are left out of the tables. Ultimate holders share out what sellers and operators make, by economic share: not a further gain.`), h("div", { class: "grid" }, gainFigures.map((f) => f.element))),
  productionFigure && section("production", "What is produced", productionFigure.element),
  (season || ways) && section("voyages", "Voyages by season", ways && ways.element, season && season.element),
  rules.roots.length > 0 && section("ownership", "Who owns what, and what flips", rules.trees()),
  rules.any && section("findings", "What the rules find, with proof", ...rules.findings()),
  section("gates", "Gates: what must open before gas flows", h("ul", { class: "gates" }, gateList), others.length > 0 && h("details", {}, h("summary", {}, `${others.length} gated corridors that no change is about`), h("ul", {}, others.map((x) => h("li", {}, link(`flow:${x}`, data.name(x)))))), h("p", { class: "note" }, "Choose one to see its gates month by month.")),
  section("changes", "What was changed, because of what, and when", table(["change", "status", "effect", "from", "only if", "because"], changeRows, "Changes")),
  section("claims", "Who says so: claims and assumptions", h("p", { class: "note" }, "Choose a claim: what it drives is marked on the map."), table(["id", "kind", "claim", "said by", "how firmly", "stage of the deal", "condition", "drives"], claimRows, "Claims")),
  section("bans", "What the law closes", h("p", { class: "note" }, "Acts that forbid sales to a market or by a seller. Acts that shut a corridor are gates of that corridor: see above."), table(["measure", "reason", "closes", "months", "case", "source"], banRows, "Bans")),
  section("still", "What does not move, or is not computed", data.does_not_move.length ? h("ul", {}, data.does_not_move.map((t) => h("li", {}, t))) : h("p", {}, "Every change was applied and moves the market.")),
  section("method", "Method and trust",
    h("p", {}, "A monthly equilibrium of strategic and price-taking sellers with storage, pipelines and LNG (a convex programme whose optimality conditions are those of every party), solved for the baseline and for the world the claims describe. The certificate is computed outside the solver: residuals, gas balance at every node and month, mark-up identity, and what any one seller could still gain by itself. The command polynya verify RUN computes it again from the files of the run alone."),
    h("div", {}, Object.entries(data.certificates).map(([k, c]) => h("details", {}, h("summary", {}, `Certificate, ${k}: ${c.passed ? "passed" : "FAILED"}`), table(["check", "worst", "where in the market"], Object.entries(c).filter(([, v]) => typeof v === "number").map(([n, v]) => [n, v.toExponential(2), c.worst?.[n] ?? ""]), `Certificate, ${k}`)))),
    h("p", {}, "Facts behind both cases, counted by kind: ", [...kinds].sort((a, b) => b[1] - a[1]).map(([k, n], i) => [i ? ", " : "", kindLink(`${n} ${k}`, k)]), "."),
    data.banner && h("p", { class: "banner" }, data.banner), h("ul", {}, data.trust.notes.map((n) => h("li", {}, n))),
    h("p", { class: "note" }, "The map shows land only, without borders (Natural Earth, public domain, 1:110 million). Pipelines run between the middles of areas and sea lanes are schematic."),
    h("dl", { class: "pairs" }, Object.entries(data.made_by).map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v))))),
  section("sources", "Sources and licences", h("details", {}, h("summary", {}, `${data.sources.length} sources`), table(["id", "title", "publisher", "published", "licence", "reliability", "notice"], sources, "Sources"))));

for (const box of main.querySelectorAll("section .scroll[role=region]")) if (!box.closest("figure, .trace")) box.after(keepTable(box));

// -- drawing ----------------------------------------------------------------------------------------------------------
function draw(state, changed) {
  const all = !changed;
  const begun = performance.now();
  if (all || ["view", "mode", "month", "sel"].some((k) => changed.has(k))) map.draw(state, changed);
  view.set(state.view); mode.set(state.mode);
  slider.value = state.month;
  const text = state.month < 0 ? "mean of all" : data.months[state.month];
  monthName.textContent = text;
  slider.setAttribute("aria-valuetext", text);
  if (all || changed.has("mode") || changed.has("month")) {
    legend.replaceChildren(...[...(state.mode === "difference" ? [h("span", { class: "key up" }, "more than in the baseline"), h("span", { class: "key down" }, "less")] : [h("span", { class: "key pipe" }, "pipeline"), h("span", { class: "key ship" }, "sea lane")]),
      h("span", { class: "key shut" }, "closed by a gate, no flow"), h("span", { class: "key nsr" }, "Northern Sea Route"), data.sea.ice && h("span", { class: "key ice" }, state.month < 0 ? "median ice edge, March and September" : data.spans?.[state.month] && data.spans[state.month][0].slice(0, 7) !== data.spans[state.month][1].slice(0, 7) ? "median ice edge, first and last month of the season" : "median ice edge of the month"), h("span", {}, `width: square root of the flow [${unit(state)}]`)].filter(Boolean));
    if (ways) ways.draw(state);
    priceSvg = lines({ series, months: data.months, unit: state.mode === "difference" ? "USD/MMBtu, scenario less baseline" : "USD/MMBtu", mark: state.month, difference: state.mode === "difference", width: 900, onpick: (o) => pick(`price:${o.id}`) });
    priceFigure.picture.replaceChildren(priceSvg);
  }
  if (all || changed.has("mode")) drawSupply(state);
  // What is only chosen moves no number: a table that is open keeps its rows, and the keyboard its place in them.
  if (all || ["view", "mode", "month"].some((k) => changed.has(k))) { mapFigure.refresh(); priceFigure.refresh(); }
  if (all || changed.has("sel") || changed.has("month")) trace.draw(state);
  for (const row of document.querySelectorAll("tr.on")) row.classList.remove("on");
  const [kind, id] = state.sel.split(":");
  if (kind === "claim" || kind === "change") document.getElementById(`${kind}-${id}`)?.classList.add("on");
  document.body.dataset.step = (performance.now() - begun).toFixed(1);
}
document.getElementById("app").append(main);
document.getElementById("plain").remove();
document.getElementById("app").hidden = false;
store.on(draw);
draw(store.now);
addEventListener("keydown", (e) => { if (e.key === "Escape" && store.now.sel) store.set({ sel: "" }); });
document.body.dataset.first = (performance.now() - started).toFixed(0);
document.body.dataset.ready = "1";
