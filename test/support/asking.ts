import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { z } from "zod";
import { readSql } from "#proto/columns/sql_rows.ts";
import { QueryService } from "#proto/gen/v1/query_pb.js";

/** What `find` gives as soon as it gives anything but undefined and false; it may throw until then. Fails with the last answer. What starts a process to look is asked less often: `pollMs`. */
export async function until<Found>(
  what: string,
  find: () => Promise<Found | undefined | false> | Found | undefined | false,
  timeoutMs = 15_000,
  pollMs = 50,
): Promise<Found> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = "nothing";
  while (performance.now() < deadline) {
    try {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (thrown) {
      last = thrown;
    }
    await Bun.sleep(pollMs);
  }
  throw new Error(`waited too long for ${what}: ${String(last)}`);
}

/** Asks a Lapwing at `url` as its users do. */
export function asking(url: string) {
  const rpc = createClient(QueryService, createConnectTransport({ baseUrl: url }));
  return {
    rpc,
    get: (path: string, init?: RequestInit) => fetch(new URL(path, url), init),
    /** Status and body of GET /-/ready. */
    async ready() {
      const answer = await fetch(new URL("/-/ready", url));
      return { status: answer.status, text: await answer.text() };
    },
    /** One of its own metrics, by exact series text; 0 where it does not show. */
    async own(series: string): Promise<number> {
      const text = await (await fetch(new URL("/metrics", url))).text();
      const line = text.split("\n").find((one) => one.startsWith(`${series} `));
      return line === undefined ? 0 : Number(line.slice(series.length + 1));
    },
    /** PromQL at now: labels and value. */
    async promql(query: string): Promise<{ metric: Record<string, string>; value: number }[]> {
      const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = Vector.parse(await (await fetch(new URL(path, url))).json());
      return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    /** Rows of one SELECT; all of them. */
    async sql(sql: string): Promise<unknown[][]> {
      const { rows, truncated } = await readSql(rpc.querySql({ sql }));
      if (truncated) throw new Error("there are more rows");
      return rows.map((row) => [...row]);
    },
    async account(signal: "logs" | "metrics") {
      const { lanes } = await rpc.getLossAccount({});
      return lanes.find((lane) => lane.signal === signal);
    },
  };
}

const Vector = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});
