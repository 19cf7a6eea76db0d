import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import type { OpenInstance } from "../integration.ts";
import type { Fail2banConfig } from "./config.ts";
import { type PickleValue, PickledObject, pickleOf, readPickle } from "./pickle.ts";

/** Metrics as in gitlab.com/hectorjsmith/fail2ban-prometheus-exporter; totals are gauges there, because they begin anew with a reload. */
const jailCount = gauge("f2b_jail_count", "Jails that are defined.");
const version = gauge("f2b_version", "1, with the server's version.", ["fail2ban"]);
const errors = counter("f2b_errors", "Failures to connect, and questions that were refused.", [
  "type",
]);
const statistics = [
  [
    "Filter",
    "Currently failed",
    gauge(
      "f2b_jail_failed_current",
      "Failures that still count, of addresses that are not banned.",
      ["jail"],
    ),
  ],
  [
    "Filter",
    "Total failed",
    gauge("f2b_jail_failed_total", "Failures since the jail was started.", ["jail"]),
  ],
  [
    "Actions",
    "Currently banned",
    gauge("f2b_jail_banned_current", "Addresses that are banned now.", ["jail"]),
  ],
  [
    "Actions",
    "Total banned",
    gauge("f2b_jail_banned_total", "Bans since the jail was started, those over too.", ["jail"]),
  ],
] as const;
const settings = [
  [
    "bantime",
    gauge("f2b_config_jail_ban_time", "Seconds that an address is banned for; below 0 for ever.", [
      "jail",
    ]),
  ],
  [
    "findtime",
    gauge("f2b_config_jail_find_time", "Seconds within which failures are counted.", ["jail"]),
  ],
  [
    "maxretry",
    gauge("f2b_config_jail_max_retries", "Failures until an address is banned.", ["jail"]),
  ],
] as const;

const end = Buffer.from("<F2B_END_COMMAND>");
/** More jails than any server has. */
const jailsMax = 1_000;

export const openFail2ban: OpenInstance<Fail2banConfig> = ({ socket }) => {
  const failed = { socket_conn: 0, socket_req: 0 };
  return {
    async collect(sink, tick) {
      try {
        const talk = await connect(socket, tick.signal, failed);
        try {
          const own = await ask(talk, ["version"]);
          sink.add(version, 1, typeof own === "string" ? own : "");
          const jails = jailsOf(await ask(talk, ["status"]));
          sink.add(jailCount, jails.length);
          for (const jail of jails.slice(0, jailsMax)) {
            try {
              await addJail(sink, talk, jail);
            } catch (thrown) {
              if (!(thrown instanceof OperatingError) || thrown.code !== "bad_request")
                throw thrown;
              failed.socket_req += 1;
              tick.degraded(`jail ${jail}: ${messageOf(thrown)}`);
            }
          }
        } finally {
          talk.close();
        }
      } finally {
        for (const [type, count] of Object.entries(failed)) sink.add(errors, count, type);
      }
    },
  };
};

async function connect(
  path: string,
  signal: AbortSignal,
  failed: { socket_conn: number },
): Promise<Conversation> {
  try {
    return await Conversation.open({ path }, signal);
  } catch (thrown) {
    failed.socket_conn += 1;
    throw thrown;
  }
}

/** Throws OperatingError("bad_request") where the server refuses. */
async function ask(talk: Conversation, command: readonly string[]): Promise<PickleValue> {
  talk.send(Buffer.concat([pickleOf(command), end]));
  const answer = readPickle(await talk.until(end));
  if (!Array.isArray(answer) || answer.length !== 2) throw unknownForm(command);
  const [code, value] = answer;
  if (code === 0) return value;
  const reason = value instanceof PickledObject ? value.name : String(value);
  throw new OperatingError("bad_request", `"${command.join(" ")}" was refused: ${reason}`);
}

function jailsOf(status: PickleValue): string[] {
  const list = entryOf(status, "Jail list");
  if (typeof list !== "string") throw unknownForm(["status"]);
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

async function addJail(sink: SampleSink, talk: Conversation, jail: string): Promise<void> {
  const status = await ask(talk, ["status", jail]);
  for (const [part, name, family] of statistics) {
    const value = entryOf(entryOf(status, part), name);
    if (typeof value === "number") sink.add(family, value, jail);
  }
  for (const [name, family] of settings) {
    const value = Number(await ask(talk, ["get", jail, name]));
    if (!Number.isNaN(value)) sink.add(family, value, jail);
  }
}

/** Answers are lists of pairs, name and value. */
function entryOf(list: PickleValue | undefined, name: string): PickleValue | undefined {
  if (!Array.isArray(list)) return undefined;
  const found: unknown = list.find((entry) => Array.isArray(entry) && entry[0] === name);
  return Array.isArray(found) ? found[1] : undefined;
}

function unknownForm(command: readonly string[]): OperatingError {
  return new OperatingError("corrupt", `"${command.join(" ")}" was answered in an unknown form`);
}
