import { expect, test } from "bun:test";
import { processed, refusals } from "#test/support/processed.ts";

const one = (entry: Record<string, unknown>, line: string) => processed([entry], [line]).records[0];

test("json reads nested fields, keeps the digits of long numbers, and may make a field the body", () => {
  const line =
    '{"msg":"paid","user":{"id":12345678901234567890,"vip":true},"tags":["a"],"x.y":null}';
  const record = one({ type: "json", body_from: "msg" }, line);
  expect(record?.body).toBe("paid");
  expect(record?.attributes).toEqual({
    user_id: "12345678901234567890",
    user_vip: "true",
    tags: '["a"]',
  });
  const few = one({ type: "json", fields: ["user_vip"], prefix: "app_" }, line);
  expect(few?.attributes).toEqual({ app_user_vip: "true" });
});

test("json leaves a line that is none as it is, or drops it where asked; 10,000 levels harm nobody", () => {
  const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  const lines = ["{broken", "plain", deep, '{"a":1}'];
  const kept = processed([{ type: "json" }], lines);
  expect(kept.records.map(({ body }) => body)).toEqual(lines);
  expect(kept.records[3]?.attributes).toEqual({ a: "1" });
  const strict = processed([{ type: "json", on_error: "drop" }], ["{broken", '{"a":1}']);
  expect(strict.records.map(({ body }) => body)).toEqual(['{"a":1}']);
  expect(strict.drops).toEqual({ unparsed: 1 });
});

test("a record takes no more fields than a record may have", () => {
  const wide = JSON.stringify(
    Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])),
  );
  expect(Object.keys(one({ type: "json" }, wide)?.attributes ?? {}).length).toBe(128);
  const large = JSON.stringify({ a: "x".repeat(100_000) });
  expect(one({ type: "json" }, large)?.attributes).toEqual({});
});

test("logfmt reads bare and quoted values", () => {
  const line = String.raw`level=warn msg="disk \"sda\" is full" used=93 flag empty= path=/a=b`;
  expect(one({ type: "logfmt" }, line)?.attributes).toEqual({
    level: "warn",
    msg: 'disk "sda" is full',
    used: "93",
    path: "/a=b",
  });
});

test("regex gives its named groups, in linear time", () => {
  const entry = { type: "regex", pattern: String.raw`took (?P<ms>\d+)ms for (?<what>\w+)` };
  expect(one(entry, "it took 12ms for x")?.attributes).toEqual({ ms: "12", what: "x" });
  // Doubles with each letter in an engine that backtracks.
  const long = "x".repeat(20_000);
  expect(one({ type: "regex", pattern: "(?P<a>(x+x+)+y)" }, long)?.attributes).toEqual({});
  expect(refusals([{ type: "regex", pattern: "(?=a)" }])[0]).toStartWith("0.pattern: regular expr");
  expect(refusals([{ type: "regex", pattern: "a+" }])[0]).toContain("at least one named group");
});

test("grok knows the well-known names, and one's own", () => {
  const entry = {
    type: "grok",
    patterns: [
      "%{ORDER:order} never",
      "%{SYSLOGLINE}",
      "%{IPORHOST:client} %{WORD:[http][method]} %{NUMBER:bytes:int}",
    ],
    definitions: { ORDER: "[A-Z]{3}%{POSINT}" },
  };
  expect(one(entry, "55.3.244.1 GET 15824")?.attributes).toEqual({
    client: "55.3.244.1",
    http_method: "GET",
    bytes: "15824",
  });
  expect(one(entry, "Mar  7 04:02:08 avas sshd[123]: Accepted key")?.attributes).toEqual({
    timestamp: "Mar  7 04:02:08",
    logsource: "avas",
    program: "sshd",
    pid: "123",
    message: "Accepted key",
  });
  const combined =
    '203.0.113.9 - bob [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "http://x/" "Mozilla/4.08"';
  expect(
    one({ type: "grok", patterns: ["%{COMBINEDAPACHELOG}"] }, combined)?.attributes,
  ).toMatchObject({
    clientip: "203.0.113.9",
    auth: "bob",
    verb: "GET",
    request: "/a.gif",
    response: "200",
  });
  expect(refusals([{ type: "grok", patterns: ["%{NOPE}"] }])).toEqual([
    "0.patterns.0: %{NOPE}: no pattern of that name",
  ]);
  const circle = { type: "grok", patterns: ["%{A}"], definitions: { A: "%{B}", B: "%{A}" } };
  expect(refusals([circle])[0]).toContain("too deeply");
});

