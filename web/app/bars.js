// Differences as bars to the left and right of nothing. Blue is more, orange less, as on the map.
import { h, s } from "../src/dom.js";
import { BLUE, ORANGE, signed } from "../src/data.js";
import { figure } from "../src/download.js";

export function bars({ id, title, unit, rows }) {
  const known = rows.filter(([, v]) => typeof v === "number" && Math.abs(v) >= 0.0005);
  if (!known.length) return h("div", { id }, h("h3", {}, title), h("p", { class: "note" }, `Nothing differs by 0.001 ${unit} or more.`));
  const most = Math.max(...known.map(([, v]) => Math.abs(v)), 1e-9);
  const digits = most < 0.1 ? 3 : most < 10 ? 2 : 1;
  const less = known.some(([, v]) => v < 0), share = unit === "%" && !less; // a share is no change: no sign
  const LINE = 24, LEFT = less ? 230 : 400, HALF = less ? 170 : 240, END = 70, letters = Math.floor(LEFT / 7.4);
  const width = LEFT + (less ? 2 * HALF + 2 * END : HALF + END), height = LINE * known.length + 30, middle = LEFT + (less ? END + HALF : 4);
  const said = (v) => (share ? signed(v, digits).replace("+", "") : signed(v, digits));
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "bars" },
    s("line", { x1: middle, x2: middle, y1: 4, y2: height - 24, stroke: "#8a949e" }),
    known.map(([name, v], i) => {
      const w = (Math.abs(v) / most) * HALF, y = 6 + i * LINE;
      return [s("text", { x: LEFT - 8, y: y + 14, "text-anchor": "end", "font-size": 13, fill: "#1a2733" }, String(name).length > letters ? `${String(name).slice(0, letters - 1)}…` : name),
        s("rect", { x: v < 0 ? middle - w : middle, y, width: Math.max(w, 0.5), height: LINE - 7, fill: v < 0 ? ORANGE : BLUE }),
        s("text", { x: v < 0 ? middle - w - 5 : middle + w + 5, y: y + 13, "text-anchor": v < 0 ? "end" : "start", "font-size": 12, fill: "#1a2733" }, said(v))];
    }),
    s("text", { x: middle, y: height - 6, "text-anchor": "middle", "font-size": 12, fill: "#505d69" }, unit));
  const drawn = figure({ id, title, note: null, svg: () => svg, data: () => ({ head: ["name", unit], rows: known }), label: () => `${title} in ${unit}: ${known.map(([n, v]) => `${n} ${said(v)}`).join("; ")}` });
  drawn.picture.replaceChildren(svg);
  return drawn.element;
}
