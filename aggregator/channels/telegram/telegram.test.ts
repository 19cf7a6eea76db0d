import { expect, test } from "bun:test";
import { type Received, sendBy, serviceOf } from "../service.fixture.ts";
import { telegram } from "./send.ts";

let answer: (request: Received) => Response = () => new Response("{}");
const { url } = serviceOf((request) => answer(request));

test("telegram follows a group that became a supergroup, and says so", async () => {
  answer = ({ body }) =>
    body.includes('"-1"')
      ? Response.json(
          { ok: false, error_code: 400, parameters: { migrate_to_chat_id: -100123 } },
          { status: 400 },
        )
      : Response.json({ ok: true });
  const outcome = await sendBy(telegram, { api_url: url, bot_token: "1:tok", chat_id: -1 });
  expect(outcome).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("the chat -1 is now -100123: change chat_id"),
  });
});
