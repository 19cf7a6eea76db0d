import { createHash } from "node:crypto";
import type { Notification } from "./notification.ts";

/** SHA-256 of the group's key, in hexadecimal digits: what services know the group by. */
export function groupHash({ groupKey }: Notification): string {
  return createHash("sha256").update(groupKey).digest("hex");
}
