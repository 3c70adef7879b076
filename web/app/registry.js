// The registry: search, the page of a thing (asset, corridor, node, party), sources and the page of one.
import { h } from "../src/dom.js";
import { number } from "../src/data.js";
import { get } from "./api.js";
import { field, grid, input, link, outside, pairs, put, select, source as sourceLink, thing as thingLink } from "./parts.js";
import { chart } from "./chart.js";

export async function registry(page, { query }) {
  const d = await get(["things"], { kind: query.kind, words: query.words });
  const kind = select([["", "any kind"], ...Object.entries(d.kinds).map(([k, n]) => [k, `${k} (${n})`])], query.kind ?? ""), words = input({ type: "search", name: "words", value: query.words ?? "" });
  put(page, h("h1", { tabindex: "-1" }, "Registry"), h("p", { class: "note" }, "Everything dated and sourced that the answers rest on."),
    h("form", { class: "row", role: "search", onsubmit: (e) => { e.preventDefault(); location.hash = "#/registry?" + new URLSearchParams({ kind: kind.value, words: words.value }); } }, field("Kind", kind), field("Words", words), h("button", { type: "submit" }, "Find")),
    h("p", { role: "status" }, `${d.total} found${d.total > d.items.length ? `; the first ${d.items.length} are shown` : ""}.`),
    grid("What was found", ["name", "kind", "id"], d.items.map((t) => [thingLink(t.id, t.name || t.id), t.kind, t.id])));
  return "Registry";
}

const span = (f) => `${f.valid_from ?? "always"} to ${f.valid_to ?? "open"}`;

function value(v) {
  const on = new Set(v.rests_on.map((f) => f.key)), over = new Set(v.passed_over.map((f) => f.key));
  return h("details", {}, h("summary", {}, h("strong", {}, v.attribute.replaceAll("_", " ")), ": ", v.value === null ? "nothing in force" : `${number(v.value, Number.isInteger(v.value) ? 0 : 3)} ${v.unit === "1" ? "" : v.unit.replaceAll("_", " ")}`, v.rests_on[0] ? h("small", {}, ` ${v.rests_on[0].kind}, ${v.rests_on[0].source}`) : "", over.size ? h("small", { class: "bad" }, ` ${over.size} contradicting passed over`) : ""),
    grid(`${v.attribute} over time`, ["use", "value", "in force", "kind", "source", "locator", "original", "note"], v.timeline.map((f) => [on.has(f.key) ? "in force" : over.has(f.key) ? "passed over" : "", f.value, span(f), f.kind, sourceLink(f.source), f.locator, f.original_value, f.note])));
}

const share = (e) => (e.share === null || e.share === undefined ? "an unknown share" : `${e.share}${e.share_max ? ` to ${e.share_max}` : ""} %`);
function tree(list, end, names) {
  return h("ul", { class: "tree" }, list.map((e) => h("li", {}, thingLink(e[end], names[e[end]] ?? e[end]), ` ${share(e)}${e.kind === "title" ? "" : ` of ${e.kind}`} `, h("small", {}, e.valid_from ? `since ${e.valid_from} ` : "", sourceLink(e.source)), e.again && h("small", {}, " (shown above)"), e.through?.length > 0 && tree(e.through, end, names))));
}

