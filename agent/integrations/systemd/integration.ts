import { hostname } from "node:os";
import { defineIntegration } from "../integration.ts";
import { SystemdConfig } from "./config.ts";

/** There where the host was booted with systemd: sd_booted(3). */
const bootedFolder = "/run/systemd/system";

/** Units of systemd, under node_exporter's names. */
export const systemd = defineIntegration({
  name: "systemd",
  title: "systemd",
  job: "systemd",
  metrics: ["systemd_", "node_systemd_"],
  config: SystemdConfig,
  instanceOf: () => hostname(),
  detect: (host) =>
    host.exists(bootedFolder) || host.units.size > 0
      ? [{ confidence: 1, because: ["the host was booted with systemd"], options: {}, needs: [] }]
      : [],
  load: async () => (await import("./collect.ts")).openSystemd,
});
