// The JSON API, from its own description at /openapi.json.
import { h } from "../src/dom.js";
import { openapi } from "./api.js";
import { grid, put } from "./parts.js";

const named = (schema) => schema?.$ref?.split("/").pop() ?? schema?.type ?? (schema?.anyOf ? schema.anyOf.map(named).join(" or ") : "any");

export async function apiPage(page) {
  const d = await openapi(), groups = new Map();
  for (const [path, methods] of Object.entries(d.paths)) for (const [method, m] of Object.entries(methods)) groups.set(m.tags[0], [...(groups.get(m.tags[0]) ?? []), [method, path, m]]);
  put(page, h("h1", { tabindex: "-1" }, "API"), h("p", {}, d.info.description), h("p", {}, "OpenAPI ", d.openapi, ": ", h("a", { href: `${location.origin}/openapi.json` }, "openapi.json")),
    [...groups].map(([tag, list]) => [h("h2", {}, tag), list.map(([method, path, m]) => h("details", {}, h("summary", {}, h("code", {}, `${method.toUpperCase()} ${path}`), ` ${m.description ?? ""}`),
      m.parameters?.length > 0 && grid(`Parameters of ${path}`, ["parameter", "in", "type", "needed", "meaning"], m.parameters.map((p) => [p.name, p.in, named(p.schema), p.required ? "yes" : "no", p.description ?? ""])),
      m.requestBody && h("p", {}, "Body: ", h("code", {}, named(m.requestBody.content["application/json"].schema))),
      h("p", {}, h("small", {}, `Answers: ${Object.entries(m.responses).map(([k, r]) => `${k} ${r.description}`).join("; ")}`))))]),
    h("h2", {}, "Forms"), Object.entries(d.components.schemas).map(([name, schema]) => h("details", {}, h("summary", {}, h("code", {}, name), ` ${schema.description ?? ""}`), h("pre", { tabindex: "0", "aria-label": `Schema of ${name}` }, JSON.stringify(schema, null, 1)))));
  return "API";
}