export async function thing(page, { args: [id], query }) {
  const d = await get(["things", id], { as_of: query.as_of });
  const day = input({ type: "date", value: d.as_of, name: "as_of" }), named = d.identity.name ?? d.identity.act ?? d.id;
  const shares = d.values.filter((v) => v.attribute.startsWith("demand_share_m")), rest = d.values.filter((v) => !shares.includes(v));
  const c = d.control, held = c && Object.entries(c.holders).map(([k, v]) => [k, v.holders ?? []]).filter(([, l]) => l.length);
  const holdings = c?.holdings.holdings ?? c?.holdings.holders ?? [];
  put(page, h("p", { class: "kind" }, link(["registry"], "Registry"), ` / ${d.kind}`), h("h1", { tabindex: "-1" }, named), h("p", { class: "note" }, `${d.id}, as of ${d.as_of}`),
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); location.hash = `#/things/${encodeURIComponent(d.id)}?as_of=${day.value}`; } }, field("As of", day), h("button", { type: "submit" }, "Show"), c && link(["screening"], "Screen it", { who: d.id, as_of: d.as_of })),
    h("h2", { class: "sr" }, "What it is"), h("div", { class: "duo" }, h("div", {}, pairs(Object.entries(d.identity).filter(([k]) => !["id", "name", "source"].includes(k)).map(([k, v]) => [k.replaceAll("_", " "), ["asset", "node", "from_node", "to_node", "operator", "part_of", "trader", "owner", "seller"].includes(k) && v ? thingLink(v) : v === null ? "" : String(v)])), d.identity.source && h("p", {}, "Source: ", sourceLink(d.identity.source)),
      d.aliases.length > 0 && h("p", {}, h("small", {}, `Also called: ${d.aliases.filter((a) => !["not_same_as", "related_name"].includes(a.kind)).map((a) => a.alias).join("; ")}`))),
    d.map.places.length > 0 && chart(d)),
    rest.length > 0 && [h("h2", {}, "Values"), h("div", { class: "facts" }, rest.map(value))],
    shares.length > 0 && h("details", {}, h("summary", {}, "Month shares of demand"), grid("Month shares of demand", shares.map((v) => v.attribute.replace("demand_share_m", "")), [shares.map((v) => (v.value === null ? "" : `${(100 * v.value).toFixed(1)} %`))])),
    held?.length > 0 && [h("h2", {}, "Who holds it"), held.map(([k, l]) => [h("h3", {}, k === "title" ? "Shares" : "Votes"), tree(l, "owner", c.names)])],
    holdings.length > 0 && [h("h2", {}, "What it holds"), tree(holdings, "owned", c.names)],
    d.corridors.length > 0 && [h("h2", {}, "Corridors"), grid("Corridors", ["corridor", "from", "to"], d.corridors.map((x) => [thingLink(x.id, x.name), thingLink(x.from_node), thingLink(x.to_node)]))],
    d.assets.length > 0 && [h("h2", {}, "Assets"), grid("Assets", ["asset", "kind"], d.assets.map((x) => [thingLink(x.id, x.name), x.kind]))],
    d.gates.length > 0 && [h("h2", {}, "Gates"), grid("Gates", ["gate", "what", "from", "to", "source"], d.gates.map((g) => [g.gate, g.name, g.valid_from, g.valid_to ?? "open", sourceLink(g.source)]))],
    d.events.length > 0 && [h("h2", {}, "Events"), grid("Events", ["day", "what", "source"], d.events.map((e) => [e.date, e.what, sourceLink(e.source)]))],
    d.sources.length > 0 && [h("h2", {}, "Sources"), grid("Sources", ["source", "title", "publisher", "licence"], d.sources.map((s) => [sourceLink(s.id), outside(s.url, s.title), s.publisher, s.licence]))],
    d.notices.length > 0 && h("ul", { class: "notices" }, d.notices.map((n) => h("li", {}, h("small", {}, `${n.licence}: ${n.notice}`)))));
  return named;
}

// Tables whose ids have pages, and columns that name such an id.
const NAMED = ["nodes", "entities", "assets", "corridors", "traders", "supplies", "contracts", "measures"];
const POINTS = ["subject", "owner", "owned", "asset", "node", "entity", "from_node", "to_node"];

export async function sources(page) {
  const { sources: list } = await get(["sources"]);
  put(page, h("h1", { tabindex: "-1" }, "Sources"), h("p", { class: "note" }, `${list.length} sources, most cited first.`),
    grid("Sources", ["source", "title", "publisher", "rows", "reliability", "licence"], list.map((s) => [sourceLink(s.id), s.title, s.publisher, s.rows, s.reliability, s.licence]), { file: "sources" }));
  return "Sources";
}

export async function source(page, { args: [id] }) {
  const d = await get(["sources", id]), s = d.source, total = Object.values(d.cited).reduce((n, t) => n + t.total, 0);
  put(page, h("p", { class: "kind" }, link(["sources"], "Sources"), ` / ${s.id}`), h("h1", { tabindex: "-1" }, s.title),
    pairs([["publisher", s.publisher], ["address", outside(s.url)], ["published", s.published], ["accessed", s.accessed], ["licence", s.licence], ["reliability", s.reliability], ["notice", s.notice]]),
    h("h2", {}, `${total} rows rest on it`),
    Object.entries(d.cited).map(([name, t]) => [h("h3", {}, `${name} (${t.total})`), grid(`${name} from this source`, t.columns, t.rows.map((r) => r.map((v, i) => (v && (t.columns[i] === "id" ? NAMED.includes(name) : POINTS.includes(t.columns[i])) ? thingLink(v) : typeof v === "boolean" ? String(v) : v))), { file: `${name}-from-${s.id}` }), t.total > t.rows.length && h("p", { class: "note" }, `The first ${t.rows.length} are shown.`)]));
  return s.title;
}
