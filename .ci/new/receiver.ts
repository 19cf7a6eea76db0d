import { type Files, insertSorted, type Names, type ReadFile, withPermission } from "./names.ts";

const folder = "agent/collect/receivers";
const permissions = "agent/route_permissions.ts";

/** A receiver of log lines over HTTP, one a line of the body: to be replaced by the real protocol. */
export function newReceiver(names: Names, read: ReadFile): Files {
  const { snake } = names;
  return {
    [`${folder}/${snake}/receiver.ts`]: receiver(names),
    [`${folder}/${snake}/receiver.test.ts`]: test(names),
    [`${folder}/registry.ts`]: registered(names, read(`${folder}/registry.ts`)),
    [permissions]: withPermission(read(permissions), `POST /api/v1/push/${snake}`, "logs:write"),
  };
}

function registered({ snake, camel }: Names, registry: string): string {
  const line = `import { ${camel} } from "./${snake}/receiver.ts";\n`;
  const imported = insertSorted(registry, /^import \{ \w+ \} from "\.\/(\w+)\/.*\n/gm, snake, line);
  return insertSorted(imported, /^ {2}(\w+): .*,\n/gm, snake, `  ${snake}: binder(${camel}),\n`);
}

const receiver = ({ snake, camel, pascal, title }: Names) =>
  `import { Hono } from "hono";
import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { unpackedBody, withBody } from "../transport/body.ts";
import { LogBatchBuilder } from "../records/log_batch_builder.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf, textAnswer } from "../transport/refusal.ts";

const ${pascal}Config = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("32MiB"),
    /** A longer line is cut there, and its end is not stored. */
    line_size_max: byteSize.prefault("256KiB"),
  }),
);
type ${pascal}Config = z.output<typeof ${pascal}Config>;

const path = "/api/v1/push/${snake}";

/** ${title}: one log record a line of the body, POST /api/v1/push/${snake}. */
export const ${camel} = defineReceiver({
  type: "${snake}",
  config: ${pascal}Config,
  emitsLogs: true,
  open: (config, context) => ({
    routes: new Hono().post(path, (c) => answer(c.req.raw, config, context)),
  }),
});

async function answer(
  request: Request,
  { body_size_max: bytesMax, line_size_max: lineBytesMax }: ${pascal}Config,
  context: ReceiverContext,
): Promise<Response> {
  try {
    await withBody(request, { bytesMax, memory: context.memory }, async (packed, take) => {
      const encoding = request.headers.get("content-encoding") ?? undefined;
      const body = await unpackedBody(packed, encoding, bytesMax, take);
      const arrivedMs = context.clock.now();
      const batch = new LogBatchBuilder({ lineBytesMax, latestMs: arrivedMs, arrivedMs });
      const stream = batch.stream({ job: "${snake}" });
      const unixNanos = BigInt(arrivedMs) * 1_000_000n;
      for (const line of Buffer.from(body).toString("utf8").split("\\n")) {
        if (line === "") continue;
        const record = { unixNanos, severity: 0, body: Buffer.from(line), attributes: undefined };
        const fault = batch.add(stream, record);
        if (fault !== undefined) context.drop("logs", fault.reason, 1);
      }
      if (batch.length > 0) await context.emitLogs(batch.build());
    });
    return new Response(null, { status: 204 });
  } catch (thrown) {
    return textAnswer(refusalOf(thrown));
  }
}
`;

const test = ({ snake, camel }: Names) => `import { expect, test } from "bun:test";
import { Held, opened } from "../receiver.fixture.ts";
import { ${camel} } from "./receiver.ts";

function start() {
  const held = new Held();
  const config = ${camel}.config.parse({ body_size_max: "1KiB" });
  const { app } = opened((context) => ${camel}.open(config, context), held);
  const post = (body: string) =>
    app.request("/api/v1/push/${snake}", { method: "POST", body });
  return { held, post };
}

test("${snake}: each line of the body is a record", async () => {
  const { held, post } = start();
  expect((await post("one\\ntwo\\n")).status).toBe(204);
  expect(held.logs.map(({ line, stream }) => [line, stream])).toEqual([
    ["one", { job: "${snake}" }],
    ["two", { job: "${snake}" }],
  ]);
  expect(held.drops).toEqual({});
});

test("${snake}: a body that is too large and a broken spool are answered with their status", async () => {
  const { held, post } = start();
  expect((await post("x".repeat(2_000))).status).toBe(413);
  held.isBroken = true;
  expect((await post("one\\n")).status).toBe(503);
});
`;
