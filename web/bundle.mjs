// One bundle from an entry and a sheet, with the licences of its parts at its head and a note of what it was built from.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const web = dirname(fileURLToPath(import.meta.url));
const common = { bundle: true, minify: true, charset: "utf8", legalComments: "none", target: ["chrome109", "firefox115", "safari16"], logLevel: "warning" };

// from: folder of main.js and NAME.css; to: folder below src/polynya; sources: paths below web/ whose hash is noted.
export async function bundle({ from, to, name, sources }) {
  const out = join(web, "..", "src", "polynya", to);
  mkdirSync(out, { recursive: true });
  const script = { ...common, entryPoints: [join(web, from, "main.js")], outfile: join(out, `${name}.js`), format: "iife" };
  const { metafile } = await build({ ...script, write: false, metafile: true });
  const packages = new Set(Object.keys(metafile.inputs).flatMap((n) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(n)?.[1] ?? []));
  const licences = [...packages].sort().map((p) => {
    const folder = join(web, "node_modules", p);
    const file = readdirSync(folder).find((n) => /^licen[cs]e/i.test(n));
    return `${p} ${JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version}\n${readFileSync(join(folder, file), "utf8").trim()}`;
  });
  await build({ ...script, banner: { js: `/*\n${licences.join("\n\n").replaceAll("*/", "* /")}\n*/` } });
  await build({ ...common, entryPoints: [join(web, from, `${name}.css`)], outfile: join(out, `${name}.css`) });
  const files = [`${name}.css`, `${name}.js`];
  for (const file of files) {
    if (/<\/(script|style)/i.test(readFileSync(join(out, file), "utf8"))) throw new Error(`${file} would end its own element`);
  }
  // sha256 over name and content of every source, in the order of the names; the same sum as tests/bundles.py
  const sum = createHash("sha256"), digest = (file) => createHash("sha256").update(readFileSync(join(out, file))).digest("hex");
  for (const source of [...sources].sort()) sum.update(source).update("\0").update(readFileSync(join(web, source))).update("\0");
  writeFileSync(join(out, "built.json"), JSON.stringify({ sources: sum.digest("hex"), ...Object.fromEntries(files.map((f) => [f, digest(f)])) }, null, 1) + "\n");
}

export const inside = (folder) => readdirSync(join(web, folder)).map((n) => `${folder}/${n}`);
