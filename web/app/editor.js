// Scenarios: the list, and one with its knobs: claims on and off, days, likelihoods, numbers, capacities; run, save, download.
import { h } from "../src/dom.js";
import { factual, saidBy, staged } from "../src/data.js";
import { get, post, postForFile } from "./api.js";
import { busy, button, field, grid, input, keep, link, put, select, thing, trouble } from "./parts.js";

const NUMBERS = { value: "value", capacity_bcm_per_year: "capacity [bcm/year]", remaining_share: "remaining share [0 to 1]", factor: "factor", add_usd_per_mmbtu: "added cost [USD/MMBtu]", annual_bcm: "volume [bcm/year]", minimum_share: "minimum share [0 to 1]", share_percent: "share [%]" };
const STATUS = { applied: "applied", condition_not_met: "condition not met", switched_off: "switched off", carried: "carried, not computed", left_out: "left out" };

export async function scenarios(page) {
  const { scenarios: list } = await get(["scenarios"]);
  put(page, h("h1", { tabindex: "-1" }, "Scenarios"), h("p", { class: "note" }, "Open one, turn its knobs, run it. A saved one lies in the folder of runs under scenarios/ and runs on the command line to the same bytes. The scenario of a run opens from the run's page."),
    grid("Scenarios", ["scenario", "kind", "question"], list.map((s) => [s.fault ? s.name : link(["scenarios", s.kind, s.name], s.title), s.kind, s.fault ? h("span", { class: "bad" }, s.fault) : s.question])));
  return "Scenarios";
}

