import type { z } from "zod";
import {
  type HostProcess,
  type HostView,
  type SocketAddress,
  listenersOf,
  processesNamed,
  reachable,
} from "../host_view.ts";
import type { Finding, Need } from "../integration.ts";
import { ownUser } from "../own_user.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type MysqlConfig, usualPort, usualSockets } from "./config.ts";

type MysqlFinding = Finding<z.input<typeof MysqlConfig>>;

/** What the server sends first, and what it says to a login without a password. */
type Greeting = { readonly version: string; readonly isLetIn: boolean };

/** Logs in by the socket as this process's own user, without a password (unix_socket, auth_socket); by TCP it only listens to the greeting. */
export async function detectMysql(host: HostView): Promise<MysqlFinding[]> {
  const processes = processesNamed(host, "mariadbd", "mysqld");
  const pids = new Set(processes.map(({ pid }) => pid));
  const found: MysqlFinding[] = [];
  const user = await ownUser(host);
  const seen = new Set<number | undefined>();
  for (const { path, pid } of host.listeners) {
    const isOurs = pid === undefined ? usualSockets.includes(path) : pids.has(pid);
    if (path === "" || path.endsWith("x.sock") || !isOurs || seen.has(pid)) continue;
    const greeting = greetingOf(await host.ask({ path }, loginMessage(user)));
    if (greeting === undefined) continue;
    seen.add(pid);
    found.push(findingOf(host, processes, pid, path, greeting, user));
  }
  for (const listener of listenersOf(host, processes, [usualPort])) {
    // The socket was the same server, or there is one server whose sockets nobody may know.
    if (seen.has(listener.pid) || seen.has(undefined)) continue;
    const address = reachable(listener);
    const greeting = greetingOf(await host.ask(tcpOf(address), ""));
    if (greeting === undefined) continue;
    seen.add(listener.pid);
    found.push(findingOf(host, processes, listener.pid, address, greeting, user));
  }
  return found;
}

function tcpOf(address: string): SocketAddress {
  return splitAddress(address, usualPort);
}

/**
 * HandshakeResponse41 with an empty password; it may be sent before the greeting, because nothing in it is computed from that.
 * dev.mysql.com/doc/dev/mysql-server: page_protocol_connection_phase_packets_protocol_handshake_response.
 */
function loginMessage(user: string): string {
  // LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH; largest packet 16 MiB; utf8.
  const head = "\u0001\u0082\u0008\0\0\0\0\u0001\u0021";
  const body = `${head}${"\0".repeat(23)}${user}\0\0mysql_native_password\0`;
  return `${String.fromCharCode(body.length)}\0\0\u0001${body}`;
}

/** The greeting of protocol 10, and OK (0) as the packet after it. */
function greetingOf(text: string | undefined): Greeting | undefined {
  const [, version] = /^...\0\n([\x20-\x7e]+)\0/s.exec(text ?? "") ?? [];
  if (text === undefined || version === undefined) return undefined;
  const second = 4 + text.charCodeAt(0) + text.charCodeAt(1) * 256;
  return { version, isLetIn: text.charAt(second + 4) === "\0" };
}

function findingOf(
  host: HostView,
  processes: readonly HostProcess[],
  pid: number | undefined,
  address: string,
  { version, isLetIn }: Greeting,
  user: string,
): MysqlFinding {
  const process = processes.find((each) => pid === undefined || each.pid === pid);
  const isMariadb = /mariadb/i.test(version);
  const unit = [...host.units].find((name) => /^(mariadb|mysql|mysqld)\.service$/.test(name));
  return {
    confidence: process === undefined ? 0.8 : 1,
    because: [
      ...(process === undefined ? [] : [`process ${process.name} (pid ${process.pid})`]),
      `listens on ${address}`,
      `greets as ${version.replace(/^5\.5\.5-/, "")}`,
      ...(isLetIn ? [`lets user ${user} in without a password`] : []),
    ],
    options: {
      address,
      ...(isLetIn ? { username: user } : {}),
      ...(unit === undefined ? {} : { log_unit: unit.replace(/\.service$/, "") }),
    },
    needs: isLetIn ? [] : [passwordNeed(isMariadb, user)],
  };
}

function passwordNeed(isMariadb: boolean, user: string): Need {
  const rights = isMariadb ? "PROCESS, REPLICA MONITOR" : "PROCESS, REPLICATION CLIENT";
  const plugin = isMariadb ? "VIA unix_socket" : "WITH auth_socket";
  return {
    key: "password_file",
    example: "/etc/lapwing/mysql.password",
    why:
      `A user that may read the server's state: CREATE USER lapwing@localhost IDENTIFIED BY '...'; GRANT ${rights} ON *.* TO lapwing@localhost; ` +
      `GRANT SELECT ON performance_schema.* TO lapwing@localhost; ` +
      `or without a password, by the socket: CREATE USER ${user}@localhost IDENTIFIED ${plugin}, and \`username: ${user}\``,
  };
}
