import { expect, test } from "bun:test";
import { notifiedText } from "./rule_notified.tsx";

test("notifiedText() names each receiver with its channel and how often", () => {
  const receivers = [
    { receiver: "ops", integration: "email[0]", count: 8 },
    { receiver: "web", integration: "webhook[1]", count: 4 },
  ];
  expect(notifiedText({ count: 12, receivers })).toBe(
    "12 notifications: ops (email) 8, web (webhook) 4.",
  );
  const [first = { receiver: "", integration: "", count: 0 }] = receivers;
  expect(notifiedText({ count: 1, receivers: [{ ...first, count: 1 }] })).toBe(
    "1 notification: ops (email) 1.",
  );
  expect(notifiedText({ count: 0, receivers: [] })).toBe("No notifications.");
});
