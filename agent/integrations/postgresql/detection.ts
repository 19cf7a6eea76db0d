import type { z } from "zod";
import type { HostProcess, HostView, Listener, SocketAddress } from "../host_view.ts";
import { processesNamed, reachable } from "../host_view.ts";
import type { Finding, Need } from "../integration.ts";
import { ownUser } from "../own_user.ts";
import { type PostgresqlConfig, usualFolder, usualPort } from "./config.ts";

type PostgresqlFinding = Finding<z.input<typeof PostgresqlConfig>>;

/** One server: where it listens, and its first process where that is known. */
type Server = {
  readonly port: number;
  readonly folder: string | undefined;
  readonly tcp: Listener | undefined;
  readonly process: HostProcess | undefined;
  readonly logFiles: readonly string[];
};

/** The answer to a login without a password. */
type Answer = "let in" | "asks for a password" | "no such user" | "refuses";

const socketName = /^(.*)\/\.s\.PGSQL\.(\d+)$/;

/** Logs in as this process's own user, without a password: by the socket (where "peer" lets it in) rather than by TCP. */
export async function detectPostgresql(host: HostView): Promise<PostgresqlFinding[]> {
  const found: PostgresqlFinding[] = [];
  const user = await ownUser(host);
  for (const server of await serversOf(host)) {
    const places = placesOf(server);
    for (const [i, { address, at }] of places.entries()) {
      const text = await host.ask(at, startupMessage(user));
      const answer = text === undefined ? undefined : answerOf(text);
      if (answer === undefined || (answer === "refuses" && i + 1 < places.length)) continue;
      found.push(findingOf(server, address, user, answer));
      break;
    }
  }
  return found;
}

async function serversOf(host: HostView): Promise<Server[]> {
  const postmasters = processesNamed(host, "postgres", "postmaster").filter(
    // Its children call themselves "postgres: checkpointer".
    ({ args }) => args.length > 0 && args[0]?.startsWith("postgres: ") !== true,
  );
  const known = await Promise.all(
    postmasters.map(async (each) => [each, await portOf(host, each)] as const),
  );
  const pids = new Set(postmasters.map(({ pid }) => pid));
  const ports = new Map<number, { folder?: string; tcp?: Listener }>();
  for (const listener of host.listeners) {
    const [, folder, socketPort] = socketName.exec(listener.path) ?? [];
    const isOurs =
      listener.protocol === "tcp" &&
      (listener.pid === undefined
        ? listener.port === usualPort || known.some(([, port]) => port === listener.port)
        : pids.has(listener.pid));
    if (folder !== undefined) {
      const port = Number(socketPort);
      ports.set(port, { ...ports.get(port), folder });
    } else if (isOurs && ports.get(listener.port)?.tcp === undefined)
      ports.set(listener.port, { ...ports.get(listener.port), tcp: listener });
  }
  return [...ports].map(([port, { folder, tcp }]) => {
    const process = known.find((each) => each[1] === port)?.[0];
    return {
      port,
      folder,
      tcp,
      process,
      logFiles: process === undefined ? [] : logFilesOf(process),
    };
  });
}

/** Of `-p`, or of the configuration that Debian names on the command line. */
async function portOf(host: HostView, { args }: HostProcess): Promise<number> {
  const flag = args.indexOf("-p");
  const given = flag < 0 ? undefined : args[flag + 1];
  if (given !== undefined) return Number(given);
  const file = /config_file=(\S+)/.exec(args.join(" "))?.[1];
  const text = file === undefined ? undefined : await host.read(file);
  return Number(/^\s*port\s*=?\s*'?(\d+)/m.exec(text ?? "")?.[1] ?? usualPort);
}

/** "/etc/postgresql/15/main/postgresql.conf" logs to postgresql-15-main.log. */
function logFilesOf({ args }: HostProcess): string[] {
  const [, version, cluster] =
    /\/etc\/postgresql\/([^/\s]+)\/([^/\s]+)\//.exec(args.join(" ")) ?? [];
  return version === undefined ? [] : [`/var/log/postgresql/postgresql-${version}-${cluster}.log`];
}

function placesOf({ port, folder, tcp }: Server): { address: string; at: SocketAddress }[] {
  const socket = folder === undefined ? undefined : `${folder}/.s.PGSQL.${port}`;
  const isUsual = folder === usualFolder || folder === "/run/postgresql";
  return [
    ...(socket === undefined
      ? []
      : [{ address: isUsual && port === usualPort ? usualFolder : socket, at: { path: socket } }]),
    ...(tcp === undefined ? [] : [{ address: reachable(tcp), at: hostAndPort(reachable(tcp)) }]),
  ];
}

function hostAndPort(address: string): SocketAddress {
  const at = address.lastIndexOf(":");
  return {
    host: address.slice(0, at).replace(/^\[|\]$/g, ""),
    port: Number(address.slice(at + 1)),
  };
}

/** StartupMessage of protocol 3.0, postgresql.org/docs/current/protocol-message-formats.html. */
function startupMessage(user: string): string {
  const body = `\0\u0003\0\0user\0${user}\0database\0postgres\0application_name\0lapwing\0\0`;
  return `\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
}

/**
 * AuthenticationRequest with its kind, or ErrorResponse, which for "trust" comes after an authentication that succeeded. Undefined for what is not
 * PostgreSQL.
 */
function answerOf(text: string): Answer | undefined {
  const [request = "", kind] = /^R\0\0\0.\0\0\0(.)/s.exec(text) ?? [];
  if (kind !== undefined && kind !== "\0") return "asks for a password";
  const sqlState = /^E.{4}(?:[^\0]+\0)*?C(\w{5})\0/s.exec(text.slice(request.length))?.[1];
  if (sqlState === undefined) return kind === undefined ? undefined : "let in";
  // The same state is that of pg_hba.conf's refusals, whose texts speak of hosts or methods, in whatever language.
  const isUnknown =
    sqlState === "28000" &&
    /\0R(?:InitializeSessionUserId|check_user_auth|get_role_password)\0/.test(text);
  return isUnknown ? "no such user" : "refuses";
}

function findingOf(
  server: Server,
  address: string,
  user: string,
  answer: Answer,
): PostgresqlFinding {
  const { process, logFiles } = server;
  const isLetIn = answer === "let in";
  // By the socket a role of the name of our user is all that is missing, unless its administrator asks for more.
  const needsRole = answer === "no such user" && address.startsWith("/");
  return {
    confidence: process === undefined ? 0.8 : 1,
    because: [
      ...(process === undefined ? [] : [`process ${process.name} (pid ${process.pid})`]),
      `listens on ${address}`,
      isLetIn
        ? `lets user ${user} in without a password`
        : `speaks PostgreSQL's protocol, ${answer}`,
    ],
    options: {
      address,
      ...(isLetIn || needsRole ? { username: user } : {}),
      ...(logFiles.length === 0 ? {} : { log_files: [...logFiles] }),
    },
    needs: isLetIn ? [] : [needsRole ? roleNeed(user) : passwordNeed],
  };
}

function roleNeed(user: string): Need {
  return {
    key: "username",
    example: user,
    why:
      `A role of this name, which the socket lets in without a password (peer). ` +
      `sudo -u postgres psql -c 'CREATE ROLE "${user}" LOGIN; GRANT pg_monitor TO "${user}"'`,
  };
}

const passwordNeed: Need = {
  key: "password_file",
  example: "/etc/lapwing/postgresql.password",
  why: "A user that may read statistics: CREATE USER lapwing PASSWORD '...'; GRANT pg_monitor TO lapwing;",
};
