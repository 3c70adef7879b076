// Lines by month, diverging bars, and who supplies whom. Plain SVG with presentation attributes, so that a copy of it
// stands alone and the page's policy needs no inline style.
import { scaleLinear, scalePoint, scaleBand } from "d3-scale";
import { line } from "d3-shape";
import { sankey, sankeyLinkHorizontal, sankeyJustify } from "d3-sankey";
import { s } from "./dom.js";
import { middles, number, signed, BLUE, ORANGE } from "./data.js";

export const HUES = ["#0b62a4", "#c4510a", "#2a7d4f", "#7b4f9d", "#8a6d00", "#b03060", "#3b6f7d", "#555555"];
const INK = "#1a2733", SOFT = "#56636f", RULE = "#dfe5ea";
const small = () => innerWidth < 700; // a phone: fewer units across, so that what is written can be read
const cut = (name, length) => (name.length > length ? `${name.slice(0, length - 1)}…` : name);
const text = (x, y, t, more = {}) => s("text", { x, y, "font-size": 12, fill: INK, ...more }, t);

// series: [{name, colour, b: [...], s: [...]}]; baseline dashed.
export function lines({ series, months, unit, width = 760, height = 330, mark = -1, difference = false, room: right = 150, onpick }) {
  if (small()) { width = Math.min(width, 430); right = Math.min(right, 142); }
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}` });
  const room = { l: 46, r: right, t: 24, b: 34 };
  const shown = series.map((o) => (difference ? { ...o, s: o.s.map((v, i) => (v === null || o.b[i] === null ? null : v - o.b[i])), b: null } : o));
  const all = shown.flatMap((o) => [...o.s, ...(o.b ?? [])]).filter((v) => v !== null);
  const low = Math.min(0, ...all), high = Math.max(difference ? 0.01 : 1e-6, ...all);
  const time = middles(months), along = time ? scaleLinear([time[0], time.at(-1)], [room.l, width - room.r]) : scalePoint(months.map((_, i) => i), [room.l, width - room.r]);
  const x = (i) => along(time ? time[i] : i), y = scaleLinear([low, high], [height - room.b, room.t]).nice(6);
  for (const v of y.ticks(6)) svg.append(s("line", { x1: room.l, x2: width - room.r, y1: y(v), y2: y(v), stroke: v === 0 ? "#8b97a1" : RULE }), text(room.l - 6, y(v) + 4, y.tickFormat(6)(v), { "text-anchor": "end", fill: SOFT }));
  // As many names of periods as have room beside each other; of months every n-th.
  const every = time ? 1 : Math.max(1, Math.ceil((months.length * 62) / (width - room.l - room.r)));
  let free = -Infinity;
  months.forEach((m, i) => {
    const half = 3.3 * m.length;
    if (i % every || (time && x(i) - half < free)) return;
    free = x(i) + half + 10;
    svg.append(text(x(i), height - 12, m, { "text-anchor": "middle", fill: SOFT, "font-size": 11 }));
  });
  svg.append(text(room.l - 40, 13, unit, { fill: SOFT }));
  if (mark >= 0) svg.append(s("line", { x1: x(mark), x2: x(mark), y1: room.t, y2: height - room.b, stroke: "#8b97a1", "stroke-dasharray": "2 3" }));
  const draw = line().defined((v) => v !== null).x((_, i) => x(i)).y((v) => y(v));
  const ends = [];
  for (const o of shown) {
    if (o.b) svg.append(s("path", { d: draw(o.b) ?? "", fill: "none", stroke: o.colour, "stroke-width": 1.6, "stroke-dasharray": "5 4" }));
    const path = s("path", { d: draw(o.s) ?? "", fill: "none", stroke: o.colour, "stroke-width": 2.2 }, s("title", {}, o.name));
    svg.append(path);
    if (months.length === 1) svg.append(s("circle", { cx: x(0), cy: y(o.s[0] ?? 0), r: 3.5, fill: o.colour }));
    const last = o.s.findLast((v) => v !== null);
    if (last !== undefined) ends.push({ y: y(last), o, last });
    if (onpick) { const hit = s("path", { class: "hit", d: draw(o.s) ?? "", fill: "none", stroke: "transparent", "stroke-width": 10 }); hit.addEventListener("click", () => onpick(o)); svg.append(hit); }
  }
  ends.sort((a, b) => a.y - b.y).forEach((e, i) => { e.at = Math.max(e.y, i ? ends[i - 1].at + 15 : room.t); });
  for (let i = ends.length - 1, floor = height - room.b + 6; i >= 0; i--) { ends[i].at = Math.min(ends[i].at, floor); floor = ends[i].at - 15; }
  for (const e of ends) svg.append(text(width - room.r + 8, e.at + 4, cut(e.o.name, Math.floor((right - 8) / 7.4)), { fill: e.o.colour, "font-weight": 600 }));
  return svg;
}

// rows: [{id, name, v}]
export function bars({ rows, unit, width = 540, digits = 0, onpick }) {
  if (small()) width = Math.min(width, 430);
  // Names get the room that the longest of them needs, up to two fifths of the width.
  const longest = Math.max(1, ...rows.map((r) => r.name.length)), middle0 = Math.max(Math.min(12 + 6.7 * longest, 0.4 * width), 60), letters = Math.floor((middle0 - 10) / 6.6);
  const height = 30 + rows.length * 24 + 8;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}` });
  const far = Math.max(1e-9, ...rows.map((r) => Math.abs(r.v)));
  const least = Math.min(0, ...rows.map((r) => r.v)), most = Math.max(0, ...rows.map((r) => r.v));
  const x = scaleLinear([least, most === least ? least + far : most], [middle0 + (least < 0 ? 66 : 4), width - (most > 0 ? 70 : 8)]);
  const y = scaleBand(rows.map((_, i) => i), [26, height - 6]).padding(0.25);
  svg.append(text(4, 14, unit, { fill: SOFT }));
  svg.append(s("line", { x1: x(0), x2: x(0), y1: 22, y2: height - 4, stroke: "#8b97a1" }));
  rows.forEach((r, i) => {
    const name = cut(r.name, letters);
    const group = s("g", { class: onpick ? "pick" : null }, s("title", {}, r.name),
      s("rect", { class: "hit", x: 0, y: y(i), width, height: y.bandwidth(), fill: "transparent" }),
      s("rect", { x: Math.min(x(0), x(r.v)), y: y(i), width: Math.abs(x(r.v) - x(0)), height: y.bandwidth(), fill: r.v < 0 ? ORANGE : BLUE }),
      text(4, y(i) + 13, name), text(r.v < 0 ? x(r.v) - 5 : x(r.v) + 5, y(i) + 13, signed(r.v, digits), { "text-anchor": r.v < 0 ? "end" : "start", fill: SOFT }));
    if (onpick) group.addEventListener("click", () => onpick(r));
    svg.append(group);
  });
  return svg;
}

