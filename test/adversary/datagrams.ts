const batch = 64;

/** Sends datagrams to a port of this host as fast as its kernel takes them. */
export async function sendDatagrams(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port } });
  try {
    for (let at = 0; at < datagrams.length; at += batch) {
      socket.sendMany(datagrams.slice(at, at + batch));
      await Bun.sleep(1);
    }
  } finally {
    socket.close();
  }
}
