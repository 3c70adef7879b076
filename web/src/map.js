// The map: pipelines and sea lanes by flow. Geometry once per view, widths and colours once per month or mode.
import { geoAzimuthalEqualArea, geoEqualEarth, geoGraticule10, geoOrthographic, geoPath, geoCircle } from "d3-geo";
import { feature } from "topojson-client";
import topology from "world-atlas/land-110m.json";
import { s } from "./dom.js";
import { drawLanes, streams, NSR } from "./lanes.js";
import { drawPipes } from "./pipes.js";
import { at, value, signed, number, unit, yearsOf, BLUE, ORANGE, PIPE, SHIP } from "./data.js";

const NARROW = innerWidth < 700; // a phone: fewer units across, so that names can be read
const WIDTH = NARROW ? 600 : 940, HEIGHT = NARROW ? 640 : 720, LETTER = NARROW ? 17 : 11.5, DOT = NARROW ? 4.6 : 3.2;
const land = feature(topology, topology.objects.land);
const MONTH_NAMES = "January February March April May June July August September October November December".split(" ");
const LEAST = { month: 0.004, year: 0.05 }; // thinner flows are not drawn
const PX_PER_ROOT_BCM_PER_YEAR = 1.25, WIDEST = 13;

// Width of a text in units of its size, as this page's font draws it; remembered, since a month step asks for the same again.
const ruler = document.createElement("canvas").getContext("2d"), widths = new Map();
function wide(text, bold) {
  const key = `${bold ? "b" : "n"}${text}`;
  if (!widths.has(key)) {
    ruler.font = `${bold ? 700 : 400} 100px ${getComputedStyle(document.body).fontFamily}`;
    widths.set(key, ruler.measureText(text).width / 100 + 0.15);
  }
  return widths.get(key);
}

