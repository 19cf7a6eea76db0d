import { argv } from "node:process";

/** A program: sends each line of its input, base64, as a datagram to a port of 127.0.0.1, and writes what comes back in the same form. */
const port = Number(argv[2]);
const socket = await Bun.udpSocket({
  connect: { hostname: "127.0.0.1", port },
  socket: {
    data: (_, bytes) => void process.stdout.write(`${Buffer.from(bytes).toString("base64")}\n`),
    // Nobody listens there yet.
    error: () => {},
  },
});
for await (const line of console) socket.send(Buffer.from(line, "base64"));
socket.close();
