import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LineReader } from "#test/support/line_reader.ts";
import type { Pushed } from "#test/support/log_pusher.ts";
import { type PushedFormName, isPushedFormName, pushedForms } from "#test/support/pushed_forms.ts";
import { sumOfMetric } from "#test/support/self_metrics_reader.ts";

const anyPort = "127.0.0.1:0";

/**
 * What does a log line cost an agent that is pushed to it: received, parsed, mined, written to the spool and sent on? LogHub lines with their digits redrawn are
 * sent in each form by a process of its own to an agent of its own, whose CPU is measured from the first line to the last that is committed; its start is left
 * out, the compiler's warming up is not. `--lines` a form, `--batch` lines of one program in a request or message, `--connections`, `--forms a,b`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "1000000" },
      batch: { type: "string", default: "2000" },
      connections: { type: "string", default: "4" },
      forms: { type: "string", default: Object.keys(pushedForms).join(",") },
      flush_interval: { type: "string", default: "2s" },
    },
  });
  const forms = values.forms.split(",").filter(isPushedFormName);
  const world = await BenchWorld.start({ flushInterval: values.flush_interval });
  try {
    const cpu: Record<string, unknown> = {};
    const resident: Record<string, unknown> = {};
    const wire: Record<string, unknown> = {};
    const lines = Number(values.lines);
    for (const [i, form] of forms.entries()) {
      const sending = [values.lines, values.batch, values.connections];
      const measured = await measure(world, form, sending, lines * (i + 1));
      console.error(`${form}: ${JSON.stringify(measured)}`);
      cpu[form] = measured.cpuSecondsPerMillion;
      resident[form] = measured.residentMb;
      wire[form] = measured.wireBytesPerLine;
    }
    return {
      lines,
      cpu_s_per_million: cpu,
      rss_mb: resident,
      wire_bytes_per_line: wire,
      compaction: "on",
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

/** `stored`: lines that are committed when all of this form are. */
async function measure(
  world: BenchWorld,
  name: PushedFormName,
  sending: readonly string[],
  stored: number,
) {
  const agent = await world.startAgent({
    data_dir: join(world.folder, `agent_${name}`),
    sources: [],
    receivers: {
      syslog: { tcp_listen: anyPort },
      fluent: { listen: anyPort },
      gelf: { tcp_listen: anyPort },
    },
  });
  const form = pushedForms[name];
  const url = "listens" in form ? `tcp://127.0.0.1:${portOf(world, form.listens)}` : agent.url;
  const pusher = world.spawn([
    join(import.meta.dir, "../support/log_pusher.ts"),
    name,
    url,
    ...sending,
  ]);
  const said = new LineReader(pusher.stdout);
  await said.next();
  const meter = new UsageMeter(agent);
  await pusher.stdin.write("\n");
  await pusher.stdin.flush();
  const looking = setInterval(() => meter.look(), 250);
  const pushed: Pushed = JSON.parse(await said.next().finally(() => clearInterval(looking)));
  await world.waitForStored("logs", stored, () => meter.look());
  const { cpuSeconds, residentMb } = meter.usage();
  const own = await (await fetch(new URL("/metrics", agent.url))).text();
  const wireBytes = sumOfMetric(own, "lapwing_spool_written_bytes_total", { signal: "logs" });
  await agent.end("SIGKILL");
  return {
    cpuSecondsPerMillion: rounded((1e6 * cpuSeconds) / pushed.lines, 2),
    residentMb,
    pushedBytesPerLine: rounded(pushed.bytes / pushed.lines),
    wireBytesPerLine: rounded(wireBytes / pushed.lines),
  };
}

/** The port that the agent that was started last told in its log. */
function portOf(world: BenchWorld, message: string): number {
  const log = readFileSync(join(world.folder, "agent.log"), "utf8");
  const line = log.split("\n").findLast((text) => text.includes(`"msg":"${message}"`)) ?? "";
  return Number(/"port":(\d+)/.exec(line)?.[1]);
}
