import { expect, test } from "bun:test";
import { Churn } from "./churn.ts";

const mebibyte = 1024 ** 2;

test("Churn asks for a collection after every 64 MiB, once a second at most", () => {
  let [nowMs, collections] = [0, 0];
  const collect = (): void => void collections++;
  const churn = new Churn({ collect, monotonic: () => nowMs });
  churn.add(63 * mebibyte);
  expect(collections).toBe(0);
  churn.add(mebibyte);
  expect(collections).toBe(1);
  churn.add(200 * mebibyte);
  nowMs += 999;
  churn.add(mebibyte);
  expect(collections).toBe(1);
  nowMs += 1;
  churn.add(mebibyte);
  expect(collections).toBe(2);
});
