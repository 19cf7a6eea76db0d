import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { httpGet } from "../../../http/http_client.ts";
import { httpClientShape } from "#shared/http/client_config.ts";
import { type DockerContainer, readListed } from "./docker_container.ts";

// Paths without a version get the newest that the engine has; all of them have these fields. https://docs.docker.com/reference/api/engine/
const listUrl = "http://docker/containers/json?all=true";
const actions: ReadonlySet<string> = new Set(["create", "start", "rename"]);
const filters = { type: ["container"], event: [...actions] };
const eventsUrl = `http://docker/events?filters=${encodeURIComponent(JSON.stringify(filters))}`;

/** The longest that an engine with many containers may take. */
const timeoutMs = 10_000;
/** At some 2 kB a container this is room for 8,000. */
const listBytesMax = 16 * 1024 ** 2;
const eventBytesMax = 1024 ** 2;

const Client = z.lazy(() => z.strictObject(httpClientShape()));
const Event = z.object({ Action: z.string() });

export type DockerList = {
  readonly containers: readonly DockerContainer[];
  /** Entries that are not of the form. */
  readonly refused: number;
};

/** All containers that the engine behind the socket has. Throws OperatingError where it gives no list in time. */
export async function listContainers(socket: string, signal: AbortSignal): Promise<DockerList> {
  const request = { url: listUrl, headers: {}, client: Client.parse({}), timeoutMs, signal };
  const answer = await httpGet({ ...request, bodyBytesMax: listBytesMax, unixSocket: socket });
  const entries = parseJson(new TextDecoder().decode(answer.body));
  if (!Array.isArray(entries)) throw new OperatingError("bad_request", "expected a JSON list");
  const containers = entries.map(readListed).filter((container) => container !== undefined);
  return { containers, refused: entries.length - containers.length };
}

export type EventHandlers = {
  /** The engine tells from now on. */
  followed(): void;
  /** A container was made, started or renamed. */
  changed(): void;
};

/** Follows the engine's events until it ends them. Throws where it refuses, or tells what is no event. */
export async function followEvents(
  socket: string,
  handlers: EventHandlers,
  signal: AbortSignal,
): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  // Only the head of the answer must come in time: there may be no event for days.
  const timer = setTimeout(stop, timeoutMs);
  try {
    const response = await fetch(eventsUrl, { unix: socket, signal: abort.signal });
    clearTimeout(timer);
    if (response.status !== 200)
      throw new OperatingError("unavailable", `events: HTTP status ${response.status}`);
    handlers.followed();
    if (response.body !== null) await readEvents(response.body, handlers);
  } catch (thrown) {
    if (!abort.signal.aborted || signal.aborted) throw thrown;
    throw new OperatingError("timeout", `events: no answer within ${timeoutMs} ms`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** One JSON object a line. */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  handlers: EventHandlers,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > eventBytesMax)
      throw new OperatingError("bad_request", `events: one of more than ${eventBytesMax} bytes`);
    const events = lines.filter((line) => line.trim() !== "").map(readAction);
    if (events.some((action) => actions.has(action))) handlers.changed();
  }
}

function readAction(line: string): string {
  const event = Event.safeParse(parseJson(line));
  if (!event.success)
    throw new OperatingError("bad_request", `events: not an event: ${line.slice(0, 80)}`);
  return event.data.Action;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