export async function editor(page, { args: [kind, name] }) {
  const [given, limits] = await Promise.all([get(["scenarios", kind, name]), get(["health"])]), file = given.file;
  const edits = { off: new Set(), on: new Set(), conditions: {}, changes: {}, capacities: [] };
  const said = h("div", { "aria-live": "polite" }), done = h("div", { "aria-live": "polite" }), text = h("pre", { tabindex: "0", "aria-label": "The scenario file" });
  const rows = new Map(), claimOf = new Map([...given.claims.map((c) => [c.id, c])]);
  const users = (id) => [...file.conditions, ...file.changes].filter((e) => e.because.includes(id)).map((e) => e.id);
  const wasOff = new Set(file.changes.filter((c) => c.when.includes("switched-off")).map((c) => c.id));

  const document_ = () => {
    const out = {};
    if (id.value !== file.id) out.id = id.value;
    if (title.value !== file.title) out.title = title.value;
    if (from.value !== file.horizon.from || Number(months.value) !== file.horizon.months) out.horizon = { from: from.value, months: Number(months.value), ...(file.horizon.until ? { until: file.horizon.until } : {}) };
    for (const k of ["off", "on"]) if (edits[k].size) out[k] = [...edits[k]];
    for (const k of ["conditions", "changes"]) if (Object.keys(edits[k]).length) out[k] = edits[k];
    if (edits.capacities.length) out.capacities = edits.capacities.filter((c) => c.subject && c.from && Number.isFinite(c.capacity_bcm_per_year));
    return { base: { kind, name }, edits: out };
  };

  let asked = 0, timer = 0;
  async function preview() {
    const mine = (asked += 1);
    page.dataset.preview = "asked";
    try {
      const d = await post(["scenarios", "preview"], document_());
      if (mine !== asked) return;
      const falls = { ...d.falls?.conditions, ...d.falls?.changes };
      const counts = {};
      for (const c of d.changes) {
        counts[c.status] = (counts[c.status] ?? 0) + 1;
        const why = falls[c.id] ?? "";
        rows.get(c.id)?.replaceChildren(h("span", { class: `tag ${c.status}` }, STATUS[c.status] ?? c.status), c.from ? ` from ${c.from}` : "", why && why !== "switched off" ? ` (${why})` : "", c.effect && c.status !== "switched_off" ? h("small", {}, ` ${c.effect}`) : "");
      }
      for (const c of file.conditions) rows.get(c.id)?.replaceChildren(h("span", { class: `tag ${d.conditions_not_met.includes(c.id) ? "condition_not_met" : "applied"}` }, d.conditions_not_met.includes(c.id) ? "not met" : "met"), falls[c.id] ? ` (${falls[c.id]})` : "");
      said.replaceChildren(h("p", {}, h("strong", {}, Object.entries(counts).map(([k, n]) => `${n} ${STATUS[k] ?? k}`).join(", ")), `; sha256 ${d.sha256.slice(0, 12)}…`));
      text.textContent = d.text;
      askable(d.likely);
    } catch (error) {
      if (mine !== asked) return;
      said.replaceChildren(trouble(error));
    }
    page.dataset.preview = "shown";
  }
  const touched = () => { clearTimeout(timer); page.dataset.preview = "waits"; timer = setTimeout(preview, 300); };
  const onoff = (identity, label, holds = true) => {
    const box = input({ type: "checkbox", checked: holds, "data-switch": identity, "aria-label": label });
    box.addEventListener("change", () => {
      if (box.checked) { edits.off.delete(identity); if (wasOff.has(identity)) edits.on.add(identity); } else { edits.on.delete(identity); if (!wasOff.has(identity)) edits.off.add(identity); }
      touched();
    });
    return box;
  };
  // A knob of a condition or change: what is as in the file is not sent.
  const knob = (part, entry, key, control, read, was) => {
    control.addEventListener("change", () => {
      const value = read(control), mine = (edits[part][entry] ??= {}), slot = key.startsWith("numbers.") ? (mine.numbers ??= {}) : mine, k = key.replace("numbers.", "");
      if (JSON.stringify(value) === JSON.stringify(was)) delete slot[k]; else slot[k] = value;
      if (mine.numbers && !Object.keys(mine.numbers).length) delete mine.numbers;
      if (!Object.keys(mine).length) delete edits[part][entry];
      touched();
    });
    control.dataset.knob = `${entry}.${key}`;
    return control;
  };
  const day = (c) => c.value || null, numeric = (c) => (c.value === "" ? null : Number(c.value));
  const likelihood = (part, entry) => {
    const low = input({ type: "number", min: "0", max: "1", step: "0.01", value: entry.likelihood?.low ?? "" }), high = input({ type: "number", min: "0", max: "1", step: "0.01", value: entry.likelihood?.high ?? "" });
    const read = () => (low.value === "" && high.value === "" ? null : { low: Number(low.value || high.value), high: Number(high.value || low.value) });
    for (const c of [low, high]) knob(part, entry.id, "likelihood", c, read, entry.likelihood ?? null);
    low.dataset.knob += ".low"; high.dataset.knob += ".high";
    return [field("likelihood, low", low), field("high", high)];
  };
  // The range of a change's one number: evenly anywhere between, in ensembles.
  const range = (c) => {
    if (c.range === undefined) return null;
    const [low, high] = ["low", "high"].map((k) => input({ type: "number", step: "any", value: c.range?.[k] ?? "" }));
    const read = () => (low.value === "" && high.value === "" ? null : { low: Number(low.value || high.value), high: Number(high.value || low.value) });
    for (const x of [low, high]) knob("changes", c.id, "range", x, read, c.range ?? null);
    low.dataset.knob += ".low"; high.dataset.knob += ".high";
    return [field("range, low", low), field("high", high)];
  };

  const id = input({ value: file.id, name: "id", pattern: "[a-z0-9]+(-[a-z0-9]+)*" }), title = input({ value: file.title, name: "title", size: "60" });
  const from = input({ type: "month", value: file.horizon.from, name: "from" }), months = input({ type: "number", min: "1", max: "240", value: file.horizon.months, name: "months" });
  for (const c of [id, title, from, months]) c.addEventListener("change", touched);

  const reason = (identity, what, detail) => h("li", { class: "knob" }, h("label", {}, onoff(identity, `${identity}: ${what}`), h("span", { class: "id" }, identity), " ", what),
    h("small", {}, detail, users(identity).length ? ` Behind: ${users(identity).join(", ")}.` : " Nothing rests on it."));
  const because = (entry) => h("small", { class: "because" }, "because of ", entry.because.join(", "), entry.when?.length ? `; when ${entry.when.join(", ")}` : "", entry.requires?.length ? `; requires ${entry.requires.join(", ")}` : "");

  const conditionRow = (c) => {
    const on = input({ type: "date", value: c.on ?? "" }), assume = select([["met", "met"], ["open", "open"], ["failed", "failed"]], c.assume);
    const state = h("p", { class: "became" });
    rows.set(c.id, state);
    return h("fieldset", { class: "knobs" }, h("legend", {}, c.text), h("p", {}, h("span", { class: "id" }, c.id), " ", because(c)),
      h("div", { class: "row" }, field("is assumed", knob("conditions", c.id, "assume", assume, (x) => x.value, c.assume)), field("met on", knob("conditions", c.id, "on", on, day, c.on ?? null)), likelihood("conditions", c)), state);
  };
  const changeRow = (c) => {
    const state = h("p", { class: "became" });
    rows.set(c.id, state);
    const dates = [["from", "from"], ["to", "until"]].map(([k, label]) => field(label, knob("changes", c.id, k, input({ type: "date", value: c[k] ?? "" }), day, c[k] ?? null)));
    const numbers = Object.keys(NUMBERS).filter((k) => c[k] !== undefined && c[k] !== null).map((k) => field(`${NUMBERS[k]}${k === "value" && c.unit ? ` [${c.unit}]` : ""}`, knob("changes", c.id, `numbers.${k}`, input({ type: "number", step: "any", value: c[k] }), numeric, Number(c[k]))));
    const about = [c.subject, c.owned, c.from_owner, c.to_owner, c.node, c.seller].filter(Boolean);
    return h("fieldset", { class: "knobs" }, h("legend", {}, h("label", {}, onoff(c.id, `Change ${c.id}: ${c.text}`, !wasOff.has(c.id)), c.text === "-" ? c.id : c.text)),
      h("p", {}, h("span", { class: "id" }, c.id), ` ${c.type.replaceAll("_", " ")}`, about.length ? [": ", about.map((a, i) => [i ? ", " : "", thing(a)])] : "", [...(c.gates ?? []), ...(c.measures ?? [])].length ? `: ${[...(c.gates ?? []), ...(c.measures ?? [])].join(", ")}` : "", " ", because(c)),
      c.type !== "carry" && h("div", { class: "row" }, dates, numbers, range(c), likelihood("changes", c)), state);
  };

  const capacityList = h("div", {}), options = h("datalist", { id: "capacity-subjects" });
  let searching = 0;
  const addCapacity = () => {
    const entry = { subject: "", capacity_bcm_per_year: NaN, from: `${from.value}-01` };
    edits.capacities.push(entry);
    const subject = input({ list: "capacity-subjects", name: "capacity-subject" }), amount = input({ type: "number", min: "0", max: "800", step: "any", name: "capacity-amount" }), start = input({ type: "date", value: entry.from, name: "capacity-from" });
    subject.addEventListener("input", async () => {
      const mine = (searching += 1);
      try {
        const found = await get(["things"], { words: subject.value });
        if (mine === searching) options.replaceChildren(...found.items.filter((t) => ["corridor", "lng-export", "lng-import"].includes(t.kind)).slice(0, 30).map((t) => h("option", { value: t.id }, `${t.name} (${t.kind})`)));
      } catch { /* the list of proposals is a help only */ }
    });
    for (const [c, act] of [[subject, () => { entry.subject = subject.value.trim(); }], [amount, () => { entry.capacity_bcm_per_year = amount.value === "" ? NaN : Number(amount.value); }], [start, () => { entry.from = start.value; }]]) c.addEventListener("change", () => { act(); touched(); });
    const row = h("div", { class: "row" }, field("Corridor or plant", subject), field("capacity [bcm/year]", amount), field("from", start), button("Remove", () => { edits.capacities.splice(edits.capacities.indexOf(entry), 1); row.remove(); touched(); }));
    capacityList.append(row);
    subject.focus();
  };

  const runIt = button("Run", () => busy(runIt, done, async () => { const j = await post(["jobs"], document_()); location.hash = `#/jobs/${j.id}`; }), { "data-act": "run", class: "main" });
  // How likely: an ensemble over what is uncertain.
  const draws = input({ type: "number", name: "draws", min: "2", max: String(limits.draws), step: "1", value: String(Math.min(64, limits.draws)) }), seed = input({ type: "number", name: "seed", min: "0", step: "1", value: "1" });
  const processes = input({ type: "number", name: "processes", min: "1", max: String(limits.processes), step: "1", value: String(limits.processes) });
  const over = h("div", {}), asking = h("div", { "aria-live": "polite" });
  const start = button("Start", () => busy(start, asking, async () => {
    for (const x of [draws, seed, processes]) if (!x.reportValidity()) return;
    const j = await post(["ensembles"], { ...document_(), draws: Number(draws.value), seed: Number(seed.value), processes: Number(processes.value) });
    location.hash = `#/jobs/${j.id}`;
  }).then(() => { start.disabled = !possible; }), { "data-act": "start-ensemble", class: "main" });
  let possible = false;
  const askable = (likely) => {
    possible = !likely.why_not;
    start.disabled = !possible;
    over.replaceChildren(possible
      ? h("div", {}, h("p", {}, `${likely.things.length === 1 ? "One thing is" : `${likely.things.length} things are`} uncertain${likely.ways === null ? "" : `, and can fall in ${likely.ways} ways: ${likely.ways <= Number(draws.value) ? "each is looked at once, with its exact probability" : `with ${likely.ways} draws or more each is looked at once, with its exact probability`}`}.`),
        h("ul", {}, likely.things.map((t) => h("li", {}, h("span", { class: "id" }, t.id), ` ${t.text}: ${t.kind === "range" ? `${t.low} to ${t.high}` : `likelihood ${t.low} to ${t.high}`}`))))
      : h("p", { class: "note" }, `${likely.why_not[0].toUpperCase()}${likely.why_not.slice(1)}${/[.]$/.test(likely.why_not) ? "" : "."} ${/uncertain/.test(likely.why_not) ? "Give a condition or a change below a likelihood, or its number a range." : likely.fix}`));
    shownLikely = likely;
  };
  let shownLikely = null;
  draws.addEventListener("change", () => shownLikely && askable(shownLikely));
  const howLikely = h("details", { class: "likely" }, h("summary", { "data-act": "how-likely" }, "How likely?"),
    h("p", { class: "note" }, "Draws many worlds over what is uncertain and says how likely each statement of the summary is, how every number spreads, and what drives it. The likelihoods are those of whoever wrote or rated them; nothing here measures them. Worlds that are solved are kept: after a cancel or a restart the same question goes on from them."),
    over, h("div", { class: "row" }, field("draws", draws, `2 to ${limits.draws}; a power of two is balanced best`), field("seed", seed, "the same seed, the same numbers"), field("processes", processes, `1 to ${limits.processes}; change no number`), start), asking);

  const saveAs = input({ name: "save-as", value: "", pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*" });
  const save = button("Save", () => busy(save, done, async () => {
    const r = await post(["scenarios"], { ...document_(), name: saveAs.value });
    done.replaceChildren(h("p", { class: "ok" }, "Saved: ", link(["scenarios", r.kind, r.name], r.name), ". On the command line: ", h("code", {}, r.run_with)));
  }), { "data-act": "save" });
  const download = button("Download", () => busy(download, done, async () => {
    const asked_ = document_();
    if (given.has_ledger) keep(await postForFile(["scenarios", "download"], asked_), `${id.value}.zip`);
    else keep(new Blob([(await post(["scenarios", "preview"], asked_)).text], { type: "application/yaml" }), `${id.value}.yaml`);
  }), { "data-act": "download" });

  put(page, h("p", { class: "kind" }, link(["scenarios"], "Scenarios"), ` / ${given.origin}`), h("h1", { tabindex: "-1" }, file.title), h("p", { class: "question" }, file.question),
    h("div", { class: "acts" }, h("div", { class: "row" }, runIt, h("span", { class: "sep" }), field("save as", saveAs), save, download), said, done),
    howLikely,
    h("h2", {}, "The question"), h("div", { class: "row" }, field("id", id), field("title", title), field("first month", from), field("months", months)),
    given.claims.length > 0 && [h("h2", {}, "Claims"), h("p", { class: "note" }, "What is reported, by whom, how firmly. Switched off, a claim no longer supports anything: a change falls when every claim behind it is off, or an assumption it names."),
      h("ul", { class: "list", id: "claims" }, given.claims.map((c) => reason(c.id, c.text, `${[saidBy(c.attribution) || "nobody named", factual(c.factuality), staged(c.stage), c.pending.length && `open: ${c.pending.join("; ")}`].filter(Boolean).join("; ")}.`)))],
    file.assumptions.length > 0 && [h("h2", {}, "Assumptions"), h("ul", { class: "list", id: "assumptions" }, file.assumptions.map((a) => reason(a.id, a.text, "")))],
    file.conditions.length > 0 && [h("h2", {}, "Conditions"), h("p", { class: "note" }, "Likelihoods are a human's, between 0 and 1; they count where it is asked how likely something is (above), not in a single run."), file.conditions.map(conditionRow)],
    h("h2", {}, "Changes"), file.changes.map(changeRow),
    h("h2", {}, "Capacities"), h("p", { class: "note" }, "The technical maximum of a corridor or plant from a day on. It becomes a change of this scenario, with the reason that you set it. Gates and legal bans still hold."), options, capacityList, h("p", {}, button("Add a capacity", addCapacity, { "data-act": "capacity" })),
    h("h2", {}, "The file"), h("details", {}, h("summary", {}, "The scenario file as it would be run"), text));
  if (claimOf.size === 0 && file.claims) said.append(h("p", { class: "warn" }, "The ledger of this scenario was not found."));
  await preview();
  return file.title;
}
