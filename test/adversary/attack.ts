/** A running `lapwing up` with data, and the ports that an attack may reach. */
export type Victim = {
  /** Of its HTTP server, with the last slash. */
  readonly url: string;
  readonly syslogTcpPort: number;
  readonly gelfUdpPort: number;
  /** A file of `file_sd_configs`: targets that are written there are scraped every 5 s. */
  readonly targetsFile: string;
};

/** One kind of hostile request. It runs until it is answered; `signal` ends what would go on for ever. */
export type Attack = {
  readonly name: string;
  /** Resolves with what the victim answered, in a few words. */
  run(victim: Victim, signal: AbortSignal): Promise<string>;
};

/** Series of the metric `victim_series`, with a label `i` that counts them. */
export const victimSeries = 20_000;
/** Log lines of `{job="victim"}`. */
export const victimLines = 150_000;

/** Counts answers by status, such as "200: 3, 422: 7". */
export function statusesText(statuses: readonly (number | string)[]): string {
  const counts = new Map<number | string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status}: ${count}`).join(", ");
}

/** Statuses of routes that do not exist or refuse the request as such: the attack missed its target. */
const notServed: ReadonlySet<number> = new Set([404, 405, 415, 421]);

/** Status of an answer whose body is read to its end and thrown away, or why there is none. Throws where nothing serves `url`. */
export async function statusOf(
  url: string,
  init: RequestInit,
  signal: AbortSignal,
): Promise<number | string> {
  let status: number;
  try {
    const response = await fetch(url, { ...init, signal });
    for await (const _ of response.body ?? []) if (signal.aborted) break;
    status = response.status;
  } catch {
    return signal.aborted ? "ended" : "connection lost";
  }
  if (notServed.has(status)) throw new Error(`${url} answers ${status}`);
  return status;
}
