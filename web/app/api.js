// Asking the server: JSON in, JSON out, and what is wrong as one kind of error.
export class Problem extends Error {
  constructor(status, error) {
    super(error.message);
    Object.assign(this, { status, code: error.code, fix: error.fix ?? "", where: error.where ?? "", faults: error.faults ?? [] });
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", ...options });
  } catch {
    throw new Problem(0, { code: "offline", message: "the server does not answer.", fix: "Is `polynya serve` still running?" });
  }
  if (answer.ok) return answer;
  let error = { code: "internal", message: `the server answered ${answer.status}.` };
  try { error = (await answer.json()).error; } catch { /* not one of ours */ }
  throw new Problem(answer.status, error);
}

const path = (parts, query) => {
  const search = new URLSearchParams(Object.entries(query ?? {}).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  return "/api/v1/" + parts.map(encodeURIComponent).join("/") + (String(search) ? `?${search}` : "");
};
export const address = (parts, query) => location.origin + path(parts, query);
export const get = async (parts, query) => (await ask(path(parts, query))).json();
const body = (document) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(document) });
export const post = async (parts, document) => (await ask(path(parts), document === undefined ? { method: "POST" } : body(document))).json();
export const postForFile = async (parts, document) => (await ask(path(parts), body(document))).blob();
export const openapi = async () => (await ask("/openapi.json")).json();
