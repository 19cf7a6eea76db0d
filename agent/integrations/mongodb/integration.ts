import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import {
  type HostProcess,
  type HostView,
  listenersOf,
  processesNamed,
  reachable,
} from "../host_view.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { serverLog } from "../log_sources/server_log.ts";
import { splitAddress } from "../connections/split_address.ts";
import { encodeBson } from "./bson.ts";
import { MongodbConfig, usualPort } from "./config.ts";

/** MongoDB by its own protocol; names of metrics as mongodb_exporter's in its compatible mode. */
export const mongodb = defineIntegration({
  name: "mongodb",
  title: "MongoDB",
  job: "mongodb",
  config: MongodbConfig,
  up: gauge("mongodb_up", "Whether the server answered."),
  instanceOf: ({ address }) => address,
  detect: (host) =>
    Promise.all(
      processesNamed(host, "mongod", "mongos").map((process) => findingOf(host, process)),
    ),
  load: async () => (await import("./collect.ts")).openMongodb,
  logs: ({ address }) => [
    serverLog({
      job: "mongodb",
      instance: address,
      paths: ["/var/log/mongodb/*.log", "/var/log/mongo/*.log"],
      // A JSON document a line, since 4.4.
      head: String.raw`^\{"t":\{"\$date":"(?P<time>[^"]+)"\},"s":"(?P<level>[A-Z]\d?)", *"c":"(?P<component>[\w-]+)"`,
      values: {
        f: "fatal",
        e: "error",
        w: "warn",
        i: "info",
        d1: "debug",
        d2: "debug",
        d3: "debug",
        d4: "debug",
        d5: "debug",
      },
      isMultiline: false,
    }),
  ],
});

/** One question that only a server without logins answers to anyone. */
async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof MongodbConfig>>> {
  const [listener] = listenersOf(host, [process], [usualPort]);
  const address = listener === undefined ? `127.0.0.1:${usualPort}` : reachable(listener);
  const options = { address };
  const because = [`process ${process.name} (pid ${process.pid})`];
  if (listener === undefined) return { confidence: 0.4, because, options, needs };
  because.push(`listens on ${address}`);
  const answer = await host.ask(splitAddress(address, usualPort), question());
  if (answer === undefined || answer.slice(12, 16) !== opMsg)
    return { confidence: 0.4, because, options, needs: [...needs, encryption] };
  if (answer.includes("\x04databases\0"))
    return { confidence: 1, because: [...because, "answers without a login"], options, needs: [] };
  return { confidence: 0.8, because: [...because, "wants a login"], options, needs };
}

/** As in the head of a message: 2013, little-endian. */
const opMsg = "\xdd\x07\0\0";

function question(): string {
  const body = encodeBson({ listDatabases: 1, nameOnly: true, $db: "admin" });
  const size = Buffer.alloc(4);
  size.writeInt32LE(21 + body.length);
  return `${size.toString("latin1")}\x07\0\0\0\0\0\0\0${opMsg}\0\0\0\0\0${body.toString("latin1")}`;
}

const encryption: Need = {
  key: "tls",
  example: "{ca_file: /etc/ssl/mongodb-ca.pem}",
  why: "It does not answer in the clear.",
};

const needs: readonly Need[] = [
  {
    key: "username",
    example: "lapwing",
    why: 'A user that may look: db.getSiblingDB("admin").createUser({user: "lapwing", pwd: passwordPrompt(), roles: ["clusterMonitor", {role: "read", db: "local"}]}).',
  },
  { key: "password_file", example: "/etc/lapwing/mongodb.password", why: "Its password." },
];
