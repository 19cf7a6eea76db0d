import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { openManifest } from "./manifest.ts";
import { isSigned, makeKeyPair, parsePublicKey, signMessage } from "./minisign.ts";

const { publicText, secretText } = makeKeyPair();
const key = parsePublicKey(publicText);
const other = parsePublicKey(makeKeyPair().publicText);
const message = Buffer.from('{"format":1,"product":"lapwing-agent","version":"1.2.3"}');
const signature = signMessage(message, secretText, "lapwing-agent 1.2.3");

test("a signature holds for its bytes and its key, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, text) => {
      const comment = text.replaceAll(/[\r\n]/g, "");
      const signed = signMessage(bytes, secretText, comment);
      return isSigned(bytes, signed, [other, key]) && !isSigned(bytes, signed, [other]);
    }),
    { numRuns: 50 },
  );
  expect(() => parsePublicKey(publicText.slice(0, -5))).toThrow("expected a public key");
});

test("every byte of message and signature that is another makes it worthless", () => {
  for (let i = 0; i < message.length; i++)
    for (const flip of [1, 0x80]) {
      const bytes = Buffer.from(message);
      bytes[i] = (bytes[i] ?? 0) ^ flip;
      expect(isSigned(bytes, signature, [key])).toBe(false);
    }
  const text = Buffer.from(signature, "latin1");
  // What stands in the untrusted comment is said to be of no value.
  const begin = signature.indexOf("\n") + 1;
  for (let i = begin; i < text.length - 1; i++)
    for (const flip of [1, 0x20]) {
      const bytes = Buffer.from(text);
      bytes[i] = (bytes[i] ?? 0) ^ flip;
      expect(isSigned(message, bytes.toString("latin1"), [key])).toBe(false);
    }
  for (let length = 0; length < signature.length - 1; length++)
    expect(isSigned(message, signature.slice(0, length), [key])).toBe(false);
  expect(isSigned(message, signature + signature, [key])).toBe(false);
});

test("a manifest is looked at only when it is signed", () => {
  const manifest = message.toString();
  expect(() => openManifest({ manifest, signature }, [other])).toThrow("no key that is trusted");
  expect(() => openManifest({ manifest, signature }, [])).toThrow("no key that is trusted");
  expect(() => openManifest({ manifest, signature }, [key])).toThrow("sequence");
});

const run = (...args: string[]) =>
  Bun.spawnSync(["minisign", ...args], { stdin: "ignore" }).exitCode;

test.skipIf(Bun.which("minisign") === null)(
  "minisign itself takes our signatures, and we take its (needs minisign)",
  async () => {
    const folder = `${process.env.TMPDIR ?? "/tmp"}/lapwing-minisign-${process.pid}`;
    try {
      await Bun.write(`${folder}/m`, message);
      await Bun.write(`${folder}/m.minisig`, signature);
      await Bun.write(`${folder}/key.pub`, publicText);
      await Bun.write(`${folder}/key`, secretText);
      expect(run("-V", "-p", `${folder}/key.pub`, "-m", `${folder}/m`)).toBe(0);
      expect(run("-S", "-s", `${folder}/key`, "-m", `${folder}/m`, "-t", "by minisign")).toBe(0);
      const theirs = await Bun.file(`${folder}/m.minisig`).text();
      expect(theirs).toContain("by minisign");
      expect(isSigned(message, theirs, [key])).toBe(true);
    } finally {
      Bun.spawnSync(["rm", "-rf", folder]);
    }
  },
);
