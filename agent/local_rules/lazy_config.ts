import { z } from "zod";
import type { LocalRulesConfig } from "./config.ts";

/** What an agent without `local_rules` in its file has. */
const none: LocalRulesConfig = {
  when: "offline",
  offline_after: 60_000,
  interval: 15_000,
  repeat_interval: 4 * 3_600_000,
  rules: [],
  webhooks: [],
  scripts: [],
};

/** The schema of `local_rules`, which is loaded by the first file that has some: most agents read no expressions. */
export const LazyLocalRulesConfig = z
  .lazy(() => {
    const loaded: typeof import("./config.ts") = require("./config.ts");
    return loaded.LocalRulesConfig;
  })
  .default(none);
