import type { HostView } from "../host_view.ts";

/** A pool as its file describes it. */
export type PoolFile = {
  readonly file: string;
  readonly name: string;
  /** Path of a Unix socket, or host:port. */
  readonly address: string;
  /** Undefined where pm.status_path is not set. */
  readonly statusPath: string | undefined;
  readonly slowLog: string | undefined;
  /** Of its master, where that names one. */
  readonly errorLog: string | undefined;
  /** Of its master's pools. */
  readonly isFirst: boolean;
};

/** Of Debian, of Red Hat and SUSE, of PHP's own installation and images. */
const places = [
  "/etc/php/*/fpm/pool.d/*.conf",
  "/etc/php-fpm.d/*.conf",
  "/etc/php*/fpm/php-fpm.d/*.conf",
  "/usr/local/etc/php-fpm.d/*.conf",
];
const filesMax = 50;

/** How a master calls itself, with its file (sapi/fpm/fpm/fpm_main.c). */
const masterTitle = /^php-fpm: master process \((\/[^)]+)\)/;

/**
 * The pools of all masters that run, by the files that these name, with what they include; where none can be read, those of the usual places, whoever reads
 * them.
 */
export async function readPoolFiles(host: HostView): Promise<PoolFile[]> {
  const masters = new Set(
    host.processes
      .filter(({ ownNetwork }) => !ownNetwork)
      .flatMap(({ args }) => masterTitle.exec(args.join(" "))?.[1] ?? []),
  );
  const pools: PoolFile[] = [];
  for (const file of masters) {
    const parts = await partsOf(host, file);
    pools.push(...poolsOf(parts));
  }
  if (pools.length > 0) return pools;
  for (const file of await filesOf(host, places))
    pools.push(...poolsOf([{ file, text: (await host.read(file)) ?? "" }]));
  return pools;
}

async function filesOf(host: HostView, patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) files.push(...(await host.glob(pattern)));
  return files.slice(0, filesMax);
}

type Part = { readonly file: string; readonly text: string };

/** A master's file and those that it includes, in that order; they include no further ones but by its sections. */
async function partsOf(host: HostView, file: string): Promise<Part[]> {
  const text = (await host.read(file)) ?? "";
  const included = [...text.matchAll(/^\s*include\s*=\s*"?(\/[^\s";]+)/gm)];
  const parts = [{ file, text }];
  for (const each of await filesOf(
    host,
    included.map(([, pattern = ""]) => pattern),
  ))
    parts.push({ file: each, text: (await host.read(each)) ?? "" });
  return parts;
}

type Section = {
  readonly file: string;
  readonly name: string;
  readonly values: Map<string, string>;
};

/** The pools of one master. Sections of INI files; ";" begins a comment, $pool is the section's name. */
export function poolsOf(parts: readonly Part[]): PoolFile[] {
  const sections = parts.flatMap(({ file, text }) => sectionsOf(file, text));
  const errorLog = sections.find(({ name }) => name === "global")?.values.get("error_log");
  const pools: PoolFile[] = [];
  for (const { file, name, values } of sections) {
    // Its own address answers where all processes of the pool are busy.
    const listen = values.get("pm.status_listen") ?? values.get("listen");
    const address = listen === undefined ? undefined : reachableListen(listen);
    if (name === "global" || address === undefined) continue;
    pools.push({
      file,
      name,
      address,
      statusPath: absolute(values.get("pm.status_path")),
      slowLog: absolute(values.get("slowlog")),
      errorLog: absolute(errorLog),
      isFirst: pools.length === 0,
    });
  }
  return pools;
}

function sectionsOf(file: string, text: string): Section[] {
  const sections: Section[] = [];
  for (const line of text.split("\n")) {
    const [, section] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) sections.push({ file, name: section, values: new Map() });
    const [, key = "", value = ""] = /^\s*([a-z_.]+)\s*=\s*(.*?)\s*(?:;.*)?$/.exec(line) ?? [];
    const last = sections.at(-1);
    if (key !== "")
      last?.values.set(key, value.replace(/^"(.*)"$/, "$1").replaceAll("$pool", last.name));
  }
  return sections;
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") === true ? path : undefined;
}

function reachableListen(listen: string): string | undefined {
  if (listen.startsWith("/")) return listen;
  if (/^\d+$/.test(listen)) return `127.0.0.1:${listen}`;
  if (!/:\d+$/.test(listen)) return undefined;
  return listen.replace(/^(0\.0\.0\.0|\[::\]|\*|):/, "127.0.0.1:");
}
