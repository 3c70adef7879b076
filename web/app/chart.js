// Where a thing of the registry lies, with the corridors at it.
import { figure } from "../src/download.js";
import { polarMap } from "./polar.js";

export function chart(d) {
  const at = new Map(d.map.places.map((p) => [p.id, p]));
  const lines = d.map.lines.map((l) => [l, at.get(l.from), at.get(l.to)]).filter(([, a, b]) => a && b)
    .map(([l, a, b]) => ({ coordinates: [[a.lon, a.lat], [b.lon, b.lat]], colour: l.id === d.id ? "#1565a9" : "#2b4562", width: l.id === d.id ? 4 : 1.6, title: l.id, kind: l.id }));
  const svg = polarMap({ lines, points: d.map.places.map((p) => ({ ...p, big: p.id === d.id })), label: d.id });
  const drawn = figure({ id: "where", title: "Where it lies", note: "Schematic: straight lines between the middles of areas.", svg: () => svg, data: () => ({ head: ["id", "name", "latitude", "longitude", "role"], rows: d.map.places.map((p) => [p.id, p.name, p.lat, p.lon, p.role]) }), label: () => `Map of ${d.map.places.map((p) => p.name).join(", ")}` });
  drawn.picture.replaceChildren(svg);
  return drawn.element;
}
