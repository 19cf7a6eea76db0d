import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { type TakeMemory, unpackedBody, withBody } from "../transport/body.ts";
import { type Steps, inSlices } from "../transport/decode_turns.ts";
import { type CommonLabels, DocumentIntake } from "../records/json_documents.ts";
import { KeptRecords } from "../records/kept_records.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf } from "../transport/refusal.ts";
import { type BulkItem, readBulk } from "./bulk_items.ts";
import { clusterRoutes } from "./cluster_routes.ts";

/** The Elastic Common Schema's fields that name a service, host, container or Kubernetes object. */
const defaultLabelKeys = {
  "service.name": "service_name",
  "host.name": "host",
  "container.name": "container",
  "kubernetes.namespace": "namespace",
  "kubernetes.pod.name": "pod",
  "kubernetes.container.name": "container",
};

const ElasticsearchConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("32MiB"),
    /** A longer line is cut there, and its end is not stored. */
    line_size_max: byteSize.prefault("256KiB"),
    message_keys: z.array(z.string()).default(["message", "log", "msg"]),
    time_keys: z.array(z.string()).default(["@timestamp", "timestamp", "time"]),
    level_keys: z.array(z.string()).default(["log.level", "level", "severity"]),
    /** Fields that become labels, nested ones with dots, and the labels' names. */
    label_keys: z.record(z.string(), z.string()).default(defaultLabelKeys),
    /** Further labels of all streams. */
    labels: z.record(z.string(), z.string()).default({}),
  }),
);
type ElasticsearchConfig = z.output<typeof ElasticsearchConfig>;

const prefix = "/elasticsearch";

/** Elasticsearch's bulk API for logs, and what agents ask of a cluster before they use it; whole below /elasticsearch. */
export const elasticsearch = defineReceiver({
  type: "elasticsearch",
  config: ElasticsearchConfig,
  emitsLogs: true,
  open(config, context) {
    const intake = new BulkIntake(config, context);
    const routes = new Hono();
    // Elastic's own clients fail on an answer without it. Middleware is only for the routes that are added behind it.
    for (const path of [`${prefix}/*`, "/_bulk", "/:index/_bulk"])
      routes.use(path, async (c, next) => {
        await next();
        c.header("X-Elastic-Product", "Elasticsearch");
      });
    const paths = ["/_bulk", "/:index/_bulk", `${prefix}/_bulk`, `${prefix}/:index/_bulk`];
    for (const path of paths)
      routes.on(["POST", "PUT"], path, async (c) => {
        const index: unknown = c.req.param("index");
        return intake.answer(c.req.raw, typeof index === "string" ? index : "");
      });
    return { routes: routes.route("/", clusterRoutes(prefix)) };
  },
});

type Outcome = { readonly status: 201 } | { readonly status: 400; readonly reason: string };
const created: Outcome = { status: 201 };

class BulkIntake {
  readonly #config: ElasticsearchConfig;
  readonly #context: ReceiverContext;
  readonly #documents: DocumentIntake;

