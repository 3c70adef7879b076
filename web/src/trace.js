// What stands behind a number: values, equation, gates, changes, claims, facts. One panel for whatever is selected.
import { h, table } from "./dom.js";
import { lines } from "./charts.js";
import { at, factual, number, saidBy, signed, staged, unit, mean, wayAt, BLUE } from "./data.js";
import { isArctic, way, MONTHS } from "./season.js";

const EQUATION = {
  flow: "Gas flows where its value at the far end, less losses, covers its value at the near end, the cost, the tariff and the tax; what is left is a rent, and only a full pipe has one.",
  price: "Price = what consumers would pay for one unit more. A strategic seller's price lies above its delivered cost by a mark-up in proportion to its sales there.",
  mean: "Mean price of a region = price x consumption, summed over its places and months, divided by that consumption; both cases with the consumption of the baseline. Places and months without a price are left out.",
  supply: "Who supplies whom: own flows of strategic sellers; where sellers are price takers, gas is mixed on average over all months (a tie-break, since the equilibrium does not say whose molecules arrive).",
  production: "A field gives gas until its marginal cost (cost of the step and its slope) and the rent of its capacity reach the worth of gas at its node.",
  markup: "Mark-up = price less the seller's delivered marginal cost = conduct x slope of demand x what it sells there.",
  gain: "Change of discounted income over all months: consumers' surplus, sellers' margins, tariffs and rents of operators, taxes of states. They add up to the change of welfare.",
};

const inSpan = (n, first, last) => {
  const a = Number(first.slice(5, 7)), b = Number(last.slice(5, 7));
  return a <= b ? n >= a && n <= b : n >= a || n <= b;
};

export function facts(data, indices, month) {
  const list = indices.map((i) => data.facts[i]);
  if (month < 0) return list;
  const m = data.months[month], [first, last] = data.spans?.[month] ?? [`${m}-01`, `${m}-31`];
  const whole = last.slice(0, 7) !== first.slice(0, 7); // a season: shares of all its months
  return list.filter((f) => {
    const share = !f.attribute.startsWith("demand_share_m") || (whole ? inSpan(Number(f.attribute.slice(-2)), first, last) : f.attribute.endsWith(m.slice(5)));
    const yearly = ["consumption_bcm", "reference_price_usd_per_mmbtu"].includes(f.attribute) && f.valid_from && f.valid_from.slice(0, 4) <= first.slice(0, 4);
    return share && (yearly || ((!f.valid_from || f.valid_from <= last) && (!f.valid_to || f.valid_to >= first)));
  });
}

