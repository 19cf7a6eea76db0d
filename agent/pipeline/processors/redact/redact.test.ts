import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { chainOf, processed, refusals } from "#test/support/processed.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { removeFolder, temporaryFolder } from "#test/support/spool.ts";

const masked = (line: string, entry: Record<string, unknown> = {}) =>
  processed([{ type: "redact", ...entry }], [line]).records[0]?.body;

// Numbers and keys of documentation, or made up; built of parts where whole ones would be taken for real.
const github = `ghp_${"a1B2".repeat(9)}`;
const jwt =
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

test.each([
  ["mail from alice.smith+x@mail.example.co.uk, ok", "mail from [redacted:email], ok"],
  ["to=<bob@example.com> relay", "to=<[redacted:email]> relay"],
  ["user=bob@example.com.", "user=[redacted:email]."],
  ["call +49 (30) 1234-5678 now", "call [redacted:phone] now"],
  ["tel:+14155552671", "tel:[redacted:phone]"],
  [
    "call (212) 555-0123 or 212-555-0123 or 212.555.0123",
    "call [redacted:phone] or [redacted:phone] or [redacted:phone]",
  ],
  ["card 4111111111111111 ok", "card [redacted:card] ok"],
  ["card 4111 1111 1111 1111, exp", "card [redacted:card], exp"],
  ["card 3782-822463-10005;", "card [redacted:card];"],
  ["ssn 219-09-9999", "ssn [redacted:ssn]"],
  ["iban DE89370400440532013000.", "iban [redacted:iban]."],
  ["iban GB82 WEST 1234 5698 7654 32 to pay", "iban [redacted:iban] to pay"],
  ["from 192.0.2.33:8080 to 10.0.0.1", "from [redacted:ipv4]:8080 to [redacted:ipv4]"],
  ["from 2001:db8:85a3::8a2e:370:7334 port", "from [redacted:ipv6] port"],
  ["from ::1 and fe80::1: down", "from [redacted:ipv6] and [redacted:ipv6]: down"],
  ["[2001:0db8:0000:0000:0000:ff00:0042:8329]:443", "[[redacted:ipv6]]:443"],
  ["::ffff:192.0.2.128 x", "[redacted:ipv6] x"],
  ["Authorization: Bearer abc123DEF456ghi", "Authorization: Bearer [redacted:bearer]"],
  [`token ${jwt}`, "token [redacted:jwt]"],
  [`"authorization":"bearer ${jwt}"`, '"authorization":"bearer [redacted:bearer]"'],
  ["id AKIAIOSFODNN7EXAMPLE,", "id [redacted:cloud_key],"],
  [`key AIza${"Sy0-_".repeat(7)}`, "key [redacted:cloud_key]"],
  [`git ${github}`, "git [redacted:cloud_key]"],
  [`hook ${["xoxb", "2345", "abcdefGHIJ"].join("-")}`, "hook [redacted:cloud_key]"],
  [`AccountKey=${"Ab1+".repeat(21)}Aw==;End`, "AccountKey=[redacted:cloud_key];End"],
  [`aws_secret_access_key=${"wJal/XUt".repeat(5)}`, "aws_secret_access_key=[redacted:cloud_key]"],
  [`secret abc8Q~${"x".repeat(34)}`, "secret [redacted:cloud_key]"],
  [
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter",
    "[redacted:private_key]\nafter",
  ],
])("redact finds what is in %j", (line, expected) => {
  expect(masked(line)).toBe(expected);
});

test.each([
  "2026-11-21T13:55:36.123456789+02:00 INFO started in 12.345 s, build 1.2.3",
  "Nov 21 13:55:36 host sshd[4321]: 1700000000123 and 1700000000123456789",
  "081109 203615 148 INFO dfs.DataNode$PacketResponder: block blk_38865049064139660 terminating",
  "4111111111111112 fails its check digit, DE89370400440532013001 its remainder",
  "999-12-3456 000-12-3456 123-00-3456 are no numbers of anybody",
  "std::vector<int> a::b 12:34:56 aa:bb:cc:dd:ee:ff",
  "version 1.2.3.4.5 and 256.1.1.1 and 1.2.3",
  "bearer authentication is on; the Bearer of this",
  "@ alone, a@b, @Override, x@1.2",
  "sk-short AKIA AIza ghp_ eyJ.a.b AccountKey=",
  "17/06/09 20:10:40 -0700 +0200 2024-01-02 10:00:00",
  "6ba7b810-9dad-11d1-80b4-00c04fd430c8 deadbeef:cafe",
])("redact leaves %j alone", (line) => {
  expect(masked(line)).toBe(line);
});

