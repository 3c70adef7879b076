// Builds src/polynya/server/bundle/ (the served app) from web/app, the modules of the report it shares, and the locked packages.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url)), web = join(here, "..");
const out = join(web, "..", "src", "polynya", "server", "bundle");
mkdirSync(out, { recursive: true });
const common = { bundle: true, minify: true, charset: "utf8", legalComments: "none", target: ["chrome109", "firefox115", "safari16"], logLevel: "warning" };
const script = { ...common, entryPoints: [join(here, "main.js")], outfile: join(out, "app.js"), format: "iife" };
const { metafile } = await build({ ...script, write: false, metafile: true });
const packages = new Set(Object.keys(metafile.inputs).flatMap((n) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(n)?.[1] ?? []));
const licences = [...packages].sort().map((name) => {
  const folder = join(web, "node_modules", name);
  const file = readdirSync(folder).find((n) => /^licen[cs]e/i.test(n));
  return `${name} ${JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version}\n${readFileSync(join(folder, file), "utf8").trim()}`;
});
await build({ ...script, banner: { js: `/*\n${licences.join("\n\n").replaceAll("*/", "* /")}\n*/` } });
await build({ ...common, entryPoints: [join(here, "app.css")], outfile: join(out, "app.css") });
// sha256 over name and content of every file of web/app, in the order of the names; the same sum as tests/server/test_bundle.py
const sum = createHash("sha256");
for (const name of readdirSync(here).sort()) sum.update(name).update("\0").update(readFileSync(join(here, name))).update("\0");
const digest = (name) => createHash("sha256").update(readFileSync(join(out, name))).digest("hex");
writeFileSync(join(out, "built.json"), JSON.stringify({ sources: sum.digest("hex"), "app.css": digest("app.css"), "app.js": digest("app.js") }, null, 1) + "\n");
