import type { Context } from "hono";
import { assert } from "#shared/assert.ts";
import { answering } from "./answer.ts";

/** Answers 204, or 200 with what `act` gives. */
export async function acting(c: Context, act: () => Promise<object | void>): Promise<Response> {
  const answer = answering(async () => {
    const data = await act();
    return { dataJson: data === undefined ? undefined : JSON.stringify(data) };
  });
  const response = await answer(c, async () => {});
  assert(response instanceof Response, "answering() always gives a response");
  return response;
}
