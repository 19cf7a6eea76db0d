import { messageOf } from "#shared/errors.ts";
import type { SampleSink } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import { passwordOf } from "../connections/credentials.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { tlsOptionsOf } from "../connections/tls_files.ts";
import { type RedisConfig, usualPort } from "./config.ts";
import { type Info, addField, addInfo } from "./info.ts";
import { addHistograms, addLastSlow, addSlowLength, addSpikes } from "./latency.ts";
import { type Reply, RedisError, pairsOf, readReply, sendCommand } from "./resp.ts";
import { addSentinel } from "./sentinel.ts";
import { addSettings, settingNames } from "./settings.ts";

/** Asks by a new connection each tick, as redis_exporter does, so that passwords and certificates are always those of now. */
export const openRedis: OpenInstance<RedisConfig> = (config) => ({
  async collect(sink, tick) {
    const [password, tls] = await Promise.all([passwordOf(config), tlsOptionsOf(config.tls)]);
    const address = splitAddress(config.address, usualPort);
    const talk = await Conversation.open(address, tick.signal, tls);
    try {
      if (password !== undefined) {
        const user = config.username === undefined ? [] : [config.username];
        sendCommand(talk, "AUTH", ...user, password);
        await readReply(talk);
      }
      await addAll(sink, tick, talk, config);
    } finally {
      talk.close();
    }
  },
});

async function addAll(
  sink: SampleSink,
  tick: Tick,
  talk: Conversation,
  config: RedisConfig,
): Promise<void> {
  const ask = (...words: string[]): Promise<Reply> => {
    sendCommand(talk, ...words);
    return readReply(talk);
  };
  const text = String(await ask("INFO", "all"));
  const isSentinel = /^redis_mode:sentinel/m.test(text);
  const databases = isSentinel ? 0 : await databaseCount(sink, tick, talk);
  const hasCluster = /^cluster_enabled:1/m.test(text);
  const info = addInfo(sink, text, hasCluster ? 1 : databases);
  if (isSentinel) {
    await part(tick, "sentinel", () => addSentinel(sink, info.fields, ask));
    return;
  }
  if (hasCluster)
    await part(tick, "cluster", async () => addCluster(sink, String(await ask("CLUSTER", "INFO"))));
  await part(tick, "latency", () => addLatency(sink, ask, info, config));
  await part(tick, "slowlog", async () => {
    addSlowLength(sink, await ask("SLOWLOG", "LEN"));
    addLastSlow(sink, await ask("SLOWLOG", "GET", "1"));
  });
}

async function addLatency(
  sink: SampleSink,
  ask: (...words: string[]) => Promise<Reply>,
  { fields, usecByCommand }: Info,
  config: RedisConfig,
): Promise<void> {
  addSpikes(sink, await ask("LATENCY", "LATEST"));
  const version = fields.get("valkey_version") ?? fields.get("redis_version") ?? "";
  if (config.latency_histograms && Number.parseInt(version, 10) >= 7)
    addHistograms(sink, await ask("LATENCY", "HISTOGRAM"), usecByCommand);
}

/** Settings, asked one by one; where the server refuses, 16 databases are taken for granted. */
async function databaseCount(sink: SampleSink, tick: Tick, talk: Conversation): Promise<number> {
  for (const name of settingNames) sendCommand(talk, "CONFIG", "GET", name);
  const settings = new Map<string, string>();
  let refused: string | undefined;
  for (const _ of settingNames)
    try {
      for (const [name, value] of pairsOf(await readReply(talk))) settings.set(name, value);
    } catch (thrown) {
      if (!(thrown instanceof RedisError)) throw thrown;
      refused ??= thrown.message;
    }
  if (refused !== undefined) tick.degraded(`config: ${refused}`);
  return addSettings(sink, settings);
}

function addCluster(sink: SampleSink, text: string): void {
  for (const line of text.split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) addField(sink, line.slice(0, at), line.slice(at + 1));
  }
}

/** A part that the server refuses is told, and the rest goes on. */
async function part(tick: Tick, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (!(thrown instanceof RedisError)) throw thrown;
    tick.degraded(`${name}: ${messageOf(thrown)}`);
  }
}
