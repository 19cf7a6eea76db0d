import { expect, test } from "bun:test";
import { type Received, notificationOf, sendBy, serviceOf } from "../service.fixture.ts";
import { twilio } from "./send.ts";

let answer: (request: Received) => Response = () => new Response("{}");
const { url, received } = serviceOf((request) => answer(request));

test("twilio goes on after a number that fails, and tries only that one again", async () => {
  const config = { api_url: url, account_sid: "AC1", auth_token: "tok1", from: "+9" };
  const refused = new Set(["+1", "+3"]);
  answer = ({ body }) => {
    const to = new URLSearchParams(body).get("To") ?? "";
    if (!refused.has(to)) return new Response("{}", { status: 201 });
    return new Response("no", { status: to === "+1" ? 400 : 503 });
  };
  const notification = notificationOf();
  const attempt = async () => {
    const before = received.length;
    const outcome = await sendBy(twilio, { ...config, to: ["+1", "+2", "+3"] }, { notification });
    const numbers = received.slice(before).map(({ body }) => new URLSearchParams(body));
    return { outcome, to: numbers.map((form) => form.get("To")) };
  };
  // One of the two may succeed later.
  const failed = { kind: "failed", reason: "serverError", isRetried: true } as const;
  expect(await attempt()).toMatchObject({ outcome: failed, to: ["+1", "+2", "+3"] });
  refused.delete("+3");
  expect(await attempt()).toMatchObject({ outcome: { isRetried: false }, to: ["+1", "+3"] });
  refused.clear();
  expect(await attempt()).toMatchObject({ outcome: { kind: "sent" }, to: ["+1"] });
});
