// Voyages by season: days and cost of a voyage by each way and month, and what this run ships by which way.
import { h } from "./dom.js";
import { figure } from "./download.js";
import { lines, HUES } from "./charts.js";
import { wayAt } from "./data.js";

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WAY = { nsr: "Northern Sea Route", suez: "Suez", cape: "Cape of Good Hope", panama: "Panama", nwp: "North-West Passage", direct: "direct", "cape-horn": "Cape Horn", murmansk: "via Murmansk", saam: "via Saam", koryak: "via Koryak" };
export const way = (w) => (w ?? "no voyage").split("+").map((p) => WAY[p] ?? p.replace("saam-fsu", "via Saam").replace("koryak-fsu", "via Koryak")).join(", ");
const MEASURE = { days: ["Days at sea", "days"], cost_musd: ["Cost of the round trip", "million USD"] };

export function seasonFigure(data, pick) {
  const list = data.sea.season ?? [];
  if (!list.length) return null;
  const which = h("select", { id: "voyage", onchange: draw }, list.map((v, i) => h("option", { value: i }, `${v.from} to ${v.to}, ${v.ship}`)));
  const measure = h("select", { id: "measure", onchange: draw }, Object.entries(MEASURE).map(([k, [t]]) => h("option", { value: k }, t)));
  let svg;
  const entry = () => list[which.value], now = () => entry()[measure.value];
  const f = figure({ id: "season", title: "One voyage, month by month: the Northern Sea Route against Suez", note: `Rules and tolls of ${list[0].year}, median ice of 2010-2022, leaving on the 15th. A gap: no such voyage in that month. A passage that the scenario closes or opens is not in this figure; it is in the one above.`,
    svg: () => svg, controls: h("div", { class: "controls" }, h("label", { for: "voyage" }, "Voyage "), which, h("label", { for: "measure" }, "Show "), measure),
    label: () => `${MEASURE[measure.value][0]} by month, ${entry().from} to ${entry().to}, by ${Object.keys(now()).map(way).join(", ")}`,
    data: () => ({ pick, sels: Object.keys(entry().days).flatMap((w) => MONTHS.map((_, i) => `season:${which.value}>${w}>${i}`)), head: ["from", "to", "ship", "way", "month", "days", "million USD"], rows: Object.keys(entry().days).flatMap((w) => MONTHS.map((m, i) => [entry().from, entry().to, entry().ship, way(w), m, entry().days[w][i], entry().cost_musd[w][i]])) }) });
  function draw() {
    svg = lines({ series: Object.entries(now()).map(([w, s], i) => ({ id: w, name: way(w), colour: HUES[i], b: null, s })), onpick: (o) => pick(`season:${which.value}>${o.id}>0`), months: MONTHS, unit: MEASURE[measure.value][1], width: 900, height: 300, room: 200 });
    f.picture.replaceChildren(svg);
    f.refresh();
  }
  draw();
  return f;
}

export const isArctic = (r) => /-(arc\d|shadow)[\w-]*$/.test(r.arc);

// bcm by way and month of the voyages of ice-going fleets, or of all.
export function waysFigure(data, store, pick) {
  const ships = data.routes.filter((r) => r.kind === "ship" && r.via);
  if (!ships.length) return null;
  const arctic = ships.filter(isArctic);
  const which = h("select", { id: "fleets", onchange: () => draw(store.now) }, [["arctic", "Arctic fleets"], ["all", "all fleets"]].filter(([k]) => k === "all" || arctic.length).map(([k, t]) => h("option", { value: k }, t)));
  let svg, series = [], summed = null;
  function sums() {
    const byWay = new Map();
    for (const r of which.value === "arctic" ? arctic : ships) {
      data.months.forEach((_, i) => {
        for (const k of ["b", "s"]) {
          const w = wayAt(r, k, i), row = byWay.get(w) ?? { id: w, name: way(w), b: data.months.map(() => 0), s: data.months.map(() => 0) };
          row[k][i] += r[k][i] ?? 0;
          byWay.set(w, row);
        }
      });
    }
    const total = (o) => o.b.concat(o.s).reduce((a, v) => a + v, 0), round = (v) => Number(v.toFixed(4));
    return [...byWay.values()].filter((o) => total(o) > 1e-3).sort((a, b) => total(b) - total(a)).slice(0, 8).map((o, i) => ({ ...o, b: o.b.map(round), s: o.s.map(round), colour: HUES[i % HUES.length] }));
  }
  const f = figure({ id: "ways", title: "What this run ships by which way", note: "bcm in the period at the loading end. Saam and Koryak: floating stores off Murmansk and Kamchatka where ice-going ships hand over to ordinary ones. Solid: scenario, dashed: baseline; in the difference view scenario less baseline.", svg: () => svg,
    controls: h("div", { class: "controls" }, h("label", { for: "fleets" }, "Ships of "), which), label: () => `LNG shipped by month and way, ${which.value === "arctic" ? "Arctic" : "all"} fleets`,
    data: () => ({ pick, sels: series.flatMap((o) => data.months.map(() => `ways:${which.value}>${o.id}`)), head: ["way", "month", "baseline", "scenario", "change", "unit"], rows: series.flatMap((o) => data.months.map((m, i) => [o.name, m, o.b[i], o.s[i], Number((o.s[i] - o.b[i]).toFixed(4)), "bcm"])) }) });
  function draw(state) {
    if (summed !== which.value) { series = sums(); summed = which.value; } // the same for every month and mode
    svg = lines({ series, onpick: (o) => pick(`ways:${which.value}>${o.id}`), months: data.months, unit: state.mode === "difference" ? "bcm in the period, scenario less baseline" : "bcm in the period", mark: state.month, difference: state.mode === "difference", width: 900, height: 300, room: 240 });
    f.picture.replaceChildren(svg);
    f.refresh();
  }
  return { ...f, draw };
}