// links: [{from, to, v}] with names; v signed in the difference.
export function supply({ links, difference, width = 900, height = 520, onpick, onend }) {
  const side = small() ? 128 : 180, letters = small() ? 11 : 19;
  if (small()) { width = 480; height = 640; }
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}` });
  const used = links.filter((l) => Math.abs(l.v) > (difference ? 0.02 : 0.2));
  if (!used.length) { svg.append(text(20, 40, "Nothing moves by more than 0.02 bcm a year.")); return svg; }
  const ends = [...new Set(used.map((l) => `f:${l.from}`)), ...new Set(used.map((l) => `t:${l.to}`))];
  const index = new Map(ends.map((e, i) => [e, i]));
  const graph = sankey().nodeWidth(12).nodePadding(Math.max(5, Math.min(12, 300 / ends.length))).nodeAlign(sankeyJustify).extent([[side, 24], [width - side, height - 8]])({
    nodes: ends.map((e) => ({ e })), links: used.map((l) => ({ source: index.get(`f:${l.from}`), target: index.get(`t:${l.to}`), value: Math.abs(l.v), l })) });
  const suppliers = [...new Set(links.map((l) => l.from))].sort();
  for (const k of graph.links) {
    const colour = difference ? (k.l.v < 0 ? ORANGE : BLUE) : k.l.from === "other" ? "#8a949e" : HUES[suppliers.indexOf(k.l.from) % 7];
    const path = s("path", { d: sankeyLinkHorizontal()(k), fill: "none", stroke: colour, "stroke-opacity": 0.45, "stroke-width": Math.max(1, k.width).toFixed(1), class: "pick" },
      s("title", {}, `${k.l.fromName} to ${k.l.toName}: ${difference ? signed(k.l.v, 2) : number(k.l.v, 2)} bcm/year`));
    if (onpick) path.addEventListener("click", () => onpick(k.l));
    svg.append(path);
  }
  for (const n of graph.nodes) {
    const left = n.e.startsWith("f:"), list = left ? n.sourceLinks : n.targetLinks;
    const id = n.e.slice(2), total = links.reduce((a, l) => a + ((left ? l.from : l.to) === id ? l.v : 0), 0); // also of bands too thin to draw
    const name = left ? list[0].l.fromName : list[0].l.toName;
    const group = s("g", { class: onend ? "pick" : null }, s("title", {}, name), s("rect", { x: n.x0, y: n.y0, width: n.x1 - n.x0, height: Math.max(1, n.y1 - n.y0), fill: "#33475b" }),
      text(left ? n.x0 - 6 : n.x1 + 6, (n.y0 + n.y1) / 2 + 4, `${cut(name, letters)} ${difference ? signed(total, 1) : number(total, 1)}`, { "text-anchor": left ? "end" : "start" }));
    if (onend && id !== "other") group.addEventListener("click", () => onend(left, id));
    svg.append(group);
  }
  svg.append(text(side - 10, 14, difference ? "change, bcm/year: blue more, orange less" : "bcm/year, mean over all months", { fill: SOFT }));
  return svg;
}
