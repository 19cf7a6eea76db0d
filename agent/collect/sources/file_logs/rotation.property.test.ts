import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  renameSync,
  truncateSync,
} from "node:fs";
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { TailHost } from "#test/support/tail_host.ts";

/** Rotated while nothing reads. */
type Down = "kill_rename" | "kill_copytruncate";

type Step =
  | { readonly do: "write"; readonly lines: number; readonly width: number }
  | { readonly do: "half" | "rename" | "copytruncate" | "stop" | "kill" | Down | "pause" | "turn" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      lines: fc.integer({ min: 1, max: 40 }),
      width: fc.integer({ min: 0, max: 200 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "half",
        "rename",
        "copytruncate",
        "stop",
        "kill",
        "kill_rename",
        "kill_copytruncate",
        "pause",
        "turn" as const,
      ),
    }),
  },
);

/** Writes numbered lines as a program would, and rotates as logrotate would. */
class Writer {
  #next = 0;
  #half = "";
  readonly #host: TailHost;
  readonly #path: string;

  constructor(host: TailHost, path: string) {
    this.#host = host;
    this.#path = path;
  }

  get count(): number {
    return this.#next;
  }

  write(lines: number, width: number): void {
    let text = this.#half;
    this.#half = "";
    for (let i = 0; i < lines; i++) text += `${this.#line(width)}\n`;
    appendFileSync(this.#path, text);
  }

  /** Starts a line that the next write finishes. */
  half(): void {
    if (this.#half !== "") return;
    appendFileSync(this.#path, `${this.#next++} unfi`);
    this.#half = "nished\n";
  }

  rotate(style: "rename" | "copytruncate"): void {
    // A program's write is whole when its file is exchanged; half a line in each of two files is two lines.
    if (this.#half !== "") this.write(0, 0);
    if (!existsSync(this.#path)) return;
    const older = readdirSync(this.#host.folder).filter((name) => /^app\.log\.\d+$/.test(name));
    for (let n = older.length; n >= 1; n--)
      renameSync(`${this.#path}.${n}`, `${this.#path}.${n + 1}`);
    if (style === "rename") {
      renameSync(this.#path, `${this.#path}.1`);
      return;
    }
    copyFileSync(this.#path, `${this.#path}.1`);
    truncateSync(this.#path, 0);
  }

  #line(width: number): string {
    return `${this.#next++} ${"x".repeat(width)}`;
  }
}

async function play(steps: readonly Step[], glob: string): Promise<void> {
  await using host = new TailHost();
  const options = { paths: [host.path(glob)], start_at: "beginning", rotate_wait: "1s" };
  const writer = new Writer(host, host.path("app.log"));
  host.start(options);
  writer.write(1, 0);
  await host.untilLines(1);
  for (const next of steps) {
    if (next.do === "write") writer.write(next.lines, next.width);
    else if (next.do === "half") writer.half();
    else if (next.do === "rename" || next.do === "copytruncate") writer.rotate(next.do);
    else if (next.do === "turn") await new Promise((resolve) => setImmediate(resolve));
    else if (next.do === "pause") await Bun.sleep(25);
    else {
      if (next.do === "stop") await host.stop();
      else await host.kill();
      writer.write(1, 3);
      if (next.do === "kill_rename" || next.do === "kill_copytruncate") {
        writer.rotate(next.do === "kill_rename" ? "rename" : "copytruncate");
        await Bun.sleep(6);
        writer.write(2, 3);
      }
      host.start(options);
    }
    // Generations are told apart by their times, which have the resolution of the kernel's tick.
    if (next.do === "rename" || next.do === "copytruncate") await Bun.sleep(6);
  }
  writer.write(1, 0);
  await host.untilLines(writer.count);
  // That nothing comes twice shows only in time: three scans.
  await Bun.sleep(60);
  const numbers = host.lines.map((line) => Number.parseInt(line.body, 10));
  const expected = Array.from({ length: writer.count }, (_, i) => i);
  expect(numbers.toSorted((a, b) => a - b)).toEqual(expected);
}

const numRuns = process.env["LAPWING_TEST_FULL"] === "1" ? 300 : 25;
for (const glob of ["app.log", "app.log*"])
  test(`every line arrives once through any writes, rotations and restarts, under ${glob}`, async () => {
    const steps = fc.array(step, { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(steps, (played) => play(played, glob)),
      { numRuns },
    );
  }, 300_000);
