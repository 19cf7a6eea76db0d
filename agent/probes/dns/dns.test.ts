import { afterAll, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { assert, property, uint8Array } from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import { startNameServer } from "#test/support/name_server.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { probe } from "#test/support/probing.ts";
import { decodeMessage, encodeQuery, readName } from "./message.ts";
import { recordText } from "./record_text.ts";

const server = await startNameServer({
  "www.example A": ["192.0.2.1", "192.0.2.2"],
  "www.example AAAA": ["2001:db8::7"],
  "example MX": [{ priority: 10, host: "mail.example" }],
});
const targets = new ProbeTargets();
afterAll(async () => {
  targets.close();
  await server.close();
});
const dns = (keys: string) => `{prober: dns, dns: {${keys}}}`;

test("answers are counted and validated as the exporter does", async () => {
  const www = "query_name: www.example, query_type: A";
  const { isGood, samples } = await probe(dns(www), server.address);
  expect(isGood).toBe(true);
  expect(samples.get("probe_dns_answer_rrs")).toBe(2);
  expect(samples.get("probe_dns_query_succeeded")).toBe(1);
  const cases: [keys: string, isGood: boolean][] = [
    ["validate_answer_rrs: {fail_if_matches_regexp: ['192.0.2.2$']}", false],
    [
      "validate_answer_rrs: {fail_if_not_matches_regexp: ['^www\\.example\\.\\t.*\\tIN\\tA\\t192']}",
      true,
    ],
    ["validate_answer_rrs: {fail_if_none_matches_regexp: ['192.0.2.2$']}", true],
    ["validate_answer_rrs: {fail_if_none_matches_regexp: ['192.0.2.9$']}", false],
    ["validate_answer_rrs: {fail_if_all_match_regexp: ['192.0.2']}", true],
    ["validate_answer_rrs: {fail_if_all_match_regexp: ['192.0.2.2']}", false],
    ["validate_authority_rrs: {fail_if_not_matches_regexp: ['ns']}", false],
    ["source_ip_address: 127.0.0.5", true],
  ];
  for (const [keys, good] of cases)
    expect([keys, (await probe(dns(`${www}, ${keys}`), server.address)).isGood]).toEqual([
      keys,
      good,
    ]);
});

test("a name that is not there fails, unless NXDOMAIN is wanted", async () => {
  const missing = "query_name: none.example, query_type: A";
  expect((await probe(dns(missing), server.address)).reason).toContain("rcode NXDOMAIN");
  const wanted = await probe(dns(`${missing}, valid_rcodes: [NXDOMAIN]`), server.address);
  expect(wanted.isGood).toBe(true);
});

test("nobody there, nobody answering, and answers to others", async () => {
  const any = dns("query_name: x.example");
  const closed = await targets.tcp(() => {});
  expect((await probe(any, `127.0.0.1:${closed}`, { timeoutMs: 200 })).isGood).toBe(false);
  const other = createSocket("udp4");
  other.on("message", (query, { port, address }) => {
    const wrong = Buffer.from(query);
    wrong.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
    other.send(wrong, port, address);
  });
  await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
  const late = await probe(any, `127.0.0.1:${other.address().port}`, { timeoutMs: 150 });
  expect(late.reason).toContain("no answer within");
  other.close();
});

test("names with loops of pointers are refused at once", () => {
  const header = [0, 1, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const loops = [
    [0xc0, 12, 0, 1, 0, 1],
    [0xc0, 14, 0xc0, 12, 0, 1, 0, 1],
    [1, 97, 0xc0, 12, 0, 1, 0, 1],
    [0xc0, 200],
  ];
  for (const loop of loops)
    expect(() => decodeMessage(Uint8Array.from([...header, ...loop]))).toThrow(OperatingError);
  const fine = Uint8Array.from([...header, 1, 97, 0, 1, 98, 0xc0, 12, 0, 0]);
  expect(readName(fine, 15)).toEqual({ name: "b.a.", end: 19 });
});

test("whatever bytes come, they are read or refused, and records can be written", () => {
  const message = encodeQuery({
    id: 7,
    name: "a.b.example.",
    type: 255,
    class: 1,
    isRecursive: true,
  });
  assert(
    property(uint8Array({ maxLength: 200 }), uint8Array({ maxLength: 12 }), (tail, head) => {
      const bytes = Buffer.concat([message, tail]);
      bytes.set(head, 0);
      try {
        const { answers, authorities, additionals } = decodeMessage(bytes);
        for (const record of [...answers, ...authorities, ...additionals]) recordText(record);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(OperatingError);
      }
    }),
  );
});
