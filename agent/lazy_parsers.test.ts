import { expect, test } from "bun:test";
import { join } from "node:path";

const path = (file: string) => JSON.stringify(join(import.meta.dir, file));

/** Modules of the query languages that a process of an agent has loaded after a configuration was read. */
async function loadedBy(config: unknown): Promise<string[]> {
  const script = `
    const { AgentConfig } = await import(${path("config/config.ts")});
    await import(${path("agent.ts")});
    AgentConfig.parse(${JSON.stringify(config)});
    console.log(JSON.stringify(Object.keys(require.cache)));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const loaded: string[] = JSON.parse(await new Response(child.stdout).text());
  expect(loaded.length).toBeGreaterThan(100);
  return loaded.filter((file) => /query_language\/(?:promql|logql)\//.test(file));
}

test.each([
  ["nothing", {}, ""],
  [
    "a rule",
    {
      local_rules: {
        rules: [{ alert: "A", expr: "up == 0" }],
        webhooks: [{ url: "http://127.0.0.1:1/" }],
      },
    },
    "promql",
  ],
  ["a selector", { stream_aggregation: [{ match: "up", outputs: ["sum"] }] }, "promql"],
  [
    "a match",
    { sources: [{ type: "self_logs", processors: [{ type: "drop", match: "{}" }] }] },
    "logql",
  ],
])(
  "an agent whose configuration has %s loads only the parser that it needs",
  async (_, config, language) => {
    const files = await loadedBy(config);
    const languages = new Set(files.map((file) => /(?:promql|logql)/.exec(file)?.[0]));
    expect([...languages].join()).toBe(language);
  },
  60_000,
);
