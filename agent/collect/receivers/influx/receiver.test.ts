import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { Held, opened } from "../receiver.fixture.ts";
import { parseInfluxLine } from "./line_protocol.ts";
import { influx } from "./receiver.ts";

const now = new Held().nowMs;
function start() {
  const held = new Held();
  const { app } = opened((context) => influx.open(influx.config.parse({}), context), held);
  const write = (
    body: string | Uint8Array<ArrayBuffer>,
    query = "",
    headers: Record<string, string> = {},
  ) => app.request(`/write${query}`, { method: "POST", headers, body });
  return { held, app, write };
}

test("influx: fields become metrics, tags labels, and the time is nanoseconds", async () => {
  const { held, write } = start();
  const line = `cpu,host=a\\ b,re\\,gion=eu usage_idle=92.5,count=3i,ok=t,note="x, y=\\"z\\"" ${now}000000`;
  expect((await write(`${line}\n# comment\n\n`)).status).toBe(204);
  expect(held.names()).toEqual(["cpu_count", "cpu_ok", "cpu_usage_idle"]);
  const labels = { __name__: "cpu_usage_idle", host: "a b", re_gion: "eu" };
  expect(held.of(labels)).toEqual([{ timestampMs: now, value: 92.5 }]);
  expect(held.notStored).toEqual({ text_field: 1 });
});
test("influx: precision scales the time, and without a time it is now", async () => {
  const { held, app, write } = start();
  await write(`a v=1 ${now / 1_000}`, "?precision=s");
  await write("b v=1");
  const gz = new Uint8Array(gzipSync(`c v=1 ${now}`));
  const headers = { "content-encoding": "gzip" };
  await app.request("/api/v2/write?precision=ms", { method: "POST", headers, body: gz });
  for (const name of ["a_v", "b_v", "c_v"])
    expect(held.of({ __name__: name })).toEqual([{ timestampMs: now, value: 1 }]);
  expect((await write("a v=1", "?precision=fortnight")).status).toBe(400);
});
test("influx: bad lines are told by number, the good ones stored", async () => {
  const { held, write } = start();
  const response = await write(
    "good v=1\nbad\nbad v=x\nfar v=1 9000000000000000000\nalso v=2\nb,a=1,a=2 v=1",
  );
  expect(response.status).toBe(400);
  const { error } = await response.json();
  for (const text of [
    "line 2 has no fields",
    "line 3 has the field",
    "line 4 has the time",
    "line 6 has a tag twice",
  ])
    expect(error).toContain(text);
  expect(held.names()).toEqual(["also_v", "good_v"]);
  expect(held.drops).toEqual({ invalid_sample: 3, out_of_bounds_timestamp: 1 });
});
test("influx: a large body is read as a small one, whatever its characters are", async () => {
  const { held, write } = start();
  const value = "\u20ac\u{1f600}\ufeff".repeat(40);
  const lines = Array.from({ length: 2_000 }, (_, i) => `m,i=${i},t=${value} v=${i}`);
  lines[1_234] = "bad";
  const response = await write(Buffer.from(`\ufeff${lines.join("\n")}`));
  expect(await response.json()).toMatchObject({
    error: "partial write: line 1235 has no fields dropped=1",
  });
  for (const i of [0, 1, 999, 1_233, 1_235, 1_999])
    expect(held.of({ __name__: "m_v", i: String(i), t: value })).toEqual([
      { timestampMs: now, value: i },
    ]);
  const none = await write(Buffer.concat([Buffer.from(lines.join("\n")), Uint8Array.of(0xff)]));
  expect([none.status, await none.json()]).toEqual([400, { error: "body is not UTF-8" }]);
});
test("influx: integers are taken up to the ends of their types", async () => {
  const { held, write } = start();
  const good = {
    max_v: "18446744073709551615u",
    most_v: "9223372036854775807i",
    least_v: "-9223372036854775808i",
    odd_v: "9223372036854775809u",
  };
  const lines = Object.entries(good).map(([name, value]) => `${name.slice(0, -2)} v=${value}`);
  expect((await write(lines.join("\n"))).status).toBe(204);
  for (const [name, value] of Object.entries(good))
    expect(held.of({ __name__: name })).toEqual([
      { timestampMs: now, value: Number(value.slice(0, -1)) },
    ]);
  for (const value of ["18446744073709551616u", "9223372036854775808i", "-1u", "1.5i"]) {
    const response = await write(`good v=1\nbad v=${value}`);
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        error: `partial write: line 2 has the field "v=${value}" dropped=1`,
        code: "invalid",
        message: `partial write: line 2 has the field "v=${value}" dropped=1`,
      },
    ]);
  }
});
test("influx: /ping and CREATE DATABASE are answered as InfluxDB answers them", async () => {
  const { app } = start();
  for (const method of ["GET", "HEAD"]) {
    const ping = await app.request("/ping", { method });
    expect([ping.status, ping.headers.get("x-influxdb-version")]).toEqual([204, "1.8.10"]);
  }
  expect(await (await app.request("/ping?verbose=true")).json()).toEqual({ version: "1.8.10" });
  const form = new URLSearchParams({ q: 'CREATE DATABASE "telegraf"' }).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(form.length),
  };
  const asked = [
    await app.request(`/query?${form}`, { method: "POST" }),
    await app.request("/query", { method: "POST", headers, body: form }),
  ];
  for (const answer of asked)
    expect([answer.status, await answer.json()]).toEqual([200, { results: [{ statement_id: 0 }] }]);
  const other = await app.request("/query?q=SELECT%201", { method: "POST" });
  expect([other.status, await other.json()]).toEqual([
    400,
    { error: expect.stringContaining("only CREATE DATABASE") },
  ]);
});
test("influx: a broken spool is 503", async () => {
  const { held, write } = start();
  held.isBroken = true;
  expect((await write("a v=1")).status).toBe(503);
});
test("parseInfluxLine() gives a line or a fault for any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "=", ",", " ", "\\\\", '"', "1", "i", ".") }),
      (line) => {
        const parsed = parseInfluxLine(line);
        if (!("fault" in parsed)) expect(parsed.measurement).not.toBe("");
      },
    ),
    { seed: 7, numRuns: 3_000 },
  );
});

test("influx: a series does not keep the body that it came in", async () => {
  const { held, write } = start();
  const comment = Buffer.alloc(4 * 1024 ** 2, "#").toString();
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 64; i++)
    expect((await write(`new,tag=the_value_of_a_tag_number_${i} v=1\n${comment}`)).status).toBe(
      204,
    );
  Bun.gc(true);
  // 64 bodies take 256 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(128e6);
  expect(held.names()).toEqual(["new_v"]);
});
