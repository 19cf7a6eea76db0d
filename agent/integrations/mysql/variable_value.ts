/** Words that the server has for switches and states, as in github.com/prometheus/mysqld_exporter (collector.go). */
const words: ReadonlyMap<string, number> = new Map([
  ["yes", 1],
  ["on", 1],
  ["no", 0],
  ["off", 0],
  ["disabled", 0],
  // Slave_IO_Running
  ["connecting", 0],
  // wsrep_cluster_status
  ["primary", 1],
  ["non-primary", 0],
  ["disconnected", 0],
]);
const dateTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
const certificateTime = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/;

/** A status, variable or column as a number: words by their meaning, times as Unix seconds (they are taken for UTC). Undefined for other texts. */
export function variableValue(raw: unknown): number | undefined {
  if (typeof raw === "number") return raw;
  if (typeof raw !== "string" || raw === "" || raw.trim() !== raw) return undefined;
  const word = words.get(raw.toLowerCase());
  if (word !== undefined) return word;
  const ms = dateTime.test(raw)
    ? Date.parse(`${raw.replace(" ", "T")}Z`)
    : certificateTime.test(raw)
      ? Date.parse(raw)
      : Number.NaN;
  if (!Number.isNaN(ms)) return ms / 1_000;
  const value = /^[-+.\d]/.test(raw) && !/^[-+]?0x/i.test(raw) ? Number(raw) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}

/** A name of the server's as part of a metric's. */
export function metricName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, "_").toLowerCase();
}
