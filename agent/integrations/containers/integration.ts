import { hostname } from "node:os";
import { processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { ContainersConfig } from "./config.ts";

/** Programs that run containers. */
const runtimes = [
  "dockerd",
  "containerd",
  "podman",
  "crio",
  "conmon",
  "lxc-start",
  "systemd-nspawn",
];

/** Containers by their control groups, under cAdvisor's names. */
export const containers = defineIntegration({
  name: "containers",
  title: "Containers",
  job: "cadvisor",
  metrics: ["container_"],
  config: ContainersConfig,
  instanceOf: () => hostname(),
  detect(host) {
    const found = processesNamed(host, ...runtimes);
    const names = [...new Set(found.map(({ executable, name }) => executable || name))];
    if (names.length === 0) return [];
    const because = names.map((name) => `process ${name}`);
    return [{ confidence: 1, because, options: {}, needs: [] }];
  },
  load: async () => (await import("./collect.ts")).openContainers,
});
