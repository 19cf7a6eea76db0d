/**
 * A sender of log lines for benchmarks, in one of the forms of pushed_forms.ts, as fast as they are taken: LogHub lines of all systems in turn
 * with their digits redrawn.
 *
 *     bun log_pusher.ts FORM URL LINES BATCH CONNECTIONS
 *
 * URL is that of the HTTP server, or tcp://host:port. Goes on when it gets a byte on its standard input; prints what it sent as JSON
 * when everything is written and, where there are answers, answered.
 */
import { type Socket, connect } from "node:net";
import { once } from "node:events";
import { RedrawnLines, logSystems } from "./log_corpus.ts";
import { type PushedForm, type SentLines, isPushedFormName, pushedForms } from "./pushed_forms.ts";

/** What the sender prints. */
export type Pushed = { readonly lines: number; readonly bytes: number };

if (import.meta.main) {
  const [name = "", url = "", ...numbers] = process.argv.slice(2);
  const [lines = 0, batch = 1, connections = 1] = numbers.map(Number);
  if (!isPushedFormName(name)) throw new Error(`${name}: expected a form`);
  const form = pushedForms[name];
  const senders = await Promise.all(Array.from({ length: connections }, () => senderOf(form, url)));
  process.stdout.write("ready\n");
  await Bun.stdin.stream().getReader().read();
  console.log(JSON.stringify(await push(form, senders, lines, batch)));
  for (const sender of senders) await sender.end();
}

type Sender = { send(body: Uint8Array<ArrayBuffer>): Promise<void>; end(): Promise<void> };

async function push(
  form: PushedForm,
  senders: readonly Sender[],
  lines: number,
  batch: number,
): Promise<Pushed> {
  const sources = logSystems().map((system, i) => ({
    program: system.name,
    source: new RedrawnLines(system.lines, i + 1),
  }));
  let [left, next, bytes] = [lines, 0, 0];
  const clock = new Clock();
  const run = async (sender: Sender): Promise<void> => {
    while (left > 0) {
      const one = sources[next++ % sources.length];
      if (one === undefined) throw new Error("no LogHub samples");
      const taken = one.source.take(Math.min(batch, left));
      left -= taken.lines;
      const body = form.body(sentLines(one.program, taken.bytes, clock));
      bytes += body.length;
      await sender.send(body);
    }
  };
  await Promise.all(senders.map(run));
  return { lines, bytes };
}

/** Times that never come twice. */
class Clock {
  #lastMicros = 0;

  next(): number {
    this.#lastMicros = Math.max(this.#lastMicros + 1, Date.now() * 1_000);
    return this.#lastMicros;
  }
}

function sentLines(program: string, bytes: Buffer, clock: Clock): SentLines {
  const lines: Buffer[] = [];
  const timesMicros: number[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    lines.push(bytes.subarray(start, end));
    timesMicros.push(clock.next());
    start = end + 1;
  }
  return { program, lines, timesMicros };
}

async function senderOf(form: PushedForm, url: string): Promise<Sender> {
  if ("path" in form) return httpSender(new URL(form.path, url), form.headers);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socketSender(socket, form.isAcknowledged);
}

function httpSender(url: URL, headers: Readonly<Record<string, string>>): Sender {
  return {
    async send(body) {
      const answer = await fetch(url, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    },
    end: async () => {},
  };
}

function socketSender(socket: Socket, isAcknowledged: boolean): Sender {
  return {
    async send(body) {
      const answer = isAcknowledged ? once(socket, "data") : undefined;
      if (!socket.write(body)) await once(socket, "drain");
      await answer;
    },
    async end() {
      const closed = once(socket, "close");
      socket.end();
      socket.resume();
      await closed;
    },
  };
}
