// Where a pipeline is drawn: between the middles of its two areas, through own schematic way points for the well-known ones.
import { geoInterpolate } from "d3-geo";

const BALTIC = [[30, 59.8], [27.5, 59.9], [22, 59], [18.6, 56.8], [15.5, 55], [13.7, 54.15]];
const THROUGH = [
  [/^nord-stream/, BALTIC], [/^turkstream|^turk-stream/, [[37.5, 45], [33, 43.4], [28.2, 41.9]]], [/^blue-stream/, [[39, 44.5], [37.5, 42.5], [36.3, 41.3]]],
  [/^yamal-europe-by|^by-pl/, [[23.7, 52.5]]], [/^power-of-siberia$|^power-of-siberia-1/, [[125, 54], [127.5, 50.3]]], [/^langeled|^no-gb/, [[0.5, 57]]], [/^bbl/, [[3.5, 52.9]]], [/^iuk|^interconnector/, [[2.3, 51.5]]],
];

export function drawPipes(routes) {
  const pairs = new Map();
  for (const r of routes) {
    const key = [r.from.id, r.to.id].sort().join("|");
    if (!pairs.has(key)) pairs.set(key, []);
    pairs.get(key).push(r);
  }
  const out = new Map();
  for (const group of pairs.values()) group.forEach((r, i) => out.set(r.arc, line(r, i, group)));
  return out;
}

function line(r, i, group) {
  const a = [r.from.lon, r.from.lat], b = [r.to.lon, r.to.lat];
  const via = THROUGH.find(([pattern]) => pattern.test(r.arc))?.[1] ?? [];
  const flip = r.from.id > r.to.id ? -1 : 1;
  const shift = (i - (group.length - 1) / 2) * flip;
  if (via.length) return { type: "LineString", coordinates: [a, ...via.map(([x, y]) => [x, y + shift * 0.22]), b] };
  if (group.length === 1) return { type: "LineString", coordinates: [a, b] };
  const along = geoInterpolate(a, b), middle = along(0.5);
  const wide = Math.cos((middle[1] * Math.PI) / 180);
  const dx = (b[0] - a[0]) * wide, dy = b[1] - a[1], size = Math.hypot(dx, dy) || 1;
  const off = shift * Math.min(1.1, 0.16 * size);
  const bend = (t, w) => { const p = along(t); return [p[0] + (dy / size) * off * w / wide, p[1] - (dx / size) * off * w]; };
  return { type: "LineString", coordinates: [a, bend(0.25, 0.8), bend(0.5, 1), bend(0.75, 0.8), b] };
}
