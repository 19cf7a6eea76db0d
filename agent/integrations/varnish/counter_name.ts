import { type Family, counter, gauge } from "../../collect/samples/family.ts";

/** A counter of varnishstat as a series: names and labels as in github.com/jonnenauha/prometheus_varnish_exporter 1.6. */
export type NamedCounter = { readonly family: Family; readonly labels: readonly string[] };

/** Groups besides "main", which is all the rest; that of VBE is called "backend". */
const groups = ["vbe", "mempool", "lck", "sma", "smf", "mgt", "main"];
const locks: Readonly<Record<string, string>> = {
  colls: "collisions",
  creat: "created",
  destroy: "destroyed",
  locks: "operations",
};
/** Parts of names that are a label `type`, and what counts all of them. */
const groupings = [
  { prefix: "main_fetch_", name: "main_fetch", total: "main_s_fetch" },
  { prefix: "main_sess_", name: "main_sessions", total: "main_s_sess" },
  { prefix: "main_n_wrk_", name: "main_worker_threads", total: "main_n_wrk" },
] as const;
const uuid = /([0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[89ab][0-9a-z]{3}-[0-9a-z]{12})(.*)/;

/** `flag` and `description` as varnishstat tells them; `ident` only of versions before 5.2. "VBE.boot.default.happy", "LCK.ban.locks", "MAIN.sess_conn". */
export function namedCounter(
  key: string,
  flag: string,
  description: string,
  ident = "",
): NamedCounter {
  const lower = key.toLowerCase();
  const group = groups.find((each) => lower.startsWith(`${each}.`)) ?? "main";
  const rest = lower.startsWith(`${group}.`) ? lower.slice(group.length + 1) : lower;
  const last = rest.lastIndexOf(".");
  const identity = ident === "" && last > 0 ? rest.slice(0, last) : ident.toLowerCase();
  const own = identity === "" ? rest : rest.replace(`${identity}.`, "");
  const short = `${group === "vbe" ? "backend" : group}_${own.replaceAll(".", "_")}`;
  const make = flag === "c" || flag === "a" ? counter : gauge;
  const named = (name: string, labelNames: readonly string[], labels: readonly string[]) => ({
    family: make(`varnish_${name}`, description, labelNames),
    labels,
  });
  if (group === "vbe") return named(short, ["backend", "server"], backendLabels(identity));
  const lock = group === "lck" ? locks[own] : undefined;
  if (lock !== undefined) return named(`lock_${lock}`, ["target"], [identity]);
  if (identity !== "")
    return named(short, [group === "sma" || group === "smf" ? "type" : "id"], [identity]);
  for (const { prefix, name, total } of groupings) {
    if (short === total) return named(`${name}_total`, [], []);
    if (short.startsWith(prefix)) return named(name, ["type"], [short.slice(prefix.length)]);
  }
  return named(short, [], []);
}

/** Of "boot.default", "default(127.0.0.1,,8080)" or one with a UUID: the backend, and its server where the name tells it. */
function backendLabels(identity: string): readonly [string, string] {
  const [, id, behind = ""] = uuid.exec(identity) ?? [];
  if (id !== undefined) return [cleanBackend(behind), id];
  const [, name, server = ""] = /^(.*)\((.*)\)/.exec(identity) ?? [];
  if (name !== undefined) return [cleanBackend(name), server.replace(",,", ":")];
  return [cleanBackend(identity), "unknown"];
}

/** Without the VCL that it belongs to: "boot.", "root:", "reload_20191014_091124_78599.". */
function cleanBackend(text: string): string {
  return text
    .replace(/^\.+|\.+$/g, "")
    .replace(/^boot\./, "")
    .replace(/^root:/, "")
    .replace(/^reload_[^.]*\./, "");
}
