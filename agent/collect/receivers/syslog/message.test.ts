import { expect, test } from "bun:test";
import { readSyslog } from "./message.ts";
import { zoneOffsets } from "./zone_offsets.ts";

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const utc = zoneOffsets("UTC");
function read(line: string | Uint8Array, zone = utc, now = nowMs) {
  const { body, unixNanos, ...rest } = readSyslog(Buffer.from(line), { nowMs: now, zone });
  const at = new Date(Number(unixNanos / 1_000_000n)).toISOString();
  const time = unixNanos === 0n ? "" : at.slice(0, 20) + String(unixNanos).slice(-9);
  return { ...rest, time, body: body.toString() };
}
const nothing = { host: undefined, app: undefined, processId: undefined, messageId: undefined };

// The examples of RFC 5424, 6.5, and RFC 3164, 5.4.
test("readSyslog() takes RFC 5424's examples apart", () => {
  expect(
    read(
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
    ),
  ).toEqual({
    form: "rfc5424",
    facility: 4,
    severity: 2,
    time: "2003-10-11T22:14:15.003000000",
    host: "mymachine.example.com",
    app: "su",
    processId: undefined,
    messageId: "ID47",
    data: [],
    body: "'su root' failed for lonvick on /dev/pts/8",
  });
  expect(
    read(
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
    ),
  ).toMatchObject({
    time: "2003-08-24T12:14:15.000003000",
    facility: 20,
    severity: 5,
    processId: "8710",
    body: "%% It's time to make the do-nuts.",
  });
  const element = '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]';
  const header = "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ";
  expect(read(`${header}${element}[examplePriority@32473 class="high"]`)).toMatchObject({
    data: [
      ["exampleSDID@32473", "iut", "3"],
      ["exampleSDID@32473", "eventSource", "Application"],
      ["exampleSDID@32473", "eventID", "1011"],
      ["examplePriority@32473", "class", "high"],
    ],
    body: "",
  });
});
test("readSyslog() reads escapes of structured data, nil values and times of nine digits", () => {
  expect(read(String.raw`<0>1 - - - - - [a b="\"\\\]\n"] x`)).toEqual({
    ...nothing,
    form: "rfc5424",
    facility: 0,
    severity: 0,
    time: "",
    data: [["a", "b", String.raw`"\]\n`]],
    body: "x",
  });
  expect(read("<1>1 2026-01-01T00:00:00.123456789Z h a - - -").time).toBe(
    "2026-01-01T00:00:00.123456789",
  );
});
test("readSyslog() takes RFC 3164's examples apart, and finds the year", () => {
  expect(
    read("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8"),
  ).toMatchObject({
    form: "rfc3164",
    facility: 4,
    severity: 2,
    time: "2025-10-11T22:14:15.000000000",
    host: "mymachine",
    app: "su",
    body: "'su root' failed for lonvick on /dev/pts/8",
  });
  expect(read("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!")).toMatchObject({
    time: "2025-02-05T17:32:18.000000000",
    host: "10.0.0.99",
    app: undefined,
    body: "Use the BFG!",
  });
  expect(read("<13>Jan  2 11:00:00 h a: x").time).toBe("2026-01-02T11:00:00.000000000");
  expect(read("<13>Jan  2 13:00:00 h a: x").time).toBe("2025-01-02T13:00:00.000000000");
  const newYearsEve = Date.parse("2025-12-31T23:30:00Z");
  expect(read("<13>Jan  1 00:30:00 h a: x", utc, newYearsEve).time).toBe(
    "2026-01-01T00:30:00.000000000",
  );
});
test("readSyslog() reads what relays and devices send in RFC 3164's name", () => {
  expect(read("<30>Dec 31 10:00:00 cron[812]: done")).toMatchObject({
    host: undefined,
    app: "cron",
    processId: "812",
    body: "done",
  });
  expect(read("<30>2025-12-31T10:00:00.5+01:00 h sshd[1]: hi")).toMatchObject({
    time: "2025-12-31T09:00:00.500000000",
    host: "h",
    app: "sshd",
    body: "hi",
  });
  expect(read("<189>45: *Mar  1 2025 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured")).toMatchObject(
    {
      time: "2025-03-01T18:46:11.123000000",
      app: "%SYS-5-CONFIG_I",
      body: "Configured",
    },
  );
});
test("readSyslog() reads local times in their zone, in summer and winter", () => {
  const berlin = zoneOffsets("Europe/Berlin");
  expect(read("<13>Jul  1 12:00:00 h a: x", berlin).time).toBe("2025-07-01T10:00:00.000000000");
  expect(read("<13>Dec  1 12:00:00 h a: x", berlin).time).toBe("2025-12-01T11:00:00.000000000");
  expect(read("<13>Oct 26 02:30:00 h a: x", berlin).time).toBe("2025-10-26T00:30:00.000000000");
  expect(read("<13>Mar 30 03:00:00 h a: x", berlin).time).toBe("2025-03-30T01:00:00.000000000");
});
test("readSyslog() keeps the whole line where it can't be read", () => {
  const unread = ["hello", "<999>1 x", "<13>", "<13>1 x", "<13>Foo 11 22:14:15 h a: b", "<", ""];
  for (const line of unread)
    expect(read(line)).toMatchObject({ form: "unknown", time: "", body: line });
  expect(read("<34>1 2003-10-11T22:14:15Z h a - - [a b=c] x")).toMatchObject({
    form: "unknown",
    severity: 2,
  });
  expect(readSyslog(Buffer.of(60, 49, 62, 255, 0), { nowMs, zone: utc }).body).toEqual(
    Buffer.of(60, 49, 62, 255, 0),
  );
});
test("readSyslog() reads names that are UTF-8", () => {
  expect(read("<34>1 - höst äpp - - - x")).toMatchObject({ host: "höst", app: "äpp" });
  expect(read("<34>Oct 11 22:14:15 höst äpp[1]: x")).toMatchObject({ host: "höst", app: "äpp" });
});
