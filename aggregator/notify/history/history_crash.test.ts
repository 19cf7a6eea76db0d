import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { crashGroup, observed, openTestHistory } from "./history_crash.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-history-crash-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hosts = Array.from({ length: 40 }, (_, i) => `h${i}`);
/** Host i fires from evaluation i on; the even ones only for three evaluations. */
const firingAt = (round: number) =>
  hosts.filter((_, i) => i <= round && (i % 2 === 1 || round < i + 3));

async function startProcess(file: string) {
  const fixture = join(import.meta.dir, "history_crash.fixture.ts");
  const child = Bun.spawn([process.execPath, fixture, file], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = new LineReader(child.stdout);
  expect(await lines.next()).toBe("ready");
  return {
    ask: async (line: string) => {
      await child.stdin.write(`${line}\n`);
      await child.stdin.flush();
      return lines.next();
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** The states of each host in their order, after one more evaluation. */
async function statesAfter(file: string, round: number): Promise<Map<string, string[]>> {
  const { history, catalog } = await openTestHistory(file);
  await history.evaluated(crashGroup, observed(firingAt(round)), 1_000);
  await history.written();
  const all = { before: undefined, state: undefined, name: undefined, limit: 1_000 };
  const found = await history.changes({ ...all, startMs: 0, endMs: 2_000 });
  await history.stop();
  await catalog.close();
  const byHost = Map.groupBy(found.toReversed(), ({ labels }) => labels["host"] ?? "");
  return new Map([...byHost].map(([host, rows]) => [host, rows.map(({ state }) => state)]));
}

test(`after a SIGKILL at any moment the next evaluation writes what holds, and nothing twice (seed ${crashSeed})`, async () => {
  const below = crashMoments();
  for (let i = 0; i < 6; i++) {
    const file = join(folder, `${i}.db`);
    const child = await startProcess(file);
    const rounds = 5 + below(hosts.length - 5);
    const waited = below(rounds);
    for (let round = 0; round < rounds; round++) {
      expect(await child.ask(firingAt(round).join(" "))).toBe("seen");
      if (round === waited) expect(await child.ask("wait")).toBe("written");
    }
    await Bun.sleep(below(20));
    await child.kill();
    const states = await statesAfter(file, rounds);
    const expected = hosts.map((host, j): [string, string[] | undefined] => {
      if (firingAt(rounds).includes(host)) return [host, ["firing"]];
      const ended = ["firing", "resolved"];
      // Of one that came and went after the last write, nothing may be left.
      const isSure = j <= waited;
      return [host, isSure || states.has(host) ? ended : undefined];
    });
    expect(hosts.map((host) => [host, states.get(host)])).toEqual(
      expected.map(([host, own], j) => [host, j > rounds ? undefined : own]),
    );
  }
}, 120_000);
