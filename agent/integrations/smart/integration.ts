import { hostname } from "node:os";
import { processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { SmartConfig } from "./config.ts";

const programs = ["/usr/sbin/smartctl", "/usr/bin/smartctl", "/usr/local/sbin/smartctl"];

/** What disks tell of themselves (SMART), by smartctl and under smartctl_exporter's names. */
export const smart = defineIntegration({
  name: "smart",
  title: "Disks (SMART)",
  job: "smartctl",
  config: SmartConfig,
  instanceOf: () => hostname(),
  async detect(host) {
    const program = programs.find((path) => host.exists(path));
    if (program === undefined) return [];
    const disks = [...(await host.glob("/dev/sd?")), ...(await host.glob("/dev/nvme?"))];
    if (disks.length === 0) return [];
    const isWatched = processesNamed(host, "smartd").length > 0;
    return [
      {
        confidence: isWatched ? 1 : 0.6,
        because: [
          `${program} is installed`,
          `disks ${disks.slice(0, 5).join(", ")}`,
          ...(isWatched ? ["process smartd"] : []),
        ],
        options: {},
        needs: [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openSmart,
});