test("cri takes time, stream and line apart", () => {
  const record = one({ type: "cri" }, "2016-10-06T00:17:09.669794202Z stderr P the line");
  expect(record).toMatchObject({
    body: "the line",
    attributes: { stream: "stderr", partial: "true" },
  });
  expect([record?.time, record?.nanos]).toEqual(["2016-10-06T00:17:09.669Z", 794_202]);
});

test("access_log reads nginx's and Apache's lines", () => {
  const line = String.raw`::1 - - [21/Nov/2026:13:55:36 +0100] "GET /a/b?x=1&y=? HTTP/1.1" 503 0 "-" "curl \"7\"" 0.004`;
  const record = one({ type: "access_log", body: "drop" }, line);
  expect(record).toEqual({
    body: "",
    stream: { job: "test" },
    attributes: {
      client_address: "::1",
      method: "GET",
      path: "/a/b",
      query: "x=1&y=?",
      protocol: "HTTP/1.1",
      status: "503",
      bytes: "0",
      user_agent: String.raw`curl \"7\"`,
      more: "0.004",
    },
    severity: 17,
    time: "2026-11-21T12:55:36.000Z",
    nanos: 0,
  });
  const bad = one(
    { type: "access_log" },
    String.raw`1.2.3.4 - - [21/Nov/2026:13:55:36 +0000] "\x16\x03" 400 150`,
  );
  expect(bad?.attributes).toMatchObject({ status: "400", request: String.raw`\x16\x03` });
});

test("error_log reads nginx's and Apache's lines", () => {
  const nginx =
    '2026/11/21 14:55:36 [crit] 123#45: *7 connect() failed (111: Connection refused), client: 192.0.2.1, server: _, request: "GET / HTTP/1.1", upstream: "http://[::1]:80/", host: "x"';
  expect(one({ type: "error_log", zone: "Europe/Berlin" }, nginx)).toMatchObject({
    attributes: {
      level: "crit",
      pid: "123",
      connection: "7",
      message: "connect() failed (111: Connection refused)",
      client_address: "192.0.2.1",
      request: "GET / HTTP/1.1",
      upstream: "http://[::1]:80/",
    },
    severity: 18,
    time: "2026-11-21T13:55:36.000Z",
  });
  const apache =
    "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:80] AH00124: Request exceeded";
  expect(one({ type: "error_log" }, apache)).toMatchObject({
    attributes: {
      module: "core",
      code: "AH00124",
      message: "Request exceeded",
      thread: "4328636416",
    },
    severity: 17,
    time: "2000-10-11T14:32:52.123Z",
    nanos: 456_000,
  });
});

test("postgres reads the default prefix and Debian's", () => {
  const plain =
    "2026-11-21 13:55:36.123 UTC [99] LOG:  duration: 1.25 ms  statement: SELECT 1\n\tFROM t";
  expect(one({ type: "postgres" }, plain)).toMatchObject({
    attributes: { pid: "99", level: "LOG", duration_ms: "1.25", statement: "SELECT 1\n\tFROM t" },
    severity: 9,
    time: "2026-11-21T13:55:36.123Z",
  });
  const debian = '2026-11-21 14:55:36.123 CET [99] bob@shop ERROR:  relation "x" does not exist';
  expect(one({ type: "postgres", zone: "Europe/Berlin" }, debian)).toMatchObject({
    attributes: { user: "bob", database: "shop", message: 'relation "x" does not exist' },
    severity: 17,
    time: "2026-11-21T13:55:36.123Z",
  });
});

test("mysql_slow reads an entry of several lines", () => {
  const entry = [
    "# Time: 2026-11-21T13:55:36.123456Z",
    "# User@Host: app[app] @ web1 [192.0.2.7]  Id:    42",
    "# Query_time: 2.500000  Lock_time: 0.000100 Rows_sent: 1  Rows_examined: 900",
    "use shop;",
    "SET timestamp=1795269336;",
    "SELECT *",
    "  FROM orders;",
  ].join("\n");
  expect(one({ type: "mysql_slow" }, entry)).toMatchObject({
    attributes: {
      user: "app",
      host: "web1",
      client_address: "192.0.2.7",
      connection: "42",
      query_time: "2.500000",
      rows_examined: "900",
      database: "shop",
      statement: "SELECT *\n  FROM orders;",
    },
    time: "2026-11-21T13:55:36.123Z",
    nanos: 456_000,
  });
});
