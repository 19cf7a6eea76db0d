import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { type HostProcess, type HostView, listenersOf, reachable } from "../host_view.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { serverLog } from "../log_sources/server_log.ts";
import { splitAddress } from "../connections/split_address.ts";
import { ZookeeperConfig, usualPort } from "./config.ts";

const mainClass = /^org\.apache\.zookeeper\.server\.(quorum\.QuorumPeerMain|ZooKeeperServerMain)$/;

/** ZooKeeper's command mntr; names of metrics as it has them, and as zookeeper-exporter does. */
export const zookeeper = defineIntegration({
  name: "zookeeper",
  title: "ZooKeeper",
  job: "zookeeper",
  config: ZookeeperConfig,
  up: gauge("zk_up", "Whether the server answered."),
  instanceOf: ({ address }) => address,
  async detect(host) {
    const found: Finding<z.input<typeof ZookeeperConfig>>[] = [];
    for (const process of host.processes)
      if (!process.ownNetwork && process.args.some((arg) => mainClass.test(arg)))
        found.push(await findingOf(host, process));
    return found;
  },
  load: async () => (await import("./collect.ts")).openZookeeper,
  logs: ({ address }) => [
    serverLog({
      job: "zookeeper",
      instance: address,
      paths: ["/var/log/zookeeper/*.log"],
      head: String.raw`^(?P<time>\d{4}-\d\d-\d\d [\d:,]+) (?:\[myid:[^\]]*\] )?- (?P<level>[A-Z]+) +\[`,
    }),
  ],
});

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof ZookeeperConfig>>> {
  const own = listenersOf(host, [process], [usualPort]);
  // It also listens for other members, for its own administration and for JMX.
  const listener = own.find(({ port }) => port === usualPort) ?? own[0];
  const address = listener === undefined ? `127.0.0.1:${usualPort}` : reachable(listener);
  const because = [`process ${process.name} (pid ${process.pid}) runs ZooKeeper`];
  const answer =
    listener === undefined ? undefined : await host.ask(splitAddress(address, usualPort), "mntr");
  if (answer?.startsWith("zk_version") === true)
    return {
      confidence: 1,
      because: [...because, `${address} answers mntr`],
      options: { address },
      needs: [],
    };
  return {
    confidence: 0.4,
    because,
    options: { address },
    needs: [
      {
        key: "address",
        example: `127.0.0.1:${usualPort}`,
        why: "It does not answer mntr there. Put 4lw.commands.whitelist=mntr into zoo.cfg and restart it.",
      },
    ],
  };
}
