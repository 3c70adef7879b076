// Every figure as SVG, PNG and CSV: made in the page, handed over as a file.
import { h } from "./dom.js";

export function csv(head, rows) {
  const cell = (v) => {
    if (typeof v === "number") return String(v);
    let text = String(v ?? "");
    if (/^[=+\-@\t\r]/.test(text)) text = "'" + text; // a spreadsheet would run it as a formula
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((r) => r.map(cell).join(",")).join("\r\n") + "\r\n";
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { download: name });
  link.href = url;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// The drawing as a file of its own, with what it shows and of which question below it: a picture travels without its page.
export function svgText(svg, caption) {
  const copy = svg.cloneNode(true);
  const { x, y, width, height, size } = frame(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("font-family", "system-ui, sans-serif");
  const white = (top, high) => {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [k, v] of Object.entries({ x, y: top, width, height: high, fill: "#ffffff" })) rect.setAttribute(k, v);
    return rect;
  };
  copy.prepend(white(y, height));
  copy.querySelectorAll(".hit").forEach((n) => n.remove());
  copy.append(white(y + height - 3.4 * size, 3.4 * size)); // a map goes on beyond its frame
  [caption, `${document.title.replace(/ · Polynya$/, "")}. Polynya${document.getElementById("data") ? ": a conditional answer, not a forecast" : ""}.`].forEach((text, i) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "text");
    for (const [k, v] of Object.entries({ x: x + size / 2, y: y + height - size * (1.9 - 1.4 * i), "font-size": size.toFixed(2), fill: "#505d69" })) line.setAttribute(k, v);
    line.textContent = text.length > 130 ? `${text.slice(0, 129)}…` : text;
    copy.append(line);
  });
  return new XMLSerializer().serializeToString(copy);
}

// What the file shows: the drawing, and two lines below it.
function frame(svg) {
  const { x, y, width, height } = svg.viewBox.baseVal, size = width / 75;
  return { x, y, width, height: height + 3.4 * size, size };
}

async function png(svg, name, caption) {
  const box = frame(svg), image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svgText(svg, caption));
  await image.decode();
  const canvas = h("canvas", {});
  canvas.width = 2 * box.width;
  canvas.height = 2 * box.height;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, `${name}.png`));
}

// A plain table's cells as they stand, as a file: what looks like a number is one.
export function keepTable(box) {
  const name = (box.getAttribute("aria-label") ?? "table").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const text = (cell) => { const t = cell.textContent.trim(), plain = t.replace("−", "-").replaceAll(",", ""); return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : t; };
  const act = () => { const [head, ...rows] = [...box.querySelectorAll("tr")].map((r) => [...r.cells].map(text)); save(new Blob([csv(head, rows)], { type: "text/csv" }), `${name}.csv`); };
  return h("p", { class: "tools" }, h("button", { type: "button", "data-save": `table-${name}`, "aria-label": `${box.getAttribute("aria-label") ?? "Table"} as CSV`, onclick: act }, "CSV"));
}

// A figure: heading, drawing, buttons, and the same numbers as a table.
// `data` -> {head, rows} of what is drawn now; `svg` -> the drawing now.
export function figure({ id, title, note, label, svg, data, controls, caption = () => title }) {
  const button = (text, act) => h("button", { type: "button", "data-save": `${id}-${text.toLowerCase()}`, onclick: act, "aria-label": `${title} as ${text}` }, text);
  const picture = h("div", { class: "picture", role: "img", "aria-label": label?.() ?? title });
  const body = h("div", {});
  const details = h("details", { ontoggle: () => details.open && fill() }, h("summary", {}, "The numbers as a table"), body);
  const fill = () => {
    const { head, rows, sels, pick } = data();
    const first = (r, i) => (sels?.[i] ? h("button", { type: "button", class: "link", onclick: () => pick(sels[i]) }, r[0] ?? "") : r[0] ?? "");
    // A number of a row that has a trace is a way to it: by its row's first cell with the keyboard, by itself with the mouse.
    const number = (v, i) => (typeof v === "number" && sels?.[i] ? h("span", { class: "pick", onclick: () => pick(sels[i]) }, v) : v ?? "");
    body.replaceChildren(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: numbers` }, h("table", {},
      h("thead", {}, h("tr", {}, head.map((c) => h("th", { scope: "col" }, c)))),
      h("tbody", {}, rows.map((r, i) => h("tr", {}, r.map((v, k) => h("td", { class: typeof v === "number" ? "n" : null }, k ? number(v, i) : first(r, i)))))))));
  };
  const element = h("figure", { id, class: "figure" },
    h("figcaption", {}, h("h3", {}, title), note && h("p", { class: "note" }, note)),
    controls, picture,
    h("div", { class: "tools" }, button("SVG", () => save(new Blob([svgText(svg(), caption())], { type: "image/svg+xml" }), `${id}.svg`)),
      button("PNG", () => png(svg(), id, caption())),
      button("CSV", () => { const { head, rows } = data(); save(new Blob([csv(head, rows)], { type: "text/csv" }), `${id}.csv`); })),
    details);
  return { element, picture, refresh() { picture.setAttribute("aria-label", label?.() ?? title); if (details.open) fill(); } };
}
