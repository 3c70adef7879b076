// Drives the served app in Chromium and prints what it found as JSON: {check: "ok" or what is wrong}, measurements, faults.
// node app.mjs URL OUT-FOLDER RUN-A RUN-B; CHROMIUM names the browser. Any request that leaves the server's address is a fault.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { axe, browser, check as named, download, end, expect, faults, measured, watch as seen } from "./drive.mjs";

const [, , url, out, runA, runB] = process.argv;
let expected = 0; // answers of 4xx that a check provokes; the browser notes each on its console

async function context(options = {}) {
  const c = await browser.newContext({ viewport: { width: 1400, height: 1000 }, acceptDownloads: true, ...options });
  await c.route("**/*", (r) => { if (r.request().url().startsWith(url) || /^(data|blob):/.test(r.request().url())) return r.continue(); faults.push(`request: ${r.request().url()}`); return r.abort(); });
  return c;
}
const watch = (p) => seen(p, (text) => /status of 4\d\d/.test(text) && expected > 0 && (expected -= 1) >= 0);
const check = (name, body) => named(name, body, () => page.screenshot({ path: join(out, `failed-${name.replaceAll(" ", "-")}.png`) }).catch(() => {}));
const desk = await context();
desk.setDefaultTimeout(12000);
const page = watch(await desk.newPage());
async function go(hash, on = page) {
  const begun = Date.now();
  if (on.url().startsWith(url)) await on.evaluate((h) => { if (location.hash === h) location.reload(); else location.hash = h; }, `#/${hash}`);
  else await on.goto(`${url}#/${hash}`);
  await on.waitForFunction((h) => document.body.dataset.ready === h, `#/${hash}`, { timeout: 30000 });
  return Date.now() - begun;
}
const shot = (name) => page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
const preview = () => page.waitForSelector(".page[data-preview=shown]", { timeout: 20000 });
const save = (act) => download(page, act, out);

