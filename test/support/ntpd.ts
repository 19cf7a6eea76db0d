import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverProgram } from "./daemon.ts";

/** Where .ci/test.mjs unpacks it: as a package it would take another server of time off the machine. */
const unpacked = join(import.meta.dir, "../../node_modules/.cache/unpacked/ntpsec/usr/sbin/ntpd");
const program = existsSync(unpacked) ? unpacked : serverProgram("ntpd");
/** A network and users of its own: port 123 is free there, and nobody may set the clock. */
const inNamespaces = ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"];

/** Why there can be no ntpd here, or undefined. */
export const ntpdMissing = missing();

export type Ntpd = AsyncDisposable & {
  /** On 127.0.0.1, of a way to its own port. */
  readonly port: number;
};

/** A real ntpd that follows the local clock, at stratum 7; it takes a second or two to do so. */
export async function startNtpd(): Promise<Ntpd> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-ntpd-"));
  const config = [
    `driftfile ${folder}/drift`,
    "refclock local stratum 6 minpoll 0 maxpoll 0 prefer",
    "interface ignore wildcard",
    "interface listen 127.0.0.1",
    "restrict default noquery",
    "restrict 127.0.0.1",
    "",
  ];
  await writeFile(join(folder, "ntp.conf"), config.join("\n"));
  const server = `${program} -n -c ${folder}/ntp.conf -p ${folder}/pid`;
  const passing = `${process.execPath} ${join(import.meta.dir, "pass_datagrams.ts")} 123`;
  const script = `ip link set lo up; ${server} >/dev/null 2>&1 & exec ${passing}`;
  const child = Bun.spawn([...inNamespaces, "sh", "-c", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  let last: { readonly port: number; readonly address: string } | undefined;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data: (_, bytes, port, address) => {
        last = { port, address };
        void child.stdin.write(`${Buffer.from(bytes).toString("base64")}\n`);
        void child.stdin.flush();
      },
    },
  });
  const answering = (async () => {
    for await (const line of linesOf(child.stdout))
      if (last !== undefined) socket.send(Buffer.from(line, "base64"), last.port, last.address);
  })();
  return {
    port: socket.port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await answering;
      socket.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let held = "";
  for await (const bytes of stream) {
    const lines = (held + Buffer.from(bytes).toString()).split("\n");
    held = lines.pop() ?? "";
    yield* lines;
  }
}

function missing(): string | undefined {
  if (program === null) return "ntpd is not installed";
  const [command = "", ...args] = inNamespaces;
  if (Bun.which(command) === null) return "there is no unshare";
  const { exitCode } = Bun.spawnSync([command, ...args, "ip", "link", "set", "lo", "up"]);
  return exitCode === 0 ? undefined : "no namespaces may be made here";
}
