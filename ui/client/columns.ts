import { toBinary } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type ReadAnswer, readParts } from "#proto/columns/answer_reader.ts";
import { type QueryColumns, QueryColumnsSchema } from "#proto/gen/v1/columns_pb.js";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { callWithin } from "./rpc.ts";

/** A PromQL query over a range, or at the end of it alone where the step is 0. */
export type PromqlQuestion = {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Whether what the query cost is to be told, too. */
  readonly figures?: boolean;
};

/** A LogQL query over [startNs, endNs). */
export type LogqlQuestion = {
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Of a metric query. */
  readonly stepMs?: number;
  /** Lines at most. */
  readonly limit?: number;
  readonly direction?: "forward" | "backward";
  /** A metric query is asked at the end alone. */
  readonly instant?: boolean;
};

type How = {
  /** Ends the request when the picture that asked for it is gone. */
  readonly signal?: AbortSignal | undefined;
  /** Longer than others may take, for what a person waits for. */
  readonly timeoutMs?: number;
  /** How many series are kept, by the number of their steps. */
  readonly seriesMax?: (steps: number) => number;
  /** Told of the bytes of each part of the answer. */
  readonly onBytes?: (bytes: number) => void;
};

/** Asks the aggregator that served this page. Throws OperatingError. */
export function askPromql(question: PromqlQuestion, how: How = {}): Promise<ReadAnswer> {
  const { query, startMs, endMs, stepMs, figures = false } = question;
  const request = {
    query,
    start: startMs / 1_000,
    end: endMs / 1_000,
    step: stepMs / 1_000,
    figures,
  };
  return asked((client, signal) => client.queryPromql(request, { signal }), how);
}

/** The same in LogQL. */
export function askLogql(question: LogqlQuestion, how: How = {}): Promise<ReadAnswer> {
  const { stepMs = 0, ...rest } = question;
  const request = { ...rest, step: stepMs / 1_000 };
  return asked((client, signal) => client.queryLogql(request, { signal }), how);
}

type QueryClient = Client<typeof QueryService>;

function asked(
  ask: (client: QueryClient, signal: AbortSignal) => AsyncIterable<QueryColumns>,
  { signal, timeoutMs, seriesMax, onBytes }: How,
): Promise<ReadAnswer> {
  return callWithin(
    (until) => {
      const parts = ask(queryClient(), until);
      const options = seriesMax === undefined ? {} : { seriesMax };
      return readParts(onBytes === undefined ? parts : measured(parts, onBytes), options);
    },
    { signal, timeoutMs },
  );
}

async function* measured(
  parts: AsyncIterable<QueryColumns>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<QueryColumns> {
  for await (const part of parts) {
    onBytes(toBinary(QueryColumnsSchema, part).length);
    yield part;
  }
}

let known: QueryClient | undefined;

function queryClient(): QueryClient {
  const transport = { baseUrl: location.origin, useBinaryFormat: true };
  known ??= createClient(QueryService, createConnectTransport(transport));
  return known;
}
