// Jobs: what waits, what runs, and one job as it happens.
import { h } from "../src/dom.js";
import { address, get, post } from "./api.js";
import { busy, button, grid, link, put, trouble, when } from "./parts.js";

const ENDED = ["done", "failed", "cancelled"];

export async function jobs(page) {
  const { jobs: list } = await get(["jobs"]);
  put(page, h("h1", { tabindex: "-1" }, "Jobs"), h("p", { class: "note" }, "Runs that were asked for here. A job that a stopped server left unfinished begins again with the server."),
    list.length ? grid("Jobs, newest first", ["asked", "scenario", "state", "step or run"], list.map((j) => [link(["jobs", j.id], when(j.created)), j.title, j.state, j.run ? link(["runs", j.run], j.run) : j.error?.message ?? j.step]))
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
  on("progress", (d) => { tell(`Running: ${d.text} (${d.seconds.toFixed(0)} s)`); steps.append(h("li", {}, `${d.seconds.toFixed(1)} s  ${d.text}`)); });
  on("done", (d) => finish(`Done in ${d.seconds.toFixed(0)} s`, h("p", { class: "headline" }, link(["runs", d.run], "See what it found"))));
  on("failed", (d) => finish("Failed", trouble(d.error ?? { message: "the job failed." })));
  on("cancelled", () => finish("Cancelled", h("p", {}, "Nothing of it was kept.")));
  events.onerror = async () => {
    if (events.readyState === EventSource.CLOSED) return;
    try { const now = await get(["jobs", id]); if (ENDED.includes(now.state) && state.dataset.state === "running") tell(now.state); } catch (error) { tell(`Running, but ${error.message} Trying again.`); }
  };
  return first.title;
}