export function makeTrace(data, store, map, rules, source) {
  const link = (sel, text) => h("button", { type: "button", class: "link", onclick: () => store.set({ sel }) }, text);
  const values = (b, v, u, digits = 2) => h("dl", { class: "values" }, [["Baseline", number(b, digits)], ["Scenario", number(v, digits)], ["Difference", b === null || v === null ? "not determined" : signed(v - b, digits)]].map(([k, t]) => h("div", {}, h("dt", {}, k), h("dd", {}, t))), h("div", {}, h("dt", {}, "Unit"), h("dd", {}, u)));
  const section = (title, ...body) => (body.flat(Infinity).filter(Boolean).length ? [h("h4", {}, title), ...body] : []);

  function gates(subject) {
    const list = data.gates.filter((g) => g.subject === subject);
    if (!list.length) return [];
    const strip = (bits) => h("span", { class: "strip", title: bits }, [...bits].map((b, i) => h("i", { class: b === "1" ? "shut" : "open", title: `${data.months[i]}: ${b === "1" ? "closed" : "open"}` })));
    const said = (bits) => (!bits.includes("1") ? "open" : !bits.includes("0") ? "closed" : `open from ${data.months[bits.lastIndexOf("1") + 1] ?? "never"}`);
    return section("Gates, month by month (dark: closed)", table(["gate", "baseline", "scenario", "source"], list.map((g) => [`${g.kind}: ${g.name}`, h("span", {}, strip(g.b), " ", said(g.b)), h("span", {}, strip(g.s), " ", said(g.s)), source(g.source)]), "Gates"));
  }
  function changes(list) {
    const claims = [...new Set(list.flatMap((c) => data.claimsOf(c)))];
    return [
      ...section("Changes", list.length > 0 && h("ul", {}, list.map((c) => h("li", {}, link(`change:${c.id}`, c.text || c.id), ` ${c.effect}${c.from ? ` (from ${c.from})` : ""}`)))),
      ...section("Claims and assumptions behind them", claims.length > 0 && h("ul", {}, claims.map((id) => { const c = data.claimOf.get(id); return h("li", {}, link(`claim:${id}`, id), ` ${c.text} `, h("em", {}, saidBy(c.attribution)), c.factuality && `, ${factual(c.factuality)}`); }))),
    ];
  }
  function factTable(indices, month) {
    const list = facts(data, indices ?? [], month);
    const kinds = new Map();
    list.forEach((f) => kinds.set(f.kind, (kinds.get(f.kind) ?? 0) + 1));
    return section(`Facts${month < 0 ? "" : ` in force in ${data.months[month]}`}: ${[...kinds].map(([k, n]) => `${n} ${k}`).join(", ") || "none"}`,
      list.length > 0 && table(["what", "value", "unit", "from", "kind", "source", "where"], list.map((f) => [f.attribute.replaceAll("_", " "), f.value, f.unit, f.valid_from ?? "", f.kind, source(f.source), f.locator]), "Facts"));
  }
  const fields = (trader) => { const list = [...new Set(data.production.filter((r) => r.trader === trader).map((r) => r.supply))]; return list.length > 0 && h("p", {}, "Its fields: ", list.map((f, i) => [i ? ", " : "", link(`production:${f}`, data.name(f))])); };
  const ways = (r, k, state) => (state.month < 0 ? [...new Set(data.months.map((_, i) => wayAt(r, k, i)).filter(Boolean))].join(", ") || "none" : wayAt(r, k, state.month) ?? "none");
  const applied = () => data.changes.filter((c) => c.status === "applied");
  const chart = (o, u) => h("div", { class: "mini", role: "img", "aria-label": `${o.name} by month, ${u}; baseline dashed` }, lines({ series: [{ colour: BLUE, ...o, name: "scenario" }], months: data.months, unit: `${u} (dashed: baseline)`, width: 460, height: 190, mark: store.now.month }));

  const kinds = {
    flow(id, state) {
      const r = data.routeOf.get(id);
      const touched = data.changes.filter((c) => c.arcs.includes(id) || c.touches.includes(id));
      if (!r) return [h("p", {}, "No capacity in any month of either case: every gate must be open before gas flows."), ...gates(id), ...changes(touched)];
      const rent = data.rents.get(id);
      return [
        h("p", {}, r.kind === "ship" ? `LNG voyages${r.via ? ` (way: ${ways(r, "s", state)}${ways(r, "s", state) === ways(r, "b", state) ? "" : `; today ${ways(r, "b", state)}`})` : ""}, ` : `${r.kind[0].toUpperCase()}${r.kind.slice(1)}, `, link(`price:${r.from.id}`, data.short(r.from)), " to ", link(`price:${r.to.id}`, data.short(r.to))),
        values(at(r.b, state.month), at(r.s, state.month), unit(state)), chart({ name: data.name(id), b: r.b, s: r.s }, "bcm/month"),
        h("p", { class: "note" }, EQUATION.flow),
        rent && mean(rent.s) !== null ? h("p", {}, `Rent of a full ${r.kind === "pipeline" ? "pipe" : "terminal"}: ${state.month < 0 ? "mean " : ""}${number(state.month < 0 ? mean(rent.b) : rent.b[state.month], 2)} → ${number(state.month < 0 ? mean(rent.s) : rent.s[state.month], 2)} USD/MMBtu`) : null,
        ...gates(id), ...changes(touched), ...factTable(data.trace.arcs[id], state.month),
      ];
    },
    lane(id, state) {
      const list = (map.users.get(id) ?? []).map((r) => ({ r, b: at(r.b, state.month), v: at(r.s, state.month) })).sort((a, b) => Math.abs(b.v - b.b) - Math.abs(a.v - a.b) || b.v - a.v);
      const total = (k) => list.reduce((a, o) => a + o[k], 0);
      return [values(total("b"), total("v"), unit(state)),
        h("p", { class: "note" }, data.routes.some((r) => r.via) ? "Ships are drawn on schematic lanes, by the passages that each month's voyage takes." : "Ships are drawn on the shortest schematic lane. This run counts voyages as great circles times a detour: the way is a drawing, not a result."),
        ...section("Voyages on this lane", table(["voyage", "baseline", "scenario", "difference"], list.filter((o) => Math.max(o.b, o.v) > 0.005).map((o) => [link(`flow:${o.r.arc}`, `${data.name(o.r.arc)}${o.r.via ? `, ${o.r.via}` : ""}`), number(o.b, 2), number(o.v, 2), signed(o.v - o.b, 2)]), "Voyages"))];
    },
    price(id, state) {
      const p = data.prices.get(id), q = data.consumption.get(id), n = data.nodeOf.get(id);
      if (!n) return [h("p", {}, "Unknown node.")];
      const pick = (list) => (state.month < 0 ? mean(list) : list[state.month]);
      const arrivals = data.routes.filter((r) => r.to === n).map((r) => ({ r, b: at(r.b, state.month), v: at(r.s, state.month) })).filter((o) => Math.max(o.b, o.v) > 0.005).sort((a, b) => b.v - a.v);
      const marks = data.markups.filter((m) => m.node === id).map((m) => ({ m, b: pick(m.b), v: pick(m.s) })).sort((a, b) => b.v - a.v);
      const made = data.production.filter((r) => r.node === id).map((r) => ({ r, b: at(r.b, state.month), v: at(r.s, state.month) }));
      return [p ? [values(pick(p.b), pick(p.s), "USD/MMBtu"), chart({ name: `Price, ${n.name}`, ...p }, "USD/MMBtu")] : h("p", {}, "No price."),
        data.loose.has(id) && h("p", { class: "warn" }, "In some months nothing pins this price: there it may lie anywhere within a range."),
        q && h("p", {}, `Consumption ${number(at(q.b, state.month), 2)} → ${number(at(q.s, state.month), 2)} ${unit(state)}`), h("p", { class: "note" }, EQUATION.price),
        ...section("What arrives", arrivals.length > 0 && table(["by", "baseline", "scenario", "difference"], arrivals.map((o) => [link(`flow:${o.r.arc}`, data.name(o.r.arc)), number(o.b, 2), number(o.v, 2), signed(o.v - o.b, 2)]), "Arrivals")),
        ...section("What is produced here", made.length > 0 && table(["field", "baseline", "scenario", "difference"], made.map((o) => [link(`production:${o.r.supply}`, data.name(o.r.supply)), number(o.b, 2), number(o.v, 2), signed(o.v - o.b, 2)]), "Production")),
        ...section(`${state.month < 0 ? "Mean mark-up" : "Mark-up"} of strategic sellers, USD/MMBtu`, marks.length > 0 && table(["seller", "baseline", "scenario"], marks.map((o) => [link(`markup:${o.m.trader}>${id}`, data.name(o.m.trader)), number(o.b, 2), number(o.v, 2)]), "Mark-ups")),
        ...section("Every change moves prices", ...changes(applied())), ...factTable(data.trace.demand[id], state.month)];
    },
    production(id, state) {
      const list = data.production.filter((r) => r.supply === id);
      if (!list.length) return [h("p", {}, "Nothing is produced in either case."), ...factTable(data.trace.production[id], state.month)];
      const total = (k) => data.months.map((_, i) => list.reduce((a, r) => a + (r[k][i] ?? 0), 0)), b = total("b"), v = total("s");
      return [h("p", {}, [...new Set(list.map((r) => `${data.name(r.trader)} at ${data.name(r.node)}`))].join(", "), ": ", [...new Set(list.map((r) => r.node))].map((n) => link(`price:${n}`, `price in ${data.name(n)}`))),
        values(at(b, state.month), at(v, state.month), unit(state)), chart({ name: data.name(id), b, s: v }, "bcm/month"), h("p", { class: "note" }, EQUATION.production),
        ...changes(data.changes.filter((c) => c.touches.includes(id) || list.some((r) => c.touches.includes(r.trader)))), ...factTable(data.trace.production[id], state.month)];
    },
    markup(id, state) {
      const [trader, node] = id.split(">"), m = data.markups.find((r) => r.trader === trader && r.node === node);
      if (!m) return [h("p", {}, "This seller charges no mark-up here in either case: it takes the price, or sells nothing.")];
      const pick = (l) => (state.month < 0 ? mean(l) : l[state.month]);
      return [h("p", {}, `${data.name(trader)} selling in `, link(`price:${node}`, data.name(node))), values(pick(m.b), pick(m.s), "USD/MMBtu"), chart({ name: `Mark-up of ${data.name(trader)}`, b: m.b, s: m.s }, "USD/MMBtu"),
        h("p", { class: "note" }, EQUATION.markup), ...section("Every change moves mark-ups", ...changes(applied())), ...factTable(data.trace.demand[node], state.month)];
    },
    party(id) {
      return [...rules.party(id), ...changes(data.changes.filter((c) => c.touches.includes(id) || data.standing.some((a) => a.id === id && c.touches.includes(a.measure))))];
    },
    supply(id) {
      const [from, to] = id.split(">");
      const sellers = new Set(from.split("+")), buyers = new Set(to.split("+"));
      const rows = data.supply.filter((r) => sellers.has(r.supplier) && (to === "*" || buyers.has(r.node) || buyers.has(data.nodeOf.get(r.node)?.region)));
      const sum = (k) => rows.reduce((a, r) => a + r[k], 0);
      return [values(sum("b"), sum("s"), "bcm/year"), h("p", { class: "note" }, EQUATION.supply),
        rows.length === 1 && h("p", {}, link(`price:${to}`, `The price in ${data.name(to)}`)), rows.length > 1 && table(["who", "to", "baseline", "scenario"], rows.map((r) => [data.name(r.supplier), link(`supply:${r.supplier}>${r.node}`, data.name(r.node)), number(r.b, 3), number(r.s, 3)]), "By seller and buyer"), ...section("Every change moves sales", ...changes(applied()))];
    },
    gain(id, state) {
      const [group, who] = id.split(">");
      if (group === "all") return everybody();
      const row = data.gains.find((g) => g.group === group && g.id === who);
      const region = group === "region" && data.gain_totals.consumers.find((c) => c.region === who);
      return [h("p", {}, `${signed(row?.change ?? (region ? region.musd : null), 0)} million USD, ${data.gain_totals.note}`), h("p", { class: "note" }, EQUATION.gain),
        data.routeOf.has(who) && h("p", {}, link(`flow:${who}`, "Its flow by month")), data.nodeOf.has(who) && h("p", {}, link(`price:${who}`, "Its price by month")),
        region && [h("p", {}, link(`mean:${who}`, `The mean price of ${who}`)), ...section("By place, million USD", table(["where", "change"], data.gains.filter((g) => g.group === "consumers" && data.nodeOf.get(g.id)?.region === who).map((g) => [link(`gain:consumers>${g.id}`, data.name(g.id)), signed(g.change, 0)]), "Gains by place"))],
        group === "producers" && fields(who), data.ownership.some((e) => e.owner === who || e.owned === who) && h("p", {}, link(`party:${who}`, "Who holds it, and what the rules find")), ...changes(applied()), ...factTable(data.trace.arcs[who] ?? data.trace.demand[who], state.month)];
    },
    mean(id, state) {
      const inside = data.nodes.filter((n) => n.region === id && data.prices.has(n.id) && data.consumption.has(n.id));
      const all = state.month < 0 ? data.months.map((_, i) => i) : [state.month];
      const list = inside.map((n) => {
        const p = data.prices.get(n.id), q = data.consumption.get(n.id).b, sum = (k) => all.reduce((a, i) => a + (p[k][i] === null ? 0 : p[k][i] * q[i]), 0), weight = (k) => all.reduce((a, i) => a + (p[k][i] === null ? 0 : q[i]), 0);
        return { n, used: weight("b"), usedS: weight("s"), paid: sum("b"), paidS: sum("s") };
      }).filter((o) => o.used > 0);
      if (!list.length) return [h("p", {}, "There is no price in this region.")];
      const add = (k) => list.reduce((a, o) => a + o[k], 0), b = add("paid") / add("used"), v = add("paidS") / add("usedS");
      return [values(b, v, "USD/MMBtu"), h("p", {}, `${signed((100 * (v - b)) / b, 1)} %`), h("p", { class: "note" }, EQUATION.mean),
        state.month < 0 && id === "Europe" && data.europe_price?.eur_per_mwh && h("p", {}, `In EUR/MWh: ${number(data.europe_price.eur_per_mwh.baseline, 1)} → ${number(data.europe_price.eur_per_mwh.scenario, 1)} (3.412 MMBtu a MWh, and ${number((b * 3.412142) / data.europe_price.eur_per_mwh.baseline, 3)} USD a euro).`),
        ...section("By place", table(["where", "bcm used, baseline", "baseline", "scenario", "difference"], list.sort((x, y) => y.used - x.used).map((o) => [link(`price:${o.n.id}`, data.short(o.n)), number(o.used, 1), number(o.paid / o.used, 2), number(o.paidS / o.usedS, 2), signed(o.paidS / o.usedS - o.paid / o.used, 2)]), "Mean prices by place")),
        ...section("Every change moves prices", ...changes(applied()))];
    },
    facts(id) {
      const list = data.facts.filter((f) => f.kind === id), by = new Map();
      if (!list.length) return [h("p", {}, "There is no fact of this kind.")];
      for (const f of list) by.set(f.source, (by.get(f.source) ?? 0) + 1);
      return [h("p", {}, `${list.length} of ${data.facts.length} facts that the numbers of this run rest on.`),
        ...section("By source", table(["source", "facts"], [...by].sort((a, b) => b[1] - a[1]).map(([k, n]) => [h("span", {}, source(k)), n]), "Facts by source")),
        ...section(`The facts${list.length > 300 ? `, the first 300` : ""}`, table(["about", "what", "value", "unit", "from", "source", "where"], list.slice(0, 300).map((f) => [data.name(f.subject), f.attribute.replaceAll("_", " "), f.value, f.unit, f.valid_from ?? "", h("span", {}, source(f.source)), f.locator]), "Facts"))];
    },
    ways(id, state) {
      const [fleets, by] = id.split(">"), all = state.month < 0 ? data.months.map((_, i) => i) : [state.month];
      const list = data.routes.filter((r) => r.kind === "ship" && r.via && (fleets === "all" || isArctic(r))).map((r) => { const sum = (k) => all.reduce((a, i) => a + (wayAt(r, k, i) === by ? r[k][i] ?? 0 : 0), 0); return { r, b: sum("b"), v: sum("s") }; }).filter((o) => Math.max(o.b, o.v) > 0.0005).sort((x, y) => y.v - x.v);
      const add = (k) => list.reduce((a, o) => a + o[k], 0);
      return [values(add("b"), add("v"), state.month < 0 ? "bcm in all months" : unit(state)), h("p", { class: "note" }, "The sum of what is loaded in months in which the voyage takes this way. Each month's voyage takes the cheapest way that ship, ice and law allow."),
        ...section("Voyages", table(["voyage", "baseline", "scenario", "difference"], list.map((o) => [link(`flow:${o.r.arc}`, data.name(o.r.arc)), number(o.b, 3), number(o.v, 3), signed(o.v - o.b, 3)]), "Voyages"))];
    },
    season(id) {
      const { entry, by, month } = voyage(id);
      if (!entry) return [h("p", {}, "Unknown voyage.")];
      return [h("p", {}, `A ${entry.ship} leaving on the 15th of each month, rules and tolls of ${entry.year}, median ice of 2010-2022. It does not depend on this run.`),
        table(["month", "days at sea", "million USD, there and back"], MONTHS.map((m, i) => ({ class: i === month ? "on" : null, cells: [m, number(entry.days[by][i], 1), number(entry.cost_musd[by][i], 2)] })), "The voyage by month"),
        h("p", {}, "Legs, ice, icebreaker and tolls behind these numbers: ", h("code", {}, `polynya voyage "${entry.from}" "${entry.to}" --ship ${entry.ship} --via ${by} --depart ${entry.year}-${String(month + 1).padStart(2, "0")}-15`))];
    },
    claim(id) {
      const c = data.claimOf.get(id);
      if (!c) return [h("p", {}, "Unknown claim.")];
      const list = data.changes.filter((x) => data.claimsOf(x).includes(id));
      return [h("p", {}, c.text), h("dl", { class: "pairs" }, [["Said by", saidBy(c.attribution)], ["How firmly", factual(c.factuality)], ["Stage", staged(c.stage)], ["Condition", c.conditions], ["Review", c.review]].filter(([, v]) => v).map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v)))),
        ...section("What it drives", list.length > 0 ? h("ul", {}, list.map((x) => h("li", {}, link(`change:${x.id}`, x.text || x.id), " ", driven(x)))) : h("p", {}, "Nothing in this scenario."))];
    },
    change(id) {
      const c = data.changes.find((x) => x.id === id);
      if (!c) return [h("p", {}, "Unknown change.")];
      return [h("p", {}, `${c.status}: ${c.effect}`), c.from && h("p", {}, `From ${c.from}`), ...section("Only if", c.when.length > 0 && h("ul", {}, c.when.map((w) => h("li", {}, data.conditionOf.get(w)?.text ?? w)))), ...section("On the map", h("p", {}, driven(c))),
        ...section("Claims and assumptions behind it", h("ul", {}, data.claimsOf(c).map((k) => h("li", {}, link(`claim:${k}`, k), ` ${data.claimOf.get(k).text}`))))];
    },
  };
  function voyage(id) {
    const [i, by, m] = id.split(">"), entry = data.sea.season?.[i];
    return entry?.days[by] ? { entry, by, month: Math.max(0, Math.min(11, Number(m) || 0)), title: `${entry.from} to ${entry.to}, ${way(by)}` } : { title: "Voyage" };
  }
  function everybody() {
    const groups = new Map(), add = (g, v, n) => { const row = groups.get(g) ?? [0, 0]; groups.set(g, [row[0] + v, row[1] + n]); };
    for (const g of data.gains) if (g.group !== "owners") add(g.group, g.change, 1);
    for (const g of data.gains_left_out) add(g.group, g.change, g.rows);
    return [h("p", {}, `${signed(data.gain_totals.total_musd, 0)} million USD, ${data.gain_totals.note}`), h("p", { class: "note" }, EQUATION.gain),
      ...section("By group, million USD", table(["group", "parties", "change"], [...groups].sort((a, b) => b[1][0] - a[1][0]).map(([g, [v, n]]) => [g, n, signed(v, 0)]), "Gains by group")), ...changes(applied())];
  }
  const driven = (c) => (c.arcs.length ? h("span", {}, c.arcs.slice(0, 12).map((a, i) => [i ? ", " : "", link(`flow:${a}`, data.name(a))]), c.arcs.length > 12 && ` and ${c.arcs.length - 12} more`) : "nothing that flows");
  const title = { flow: (id) => data.name(id), production: (id) => data.name(id), party: (id) => data.name(id), markup: (id) => `Mark-up: ${id.split(">").map((x) => data.name(x)).join(" in ")}`, lane: () => "Sea lane", price: (id) => data.nodeOf.get(id)?.name ?? id, supply: (id) => id.split(">").map((x, i) => (x === "*" ? "all regions" : x.includes("+") ? (i ? "other buyers" : "other suppliers") : data.name(x))).join(" to "), gain: (id) => (id === "all>all" ? "All parties together" : data.name(id.split(">")[1])), mean: (id) => `${id}: mean price`, facts: (id) => `Facts of kind ${id}`, ways: (id) => way(id.split(">")[1]), season: (id) => voyage(id).title, claim: (id) => `${data.claimOf.get(id)?.kind ?? "claim"} ${id}`, change: (id) => data.changes.find((c) => c.id === id)?.text || id };

  // The number as it may be quoted: with its condition, its time, and what it was computed from.
  const EXPLAINED = { flow: "flows", price: "prices" };
  function cite(kind, id, said, state) {
    const pairs = Object.fromEntries([...body.querySelectorAll(".values > div")].map((e) => [e.firstChild.textContent, e.lastChild.textContent]));
    if (!pairs.Scenario) return null;
    const by = data.made_by, met = data.conditions.filter((c) => c.assume === "met").length, short = (t) => (t ?? "").replace(/[0-9a-f]{64}/, (x) => x.slice(0, 12));
    const where = `${location.protocol === "file:" ? location.pathname.split("/").pop() : location.origin + location.pathname}${location.hash}`;
    const text = `${said}, ${state.month < 0 ? `${data.months[0]} to ${data.months.at(-1)}` : data.months[state.month]}: ${pairs.Scenario} instead of ${pairs.Baseline} ${pairs.Unit}, if it came true${met ? ` and ${met} open condition${met === 1 ? "" : "s"} were met` : ""}. Polynya ${by.polynya}, "${data.title}", scenario ${short(by.scenario)}, registry ${short(by.world)}, as of ${by["as of"]}. ${where}`;
    const field = h("textarea", { id: "cite", readonly: true, rows: "5", onfocus: () => field.select() }, text), told = h("span", { class: "note", role: "status" });
    const copy = async () => { try { await navigator.clipboard.writeText(text); told.textContent = " Copied."; } catch { field.focus(); told.textContent = " Marked: copy it with the keyboard."; } };
    return h("details", { class: "cite" }, h("summary", {}, "Cite this number"), h("label", { for: "cite" }, "With its condition and address"), field,
      h("p", {}, h("button", { type: "button", "data-act": "copy", onclick: copy }, "Copy"), told),
      EXPLAINED[kind] && state.month >= 0 && h("p", { class: "note" }, "Fact by fact: ", h("code", {}, `polynya explain RUN ${EXPLAINED[kind]}/${id}/${data.months[state.month]}`)));
  }

  const body = h("div", {});
  const element = h("section", { class: "trace", id: "trace", "aria-live": "polite", "aria-label": "Trace of the selected number" }, body);
  function draw(state) {
    const [kind, id] = state.sel.split(/:(.*)/s);
    if (!kinds[kind]) {
      body.replaceChildren(h("h3", {}, "Trace"), h("p", {}, "Choose a line or a place on the map, a bar, a band or a claim: here is what stands behind its number."),
        h("p", {}, "Try:"), h("ul", {}, [...data.routes].filter((r) => r.kind === "pipeline").map((r) => ({ r, d: at(r.s, -1) - at(r.b, -1) })).sort((a, b) => Math.abs(b.d) - Math.abs(a.d)).slice(0, 6).map(({ r, d }) => h("li", {}, link(`flow:${r.arc}`, `${data.name(r.arc)} (${signed(d)})`)))));
      return;
    }
    body.replaceChildren(h("div", { class: "head" }, h("h3", {}, title[kind](id)), h("button", { type: "button", "aria-label": "Close the trace", onclick: () => store.set({ sel: "" }) }, "×")), ...kinds[kind](id, state).flat(Infinity).filter(Boolean));
    const open = cite(kind, id, title[kind](id), state);
    if (open) body.querySelector(".values").after(open);
  }
  return { element, draw };
}
