import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free_port.ts";

/** A real broker with its Prometheus plugin and management API, in a folder of its own. */
export type RabbitmqServer = {
  readonly managementUrl: string;
  readonly metricsUrl: string;
  /** A call of the management API as guest; gives the answer's text. */
  readonly api: (method: string, path: string, body?: object) => Promise<string>;
  stop(): Promise<void>;
};

const script = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/** Where the broker's own script is (that on PATH wants to become another user); undefined where it is not installed. */
export const rabbitmqPath = existsSync(script) && Bun.which("epmd") !== null ? script : undefined;

const startMaxMs = 60_000;

/** Takes about six seconds. Statistics come each second instead of each five. */
export async function startRabbitmq(): Promise<RabbitmqServer> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-rabbitmq-"));
  const [amqp, management, metrics, distribution, mapper] = await Promise.all(
    Array.from({ length: 5 }, () => freePort()),
  );
  const statistics = ["global", "basic", "detailed"].map(
    (each) => `management.sample_retention_policies.${each}.minute = 1`,
  );
  await writeFile(
    join(folder, "broker.conf"),
    `listeners.tcp.1 = 127.0.0.1:${amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = ${metrics}
collect_statistics_interval = 500
${statistics.join("\n")}
`,
  );
  await writeFile(join(folder, "plugins"), "[rabbitmq_management,rabbitmq_prometheus].");
  const silent = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  // Erlang's port mapper would else be started as a daemon that nobody stops.
  const epmd = Bun.spawn(["epmd", "-port", String(mapper), "-address", "127.0.0.1"], silent);
  const broker = Bun.spawn([script], {
    ...silent,
    stdout: Bun.file(join(folder, "out")),
    detached: true,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      RABBITMQ_CONFIG_FILE: join(folder, "broker"),
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_NODENAME: `lapwing${mapper}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(mapper),
      ERL_EPMD_ADDRESS: "127.0.0.1",
    },
  });
  const stop = async (): Promise<void> => {
    // The script and the emulator that it waits for.
    try {
      process.kill(-broker.pid, "SIGKILL");
    } catch {
      // It had ended by itself.
    }
    await broker.exited;
    epmd.kill();
    await epmd.exited;
    await rm(folder, { recursive: true, force: true });
  };
  const managementUrl = `http://127.0.0.1:${management}`;
  const metricsUrl = `http://127.0.0.1:${metrics}`;
  const deadline = performance.now() + startMaxMs;
  while (!(await answers(`${metricsUrl}/metrics`)) || !(await answers(managementUrl))) {
    if (broker.exitCode !== null || performance.now() > deadline) {
      const told = await Bun.file(join(folder, "out")).text();
      await stop();
      throw new Error(`rabbitmq-server did not start: ${told.slice(-2_000)}`);
    }
    await Bun.sleep(100);
  }
  return {
    managementUrl,
    metricsUrl,
    stop,
    api: async (method, path, body) => {
      const answer = await fetch(`${managementUrl}/api/${path}`, {
        method,
        headers: { Authorization: `Basic ${btoa("guest:guest")}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
      return answer.text();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.ok === true;
}
