import { expect, test } from "bun:test";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { SyslogMessageReader } from "./message_reader.ts";
import { severityOfSyslog } from "../records/syslog_severity.ts";
import { readSyslog } from "./message.ts";
import { SyslogLabels } from "./stream_labels.ts";
import { zoneOffsets } from "./zone_offsets.ts";

const zone = zoneOffsets("Europe/Berlin");
const nowMs = Date.parse("2026-01-01T12:00:00Z");

function readers() {
  const labels = new SyslogLabels({ env: "test" }, []);
  return { labels, reader: new SyslogMessageReader(labels, zone) };
}
type Readers = ReturnType<typeof readers>;

/** What the reader tells of a message that lies between others. */
function told({ reader }: Readers, line: Uint8Array, address = "10.0.0.1", now = nowMs) {
  const bytes = Buffer.concat([Buffer.from("x: y"), line, Buffer.from("<13>1 2 3 4 5 6: ")]);
  reader.read(bytes, 4, 4 + line.length, reader.sender(address), now);
  const { head, ms, nanos, bodyStart, bodyEnd } = reader;
  return { ...head, ms, nanos, body: bytes.toString("latin1", bodyStart, bodyEnd) };
}

/** The same by the reading of whole messages. */
function whole({ labels }: Readers, line: Uint8Array, address = "10.0.0.1", now = nowMs) {
  const message = readSyslog(Buffer.from(line), { nowMs: now, zone });
  return {
    labels: labels.of(message, address),
    severity: severityOfSyslog(message.severity),
    ms: Number(message.unixNanos / 1_000_000n),
    nanos: Number(message.unixNanos % 1_000_000n),
    body: message.body.toString("latin1"),
  };
}

const samples = [
  "<34>1 2025-10-11T22:14:15.003Z host su - ID47 - it failed",
  "<34>1 2025-10-11T22:14:15.123456789+02:00 host app 42 - - done: all of it",
  '<165>1 2025-10-11T22:14:15Z h evntslog - ID47 [a@1 iut="3" x="\\"]"][b@2 class="high"] text',
  "<165>1 - - - - - - text",
  "<13>1 2025-10-11t22:14:15z h a - - - \ufefftext",
  "<34>Oct 11 22:14:15 web su[12]: failed: once",
  "<30>Oct  1 02:14:15 web cron: run",
  "<30>Oct 11 22:14:15 UTC web cron: run",
  "<30>Oct 11 22:14:15 cron: run",
  "<30>Oct 11 22:14:15 fe80::1 cron[1]: run",
  "<189>45: *Mar  1 2025 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
  "hello",
].map((text) => Buffer.from(text));

test("messages are read as readSyslog() reads them, whatever was read before", () => {
  const random = randomOf(fuzzSeed());
  const own = readers();
  for (let round = 0; round < 20_000; round++) {
    const sample = samples[random(samples.length)] ?? Buffer.alloc(0);
    const line = random(2) === 0 ? sample : Buffer.from(mutated(sample, random));
    const { attributes: _, ...read } = told(own, line);
    expect(read).toEqual(whole(own, line));
  }
});
test("what stands beside a message is of its own sender, and the same again is the same object", () => {
  const own = readers();
  const line = Buffer.from("<13>1 2025-10-11T22:14:15Z - app 7 M - text");
  told(own, line);
  const first = told(own, line);
  expect(first.attributes).toEqual({ sender: "10.0.0.1", procid: "7", msgid: "M" });
  expect(told(own, line).attributes).toBe(first.attributes);
  expect(told(own, line, "10.0.0.2").attributes).toEqual({
    ...first.attributes,
    sender: "10.0.0.2",
  });
});
test("a year that is not told is the one that is nearest at each moment", () => {
  const own = readers();
  const line = Buffer.from("<13>Jan  2 13:30:00 h a: x");
  const at = (now: string) => new Date(told(own, line, "", Date.parse(now)).ms).getUTCFullYear();
  expect(at("2026-01-01T12:00:00Z")).toBe(2025);
  expect(at("2026-01-01T12:40:00Z")).toBe(2026);
  expect(at("2026-01-01T12:00:00Z")).toBe(2025);
});
