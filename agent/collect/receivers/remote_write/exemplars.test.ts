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

const faulty = (...fields: Uint8Array[]) => wire.message(4, wire.varint(3, now), ...fields);

test("remote write 2.0 stores exemplars and start timestamps, and tells what was written", async () => {
  const { held, send2 } = start();
  const exemplar = wire.message(
    4,
    wire.bytes(1, Uint8Array.of(4, 5)),
    wire.double(2, 0.5),
    wire.varint(3, now - 7),
  );
  const metadata = wire.message(5, wire.varint(1, 3), wire.varint(3, 3));
  const sample = wire.message(2, wire.double(1, 2), wire.varint(2, now + 1), wire.varint(3, 900));
  const message = symbolsAndSeries(
    ["", "__name__", "m_bucket", "Help.", "trace_id", "abc"],
    series2([1, 2], [[now, 1]], sample, exemplar, metadata),
  );
  expect(written(await send2(message))).toEqual([204, "2", "0", "1"]);
  expect(held.exemplars).toEqual([`m_bucket ${now - 7}=0.5 {"trace_id":"abc"}`]);
  expect(held.starts).toEqual([`m_bucket ${now + 1} since 900`]);
  expect(held.families.get("m")).toEqual({ name: "m", type: "histogram", help: "Help.", unit: "" });
  // The same again is stored already: written, and counted as what it is.
  expect(written(await send2(message))).toEqual([204, "2", "0", "1"]);
  expect(held.exemplars).toHaveLength(1);
  expect(held.drops).toEqual({ duplicate_exemplar: 1 });
});
test("a faulty exemplar of remote write 2.0 is counted, and its sample is stored", async () => {
  const { held, send2 } = start();
  const message = symbolsAndSeries(
    ["", "__name__", "m", "trace_id", "x".repeat(121)],
    series2(
      [1, 2],
      [[now, 1]],
      faulty(wire.bytes(1, Uint8Array.of(3))),
      faulty(wire.bytes(1, Uint8Array.of(3, 77))),
      faulty(wire.bytes(1, Uint8Array.of(3, 4))),
      faulty(wire.double(2, Number.NaN)),
      faulty(wire.double(2, 5)),
      wire.message(4, wire.double(2, 4), wire.varint(3, now - 1)),
    ),
  );
  expect(written(await send2(message))).toEqual([204, "1", "0", "1"]);
  expect(held.exemplars).toEqual([`m ${now}=5 {}`]);
  expect(held.of({ __name__: "m" })).toEqual([{ timestampMs: now, value: 1 }]);
  expect(held.drops).toEqual({
    invalid_exemplar: 3,
    exemplar_label_limit: 1,
    out_of_order_exemplar: 1,
  });
});
test("remote write 1.0 stores exemplars, and takes them again after a spool that refused", async () => {
  const { held, send } = start();
  const exemplar = wire.message(
    3,
    label("trace_id", "abc"),
    wire.double(2, 3),
    wire.varint(3, now),
  );
  held.isBroken = true;
  expect((await send(series1(up, [[now, 1]], exemplar))).status).toBe(503);
  held.isBroken = false;
  expect((await send(series1(up, [[now, 1]], exemplar))).status).toBe(204);
  expect(held.exemplars).toEqual([`up ${now}=3 {"trace_id":"abc"}`]);
  expect(held.drops).toEqual({});
});
