// Builds src/polynya/report/bundle/ from web/src and the locked packages, and notes the hash of what it was built from.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const out = join(web, "..", "src", "polynya", "report", "bundle");
mkdirSync(out, { recursive: true });
const common = { bundle: true, minify: true, charset: "utf8", legalComments: "none", target: ["chrome109", "firefox115", "safari16"], logLevel: "warning" };
const script = { ...common, entryPoints: [join(web, "src", "main.js")], outfile: join(out, "report.js"), format: "iife" };
// The licences of what is bundled travel with it, at the head of the script.
const { metafile } = await build({ ...script, write: false, metafile: true });
const packages = new Set(Object.keys(metafile.inputs).flatMap((n) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(n)?.[1] ?? []));
const licences = [...packages].sort().map((name) => {
  const folder = join(web, "node_modules", name);
  const file = readdirSync(folder).find((n) => /^licen[cs]e/i.test(n));
  return `${name} ${JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version}\n${readFileSync(join(folder, file), "utf8").trim()}`;
});
await build({ ...script, banner: { js: `/*\n${licences.join("\n\n").replaceAll("*/", "* /")}\n*/` } });
await build({ ...common, entryPoints: [join(web, "src", "report.css")], outfile: join(out, "report.css") });
for (const name of ["report.js", "report.css"]) {
  const text = readFileSync(join(out, name), "utf8");
  if (/<\/(script|style)/i.test(text)) throw new Error(`${name} would end its own element`);
}
// sha256 over name and content of every source, in the order of the names; the same sum as tests/report/test_bundle.py
const sources = [...readdirSync(join(web, "src")).map((n) => `src/${n}`), "build.mjs", "package-lock.json"].sort();
const sum = createHash("sha256");
for (const name of sources) sum.update(name).update("\0").update(readFileSync(join(web, name))).update("\0");
const digest = (name) => createHash("sha256").update(readFileSync(join(out, name))).digest("hex");
writeFileSync(join(out, "built.json"), JSON.stringify({ sources: sum.digest("hex"), "report.css": digest("report.css"), "report.js": digest("report.js") }, null, 1) + "\n");
