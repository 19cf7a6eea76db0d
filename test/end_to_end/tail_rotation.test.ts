import { join } from "node:path";
import { expect, test } from "bun:test";
import type { LogsBatch } from "#shared/model/logs.ts";
import { TailHost } from "#test/support/tail_host.ts";

const seconds = process.env["LAPWING_TEST_FULL"] === "1" ? 60 : 8;
const linesPerSecond = 20_000;
const writer = join(import.meta.dir, "../support/log_writer.ts");

/** The number that each line begins with, counted; everything else about the lines is left alone. */
class Tally {
  readonly seen: Uint8Array;
  lines = 0;

  constructor(lines: number) {
    this.seen = new Uint8Array(lines);
  }

  add(batch: LogsBatch): void {
    let start = 0;
    for (const end of batch.bodyEnds) {
      let n = 0;
      for (let at = start; at < end && batch.bodies[at] !== 32; at++)
        n = n * 10 + ((batch.bodies[at] ?? 0) - 48);
      this.seen[n] = (this.seen[n] ?? 0) + 1;
      this.lines++;
      start = end;
    }
  }

  /** Numbers that did not come exactly once, the first few. */
  wrong(): string[] {
    const wrong: string[] = [];
    for (let n = 0; n < this.seen.length && wrong.length < 20; n++)
      if (this.seen[n] !== 1) wrong.push(`${n} came ${this.seen[n]} times`);
    return wrong;
  }
}

async function follow(style: string, isRestarted: boolean): Promise<void> {
  await using host = new TailHost();
  const tally = new Tally(linesPerSecond * seconds);
  host.keepLines = false;
  const count = (batch: LogsBatch) => tally.add(batch);
  host.onBatch = count;
  // As installed: nothing is looked at more often than by default.
  const options = {
    paths: [host.path("app.log")],
    // The first line may be there before the first look.
    start_at: "beginning",
    poll_interval: "200ms",
    rescan_interval: "1s",
    rotate_wait: "5s",
  };
  host.start(options);
  const command = [process.execPath, writer, host.path("app.log")];
  const rates = [linesPerSecond, seconds, 1].map(String);
  const child = Bun.spawn([...command, ...rates, style], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    await host.until(() => tally.lines >= 1, "the first line", 15_000);
    await child.stdin.write("\n");
    await child.stdin.end();
    for (const quarter of isRestarted ? [1, 2, 3] : []) {
      const lines = (tally.seen.length * quarter) / 4;
      await host.until(() => tally.lines >= lines, `${lines} lines`, seconds * 1_000);
      await host.kill();
      host.onBatch = count;
      host.start(options);
    }
    const written = Number(await new Response(child.stdout).text());
    expect(written).toBe(tally.seen.length);
    await host
      .until(() => tally.lines >= written, `${written} lines, have ${tally.lines}`, 15_000)
      .catch(() => {});
  } finally {
    child.kill();
    await child.exited;
  }
  await host.stop();
  expect(tally.wrong()).toEqual([]);
  expect(tally.lines).toBe(tally.seen.length);
}

const title = `${linesPerSecond} lines/s for ${seconds} s, rotated every second`;
for (const style of ["rename", "copytruncate", "both"])
  test(`every line once: ${title} by ${style}`, () => follow(style, false), (seconds + 30) * 1_000);

test(
  `every line once when the reader is killed meanwhile: ${title} by both`,
  () => follow("both", true),
  (seconds + 30) * 1_000,
);
