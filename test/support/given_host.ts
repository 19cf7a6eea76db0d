import { connect } from "node:net";
import type { HostProcess, HostView } from "#agent/integrations/host_view.ts";
import { hostOf } from "./host_view.ts";

type Given = {
  readonly processes?: readonly (Partial<HostProcess> & { readonly name: string })[];
  /** Ports of 127.0.0.1, by the place of their process in `processes`; -1 where nobody may know whose they are. */
  readonly ports?: Readonly<Record<number, number>>;
};

/** A host with these processes and ports; get() and ask() go to whoever really listens. */
export function givenHost({ processes = [], ports = {} }: Given): HostView {
  const listeners = Object.entries(ports).map(([port, process]) => ({
    protocol: "tcp" as const,
    host: "127.0.0.1",
    port: Number(port),
    pid: process < 0 ? undefined : 100 + process,
  }));
  return hostOf({ processes, listeners, get, ask });
}

const get: HostView["get"] = async (url) => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    return { status: answer.status, body: (await answer.text()).slice(0, 65_536) };
  } catch {
    return undefined;
  }
};

const ask: HostView["ask"] = (address, bytes) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect("path" in address ? { path: address.path } : { ...address });
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on("connect", () => socket.write(Buffer.from(bytes, "latin1")));
  socket.on("data", (data: Buffer) => {
    resolve(data.toString("latin1"));
    socket.destroy();
  });
  socket.on("error", () => resolve(undefined));
  socket.on("close", () => resolve(undefined));
  return promise;
};
