import { createServer } from "node:net";

/** A TCP port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const address = server.address();
  await new Promise((done) => {
    server.close(done);
  });
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}
