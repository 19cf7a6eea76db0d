import { expect, test } from "bun:test";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { SourceContext } from "../source.ts";
import { prometheusScrape } from "./source.ts";
import type { TargetReport } from "../target_report.ts";

function contextOf(signal: AbortSignal, more: Partial<SourceContext>): SourceContext {
  return {
    clock: systemClock,
    log: silentLogger,
    signal,
    hostname: "here",
    every: async function* () {},
    emitMetrics: () => Promise.resolve(),
    emitLogs: () => Promise.resolve(),
    checkpoint: () => undefined,
    checkpoints: () => new Map(),
    drop: () => {},
    degraded: () => {},
    ...more,
  };
}
const configOf = (port: number | undefined) =>
  prometheusScrape.config.parse({
    global: { scrape_interval: "100ms" },
    scrape_configs: [{ job_name: "j", static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  });
const serve = () =>
  Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("a 1\n", { headers: { "Content-Type": "text/plain" } }),
  });

test("the source scrapes, reports targets, and ends when it is stopped", async () => {
  const server = serve();
  const abort = new AbortController();
  const scraped = Promise.withResolvers<MetricsBatch>();
  const reported = Promise.withResolvers<readonly TargetReport[]>();
  const running = prometheusScrape.run(
    configOf(server.port),
    contextOf(abort.signal, {
      emitMetrics: (batch) => Promise.resolve(scraped.resolve(batch)),
      reportTargets: (targets) => {
        if (targets[0]?.health === "up") reported.resolve(targets);
      },
    }),
  );
  expect((await scraped.promise).schema.series).toContainEqual(
    expect.objectContaining({ __name__: "a", job: "j" }),
  );
  expect(await reported.promise).toMatchObject([{ pool: "j", health: "up", samples: 1 }]);
  abort.abort();
  await running;
  await server.stop(true);
});

test("the source fails when what it collects can't be handed over", async () => {
  const server = serve();
  const running = prometheusScrape.run(
    configOf(server.port),
    contextOf(new AbortController().signal, {
      emitMetrics: () => Promise.reject(new Error("no disk")),
    }),
  );
  let message = "";
  try {
    await running;
  } catch (thrown) {
    message = String(thrown);
  }
  expect(message).toContain("no disk");
  await server.stop(true);
});
