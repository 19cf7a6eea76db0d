import { z } from "zod";
import { fetchJson } from "./transport.ts";

/** A receiver's way to send, with what became of its notifications within 90 days. */
export type IntegrationRow = {
  /** Such as `slack[0]`. */
  readonly name: string;
  readonly channel: string;
  readonly sendsResolved: boolean;
  readonly sent: number;
  readonly failed: number;
  readonly last:
    | {
        readonly atMs: number;
        readonly state: "pending" | "sent" | "failed" | "given_up" | "interrupted";
        readonly reason: string;
        readonly failure: string;
        readonly answer: string;
      }
    | undefined;
};

export type ReceiverRow = {
  readonly name: string;
  readonly integrations: readonly IntegrationRow[];
};

/** Receivers, and why the configuration that is there now is not in force; empty where it is. */
export type Receivers = { readonly fault: string; readonly receivers: readonly ReceiverRow[] };

/** What became of a test. */
export type TestOutcome = {
  readonly state: "sent" | "failed";
  readonly failure: string;
  readonly answer: string;
  readonly tookMs: number;
};

/** A route of Alertmanager's configuration, with what it inherits, and what it does with an alert. Durations are texts. */
export type RouteRow = {
  readonly receiver: string;
  readonly matchers: readonly string[];
  readonly groupBy: readonly string[];
  readonly groupWait: string;
  readonly groupInterval: string;
  readonly repeatInterval: string;
  readonly continue: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  /** Time intervals that mute it now. */
  readonly mutedBy: readonly string[];
  /** null where no alert was asked about. */
  readonly outcome: "takes" | "passes" | "differs" | "unreached" | null;
  readonly groupLabels: Readonly<Record<string, string>> | null;
  readonly routes: readonly RouteRow[];
};

export type Routing = { readonly route: RouteRow; readonly receivers: readonly string[] };

const Texts = z.record(z.string(), z.string());
const Names = z.array(z.string());
const Receivers = z.object({
  fault: z.string(),
  receivers: z.array(
    z.object({
      name: z.string(),
      integrations: z.array(
        z.object({
          name: z.string(),
          channel: z.string(),
          sendsResolved: z.boolean(),
          sent: z.number(),
          failed: z.number(),
          last: z
            .object({
              at: z.string(),
              state: z.enum(["pending", "sent", "failed", "given_up", "interrupted"]),
              reason: z.string(),
              failure: z.string(),
              answer: z.string(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});
const Outcome = z.object({
  state: z.enum(["sent", "failed"]),
  failure: z.string(),
  answer: z.string(),
  tookMs: z.number(),
});
const Route: z.ZodType<RouteRow> = z.lazy(() =>
  z.object({
    receiver: z.string(),
    matchers: Names,
    groupBy: Names,
    groupWait: z.string(),
    groupInterval: z.string(),
    repeatInterval: z.string(),
    continue: z.boolean(),
    muteTimeIntervals: Names,
    activeTimeIntervals: Names,
    mutedBy: Names,
    outcome: z.enum(["takes", "passes", "differs", "unreached"]).nullable(),
    groupLabels: Texts.nullable(),
    routes: z.array(Route),
  }),
);
const Explained = z.object({ route: Route, receivers: Names });

/** GET /api/v1/monitoring/receivers. */
export async function listReceivers(signal?: AbortSignal): Promise<Receivers> {
  const path = "/api/v1/monitoring/receivers";
  const { fault, receivers } = await fetchJson({ path, params: {}, signal }, Receivers);
  return {
    fault,
    receivers: receivers.map(({ name, integrations }) => ({
      name,
      integrations: integrations.map(({ last, ...one }) => ({
        ...one,
        last: last === null ? undefined : { ...last, atMs: Date.parse(last.at) },
      })),
    })),
  };
}

/** POST /api/v1/monitoring/receivers/test: sends a test, and says what became of it. */
export function testReceiver(receiver: string, integration: string): Promise<TestOutcome> {
  const path = "/api/v1/monitoring/receivers/test";
  const body = { receiver, integration };
  return fetchJson({ path, params: {}, body, timeoutMs: 25_000 }, Outcome);
}

/** POST /api/v1/monitoring/routing: the routes, and where an alert with these labels goes. */
export function explainRouting(
  labels: Readonly<Record<string, string>> | undefined,
  signal?: AbortSignal,
): Promise<Routing> {
  const path = "/api/v1/monitoring/routing";
  const body = labels === undefined ? {} : { labels };
  return fetchJson({ path, params: {}, body, signal }, Explained);
}
