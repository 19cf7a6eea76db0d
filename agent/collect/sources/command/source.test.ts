import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { TailHost } from "#test/support/tail_host.ts";
import { binder } from "../binder.ts";
import { command } from "./source.ts";

const run = (host: TailHost, script: string, options: Record<string, unknown> = {}) =>
  host.run(
    { command: ["/bin/sh", "-c", script], restart_wait: "10ms", ...options },
    binder(command),
  );

test("each line of a command is a record, of both outputs, whatever its bytes", async () => {
  await using host = new TailHost();
  run(host, String.raw`printf 'a $X\n\r\n\377\200\0z\r\nno end'; pwd >&2; echo $X >&2`, {
    env: { X: "x1" },
    working_directory: host.folder,
    labels: { zone: "a" },
    restart: "never",
  });
  await host.untilLines(6);
  const of = (stream: string) => host.lines.filter(({ labels }) => labels["stream"] === stream);
  expect(of("stderr").map(({ body }) => body)).toEqual([host.folder, "x1"]);
  expect(of("stdout").map(({ body }) => body)).toEqual(["a $X", "", "\ufffd\ufffd\0z", "no end"]);
  expect(host.bodies.map((body) => [...body])).toContainEqual([255, 128, 0, 122]);
  expect(of("stdout")[0]?.labels).toEqual({
    job: "command",
    host: "testhost",
    stream: "stdout",
    zone: "a",
  });
});

test("a line of 10 MB is cut and counted, its neighbours are whole", async () => {
  await using host = new TailHost();
  run(host, "echo before; head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after", {
    restart: "never",
  });
  await host.untilLines(3);
  expect(host.texts()).toEqual(["before", "x".repeat(256 * 1_024), "after"]);
  expect([host.truncated, host.lines[1]?.truncated]).toEqual([1, true]);
});

test("a command that ends is started again, and one that can't be run is named", async () => {
  await using host = new TailHost();
  run(host, "echo again; exit 3");
  await host.untilLines(3);
  await host.until(() => host.problem?.includes("ended with 3") === true, "its status");
  await host.stop();
  host.run({ command: ["/nowhere/x"] }, binder(command));
  await host.until(() => host.problem?.includes("can't run /nowhere/x") === true, "its status");
});

test("with restart: on_failure an end without failure is the end", async () => {
  await using host = new TailHost();
  run(host, `echo x >> ${host.path("runs")}; echo line; [ $(wc -l < ${host.path("runs")}) = 2 ]`, {
    restart: "on_failure",
  });
  await host.untilLines(2);
  await Bun.sleep(100);
  expect(readFileSync(host.path("runs"), "utf8")).toBe("x\nx\n");
});

test("a command waits in its pipe while the spool takes nothing", async () => {
  await using host = new TailHost();
  host.keepLines = false;
  const gate = Promise.withResolvers<void>();
  host.beforeKeep = () => gate.promise;
  const done = host.path("done");
  run(host, `yes ${"l".repeat(99)} | head -n 500000; touch ${done}`, { restart: "never" });
  await Bun.sleep(500);
  // The gate opens before anything can fail, or the source would never end.
  const isDone = existsSync(done);
  let records = 0;
  host.onBatch = (batch) => void (records += batch.bodyEnds.length);
  gate.resolve();
  expect(isDone).toBe(false);
  await host.until(() => records === 500_000, "all lines", 30_000);
});

test("a configuration without a command is refused", () => {
  expect(binder(command)({})).toMatchObject({ issues: [{ path: ["command"] }] });
});

test("its whole process group ends with the source", async () => {
  await using host = new TailHost();
  run(host, "trap '' TERM; sleep 1000 & echo $!; echo $$; wait; wait");
  await host.untilLines(2);
  await host.stop();
  // They are killed by then; a busy machine lets them die a little later.
  const deadlineMs = performance.now() + 10_000;
  while (host.texts().some(isThere)) {
    expect(performance.now()).toBeLessThan(deadlineMs);
    await Bun.sleep(10);
  }
});

function isThere(pid: string): boolean {
  const path = `/proc/${pid}/stat`;
  const state = existsSync(path) ? readFileSync(path, "utf8").split(" ")[2] : undefined;
  return state !== undefined && state !== "Z" && state !== "X";
}
