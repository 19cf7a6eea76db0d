import type { HostProcess, HostView, Listener } from "#agent/integrations/host_view.ts";

/** What a host in a test has; all else is absent, and nobody answers. */
export type HostInTest = {
  readonly processes?: readonly Partial<HostProcess>[];
  readonly listeners?: readonly Partial<Listener>[];
  readonly units?: readonly string[];
  /** Files by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly get?: HostView["get"];
  readonly ask?: HostView["ask"];
};

/** A view of an invented host, for what detection makes of it. */
export function hostOf({
  processes = [],
  listeners = [],
  units = [],
  files = {},
  get = async () => undefined,
  ask = async () => undefined,
}: HostInTest): HostView {
  return {
    processes: processes.map((own, i) => ({
      pid: i + 100,
      name: "",
      executable: "",
      args: [],
      ownNetwork: false,
      ...own,
    })),
    listeners: listeners.map((own) => ({
      protocol: "tcp",
      host: "",
      port: 0,
      path: "",
      pid: undefined,
      ...own,
    })),
    units: new Set(units),
    exists: (path) => Object.hasOwn(files, path),
    read: async (path) => files[path],
    glob: async (pattern) => Object.keys(files).filter((path) => new Bun.Glob(pattern).match(path)),
    get,
    ask,
  };
}