  constructor(config: ElasticsearchConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#documents = new DocumentIntake({
      messageKeys: config.message_keys,
      timeKeys: config.time_keys,
      levelKeys: config.level_keys,
      labelKeys: new Map(Object.entries(config.label_keys)),
    });
  }

  /** The answer of _bulk, a status for each item; given when the spool has the good ones. */
  async answer(request: Request, index: string): Promise<Response> {
    const { body_size_max: bytesMax } = this.#config;
    const { memory, clock } = this.#context;
    const startMs = clock.monotonic();
    try {
      return await withBody(request, { bytesMax, memory }, async (packed, take) => {
        const encoding = request.headers.get("content-encoding") ?? undefined;
        const body = await unpackedBody(packed, encoding, bytesMax, take);
        const items = await inSlices(readBulk(body, index));
        const outcomes = await this.#store(items, take);
        const took = Math.round(clock.monotonic() - startMs);
        const answer = await inSlices(bulkAnswer(items, outcomes, took));
        return new Response(bodyOf(answer), {
          headers: { "content-type": "application/json" },
        });
      });
    } catch (thrown) {
      const { status, message: reason, retryAfterSeconds } = refusalOf(thrown);
      const headers = new Headers();
      if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
      const type =
        status === 503 ? "es_rejected_execution_exception" : "illegal_argument_exception";
      const cause = { type, reason };
      return Response.json(
        { error: { root_cause: [cause], ...cause }, status },
        { status, headers },
      );
    }
  }

  /** All good items as one batch: the spool has it or the request comes again. */
  async #store(items: readonly BulkItem[], take: TakeMemory): Promise<Outcome[]> {
    const records = new KeptRecords(this.#context, this.#config.line_size_max);
    const outcomes = await inSlices(this.#addAll(items, records, take));
    if (records.length > 0) await records.emit((batch) => this.#context.emitLogs(batch));
    const faults = outcomes.reduce((sum, { status }) => sum + (status === 201 ? 0 : 1), 0);
    this.#context.drop("logs", "invalid_record", faults);
    return outcomes;
  }

  *#addAll(items: readonly BulkItem[], records: KeptRecords, take: TakeMemory): Steps<Outcome[]> {
    const commons = new Map<string, CommonLabels>();
    const outcomes: Outcome[] = [];
    for (const item of items) {
      yield;
      try {
        this.#add(item, this.#common(item.index, commons), records, take);
        outcomes.push(created);
      } catch (thrown) {
        if (!(thrown instanceof OperatingError) || thrown.code !== "bad_request") throw thrown;
        outcomes.push({ status: 400, reason: thrown.message });
      }
    }
    return outcomes;
  }

  /** Labels of what goes to an index. */
  #common(index: string, known: Map<string, CommonLabels>): CommonLabels {
    const before = known.get(index);
    if (before !== undefined) return before;
    const labels: Record<string, string> = { job: "elasticsearch", ...this.#config.labels };
    if (index !== "") labels["index"] = index;
    const common = this.#documents.common(labels);
    known.set(index, common);
    return common;
  }

  #add(
    { action, source }: BulkItem,
    common: CommonLabels,
    records: KeptRecords,
    take: TakeMemory,
  ): void {
    if (source === undefined || action === "update")
      throw new OperatingError("bad_request", `${action}: stored log records do not change`);
    this.#documents.addText(source, common, records, take);
  }
}

/** Items of the answer that are written in one step. */
const itemsPerStep = 64;

/** An answer that is larger is sent piece by piece: to copy 10 MB takes up to 70 ms, where the memory is fresh. */
const pieceBytes = 256 * 1024;

/** JSON in pieces of some items: that of a hundred thousand takes most of a second. */
function* bulkAnswer(
  items: readonly BulkItem[],
  outcomes: readonly Outcome[],
  took: number,
): Steps<readonly Uint8Array<ArrayBuffer>[]> {
  const made = randomBytes(9).toString("base64url");
  const errors = outcomes.some(({ status }) => status !== 201);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let text = `{"errors":${errors},"took":${took},"items":[`;
  for (let from = 0; from < items.length; from += itemsPerStep) {
    yield;
    const some = items
      .slice(from, from + itemsPerStep)
      .map((item, i) => itemAnswer(item, outcomes[from + i], `${made}${from + i}`));
    text += `${from === 0 ? "" : ","}${JSON.stringify(some).slice(1, -1)}`;
    if (text.length < pieceBytes) continue;
    pieces.push(encoder.encode(text));
    text = "";
  }
  pieces.push(encoder.encode(`${text}]}`));
  return pieces;
}

const encoder = new TextEncoder();

function bodyOf(
  pieces: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> | ReadableStream {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const rest = pieces.values();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function itemAnswer({ action, index, id }: BulkItem, outcome: Outcome | undefined, made: string) {
  const common = { _index: index, _id: id ?? made };
  if (outcome === undefined || outcome.status === 201)
    return { [action]: { ...common, _version: 1, result: "created", status: 201 } };
  const error = { type: "document_parsing_exception", reason: outcome.reason };
  return { [action]: { ...common, status: outcome.status, error } };
}
