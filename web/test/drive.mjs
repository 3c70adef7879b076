// What both drivers share: a Chromium that fetches nothing by itself, named checks, and faults of pages as they come.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const checks = {}, measured = {}, faults = [];
export const expect = (truth, what) => { if (!truth) throw new Error(what); };

// Runs a check and notes "ok" or what is wrong; `lost` is called when it failed.
export async function check(name, body, lost) {
  const begun = Date.now();
  try { checks[name] = (await body()) || "ok"; } catch (e) { checks[name] = String(e.message).slice(0, 4000); await lost?.(name); }
  measured[`check: ${name}`] = Date.now() - begun; // ms
}

// Notes what a page complains of. `expected(text)` may take a message of the console for one that a check provokes.
export function watch(page, expected = () => false) {
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && !expected(m.text()) && faults.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("dialog", (d) => { faults.push(`dialog: ${d.message()}`); d.dismiss(); });
  return page;
}

// The file that an act hands over, in `folder`; a busy Chromium now and then tells nobody of a download, hence twice.
export async function download(page, act, folder) {
  const once = async () => (await Promise.all([page.waitForEvent("download", { timeout: 10000 }), act()]))[0];
  const file = await once().catch(once), path = `${folder}/${file.suggestedFilename()}`;
  await file.saveAs(path);
  return path;
}

export async function end() {
  await browser.close();
  console.log(JSON.stringify({ checks, measured, faults }));
}
