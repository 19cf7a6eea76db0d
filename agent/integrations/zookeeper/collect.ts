import { OperatingError } from "#shared/errors.ts";
import { familiesByKey, gauge, untyped } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type ZookeeperConfig, usualPort } from "./config.ts";

/** A server has some five hundred. */
const namesMax = 5_000;

/** As github.com/dabealu/zookeeper-exporter has them. */
const version = gauge("zk_version", "What the server runs.", ["version"]);
const leads = gauge("zk_server_leader", "Whether the server leads the ensemble.");
const state = gauge(
  "zk_server_state",
  "1 for what the server is: leader, follower, standalone ...",
  ["state"],
);

/** Asks by a new connection each tick: after a command of four letters the server hangs up. */
export const openZookeeper: OpenInstance<ZookeeperConfig> = ({ address }) => {
  const names = new Set<string>();
  const families = familiesByKey((name) => untyped(name, "As the server's command mntr has it."));
  return {
    async collect(sink, tick) {
      const talk = await Conversation.open(splitAddress(address, usualPort), tick.signal);
      try {
        talk.send("mntr");
        const text = (await talk.rest()).toString("utf8");
        if (!text.startsWith("zk_")) throw refusal(text);
        let refused = 0;
        for (const line of text.split("\n")) {
          const tab = line.indexOf("\t");
          const name = line.slice(0, Math.max(0, tab));
          const value = line.slice(tab + 1).trim();
          if (name === "zk_version") sink.add(version, 1, value);
          else if (name === "zk_server_state") {
            sink.add(leads, value === "leader" ? 1 : 0);
            sink.add(state, 1, value);
          } else if (/^zk_[a-zA-Z0-9_]+$/.test(name) && value !== "" && isNumber(value)) {
            if (names.size < namesMax) names.add(name);
            if (names.has(name)) sink.add(families(name), Number(value));
            else refused += 1;
          }
        }
        if (refused > 0) tick.degraded(`${refused} values are beyond the limit`);
      } finally {
        talk.close();
      }
    },
  };
};

function isNumber(text: string): boolean {
  return text === "NaN" || !Number.isNaN(Number(text));
}

/** What the server says instead: that it may not be asked, or that it has no quorum. */
function refusal(text: string): OperatingError {
  const said = text.trim().split("\n")[0]?.slice(0, 120) ?? "";
  if (said === "") return new OperatingError("unavailable", "mntr was answered with nothing");
  const hint = said.includes("whitelist") ? " (set 4lw.commands.whitelist=mntr in zoo.cfg)" : "";
  return new OperatingError("unavailable", `mntr was answered with "${said}"${hint}`);
}
