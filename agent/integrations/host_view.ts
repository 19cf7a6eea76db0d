/** What detection sees of this host at one moment. Integrations read it; they never look for themselves. */
export type HostView = {
  readonly processes: readonly HostProcess[];
  /** Sockets that accept connections or datagrams. */
  readonly listeners: readonly Listener[];
  /** Names of systemd units that are active ("postgresql@15-main.service"); empty where there is no systemd. */
  readonly units: ReadonlySet<string>;
  /** Whether a file or folder is there, and readable by this process. */
  exists(path: string): boolean;
  /** The first 64 KiB of a file as text; undefined where it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Paths that match a glob, sorted, 100 at most. */
  glob(pattern: string): Promise<readonly string[]>;
  /**
   * One GET within a second: status and the first 64 KiB of the body. Undefined where nobody answers. Redirects are not followed, certificates
   * not checked, so nothing secret may be sent. What was answered well is given again for up to an hour, while the same socket listens there.
   */
  get(
    url: string,
    options?: { readonly unixSocket?: string },
  ): Promise<{ readonly status: number; readonly body: string } | undefined>;
  /**
   * Sends bytes to a TCP or Unix socket and gives the first 4 KiB of the answer within a second; undefined without one. A character is a byte (Latin-1), both
   * ways. Without bytes it waits for a greeting. An answer is given again for up to an hour, while the same socket listens there.
   */
  ask(address: SocketAddress, bytes: string): Promise<string | undefined>;
};

export type SocketAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

export type HostProcess = {
  readonly pid: number;
  /** Of /proc/PID/comm: at most 15 characters. */
  readonly name: string;
  /** Base name of the executable, or of the first argument where the link cannot be read. */
  readonly executable: string;
  /** Each at most 1,024 characters. */
  readonly args: readonly string[];
  /** Whether it has a network of its own (a container): its ports are not this host's. */
  readonly ownNetwork: boolean;
};

export type Listener = {
  readonly protocol: "tcp" | "udp" | "unix";
  /** "0.0.0.0" and "::" for all; empty for unix. */
  readonly host: string;
  /** 0 for unix. */
  readonly port: number;
  /** Of a Unix socket. */
  readonly path: string;
  /** Undefined where this process may not know whose it is. */
  readonly pid: number | undefined;
};

/** Processes whose command or executable has one of the names, the one of the lowest pid first, without those that live in containers. */
export function processesNamed(host: HostView, ...names: readonly string[]): HostProcess[] {
  return host.processes.filter(
    ({ name, executable, ownNetwork }) =>
      !ownNetwork && (names.includes(name) || names.includes(executable)),
  );
}

/** TCP listeners of these processes; where nobody may know whose sockets are whose, all that listen on one of the usual ports. */
export function listenersOf(
  host: HostView,
  processes: readonly HostProcess[],
  usualPorts: readonly number[],
): Listener[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  const tcp = host.listeners.filter(({ protocol }) => protocol === "tcp");
  const own = tcp.filter(({ pid }) => pid !== undefined && pids.has(pid));
  if (own.length > 0) return own;
  return tcp.filter(({ port, pid }) => pid === undefined && usualPorts.includes(port));
}

/** How this host reaches a listener: the loopback address where it listens everywhere. */
export function reachable({ host, port }: Listener): string {
  if (host === "0.0.0.0" || host === "::" || host === "") return `127.0.0.1:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
