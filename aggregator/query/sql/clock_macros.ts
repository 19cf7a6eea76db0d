/** DuckDB's functions that read the clock, by what stands in place of each. `$at` is a TIMESTAMP in UTC. */
const bodies: Readonly<Record<string, string>> = {
  now: "$at::TIMESTAMPTZ",
  get_current_timestamp: "$at::TIMESTAMPTZ",
  transaction_timestamp: "$at::TIMESTAMPTZ",
  current_timestamp: "$at::TIMESTAMPTZ",
  today: "$at::DATE",
  current_date: "$at::DATE",
  localtimestamp: "$at",
  current_localtimestamp: "$at",
  current_time: "$at::TIMESTAMPTZ::TIMETZ",
  get_current_time: "$at::TIMESTAMPTZ::TIMETZ",
  localtime: "$at::TIME",
  current_localtime: "$at::TIME",
};

/** Names of functions that clockMacros() replaces. A qualified name would reach DuckDB's own. */
export const clockFunctions: ReadonlySet<string> = new Set([...Object.keys(bodies), "age"]);

/** Statements after which DuckDB's clock stands at a time (Unix milliseconds). The session's time zone must be UTC. */
export function clockMacros(timeMs: number): string[] {
  const at = `make_timestamp_ms(${Math.floor(timeMs)})`;
  return [
    ...Object.entries(bodies).map(
      ([name, body]) => `CREATE TEMP MACRO "${name}"() AS ${body.replace("$at", at)}`,
    ),
    // With one argument it counts from the start of today.
    `CREATE TEMP MACRO age(t) AS system.main.age(${at}::DATE::TIMESTAMP, t::TIMESTAMP),
      (t, u) AS system.main.age(t, u)`,
  ];
}
