import { expect, test } from "bun:test";
import { wire } from "#agent/collect/receivers/receiver.fixture.ts";
import { parseProtobuf } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { parseText } from "#shared/text/exposition/text_parser.ts";
import { ScrapedExemplars } from "./scraped_exemplars.ts";

const columns = Int32Array.from({ length: 64 }, (_, i) => i);

function scraper() {
  const [index, samples, scraped] = [
    new SeriesIndex(),
    new SampleColumns(),
    new ScrapedExemplars(),
  ];
  const take = (scrapeMs: number) => {
    const [{ exemplars, starts }, drops] = scraped.take(samples, columns, scrapeMs);
    const told = (exemplars?.labels ?? []).map(
      ({ trace_id: id }, i) => `${id} ${exemplars?.timestampsMs[i]}=${exemplars?.values[i]}`,
    );
    return { told, starts: [...(starts?.startsMs ?? [])], drops };
  };
  return {
    text: (lines: string, scrapeMs: number) => {
      parseText(Buffer.from(`${lines}# EOF\n`), "openmetrics", index, samples);
      return take(scrapeMs);
    },
    protobuf: (bytes: Uint8Array, scrapeMs: number, native = false) => {
      parseProtobuf(bytes, index, samples, { native, classic: !native });
      return take(scrapeMs);
    },
  };
}

test("OpenMetrics: an exemplar is taken once, however often it is shown, with or without a time", () => {
  const { text } = scraper();
  const timed = 'a 1 # {trace_id="x"} 0.5 1.25\n';
  expect(text(timed, 10_000)).toEqual({ told: ["x 1250=0.5"], starts: [], drops: {} });
  expect(text(timed, 20_000)).toEqual({ told: [], starts: [], drops: {} });
  expect(text('a 2 # {trace_id="y"} 0.5\n', 30_000).told).toEqual(["y 30000=0.5"]);
  expect(text('a 2 # {trace_id="y"} 0.5\n', 40_000).told).toEqual([]);
  expect(text(timed, 50_000)).toEqual({
    told: [],
    starts: [],
    drops: { out_of_order_exemplar: 1 },
  });
});

test("OpenMetrics: labels that can't be read or are too long cost the exemplar alone", () => {
  const { text } = scraper();
  const long = "x".repeat(121);
  const lines = `a 1 # {trace_id="1",trace_id="2"} 1\nb 1 # {trace_id="${long}"} 1\nc 1 # {trace_id="z"} 1 9e9\n`;
  expect(text(lines, 1_000).drops).toEqual({
    invalid_exemplar: 1,
    exemplar_label_limit: 1,
    out_of_bounds_timestamp: 1,
  });
});

const exemplar = (field: number, id: string, value: number, seconds?: number) =>
  wire.message(
    field,
    wire.message(1, wire.bytes(1, "trace_id"), wire.bytes(2, id)),
    wire.double(2, value),
    ...(seconds === undefined ? [] : [wire.message(3, wire.varint(1, seconds))]),
  );
const created = (field: number) =>
  wire.message(field, wire.varint(1, 5), wire.varint(2, 500_000_000));
const bucket = (bound: number, count: number, ...more: Uint8Array[]) =>
  wire.message(3, wire.varint(1, count), wire.double(2, bound), ...more);
/** A body of one family, without the message's own field number in front. */
const familyOf = (name: string, type: number, value: Uint8Array) =>
  wire.message(1, wire.bytes(1, name), wire.varint(3, type), wire.message(4, value)).subarray(1);

test("protobuf: exemplars of counters and buckets, and created timestamps as starts", () => {
  const { protobuf } = scraper();
  const counter = wire.message(3, wire.double(1, 7), exemplar(2, "x", 1, 9), created(3));
  expect(protobuf(familyOf("c", 0, counter), 10_000)).toEqual({
    told: ["x 9000=1"],
    starts: [5_500],
    drops: {},
  });
  const histogram = wire.message(
    7,
    wire.varint(1, 3),
    wire.double(2, 6),
    bucket(1, 1, exemplar(3, "y", 0.5, 8)),
    bucket(2, 3, exemplar(3, "z", 1.5)),
    created(15),
  );
  const { told, starts } = protobuf(familyOf("h", 4, histogram), 10_000);
  expect(told).toEqual(["y 8000=0.5", "z 10000=1.5"]);
  // Count, sum and three buckets.
  expect(starts).toEqual([5_500, 5_500, 5_500, 5_500, 5_500]);
});

test("protobuf: a native histogram keeps all its exemplars that have a time", () => {
  const { protobuf } = scraper();
  const native = wire.message(
    7,
    wire.varint(1, 1),
    wire.double(2, 6),
    wire.varint(5, 6),
    wire.double(6, 0.001),
    wire.message(12, wire.varint(1, 0), wire.varint(2, 1)),
    wire.varint(13, 2),
    exemplar(16, "b", 2, 8),
    exemplar(16, "a", 1, 7),
    exemplar(16, "none", 1),
  );
  const body = familyOf("n", 4, native);
  expect(protobuf(body, 10_000, true).told).toEqual(["a 7000=1", "b 8000=2"]);
  expect(protobuf(body, 20_000, true)).toEqual({ told: [], starts: [], drops: {} });
});
