// Elements from code: text only ever becomes a text node, and no attribute can carry a script or a style.
const SVG = "http://www.w3.org/2000/svg";

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") throw new Error("styles belong in the sheet");
    else if (name === "href" && !/^(https?:\/\/|#)/i.test(value)) continue;
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export const h = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);

export function table(head, rows, caption) {
  const cell = (v) => (v instanceof Node ? h("td", {}, v) : h("td", { class: typeof v === "number" ? "n" : /^\d{4}-\d\d(-\d\d)?$/.test(v) ? "day" : null }, v ?? ""));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "sr" }, caption),
      h("thead", {}, h("tr", {}, head.map((c) => h("th", { scope: "col" }, c)))),
      h("tbody", {}, rows.map((r) => h("tr", { id: r.id, class: r.class }, (r.cells ?? r).map(cell))))));
}

// A source's id as a way to its row in the list of sources; the bare id where the list does not have it.
export const sourceLink = (data) => (id) => !data.sourceOf.has(id) ? id : h("a", { href: `#source-${id}`, onclick: (e) => {
  e.preventDefault();
  const row = document.getElementById(`source-${id}`);
  row?.closest("details")?.setAttribute("open", "");
  row?.scrollIntoView();
} }, id);
