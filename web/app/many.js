// An ensemble: how likely each statement is, how the numbers spread, and what drives the spread.
import { h, s } from "../src/dom.js";
import { scaleLinear, scalePoint } from "d3-scale";
import { area, line } from "d3-shape";
import { figure } from "../src/download.js";
import { signed } from "../src/data.js";
import { address, get } from "./api.js";
import { grid, link, outside, pairs, put, select, field } from "./parts.js";
import { bars } from "./bars.js";

const SPREAD = ["p05", "p25", "p50", "p75", "p95"], SAID = ["5 %", "25 %", "median", "75 %", "95 %"];
const percent = (v) => `${Math.round(100 * v)} %`;

// The change of a place's price by month: light nine tenths of all worlds, dark half of them, line the median.
function fan(rows) {
  const width = 820, height = 280, room = { l: 52, r: 34, t: 22, b: 30 }, known = rows.filter((r) => r.p50 !== null);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}` });
  const text = (x, y, t, more) => s("text", { x, y, "font-size": 12, fill: "#505d69", ...more }, t);
  if (!known.length) { svg.append(text(20, 40, "The price is not pinned in every world, so its spread is not told.")); return svg; }
  const x = scalePoint(rows.map((r) => r.period), [room.l, width - room.r]), all = known.flatMap((r) => [r.p05, r.p95]);
  const y = scaleLinear([Math.min(0, ...all), Math.max(0.01, ...all)], [height - room.b, room.t]).nice(5);
  for (const v of y.ticks(5)) svg.append(s("line", { x1: room.l, x2: width - room.r, y1: y(v), y2: y(v), stroke: v === 0 ? "#8b97a1" : "#dfe5ea" }), text(room.l - 6, y(v) + 4, y.tickFormat(5)(v), { "text-anchor": "end" }));
  const every = Math.max(1, Math.ceil((rows.length * 62) / width));
  rows.forEach((r, i) => i % every === 0 && svg.append(text(x(r.period), height - 10, r.period, { "text-anchor": "middle" })));
  const band = (low, high, fill) => s("path", { d: area().x((r) => x(r.period)).y0((r) => y(r[low])).y1((r) => y(r[high]))(known) ?? "", fill });
  svg.append(band("p05", "p95", "#cfe1f1"), band("p25", "p75", "#8db9dd"), s("path", { d: line().x((r) => x(r.period)).y((r) => y(r.p50))(known) ?? "", fill: "none", stroke: "#0b4f83", "stroke-width": 2.2 }), text(room.l - 40, 13, "USD/MMBtu"));
  return svg;
}

export async function many(page, { args: [name] }) {
  const d = await get(["ensembles", name]), e = d.summary, price = e.europe_price_change_percent;
  const places = [...new Set(d.months.map((r) => r.place))], where = select(places, places.includes("Europe") ? "Europe" : places[0], { name: "place" });
  const shown = () => d.months.filter((r) => r.place === where.value);
  let svg;
  const spread = figure({ id: "spread", title: "Change of the price by month", note: "Line: median. Dark: half of all worlds. Light: nine tenths.", svg: () => svg, controls: h("div", { class: "row" }, field("Place", where)),
    label: () => `Change of the price of ${where.value} by month, USD per MMBtu: median, half and nine tenths of all worlds`, data: () => ({ head: ["place", "month", "mean", ...SAID, "unit"], rows: shown().map((r) => [r.place, r.period, r.mean, ...SPREAD.map((k) => r[k]), "USD/MMBtu"]) }) });
  const draw = () => { svg = fan(shown()); spread.picture.replaceChildren(svg); spread.refresh(); };
  where.addEventListener("change", draw);
  if (places.length) draw();
  const texts = new Map(e.uncertain.map((u) => [u.id, u.text]));
  put(page, h("p", { class: "kind" }, link(["runs"], "Runs"), " / ", name), h("h1", { tabindex: "-1" }, e.title), h("p", { class: "question" }, e.question),
    price && h("p", { class: "headline" }, `Europe's price changes by ${signed(price.p50, 1)}\u00a0% in the middle of all worlds; in nine of ten by ${signed(price.p05, 1)} to ${signed(price.p95, 1)}\u00a0%. As the scenario is written: ${signed(price.written, 1)}\u00a0%.`),
    h("p", {}, e.method === "enumeration" ? "Every way in which the uncertain things can fall, with its exact probability" : `${e.draws} draws (${e.method}, seed ${e.seed})`, `: ${e.distinct_worlds} distinct worlds, ${e.distinct_problems} distinct markets; ${e.months} months from ${e.from}. The likelihoods are those that somebody wrote into the scenario or rated; nothing here measures them.`),
    e.no_answer.map((g) => h("p", { class: "warn" }, `No answer with probability ${percent(g.probability)}: ${g.why}`)),
    h("p", {}, outside(address(["ensembles", name, "page"]), "Open as one page")),
    h("h2", {}, "How likely the scenario's own statements are"),
    grid("How likely the statements are", ["statement", "probability", e.method === "enumeration" ? "over the likelihoods' ranges" : "95 % interval"], e.statements.map((p) => [p.statement, percent(p.probability), p.low === null ? "" : `${percent(p.low)} to ${percent(p.high)}`]), { file: "statements" }),
    h("h2", {}, "How the numbers spread"), places.length > 0 && spread.element,
    grid("Change of prices in USD/MMBtu", ["hub", "as written", "mean", ...SAID], e.hubs.map((x) => [x.hub, ...["written", "mean", ...SPREAD].map((k) => signed(x[k], 2))]), { file: "hubs" }),
    h("details", {}, h("summary", {}, `All ${d.quantiles.length} numbers`), grid("Quantiles of every number", ["what", "of", "unit", "as written", "mean", ...SAID], d.quantiles.map((q) => [q.what.replaceAll("_", " "), q.item, q.unit, ...["written", "mean", ...SPREAD].map((k) => signed(q[k], 2))]), { file: "quantiles", most: 400 })),
    e.drivers && [h("h2", {}, "What drives the spread of Europe's price"), h("p", { class: "note" }, `Shares of the variance (Shapley), ${e.drivers.exact ? "exact" : `estimated from the draws; ${percent(e.drivers.explained)} of it is explained`}.`),
      bars({ id: "drivers", title: "Share of the variance", unit: "%", rows: e.drivers.shapley.map((x) => [texts.get(x.id) || x.id, 100 * x.share]) })],
    h("h2", {}, "What is uncertain"), grid("What is uncertain", ["id", "kind", "what", "low", "high"], e.uncertain.map((u) => [u.id, u.kind, u.text, u.low, u.high])),
    h("h2", {}, "Trust"), h("p", {}, "Every certificate ", h("span", { class: "ok" }, "passed"), `; worst residual ${Number(e.worst_residual).toExponential(1)}.`), h("ul", {}, e.notes.map((n) => h("li", {}, n))),
    pairs([["scenario", `${d.manifest.scenario.id} (sha256 ${d.manifest.scenario.sha256})`], ["registry", d.manifest.world], ["made by", `Polynya ${d.manifest.polynya}`]]),
    h("ul", { class: "notices" }, (e.notices ?? []).map((n) => h("li", {}, h("small", {}, `${n.notice} [${n.licence}]`)))));
  return name;
}