export function makeMap(data, store) {
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "map" });
  const layer = Object.fromEntries(["ground", "ice", "nsr", "lanes", "pipes", "high", "hit", "nodes", "labels"].map((k) => [k, s("g", { "data-layer": k })]));
  svg.append(...Object.values(layer));
  const voyages = data.routes.filter((r) => r.kind === "ship"), ships = streams(voyages), tubes = data.routes.filter((r) => r.kind === "pipeline");
  const lanes = drawLanes(ships), tubeLines = drawPipes(tubes);
  const users = new Map([...lanes.pieces.keys()].map((k) => [k, []]));
  for (const r of ships) for (const piece of lanes.ways.get(r)) users.get(piece).push(r);
  const drawn = [...ships, ...tubes];
  const waysOf = (arc) => ships.filter((r) => r.arc === arc).flatMap((r) => lanes.ways.get(r));
  const things = [
    ...[...lanes.pieces].map(([id, coordinates]) => ({ id, kind: "lane", shape: { type: "LineString", coordinates }, routes: users.get(id) })),
    ...tubes.map((r) => ({ id: r.arc, kind: "pipe", shape: tubeLines.get(r.arc), routes: [r] })),
  ];
  const busy = new Set(data.routes.flatMap((r) => [r.from.id, r.to.id]));
  const nodes = data.nodes.filter((n) => busy.has(n.id));
  let path, zoom = { k: 1, x: 0, y: 0 }, turned = null;

  const gated = new Set(data.gates.map((g) => g.subject));
  for (const t of things) {
    t.line = s("path", { fill: "none", "data-id": t.id, "stroke-linecap": "round", "stroke-linejoin": "round" });
    t.hit = s("path", { class: "hit", fill: "none", stroke: "transparent", "stroke-width": 11, "data-id": t.id }, s("title", {}));
    t.look = {};
    t.gated = t.kind === "pipe" && gated.has(t.id);
    t.hit.addEventListener("pointerenter", () => { t.hit.firstChild.textContent = `${t.kind === "pipe" ? data.name(t.id) : "Sea lane"}: ${store.now.mode === "difference" ? signed(t.v, 2) : number(t.v, 2)} ${unit(store.now)}`; });
    t.hit.addEventListener("click", () => store.set({ sel: t.kind === "pipe" ? `flow:${t.id}` : `lane:${t.id}` }));
    layer[t.kind === "pipe" ? "pipes" : "lanes"].append(t.line);
    layer.hit.append(t.hit);
  }
  for (const n of nodes) {
    n.dot = s("circle", { r: DOT, fill: "#ffffff", stroke: "#20303f", "stroke-width": 1.2, class: "dot", "data-id": n.id });
    n.dot.addEventListener("click", () => store.set({ sel: `price:${n.id}` }));
    layer.nodes.append(n.dot);
  }

  function focus() {
    const weight = new Map();
    for (const r of data.routes) {
      const change = Math.abs(at(r.s, -1) - at(r.b, -1));
      for (const n of [r.from, r.to]) weight.set(n, Math.max(weight.get(n) ?? 0, change));
    }
    const touched = new Set(data.changes.flatMap((c) => c.arcs).flatMap((a) => { const r = data.routeOf.get(a); return r ? [r.from, r.to] : []; }));
    const far = [...weight].filter(([n, w]) => n.lat > 28 && n.lon > -15 && n.lon < 150 && (w > 0.3 || touched.has(n))).map(([n]) => [n.lon, n.lat]);
    return { type: "MultiPoint", coordinates: far.length > 2 ? [...far, ...NSR] : [[-10, 36], [140, 35], [60, 70], ...NSR] };
  }

  function project(view) {
    const pad = [[34, 26], [WIDTH - 34, HEIGHT - 26]];
    let p;
    if (view === "europe") p = geoAzimuthalEqualArea().rotate([-15, -51]).clipAngle(60).fitExtent(pad, { type: "MultiPoint", coordinates: [[-10, 36], [40, 37], [-9, 64], [48, 62]] });
    else if (view === "world") p = geoEqualEarth().rotate([-60, 0]).fitExtent([[-60, 10], [WIDTH + 60, HEIGHT - 10]], { type: "Sphere" });
    else if (view === "globe") p = geoOrthographic().rotate(turned ?? [-60, -50]).clipAngle(90).fitExtent(pad, { type: "Sphere" });
    else p = geoAzimuthalEqualArea().rotate([-100, -90]).clipAngle(118).fitExtent(pad, focus());
    if (view !== "globe" && view !== "world") p.clipExtent([[-60, -60], [WIDTH + 60, HEIGHT + 60]]);
    return p.precision(0.6);
  }

  function geometry(state) {
    const projection = project(state.view);
    path = geoPath(projection).digits(1);
    layer.ground.replaceChildren(
      s("path", { d: path({ type: "Sphere" }), fill: "#e9f1f7" }), s("path", { d: path(geoGraticule10()), fill: "none", stroke: "#cfdce6", "stroke-width": 0.6 }),
      s("path", { d: path(land), fill: "#dcd9cf", stroke: "#b9b5a6", "stroke-width": 0.6 }),
      s("path", { d: path(geoCircle().center([0, 90]).radius(23.44)()), fill: "none", stroke: "#7d94a8", "stroke-width": 0.8, "stroke-dasharray": "2 4" }));
    layer.nsr.replaceChildren(s("path", { d: path({ type: "LineString", coordinates: NSR }) ?? "", fill: "none", stroke: "#3f7f95", "stroke-width": 1.4, "stroke-dasharray": "7 5", "data-id": "northern-sea-route" }));
    for (const t of things) {
      t.d = path(t.shape) ?? "";
      t.line.setAttribute("d", t.d);
      t.hit.setAttribute("d", t.d);
    }
    for (const n of nodes) {
      const inside = path({ type: "Point", coordinates: [n.lon, n.lat] }) !== null;
      n.at = inside ? projection([n.lon, n.lat]) : null;
      n.dot.setAttribute("visibility", inside ? "visible" : "hidden");
      if (inside) { n.dot.setAttribute("cx", n.at[0].toFixed(1)); n.dot.setAttribute("cy", n.at[1].toFixed(1)); }
    }
    geometry.projection = projection;
  }

  // The median ice edge of the month; over all months those of March and September, the most and the least.
  function ice(state) {
    const edges = data.sea.ice;
    if (!edges) return;
    const month = (day) => Number(day.slice(5, 7)) - 1, [first, last] = state.month < 0 ? ["2000-03", "2000-09"] : (data.spans?.[state.month] ?? [data.months[state.month], data.months[state.month]]);
    const drawn = month(first) === month(last) ? [[month(first), null]] : [[month(first), "6 4"], [month(last), "2 3"]]; // a season: those of its first and last month
    layer.ice.replaceChildren(...drawn.map(([m, dash]) => s("path", { d: path({ type: "MultiLineString", coordinates: edges[m] }) ?? "", fill: "none", stroke: "#3a9bc9", "stroke-width": 2.2 / zoom.k ** 0.6, "stroke-opacity": 0.9, "stroke-dasharray": dash, "data-ice": m + 1 }, s("title", {}, `Median ice edge of ${MONTH_NAMES[m]}, 2010-2022`))));
  }

  const set = (t, name, v) => { if (t.look[name] !== v) { t.look[name] = v; t.line.setAttribute(name, v); } };
  function paint(state) {
    const year = state.month < 0 ? 1 : 1 / yearsOf(state.month), least = state.month < 0 ? LEAST.year : LEAST.month;
    for (const r of drawn) r.v = value(r, state);
    for (const t of things) {
      let v = 0;
      for (const r of t.routes) v += r.v;
      t.v = v;
      const shown = Math.abs(v) >= least;
      const closed = !shown && t.gated;
      const colour = state.mode === "difference" ? (v > 0 ? BLUE : ORANGE) : t.kind === "pipe" ? PIPE : SHIP;
      t.width = shown ? Math.min(WIDEST, Math.max(0.7, PX_PER_ROOT_BCM_PER_YEAR * Math.sqrt(Math.abs(v) * year))) / zoom.k ** 0.6 : closed ? 1.2 : 0;
      set(t, "stroke", shown ? colour : closed ? "#6c7680" : "none");
      set(t, "stroke-width", t.width.toFixed(1));
      set(t, "stroke-dasharray", closed ? "2 4" : "");
      set(t, "stroke-opacity", t.kind === "pipe" ? "0.85" : "0.6");
      if (t.live !== (shown || closed)) { t.live = shown || closed; t.hit.setAttribute("pointer-events", t.live ? "stroke" : "none"); }
    }
    ice(state);
    labels(state);
    highlight(state);
  }

  // Greedy: what matters most is placed first, in the first of eight places that is free; what has no place is left out.
  function labels(state) {
    const k = zoom.k, size = LETTER / k, taken = [], out = [];
    const frame = { l: zoom.x, t: zoom.y, r: zoom.x + WIDTH / k, b: zoom.y + HEIGHT / k };
    const free = (b) => b.l > frame.l + 2 && b.r < frame.r - 2 && b.t > frame.t + 2 && b.b < frame.b - 2 && !taken.some((o) => b.l < o.r && b.r > o.l && b.t < o.b && b.b > o.t);
    for (const n of nodes) if (n.at) taken.push({ l: n.at[0] - 4 / k, r: n.at[0] + 4 / k, t: n.at[1] - 4 / k, b: n.at[1] + 4 / k });
    const put = (text, x, y, bold, colour, sel) => {
      const w = size * wide(text, bold), hh = size * 1.15, gap = 6 / k;
      const places = [[gap, -hh / 2], [-w - gap, -hh / 2], [-w / 2, -hh - gap], [-w / 2, gap], [gap, -hh - gap / 2], [gap, gap / 2], [-w - gap, -hh - gap / 2], [-w - gap, gap / 2]];
      for (const [dx, dy] of places) {
        const box = { l: x + dx, r: x + dx + w, t: y + dy, b: y + dy + hh };
        if (!free(box)) continue;
        taken.push(box);
        out.push(s("text", { x: box.l.toFixed(1), y: (box.t + size * 0.92).toFixed(1), "font-size": size.toFixed(2), "font-weight": bold ? 700 : 400, fill: colour, stroke: "#ffffff", "stroke-width": (3 / k).toFixed(2), "stroke-opacity": 0.85, "paint-order": "stroke", "stroke-linejoin": "round", class: sel ? "pick" : null, "data-sel": sel }, text));
        return;
      }
    };
    const chosen = state.sel.split(":")[1];
    const flows = things.filter((t) => t.kind === "pipe" && t.d && Math.abs(t.v) > 0.1).sort((a, b) => Math.abs(b.v) - Math.abs(a.v)).slice(0, state.mode === "difference" ? (NARROW ? 3 : 6) : NARROW ? 2 : 3);
    const pick = things.find((t) => t.id === chosen && t.kind === "pipe");
    for (const t of new Set([pick, ...flows])) {
      if (!t?.d) continue;
      const c = middle(t);
      if (c) put(`${data.name(t.id).replace(/^.{34,}$/, (x) => x.slice(0, 32) + "…")} ${state.mode === "difference" ? signed(t.v) : number(t.v)}`, c[0], c[1], true, state.mode === "difference" ? (t.v < 0 ? ORANGE : BLUE) : PIPE, `flow:${t.id}`);
    }
    const nsr = path({ type: "Point", coordinates: [140, 74.4] }) && geometry.projection([140, 74.4]);
    if (nsr && state.view !== "europe") put("Northern Sea Route", nsr[0], nsr[1], false, "#22596c");
    const weight = new Map();
    for (const r of drawn) for (const n of [r.from, r.to]) weight.set(n.id, Math.max(weight.get(n.id) ?? 0, Math.abs(r.v)));
    for (const n of [...nodes].sort((a, b) => (b.id === chosen) - (a.id === chosen) || (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0))) {
      if (n.at) put(data.short(n), n.at[0], n.at[1], n.id === chosen, "#1a2733", `price:${n.id}`);
    }
    layer.labels.replaceChildren(...out);
  }

  function middle(t) {
    const c = t.shape.coordinates;
    const p = c[Math.floor(c.length / 2)], q = c.length === 2 ? [(c[0][0] + c[1][0]) / 2, (c[0][1] + c[1][1]) / 2] : p;
    return path({ type: "Point", coordinates: q }) === null ? null : geometry.projection(q);
  }

  function highlight(state) {
    const [kind, id] = state.sel.split(/:(.*)/s);
    const ids = new Set();
    if (kind === "flow") { ids.add(id); waysOf(id).forEach((p) => ids.add(p)); }
    if (kind === "lane") ids.add(id);
    if (kind === "claim" || kind === "change") {
      for (const c of data.changes) if ((kind === "change" && c.id === id) || (kind === "claim" && data.claimsOf(c).includes(id))) c.arcs.forEach((a) => { ids.add(a); waysOf(a).forEach((p) => ids.add(p)); });
      if (data.changes.some((c) => c.touches.includes("northern-sea-route") && (c.id === id || data.claimsOf(c).includes(id)))) ids.add("nsr");
    }
    const marks = things.filter((t) => ids.has(t.id) && t.d).map((t) => s("path", { d: t.d, fill: "none", stroke: "#f2c230", "stroke-width": (t.width + 9).toFixed(1), "stroke-opacity": 0.85, "stroke-linecap": "round" }));
    if (ids.has("nsr")) marks.push(s("path", { d: path({ type: "LineString", coordinates: NSR }) ?? "", fill: "none", stroke: "#f2c230", "stroke-width": 12, "stroke-opacity": 0.85 }));
    const places = new Set(kind === "price" ? [id] : []);
    for (const n of nodes) n.dot.setAttribute("fill", places.has(n.id) ? "#f2c230" : "#ffffff");
    layer.high.replaceChildren(...marks);
    svg.insertBefore(layer.high, layer.lanes);
  }

  function frame() {
    svg.setAttribute("viewBox", `${zoom.x.toFixed(1)} ${zoom.y.toFixed(1)} ${(WIDTH / zoom.k).toFixed(1)} ${(HEIGHT / zoom.k).toFixed(1)}`);
  }
  function show() {
    frame();
    for (const n of nodes) { n.dot.setAttribute("r", (DOT / zoom.k ** 0.8).toFixed(2)); n.dot.setAttribute("stroke-width", (1.2 / zoom.k ** 0.8).toFixed(2)); }
    for (const t of things) { t.hit.setAttribute("stroke-width", (11 / zoom.k).toFixed(1)); }
  }
  function clamp() {
    zoom.x = Math.max(0, Math.min(WIDTH - WIDTH / zoom.k, zoom.x));
    zoom.y = Math.max(0, Math.min(HEIGHT - HEIGHT / zoom.k, zoom.y));
  }
  let drag = null;
  svg.addEventListener("pointerdown", (e) => { drag = { x: e.clientX, y: e.clientY, zx: zoom.x, zy: zoom.y, turn: turned ?? [-60, -50], moved: false, waits: false }; });
  addEventListener("pointermove", (e) => {
    if (!drag) return;
    const scale = WIDTH / svg.getBoundingClientRect().width, dx = (e.clientX - drag.x) * scale, dy = (e.clientY - drag.y) * scale;
    if (!drag.moved && Math.hypot(dx, dy) < 5) return;
    drag.moved = true;
    if (store.now.view === "globe") {
      turned = [drag.turn[0] + dx / (4 * zoom.k), Math.max(-90, Math.min(90, drag.turn[1] - dy / (4 * zoom.k)))];
      if (!drag.waits) { drag.waits = true; requestAnimationFrame(() => { if (drag) drag.waits = false; geometry(store.now); paint(store.now); }); }
    } else { zoom = { k: zoom.k, x: drag.zx - dx / zoom.k, y: drag.zy - dy / zoom.k }; clamp(); frame(); }
  });
  addEventListener("pointerup", () => { if (drag?.moved && store.now.view !== "globe") paint(store.now); drag = null; });
  layer.labels.addEventListener("click", (e) => { if (e.target.dataset.sel) store.set({ sel: e.target.dataset.sel }); });
  addEventListener("pointercancel", () => { drag = null; }); // the finger scrolls the page
  svg.addEventListener("click", (e) => { if (e.target === svg || layer.ground.contains(e.target)) store.set({ sel: "" }); });

  return {
    svg, lanes, users,
    draw(state, changed) {
      if (!changed || changed.has("view")) { zoom = { k: 1, x: 0, y: 0 }; show(); geometry(state); }
      paint(state);
    },
    zoom(factor) {
      const k = Math.max(1, Math.min(8, zoom.k * factor)), cx = zoom.x + WIDTH / zoom.k / 2, cy = zoom.y + HEIGHT / zoom.k / 2;
      zoom = { k, x: cx - WIDTH / k / 2, y: cy - HEIGHT / k / 2 };
      clamp(); show(); paint(store.now);
    },
    table(state) {
      const list = things.filter((t) => t.kind === "pipe").map((t) => t.routes[0]).concat(voyages);
      return { head: ["id", "name", "kind", "from", "to", "baseline", "scenario", "change", "unit"],
        rows: list.map((r) => [r.arc, data.name(r.arc), r.kind, r.from.id, r.to.id, ...[at(r.b, state.month), at(r.s, state.month), at(r.s, state.month) - at(r.b, state.month)].map((v) => Number(v.toFixed(4))), state.month < 0 ? "bcm/year" : `bcm ${data.months[state.month]}`])
          .filter((r) => Math.max(r[5], r[6]) > 0 || data.gates.some((g) => g.subject === r[0])).sort((a, b) => Math.abs(b[7]) - Math.abs(a[7]) || b[6] - a[6]) };
    },
  };
}