test("redact looks for the kinds that it is told to, and drops records of some", () => {
  expect(masked("a@b.example 10.0.0.1", { kinds: ["email"] })).toBe("[redacted:email] 10.0.0.1");
  const taken = processed(
    [{ type: "redact", actions: { card: "drop" } }],
    ["pan 4111111111111111", "mail a@b.example"],
  );
  expect(taken.records.map(({ body }) => body)).toEqual(["mail [redacted:email]"]);
  expect(taken.drops).toEqual({ redaction: 1 });
});

test("redact replaces own patterns, of which a group may be the secret", () => {
  const patterns = { password: "password=(?P<secret>\\S+)", order: "ORD-\\d+" };
  expect(masked("ORD-12 password=hunter2 user=x", { patterns })).toBe(
    "[redacted:order] password=[redacted:password] user=x",
  );
});

test("redact searches attributes, and labels where asked", () => {
  const batch = {
    ...linesBatch(["x"]),
    streams: [{ job: "test", client: "10.0.0.1" }],
    attributes: [{ mail: "a@b.example", n: "1" }],
  };
  const plain = chainOf([{ type: "redact" }]).take(batch).records[0];
  expect(plain?.attributes).toEqual({ mail: "[redacted:email]", n: "1" });
  expect(plain?.stream.client).toBe("10.0.0.1");
  const all = chainOf([{ type: "redact", in: ["labels"] }]).take(batch).records[0];
  expect(all?.stream.client).toBe("[redacted:ipv4]");
  expect(all?.attributes.mail).toBe("a@b.example");
});

test("redact gives alike values alike hashes under one key, others under another", async () => {
  const folder = await temporaryFolder();
  try {
    const file = join(folder, "key");
    const hashed = (key: string) => {
      writeFileSync(file, key);
      return masked("a@b.example c@d.example a@b.example", { action: "hash", key_file: file });
    };
    const [first = "", again = ""] = [hashed("k".repeat(32)), hashed("k".repeat(32))];
    expect(first).toMatch(/^\[email:[0-9a-f]{16}\] \[email:[0-9a-f]{16}\] \[email:[0-9a-f]{16}\]$/);
    const [a, b, c] = first.split(" ");
    expect([a === c, a === b]).toEqual([true, false]);
    expect(again).toBe(first);
    expect(hashed("j".repeat(32))).not.toBe(first);
    expect(() => hashed("short")).toThrow("16 bytes");
  } finally {
    await removeFolder(folder);
  }
});

test("redact refuses what makes no sense, by name, and never tells the key", () => {
  expect(refusals([{ type: "redact", action: "hash" }])[0]).toContain("key_file or key_env");
  expect(refusals([{ type: "redact", action: "hash", key_file: "/nowhere" }])[0]).toStartWith(
    "0.key_file: ",
  );
  expect(refusals([{ type: "redact", actions: { nope: "drop" } }])[0]).toContain('"nope"');
  expect(refusals([{ type: "redact", kinds: ["nope"] }])[0]).toStartWith("0.kinds.0: ");
  expect(refusals([{ type: "redact", patterns: { a: "(?=x)" } }])[0]).toStartWith("0.patterns.a: ");
});

test("bytes that are no UTF-8 stay as they are around what is replaced", () => {
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0xfe, 32]),
    Buffer.from("a@b.example "),
    Buffer.from([0xc3]),
  ]);
  const batch = {
    ...linesBatch(["x"]),
    bodies: new Uint8Array(bytes),
    bodyEnds: Uint32Array.of(bytes.length),
  };
  const { bodies } = chainOf([{ type: "redact" }]).take(batch).batch;
  const expected = [
    Buffer.from([0xff, 0xfe, 32]),
    Buffer.from("[redacted:email] "),
    Buffer.from([0xc3]),
  ];
  expect(Buffer.from(bodies)).toEqual(Buffer.concat(expected));
});
