import { expect, test } from "bun:test";
import { nextRound, nextTurn, ownTurn, turnsSoFar } from "./turns.ts";

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

test("works that begin at once share a turn until it is used up, then each waits for its own", async () => {
  const turns: number[] = [];
  // Without a timer between them, as requests that the runtime read at once.
  for (const ms of [0, 20, 0]) {
    await ownTurn();
    turns.push(turnsSoFar());
    const begunMs = performance.now();
    while (performance.now() - begunMs < ms);
  }
  const [first = 0, second, third] = turns;
  expect(second).toBe(first);
  expect(third).toBe(first + 1);
});
