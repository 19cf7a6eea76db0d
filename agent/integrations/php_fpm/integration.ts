import type { z } from "zod";
import { errorLogSources } from "../log_sources/access_log.ts";
import type { HostView } from "../host_view.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { PhpFpmConfig, scrapeUri, usualPort } from "./config.ts";
import { fastCgiGet } from "./fastcgi.ts";
import { type PoolFile, readPoolFiles } from "./pool_files.ts";

/** Pools that are asked by one detection; a host with more needs them written down. */
const poolsMax = 16;

type Options = z.input<typeof PhpFpmConfig>;

/** Pools of PHP-FPM by FastCGI; names of metrics as php-fpm_exporter's. */
export const phpFpm = defineIntegration({
  name: "php_fpm",
  title: "PHP-FPM",
  job: "php_fpm",
  config: PhpFpmConfig,
  instanceOf: scrapeUri,
  async detect(host) {
    const process = host.processes.find(
      ({ name, executable, ownNetwork }) =>
        !ownNetwork && (name.startsWith("php-fpm") || executable.startsWith("php-fpm")),
    );
    if (process === undefined) return [];
    const because = `process ${process.name} (pid ${process.pid})`;
    const pools = (await readPoolFiles(host)).slice(0, poolsMax);
    if (pools.length === 0)
      return [{ confidence: 0.4, because: [because], options: {}, needs: [addressNeeded] }];
    return Promise.all(
      pools.map((pool) => findingOf(host, pool, because, followsErrorLog(pools, pool))),
    );
  },
  load: async () => (await import("./collect.ts")).openPhpFpm,
  logs: (options) => {
    const common = { job: "php_fpm", instance: scrapeUri(options) };
    const multiline = { mode: "start", start: String.raw`^\[\d\d-[A-Z][a-z]{2}-\d{4} ` };
    const time = {
      type: "timestamp",
      from: "time",
      format: "%d-%b-%Y %H:%M:%S",
      zone: "local",
      remove: true,
    };
    return [
      ...errorLogSources({
        ...common,
        multiline,
        paths: options.error_logs,
        read: [
          {
            type: "regex",
            pattern: String.raw`^\[(?P<time>[^\].]+)[^\]]*\] (?P<level>[A-Z]+): (?:\[pool (?P<pool>[^\]]+)\] )?(?:child (?P<pid>\d+))?`,
          },
          time,
          { type: "severity", values: { notice: "info", alert: "fatal" } },
        ],
      }),
      ...errorLogSources(
        {
          ...common,
          multiline,
          paths: options.slow_logs,
          read: [
            {
              type: "regex",
              pattern: String.raw`^\[(?P<time>[^\].]+)[^\]]*\]\s+\[pool (?P<pool>[^\]]+)\] pid (?P<pid>\d+)\nscript_filename = (?P<script>[^\n]*)(?:\n\[[^\]]*\] (?P<function>\S+))?`,
            },
            time,
            { type: "severity", from: "body", pattern: "(pool)", values: { pool: "warn" } },
          ],
        },
        "slow",
      ),
    ];
  },
});

/** All pools of a master write one error log: the first of them follows it. Where masters share one, or leave it to the usual place, it is one log, too. */
function followsErrorLog(
  pools: readonly PoolFile[],
  { isFirst, errorLog, address }: PoolFile,
): boolean {
  const first = pools.find((each) => each.isFirst && each.errorLog === errorLog);
  return isFirst && first?.address === address;
}

async function findingOf(
  host: HostView,
  { file, name, address, statusPath, slowLog, errorLog }: PoolFile,
  process: string,
  isFollowing: boolean,
): Promise<Finding<Options>> {
  const options: Options = {
    address,
    ...(statusPath === undefined ? {} : { status_path: statusPath }),
    ...(isFollowing ? {} : { error_logs: [] }),
    ...(isFollowing && errorLog !== undefined ? { error_logs: [errorLog] } : {}),
    ...(slowLog === undefined ? {} : { slow_logs: [slowLog] }),
  };
  const because = [process, `pool ${name} of ${file} listens on ${address}`];
  if (statusPath === undefined)
    return { confidence: 0.6, because, options, needs: [statusNeeded(file, name)] };
  const request = Buffer.from(fastCgiGet(statusPath, "json")).toString("latin1");
  const answer = await host.ask(splitAddress(address, usualPort), request);
  if (answer?.includes('"accepted conn":') === true)
    return {
      confidence: 1,
      because: [...because, `${statusPath} answers as its status page`],
      options,
      needs: [],
    };
  return { confidence: 0.6, because, options, needs: [rightNeeded(file, name, address)] };
}

function statusNeeded(file: string, pool: string): Need {
  return {
    key: "status_path",
    example: "/status",
    why: `write \`pm.status_path = /status\` to the section [${pool}] of ${file}, and reload PHP-FPM`,
  };
}

function rightNeeded(file: string, pool: string, address: string): Need {
  return {
    key: "address",
    example: address,
    why:
      `${address} does not let the agent in: write \`listen.acl_users = www-data,lapwing\` (or \`listen.mode\`, or a group of the agent's) ` +
      `to the section [${pool}] of ${file}, with the web server's own user, and restart PHP-FPM`,
  };
}

const addressNeeded: Need = {
  key: "address",
  example: "/run/php/php-fpm.sock",
  why: "no file of a pool could be read: name what its `listen` says, and set `pm.status_path = /status` there",
};
