import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { EventService, type Event } from "#proto/gen/v1/events_pb.js";
import { call, options } from "./rpc.ts";

/** What changed: agents, configurations, dashboards, the store. */
export type EventClient = {
  /** The newest first. */
  listEvents(request: EventsRequest, signal?: AbortSignal): Promise<EventPage>;
};

export type EventsRequest = {
  readonly startMs: number;
  /** 0 for now. */
  readonly endMs: number;
  /** Only those of this agent; all where empty. */
  readonly agent?: string;
  /** Only these; all where there are none. */
  readonly kinds?: readonly string[];
  readonly limit?: number;
};

export type EventRow = {
  readonly id: string;
  readonly atMs: number;
  /** As proto/v1/events.proto names them. */
  readonly kind: string;
  readonly level: "info" | "warning" | "error";
  /** Empty where it is about none. */
  readonly agent: string;
  readonly agentName: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
};

export type EventPage = {
  readonly events: readonly EventRow[];
  /** Whether there are older ones that were asked for. */
  readonly truncated: boolean;
};

/** The aggregator at `baseUrl` (an origin). */
export function connectEvents(baseUrl: string): EventClient {
  return createEvents(createConnectTransport({ baseUrl, defaultTimeoutMs: 15_000 }));
}

function createEvents(transport: Transport): EventClient {
  const client = createClient(EventService, transport);
  return {
    listEvents: ({ kinds = [], ...request }, signal) =>
      call(async () => {
        const answer = await client.listEvents({ ...request, kinds: [...kinds] }, options(signal));
        return { events: answer.events.map(eventRow), truncated: answer.truncated };
      }, signal),
  };
}

function eventRow({ id, atMs, kind, level, agent, agentName, text, details }: Event): EventRow {
  const known = level === "error" || level === "warning" ? level : "info";
  return { id, atMs, kind, level: known, agent, agentName, text, details };
}
