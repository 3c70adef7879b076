// Screening: which tests a party or thing meets on a day, on which holdings, what else stands in the way, what is unknown.
import { h } from "../src/dom.js";
import { get } from "./api.js";
import { field, grid, input, outside, put, select, source, thing, trouble } from "./parts.js";

const VERDICT = { certain: "meets the test: blocked", possible: "may meet the test: depends on what is not known exactly", not: "does not meet the test" };
const MODES = [["prohibits", "Bars, whoever owns it"], ["deters", "Deters"], ["conditions", "Conditions"], ["permits", "Permits"], ["announces", "Announced"]];
const REGIMES = [["all", "OFAC, EU, UK and SECO"], ["ofac", "OFAC (US)"], ["eu", "EU"], ["uk", "UK"], ["seco", "SECO (CH)"], ["ssi-2", "OFAC SSI directive 2"], ["ssi-4", "OFAC SSI directive 4"], ["bis-affiliates", "BIS affiliates (US)"]];

export async function screening(page, { query }) {
  const who = input({ name: "who", list: "parties", value: query.who ?? "", required: true }), day = input({ type: "date", name: "as_of", value: query.as_of ?? "" }), regime = select(REGIMES, query.regime ?? "all", { name: "regime" });
  const list = h("datalist", { id: "parties" }), out = h("div", { "aria-live": "polite" });
  let asked = 0;
  who.addEventListener("input", async () => {
    const mine = (asked += 1);
    try { const d = await get(["things"], { words: who.value }); if (mine === asked) list.replaceChildren(...d.items.slice(0, 40).map((t) => h("option", { value: t.id }, `${t.name} (${t.kind})`))); } catch { /* proposals are a help only */ }
  });
  put(page, h("h1", { tabindex: "-1" }, "Screening"), h("p", { class: "note" }, "Is a party blocked by whom it belongs to, and what else stands in the way? Which tests are met on what is recorded here; not legal advice."), list,
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); location.hash = "#/screening?" + new URLSearchParams({ who: who.value, as_of: day.value, regime: regime.value }); } }, field("Party or asset", who), field("As of", day, "today if empty"), field("Regime", regime), h("button", { type: "submit", class: "main" }, "Screen")), out);
  if (!query.who) return "Screening";
  try {
    const d = await get(["screen", query.who], { as_of: query.as_of, regime: query.regime }), name = (id) => d.names[id] ?? id;
    const verdicts = Object.entries(d.by_regime ?? { [d.regime]: d.blocked });
    const step = (p) => (p.listed ? [thing(p.listed, name(p.listed)), ` is listed${p.since ? ` since ${p.since}` : ""} (${p.programme}) `, source(p.source)] : [thing(p.owner, name(p.owner)), ` holds ${p.share === null ? "an unknown share" : `${p.share}${p.share_max ? ` to ${p.share_max}` : ""} %`}${p.kind === "title" ? "" : ` of ${p.kind}`} of `, thing(p.owned, name(p.owned)), " ", source(p.source)]);
    put(out, h("h2", {}, thing(d.id, name(d.id)), `, as of ${d.as_of}`),
      h("ul", { class: "verdicts" }, verdicts.map(([r, v]) => h("li", {}, h("span", { class: `tag verdict-${v}` }, r.toUpperCase()), ` ${VERDICT[v] ?? v}`, h("ul", {}, d.proof.filter((p) => (p.regime ?? r) === r).map((p) => h("li", {}, step(p))))))),
      MODES.map(([mode, text]) => {
        const rows = d.measures.filter((m) => m.mode === mode);
        return rows.length > 0 && [h("h3", {}, text), grid(text, ["who", "what", "act", "from", "to", "state", "eased by", "source"], rows.map((m) => [m.jurisdiction, `${m.effect.replaceAll("_", " ")}: ${m.object}`, `${m.act}${m.article ? `, ${m.article}` : ""}`, m.valid_from, m.valid_to ?? "open", m.state.replaceAll("_", " "), [...m.relieved_by, ...m.eased_by].join(", "), source(m.source)]))];
      }),
      d.licences.length > 0 && [h("h3", {}, "Licences and exemptions"), h("p", { class: "note" }, "They change who may deal, never who owns."), grid("Licences", ["licence", "what", "from", "to", "state", "source"], d.licences.map((x) => [x.name, x.what, x.valid_from, x.valid_to ?? "open", x.state.replaceAll("_", " "), source(x.source)]))],
      d.unknown.length > 0 && [h("h3", {}, "Not known"), h("ul", {}, d.unknown.map((u) => h("li", {}, u.text ?? step(u))))],
      h("h3", {}, "Sources"), h("ul", {}, d.sources.map((x) => h("li", {}, source(x.id), " ", outside(x.url, x.title), x.publisher ? `, ${x.publisher}` : ""))));
  } catch (error) { put(out, trouble(error)); }
  return "Screening";
}
