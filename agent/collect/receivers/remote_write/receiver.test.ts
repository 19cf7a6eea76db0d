import { expect, test } from "bun:test";
import { wire } from "../receiver.fixture.ts";
import {
  start,
  label,
  series1,
  symbolsAndSeries,
  series2,
  now,
  up,
  written,
} from "./remote_write.fixture.ts";

const staleBits = Uint8Array.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

test("remote write 1.0 stores samples and answers 204 without the headers of 2.0", async () => {
  const { held, send } = start();
  const response = await send(
    series1(up, [
      [now, 1],
      [now + 1, 2.5],
    ]),
  );
  expect(written(response)).toEqual([204, null, null, null]);
  expect(await response.text()).toBe("");
  expect(held.of({ job: "a" })).toEqual([
    { timestampMs: now, value: 1 },
    { timestampMs: now + 1, value: 2.5 },
  ]);
});
test("remote write 1.0 stores the same whether series come in the order of before or in any other", async () => {
  const { held, send } = start();
  const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
  const orders = [names, names, names.toReversed(), names.slice(10), ["new", ...names], names];
  const wanted = new Map<string, number[]>();
  for (const [round, order] of orders.entries()) {
    const message = order.map((name, i) => {
      wanted.set(name, [...(wanted.get(name) ?? []), round + i]);
      return series1([["__name__", name]], [[now + round, round + i]]);
    });
    expect((await send(Buffer.concat(message))).status).toBe(204);
  }
  for (const [name, values] of wanted)
    expect(held.of({ __name__: name }).map(({ value }) => value)).toEqual(values);
});
test("remote write 1.0 sorts labels and takes those with empty values for absent", async () => {
  const { held, send } = start();
  await send(
    series1(
      [
        ["b", "2"],
        ["empty", ""],
        ["__name__", "m"],
      ],
      [[now, 1]],
    ),
  );
  await send(
    series1(
      [
        ["__name__", "m"],
        ["b", "2"],
      ],
      [[now + 1, 2]],
    ),
  );
  expect([...held.labels.values()]).toEqual([{ __name__: "m", b: "2" }]);
  expect(held.of({ b: "2" }).length).toBe(2);
});
test("remote write keeps stale markers by their bits, and no NaN passes for our own mark", async () => {
  const absent = Uint8Array.from([1, 0, 0, 0, 0x50, 0x4c, 0xf4, 0x7f]);
  const { held, send } = start();
  await send(
    series1(up, [
      [now, staleBits],
      [now + 1, absent],
      [now + 2, Number.NaN],
    ]),
  );
  expect(held.of({ job: "a" }).map(({ value }) => value)).toEqual([
    "stale",
    Number.NaN,
    Number.NaN,
  ]);
});
test("remote write 1.0 rolls back the whole request on a sample in the year 3000", async () => {
  const { held, send } = start();
  const response = await send(
    Buffer.concat([
      series1([["__name__", "good"]], [[now, 1]]),
      series1(up, [[32_503_680_000_000, 1]]),
    ]),
  );
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("out of bounds");
  expect(held.batches).toBe(0);
  expect(held.drops).toEqual({ out_of_bounds_timestamp: 2 });
});
test("remote write 1.0 answers 400 for labels that it can't store, names them, and keeps the rest", async () => {
  const name: [string, string] = ["__name__", "m"];
  const many = Array.from({ length: 40_000 }, (_, i): [string, string] => [`l${i}`, "x"]);
  const faulty: readonly (readonly [pairs: [string, string][], reason: string, text: string])[] = [
    [[["job", "a"]], "invalid_sample", 'series without __name__: series {job="a"}'],
    [[], "invalid_sample", "series without __name__: series {}"],
    [
      [name, ["a", "1"], ["a", "2"]],
      "invalid_sample",
      'duplicate label "a": series {__name__="m", a="1"',
    ],
    [[name, name], "invalid_sample", 'duplicate label "__name__": series {__name__="m"'],
    [[name, ["", "x"]], "invalid_sample", 'label name is empty: series {__name__="m"'],
    [[...many, name], "label_limit", "series has more than 32768 labels: series {l0="],
    [
      [["a", "v".repeat(70_000)], name],
      "label_limit",
      'labels are larger than 65536 bytes: series {__name__="m", a="vvv',
    ],
  ];
  for (const [pairs, reason, text] of faulty) {
    const { held, send } = start();
    const response = await send(
      Buffer.concat([
        series1(pairs, [
          [now, 1],
          [now + 1, 1],
        ]),
        series1(up, [[now, 1]]),
      ]),
    );
    expect(response.status).toBe(400);
    const message = await response.text();
    expect(message).toContain(text);
    expect(message.length).toBeLessThan(700);
    expect(held.names()).toEqual(["up"]);
    expect(held.drops).toEqual({ [reason]: 2 });
  }
});
test("remote write 1.0 answers 400 for labels that are not UTF-8", async () => {
  const { held, send } = start();
  const good = series1(
    [
      ["__name__", "m"],
      ["a", "XY"],
    ],
    [[now, 1]],
  );
  good[good.indexOf("XY")] = 0xff;
  const response = await send(Buffer.concat([good, series1(up, [[now, 1]])]));
  expect([response.status, await response.text()]).toEqual([
    400,
    'label is not valid UTF-8: series {__name__="m"}\n',
  ]);
  expect(held.names()).toEqual(["up"]);
  expect(held.drops).toEqual({ invalid_sample: 1 });
});
test("remote write takes the same sample twice, and refuses another value at its time", async () => {
  const { held, send } = start();
  expect((await send(series1(up, [[now, 1]]))).status).toBe(204);
  expect((await send(series1(up, [[now, 1]]))).status).toBe(204);
  const conflict = await send(series1(up, [[now, 2]]));
  expect([conflict.status, await conflict.text()]).toEqual([
    400,
    expect.stringContaining("duplicate sample"),
  ]);
  expect((await send(series1(up, [[now - 60_000, 2]]))).status).toBe(204);
  expect(held.of({ job: "a" }).map(({ value }) => value)).toEqual([1, 2]);
});
test("remote write takes labels that stand behind samples, and fields it does not know", async () => {
  const { held, send } = start();
  const sample = wire.message(2, wire.double(1, 7), wire.varint(2, now));
  await send(wire.message(1, label("__name__", "m"), sample, label("z", "1"), wire.varint(99, 1)));
  expect(held.of({ __name__: "m", z: "1" })).toEqual([{ timestampMs: now, value: 7 }]);
});
test("remote write 1.0 hands metadata on, also in a request of its own", async () => {
  const { held, send } = start();
  const metadata = wire.message(
    3,
    wire.varint(1, 1),
    wire.bytes(2, "m"),
    wire.bytes(4, "Help."),
    wire.bytes(5, "s"),
  );
  expect((await send(metadata)).status).toBe(204);
  expect(held.families.get("m")).toEqual({ name: "m", type: "counter", help: "Help.", unit: "s" });
  await send(metadata);
  expect(held.batches).toBe(1);
});
/** Spans {1,2} and {2,1}, so buckets 1, 2 and 5, with counts 3, 1 and 2; schema 0, zero bucket 1 within 0.5. */
const histogramFields = (sum: Uint8Array) => [
  wire.varint(1, 7),
  sum,
  wire.varint(4, 0),
  wire.double(5, 0.5),
  wire.varint(6, 1),
  wire.message(11, wire.varint(1, 2), wire.varint(2, 2)),
  wire.message(11, wire.varint(1, 4), wire.varint(2, 1)),
  wire.varint(12, 6),
  wire.varint(12, 3),
  wire.varint(12, 2),
];
const stored = {
  schema: 0,
  zeroThreshold: 0.5,
  zeroCount: 1,
  count: 7,
  sum: 1.5,
  positive: { indices: Int32Array.of(1, 2, 5), counts: Float64Array.of(3, 1, 2) },
  negative: { indices: new Int32Array(0), counts: new Float64Array(0) },
  customValues: [],
};
test("remote write stores native histograms of 1.0 and 2.0, each once", async () => {
  const { held, send, send2 } = start();
  const fields = [...histogramFields(wire.double(3, 1.5)), wire.varint(15, now)];
  const body = Buffer.concat([
    series1(up, [[now, 1]]),
    series1([["__name__", "h"]], [], wire.message(4, ...fields)),
  ]);
  expect((await send(body)).status).toBe(204);
  expect((await send(body)).status).toBe(204);
  const gauge = wire.message(3, ...fields, wire.varint(14, 3));
  const second = await send2(
    symbolsAndSeries(
      ["", "__name__", "h2", "g"],
      series2([1, 2], [], gauge),
      series2([1, 3], [[now, 1]]),
    ),
  );
  expect(written(second)).toEqual([204, "1", "1", "0"]);
  expect(held.histograms).toEqual([
    {
      labels: { __name__: "h" },
      timestampMs: now,
      histogram: { ...stored, counterResetHint: "unknown" },
    },
    {
      labels: { __name__: "h2" },
      timestampMs: now,
      histogram: { ...stored, counterResetHint: "gauge" },
    },
  ]);
  expect(held.of(Object.fromEntries(up))).toEqual([{ timestampMs: now, value: 1 }]);
  expect(held.drops).toEqual({});
});
test("remote write takes a histogram with a stale sum as a stale marker, and refuses what is none", async () => {
  const { held, send } = start();
  const stale = Buffer.from([25, 2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);
  const ended = wire.message(4, ...histogramFields(stale), wire.varint(15, now));
  expect((await send(series1([["__name__", "h"]], [], ended))).status).toBe(204);
  expect(held.of({ __name__: "h" })).toEqual([{ timestampMs: now, value: "stale" }]);
  const tooMany = wire.message(11, wire.varint(1, 0), wire.varint(2, 1_000_000));
  const broken = wire.message(4, tooMany, wire.varint(15, now + 1));
  const answer = await send(series1([["__name__", "h"]], [], broken));
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining("invalid histogram"),
  ]);
  expect(held.histograms).toEqual([]);
  expect(held.drops).toEqual({ invalid_sample: 1 });
});
test("remote write 2.0 knows a series again although its symbols have other numbers", async () => {
  const { held, send2 } = start();
  await send2(symbolsAndSeries(["", "__name__", "m", "a", "b"], series2([1, 2, 3, 4], [[now, 1]])));
  await send2(
    symbolsAndSeries(["", "b", "m", "a", "__name__"], series2([3, 1, 4, 2], [[now + 1, 2]])),
  );
  expect(held.of({ __name__: "m", a: "b" }).length).toBe(2);
});
test("remote write 2.0 stores the good rest and answers 400 for each kind of fault", async () => {
  const faulty: Record<string, Uint8Array> = {
    "out of bounds": series2([1, 2], [[now + 660_000, 1]]),
    "without __name__": series2([3, 2], [[now, 1]]),
    "duplicate label": series2([1, 2, 3, 2, 3, 2], [[now, 1]]),
    "odd number": series2([1, 2, 3], [[now, 1]]),
    "symbol 77": series2([1, 77], [[now, 1]]),
    "no samples": series2([1, 2], []),
    "label name is empty": series2([1, 2, 0, 2], [[now, 1]]),
  };
  for (const [text, series] of Object.entries(faulty)) {
    const { held, send2 } = start();
    const response = await send2(
      symbolsAndSeries(["", "__name__", "m", "a", "good"], series, series2([1, 4], [[now, 1]])),
    );
    expect(written(response)).toEqual([400, "1", "0", "0"]);
    expect(await response.text()).toContain(text);
    expect(held.names()).toEqual(["good"]);
  }
});
test("remote write 2.0 wants the empty string as its first symbol", async () => {
  const { send2 } = start();
  const response = await send2(
    symbolsAndSeries(["a", "__name__", "m"], series2([1, 2], [[now, 1]])),
  );
  expect(written(response)).toEqual([400, "0", "0", "0"]);
});
test("remote write checks in Prometheus's order: encoding, size, snappy, method, type, message", async () => {
  const { app, send } = start({ body_size_max: "1KiB" });
  const status = async (body: Buffer | null, headers: Record<string, string>, method = "POST") =>
    (
      await app.request("/api/v1/write", {
        method,
        headers,
        body: body === null ? null : new Uint8Array(body),
      })
    ).status;
  const big = Buffer.alloc(2_048);
  expect(await status(big, { "content-encoding": "gzip" })).toBe(415);
  expect(await status(big, { "content-encoding": "snappy" }, "PUT")).toBe(413);
  expect(await status(Buffer.from([255, 1]), {}, "PUT")).toBe(400);
  expect(await status(null, {}, "GET")).toBe(400);
  expect((await send(Buffer.alloc(0), {}, "PUT")).status).toBe(405);
  expect((await send(Buffer.from([1]), { "content-type": "text/plain" })).status).toBe(415);
  expect(
    (await send(Buffer.from([1]), { "content-type": "application/x-protobuf;proto=x" })).status,
  ).toBe(415);
  expect((await send(Buffer.from([10, 5]), {})).status).toBe(400);
  expect((await send(Buffer.from([0, 0]), {})).status).toBe(400);
});
test("remote write refuses a snappy bomb by its header", async () => {
  const { app } = start();
  const bomb = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x0f, 0, 97]);
  const response = await app.request("/api/v1/write", { method: "POST", body: bomb });
  expect(response.status).toBe(400);
});
test("remote write answers 503 when the spool is broken, and takes the samples when they come again", async () => {
  const { held, send, send2 } = start();
  held.isBroken = true;
  const response = await send(series1(up, [[now, 1]]));
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  const second = await send2(symbolsAndSeries(["", "__name__", "m"], series2([1, 2], [[now, 1]])));
  expect(written(second)).toEqual([503, "0", "0", "0"]);
  held.isBroken = false;
  await send(series1(up, [[now, 1]]));
  expect(held.of({ job: "a" }).length).toBe(1);
});
test("remote write refuses series over the limit, keeps the known ones, and takes new ones for idle ones", async () => {
  const { held, send } = start({ series_max: 2 });
  const named = (...names: readonly string[]) =>
    Buffer.concat(names.map((name) => series1([["__name__", name]], [[held.nowMs, 1]])));
  expect((await send(named("a", "b"))).status).toBe(204);
  held.nowMs += 1;
  const refused = await send(named("a", "c"));
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining("limit of series"),
  ]);
  expect(held.drops).toEqual({ series_limit: 1 });
  held.nowMs += 3_600_000;
  expect((await send(named("b"))).status).toBe(204);
  held.nowMs += 3_000_000;
  expect((await send(named("c"))).status).toBe(204);
  expect(held.names()).toEqual(["a", "b", "c"]);
});
