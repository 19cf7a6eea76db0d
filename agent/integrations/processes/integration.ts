import { hostname } from "node:os";
import { defineIntegration } from "../integration.ts";
import { ProcessesConfig } from "./config.ts";

/** Groups of processes, with names and rules of process-exporter. Not found by itself: which groups are wanted, and worth their series, a person knows. */
export const processes = defineIntegration({
  name: "processes",
  title: "Processes",
  job: "processes",
  metrics: ["namedprocess_"],
  config: ProcessesConfig,
  instanceOf: () => hostname(),
  detect: () => [],
  load: async () => (await import("./collect.ts")).openProcesses,
});
