import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Enroller } from "#aggregator/fleet/enroller.ts";
import { EnrolmentRequest, enrolmentPath } from "#proto/fleet/enrolment.ts";
import { messageOf } from "#shared/errors.ts";

const bodyBytesMax = 4_096;

const refusals = {
  unknown_token: [401, "there is no such token"],
  expired_token: [403, "the token has expired"],
  used_up_token: [403, "the token was used as often as it may be"],
  revoked_token: [403, "the token is revoked"],
  enrolled_agent: [409, "this agent is enrolled with another key: revoke it first"],
  known_key: [409, "this key was enrolled before: remove nats.seed of the agent's folder"],
  too_many: [429, "too many attempts: try again in a second"],
} as const;

/** Exchanges a token for credentials. */
export function enrolmentRoutes(enroller: Enroller): Hono {
  const app = new Hono();
  app.post(enrolmentPath, bodyLimit({ maxSize: bodyBytesMax }), async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const request = EnrolmentRequest.safeParse(body);
    if (!request.success) {
      // Where it is wrong, and never what was sent: a token may be in it.
      const keys = request.error.issues.map(({ path }) => path.join(".") || "body");
      return c.json({ error: `not as expected: ${keys.join(", ")}` }, 400);
    }
    c.header("cache-control", "no-store");
    try {
      const enrolled = await enroller.enrol(request.data);
      if ("answer" in enrolled) return c.json(enrolled.answer);
      const [status, error] = refusals[enrolled.refusal];
      if (status === 429) c.header("retry-after", "1");
      return c.json({ error }, status);
    } catch (thrown) {
      return c.json({ error: messageOf(thrown) }, 503);
    }
  });
  return app;
}
