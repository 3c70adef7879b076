// A map seen from above the pole, or flat where the way stays south: land, the Arctic circle, lines and points.
import { geoAzimuthalEqualArea, geoCircle, geoEqualEarth, geoGraticule10, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import topology from "world-atlas/land-110m.json";
import { s } from "../src/dom.js";

const WIDTH = 760, HEIGHT = 620, land = feature(topology, topology.objects.land);

// lines: [{coordinates, colour, width, dash, title}]; points: [{lat, lon, name, big}]; view: polar | world
export function polarMap({ lines = [], points = [], view = "polar", label }) {
  const all = [...lines.flatMap((l) => l.coordinates), ...points.map((p) => [p.lon, p.lat])];
  const extent = { type: "MultiPoint", coordinates: all.length > 1 ? all : [...all, [-10, 45], [170, 45], [90, 60]] };
  const pad = [[46, 40], [WIDTH - 46, HEIGHT - 40]];
  const middle = all.length ? (Math.atan2(all.reduce((a, c) => a + Math.sin(c[0] * Math.PI / 180), 0), all.reduce((a, c) => a + Math.cos(c[0] * Math.PI / 180), 0)) * 180) / Math.PI : 90;
  const low = Math.min(90, ...all.map((c) => c[1]));
  const projection = view === "world" || low < -20
    ? geoEqualEarth().rotate([-middle, 0]).fitExtent([[8, 8], [WIDTH - 8, HEIGHT - 8]], { type: "Sphere" })
    : geoAzimuthalEqualArea().rotate([-middle, -90]).clipAngle(115).fitExtent(pad, extent);
  if (!(view === "world" || low < -20)) {
    if (projection.scale() > 2400) projection.scale(2400).translate([0, 0]).translate((() => { const c = projection(all[0]); return [WIDTH / 2 - c[0], HEIGHT / 2 - c[1]]; })());
    projection.clipExtent([[0, 0], [WIDTH, HEIGHT]]);
  }
  const path = geoPath(projection.precision(0.4)).digits(1);
  const visible = (p) => path({ type: "Point", coordinates: [p.lon, p.lat] }) !== null;
  const taken = [];
  const place = (p) => {
    const [x, y] = projection([p.lon, p.lat]), w = p.name.length * 7.2, options = [[9, 4], [-9 - w, 4], [-w / 2, -11], [-w / 2, 21]];
    for (const [dx, dy] of options) {
      const box = { l: x + dx, r: x + dx + w, t: y + dy - 12, b: y + dy + 4 };
      if (box.l < 3 || box.r > WIDTH - 3 || box.t < 3 || box.b > HEIGHT - 3 || taken.some((o) => box.l < o.r && box.r > o.l && box.t < o.b && box.b > o.t)) continue;
      taken.push(box);
      return s("text", { x: box.l.toFixed(1), y: (y + dy).toFixed(1), "font-size": 13, "font-weight": p.big ? 700 : 400, fill: "#1a2733", stroke: "#ffffff", "stroke-width": 3, "stroke-opacity": 0.85, "paint-order": "stroke", "stroke-linejoin": "round" }, p.name);
    }
    return null;
  };
  const shown = points.filter(visible);
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "map still" },
    s("rect", { width: WIDTH, height: HEIGHT, fill: "#f6f9fb" }),
    s("path", { d: path({ type: "Sphere" }), fill: "#e9f1f7" }), s("path", { d: path(geoGraticule10()), fill: "none", stroke: "#cfdce6", "stroke-width": 0.6 }),
    s("path", { d: path(land), fill: "#dcd9cf", stroke: "#b9b5a6", "stroke-width": 0.6 }),
    s("path", { d: path(geoCircle().center([0, 90]).radius(23.44)()), fill: "none", stroke: "#7d94a8", "stroke-width": 0.8, "stroke-dasharray": "2 4" }),
    lines.map((l) => s("path", { d: path({ type: "LineString", coordinates: l.coordinates }) ?? "", fill: "none", stroke: l.colour, "stroke-width": l.width ?? 3, "stroke-dasharray": l.dash, "stroke-linecap": "round", "stroke-linejoin": "round", "data-line": l.kind }, l.title && s("title", {}, l.title))),
    shown.map((p) => s("circle", { cx: projection([p.lon, p.lat])[0].toFixed(1), cy: projection([p.lon, p.lat])[1].toFixed(1), r: p.big ? 5 : 3.4, fill: "#ffffff", stroke: "#20303f", "stroke-width": 1.6 }, s("title", {}, p.name))),
    [...shown].sort((a, b) => Boolean(b.big) - Boolean(a.big)).map(place), s("title", {}, label ?? ""));
}
