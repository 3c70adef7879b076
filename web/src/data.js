// The document as the page uses it: columns become rows, ids get names, numbers get their text.
export function rows(columns) {
  const names = Object.keys(columns).filter((k) => Array.isArray(columns[k]) || columns[k]?.d);
  const size = names.length ? (columns[names[0]].i ?? columns[names[0]]).length : 0;
  return Array.from({ length: size }, (_, i) => Object.fromEntries(
    names.map((n) => [n, columns[n].d ? columns[n].d[columns[n].i[i]] : columns[n][i]])));
}

export function load(text) {
  const d = JSON.parse(text);
  if (d.schema !== "polynya.report/1") throw new Error(`not a report: ${d.schema}`);
  const nodes = rows(d.nodes).map((n, i) => ({ ...n, i }));
  const nodeOf = new Map(nodes.map((n) => [n.id, n]));
  const short = (n) => n.name.replace(/^.*: /, (m) => m.slice(0, -2) + " ").replace(/ \(.*$/, "");
  const facts = rows(d.facts);
  const series = (o, key) => new Map(o[key].map((k, i) => [k, { b: o.b[i], s: o.s[i] }]));
  const routes = d.routes.arc.map((arc, i) => ({
    arc, kind: d.routes.kind[i], from: nodes[d.routes.from[i]], to: nodes[d.routes.to[i]],
    b: d.routes.b[i], s: d.routes.s[i], via: d.routes.via[i], via_b: d.routes.via_b?.[i] ?? null,
  })).filter((r) => r.from && r.to);
  const data = {
    ...d, nodes, nodeOf, routes, facts, short,
    routeOf: new Map(routes.map((r) => [r.arc, r])),
    prices: series(d.prices, "node"), consumption: series(d.consumption, "node"), rents: series(d.rents, "id"),
    loose: new Set(d.prices.node.filter((_, i) => !d.prices.determined[i])),
    gains_left_out: d.gains.rest ?? [], supply: rows(d.supply), gains: [...rows(d.gains), ...rows(d.owners).map((o) => ({ group: "owners", id: o.holder, change: o.change }))], bans: rows(d.bans), sources: rows(d.sources),
    markups: threes(d.markups, ["trader", "node"]), production: threes(d.production ?? {}, ["supply", "trader", "node"]),
    findings: d.findings ?? [], ownership: rows(d.ownership ?? {}), standing: rows(d.standing ?? {}), sea: d.sea ?? {},
    claimOf: new Map(d.claims.map((c) => [c.id, c])), conditionOf: new Map(d.conditions.map((c) => [c.id, c])),
  };
  lengths = d.years ?? null;
  periods = d.months;
  data.sourceOf = new Map(data.sources.map((r) => [r.id, r]));
  data.name = (id) => {
    if (id?.startsWith("unrecorded:")) return `Holders of ${data.name(id.slice(11))} that are not recorded`;
    if (nodeOf.has(id)) return short(nodeOf.get(id));
    const r = data.routeOf.get(id);
    if (r?.kind === "ship") return `LNG ${short(r.from)} to ${short(r.to)}${fleet(r)}`;
    return d.names[id] ?? d.countries[id] ?? voyage(id) ?? id;
  };
  // A voyage on which nothing is shipped has no route; its id names its ends: ship-FROM-TO or ship-FROM-TO-fleet.
  const longest = (text) => [...nodeOf.keys()].filter((n) => text === n || text.startsWith(`${n}-`)).sort((a, b) => b.length - a.length)[0];
  const voyage = (id) => {
    const from = id?.startsWith("ship-") && longest(id.slice(5)), rest = from && id.slice(6 + from.length), to = rest && longest(rest);
    return to ? `LNG ${short(nodeOf.get(from))} to ${short(nodeOf.get(to))}${rest.length > to.length ? ` (${rest.slice(to.length + 1)})` : ""}` : undefined;
  };
  data.claimsOf = (change) => [...new Set([...change.because,
    ...change.when.flatMap((c) => (data.conditionOf.get(c)?.because ?? "").split(" "))])].filter((c) => data.claimOf.has(c));
  return data;
}

// Codes of the ledger in a reader's words.
const FACTUAL = { "CT+": "stated as fact", "CT-": "stated not to be so", "PR+": "called probable", "PR-": "called improbable", "PS+": "called possible", "PS-": "called possibly not so", CTu: "said to be known, not how", Uu: "left open" };
export const factual = (code) => (FACTUAL[code] ? `${FACTUAL[code]} (${code})` : code ?? "");
const SAID = [[/^author$/, "the author of the article"], [/ \((named_person|named_org)\)/g, ""], [/\(outlet\)/g, "(news outlet)"], [/\(unnamed_(single|group)\)/g, "(unnamed)"], [/\bunnamed_single\b/g, "one unnamed person"], [/\bunnamed_group\b/g, "several unnamed people"]];
export const saidBy = (text) => SAID.reduce((t, [code, word]) => t.replace(code, word), text ?? "");
export const staged = (code) => (code ?? "").replaceAll("_", " ");

// Keys and both cases by month, one row each.
function threes(o, keys) {
  return (o[keys[0]] ?? []).map((_, i) => ({ ...Object.fromEntries(keys.map((k) => [k, o[k][i]])), b: o.b[i], s: o.s[i] }));
}

function fleet(r) {
  const plain = `ship-${r.from.id}-${r.to.id}`;
  return r.arc.length > plain.length + 1 && r.arc.startsWith(plain) ? ` (${r.arc.slice(plain.length + 1)})` : "";
}

// The way of a voyage in a period: k is b (today's course) or s (scenario).
export const wayAt = (r, k, i) => { const v = k === "b" ? r.via_b ?? r.via : r.via; return Array.isArray(v) ? v[i] : v; };
export const number = (v, digits = 1) => v === null || v === undefined ? "not determined"
  : v.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const signed = (v, digits = 1) => {
  if (v === null || v === undefined) return "not determined";
  const text = number(Math.abs(v), digits);
  return /[1-9]/.test(text) ? (v > 0 ? "+" : "−") + text : text;
};
const sum = (list) => list.reduce((a, v) => a + (v ?? 0), 0);
// A flow in the shown period: bcm of the month or season, or bcm a year as the mean over the whole horizon.
let periods = null;
let lengths = null; // years of each period; null while all are months
export function at(list, month) {
  if (month >= 0) return list[month] ?? 0;
  return sum(list) / (lengths ? sum(lengths) : list.length / 12);
}
// Where the middle of each period of the run lies on a line of time, in years; null where all are as long, or are no periods of the run.
export function middles(list) {
  if (!lengths || list !== periods) return null;
  let end = 0;
  return lengths.map((years) => { end += years; return end - years / 2; });
}
export const yearsOf = (month) => lengths?.[month] ?? 1 / 12;
// The mean over the whole horizon; a season counts by its length.
export function mean(list) {
  const weight = (i) => (list[i] === null ? 0 : lengths?.[i] ?? 1), total = sum(list.map((_, i) => weight(i)));
  return total ? sum(list.map((v, i) => (v ?? 0) * weight(i))) / total : null;
}
export const value = (r, state) => state.mode === "baseline" ? at(r.b, state.month)
  : state.mode === "scenario" ? at(r.s, state.month) : at(r.s, state.month) - at(r.b, state.month);
export const unit = (state) => (state.month < 0 ? "bcm/year" : "bcm in the period");
export const BLUE = "#1565a9", ORANGE = "#c4510a", PIPE = "#2b4562", SHIP = "#8a5bb0", GREY = "#8a949e";
