import { afterAll, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import type { JetStreamManager } from "nats";
import { connect } from "nats";
import { streamName } from "#proto/bus/subjects.ts";
import { decodeFrame, encodeFrame, preambleBytes } from "#proto/codec/envelope.ts";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const stream = streamName("logs");

type Kept = { readonly sequence: number; readonly subject: string; readonly frame: Uint8Array };

/** What the stream keeps of frames with items, oldest first. */
async function framesIn(manager: JetStreamManager): Promise<Kept[]> {
  const { state } = await manager.streams.info(stream);
  const kept: Kept[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const { subject, data } = await manager.streams.getMessage(stream, { seq });
    if (decodeFrame(data).header.items > 0) kept.push({ sequence: seq, subject, frame: data });
  }
  return kept;
}

/** The frame as a newer agent, or a bad disk, would have it. */
const spoilt: ((frame: Uint8Array) => Uint8Array)[] = [
  function version(frame) {
    const bytes = frame.slice();
    bytes[3] = 9;
    return bytes;
  },
  function crc(frame) {
    const bytes = frame.slice();
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    return bytes;
  },
  function header(frame) {
    const bytes = frame.slice(0, preambleBytes + 3);
    bytes.set([0xff, 0xff, 0xff], preambleBytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(4, 3, true);
    view.setUint32(8, 0, true);
    view.setUint32(12, Bun.hash.crc32(bytes.subarray(preambleBytes)), true);
    return bytes;
  },
  function counts(frame) {
    const { header, body } = decodeFrame(frame);
    return encodeFrame({ ...header, itemsTotal: 1e300, drops: { relabel: 1e302 } }, body);
  },
];

test.skipIf(natsServerPath === undefined)(
  "frames that can't be read are set aside and counted, and good copies are fetched (needs nats-server)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregatorOptions = {
      role: "aggregator" as const,
      name: "aggregator",
      config: { data_dir: stage.path("data"), nats: uplink, ingest: { flush_interval: "1h" } },
    };
    const first = await stage.start(aggregatorOptions);
    await until("the streams", async () => (await asking(first.url).ready()).status === 200);
    expect(await first.end("SIGTERM")).toBe(0);
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: {
        data_dir: stage.path("agent"),
        nats: uplink,
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
      },
    });
    lines.start(300);
    const client = await connect({ servers: nats.url });
    stage.after(() => client.close());
    const manager = await client.jetstreamManager();
    const frames = await until("seven frames", async () => {
      const all = await framesIn(manager);
      return all.length >= 7 && all;
    });
    // Frames 2 to 5 are gone from the stream; only bad copies of them are there.
    for (const [i, spoil] of spoilt.entries()) {
      const kept = frames[i + 1];
      if (kept === undefined) throw new Error("no such frame");
      await manager.streams.deleteMessage(stream, kept.sequence);
      await client.jetstream().publish(kept.subject, spoil(kept.frame));
    }
    const second = await stage.start(aggregatorOptions);
    const lapwing = asking(second.url);
    await until("a lane that goes on", async () => {
      const [[count] = []] = await lapwing.sql("SELECT count(*) FROM logs");
      return Number(count) > 0;
    });
    lines.stop();
    const numbers = await until("every line", async () => {
      const rows = await lapwing.sql("SELECT body FROM logs");
      const have = rows.map(([body]) => Number(/line (\d+) end$/.exec(String(body))?.[1]));
      return have.length >= lines.written && have;
    });
    expect(audit(numbers, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    for (const fault of ["version", "crc", "header", "counts"])
      expect(await lapwing.own(`lapwing_ingest_quarantined_frames_total{fault="${fault}"}`)).toBe(
        1,
      );
    const folder = stage.path("data", "aggregator", "quarantine");
    const files = readdirSync(folder).toSorted();
    expect(files.map((name) => name.replace(/^\d+-\d+-/, ""))).toEqual([
      "version.frame",
      "crc.frame",
      "header.frame",
      "counts.frame",
    ]);
    const [kept = ""] = files;
    expect(readFileSync(`${folder}/${kept}`)[3]).toBe(9);
    const account = await lapwing.account("logs");
    expect(account?.dropped).toEqual({});
    expect(account?.collected).toBe(lines.written);
    const log = readFileSync(stage.path("aggregator.log"), "utf8");
    expect(log.match(/"msg":"frames set aside"/g)).toHaveLength(1);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await second.end("SIGTERM")).toBe(0);
  },
  40_000,
);
