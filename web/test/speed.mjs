// How fast is a report? node speed.mjs FILE...: first view (median of 5 fresh openings) and every month step, in ms, as JSON.
import { statSync } from "node:fs";
import { browser } from "./drive.mjs";

const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const found = [];
for (const file of process.argv.slice(2)) {
  const views = [], steps = [];
  let lines = 0;
  for (let i = 0; i < 5; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true }), page = await context.newPage(), begun = Date.now();
    await page.goto(`file://${file}`);
    await page.waitForSelector("body[data-ready='1']", { timeout: 60000 });
    views.push(Date.now() - begun);
    if (i === 4) {
      lines = await page.locator("[data-layer=lanes] path, [data-layer=pipes] path").count();
      const months = Number(await page.locator("#month").getAttribute("max"));
      for (const mode of ["scenario", "difference"]) {
        await page.locator(`input[name=mode][value=${mode}]`).check({ force: true });
        for (let m = 0; m <= months; m++) { await page.locator("#month").fill(String(m)); steps.push(Number(await page.evaluate(() => document.body.dataset.step))); }
      }
    }
    await context.close();
  }
  found.push({ file, bytes: statSync(file).size, lines, first_view_ms: middle(views), quickest_view_ms: Math.min(...views), month_step_ms: middle(steps), slowest_step_ms: Math.max(...steps), steps: steps.length });
}
await browser.close();
console.log(JSON.stringify(found));
