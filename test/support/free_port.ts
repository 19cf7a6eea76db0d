import { createServer } from "node:net";

/** Below the ports that Linux gives to outgoing connections (net.ipv4.ip_local_port_range), which would take one between its choice and its use. */
const first = 12_000;
const last = 32_000;
const given = new Set<number>();

/** A TCP port of the loopback address that was free a moment ago, and that this process was not given before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error("no free port");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((done, fail) => {
      server.once("error", fail);
      server.listen(port, "127.0.0.1", done);
    });
  } catch {
    return false;
  }
  await new Promise((done) => {
    server.close(done);
  });
  return true;
}
