// Who holds a thing, and who holds the holders: a tree that grows to the right, with the share in both cases on each branch.
import { s } from "./dom.js";
import { BLUE, ORANGE } from "./data.js";

const COLUMN = 250, ROW = 44, DEPTH = 6, INK = "#1a2733", SOFT = "#56636f";
const share = (v) => (v === null || v === undefined ? null : v.replace(/(\.\d{2})\d+/, "$1"));
export const shares = (e) => {
  const b = share(e.baseline), v = share(e.scenario), kind = e.kind === "title" ? "" : ` ${e.kind}`;
  return (b === v ? `${b} %` : b === null ? `0 → ${v} %` : v === null ? `${b} → 0 %` : `${b} → ${v} %`) + kind;
};

// edges: [{owner, owned, kind, baseline, scenario}]; verdict(id) -> {text, dark: bool, flips: bool} or null
export function tree({ root, edges, name, verdict, onpick }) {
  const holders = new Map();
  for (const e of edges) holders.set(e.owned, [...(holders.get(e.owned) ?? []), e]);
  const seen = new Set(), boxes = [], branches = [];
  let row = 0, deepest = 0;
  function place(id, depth) {
    deepest = Math.max(deepest, depth);
    const list = seen.has(id) || depth >= DEPTH ? [] : (holders.get(id) ?? []);
    const again = seen.has(id) && holders.has(id);
    seen.add(id);
    const box = { id, depth, again };
    boxes.push(box);
    if (!list.length) { box.y = row++; return box; }
    const above = list.map((e) => { const b = place(e.owner, depth + 1); branches.push({ e, from: box, to: b }); return b; });
    box.y = (above[0].y + above.at(-1).y) / 2;
    return box;
  }
  place(root, 0);
  const width = (deepest + 1) * COLUMN + 10, height = Math.max(1, row) * ROW + 12;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}` });
  const x = (b) => 8 + b.depth * COLUMN, y = (b) => 8 + b.y * ROW + 14;
  const label = (t, px, py, more = {}) => s("text", { x: px, y: py, "font-size": 12, fill: INK, ...more }, t);
  const cut = (t, n) => (t.length > n ? t.slice(0, n - 1) + "…" : t);
  for (const { e, from, to } of branches) {
    const moved = e.baseline !== e.scenario, more = moved && (e.baseline === null || Number(e.scenario) > Number(e.baseline));
    const colour = moved ? (more ? BLUE : ORANGE) : "#8b97a1", x0 = x(from) + 178, x1 = x(to) - 6, mid = x0 + 12;
    svg.append(s("path", { d: `M${x0},${y(from)}H${mid}V${y(to)}H${x1}`, fill: "none", stroke: colour, "stroke-width": moved ? 2.4 : 1.1, "stroke-dasharray": e.scenario === null ? "4 3" : null }),
      label(shares(e), x1 - 2, y(to) - 4, { class: onpick ? "pick" : null, onclick: () => onpick?.(e.owner), "text-anchor": "end", "font-size": 10, fill: moved ? colour : SOFT, "font-weight": moved ? 700 : 400, stroke: "#ffffff", "stroke-width": 3, "paint-order": "stroke" }));
  }
  for (const b of boxes) {
    const v = verdict(b.id), full = name(b.id);
    const group = s("g", { class: onpick ? "pick" : null, "data-party": b.id }, s("title", {}, full),
      s("rect", { x: x(b) - 4, y: y(b) - 16, width: 182, height: 36, rx: 2, fill: v?.dark ? "#33475b" : "#f2f5f8", stroke: v?.flips ? "#b97a00" : "#8b97a1", "stroke-width": v?.flips ? 2.5 : 0.8 }),
      label(cut(full, b.depth ? 25 : 23), x(b) + 3, y(b) - 1, { fill: v?.dark ? "#ffffff" : INK, "font-weight": b.depth ? 400 : 700 }),
      label(cut(v ? v.text : b.again ? "holders: see above" : "", 32), x(b) + 3, y(b) + 13, { "font-size": 10, fill: v?.dark ? "#dfe8f0" : SOFT }));
    if (onpick) group.addEventListener("click", () => onpick(b.id));
    svg.append(group);
  }
  return svg;
}