await check("runs", async () => {
  measured.first_page_ms = await go("runs");
  expect((await page.locator("h1").innerText()) === "Runs", "no heading");
  expect(await page.getByRole("link", { name: runA, exact: true }).isVisible(), "the run is not listed");
  await shot("runs");
  await page.getByRole("link", { name: runA, exact: true }).click();
  await page.waitForSelector("h2:has-text('Prices beside the baseline')");
  expect(await page.locator("#hubs").isVisible(), "no prices");
  await shot("run");
});
await check("explain", async () => {
  await go(`runs/${runA}`);
  await page.getByRole("button", { name: "Explain" }).click();
  await page.waitForSelector("pre[aria-label=Trace]");
  expect((await page.locator("pre[aria-label=Trace]").innerText()).includes("DE"), "no trace");
  expected += 1;
  await page.locator("input[name=address]").fill("prices/NOWHERE/2025-04");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.waitForSelector("[role=alert]");
});
await check("table of a run", async () => {
  await go(`runs/${runA}`);
  await page.getByRole("button", { name: "Show the table" }).click();
  const path = await save(() => page.locator("[data-save=prices]").click());
  expect(readFileSync(path, "utf8").startsWith("node,period,price_baseline"), "not the prices");
});
await check("ensemble", async () => {
  await go("runs");
  await page.getByRole("link", { name: "odds", exact: true }).click();
  await page.waitForSelector("h2:has-text('How likely')");
  expect((await page.locator(".headline").innerText()).includes("nine of ten"), "the spread is not said");
  expect((await page.locator("#spread svg path").count()) >= 3, "the spread is not drawn");
  expect((await page.locator("#drivers svg rect").count()) >= 1, "no drivers");
  const path = await save(() => page.locator("[data-save=statements]").click());
  expect(readFileSync(path, "utf8").startsWith("statement,probability"), "not the statements");
  await shot("ensemble");
  expect((await page.locator("form select option[value=odds]").count()) === 0, "it can be compared as if it were a run");
});
await check("report", async () => {
  await go(`runs/${runA}`);
  const [report] = await Promise.all([desk.waitForEvent("page"), page.getByRole("link", { name: /Open the report/ }).click()]);
  watch(report);
  await report.waitForSelector("body[data-ready='1']", { timeout: 30000 });
  await report.locator("input[name=mode][value=scenario]").check({ force: true });
  expect(report.url().includes("mode=scenario"), "the report's address does not follow");
  await report.screenshot({ path: join(out, "report.png") });
  await report.close();
});
await check("knobs", async () => {
  await go("scenarios");
  await page.getByRole("link", { name: /cooperation of the United States/ }).click();
  await preview();
  await shot("editor");
  await page.screenshot({ path: join(out, "editor-top.png") });
  await page.locator("input[data-switch=c20]").uncheck();
  await page.locator("input[data-switch=c21]").uncheck();
  await page.waitForTimeout(400);
  await preview();
  const became = await page.locator("fieldset:has(input[data-switch=stake-refineries-1]) .became").innerText();
  expect(became.includes("switched off") && became.includes("every claim behind it is off"), became);
  await page.locator("input[data-switch=a-eu]").uncheck();
  await page.locator("[data-knob='peace-agreement.on']").fill("2025-05-01");
  await page.locator("[data-knob='peace-agreement.likelihood.low']").fill("0.2");
  await page.locator("[data-knob='peace-agreement.likelihood.high']").fill("0.4");
  await page.locator("[data-knob='stake-sakhalin.numbers.share_percent']").fill("12");
  await page.locator("input[name=from]").fill("2025-04");
  await page.locator("input[name=months]").fill("1");
  await page.locator("input[name=id]").fill("from-the-app");
  await page.locator("[data-act=capacity]").click();
  await page.locator("input[name=capacity-subject]").fill("turkstream-2");
  await page.locator("input[name=capacity-amount]").fill("12.5");
  await page.locator("input[name=capacity-from]").fill("2025-04-01");
  await page.locator("input[name=capacity-from]").blur();
  await page.waitForTimeout(500);
  await preview();
  const text = await page.locator("pre[aria-label='The scenario file']").textContent().then((t) => t.replace(/\s+/g, " "));
  for (const part of ["id: from-the-app", "low: 0.2", "value: 12.5", "share_percent: '12'", "when: [investment-sanctions-lifted, switched-off]", "Claims taken as not holding: c20, c21"]) expect(text.includes(part), `the file lacks ${part}`);
  await page.locator("summary:has-text('The scenario file')").click();
  await shot("editor-edited");
});
await check("a wrong knob is refused in words", async () => {
  expected += 1;
  await page.locator("input[name=capacity-subject]").fill("turkstrem-2");
  await page.locator("input[name=capacity-subject]").blur();
  await page.waitForSelector(".acts [role=alert]");
  expect((await page.locator(".acts [role=alert]").innerText()).includes("Did you mean"), "no proposal");
  await page.locator("input[name=capacity-subject]").fill("turkstream-2");
  await page.locator("input[name=capacity-subject]").blur();
  await page.waitForTimeout(500);
  await preview();
  expect((await page.locator(".acts [role=alert]").count()) === 0, "the complaint stays");
});
await check("save", async () => {
  await page.locator("input[name=save-as]").fill("ours");
  await page.locator("[data-act=save]").click();
  await page.waitForSelector(".acts .ok");
  expect((await page.locator(".acts .ok").innerText()).includes("polynya run"), "does not say how to run it");
  expected += 1;
  await page.locator("[data-act=save]").click();
  await page.waitForSelector(".acts [role=alert]");
});
await check("download", async () => {
  const path = await save(() => page.locator("[data-act=download]").click());
  expect(readFileSync(path).subarray(0, 2).toString() === "PK", "not an archive");
});
let made = "";
await check("run", async () => {
  await page.locator("[data-act=run]").click();
  await page.waitForSelector(".steps li", { timeout: 30000 });
  await shot("job");
  const seen = [], begun = Date.now();
  while (!(await page.locator("a:has-text('See what it found')").count())) {
    expect(Date.now() - begun < 90000, "it does not end");
    seen.push(await page.locator(".steps li").count());
    await page.waitForTimeout(150);
  }
  expect(new Set(seen).size > 2, "the steps came all at once");
  await page.getByRole("link", { name: "See what it found" }).click();
  await page.waitForSelector("h2:has-text('Prices beside the baseline')");
  made = decodeURIComponent(page.url().split("/").pop());
  expect(made.startsWith("from-the-app"), made);
});
await check("the scenario of a run opens again", async () => {
  await go(`scenarios/run/${made}`);
  expect(!(await page.locator("input[data-switch=stake-refineries-1]").isChecked()), "what was off is on");
  await page.locator("input[data-switch=stake-refineries-1]").check();
  await page.waitForTimeout(400);
  await preview();
  expect(!(await page.locator("fieldset:has(input[data-switch=stake-refineries-1]) .became").innerText()).includes("switched off"), "it cannot be switched on");
  await go("scenarios/saved/ours");
  expect((await page.locator("input[name=id]").inputValue()) === "from-the-app", "the saved one is another");
});
await check("cancel", async () => {
  await go("scenarios/example/gazprom-arctic-2025");
  await page.locator("[data-act=run]").click();
  await page.waitForSelector(".steps li:has-text('solving')", { timeout: 60000 });
  const begun = Date.now();
  await page.locator("[data-act=cancel]").click();
  await page.waitForSelector(".state[data-state=cancelled]", { timeout: 10000 });
  measured.cancel_ms = Date.now() - begun;
  expect(measured.cancel_ms < 2000, `cancelling took ${measured.cancel_ms} ms`);
  await go("jobs");
  expect(await page.locator("td:has-text('cancelled')").first().isVisible(), "the list does not say so");
  await shot("jobs");
});
await check("how likely", async () => {
  await go("scenarios/example/gazprom-arctic-2025");
  await preview();
  await page.locator("[data-act=how-likely]").click();
  expect(await page.locator("[data-act=start-ensemble]").isDisabled(), "an ensemble of what is certain can be started");
  expect((await page.locator(".likely").innerText()).includes("Nothing in this scenario is uncertain"), "the reason is not told");
  await shot("likely-certain");
  await go("scenarios/example/winter-doubts");
  await preview();
  await page.locator("input[name=from]").fill("2025-09");
  await page.locator("input[name=months]").fill("3");
  await page.locator("input[name=months]").blur();
  await page.locator("[data-knob='weather.range.high']").fill("1.2");
  await page.locator("[data-knob='weather.range.high']").blur();
  await page.waitForTimeout(400);
  await preview();
  await page.locator("[data-act=how-likely]").click();
  expect((await page.locator(".likely li:has-text('weather')").innerText()).includes("0.94 to 1.2"), "the range is not taken");
  await page.locator("input[name=draws]").fill("5000");
  await page.locator("[data-act=start-ensemble]").click();
  expect(page.url().includes("scenarios/"), "more draws than allowed are sent");
  await page.locator("input[name=draws]").fill("8");
  await page.waitForTimeout(300);
  await shot("likely");
  await page.locator("[data-act=start-ensemble]").click();
  await page.waitForSelector(".steps li[data-counted]", { timeout: 60000 });
  await shot("likely-job");
  await page.getByRole("link", { name: "See what it found" }).click({ timeout: 120000 });
  await page.waitForSelector("h2:has-text('How likely')");
  await shot("likely-result");
});
await check("cancel an ensemble", async () => {
  await go("scenarios/example/winter-doubts");
  await preview();
  await page.locator("[data-act=how-likely]").click();
  await page.locator("input[name=draws]").fill("64");
  await page.locator("[data-act=start-ensemble]").click();
  await page.waitForSelector(".steps li[data-counted]", { timeout: 60000 });
  const begun = Date.now();
  await page.locator("[data-act=cancel]").click();
  await page.waitForSelector(".state[data-state=cancelled]", { timeout: 10000 });
  measured.cancel_ensemble_ms = Date.now() - begun;
  expect(measured.cancel_ensemble_ms < 2000, `cancelling took ${measured.cancel_ensemble_ms} ms`);
  expect((await page.locator(".page").innerText()).includes("are kept"), "what becomes of the solved worlds is not told");
});
await check("a run that fails says why", async () => {
  await go("scenarios/saved/impossible");
  await preview();
  await page.locator("[data-act=run]").click();
  await page.waitForSelector(".state[data-state=failed]", { timeout: 60000 });
  expect((await page.locator("[role=alert]").innerText()).includes("contract-too-much"), "not named");
});
await check("compare", async () => {
  await go("runs");
  await page.locator("form select").first().selectOption(runA);
  await page.locator("form select").last().selectOption(runB);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.waitForSelector("#compare-flows");
  expect(page.url().includes(`a=${runA}`) && page.url().includes(`b=${runB}`), "the address does not say what is compared");
  expect((await page.locator("#compare-flows svg rect").count()) > 1, "no bars");
  await shot("compare");
  for (const kind of ["svg", "png", "csv"]) await save(() => page.locator(`[data-save=compare-flows-${kind}]`).click());
});
await check("planner", async () => {
  measured.options_ms = await go("voyages");
  await page.locator("input[name=from]").fill("Sabetta");
  await page.locator("input[name=to]").fill("Yokohama");
  await page.locator("input[name=depart]").fill("2025-03-01");
  await page.locator("select[name=ship]").selectOption("lng-arc7");
  const begun = Date.now();
  await page.getByRole("button", { name: "Plan" }).click();
  await page.waitForSelector("#voyage svg path[data-line]");
  measured.plan_ms = Date.now() - begun;
  expect((await page.locator("#voyage svg path[data-line=ice], #voyage svg path[data-line=escorted]").count()) > 0, "no ice in March");
  expect(page.url().includes("from=Sabetta"), "the address does not say what was asked");
  await shot("planner");
  await page.locator("select[name=via]").selectOption("suez");
  await page.getByRole("button", { name: "Plan" }).click();
  await page.waitForFunction(() => document.querySelector("#voyage .note")?.textContent.includes("suez"));
  await page.locator("select[name=view]").selectOption("world");
  await shot("planner-suez");
  expected += 1;
  await page.locator("input[name=to]").fill("Yokohma");
  await page.getByRole("button", { name: "Plan" }).click();
  await page.waitForSelector("[role=alert]");
  expect((await page.locator("[role=alert]").innerText()).toLowerCase().includes("yokohama?"), "no proposal");
});
await check("season", async () => {
  await go("voyages?from=Sabetta&to=Rotterdam&ship=lng-arc7&depart=2025-08-15");
  await page.locator("[data-act=season]").click();
  await page.waitForSelector("td:has-text('dec')", { timeout: 60000 });
  expect((await page.locator("tr:has-text('mar')").count()) === 1, "not twelve months");
});
await check("screening", async () => {
  await go("screening");
  await page.locator("input[name=who]").fill("gazprom-neft");
  await page.locator("input[name=as_of]").fill("2025-06-01");
  await page.getByRole("button", { name: "Screen" }).click();
  await page.waitForSelector(".verdicts li");
  expect((await page.locator(".verdicts").innerText()).includes("OFAC"), "no verdict");
  await shot("screening");
  expected += 1;
  await page.locator("input[name=who]").fill("gazprm");
  await page.getByRole("button", { name: "Screen" }).click();
  await page.waitForSelector("[role=alert]");
});
await check("registry", async () => {
  await go("registry");
  await page.locator("input[name=words]").fill("sakhalin energy");
  await page.getByRole("button", { name: "Find" }).click();
  await page.locator("td a").first().waitFor();
  await page.getByRole("link", { name: "Sakhalin Energy LLC" }).first().click();
  await page.waitForSelector(".tree");
  expect((await page.locator(".tree").first().innerText()).includes("Gazprom"), "no holders");
  await shot("party");
  await page.locator(".tree a[href^='#/sources/']").first().click();
  await page.waitForSelector("h2:has-text('rows rest on it')");
  await shot("source");
  await page.locator("td a[href^='#/things/']").first().click();
  await page.waitForSelector(".pairs");
  expect((await page.locator("[role=alert]").count()) === 0, "a row leads to a thing that is not there");
});
await check("asset", async () => {
  await go("things/nord-stream-2-b?as_of=2025-06-01");
  expect((await page.locator("#where svg path[data-line]").count()) === 1, "not on the map");
  expect((await page.locator("table:has-text('Inspection')").count()) > 0, "no gates");
  await page.locator(".facts summary").first().click();
  await shot("asset");
  await page.locator("input[name=as_of]").fill("2020-06-01");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForFunction(() => document.body.dataset.ready?.includes("2020-06-01"));
  expect((await page.locator(".note").first().innerText()).includes("2020-06-01"), "the day does not move");
});
await check("api page", async () => {
  await go("api");
  expect((await page.locator("details").count()) > 20, "not every route");
  await shot("api");
});
await check("deep link", async () => {
  for (const [hash, text] of [[`runs/${runA}`, "Prices beside the baseline"], ["things/DE", "Germany"], ["voyages?from=Sabetta&to=Zeebrugge&depart=2025-07-01&ship=lng-arc7", "Zeebrugge"], ["screening?who=rosneft&as_of=2025-06-01&regime=eu", "EU"], ["sources/polynya-assumption", "rows rest on it"]]) {
    const fresh = watch(await desk.newPage());
    await go(hash, fresh);
    expect((await fresh.locator("main").innerText()).includes(text), `${hash} does not show ${text}`);
    await fresh.close();
  }
  expected += 1;
  await go("runs/no-such-run");
  expect((await page.locator("[role=alert]").innerText()).includes("no run"), "a wrong address is not explained");
  await go("nowhere");
  expect((await page.locator("h1").innerText()) === "That did not work", "an unknown page is shown");
});
await check("keyboard", async () => {
  await page.goto("about:blank");
  await page.goto(`${url}#/runs`);
  await page.waitForSelector("body[data-ready]");
  await page.keyboard.press("Tab");
  expect((await page.evaluate(() => document.activeElement.className)) === "skip", "no way past the menu");
  await page.keyboard.press("Enter");
  expect((await page.evaluate(() => document.activeElement.tagName)) === "H1", "the way past the menu leads nowhere");
  for (let i = 0; i < 40 && (await page.evaluate(() => document.activeElement.textContent)) !== runA; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h2:has-text('Prices beside the baseline')");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  await go("scenarios/example/template");
  const box = page.locator("fieldset input[type=checkbox]").first();
  await box.focus();
  await page.keyboard.press("Space");
  await page.waitForTimeout(400);
  await preview();
  expect((await page.locator(".became").first().innerText()).includes("switched off"), "space does not switch");
});
await check("text stays text", async () => {
  const evil = "</title><img src=x onerror=alert(1)>=cmd()";
  await page.locator("input[name=title]").fill(evil);
  await page.locator("input[name=title]").blur();
  await page.locator("input[name=save-as]").fill("evil");
  await page.waitForTimeout(400);
  await preview();
  await page.locator("[data-act=save]").click();
  await page.waitForSelector(".acts .ok");
  await go("scenarios");
  expect((await page.locator("main").innerText()).includes(evil), "the title lost its signs");
  expect((await page.locator("img, iframe, object").count()) === 0, "an element came from a text");
  await go("scenarios/saved/evil");
  expect((await page.locator("h1").innerText()) === evil, "the heading lost its signs");
});
await check("an article that means harm", async () => {
  // From its sentences to claims, scenario and run: shown everywhere as what was written.
  for (const hash of ["runs", "runs/hostile", "scenarios/run/hostile"]) {
    await go(hash);
    if (hash.startsWith("scenarios")) await preview();
    expect((await page.locator("main").innerText()).includes("=HYPERLINK"), `${hash} does not show the text`);
    expect((await page.locator("main img, main iframe, main object, main script").count()) === 0, `${hash}: an element came from a text`);
  }
  const report = watch(await desk.newPage());
  await report.goto(`${url}api/v1/runs/hostile/report`);
  await report.waitForSelector("body[data-ready='1']", { timeout: 30000 });
  for (const b of await report.locator("#s-claims button.link, #s-changes button.link").all()) await b.click({ force: true, timeout: 3000 });
  expect((await report.locator("img, iframe, object").count()) === 0, "the report: an element came from a text");
  expect((await report.locator("#s-claims").innerText()).includes("TurkStream by half"), "the sentence is not there");
  await report.close();
});
await check("axe", async () => {
  const wrong = [];
  measured.axe_pages = 0;
  for (const hash of ["runs", `runs/${runA}`, "ensembles/odds", "runs/hostile", `compare?a=${runA}&b=${runB}`, "scenarios", "scenarios/example/gazprom-arctic-2025", "jobs", "registry?kind=lng-export&words=", "things/nord-stream-2-ag?as_of=2025-06-01", "things/DE?as_of=2025-06-01", "sources", "sources/ofac-faq-401", "voyages?from=Sabetta&to=Yokohama&depart=2025-03-01&ship=lng-arc7", "screening?who=rosneft&as_of=2025-06-01&regime=all", "api"]) {
    await go(hash);
    await page.$$eval("details", (list) => list.slice(0, 60).forEach((d) => { d.open = true; }));
    await page.waitForTimeout(200);
    // The policy of the page lets nobody add a script to it; the driver's own world may.
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    measured.axe_pages += 1;
    for (const v of found.violations) wrong.push(`${hash}: ${v.id} x${v.nodes.length}: ${v.nodes[0].html.slice(0, 140)}`);
  }
  expect(wrong.length === 0, wrong.join("; "));
});
await check("narrow screen", async () => {
  const phone = await context({ viewport: { width: 390, height: 800 } }), p = watch(await phone.newPage());
  const wide = [];
  for (const hash of ["runs", `runs/${runA}`, "ensembles/odds", "scenarios/example/gazprom-arctic-2025", "things/nord-stream-2-ag", "voyages?from=Sabetta&to=Yokohama&depart=2025-03-01&ship=lng-arc7", "screening?who=rosneft", "api"]) {
    await go(hash, p);
    const over = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${hash}: ${over} px too wide`);
  }
  await p.screenshot({ path: join(out, "narrow.png") });
  await phone.close();
  expect(wide.length === 0, wide.join("; "));
});
await check("a server that is gone is said", async () => {
  await go("runs");
  await desk.setOffline(true);
  expected += 0;
  const before = faults.length;
  await page.evaluate(() => { location.hash = "#/sources"; });
  await page.waitForSelector("[role=alert]");
  expect((await page.locator("[role=alert]").innerText()).includes("polynya serve"), "not said");
  faults.splice(before); // the browser's own note that the network is down
  await desk.setOffline(false);
});
await end();
