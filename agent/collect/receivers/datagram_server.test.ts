import { expect, test } from "bun:test";
import { startDatagramServer } from "./datagram_server.ts";
import { eventually } from "./receiver.fixture.ts";

// A real flood from another process while this one looks at nothing: what does not fit into the kernel's buffer is told.
test("startDatagramServer() tells how many datagrams the kernel dropped, and takes the others", async () => {
  const sent = 2_000;
  let [taken, lost] = [0, 0];
  const server = await startDatagramServer(
    "127.0.0.1:0",
    () => taken++,
    (datagrams) => (lost += datagrams),
  );
  const flood = `
    const socket = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: ${server.port} } });
    const datagram = Buffer.alloc(60_000);
    for (let i = 0; i < ${sent}; ) if (socket.send(datagram)) i++; else await Bun.sleep(1);
    process.exit(0);
  `;
  expect(Bun.spawnSync([process.execPath, "-e", flood]).exitCode).toBe(0);
  let before = -1;
  await eventually(() => {
    const isQuiet = taken > 0 && taken === before;
    before = taken;
    return isQuiet;
  });
  server.stop();
  expect(lost).toBeGreaterThan(0);
  expect(taken + lost).toBe(sent);
});
