import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  type Event,
  EventService,
  type ListEventsRequest,
  type ListEventsResponse,
} from "#proto/gen/v1/events_pb.js";
import { call, options } from "./rpc.ts";
import type { Told, ToldAs } from "./told.ts";

/** What changed: agents, configurations, dashboards, the store. */
export type EventClient = {
  /** The newest first. */
  listEvents(request: EventsRequest, signal?: AbortSignal): Promise<EventPage>;
};

export type EventsRequest = Pick<Told<ListEventsRequest>, "startMs" | "endMs"> &
  Partial<Pick<Told<ListEventsRequest>, "agent" | "kinds" | "limit">>;

export type EventRow = ToldAs<Event, { level: "info" | "warning" | "error" }>;
export type EventPage = ToldAs<ListEventsResponse, { events: readonly EventRow[] }>;

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

function eventRow(event: Event): EventRow {
  const { level } = event;
  return { ...event, level: level === "error" || level === "warning" ? level : "info" };
}
