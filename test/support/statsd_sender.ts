/**
 * A sender of StatsD over UDP for benchmarks: one line a packet, counters and timers with DogStatsD's tags, at a steady rate.
 *
 *     bun statsd_sender.ts PORT PACKETS PACKETS_PER_SECOND SERIES
 *
 * Goes on when it gets a byte on its standard input; prints what it sent as JSON.
 */

/** What the sender prints. */
export type SentPackets = { readonly packets: number; readonly seconds: number };

/** Sent by one system call. */
const batch = 50;

if (import.meta.main) {
  const [port = 0, packets = 0, perSecond = 1, series = 1] = process.argv.slice(2).map(Number);
  const lines = Array.from({ length: series }, (_, i) => Buffer.from(lineOf(i)));
  const socket = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port } });
  process.stdout.write("ready\n");
  await Bun.stdin.stream().getReader().read();
  const startedMs = performance.now();
  let sent = 0;
  while (sent < packets) {
    const due = Math.min(packets, ((performance.now() - startedMs) / 1_000) * perSecond);
    while (sent < due) {
      const many = Array.from(
        { length: Math.min(batch, packets - sent) },
        (_, i) => lines[(sent + i) % lines.length] ?? Buffer.alloc(0),
      );
      // Where the kernel takes fewer, the others are sent with the next.
      sent += socket.sendMany(many);
    }
    await Bun.sleep(1);
  }
  const result: SentPackets = { packets: sent, seconds: (performance.now() - startedMs) / 1_000 };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

/** Three of five are counters; the others are timers, whose values spread over a second. */
function lineOf(i: number): string {
  const tags = `#env:prod,host:web-${i % 20},route:/api/v1/items/${i}`;
  return i % 5 < 3
    ? `bench_hits.items:1|c|${tags}`
    : `bench_times.items:${(i * 37) % 1_000}|ms|${tags}`;
}
