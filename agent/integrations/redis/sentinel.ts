import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { type Reply, RedisError, listOf, pairsOf } from "./resp.ts";

const labels = ["master_name", "master_address"];
const status = gauge(
  "redis_sentinel_master_status",
  "Whether a master is well, with the word for it.",
  [...labels, "master_status"],
);
const slaves = gauge("redis_sentinel_master_slaves", "Replicas of a master.", labels);
const sentinels = gauge(
  "redis_sentinel_master_sentinels",
  "Sentinels that watch a master.",
  labels,
);
const okSlaves = gauge(
  "redis_sentinel_master_ok_slaves",
  "Replicas of a master that are not down.",
  labels,
);
const okSentinels = gauge(
  "redis_sentinel_master_ok_sentinels",
  "Sentinels that watch a master and are not down, this one included.",
  labels,
);
const quorum = gauge(
  "redis_sentinel_master_ckquorum_status",
  "Whether enough sentinels are there for a failover.",
  ["master_name", "message"],
);
const settings = [
  ["quorum", "setting_ckquorum", "Sentinels that have to agree that a master is down.", 1],
  ["failover-timeout", "setting_failover_timeout", "Setting failover-timeout, in milliseconds.", 1],
  ["parallel-syncs", "setting_parallel_syncs", "Setting parallel-syncs.", 1],
  [
    "down-after-milliseconds",
    "setting_down_after_milliseconds",
    "Setting down-after-milliseconds.",
    1,
  ],
  [
    "config-epoch",
    "config_epoch",
    "Epoch of a master's configuration: rises with each failover.",
    1,
  ],
  [
    "last-ok-ping-reply",
    "last_ok_ping_reply_seconds",
    "Seconds since a master answered a ping.",
    1 / 1_000,
  ],
] as const;
const settingFamilies = settings.map(
  ([key, name, help, scale]) =>
    [key, gauge(`redis_sentinel_master_${name}`, help, labels), scale] as const,
);

const mastersMax = 100;

/** A sentinel's masters. `ask` sends one command and gives its answer. */
export async function addSentinel(
  sink: SampleSink,
  fields: ReadonlyMap<string, string>,
  ask: (...words: string[]) => Promise<Reply>,
): Promise<void> {
  for (const [field, text] of fields) if (/^master\d+$/.test(field)) addMaster(sink, text);
  const masters = listOf(await ask("SENTINEL", "MASTERS")).slice(0, mastersMax);
  for (const entry of masters) {
    const master = pairsOf(entry);
    const name = master.get("name") ?? "";
    const address = `${master.get("ip")}:${master.get("port")}`;
    for (const [key, family, scale] of settingFamilies) {
      const value = Number(master.get(key));
      if (!Number.isNaN(value)) sink.add(family, value * scale, name, address);
    }
    await addQuorum(sink, name, ask);
    const others = listOf(await ask("SENTINEL", "SENTINELS", name));
    sink.add(okSentinels, 1 + others.filter(isWell).length, name, address);
    const replicas = listOf(await ask("SENTINEL", "SLAVES", name));
    sink.add(okSlaves, replicas.filter(isWell).length, name, address);
  }
}

/** "name=main,status=ok,address=127.0.0.1:6379,slaves=1,sentinels=3" */
function addMaster(sink: SampleSink, text: string): void {
  const parts = new Map(text.split(",").map((part) => [part.split("=")[0], part.split("=")[1]]));
  const [name = "", word = "", address = ""] = ["name", "status", "address"].map((key) =>
    parts.get(key),
  );
  sink.add(status, word === "ok" ? 1 : 0, name, address, word);
  sink.add(slaves, Number(parts.get("slaves")), name, address);
  sink.add(sentinels, Number(parts.get("sentinels")), name, address);
}

async function addQuorum(
  sink: SampleSink,
  name: string,
  ask: (...words: string[]) => Promise<Reply>,
): Promise<void> {
  try {
    sink.add(quorum, 1, name, String(await ask("SENTINEL", "CKQUORUM", name)));
  } catch (thrown) {
    if (!(thrown instanceof RedisError)) throw thrown;
    sink.add(quorum, 0, name, thrown.message);
  }
}

function isWell(entry: Reply): boolean {
  return !/[os]_down/.test(pairsOf(entry).get("flags") ?? "");
}
