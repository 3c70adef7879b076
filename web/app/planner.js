// The voyage planner: two places, a ship, a day; the way on the polar map, days and cost; twelve months of it.
import { h } from "../src/dom.js";
import { number } from "../src/data.js";
import { figure } from "../src/download.js";
import { get, post } from "./api.js";
import { busy, field, grid, input, pairs, put, round, select, source } from "./parts.js";
import { polarMap } from "./polar.js";

const COLOURS = { water: "#1565a9", ice: "#c4510a", escorted: "#7b4f9d" };
const kindOf = (leg) => (leg.mode === "escorted" ? "escorted" : leg.ice >= 0.15 ? "ice" : "water");

function pieces(legs) {
  const out = [];
  legs.forEach((leg, i) => {
    if (i === 0) return;
    const kind = kindOf(leg), last = out.at(-1), at = [leg.lon, leg.lat], before = [legs[i - 1].lon, legs[i - 1].lat];
    if (last?.kind === kind) last.coordinates.push(at); else out.push({ kind, coordinates: [before, at], colour: COLOURS[kind], width: 3.4, title: { water: "open water", ice: "ice of 15 % and more", escorted: "behind an icebreaker" }[kind] });
  });
  return out;
}

export async function planner(page, { query }) {
  const o = await get(["voyages", "options"]);
  const names = h("datalist", { id: "ports" }, o.ports.map((p) => h("option", { value: p.name }, [p.country, p.lng_role && `LNG ${p.lng_role}`].filter(Boolean).join(", "))));
  const from = input({ name: "from", list: "ports", required: true, value: query.from ?? "Sabetta" }), to = input({ name: "to", list: "ports", required: true, value: query.to ?? "Yokohama" });
  const depart = input({ type: "date", name: "depart", required: true, value: query.depart ?? "2025-08-15" }), ship = select(o.ships.map((x) => [x.id, x.ice_class ? `${x.id} (${x.ice_class})` : x.id]), query.ship ?? "lng-arc7", { name: "ship" });
  const via = select(o.vias, query.via ?? "auto", { name: "via" }), objective = select(["time", "cost"], query.objective ?? "time", { name: "objective" }), escort = select(["auto", "none", "required"], query.escort ?? "auto", { name: "escort" });
  const avoid = input({ name: "avoid", value: query.avoid ?? "", placeholder: "suez, bab-el-mandeb" }), view = select([["polar", "from above the pole"], ["world", "the whole world"]], query.view ?? "polar", { name: "view" });
  const out = h("div", { "aria-live": "polite" }), year = h("div", { "aria-live": "polite" });
  const plan = h("button", { type: "submit", class: "main" }, "Plan"), season = h("button", { type: "button", "data-act": "season" }, "Twelve months");
  const asked = () => ({ origin: from.value, destination: to.value, depart: depart.value, ship: ship.value, via: via.value, objective: objective.value, escort: escort.value, avoid: avoid.value.split(",").map((x) => x.trim()).filter(Boolean) });
  let last = null;
  view.addEventListener("change", () => last && draw(last));

  function draw(d) {
    last = d;
    if (!d.feasible) { out.replaceChildren(h("p", { class: "warn", role: "alert" }, h("strong", {}, "There is no such voyage. "), d.reason)); return; }
    const ends = [{ ...d.from, big: true }, { ...d.to, big: true }], lines = pieces(d.legs);
    const svg = polarMap({ lines, points: ends, view: view.value, label: `${d.from.name} to ${d.to.name}` });
    const map = figure({ id: "voyage", title: `${d.from.name} to ${d.to.name}`, note: `Through ${d.passages.join(", ") || "no named passage"}. Ice: ${d.ice}.`, svg: () => svg, data: () => ({ head: ["time", "latitude", "longitude", "speed_kn", "ice", "risk_index", "mode"], rows: d.legs.map((l) => [l.time, l.lat, l.lon, l.speed_kn, l.ice, l.rio, l.mode]) }), label: () => `The way from ${d.from.name} to ${d.to.name}, ${number(d.distance_nm, 0)} nautical miles through ${d.passages.join(", ") || "no named passage"}` });
    map.picture.replaceChildren(svg);
    out.replaceChildren(h("h2", { class: "sr" }, "What was found"), h("div", { class: "duo" }, h("div", {}, map.element, h("p", { class: "legend" }, h("span", { class: "key water" }, "open water"), h("span", { class: "key inice" }, "ice of 15 % and more"), h("span", { class: "key escorted" }, "behind an icebreaker"))),
      h("div", {}, h("h3", {}, "The voyage"), pairs([["days", `${number(d.days, 1)} (${number(d.range.days[0], 1)} to ${number(d.range.days[1], 1)})`], ["arrives", d.arrive.replace("T", " ")], ["distance", `${number(d.distance_nm, 0)} nm`], ["in ice", `${number(d.ice_nm, 0)} nm, ${number(d.escorted_nm, 0)} nm behind an icebreaker`], ["cost", `${number(d.cost_musd, 2)} million USD (${number(d.range.cost_musd[0], 2)} to ${number(d.range.cost_musd[1], 2)})`], ["of which", `charter ${number(d.cost.charter_musd, 2)}, fuel ${number(d.cost.fuel_musd, 2)}, tolls ${number(d.cost.tolls_musd, 2)}, escort ${number(d.cost.escort_musd, 2)}, ports ${number(d.cost.port_musd, 2)}`], ["per unit", Object.entries(d.cost).filter(([k]) => k.startsWith("usd_per_")).map(([k, v]) => `${number(v, 2)} USD per ${k.replace("usd_per_", "").replaceAll("_", " ")}`).join(", ")], ["boil-off", d.boil_off_share ? `${(100 * d.boil_off_share).toFixed(2)} % of the cargo` : ""], ["cost is", d.cost.basis], ["range", d.range.basis]]),
        h("ul", {}, d.notes.map((n) => h("li", { class: "note" }, n))), h("p", {}, h("small", {}, "Sources: ", d.sources.map((x, i) => [i ? ", " : "", source(x)]))))));
  }
  const go = () => busy(plan, out, async () => {
    year.replaceChildren();
    draw(await post(["voyages"], asked()));
    history.replaceState(null, "", "#/voyages?" + new URLSearchParams({ from: from.value, to: to.value, depart: depart.value, ship: ship.value, via: via.value, objective: objective.value, escort: escort.value, ...(avoid.value ? { avoid: avoid.value } : {}), view: view.value }));
  });
  season.addEventListener("click", () => busy(season, year, async () => {
    const d = await post(["voyages", "season"], asked());
    const ways = Object.keys(d.months[0].ways);
    year.replaceChildren(h("h2", {}, `Twelve months of ${d.year}: days, and million USD for the round trip`),
      grid("Days and cost by month and way", ["month", "best", ...ways.flatMap((w) => [`${w} days`, `${w} cost`])], d.months.map((m) => [m.month, m.via, ...ways.flatMap((w) => (m.ways[w] ? [m.ways[w].days, round(m.ways[w].cost_musd)] : ["no way", ""]))]), { file: "season" }));
  }));
  put(page, h("h1", { tabindex: "-1" }, "Voyages"), h("p", { class: "note" }, `Any port to any port, through ice or around it. Ice: ${o.ice} (polynya serve --ice FILE takes your own). Flags and sanctions are not looked at here: screen ship owner and cargo separately.`), names,
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); go(); } }, field("From", from), field("To", to), field("Leaving", depart), field("Ship", ship), field("By way of", via), field("Least", objective), field("Icebreaker", escort), field("Keep out of", avoid), field("Map", view), plan, season), out, year);
  if (query.from && query.to) await go();
  return "Voyages";
}
