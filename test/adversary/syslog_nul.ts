import { connect } from "node:net";

/** Sends that many NUL bytes to a port of syslog over TCP: each ends a message that is empty. Resolves when all are taken. */
export async function sendSyslogNuls(port: number, bytes = 10_000_000): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1", () => socket.end(Buffer.alloc(bytes)));
  socket.once("close", () => resolve());
  // The server may close first: then it has taken what it wants of them.
  socket.once("error", () => {});
  socket.resume();
  await promise;
}
