import { hostname } from "node:os";
import { defineIntegration } from "../integration.ts";
import { BackupsConfig } from "./config.ts";

/** Age, size and number of backups by the files that they leave. Which files are backups, and how old they may be, a person knows: nothing is found by itself. */
export const backups = defineIntegration({
  name: "backups",
  title: "Backups",
  job: "backups",
  config: BackupsConfig,
  instanceOf: () => hostname(),
  detect: () => [],
  load: async () => (await import("./collect.ts")).openBackups,
});
