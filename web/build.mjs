// Builds src/polynya/report/bundle/ (the report) and src/polynya/server/bundle/ (the served app, which shares its modules).
import { bundle, inside } from "./bundle.mjs";

const tools = ["build.mjs", "bundle.mjs", "package-lock.json"];
await bundle({ from: "src", to: "report/bundle", name: "report", sources: [...inside("src"), ...tools] });
await bundle({ from: "app", to: "server/bundle", name: "app", sources: [...inside("app"), ...inside("src"), ...tools] });
