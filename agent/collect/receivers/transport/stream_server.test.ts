import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { createLogger } from "#shared/runtime/log.ts";
import { readChunks, startStreamServer } from "./stream_server.ts";

/** Sends each text over a connection of its own; what was taken of it, and what was refused and logged. */
async function taken(...texts: string[]) {
  const lines: unknown[] = [];
  const refused: string[] = [];
  const log = createLogger("info", (line) => void lines.push(JSON.parse(line)));
  const context = { log, refusedConnection: (reason: string) => void refused.push(reason) };
  let bytes = "";
  const framing = {
    push: (chunk: Uint8Array) => void (bytes += Buffer.from(chunk)),
    end: () => {},
  };
  const options = { listen: "127.0.0.1:0", connectionsMax: 10, context };
  const server = await startStreamServer(options, (socket) =>
    readChunks(socket, framing, async () => {}),
  );
  for (const text of texts) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.end(text);
    socket.resume();
    await once(socket, "close");
  }
  await server.stop();
  return { bytes, refused, lines };
}

test("readChunks() takes nothing of an HTTP request, as a web page would send it", async () => {
  const head = "POST /x HTTP/1.1\r\nHost: 127.0.0.1:2003\r\nContent-Type: text/plain\r\n\r\n";
  const requests = [
    `${head}forged.metric 1 1\n`,
    `GET /forged HTTP/1.1\r\nHost: a\r\n\r\n`,
    `POST /${"x".repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\nforged.metric 1 1\n`,
  ];
  const { bytes, refused, lines } = await taken(...requests);
  expect(bytes).toBe("");
  expect(refused).toEqual(["malformed", "malformed", "malformed"]);
  // A client that connects again and again causes one log line a minute.
  expect(lines).toMatchObject([{ level: "warn", msg: "connections of senders closed" }]);
});

test("readChunks() takes lines of access logs and metrics with such names", async () => {
  const lines = ["GET /index.html HTTP/1.1\n", "POST /a 200\nHost: b\n", "GET.requests 1 1\n"];
  expect(await taken(...lines)).toEqual({ bytes: lines.join(""), refused: [], lines: [] });
});
