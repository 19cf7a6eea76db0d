import { expect, test } from "bun:test";
import { timeReader } from "../../../pipeline/processors/formats/time_format.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { readContainerLine, readDocker } from "./container_line.ts";
import { readContainerTime } from "./container_time.ts";

const times = ["2023-11-14T22:13:25.123456789Z", "2023-11-14T22:13:25.5Z", "2023-11-14T22:13:25Z"];
const texts = [
  "plain text\n",
  'with "quotes" \\ and <tags>\n',
  "é 😀\r\n",
  "no end",
  "\\n",
  "tab\t\u0001\n",
  '","stream":"stderr","time":"x\n',
  "",
  "\n",
];

test("lines of Docker read by hand are those that JSON tells, however they are damaged", () => {
  const random = randomOf(fuzzSeed());
  for (const time of times)
    for (const log of texts)
      for (const stream of ["stdout", "stderr", "other"]) {
        const line = Buffer.from(JSON.stringify({ log, stream, time }));
        expect(readContainerLine(line, "docker")).toEqual(readDocker(line));
        for (let round = 0; round < 60; round++) {
          const bytes = Buffer.from(mutated(line, random));
          // What is no object is of another form, whichever way it is read.
          if (bytes[0] === 0x7b)
            expect(readContainerLine(bytes, "docker")).toEqual(readDocker(bytes));
        }
      }
});

test("times read by hand are those that the reader of RFC 3339 tells, however they are damaged", () => {
  const random = randomOf(fuzzSeed());
  const read = timeReader("rfc3339", "UTC");
  for (const time of [...times, "2023-11-14T22:13:25.1+02:00", "2023-02-30T00:00:00.1Z"])
    for (let round = 0; round < 500; round++) {
      const bytes =
        round === 0 ? Buffer.from(time) : Buffer.from(mutated(Buffer.from(time), random));
      const told = readContainerTime(bytes, 0, bytes.length);
      expect(told).toEqual(read(bytes.toString("latin1"), 0));
    }
});
