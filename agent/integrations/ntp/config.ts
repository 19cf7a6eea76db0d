import { z } from "zod";
import { addressText } from "../connections/split_address.ts";

export const usualPort = 123;

export const NtpConfig = z.strictObject({
  /** host:port of ntpd (UDP). */
  address: addressText.default(`127.0.0.1:${usualPort}`),
  /** systemd units whose journal is read; found by detection. */
  journal_units: z.array(z.string().min(1)).max(4).default([]),
});
export type NtpConfig = z.output<typeof NtpConfig>;
