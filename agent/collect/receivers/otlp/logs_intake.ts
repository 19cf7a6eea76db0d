import { type JsonValue, create } from "@bufbuild/protobuf";
import type {
  ExportLogsServiceRequest,
  ExportLogsServiceResponse,
} from "#proto/gen/foreign/otlp_logs_pb.js";
import { ExportLogsServiceResponseSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { LogBatchBuilder, type RecordFault } from "../records/log_batch_builder.ts";
import { inSlices } from "../transport/decode_turns.ts";
import type { ReceiverContext } from "../receiver.ts";
import { KnownJsonLogs } from "./known_json_logs.ts";
import { KnownLogs } from "./known_logs.ts";
import { type IdEncoding, convertLogs, logLabels } from "./logs_converter.ts";

const aheadMaxMs = 600_000;
/** As Loki's default. */
const lineBytesMax = 256 * 1024;

/** Takes requests for logs. Each resolves when what is good of it is in the spool; the answer tells of the rest. */
export class LogsIntake {
  readonly #context: ReceiverContext;
  readonly #multiline: MultilineConfig | undefined;
  readonly #labelsOf = logLabels();
  readonly #known = new KnownLogs(this.#labelsOf);
  readonly #knownJson = new KnownJsonLogs(this.#labelsOf);

  constructor(context: ReceiverContext, multiline: MultilineConfig | undefined) {
    this.#context = context;
    this.#multiline = multiline;
  }

  /** A request that was decoded. Throws OperatingError("unavailable"). */
  async export(
    request: ExportLogsServiceRequest,
    ids: IdEncoding,
  ): Promise<ExportLogsServiceResponse> {
    const { builder, faults } = this.#newBatch();
    const onFault = (fault: RecordFault) => void faults.push(fault);
    await inSlices(convertLogs(request, ids, this.#labelsOf, builder, onFault));
    return this.#store(builder, faults);
  }

  /** A request in protobuf, read without being decoded as a whole; undefined where it is to be, and nothing of it is taken. */
  async exportBytes(bytes: Uint8Array): Promise<ExportLogsServiceResponse | undefined> {
    const { builder, faults } = this.#newBatch();
    const onFault = (fault: RecordFault) => void faults.push(fault);
    const isRead = await inSlices(this.#known.read(bytes, builder, onFault));
    return isRead ? this.#store(builder, faults) : undefined;
  }

  /** The same of a request in JSON. */
  async exportJson(json: JsonValue): Promise<ExportLogsServiceResponse | undefined> {
    const { builder, faults } = this.#newBatch();
    const onFault = (fault: RecordFault) => void faults.push(fault);
    const isRead = await inSlices(this.#knownJson.read(json, { builder, onFault }));
    return isRead ? this.#store(builder, faults) : undefined;
  }

  #newBatch() {
    // A record may have no time at all: then it is that of its arrival, as in Loki.
    const arrivedMs = Math.trunc(this.#context.clock.now());
    const latestMs = arrivedMs + aheadMaxMs;
    const faults: RecordFault[] = [];
    const multiline = this.#multiline;
    return {
      builder: new LogBatchBuilder({ lineBytesMax, latestMs, arrivedMs, multiline }),
      faults,
    };
  }

  async #store(
    builder: LogBatchBuilder,
    faults: readonly RecordFault[],
  ): Promise<ExportLogsServiceResponse> {
    if (builder.length > 0) await builder.emit((batch) => this.#context.emitLogs(batch));
    for (const { reason } of faults) this.#context.drop("logs", reason, 1);
    const [first] = faults;
    if (first === undefined) return create(ExportLogsServiceResponseSchema);
    return create(ExportLogsServiceResponseSchema, {
      partialSuccess: {
        rejectedLogRecords: BigInt(faults.length),
        errorMessage: first.message,
      },
    });
  }
}
