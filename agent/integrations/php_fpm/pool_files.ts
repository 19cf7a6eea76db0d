import type { HostView } from "../detection/host_view.ts";

/** A pool as its file describes it. */
export type PoolFile = {
  readonly file: string;
  readonly name: string;
  /** Path of a Unix socket, or host:port. */
  readonly address: string;
  /** Undefined where pm.status_path is not set. */
  readonly statusPath: string | undefined;
  readonly slowLog: string | undefined;
};

/** Of Debian, of Red Hat and SUSE, of PHP's own installation and images. */
const places = [
  "/etc/php/*/fpm/pool.d/*.conf",
  "/etc/php-fpm.d/*.conf",
  "/etc/php*/fpm/php-fpm.d/*.conf",
  "/usr/local/etc/php-fpm.d/*.conf",
];
const filesMax = 50;

export async function readPoolFiles(host: HostView): Promise<PoolFile[]> {
  const files: string[] = [];
  for (const place of places) files.push(...(await host.glob(place)));
  const pools: PoolFile[] = [];
  for (const file of files.slice(0, filesMax))
    pools.push(...poolsOf(file, (await host.read(file)) ?? ""));
  return pools;
}

/** Sections of an INI file; ";" begins a comment, $pool is the section's name. */
export function poolsOf(file: string, text: string): PoolFile[] {
  const sections: { name: string; values: Map<string, string> }[] = [];
  for (const line of text.split("\n")) {
    const [, section] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) sections.push({ name: section, values: new Map() });
    const [, key = "", value = ""] = /^\s*([a-z_.]+)\s*=\s*(.*?)\s*(?:;.*)?$/.exec(line) ?? [];
    const last = sections.at(-1);
    if (key !== "")
      last?.values.set(key, value.replace(/^"(.*)"$/, "$1").replaceAll("$pool", last.name));
  }
  return sections.flatMap(({ name, values }) => {
    // Its own address answers where all processes of the pool are busy.
    const listen = values.get("pm.status_listen") ?? values.get("listen");
    const address = listen === undefined ? undefined : reachableListen(listen);
    if (name === "global" || address === undefined) return [];
    const statusPath = values.get("pm.status_path");
    const slowLog = values.get("slowlog");
    return [
      {
        file,
        name,
        address,
        statusPath: statusPath?.startsWith("/") === true ? statusPath : undefined,
        slowLog: slowLog?.startsWith("/") === true ? slowLog : undefined,
      },
    ];
  });
}

function reachableListen(listen: string): string | undefined {
  if (listen.startsWith("/")) return listen;
  if (/^\d+$/.test(listen)) return `127.0.0.1:${listen}`;
  if (!/:\d+$/.test(listen)) return undefined;
  return listen.replace(/^(0\.0\.0\.0|\[::\]|\*|):/, "127.0.0.1:");
}
