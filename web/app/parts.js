// What several pages are made of: headings, tables, forms, links between pages, files to keep.
import { h } from "../src/dom.js";
import { csv } from "../src/download.js";

export const link = (parts, text, query) => {
  const search = new URLSearchParams(Object.entries(query ?? {}).filter(([, v]) => v));
  return h("a", { href: "#/" + parts.map(encodeURIComponent).join("/") + (String(search) ? `?${search}` : "") }, text);
};
export const thing = (id, text) => (id ? link(["things", id], text || id) : "");
export const source = (id) => (id ? link(["sources", id], id) : "");
export const outside = (url, text) => (/^https?:\/\//i.test(url ?? "") ? h("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text ?? url) : text ?? "");

export function grid(caption, head, rows, { file, most } = {}) {
  const cell = (v) => (v instanceof Node ? h("td", {}, v) : Array.isArray(v) ? h("td", {}, v) : h("td", { class: typeof v === "number" || /^[+−]?[\d,.]+$/.test(v ?? "") ? "n" : /^\d{4}-\d\d(-\d\d)?$/.test(v ?? "") ? "day" : null }, typeof v === "number" ? show(v) : v ?? ""));
  const shown = most ? rows.slice(0, most) : rows;
  const text = (v) => (v instanceof Node ? v.textContent : Array.isArray(v) ? v.map(text).join("") : v ?? "");
  return h("div", { class: "grid-block" },
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      h("table", {}, h("caption", { class: "sr" }, caption),
        h("thead", {}, h("tr", {}, head.map((c) => h("th", { scope: "col" }, c)))),
        h("tbody", {}, shown.length ? shown.map((r) => h("tr", {}, r.map(cell))) : h("tr", {}, h("td", { colspan: String(head.length) }, "nothing"))))),
    (file || shown.length < rows.length) && h("p", { class: "tools" },
      file && h("button", { type: "button", "data-save": file, onclick: () => keep(new Blob([csv(head, rows.map((r) => r.map((v) => (typeof v === "number" ? v : text(v)))))], { type: "text/csv" }), `${file}.csv`) }, "CSV"),
      shown.length < rows.length && h("small", {}, `the first ${shown.length} of ${rows.length}`)));
}
const show = (v) => (Number.isInteger(v) ? String(v) : v.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 3 }));
export const round = (v, digits = 2) => (typeof v === "number" ? Number(v.toFixed(digits)) : v);

export function keep(blob, name) {
  const url = URL.createObjectURL(blob), a = h("a", { download: name });
  a.href = url;
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// Appends like `h` does: lists in lists are flattened, what is nothing is left out, text is text.
export function put(node, ...children) {
  for (const c of children.flat(Infinity)) if (c !== null && c !== undefined && c !== false) node.append(c);
}

let count = 0;
export function field(label, input, hint) {
  input.id ||= `f${(count += 1)}`;
  if (hint) input.setAttribute("aria-describedby", `${input.id}-h`);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, hint && h("small", { id: `${input.id}-h` }, hint));
}
export const input = (attributes) => h("input", { autocomplete: "off", ...attributes });
export const select = (options, chosen, attributes) => h("select", attributes, options.map((o) => {
  const [value, text] = Array.isArray(o) ? o : [o, o];
  return h("option", { value, selected: value === chosen }, text);
}));
export const button = (text, act, attributes) => h("button", { type: "button", onclick: act, ...attributes }, text);
export const pairs = (entries) => h("dl", { class: "pairs" }, entries.filter(([, v]) => v !== null && v !== undefined && v !== "").map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v))));
export const when = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 16) + " UTC";

export function trouble(error) {
  const list = (error.faults ?? []).filter((f) => f.message);
  return h("div", { class: "warn", role: "alert" },
    h("p", {}, h("strong", {}, error.status === 404 ? "Not found. " : "That did not work. "), error.message, error.fix ? ` ${error.fix}` : ""),
    list.length > 0 && h("ul", {}, list.map((f) => h("li", {}, f.where ? `${f.where}: ` : "", f.message, f.fix ? ` ${f.fix}` : ""))));
}

// Runs `work` while the button is not to be pressed again, and says what went wrong beside it.
export async function busy(control, place, work) {
  control.disabled = true;
  place.replaceChildren();
  try { return await work(); } catch (error) { place.replaceChildren(trouble(error)); return undefined; } finally { control.disabled = false; }
}
