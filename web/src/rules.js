// Findings of the ownership rules: which test is met in which case, on which holdings and listings; who holds what.
import { h, table } from "./dom.js";
import { figure } from "./download.js";
import { shares, tree } from "./tree.js";

export const VERDICT = { certain: "meets the test", possible: "may meet the test", not: "does not meet it" };
const REGIME = { ofac: "US (OFAC)", eu: "EU", uk: "UK", seco: "Switzerland (SECO)" };
export const regime = (r) => REGIME[r] ?? r;

export function proof(steps, data, source) {
  if (!steps.length) return h("span", {}, "none");
  return h("ol", { class: "proof" }, steps.map((p) => h("li", {}, p.listed
    ? `${data.name(p.listed)} is listed${p.programme ? ` (${p.programme})` : ""}${p.since ? ` since ${p.since}` : ""}`
    : `${data.name(p.owner)} holds ${p.share ?? "an unknown share"}${p.share_max ? ` to ${p.share_max}` : ""}${p.share ? " %" : ""} of ${data.name(p.owned)}${p.kind === "title" ? "" : ` (${p.kind})`}${p.status ? `, ${p.status}` : ""}`,
    p.source ? [" [", source(p.source), p.locator ? `, ${p.locator}` : "", "]"] : null)));
}

export function makeRules(data, pick, source) {
  const byId = new Map();
  for (const f of data.findings) byId.set(f.id, [...(byId.get(f.id) ?? []), f]);
  const moved = data.ownership.filter((e) => e.baseline !== e.scenario);
  const flips = data.findings.filter((f) => f.flips);
  const held = new Set(data.ownership.map((e) => e.owned));
  const roots = [...new Set([...moved.map((e) => e.owned), ...flips.map((f) => f.id)])].filter((id) => held.has(id));
  const verdict = (id) => {
    const list = byId.get(id) ?? [];
    if (!list.length) return null;
    const turned = list.filter((f) => f.flips);
    const text = turned.length ? turned.map((f) => `${f.regime.toUpperCase()}: ${f.baseline === "not" ? "now met" : f.scenario === "not" ? "met → not met" : `${f.baseline} → ${f.scenario}`}`).join(", ") : `met: ${list.map((f) => f.regime.toUpperCase()).join(", ")}`;
    return { text, dark: list.some((f) => f.scenario === "certain"), flips: turned.length > 0 };
  };
  const link = (id) => h("button", { type: "button", class: "link", onclick: () => pick(`party:${id}`) }, data.name(id));
  const findings = () => [
    h("p", {}, `${flips.length} of ${data.findings.length} findings flip between today's course and the scenario, as of ${data.findings[0].day}. A finding says which test of ownership is met, on which recorded holdings; not what is lawful. What stands in the way whoever owns a party is listed with each party: choose one.`),
    table(["who", "regime", "test", "today's course", "scenario", "flips", "licences that ease it", "proof", "source"], data.findings.map((f) => ({ class: f.flips ? "flip" : null, cells: [
      link(f.id), regime(f.regime), f.test, VERDICT[f.baseline], VERDICT[f.scenario], f.flips ? "flips" : "", f.licences,
      h("details", {}, h("summary", {}, ((n) => `${n} step${n === 1 ? "" : "s"}`)((f.baseline === "not" ? f.proof_scenario : f.proof_baseline).length)), proof(f.baseline === "not" ? f.proof_scenario : f.proof_baseline, data, source)), h("span", {}, source(f.source))] })), "Findings of the ownership rules"),
  ];
  function trees() {
    const chosen = h("select", { id: "root", onchange: () => draw() }, roots.map((id) => h("option", { value: id }, data.name(id))));
    let svg;
    const above = () => { const ids = new Set([chosen.value]), out = []; for (const id of ids) for (const e of data.ownership) if (e.owned === id) { out.push(e); ids.add(e.owner); } return out; };
    const f = figure({ id: "ownership", title: "Who holds it, and who holds the holders", note: "Dark: an ownership test is met in the scenario. Framed: a finding flips. Blue branch: more than today; orange: less.",
      svg: () => svg, controls: h("div", { class: "controls" }, h("label", { for: "root" }, "Tree of "), chosen), label: () => `Ownership tree of ${data.name(chosen.value)}; the table below has the same holdings`,
      data: () => ({ head: ["owner", "of", "kind", "baseline", "scenario", "source", "where"], rows: above().map((e) => [data.name(e.owner), data.name(e.owned), e.kind, e.baseline ?? "", e.scenario ?? "", e.source, e.locator]), sels: above().map((e) => `party:${e.owner}`), pick }) });
    function draw() {
      svg = tree({ root: chosen.value, edges: data.ownership, name: data.name, verdict, onpick: (id) => pick(`party:${id}`) });
      f.picture.replaceChildren(svg);
      f.refresh();
    }
    draw();
    return f.element;
  }
  // The trace of a party: its findings with proof, what bars whoever owns it, who holds it.
  function party(id) {
    const list = byId.get(id) ?? [], acts = data.standing.filter((a) => a.id === id), holders = data.ownership.filter((e) => e.owned === id), own = data.ownership.filter((e) => e.owner === id);
    const section = (title, ...body) => [h("h4", {}, title), ...body];
    return [
      list.length ? list.flatMap((f) => [...section(`${regime(f.regime)}: ${f.test}`, h("p", {}, `Today's course ${VERDICT[f.baseline]}; scenario ${VERDICT[f.scenario]}${f.flips ? ": flips" : ""}. As of ${f.day}. [`, source(f.source), f.locator ? `, ${f.locator}` : "", "]"),
        f.licences && h("p", {}, `Licences that ease dealing: ${f.licences}`), f.baseline !== "not" && h("p", {}, "Proof today:"), f.baseline !== "not" && proof(f.proof_baseline, data, source), f.scenario !== "not" && h("p", {}, "Proof in the scenario:"), f.scenario !== "not" && proof(f.proof_scenario, data, source))]) : h("p", {}, "No ownership test of the four regimes is met in either case."),
      holders.length ? section("Held by", table(["holder", "share", "source"], holders.map((e) => [link(e.owner), shares(e), source(e.source)]), "Holders")) : [],
      own.length ? section("Holds", h("ul", {}, own.map((e) => h("li", {}, link(e.owned), ` ${shares(e)}`)))) : [],
      acts.length ? section("What bars or deters, whoever owns it", table(["act", "article", "what", "since", "today", "scenario", "source"], acts.map((a) => ({ class: (a.baseline ?? "") !== (a.scenario ?? "") ? "flip" : null, cells: [`${a.jurisdiction}: ${a.act}`, a.article, `${a.mode} ${a.object}`, a.since, a.baseline ?? "no", a.scenario ?? "no", h("span", {}, source(a.source))] })), "Acts")) : [],
    ];
  }
  return { findings, trees, party, any: data.findings.length > 0, roots };
}
