import { z } from "zod";

const Frame = z.object({
  streams: z.array(z.object({ values: z.array(z.unknown()) })),
  dropped_entries: z.array(z.unknown()).optional(),
});

export type TailAttack = {
  readonly url: string;
  readonly sockets: number;
  readonly query: string;
  /** Lines of history that each socket asks for, from the beginning of time. */
  readonly limit: number;
  /** Whether each socket asks by a text of its own, so that no two can share work. */
  readonly isVaried: boolean;
  /** How long the sockets stay. */
  readonly forMs: number;
};

export type TailOutcome = {
  readonly opened: number;
  readonly refused: number;
  /** Sockets that the server closed. */
  readonly closed: number;
  readonly entries: number;
  readonly dropped: number;
  /** Sockets that got as many entries, sent or listed as dropped, as they asked for. */
  readonly served: number;
};

/** Opens many live tails at once, each with as much history as may be asked for. Hold it in a process of its own: it parses all that it is sent. */
export async function attackTails(attack: TailAttack): Promise<TailOutcome> {
  const { url, sockets, query, limit, isVaried, forMs } = attack;
  const outcome = { opened: 0, refused: 0, closed: 0, entries: 0, dropped: 0, served: 0 };
  const done = Promise.withResolvers<void>();
  const open = Array.from({ length: sockets }, (_, i) => {
    const text = isVaried ? `${query} != "no line has this ${i}"` : query;
    const address = new URL("/loki/api/v1/tail", url);
    address.protocol = "ws:";
    address.search = new URLSearchParams({
      query: text,
      start: "1",
      limit: String(limit),
    }).toString();
    const socket = new WebSocket(address);
    let isOpen = false;
    let count = 0;
    socket.addEventListener("open", () => {
      isOpen = true;
      outcome.opened++;
    });
    socket.addEventListener("message", ({ data }) => {
      const { streams, dropped_entries: dropped = [] } = Frame.parse(JSON.parse(String(data)));
      const entries = streams.reduce((sum, { values }) => sum + values.length, 0);
      outcome.entries += entries;
      outcome.dropped += dropped.length;
      if (count < limit && count + entries + dropped.length >= limit) outcome.served++;
      count += entries + dropped.length;
      if (outcome.served === sockets) done.resolve();
    });
    socket.addEventListener("close", () => {
      if (isOpen) outcome.closed++;
      else outcome.refused++;
    });
    return socket;
  });
  await Promise.race([done.promise, Bun.sleep(forMs)]);
  const result = { ...outcome };
  for (const socket of open) socket.close();
  return result;
}
