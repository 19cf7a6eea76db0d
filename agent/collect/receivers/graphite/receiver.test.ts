import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { GraphiteConfig } from "./config.ts";
import { GraphiteIntake } from "./intake.ts";
import { graphite } from "./receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-graphite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const anyPort = "127.0.0.1:0";

function taking(options: object = {}) {
  const held = new Held();
  const intake = new GraphiteIntake(GraphiteConfig.parse(options), held.context(), undefined);
  const send = async (text: string | Uint8Array) => {
    const bytes = Buffer.from(text);
    intake.take(bytes, 0, bytes.length);
    await intake.queue.written();
  };
  return { held, send, seconds: held.nowMs / 1_000 };
}

test("lines are samples at their own times, with tags as labels", async () => {
  const { held, send, seconds } = taking({ labels: { env: "test" } });
  await send(
    [
      `servers.web-1.load 1.5 ${seconds - 60}`,
      `servers.web-1.load 2 ${seconds - 50.5}\r`,
      "",
      `  load;host=web1;a.b=c\t-3e2   ${seconds}`,
      "now 7 -1",
      `1x:y 1 ${seconds}`,
    ].join("\n"),
  );
  expect(held.of({ __name__: "servers_web_1_load", env: "test" })).toEqual([
    { timestampMs: held.nowMs - 60_000, value: 1.5 },
    { timestampMs: held.nowMs - 50_500, value: 2 },
  ]);
  expect(held.of({ __name__: "load", host: "web1", a_b: "c" })[0]?.value).toBe(-300);
  expect(held.of({ __name__: "now" })).toEqual([{ timestampMs: held.nowMs, value: 7 }]);
  expect(held.names()).toContain("_1x:y");
  expect(held.drops).toEqual({});
});

test("what can't be taken is counted by its reason, and its neighbours are kept", async () => {
  const { held, send, seconds } = taking({ series_max: 2 });
  const bad = ["a", "a 1", "a x 1", `a 1 ${seconds} more`, "a nan 1", `a 1 x`];
  await send(`${bad.join("\n")}\na 1 ${seconds}\na 1 ${seconds + 601}\na 1 -5`);
  await send(`a 1 ${seconds - 99_999}`);
  await send(`b;x;=y;c=;__n__=z;k=v 1 ${seconds}\n${"x".repeat(9_000)} 1 ${seconds}`);
  await send(`c 1 ${seconds}`);
  await send(Buffer.concat([Buffer.of(0xff), Buffer.from(` 1 ${seconds}`)]));
  expect(held.of({ __name__: "a" }).length).toBe(1);
  expect(held.of({ __name__: "b", k: "v" }).length).toBe(1);
  expect(held.notStored).toEqual({ tag: 4 });
  expect(held.drops).toEqual({
    invalid_sample: bad.length + 1,
    out_of_bounds_timestamp: 2,
    too_old_sample: 1,
    label_limit: 1,
    series_limit: 1,
  });
});

test("over TCP and UDP, through the rules of graphite_exporter's file", async () => {
  const file = join(folder, "mapping.yml");
  const rules = [
    { match: "servers.*.load", name: "load", labels: { server: "$1" }, scale: 2 },
    { match: "drop.*", name: "dropped", action: "drop" },
  ];
  writeFileSync(file, JSON.stringify({ mappings: rules }));
  const held = new Held();
  const options = { tcp_listen: anyPort, udp_listen: anyPort, mapping_config: file };
  const config = GraphiteConfig.parse({ ...options, strict_match: true });
  const { ports, receiver } = await started((context) => graphite.open(config, context), held);
  const [udp = 0, tcp = 0] = ports;
  const seconds = held.nowMs / 1_000;
  const connection = connect(tcp, "127.0.0.1");
  connection.write(`servers.a.load 1 ${seconds}\nservers.b`);
  connection.end(`.load 2 ${seconds}\ndrop.x 1 ${seconds}\nother 1 ${seconds}`);
  const socket = await Bun.udpSocket({});
  socket.send(`servers.c.load 3 ${seconds}\n`, udp, "127.0.0.1");
  await eventually(() => held.labels.size === 3);
  socket.close();
  await receiver.stop?.();
  for (const [server, value] of [
    ["a", 2],
    ["b", 4],
    ["c", 6],
  ] as const)
    expect(held.of({ __name__: "load", server })[0]?.value).toBe(value);
  expect(held.drops).toEqual({ relabel: 2 });
});

test("every good line of any text is taken, once", async () => {
  const word = fc.stringMatching(/^[a-z]{1,3}$/);
  const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("."));
  const value = fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e15, min: -1e15 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(path, { maxLength: 20 }), value, async (paths, one) => {
      const { held, send, seconds } = taking();
      await send(paths.map((own) => `${own} ${one} ${seconds}`).join("\n"));
      expect(held.labels.size).toBe(paths.length);
      for (const [{ value: stored } = { value: 0 }] of held.samples.values())
        // The text of -0 has no sign.
        expect(stored).toBe(Number(String(one)));
      expect(held.drops).toEqual({});
    }),
    { numRuns: 50 },
  );
});

test(`mutated lines never fail, and good ones beside them are taken (FUZZ_SEED=${fuzzSeed()})`, async () => {
  const { held, send, seconds } = taking({ series_max: 5_000 });
  const random = randomOf(fuzzSeed());
  const line = Buffer.from(`a.b;k=v 1.5e3 ${seconds}\nc 2 -1`);
  const rounds = 2_000;
  for (let round = 0; round < rounds; round++)
    await send(
      Buffer.concat([
        mutated(line, random),
        Buffer.from(`\ngood ${round} ${seconds + round / 100}`),
      ]),
    );
  expect(held.of({ __name__: "good" }).length).toBe(rounds);
  expect(held.drops.invalid_sample).toBeGreaterThan(100);
});
