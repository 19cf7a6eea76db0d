import { create } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { EventSchema, EventService } from "#proto/gen/v1/events_pb.js";
import type { Clock } from "#shared/runtime/clock.ts";
import type { EventBook } from "../events/event_book.ts";
import { guarded } from "./connect_routes.ts";
import { limitOf, timeOf } from "./rpc_values.ts";

export type EventRpcParts = {
  readonly tenant: string;
  readonly events: Pick<EventBook, "list">;
  readonly clock: Clock;
};

const limits = { default: 200, max: 1_000 } as const;

/** lapwing.v1.EventService (proto/v1/events.proto). */
export function registerEventService(
  router: ConnectRouter,
  { tenant, events, clock }: EventRpcParts,
): void {
  router.service(EventService, {
    listEvents: ({ startMs, endMs, agent, kinds, limit }) =>
      guarded(async () => {
        const found = await events.list({
          tenant,
          startMs: timeOf("start_ms", startMs),
          endMs: endMs === 0 ? clock.now() : timeOf("end_ms", endMs),
          agent,
          kinds,
          limit: limitOf(limit, limits),
        });
        return {
          truncated: found.truncated,
          events: found.events.map((event) =>
            create(EventSchema, { ...event, details: { ...event.details } }),
          ),
        };
      }),
  });
}
