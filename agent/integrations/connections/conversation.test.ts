import { expect, test } from "bun:test";
import { array, assert, property, uint8Array } from "fast-check";
import { messageOf } from "#shared/errors.ts";
import { Conversation } from "./conversation.ts";
import { HeldBytes } from "./held_bytes.ts";

test("HeldBytes gives back what came, in order, however it is cut and taken", () => {
  const pieces = array(uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 30 });
  assert(
    property(pieces, uint8Array({ minLength: 40, maxLength: 40 }), (given, steps) => {
      const held = new HeldBytes();
      let expected = Buffer.alloc(0);
      given.forEach((piece, i) => {
        held.append(Buffer.from(piece));
        expected = Buffer.concat([expected, piece]);
        const count = Math.min(expected.length, (steps[i] ?? 0) * 2);
        expect(held.view().subarray(0, count).equals(expected.subarray(0, count))).toBe(true);
        held.drop(count);
        expected = expected.subarray(count);
        expect(held.view().equals(expected)).toBe(true);
      });
    }),
    { numRuns: 50 },
  );
});

test("Conversation reads lines, counts and up to markers out of pieces of any size", async () => {
  const bytes = Buffer.from("one\r\ntwo\n12345<END>rest");
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (socket) => {
          for (let at = 0; at < bytes.length; at += size) {
            socket.write(bytes.subarray(at, at + size));
            socket.flush();
          }
          socket.end();
        },
      },
    });
    const signal = AbortSignal.timeout(3_000);
    const talk = await Conversation.open({ host: "127.0.0.1", port: server.port }, signal);
    talk.send("?");
    expect([await talk.line(), await talk.line()]).toEqual(["one", "two"]);
    expect((await talk.bytes(3)).toString()).toBe("123");
    expect((await talk.until(Buffer.from("<END>"))).toString()).toBe("45");
    expect((await talk.rest()).toString()).toBe("rest");
    talk.close();
    server.stop(true);
  }
});

test("Conversation ends with a server that never comes to an end", async () => {
  const filler = Buffer.alloc(65_536, "A");
  const pour = (socket: { write(bytes: Buffer): number }) => {
    while (socket.write(filler) > 0);
  };
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: pour, drain: pour, data: () => {}, error: () => {} },
  });
  const signal = AbortSignal.timeout(4_000);
  const talk = await Conversation.open({ host: "127.0.0.1", port: server.port }, signal);
  expect(await talk.line().catch(messageOf)).toBe("an answer of more than 16 MiB");
  talk.close();
  server.stop(true);
});
