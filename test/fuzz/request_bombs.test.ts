import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";

const Outcome = z.object({
  statuses: z.record(z.string(), z.number()),
  grownMegabytes: z.number(),
  stored: z.number(),
});

/** Half of it is the body, as sent and unpacked; before parts were counted it was up to 5,000. */
const grownMegabytesMax = 500;

test("bodies that would be gigabytes as objects are refused, and the process stays small", async () => {
  const script = join(import.meta.dir, "..", "support", "request_bombs.ts");
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
  const outcome = Outcome.parse(JSON.parse(await new Response(child.stdout).text()));
  expect(await child.exited).toBe(0);
  expect(outcome.statuses).toEqual({
    otlp_messages: 413,
    otlp_logs: 413,
    otlp_json: 413,
    otlp_gzip: 413,
    loki_entries: 413,
    loki_json: 413,
    influx_fields: 400,
    influx_lines: 204,
    push_lines: 413,
    write_series: 413,
    write_samples: 413,
    write_labels: 400,
    write_histograms: 413,
    write_spans: 400,
    write_symbols: 400,
    write_claim: 400,
  });
  expect(outcome.grownMegabytes).toBeLessThan(grownMegabytesMax);
  expect(outcome.stored).toBe(0);
}, 60_000);
