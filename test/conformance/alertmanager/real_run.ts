import { z } from "zod";
import { type Sequences, WebhookBody, addTo, fromWebhook } from "./notified.ts";
import { type Scenario, stepMs } from "./scenario.ts";
import { type GroupShown, shownAlert } from "./virtual_run.ts";

/** An HTTP server that keeps what it is sent, by path. */
export class WebhookSink {
  readonly received: {
    readonly hook: string;
    readonly body: WebhookBody;
    readonly raw: unknown;
  }[] = [];
  readonly faults: string[] = [];
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const raw: unknown = await request.json();
      const parsed = WebhookBody.safeParse(raw);
      const hook = new URL(request.url).pathname.slice(1);
      if (parsed.success) this.received.push({ hook, body: parsed.data, raw });
      else this.faults.push(`${hook}: ${parsed.error.message}`);
      return new Response("ok");
    },
  });

  urlOf(receiver: string, index: number): string {
    return `http://127.0.0.1:${this.#server.port}/${receiver}/${index}`;
  }

  sequences(startMs: number): Sequences {
    const sequences: Sequences = new Map();
    for (const { hook, body } of this.received) addTo(sequences, hook, fromWebhook(body, startMs));
    return sequences;
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}

export type RealRun = {
  readonly startMs: number;
  readonly shown: readonly (readonly GroupShown[])[];
  /** The latest that anything happened after its time: a busy machine spoils the run. */
  readonly lateMs: number;
};

/** Groups that change without a step are so late. */
const unsettledMs = 1_000;

/** Posts the streams to an Alertmanager at `url` in real time, and waits until the last flush is over. */
export async function runReally(url: string, scenarios: readonly Scenario[]): Promise<RealRun> {
  const ids = new Map<string, string>();
  const shown: (readonly GroupShown[])[] = [];
  const steps = Math.max(...scenarios.map((one) => one.steps.length));
  const startMs = Date.now() + 500;
  let lateMs = 0;
  const until = async (ms: number): Promise<void> => {
    await Bun.sleep(Math.max(0, startMs + ms - Date.now()));
    lateMs = Math.max(lateMs, Date.now() - startMs - ms);
  };
  for (let n = 0; n < steps; n++) {
    await until(n * stepMs);
    const now = scenarios.flatMap(({ steps: own }) => own[n] ?? []);
    const time = new Date().toISOString();
    const silences = [
      ...now
        .flatMap(({ silenced }) => silenced)
        .map(async ({ name, matchers }) => {
          const endsAt = new Date(Date.now() + 3_600_000).toISOString();
          const texts = { createdBy: "test", comment: name };
          const body = { matchers, startsAt: time, endsAt, ...texts };
          const { silenceID } = Made.parse(
            await (await post(`${url}/api/v2/silences`, body)).json(),
          );
          ids.set(name, silenceID);
        }),
      ...now
        .flatMap(({ expired }) => expired)
        .map(async (name) => {
          const gone = await fetch(`${url}/api/v2/silence/${ids.get(name)}`, { method: "DELETE" });
          if (!gone.ok) throw new Error(`DELETE silence: ${gone.status}`);
        }),
    ];
    const alerts = now
      .flatMap((step) => step.alerts)
      .map(({ labels, annotations, fires }) => ({
        labels,
        annotations,
        ...(!fires && { endsAt: time }),
      }));
    await Promise.all([...silences, post(`${url}/api/v2/alerts`, alerts)]);
    lateMs = Math.max(lateMs, Date.now() - startMs - n * stepMs);
    await until(n * stepMs + 200);
    const early = await groupsAt(url);
    await until(n * stepMs + 300);
    const groups = await groupsAt(url);
    // Alerts that were taken are still on their way into groups.
    if (!Bun.deepEquals(inOrder(early), inOrder(groups))) lateMs = Math.max(lateMs, unsettledMs);
    shown.push(groups);
  }
  // The next flush is half a second away.
  await until(steps * stepMs + 300);
  return { startMs, shown, lateMs };
}

function inOrder(groups: readonly GroupShown[]): string[] {
  return groups.map((group) => JSON.stringify(group)).toSorted();
}

const Made = z.object({ silenceID: z.string() });
const Groups = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    receiver: z.object({ name: z.string() }),
    alerts: z.array(
      z.object({
        fingerprint: z.string(),
        status: z.object({ silencedBy: z.array(z.string()), inhibitedBy: z.array(z.string()) }),
      }),
    ),
  }),
);

async function groupsAt(url: string): Promise<GroupShown[]> {
  const answer = await fetch(`${url}/api/v2/alerts/groups`);
  return Groups.parse(await answer.json()).map(({ labels, receiver, alerts }) => ({
    receiver: receiver.name,
    labels,
    alerts: alerts.map(({ fingerprint, status }) =>
      shownAlert(fingerprint, status.silencedBy.length, status.inhibitedBy.length),
    ),
  }));
}

async function post(url: string, body: unknown): Promise<Response> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
