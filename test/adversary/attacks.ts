import { writeFile } from "node:fs/promises";
import type { Attack } from "./attack.ts";
import { sendGelfBombs, sendGelfChunks } from "./gelf.ts";
import { hostileTargetNames, startHostileTargets } from "./hostile_targets.ts";
import { pushes } from "./pushes.ts";
import { logqlBombs, mixedQueries, promqlBombs, sqlBombs } from "./queries.ts";
import { sendSyslogNuls } from "./syslog_nul.ts";
import { attackTails } from "./tails.ts";

const syslogNuls: Attack = {
  name: "syslog_nuls",
  run: async ({ syslogTcpPort }) => {
    await sendSyslogNuls(syslogTcpPort);
    return "taken";
  },
};

const gelfBombs: Attack = {
  name: "gelf_bombs",
  run: async ({ gelfUdpPort }) => {
    await Promise.all([sendGelfBombs(gelfUdpPort), sendGelfChunks(gelfUdpPort)]);
    return "sent";
  },
};

const tailsForMs = 30_000;

/** Live tails that each ask for 5,000 lines of history, every second one by a query of its own. */
const tails: Attack = {
  name: "tails",
  run: async ({ url }) => {
    const attack = { url, query: '{job="victim"}', limit: 5_000, forMs: tailsForMs };
    const [same, varied] = await Promise.all([
      attackTails({ ...attack, sockets: 250, isVaried: false }),
      attackTails({ ...attack, sockets: 250, isVaried: true }),
    ]);
    const sum = (key: "opened" | "refused" | "served") => same[key] + varied[key];
    return `opened: ${sum("opened")}, refused: ${sum("refused")}, served: ${sum("served")}`;
  },
};

/** Long enough for some scrapes of each. */
const scrapedForMs = 25_000;

const hostileTargets: Attack = {
  name: "hostile_targets",
  run: async ({ targetsFile }, signal) => {
    const hostile = await startHostileTargets();
    try {
      const groups = hostileTargetNames.map((name) => ({
        targets: [hostile.address],
        labels: { __metrics_path__: `/${name}` },
      }));
      await writeFile(targetsFile, JSON.stringify(groups));
      await Promise.race([Bun.sleep(scrapedForMs), aborted(signal)]);
      return `${hostileTargetNames.length} targets`;
    } finally {
      await writeFile(targetsFile, "[]");
      await hostile.stop();
    }
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** In the order in which the benchmark runs them. */
export const attacks: readonly Attack[] = [
  sqlBombs,
  promqlBombs,
  logqlBombs,
  mixedQueries,
  tails,
  syslogNuls,
  gelfBombs,
  pushes,
  hostileTargets,
];
