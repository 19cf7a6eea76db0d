import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { MemcachedConfig, usualPort } from "./config.ts";

/** Memcached's text protocol; names of metrics as memcached_exporter's. */
export const memcached = defineIntegration({
  name: "memcached",
  title: "Memcached",
  job: "memcached",
  config: MemcachedConfig,
  up: gauge("memcached_up", "Whether the server answered."),
  instanceOf: ({ address }) => address,
  async detect(host) {
    const processes = processesNamed(host, "memcached");
    const found: Finding<z.input<typeof MemcachedConfig>>[] = [];
    for (const listener of listenersOf(host, processes, [usualPort])) {
      const address = reachable(listener);
      const answer = await host.ask(splitAddress(address, usualPort), "version\r\n");
      if (answer?.startsWith("VERSION ") !== true) continue;
      const process = processes.find(({ pid }) => pid === listener.pid) ?? processes[0];
      found.push({
        confidence: process === undefined ? 0.8 : 1,
        because: [
          ...(process === undefined ? [] : [`process ${process.name} (pid ${process.pid})`]),
          `listens on ${address}`,
          `answers "${answer.trim()}"`,
        ],
        options: { address },
        needs: [],
      });
    }
    return found;
  },
  load: async () => (await import("./collect.ts")).openMemcached,
});
