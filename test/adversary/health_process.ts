import { argv, exit } from "node:process";

/**
 * Asks `/-/healthy` every 20 ms in a process of its own, whether earlier requests were answered or not, so that a stall
 * counts for every request that it delays. Commands on standard input: a name starts a period, an empty line ends the
 * watch. Prints one JSON object a period: `{"name", "requests", "p99Ms", "maxMs", "failed"}`.
 */
const [url = ""] = argv.slice(2);
const everyMs = 20;
/** An answer that takes longer counts as so long. */
const timeoutMs = 60_000;

type Period = { readonly name: string; readonly tookMs: number[]; failed: number };

let period: Period = { name: "", tookMs: [], failed: 0 };

async function ask(own: Period): Promise<void> {
  const startedMs = performance.now();
  try {
    const response = await fetch(`${url}-/healthy`, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    if (response.status !== 200) own.failed += 1;
  } catch {
    own.failed += 1;
  }
  own.tookMs.push(performance.now() - startedMs);
}

async function end(asked: readonly Promise<void>[]): Promise<void> {
  const { name } = period;
  const ended = period;
  await Promise.all(asked);
  const sorted = ended.tookMs.toSorted((a, b) => a - b);
  const p99Ms = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  const maxMs = sorted.at(-1) ?? 0;
  console.log(
    JSON.stringify({ name, requests: sorted.length, p99Ms, maxMs, failed: ended.failed }),
  );
}

let asked: Promise<void>[] = [];
const timer = setInterval(() => void asked.push(ask(period)), everyMs);
for await (const line of console) {
  if (period.name !== "") await end(asked);
  asked = [];
  period = { name: line, tookMs: [], failed: 0 };
  if (line === "") break;
}
clearInterval(timer);
exit(0);
