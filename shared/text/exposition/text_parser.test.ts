import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ExpositionReader } from "#test/support/read_exposition.ts";
import { ExpositionError } from "./exposition_error.ts";
import { SampleColumns } from "./sample_columns.ts";
import { SeriesIndex } from "./series_index.ts";
import { textReader } from "./text_parser.ts";

const text = (body: string | Uint8Array) => new ExpositionReader().read(body, "prometheus");
const openMetrics = (body: string | Uint8Array) => new ExpositionReader().read(body, "openmetrics");

test.each<[string, string, ReturnType<typeof text>]>([
  ["nothing", "", []],
  ["blank lines and comments", "\n\n# just a comment\n#\n  \t\n#HELP x\n", []],
  ["a bare name", "up 1\n", [[{ __name__: "up" }, 1]]],
  ["a colon in a name", "a:b_c1 2\n", [[{ __name__: "a:b_c1" }, 2]]],
  ["leading and trailing blanks", " \tup\t1 \t\n", [[{ __name__: "up" }, 1]]],
  ["labels", `m{a="b",c="d"} 3\n`, [[{ __name__: "m", a: "b", c: "d" }, 3]]],
  ["a trailing comma", `m{a="b",} 3\n`, [[{ __name__: "m", a: "b" }, 3]]],
  ["empty braces", `m{} 3\n`, [[{ __name__: "m" }, 3]]],
  ["blanks around labels", `m { a = "b" , c="d" } 3\n`, [[{ __name__: "m", a: "b", c: "d" }, 3]]],
  ["no blank before the value", `m{a="b"}3\n`, [[{ __name__: "m", a: "b" }, 3]]],
  ["escapes", `m{a="x\\\\y\\"z\\nw\\d"} 3\n`, [[{ __name__: "m", a: `x\\y"z\nw\\d` }, 3]]],
  ["a brace inside a value", `m{a="}{"} 3\n`, [[{ __name__: "m", a: "}{" }, 3]]],
  ["an empty value", `m{a=""} 3\n`, [[{ __name__: "m", a: "" }, 3]]],
  ["UTF-8 values", `m{a="ü→"} 3\n`, [[{ __name__: "m", a: "ü→" }, 3]]],
  ["a quoted metric name", `{"my.metric",a="b"} 3\n`, [[{ __name__: "my.metric", a: "b" }, 3]]],
  ["quoted label names", `m{"a.b"="c"} 3\n`, [[{ __name__: "m", "a.b": "c" }, 3]]],
  ["a quoted name alone", `{"µ"} 3\n`, [[{ __name__: "µ" }, 3]]],
  ["a timestamp", "m 3 1700000000123\n", [[{ __name__: "m" }, 3, 1_700_000_000_123]]],
  ["a negative timestamp", "m 3 -5\n", [[{ __name__: "m" }, 3, -5]]],
  [
    "special values",
    "a +Inf\nb -Inf\nc NaN\n",
    [
      [{ __name__: "a" }, Infinity],
      [{ __name__: "b" }, -Infinity],
      [{ __name__: "c" }, Number.NaN],
    ],
  ],
  [
    "a repeated series",
    "a 1\na 2\n",
    [
      [{ __name__: "a" }, 1],
      [{ __name__: "a" }, 2],
    ],
  ],
  [
    "le of a histogram",
    `# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 2\nh_count 1\n`,
    [
      [{ __name__: "h_bucket", le: "1.0" }, 1],
      [{ __name__: "h_bucket", le: "+Inf" }, 1],
      [{ __name__: "h_sum" }, 2],
      [{ __name__: "h_count" }, 1],
    ],
  ],
  [
    "quantile of a summary",
    `# TYPE s summary\ns{quantile="0"} 1\ns{quantile="1e6"} 1\n`,
    [
      [{ __name__: "s", quantile: "0.0" }, 1],
      [{ __name__: "s", quantile: "1e+06" }, 1],
    ],
  ],
  ["a last line without a line feed", "up 1", [[{ __name__: "up" }, 1]]],
  ["a last comment without a line feed", "up 1\n# HELP up Up.", [[{ __name__: "up" }, 1]]],
  ["le without a TYPE as it is", `h_bucket{le="1"} 1\n`, [[{ __name__: "h_bucket", le: "1" }, 1]]],
  ["le of a gauge as it is", `# TYPE h gauge\nh{le="1"} 1\n`, [[{ __name__: "h", le: "1" }, 1]]],
])("parseText() reads %s", (_, body, samples) => {
  expect(text(body)).toEqual(samples);
});

