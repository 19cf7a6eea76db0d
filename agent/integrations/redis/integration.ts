import { gauge } from "../../collect/samples/family.ts";
import { type LogSourceInput, defineIntegration } from "../integration.ts";
import { RedisConfig, sentinelPort, usualPort } from "./config.ts";
import { detectRedis } from "./detection.ts";

/** Redis, Valkey, KeyDB and sentinels; names of metrics as redis_exporter's. */
export const redis = defineIntegration({
  name: "redis",
  title: "Redis",
  job: "redis",
  config: RedisConfig,
  up: gauge("redis_up", "Whether the server answered."),
  instanceOf: ({ address }) => address,
  detect: detectRedis,
  load: async () => (await import("./collect.ts")).openRedis,
  logs: (options) => {
    const paths = options.log_files ?? usualLogs(options.address);
    return paths.length === 0 ? [] : [logSource(paths, options.address)];
  },
});

function usualLogs(address: string): string[] {
  if (address === `127.0.0.1:${usualPort}`)
    return ["/var/log/redis/redis-server.log", "/var/log/valkey/valkey-server.log"];
  if (address === `127.0.0.1:${sentinelPort}`)
    return ["/var/log/redis/redis-sentinel.log", "/var/log/valkey/valkey-sentinel.log"];
  return [];
}

/** "812:M 21 Nov 2026 21:37:34.903 * Ready to accept connections": process, role, local time, a sign for the level. */
function logSource(paths: readonly string[], instance: string): LogSourceInput {
  const form = String.raw`^(?P<pid>\d+):(?P<role>[A-Z]) (?P<time>\d\d? [A-Z][a-z]{2} \d{4} [\d:.]+) (?P<level>[.*#-]) `;
  return {
    type: "file_logs",
    paths,
    job: "redis",
    labels: { instance, log: "server" },
    processors: [
      { type: "regex", pattern: form },
      {
        type: "timestamp",
        from: "time",
        format: ["02 Jan 2006 15:04:05.000", "02 Jan 2006 15:04:05"],
        zone: "local",
        remove: true,
      },
      {
        type: "severity",
        values: { ".": "debug", "-": "debug", "*": "info", "#": "warn" },
      },
      { type: "labels", remove_attributes: ["level"] },
    ],
  };
}
