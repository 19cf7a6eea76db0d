import { afterEach, beforeEach, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { asking, until } from "#test/support/asking.ts";
import { clockOff, clockOffBy, faketimeMissing, offsetText } from "#test/support/faketime.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedLines } from "#test/support/numbered.ts";
import { canMount, Stage } from "#test/support/stage.ts";

// Who says that a clock is wrong: the machine's own time since its boot, and the clocks of agents on other machines.

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.stop());

const daySeconds = 86_400;
const storage = {
  compaction: { interval: "500ms" },
  delete_after: "0s",
  sweep_after: "0s",
  // A clock that is back by years keeps its blocks anyway: this one would not keep them ahead by 60 days.
  retention: { logs: "30d", metrics: "30d" },
};
const jumps = [
  ["ahead by 60 days", 60 * daySeconds, "jumped ahead by 60 days"],
  ["back by 2 years", -730 * daySeconds, "jumped back by 730 days"],
] as const;

async function stored(url: string) {
  const data = createClient(DataService, createConnectTransport({ baseUrl: url }));
  const { shares, maintainedMs, deletionStopped, trashFiles } = await data.getStorage({});
  const logs = shares.filter(({ signal }) => signal === "logs");
  return {
    items: logs.reduce((sum, { items }) => sum + items, 0),
    isMaintained: maintainedMs > 0,
    deletionStopped,
    trashFiles,
  };
}

test.skipIf(faketimeMissing !== undefined).each(jumps)(
  "an aggregator that starts with a clock that is %s, and hears no agent, deletes nothing (needs faketime)",
  async (_name, seconds, reason) => {
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const options = (sources: readonly object[]) => ({
      role: "up" as const,
      name: "up",
      config: {
        data_dir: stage.path("up"),
        sources,
        ingest: { flush_interval: "200ms" },
        storage,
      },
    });
    const tail = { type: "file_logs", paths: [lines.path], start_at: "beginning" };
    const first = await stage.start(options([tail]));
    lines.start(100);
    await until("some lines", () => lines.written > 50);
    lines.stop();
    await until("all lines, and a round", async () => {
      const { items, isMaintained } = await stored(first.url);
      return items === lines.written && isMaintained;
    });
    expect(await first.end("SIGTERM")).toBe(0);

    const second = await stage.start({ ...options([]), env: clockOff(seconds) });
    const now = await until("a round", async () => {
      const found = await stored(second.url);
      return found.isMaintained && found;
    });
    expect(now.deletionStopped).toContain(reason);
    expect(now).toMatchObject({ items: lines.written, trashFiles: 0 });
    expect(await second.end("SIGTERM")).toBe(0);

    const third = await stage.start(options([]));
    const after = await until("a round", async () => {
      const found = await stored(third.url);
      return found.isMaintained && found;
    });
    // Samples that the program took of itself two years ago are past their time.
    expect(after).toMatchObject({ items: lines.written, deletionStopped: "" });
  },
  90_000,
);

const isReady = faketimeMissing === undefined && natsServerPath !== undefined && canMount();

test.skipIf(!isReady)(
  "agents of another machine say that a jump was a correction, and that another one was not (needs faketime, nats-server, mounts)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const offset = stage.path("offset");
    const setClock = (seconds: number) => writeFileSync(offset, `${offsetText(seconds)}\n`);
    // Three hours behind at first: its own time since boot is all that it knows.
    setClock(-3 * 3_600);
    const { url } = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: uplink,
        ingest: { flush_interval: "200ms" },
        storage,
      },
      env: clockOffBy(offset),
    });
    const doubt = async () => (await stored(url)).deletionStopped;
    await until("a round", async () => (await stored(url)).isMaintained);
    expect(await doubt()).toBe("");
    setClock(0);
    await until("a doubt", async () => (await doubt()).includes("jumped ahead by 3.0 hours"));

    // Another boot id is another machine.
    const boot = stage.path("boot_id");
    writeFileSync(boot, `${crypto.randomUUID()}\n`);
    const program = join(import.meta.dir, "..", "..", "lapwing.ts");
    const mounted = `mount --bind ${boot} /proc/sys/kernel/random/boot_id && exec "$@"`;
    lines.start(50);
    await stage.start({
      role: "agent",
      name: "agent",
      config: {
        data_dir: stage.path("agent"),
        nats: uplink,
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
      },
      command: ["unshare", "-m", "sh", "-c", mounted, "sh", process.execPath, program, "agent"],
    });
    await until(
      "the agent's word that the clock is right",
      async () => (await doubt()) === "",
      60_000,
    );
    await until("lines", async () => (await stored(url)).items > 20);
    lines.stop();
    const { items } = await stored(url);

    setClock(60 * daySeconds);
    await until("a doubt", async () => (await doubt()).includes("jumped ahead by 60 days"), 60_000);
    const now = await stored(url);
    expect(now.items).toBeGreaterThanOrEqual(items);
    expect(now.trashFiles).toBe(0);
    expect(await asking(url).own('lapwing_store_deletion_stopped{reason="clock"}')).toBe(1);
  },
  180_000,
);
