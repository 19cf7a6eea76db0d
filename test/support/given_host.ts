import { connect } from "node:net";
import type { HostProcess, HostView, Listener } from "#agent/integrations/detection/host_view.ts";

type Given = {
  readonly processes?: readonly (Partial<HostProcess> & { readonly name: string })[];
  /** Ports of 127.0.0.1, by the place of their process in `processes`; -1 where nobody may know whose they are. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Files by path. */
  readonly files?: Readonly<Record<string, string>>;
};

/** A host with these processes, listeners and files; get() and ask() go to whoever really listens. */
export function givenHost({ processes = [], ports = {}, files = {} }: Given): HostView {
  const all = processes.map((each, i): HostProcess => ({
    pid: 100 + i,
    executable: each.name,
    args: [each.name],
    ownNetwork: false,
    ...each,
  }));
  const listeners = Object.entries(ports).map(([port, process]): Listener => ({
    protocol: "tcp",
    host: "127.0.0.1",
    port: Number(port),
    path: "",
    pid: process < 0 ? undefined : 100 + process,
  }));
  return {
    processes: all,
    listeners,
    units: new Set(),
    exists: (path) => Object.hasOwn(files, path),
    read: async (path) => files[path],
    glob: async (pattern) => {
      const glob = new Bun.Glob(pattern);
      return Object.keys(files)
        .filter((path) => glob.match(path))
        .toSorted();
    },
    get: async (url) => {
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
        return { status: answer.status, body: (await answer.text()).slice(0, 65_536) };
      } catch {
        return undefined;
      }
    },
    ask,
  };
}

const ask: HostView["ask"] = (address, bytes) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect("path" in address ? { path: address.path } : { ...address });
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on("connect", () => socket.write(bytes));
  socket.on("data", (data: Buffer) => {
    resolve(data.toString("latin1"));
    socket.destroy();
  });
  socket.on("error", () => resolve(undefined));
  socket.on("close", () => resolve(undefined));
  return promise;
};
