import { type Family, type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { type ProxyField, type Scope, columnsOf, proxyFields } from "./proxy_fields.ts";

/** By the number in the column `type`. */
const scopes: readonly Scope[] = ["frontend", "backend", "server", "listener"];
const labelsOf: Readonly<Record<Scope, readonly string[]>> = {
  frontend: ["proxy"],
  backend: ["proxy"],
  server: ["proxy", "server"],
  listener: ["proxy", "listener"],
};
/** The states that HAProxy's own endpoint tells of each. */
const statesOf: Readonly<Record<Scope, readonly string[]>> = {
  frontend: ["DOWN", "UP"],
  backend: ["DOWN", "UP"],
  server: ["DOWN", "UP", "MAINT", "DRAIN", "NOLB"],
  listener: ["WAITING", "OPEN", "FULL"],
};
const checkStates =
  "HANA SOCKERR L4OK L4TOUT L4CON L6OK L6TOUT L6RSP L7TOUT L7RSP L7OK L7OKC L7STS PROCERR PROCTOUT PROCOK".split(
    " ",
  );

type Column = { readonly name: string; readonly field: ProxyField; readonly family: Family };
const columns = byScope((scope) => {
  const made = new Map<string, Family>();
  return columnsOf[scope].flatMap((name): Column[] => {
    const field = proxyFields[name];
    if (field === undefined) return [];
    const full = `haproxy_${scope}_${field.name}`;
    const labels = [...labelsOf[scope], ...(field.code === undefined ? [] : ["code"])];
    const make = field.type === "counter" ? counter : gauge;
    const family = made.get(full) ?? make(full, field.help, labels);
    made.set(full, family);
    return [{ name, field, family }];
  });
});
const status = byScope((scope) =>
  gauge(`haproxy_${scope}_status`, "1 for its state, 0 for the others.", [
    ...labelsOf[scope],
    "state",
  ]),
);
const checkStatus = gauge("haproxy_server_check_status", "1 for what the last check came to.", [
  "proxy",
  "server",
  "state",
]);
const sumOf = (name: string, help: string) =>
  gauge(`haproxy_backend_agg_${name}`, help, ["proxy", "state"]);
const serversByState = [
  sumOf("server_status", "Servers by their state."),
  sumOf("server_check_status", "Servers by their state, under the older name."),
] as const;
const serversByCheck = sumOf("check_status", "Servers by what their last check came to.");

/** A table of `show stat`: the names of its columns behind "# ", then a line for each frontend, backend, server and listener. */
export function addProxies(sink: SampleSink, text: string): void {
  const [head = "", ...lines] = text.split("\n");
  const places = new Map(cellsOf(head.replace(/^# /, "")).map((name, i) => [name, i]));
  const servers = new Map<string, { states: Counts; checks: Counts }>();
  for (const line of lines) {
    if (line === "") continue;
    const cells = cellsOf(line);
    const cell = (name: string): string => cells[places.get(name) ?? -1] ?? "";
    const scope = scopes[cell("type") === "" ? -1 : Number(cell("type"))];
    if (scope === undefined) continue;
    const proxy = cell("pxname");
    const labels = labelsOf[scope].length === 1 ? [proxy] : [proxy, cell("svname")];
    for (const { name, field, family } of columns[scope]) {
      const own = cell(name);
      // A check without a code has none in the table, and 0 at the endpoint.
      const value = own === "" && name === "check_code" && cell("check_status") !== "" ? "0" : own;
      if (value === "" || Number.isNaN(Number(value))) continue;
      const code = field.code === undefined ? [] : [field.code];
      sink.add(family, Number(value) / (field.divisor ?? 1), ...labels, ...code);
    }
    const state = stateOf(scope, cell("status"));
    for (const each of statesOf[scope])
      sink.add(status[scope], each === state ? 1 : 0, ...labels, each);
    if (scope === "backend" && !servers.has(proxy))
      servers.set(proxy, { states: new Map(), checks: new Map() });
    if (scope !== "server") continue;
    // "* L7OK": another check is under way.
    const check = cell("check_status").replace(/^\* /, "");
    if (check !== "")
      for (const each of checkStates)
        sink.add(checkStatus, each === check ? 1 : 0, ...labels, each);
    // Servers stand before their backend.
    const sums = servers.get(proxy) ?? { states: new Map(), checks: new Map() };
    servers.set(proxy, sums);
    count(sums.states, state);
    count(sums.checks, check);
  }
  for (const [proxy, { states, checks }] of servers) {
    for (const family of serversByState)
      for (const each of statesOf.server) sink.add(family, states.get(each) ?? 0, proxy, each);
    for (const each of checkStates) sink.add(serversByCheck, checks.get(each) ?? 0, proxy, each);
  }
}

type Counts = Map<string, number>;

function count(counts: Counts, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** "UP 1/3", "MAINT (via a/b)", "DOWN (agent)" begin with it; "no check" is up, "OPEN" of a frontend, too. */
function stateOf(scope: Scope, text: string): string {
  const [word = ""] = text.split(" ");
  if (word === "no" || (word === "OPEN" && scope === "frontend")) return "UP";
  return word === "STOP" || word === "PAUSED" ? "DOWN" : word;
}

/** Cells of a line; one that holds a comma or quotes stands in quotes, doubled within. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  for (const [, quoted, bare] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g))
    cells.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
  return cells;
}

function byScope<Value>(make: (scope: Scope) => Value): Readonly<Record<Scope, Value>> {
  return {
    frontend: make("frontend"),
    backend: make("backend"),
    server: make("server"),
    listener: make("listener"),
  };
}