test.each([
  ["no value", "up\n"],
  ["no value behind labels", "up{}\n"],
  ["a word for a value", "up yes\n"],
  ["an underscore in a number", "up 1_0\n"],
  ["a carriage return", "up 1\r\n"],
  ["a float timestamp", "up 1 1.5\n"],
  ["too much on a line", "up 1 2 3\n"],
  ["an exemplar", `up 1 # {a="b"} 1\n`],
  ["a number for a name", "1up 1\n"],
  ["labels without a name", `{a="b"} 1\n`],
  ["two names", `a{"b"} 1\n`],
  ["open braces", `up{a="b" 1\n`],
  ["an open quote", `up{a="b} 1\n`],
  ["an unquoted value", `up{a=b} 1\n`],
  ["a number for a label name", `up{1="b"} 1\n`],
  ["no comma", `up{a="b"c="d"} 1\n`],
  ["a comma too many", `up{a="b",,c="d"} 1\n`],
  ["a repeated label", `up{a="b",a="c"} 1\n`],
  ["an unknown type", "# TYPE up thing\n"],
  ["a TYPE without a name", "# TYPE\n"],
  ["HTML", "<!DOCTYPE html>\n<html></html>\n"],
  [
    "bytes that are no UTF-8",
    Uint8Array.of(0x61, 0x7b, 0x62, 0x3d, 0x22, 0xff, 0x22, 0x7d, 0x20, 0x31, 0x0a),
  ],
  ["a zero byte", "up\0 1\n"],
])("parseText() refuses %s", (_, body) => {
  expect(() => text(body)).toThrow(ExpositionError);
});

test("parseText() refuses a line that is too long to be taken apart at once", () => {
  const long = "x".repeat(1024 ** 2 + 1);
  for (const body of [`${long} 1\n`, `a{b="${long}"} 1\n`, `a{b="${long}`])
    expect(() => text(body)).toThrow("a line is longer than 1048576 bytes before its value");
  expect(() => text(`# HELP a ${long}\n`)).toThrow("a comment is longer than 1048576 bytes");
});

test("textReader() reads in steps what parseText() reads at once", () => {
  const lines = Array.from({ length: 1_000 }, (_, i) => `a{i="${i}"} ${i}\n`).join("");
  const [index, out] = [new SeriesIndex(), new SampleColumns()];
  const reader = textReader(Buffer.from(lines), "prometheus", index, out);
  let steps = 1;
  while (!reader.read(() => true)) steps++;
  expect(steps).toBeGreaterThan(10);
  expect([...out.values.subarray(0, out.length)]).toEqual(
    Array.from({ length: 1_000 }, (_, i) => i),
  );
});

test("parseText() names the byte where it failed", () => {
  expect(() => text("up 1\nbroken x\n")).toThrow(`expected a value, got "x" at byte 12`);
});

const eof = "# EOF\n";
test.each<[string, string, ReturnType<typeof text>]>([
  ["an end alone", "# EOF", []],
  [
    "a counter",
    `# TYPE a counter\n# HELP a Text.\na_total 1\n${eof}`,
    [[{ __name__: "a_total" }, 1]],
  ],
  ["seconds", `a 1 1700000000.1235\n${eof}`, [[{ __name__: "a" }, 1, 1_700_000_000_123]]],
  [
    "an exemplar",
    `a_total 1 # {id="x y}"} 0.5 1700000000.5\n${eof}`,
    [[{ __name__: "a_total" }, 1]],
  ],
  ["an exemplar behind a timestamp", `a 1 2 # {} 0.5\n${eof}`, [[{ __name__: "a" }, 1, 2_000]]],
  [
    "a unit",
    `# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n${eof}`,
    [[{ __name__: "a_seconds" }, 1]],
  ],
  ["an empty unit", `# UNIT a \na 1\n${eof}`, [[{ __name__: "a" }, 1]]],
  [
    "all types",
    `# TYPE i info\ni_info{v="1"} 1\n# TYPE s stateset\ns{s="on"} 1\n# TYPE g gaugehistogram\ng_bucket{le="+Inf"} 1\ng_gcount 1\n${eof}`,
    [
      [{ __name__: "i_info", v: "1" }, 1],
      [{ __name__: "s", s: "on" }, 1],
      [{ __name__: "g_bucket", le: "+Inf" }, 1],
      [{ __name__: "g_gcount" }, 1],
    ],
  ],
  [
    "created lines as series",
    `# TYPE a counter\na_total 1\na_created 5\n${eof}`,
    [
      [{ __name__: "a_total" }, 1],
      [{ __name__: "a_created" }, 5],
    ],
  ],
  // The specification forbids the following, and Prometheus takes them.
  [
    "a UNIT of another family",
    `# TYPE a gauge\n# UNIT b_seconds seconds\na 1\n${eof}`,
    [[{ __name__: "a" }, 1]],
  ],
  ["TYPE twice", `# TYPE a gauge\n# TYPE a gauge\na 1\n${eof}`, [[{ __name__: "a" }, 1]]],
  [
    "metadata behind samples",
    `# TYPE a gauge\na 1\n# HELP a Late.\n${eof}`,
    [[{ __name__: "a" }, 1]],
  ],
  [
    "interleaved families",
    `# TYPE a gauge\na 1\nb 1\na{x="y"} 1\n${eof}`,
    [
      [{ __name__: "a" }, 1],
      [{ __name__: "b" }, 1],
      [{ __name__: "a", x: "y" }, 1],
    ],
  ],
])("parseText() of OpenMetrics reads %s", (_, body, samples) => {
  expect(openMetrics(body)).toEqual(samples);
});

