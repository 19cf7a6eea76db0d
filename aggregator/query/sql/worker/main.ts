/**
 * The process that runs users' SQL statements, one at a time, for an aggregator that may end it at any moment. It reads statements from
 * its standard input and answers on its standard output (frames.ts), and loads as little as that takes.
 */
import "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { FrameReader, frameKinds, frameOf, jsonFrame } from "./frames.ts";
import type { SqlJob } from "./job.ts";
import {
  confine,
  giveWay,
  limitMemory,
  memoryNow,
} from "#shared/runtime/process/process_limits.ts";
import { runStatement } from "./run_statement.ts";

/** Jobs hold one statement and the paths of a few thousand files. */
const jobBytesMax = 64 * 1_024 * 1_024;

const [, , parent = "", moreBytes = ""] = process.argv;
confine(Number(parent));
const output = Bun.stdout.writer();
const memory = memoryNow();
giveWay();
const isLimited = limitMemory(memory, Number(moreBytes));
await send(jsonFrame(frameKinds.ready, { ...memory, isLimited }));

let connection: DuckDBConnection | undefined;
const reader = new FrameReader(jobBytesMax);
for await (const chunk of Bun.stdin.stream())
  for (const { kind, payload } of reader.push(chunk)) {
    if (kind === frameKinds.job) void run(JSON.parse(Buffer.from(payload).toString()));
    else if (kind === frameKinds.cancel) connection?.interrupt();
  }
// The aggregator has closed the input, or is gone.
process.exit(0);

async function run(job: SqlJob): Promise<void> {
  try {
    const { truncated } = await runStatement(
      job,
      {
        columns: (columns) => void output.write(jsonFrame(frameKinds.columns, columns)),
        batch: (batch) => send(frameOf(frameKinds.batch, batch)),
      },
      (made) => (connection = made),
    );
    await send(jsonFrame(frameKinds.end, { truncated, ...memoryNow() }));
  } catch (error) {
    const code = error instanceof OperatingError ? error.code : "unavailable";
    await send(jsonFrame(frameKinds.error, { code, message: messageOf(error), ...memoryNow() }));
  } finally {
    connection = undefined;
  }
}

async function send(frame: Uint8Array): Promise<void> {
  void output.write(frame);
  await output.flush();
}
