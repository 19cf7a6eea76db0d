import type { z } from "zod";
import type { HostProcess, HostView, Listener } from "../host_view.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";
import type { Finding, Need } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type RedisConfig, sentinelPort, usualPort } from "./config.ts";

type RedisFinding = Finding<z.input<typeof RedisConfig>>;

const programs = [
  "redis-server",
  "redis-sentinel",
  "valkey-server",
  "valkey-sentinel",
  "keydb-server",
];

/** Sentinels and servers; each is asked PING, which costs it nothing and leaves no trace in its log. */
export async function detectRedis(host: HostView): Promise<RedisFinding[]> {
  const processes = processesNamed(host, ...programs);
  const listeners = listenersOf(host, processes, [usualPort, sentinelPort]);
  const found: RedisFinding[] = [];
  const asked = new Set<string>();
  for (const listener of listeners) {
    const address = reachable(listener);
    if (asked.has(String(listener.port)) || isClusterBus(listener, listeners)) continue;
    const answer = await host.ask(splitAddress(address, usualPort), "PING\r\n");
    if (answer === undefined || !/^[+-][A-Z]/.test(answer)) continue;
    asked.add(String(listener.port));
    found.push(findingOf(address, processes, listener, answer.trim()));
  }
  return found;
}

/** Nodes of a cluster talk to each other 10,000 ports above the one for clients, and do not answer there. */
function isClusterBus({ port, pid }: Listener, all: readonly Listener[]): boolean {
  return all.some((other) => other.port === port - 10_000 && other.pid === pid);
}

function findingOf(
  address: string,
  processes: readonly HostProcess[],
  listener: Listener,
  answer: string,
): RedisFinding {
  const process =
    processes.find(({ pid }) => pid === listener.pid) ??
    (listener.pid === undefined ? processes[0] : undefined);
  const isOpen = answer.startsWith("+PONG");
  return {
    confidence: process === undefined ? 0.8 : 1,
    because: [
      ...(process === undefined ? [] : [`process ${process.name} (pid ${process.pid})`]),
      `listens on ${address}`,
      isOpen ? "answers PING" : `answers PING with "${answer.slice(0, 60)}"`,
    ],
    options: { address },
    needs: isOpen ? [] : [passwordNeed],
  };
}

const passwordNeed: Need = {
  key: "password_file",
  example: "/etc/lapwing/redis.password",
  why:
    "It asks for a password. That of requirepass will do; better is a user of its own (then also `username: lapwing`): " +
    "ACL SETUSER lapwing on >PASSWORD +ping +info +config|get +cluster|info +slowlog|len +slowlog|get +latency|latest +latency|histogram",
};