test.each([
  ["nothing", ""],
  ["no end", "a 1\n"],
  ["data behind the end", `a 1\n${eof}b 1\n`],
  ["text behind the end", "# EOFx"],
  ["two ends", `${eof}${eof}`],
  ["a blank line", `a 1\n\n${eof}`],
  ["a carriage return", `a 1\r\n${eof}`],
  ["a byte order mark", `\uFEFFa 1\n${eof}`],
  ["a plain comment", `# hello\n${eof}`],
  ["two blanks", `a  1\n${eof}`],
  ["a blank at the end", `a 1 \n${eof}`],
  ["a blank in braces", `a{b="c", d="e"} 1\n${eof}`],
  ["untyped", `# TYPE a untyped\n${eof}`],
  ["a foreign unit", `# UNIT a_seconds bytes\n${eof}`],
  ["a timestamp that is not finite", `a 1 NaN\n${eof}`],
  ["an exemplar without a value", `a 1 # {}\n${eof}`],
  ["a broken exemplar", `a 1 # {x="y" 1\n${eof}`],
])("parseText() of OpenMetrics refuses %s", (_, body) => {
  expect(() => openMetrics(body)).toThrow(ExpositionError);
});

test("parseText() tells of families once, and again when they change", () => {
  const reader = new ExpositionReader();
  const told = () => {
    const changed = [...reader.index.changedFamilies].map(({ name, type, help }) => [
      name,
      type,
      help,
    ]);
    reader.index.changedFamilies.clear();
    return changed;
  };
  reader.read("# HELP a One\\ntwo \\\\.\n# TYPE a counter\na 1\n", "prometheus");
  expect(told()).toEqual([["a", "counter", "One\ntwo \\."]]);
  reader.read("# HELP a One\\ntwo \\\\.\n# TYPE a counter\na 2\n", "prometheus");
  expect(told()).toEqual([]);
  reader.read("# HELP a Other.\n# TYPE a gauge\na 2\n", "prometheus");
  expect(told()).toEqual([["a", "gauge", "Other."]]);
  expect(reader.index.contradicted).toBe(true);
});

// The short cut for lines that are known must never change what a body means.
const line = fc.oneof(
  fc.constantFrom(
    "a 1",
    "ab 2",
    `a{x="1"} 3`,
    `a {x="1"} 4`,
    `a{x="1"}5`,
    "# TYPE a gauge",
    "",
    "# c",
    "# cd",
    "a 6 7",
  ),
  fc
    .tuple(fc.constantFrom("a", "b", `c{d="e"}`), fc.double({ noNaN: true }))
    .map(([name, value]) => `${name} ${value}`),
);
test("parseText() reads a body the same whatever bodies it has read before", () => {
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 12 }), { maxLength: 5 }), (bodies) => {
      const reader = new ExpositionReader();
      for (const lines of bodies) {
        const body = lines.map((each) => `${each}\n`).join("");
        expect(reader.read(body, "prometheus")).toEqual(text(body));
      }
    }),
    { numRuns: 500 },
  );
});

test("parseText() ends on any bytes, and throws nothing but ExpositionError", () => {
  const pieces = [
    "# EOF",
    "# TYPE a gauge",
    "a",
    "{",
    "}",
    `"`,
    "=",
    ",",
    "\\",
    " ",
    "\n",
    "1",
    "#",
    "NaN",
    "\t",
    "é",
    "\0",
  ];
  const soup = fc
    .array(fc.constantFrom(...pieces), { maxLength: 40 })
    .map((parts) => new TextEncoder().encode(parts.join("")));
  fc.assert(
    fc.property(
      fc.oneof(soup, fc.uint8Array({ maxLength: 200 })),
      fc.boolean(),
      (body, isStrict) => {
        try {
          (isStrict ? openMetrics : text)(body);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ExpositionError);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});
