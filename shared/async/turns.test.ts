import { expect, test } from "bun:test";
import { nextRound, nextTurn } from "./turns.ts";

test("nextRound() goes on in each round, nextTurn() when those before had theirs", async () => {
  const order: string[] = [];
  const turns = ["a", "b", "c", "d"].map(async (name) => {
    await nextTurn();
    order.push(name);
  });
  const rounds = (async () => {
    for (let i = 0; i < 3; i++) {
      await nextRound();
      order.push("round");
    }
  })();
  await Promise.all([...turns, rounds]);
  expect(order).toEqual(["a", "round", "b", "round", "c", "round", "d"]);
});
