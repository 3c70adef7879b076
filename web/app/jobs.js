// Jobs: what waits, what runs, and one job as it happens.
import { h } from "../src/dom.js";
import { address, get, post } from "./api.js";
import { busy, button, grid, link, put, trouble, when } from "./parts.js";

const ENDED = ["done", "failed", "cancelled"];

const result = (kind, name, text) => link([kind === "ensemble" ? "ensembles" : "runs", name], text);

export async function jobs(page) {
  const { jobs: list } = await get(["jobs"]);
  put(page, h("h1", { tabindex: "-1" }, "Jobs"), h("p", { class: "note" }, "Runs and ensembles that were asked for here. A job that a stopped server left unfinished begins again with the server; an ensemble goes on from the worlds that it has solved."),
    list.length ? grid("Jobs, newest first", ["asked", "kind", "scenario", "state", "step or result"], list.map((j) => [link(["jobs", j.id], when(j.created)), j.kind, j.title, j.state, j.run ? result(j.kind, j.run, j.run) : j.error?.message ?? j.step]))
      : h("p", { class: "empty" }, "Nothing was asked for yet."));
  return "Jobs";
}

export async function job(page, { args: [id], end }) {
  const first = await get(["jobs", id]);
  const state = h("p", { class: "state", role: "status" }), steps = h("ol", { class: "steps", "aria-label": "Steps" }), after = h("div", {}), said = h("div", {});
  const cancel = button("Cancel", () => busy(cancel, said, () => post(["jobs", id, "cancel"])), { "data-act": "cancel" });
  const bar = h("progress", { "aria-label": "Running" });
  put(page, h("p", { class: "kind" }, link(["jobs"], "Jobs"), " / ", id.slice(0, 8)), h("h1", { tabindex: "-1" }, first.title), state, bar, h("p", { class: "row" }, cancel), said, after, h("h2", {}, "Steps"), steps);
  const tell = (text) => { state.textContent = text; state.dataset.state = text.split(/[ :]/)[0].toLowerCase(); };
  tell(first.state === "queued" ? "Waiting for its turn" : "Running");
  const events = new EventSource(address(["jobs", id, "events"]));
  end(() => events.close());
  const finish = (text, ...more) => { events.close(); bar.remove(); cancel.remove(); tell(text); after.replaceChildren(...more); };
  const on = (name, act) => events.addEventListener(name, (e) => act(JSON.parse(e.data)));
  on("queued", () => tell("Waiting for its turn"));
  on("started", () => { tell("Running"); steps.replaceChildren(); });
  // "3 of 64 worlds looked at, 2 solved" moves the bar and stays one line of the list.
  on("progress", (d) => {
    const counted = /^(\d+) of (\d+) worlds/.exec(d.text), last = steps.lastElementChild, step = h("li", { "data-counted": counted ? "1" : null }, `${d.seconds.toFixed(1)} s  ${d.text}`);
    if (counted) { bar.max = Number(counted[2]); bar.value = Number(counted[1]); } else bar.removeAttribute("value");
    tell(`Running: ${d.text} (${d.seconds.toFixed(0)} s)`);
    if (counted && last?.dataset.counted) last.replaceWith(step); else steps.append(step);
  });
  on("done", (d) => finish(`Done in ${d.seconds.toFixed(0)} s`, h("p", { class: "headline" }, result(first.kind, d.run, "See what it found"))));
  on("failed", (d) => finish("Failed", trouble(d.error ?? { message: "the job failed." })));
  on("cancelled", () => finish("Cancelled", h("p", {}, first.kind === "ensemble" ? "No result was written. The worlds that were solved are kept: the same question goes on from them." : "Nothing of it was kept.")));
  events.onerror = async () => {
    if (events.readyState === EventSource.CLOSED) return;
    try { const now = await get(["jobs", id]); if (ENDED.includes(now.state) && state.dataset.state === "running") tell(now.state); } catch (error) { tell(`Running, but ${error.message} Trying again.`); }
  };
  return first.title;
}
