import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import { rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { sawTooth } from "#test/support/saw_tooth.ts";
import { writeBlocks } from "#test/support/write_store.ts";

const minuteMs = 60_000;
const Answer = z.object({
  evaluations: z.number(),
  fired: z.number(),
  notifications: z.object({ count: z.number() }),
});

/**
 * How long does the backtest of one rule take, with the notifications that it would have made? A rule with `for` over a series of each
 * host, with a sample a minute, evaluated each minute. `--hosts`, `--days`, `--rounds`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "20" },
      days: { type: "string", default: "30" },
      rounds: { type: "string", default: "3" },
    },
  });
  const [hosts = 1, days = 1, rounds = 1] = [values.hosts, values.days, values.rounds].map(Number);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-backtest-"));
  const endMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  const dataDir = join(folder, "data");
  await writeBlocks(dataDir, sawTooth(hosts, days, endMs));
  const routing = join(folder, "alertmanager.yml");
  const receivers = [{ name: "ops", webhook_configs: [{ url: "http://127.0.0.1:9/" }] }];
  await writeFile(
    routing,
    stringify({ route: { receiver: "ops", group_by: ["alertname", "host"] }, receivers }),
  );
  const lapwing = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: { data_dir: dataDir, sources: [], alertmanager: { config_file: routing } },
  });
  try {
    const times: number[] = [];
    let last: z.output<typeof Answer> | undefined;
    for (let round = 0; round < rounds; round++) {
      const startedMs = performance.now();
      const answer = await fetch(new URL("/api/v1/monitoring/rules/backtest", lapwing.url), {
        method: "POST",
        body: JSON.stringify({
          expression: "load > 70",
          for: "10m",
          start: new Date(endMs - days * 1_440 * minuteMs).toISOString(),
          end: new Date(endMs).toISOString(),
        }),
      });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      last = Answer.parse(await answer.json());
      times.push(performance.now() - startedMs);
    }
    return {
      hosts,
      days,
      evaluations: last?.evaluations ?? 0,
      fired: last?.fired ?? 0,
      notifications: last?.notifications.count ?? 0,
      first_s: rounded((times[0] ?? 0) / 1_000),
      best_s: rounded(Math.min(...times) / 1_000),
    };
  } finally {
    await lapwing.end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}
