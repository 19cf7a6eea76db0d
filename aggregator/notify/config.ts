import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { DependenciesConfig } from "./dependencies/config.ts";

/** `alertmanager` of lapwing.yaml. The names are those of Alertmanager's flags, where it has them. */
export const AlertmanagerKeys = z.strictObject({
  /** Alertmanager's configuration file. Without one, alerts are shown and grouped, and no receiver is notified. */
  config_file: z.string().min(1).optional(),
  /** How long silences are kept after their end, and entries of the notification log at most. */
  data_retention: duration
    .prefault("120h")
    .refine((ms) => ms > 0, { error: "expected a duration above 0" }),
  /** Where people reach this server, for links in notifications; `rules.external_url` where it is empty. */
  external_url: z
    .string()
    .default("")
    .refine((text) => text === "" || /^https?:\/\//.test(text), {
      error: "expected a URL such as https://lapwing.example.org",
    }),
  /** Alerts that are kept; others are refused. */
  alerts_max: z.int().min(1).default(100_000),
  /** Groups that are kept; alerts that would need others are not notified. */
  groups_max: z.int().min(1).default(50_000),
  /** Silences that are kept, expired ones included. */
  silences_max: z.int().min(1).default(10_000),
  /** Of one silence. */
  silence_size_max: byteSize.prefault("64KiB"),
  /** How long the history keeps changes of alerts, and notifications. */
  history_retention: duration
    .prefault("90d")
    .refine((ms) => ms > 0, { error: "expected a duration above 0" }),
  /** Changes of alerts that the history keeps, and notifications; the oldest are deleted. */
  history_max: z.int().min(1_000).default(200_000),
  /** Whether receivers may run programs of this host (`script_configs`). */
  scripts: z.boolean().default(false),
  /** Push services that browsers may name besides those of Chrome, Firefox, Safari and Edge: hosts, or origins such as http://push.local. */
  push_hosts: z.array(z.string().min(1)).default([]),
  /** Notifications that one integration sends at the same time; the others wait for their turn. */
  concurrency_max: z.int().min(1).max(256).default(16),
  /** Which alerts are inhibited because a host or a target is down. */
  dependencies: DependenciesConfig.prefault({}),
});
export type AlertmanagerKeys = z.output<typeof AlertmanagerKeys>;
