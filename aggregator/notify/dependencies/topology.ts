export type Behind = { readonly name: string; readonly hosts: readonly string[] };

/** Which targets are on which hosts, and what lies between them and this server. */
export class Topology {
  /** By the name of a host: what it is behind. */
  readonly #exact = new Map<string, string[]>();
  readonly #patterns: { readonly parts: readonly string[]; readonly name: string }[] = [];

  constructor(behind: readonly Behind[]) {
    for (const { name, hosts } of behind)
      for (const host of hosts) {
        if (host.includes("*")) this.#patterns.push({ parts: host.split("*"), name });
        else this.#exact.set(host, [...(this.#exact.get(host) ?? []), name]);
      }
  }

  /** What a host or target depends on, without itself, the nearest first: the host of a target, and what that is behind. */
  above(name: string): ReadonlySet<string> {
    const found = new Set<string>();
    const waiting = [...this.#parents(name)];
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      if (at === name || found.has(at)) continue;
      found.add(at);
      waiting.push(...this.#parents(at));
    }
    return found;
  }

  /** A way from a name back to itself, or undefined. */
  circleOf(name: string): readonly string[] | undefined {
    const seen = new Set<string>();
    const ways = this.#parents(name).map((parent) => [name, parent]);
    for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
      const at = way.at(-1) ?? name;
      if (at === name) return way;
      if (seen.has(at)) continue;
      seen.add(at);
      for (const parent of this.#parents(at)) ways.push([...way, parent]);
    }
    return undefined;
  }

  #parents(name: string): readonly string[] {
    const host = hostOf(name);
    const wide = this.#patterns.filter(({ parts }) => fits(name, parts)).map((one) => one.name);
    const behind = [...(this.#exact.get(name) ?? []), ...wide];
    return host === name ? behind : [host, ...behind];
  }
}

/** The name of a host without its port: "web-1:9100", "[::1]:9100". An IPv6 address without brackets has no port. */
export function hostOf(name: string): string {
  const [, host] = /^(\[[^\]]*\]|[^:]*):\d+$/.exec(name) ?? [];
  return host === undefined || host === "" ? name : host;
}

/** Whether a text begins, goes on and ends with the parts around asterisks. */
function fits(text: string, parts: readonly string[]): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
