import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LapwingProcess } from "#test/support/lapwing_process.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-memory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const chosen = "BUN_JSC_heapGrowthMaxIncrease=";

async function whileRunning(
  role: "agent" | "up",
  env: Readonly<Record<string, string>>,
  look: (proc: { readonly maps: string; readonly environ: string }) => void,
): Promise<void> {
  const nats = { servers: ["nats://127.0.0.1:1"] };
  const config = { data_dir: join(folder, `data-${role}`), nats, sources: [] };
  const running = await LapwingProcess.start({ role, name: role, folder, config, env });
  try {
    const read = (name: string) => readFileSync(`/proc/${running.pid}/${name}`, "utf8");
    look({ maps: read("maps"), environ: read("environ") });
    expect(await (await fetch(new URL("/-/healthy", running.url))).text()).toContain("Healthy");
  } finally {
    await running.end("SIGKILL");
  }
}

test.skipIf(process.platform !== "linux")(
  "an agent run from source has a small heap, and nothing of the aggregator in its memory",
  () =>
    whileRunning("agent", {}, ({ maps, environ }) => {
      expect(environ).toContain(`${chosen}0.5`);
      expect(maps).not.toContain("duckdb");
    }),
);
test.skipIf(process.platform !== "linux")("an agent's heap is as its environment says", () =>
  whileRunning("agent", { BUN_JSC_heapGrowthMaxIncrease: "1" }, ({ environ }) => {
    expect(environ).toContain(`${chosen}1`);
    expect(environ).not.toContain("BUN_JSC_smallHeapGrowthFactor");
  }),
);
test.skipIf(process.platform !== "linux")(
  "the heap of `up` grows less the larger it is, and DuckDB is not loaded before it is used",
  () =>
    whileRunning("up", {}, ({ maps, environ }) => {
      expect(environ).not.toContain(chosen);
      expect(environ).toContain("BUN_JSC_heapGrowthSteepnessFactor=");
      expect(maps).not.toContain("duckdb");
    }),
);
