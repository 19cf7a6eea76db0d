import { hostname } from "node:os";
import { defineIntegration } from "../integration.ts";
import { ScriptsConfig } from "./config.ts";

/** A command that is run at an interval: how it ended, how long it took, and what it wrote. Nothing is run that is not written down, so nothing is found. */
export const scripts = defineIntegration({
  name: "scripts",
  title: "Scripts",
  job: "scripts",
  metrics: ["script_"],
  config: ScriptsConfig,
  instanceOf: ({ name }) => `${hostname()}/${name}`,
  detect: () => [],
  load: async () => (await import("./collect.ts")).openScript,
});
