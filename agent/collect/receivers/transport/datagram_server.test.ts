import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { startDatagramServer, startFloodServer } from "./datagram_server.ts";
import { eventually } from "../receiver.fixture.ts";

/** Sends from another process while this one looks at nothing. */
function flood(port: number, datagrams: number, bytes: number): void {
  const program = `
    const socket = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: ${port} } });
    const datagram = Buffer.alloc(${bytes}, "x");
    for (let i = 0; i < ${datagrams}; ) if (socket.send(datagram)) i++; else await Bun.sleep(1);
    process.exit(0);
  `;
  expect(Bun.spawnSync([process.execPath, "-e", program]).exitCode).toBe(0);
}

/** Resolves when nothing more comes. */
async function quiet(taken: () => number): Promise<void> {
  let before = -1;
  await eventually(() => {
    const isQuiet = taken() > 0 && taken() === before;
    before = taken();
    return isQuiet;
  });
}

for (const start of [startDatagramServer, startFloodServer])
  test(`${start.name}() tells how many datagrams the kernel dropped, and takes the others`, async () => {
    const sent = 2_000;
    let [taken, lost] = [0, 0];
    const take = () => void taken++;
    const server = await start("127.0.0.1:0", take, (datagrams) => (lost += datagrams));
    flood(server.port, sent, 60_000);
    await quiet(() => taken);
    server.stop();
    expect(lost).toBeGreaterThan(0);
    expect(taken + lost).toBe(sent);
  });

/** Calls `each` once a turn of the loop, until what it returns is called. */
function everyTurn(each: () => void): () => void {
  let isOver = false;
  const turn = (): void => {
    each();
    if (!isOver) setImmediate(turn);
  };
  turn();
  return () => {
    isOver = true;
  };
}

test("startFloodServer() gives a turn to others between a bounded number of datagrams, and keeps their bytes", async () => {
  let [taken, inTurn, inTurnMax, isWrong] = [0, 0, 0, false];
  const server = await startFloodServer(
    "127.0.0.1:0",
    (bytes, start, end) => {
      isWrong ||= bytes.toString("latin1", start, end) !== "xxx";
      taken++;
      inTurnMax = Math.max(inTurnMax, ++inTurn);
    },
    () => {},
  );
  const stopTurns = everyTurn(() => void (inTurn = 0));
  flood(server.port, 1_000, 3);
  await quiet(() => taken);
  stopTurns();
  server.stop();
  expect(isWrong).toBe(false);
  expect(inTurnMax).toBeGreaterThan(1);
  expect(inTurnMax).toBeLessThanOrEqual(257);
});

test("startDatagramServer() does so, too, tells each datagram's sender, and frees its port and descriptors", async () => {
  let [taken, inTurn, inTurnMax] = [0, 0, 0];
  const senders = new Set<string>();
  const openBefore = readdirSync("/proc/self/fd").length;
  const server = await startDatagramServer(
    "127.0.0.1:0",
    (datagram, { address, port }) => {
      senders.add(`${address} ${port > 0} ${datagram.toString("latin1")}`);
      taken++;
      inTurnMax = Math.max(inTurnMax, ++inTurn);
    },
    () => {},
  );
  const stopTurns = everyTurn(() => void (inTurn = 0));
  for (let round = 1; round <= 2; round++) {
    flood(server.port, 3_000, 3);
    await eventually(() => taken === round * 3_000);
  }
  stopTurns();
  const socket = await Bun.udpSocket({});
  socket.send("xxx", server.port, "127.0.0.1");
  await eventually(() => taken === 6_001);
  socket.close();
  server.stop();
  expect([...senders]).toEqual(["127.0.0.1 true xxx"]);
  expect(inTurnMax).toBeGreaterThan(1);
  // Bun reads some at a time, and gives up after those.
  expect(inTurnMax).toBeLessThanOrEqual(256 + 64);
  const again = await startDatagramServer(
    `127.0.0.1:${server.port}`,
    () => {},
    () => {},
  );
  again.stop();
  await eventually(() => readdirSync("/proc/self/fd").length <= openBefore);
});

test("startFloodServer() goes on after an empty datagram, and frees its port at its end", async () => {
  let taken = 0;
  const server = await startFloodServer(
    "127.0.0.1:0",
    () => void taken++,
    () => {},
  );
  const socket = await Bun.udpSocket({});
  for (let round = 1; round <= 3; round++) {
    socket.send("", server.port, "127.0.0.1");
    socket.send("x", server.port, "127.0.0.1");
    await eventually(() => taken >= round);
  }
  socket.close();
  server.stop();
  const again = await startFloodServer(
    `127.0.0.1:${server.port}`,
    () => {},
    () => {},
  );
  again.stop();
});
